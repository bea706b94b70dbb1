-- The engine's statements, one a transition; journal.py puts them together from the named parts below
-- and says what each is for. Arrays carry one element a run or a row; a row goes as one value of a type of its
-- own, which costs both sides less than an array for each of its columns. A CASE in a WHERE keeps a plan made on
-- an empty table on the primary key, where a partial index looks as cheap.

-- name: accept
-- A company's next place is 50 ms after its last waiting one, so that its backlog stretches into the future
-- and another company's run stands near now. The lower bound in b skips the dead entries of drained runs.
-- Rows go in in the order of the unique keys, or two processes with the same keys deadlock.
WITH a AS (
  SELECT *, row_number() OVER (PARTITION BY company_id, held ORDER BY ordinality) AS k
  FROM unnest($1::new_run_row[]) WITH ORDINALITY),
b AS MATERIALIZED (
  SELECT company_id, (SELECT max(r.rank) FROM runs r
      WHERE r.company_id = c.company_id AND r.status = 'pending' AND NOT r.held
        AND r.rank > (extract(epoch FROM statement_timestamp()) * 1000)::bigint - 50) AS last
  FROM (SELECT DISTINCT company_id FROM a) c),
i AS (
  INSERT INTO runs(id, company_id, workflow_id, version, status, held, limited, origin_run_id, rank,
    idempotency_key, idempotency_hash, trigger_type, trigger, started_by, input, waiter, fence, retried_from,
    parent_run_id, depth, connection_id, parent_path)
  SELECT id, company_id, workflow_id, version, 'pending', held, held, origin_run_id,
    greatest((extract(epoch FROM clock_timestamp()) * 1000)::bigint, coalesce(last + 50, 0)) + 50 * (k - 1),
    idempotency_key, idempotency_hash, trigger_type, trigger, started_by, input, waiter, fence, retried_from,
    parent_run_id, depth, connection_id, parent_path
  FROM a JOIN b USING (company_id)
  WHERE CASE WHEN a.if_active THEN (SELECT w.status = 'active' AND w.version = a.version FROM workflows w
    WHERE w.id = a.workflow_id AND CASE WHEN w.company_id = a.company_id THEN true END LIMIT 1) ELSE true END
  ORDER BY workflow_id, idempotency_key, origin_run_id, id
  ON CONFLICT DO NOTHING RETURNING id),
n AS MATERIALIZED (SELECT pg_notify('runs', '') FROM i LIMIT 1)
SELECT i.id FROM i LEFT JOIN n ON true

-- name: accepted
-- What stands in the way of a run that was not stored: itself, its key's first run, or its line's open one.
SELECT u.id AS asked_id, r.id, r.status, r.version, r.idempotency_hash, r.started_at,
  CASE WHEN r.id = u.id OR r.idempotency_key = u.key THEN 'repeat' ELSE 'line' END AS kind
FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::uuid[]) AS u(id, workflow_id, key, origin_run_id)
CROSS JOIN LATERAL (
  (SELECT * FROM runs WHERE id = u.id)
  UNION ALL
  (SELECT * FROM runs WHERE workflow_id = u.workflow_id AND idempotency_key = u.key)
  UNION ALL
  (SELECT * FROM runs WHERE origin_run_id = u.origin_run_id AND origin_run_id <> id
    AND status IN ('pending', 'running', 'suspended'))
  LIMIT 1) r

-- name: next_runs
WITH c AS MATERIALIZED (
  SELECT id FROM runs WHERE status = 'pending' AND NOT held ORDER BY rank, id LIMIT $1 FOR UPDATE SKIP LOCKED)

-- name: next_reserved_runs
-- The same without the companies $3. When the first 200 all belong to those (a backlog whose places have come
-- due), it looks at the first run of the next 50 companies after $4.
WITH RECURSIVE f AS MATERIALIZED (
  SELECT id, company_id, rank FROM runs WHERE status = 'pending' AND NOT held ORDER BY rank, id LIMIT 200),
g AS MATERIALIZED (SELECT id FROM f WHERE company_id <> ALL($3::uuid[]) ORDER BY rank, id LIMIT $1),
t(company_id, n) AS (
  SELECT (SELECT r.company_id FROM runs r WHERE r.status = 'pending' AND NOT r.held AND r.company_id > $4::uuid
    ORDER BY r.company_id LIMIT 1), 1
  WHERE NOT EXISTS (SELECT 1 FROM g) AND (SELECT count(*) FROM f) = 200
  UNION ALL
  SELECT (SELECT r.company_id FROM runs r WHERE r.status = 'pending' AND NOT r.held AND r.company_id > t.company_id
    ORDER BY r.company_id LIMIT 1), n + 1
  FROM t WHERE t.company_id IS NOT NULL AND n < 50),
o AS (
  SELECT x.id FROM t CROSS JOIN LATERAL (
    SELECT r.id, r.rank FROM runs r WHERE r.company_id = t.company_id AND r.status = 'pending' AND NOT r.held
    ORDER BY r.rank LIMIT 1) x
  WHERE t.company_id <> ALL($3::uuid[]) ORDER BY x.rank LIMIT $1),
c AS MATERIALIZED (
  SELECT x.id FROM (SELECT id FROM g UNION ALL SELECT id FROM o) y
  CROSS JOIN LATERAL (
    SELECT r.id FROM runs r WHERE r.id = y.id AND CASE WHEN NOT r.held THEN r.status = 'pending' END
    FOR UPDATE SKIP LOCKED) x)

-- name: claim
UPDATE runs r SET status = 'running', fence = r.fence + 1, due_at = now() + make_interval(secs => $2),
  claimed_at = now(), started_at = coalesce(r.started_at, now())
FROM c WHERE r.id = c.id
RETURNING r.id, r.company_id, r.workflow_id, r.version, r.fence, r.wakes, r.expiries, r.cancel_at,
  r.origin_run_id, r.parent_run_id, r.depth, r.started_at, r.claimed_at, r.ran_ms, r.trigger_type, r.trigger,
  r.connection_id, r.input, r.format, r.created_at, r.started_by

-- name: journal_steps
-- A statement of its own: inside the claim it would read the snapshot from before the lock and miss another
-- worker's last rows. A reused row's values stand in the run it names. An open container goes on with the
-- input that it was opened with.
SELECT s.run_id, s.path, s.attempt, s.type, s.status, s.skip_reason, coalesce(s.output, o.output) AS output,
  coalesce(s.error, o.error) AS error, s.effect_key, s.due_at, s.reused_run_id, s.started_at, s.completed_at,
  s.format, coalesce(octet_length(s.input::text), 0) AS input_size,
  CASE WHEN s.status = 'running' AND s.effect_key IS NULL THEN s.input END AS input
FROM steps s LEFT JOIN steps o ON o.run_id = s.reused_run_id AND o.path = s.path AND o.attempt = s.attempt
WHERE s.run_id = ANY($1::uuid[]) ORDER BY s.run_id, s.path, s.attempt

-- name: journal_effects
SELECT DISTINCT ON (origin_run_id, path) id, origin_run_id, path, generation, attempt, class, provider, action,
  key, connection_id, CASE WHEN outcome IS NULL OR outcome = 'refused' AND resolved_at IS NOT NULL THEN request
  END AS request, fingerprint, amount, currency, sent_at, outcome, resolved_at, resolved_by, resolution
FROM effects WHERE origin_run_id = ANY($1::uuid[]) ORDER BY origin_run_id, path, generation DESC

-- name: reuse
-- Retention removes a line's runs together, or a reference hangs.
INSERT INTO steps(run_id, path, attempt, company_id, type, status, skip_reason, effect_key, due_at,
  reused_run_id, started_at, completed_at, seq, format)
SELECT $1::uuid, path, attempt, company_id, type, status, skip_reason, effect_key, due_at,
  coalesce(reused_run_id, run_id), started_at, completed_at, 0, format
FROM steps WHERE run_id = $2 AND company_id = $3 AND path = ANY($4::text[]) ON CONFLICT DO NOTHING

-- name: lock
-- Owners that still hold their run, in id order (or finish and renew deadlock), each once. A null fence
-- (finish only) takes a parent in the same pass.
WITH l AS MATERIALIZED (
  SELECT x.*, i.fence IS NULL AS parent
  FROM (SELECT DISTINCT id, fence FROM unnest($1::uuid[], $2::int[]) AS u(id, fence) ORDER BY id) i
  CROSS JOIN LATERAL (
    SELECT r.id, r.fence, r.company_id, r.expiries FROM runs r
    WHERE r.id = i.id AND CASE WHEN i.fence IS NULL THEN r.status IN ('pending', 'running', 'suspended')
      ELSE r.fence = i.fence AND r.status = 'running' END
    FOR NO KEY UPDATE) x)

-- name: rows
-- Joined on (id, fence), or a stale owner's rows slip in with the batch; each row once, the last one or the
-- completed one. A completed row is never changed, nor is an effect that a person has resolved. Nothing is sent
-- before it was intended: a moment that is the step's own may lie before the statement's.
, s AS (
  INSERT INTO steps(run_id, path, attempt, company_id, type, status, skip_reason, input, output, error,
    effect_key, due_at, started_at, completed_at, seq)
  SELECT DISTINCT ON (s.run_id, s.path, s.attempt) s.run_id, s.path, s.attempt, l.company_id, s.type,
    s.status, s.skip_reason, s.input, s.output, s.error, s.effect_key, s.due_at, s.started_at,
    s.completed_at, s.seq
  FROM unnest($3::step_row[]) WITH ORDINALITY s
  JOIN l ON l.id = s.run_id AND l.fence = s.fence AND NOT l.parent
  ORDER BY s.run_id, s.path, s.attempt, s.status = 'completed' DESC, s.ordinality DESC
  ON CONFLICT (run_id, path, attempt) DO UPDATE SET status = excluded.status,
    skip_reason = excluded.skip_reason, input = coalesce(excluded.input, steps.input),
    output = excluded.output, error = excluded.error, effect_key = excluded.effect_key,
    due_at = excluded.due_at, completed_at = excluded.completed_at, seq = excluded.seq
  WHERE steps.status <> 'completed'
  RETURNING run_id, steps.xmax = 0 OR status <> 'running' AS fresh),
f AS (
  INSERT INTO effects(id, company_id, origin_run_id, run_id, path, generation, attempt, class, provider,
    action, key, connection_id, request, fingerprint, amount, currency, intended_at, sent_at, outcome, receipt)
  SELECT DISTINCT ON (e.origin_run_id, e.path, e.generation) e.id, l.company_id, e.origin_run_id, e.run_id,
    e.path, e.generation, e.attempt, e.class, e.provider, e.action, e.key, e.connection_id, e.request,
    e.fingerprint, e.amount, e.currency, least(now(), e.sent_at), e.sent_at, e.outcome, e.receipt
  FROM unnest($4::effect_row[]) WITH ORDINALITY e
  JOIN l ON l.id = e.run_id AND l.fence = e.fence AND NOT l.parent
  ORDER BY e.origin_run_id, e.path, e.generation, e.ordinality DESC
  ON CONFLICT (origin_run_id, path, generation) DO UPDATE SET run_id = excluded.run_id,
    attempt = excluded.attempt, sent_at = excluded.sent_at, outcome = excluded.outcome,
    request = coalesce(effects.request, excluded.request), receipt = coalesce(excluded.receipt, effects.receipt)
  WHERE effects.outcome IS DISTINCT FROM 'done' AND effects.resolved_at IS NULL)

-- name: record
-- New journal rows set the lost leases back to 0; a repeated intent is none.
, e AS (
  UPDATE runs r SET expiries = 0
  FROM (SELECT DISTINCT l.id FROM l JOIN s ON s.run_id = l.id WHERE l.expiries > 0 AND s.fresh) x
  WHERE r.id = x.id)
SELECT id, fence FROM l

-- name: finish
-- A cancel answered before stands. A child whose parent is left out does not end: a lost wake-up would leave
-- the parent suspended for ever; in a second statement it deadlocks with a lane that holds the parent.
, u AS (
  UPDATE runs r SET status = CASE WHEN r.cancel_at IS NULL THEN f.status ELSE 'cancelled' END,
    output = f.output, error = f.error, completed_at = now(), due_at = NULL,
    ran_ms = r.ran_ms + (extract(epoch FROM now() - r.claimed_at) * 1000)::bigint
  FROM unnest($1::uuid[], $2::int[], $5::text[], $6::json[], $7::json[]) AS f(id, fence, status, output, error)
  WHERE r.id = ANY(ARRAY(SELECT id FROM l WHERE NOT parent)) AND r.id = f.id AND r.fence = f.fence
    AND (r.parent_run_id IS NULL OR r.parent_run_id = ANY(ARRAY(
      SELECT g.id FROM unnest($1::uuid[], $2::int[]) AS g(id, fence) WHERE g.fence IS NULL)))
  RETURNING r.id, r.fence, r.status, r.waiter, r.parent_run_id, CASE WHEN r.limited THEN r.workflow_id END AS release)

-- name: told
-- One notification per 100 runs in whose ?wait someone sits (8,000 bytes is the limit).
, n AS MATERIALIZED (
  SELECT count(*) FROM (
    SELECT pg_notify('ended', string_agg(waiter || ' ' || id, ','))
    FROM (SELECT waiter, id, row_number() OVER () / 100 AS g FROM u WHERE waiter IS NOT NULL) x GROUP BY g) y)
SELECT u.id, u.fence, u.status, u.release FROM u CROSS JOIN n

-- name: told_with_parents
, p AS MATERIALIZED (
  SELECT id, company_id, row_number() OVER (PARTITION BY company_id ORDER BY id) AS k
  FROM l WHERE parent AND id IN (SELECT parent_run_id FROM u) AND id NOT IN (SELECT id FROM u)),
w AS (
  UPDATE runs r SET wakes = r.wakes + 1,
    status = CASE WHEN r.status = 'suspended' THEN 'pending' ELSE r.status END,
    due_at = CASE WHEN r.status = 'suspended' THEN NULL ELSE r.due_at END,
    rank = CASE WHEN r.status = 'suspended' THEN greatest((extract(epoch FROM clock_timestamp()) * 1000)::bigint,
      coalesce((SELECT max(q.rank) + 50 FROM runs q
        WHERE q.company_id = p.company_id AND q.status = 'pending' AND NOT q.held
          AND q.rank > (extract(epoch FROM statement_timestamp()) * 1000)::bigint - 50), 0)) + 50 * (p.k - 1)
      ELSE r.rank END
  FROM p WHERE r.id = p.id RETURNING r.id),
n AS MATERIALIZED (
  SELECT count(*) FROM (
    SELECT pg_notify('ended', string_agg(waiter || ' ' || id, ','))
    FROM (SELECT waiter, id, row_number() OVER () / 100 AS g FROM u WHERE waiter IS NOT NULL) x GROUP BY g
    UNION ALL
    SELECT pg_notify('runs', string_agg(id::text, ','))
    FROM (SELECT id, row_number() OVER () / 200 AS g FROM w) x GROUP BY g) y)
SELECT u.id, u.fence, u.status, u.release FROM u CROSS JOIN n

-- name: suspend
-- Back to pending if a wake-up came since the claim.
, u AS (
  UPDATE runs r SET status = CASE WHEN r.wakes = f.wakes THEN 'suspended' ELSE 'pending' END,
    due_at = CASE WHEN r.wakes = f.wakes THEN f.due_at END, expiries = 0, waiting_for = f.waiting_for,
    ran_ms = r.ran_ms + (extract(epoch FROM now() - r.claimed_at) * 1000)::bigint
  FROM unnest($1::uuid[], $2::int[], $5::int[], $6::timestamptz[], $7::json[])
    AS f(id, fence, wakes, due_at, waiting_for)
  WHERE r.id = ANY(ARRAY(SELECT id FROM l)) AND r.id = f.id AND r.fence = f.fence
  RETURNING r.id, r.fence, r.status),
n AS MATERIALIZED (SELECT pg_notify('runs', '') FROM u WHERE status = 'pending' LIMIT 1)
SELECT u.id, u.fence, u.status FROM u LEFT JOIN n ON true

-- name: logs
-- In the transaction of the rows they come with, whose lock still stands.
INSERT INTO run_logs(run_id, seq, company_id, at, level, path, message, data)
SELECT g.run_id, g.seq, r.company_id, g.at, g.level, g.path, g.message, g.data
FROM unnest($1::uuid[], $2::int[], $3::bigint[], $4::timestamptz[], $5::text[], $6::text[], $7::text[],
  $8::json[]) AS g(run_id, fence, seq, at, level, path, message, data)
JOIN runs r ON r.id = g.run_id AND r.fence = g.fence ON CONFLICT DO NOTHING

-- name: ask
-- In the transaction of the step's row, for owners that still hold their run.
INSERT INTO approvals(id, company_id, run_id, workflow_id, path, terms, due_at)
SELECT a.id, r.company_id, a.run_id, a.workflow_id, a.path, a.terms, a.due_at
FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::json[], $6::timestamptz[])
  AS a(id, run_id, workflow_id, path, terms, due_at)
JOIN runs r ON r.id = a.run_id ON CONFLICT DO NOTHING

-- name: close_approvals
UPDATE approvals a SET status = 'cancelled', decided_at = now()
FROM unnest($1::uuid[], $2::text[]) AS q(run_id, path)
WHERE a.run_id = q.run_id AND a.path = q.path AND a.status = 'open'

-- name: close_children
-- Each is claimed once more, or told, and ends by itself; its rank is the old one, so that comes soon.
WITH c AS MATERIALIZED (
  SELECT r.id FROM unnest($1::uuid[], $2::text[]) AS q(run_id, path)
  JOIN runs r ON r.parent_run_id = q.run_id AND r.parent_path = q.path
    AND r.status IN ('pending', 'running', 'suspended')
  ORDER BY r.id FOR NO KEY UPDATE OF r),
u AS (
  UPDATE runs r SET cancel_at = coalesce(r.cancel_at, now()), wakes = r.wakes + 1, held = false,
    status = CASE WHEN r.status = 'suspended' THEN 'pending' ELSE r.status END,
    due_at = CASE WHEN r.status = 'running' THEN r.due_at END
  FROM c WHERE r.id = c.id RETURNING r.id)
SELECT pg_notify('runs', string_agg(id::text, ','))
FROM (SELECT id, row_number() OVER () / 200 AS g FROM u) x GROUP BY g

-- name: expire
UPDATE approvals a SET status = 'expired', decided_at = now()
FROM unnest($1::uuid[], $2::timestamptz[]) AS q(run_id, now)
WHERE a.run_id = q.run_id AND a.status = 'open' AND a.due_at <= q.now

-- name: answers
SELECT q.run_id, q.path, a.*
FROM unnest($1::uuid[], $2::text[]) AS q(run_id, path)
CROSS JOIN LATERAL (
  (SELECT status, NULL::uuid AS child_id, NULL::json AS output, NULL::json AS error, decided_by, decided_at,
    comment, terms ->> 'onTimeout' AS on_timeout
   FROM approvals WHERE run_id = q.run_id AND path = q.path AND status IN ('approved', 'rejected', 'expired'))
  UNION ALL
  (SELECT status, id, output, error, NULL, completed_at, NULL, NULL FROM runs
   WHERE parent_run_id = q.run_id AND parent_path = q.path
     AND CASE WHEN status IN ('completed', 'failed', 'timed_out', 'cancelled') THEN true END)
  LIMIT 1) a

-- name: renew
UPDATE runs r SET due_at = now() + make_interval(secs => $3) WHERE r.id = ANY(ARRAY(SELECT id FROM l))
RETURNING r.id, r.fence, r.wakes, r.cancel_at

-- name: hand_back
, u AS (
  UPDATE runs r SET status = 'pending', due_at = NULL,
    ran_ms = r.ran_ms + (extract(epoch FROM now() - r.claimed_at) * 1000)::bigint
  WHERE r.id = ANY(ARRAY(SELECT id FROM l)) RETURNING r.id),
n AS MATERIALIZED (SELECT pg_notify('runs', '') FROM u LIMIT 1)
SELECT u.id FROM u LEFT JOIN n ON true

-- name: wake
WITH u AS (
  UPDATE runs r SET wakes = wakes + 1, status = CASE WHEN status = 'suspended' THEN 'pending' ELSE status END,
    due_at = CASE WHEN status = 'suspended' THEN NULL ELSE due_at END,
    rank = CASE WHEN status = 'suspended' THEN greatest((extract(epoch FROM clock_timestamp()) * 1000)::bigint,
      coalesce((SELECT max(p.rank) + 50 FROM runs p
        WHERE p.company_id = r.company_id AND p.status = 'pending' AND NOT p.held
          AND p.rank > (extract(epoch FROM statement_timestamp()) * 1000)::bigint - 50), 0)) ELSE rank END
  WHERE id = $2 AND CASE WHEN company_id = $1 THEN status IN ('pending', 'running', 'suspended') END
  RETURNING id, status)
SELECT status, pg_notify('runs', id::text) FROM u

-- name: cancel
-- One that never started ends here; every other (a child too) is claimed once more, or told, so that effects
-- in flight are recorded and the parent woken.
WITH u AS (
  UPDATE runs SET cancel_at = coalesce(cancel_at, now()), wakes = wakes + 1, held = false,
    status = CASE WHEN status = 'pending' AND fence = 0 AND parent_run_id IS NULL THEN 'cancelled'
      WHEN status = 'suspended' THEN 'pending' ELSE status END,
    completed_at = CASE WHEN status = 'pending' AND fence = 0 AND parent_run_id IS NULL THEN now() END,
    due_at = CASE WHEN status = 'running' THEN due_at END
  WHERE id = $2 AND CASE WHEN company_id = $1 THEN status IN ('pending', 'running', 'suspended') END
  RETURNING id, status, cancel_at, waiter, CASE WHEN limited AND status = 'cancelled' THEN workflow_id END AS release)
SELECT status, cancel_at, release, CASE WHEN status = 'cancelled' AND waiter IS NOT NULL
  THEN pg_notify('ended', waiter || ' ' || id) ELSE pg_notify('runs', id::text) END FROM u

-- name: due
-- Timers and expired leases in one: nothing else sweeps.
WITH d AS MATERIALIZED (
  SELECT id, status, company_id FROM runs WHERE due_at <= now() ORDER BY due_at LIMIT $1 FOR UPDATE SKIP LOCKED),
w AS MATERIALIZED (
  SELECT id, status = 'suspended' AS timer, CASE WHEN status = 'suspended' THEN
    greatest((extract(epoch FROM clock_timestamp()) * 1000)::bigint, coalesce((SELECT max(r.rank) + 50 FROM runs r
      WHERE r.company_id = k.company_id AND r.status = 'pending' AND NOT r.held
        AND r.rank > (extract(epoch FROM statement_timestamp()) * 1000)::bigint - 50), 0)) + 50 * (k - 1) END AS rank
  FROM (SELECT *, row_number() OVER (PARTITION BY status, company_id ORDER BY id) AS k FROM d) k),
u AS (
  UPDATE runs r SET status = 'pending', due_at = NULL, rank = coalesce(w.rank, r.rank),
    wakes = r.wakes + w.timer::int, expiries = r.expiries + (NOT w.timer)::int,
    ran_ms = r.ran_ms + CASE WHEN w.timer THEN 0
      ELSE (extract(epoch FROM now() - r.claimed_at) * 1000)::bigint END
  FROM w WHERE r.id = w.id RETURNING 1),
n AS MATERIALIZED (SELECT pg_notify('runs', '') FROM u LIMIT 1)
SELECT (SELECT count(*) FROM u) + 0 * (SELECT count(*) FROM n) AS woken,
  (SELECT extract(epoch FROM min(due_at) - now())::float8 FROM runs WHERE due_at > now()) AS next_in_seconds

-- name: release_lock
-- Before `release`, in one transaction that takes nothing else after it: its holder waits for nobody
-- (SKIP LOCKED), so it deadlocks with no lane.
SELECT pg_advisory_xact_lock(h)
FROM (SELECT DISTINCT hashtextextended('release ' || w, 0) AS h FROM unnest($1::uuid[]) AS w ORDER BY 1) x

-- name: release
WITH n AS MATERIALIZED (
  SELECT w.id, least(coalesce(w.most, 500) - CASE WHEN w.most IS NULL THEN 0 ELSE (
      SELECT count(*) FROM runs r WHERE r.workflow_id = w.id AND r.limited AND NOT r.held
        AND r.status IN ('pending', 'running', 'suspended')) END, 500) AS room
  FROM unnest($1::uuid[], $2::int[]) AS w(id, most)),
h AS MATERIALIZED (
  SELECT x.* FROM n CROSS JOIN LATERAL (
    SELECT r.id, r.company_id FROM runs r WHERE r.workflow_id = n.id AND r.held
    ORDER BY r.id LIMIT greatest(n.room, 0) FOR UPDATE SKIP LOCKED) x),
k AS (SELECT id, company_id, row_number() OVER (PARTITION BY company_id ORDER BY id) AS k FROM h),
b AS MATERIALIZED (
  SELECT company_id, (SELECT max(r.rank) FROM runs r
      WHERE r.company_id = c.company_id AND r.status = 'pending' AND NOT r.held
        AND r.rank > (extract(epoch FROM statement_timestamp()) * 1000)::bigint - 50) AS last
  FROM (SELECT DISTINCT company_id FROM k) c),
u AS (
  UPDATE runs r SET held = false, rank = greatest((extract(epoch FROM clock_timestamp()) * 1000)::bigint,
    coalesce(b.last + 50, 0)) + 50 * (k.k - 1)
  FROM k JOIN b USING (company_id) WHERE r.id = k.id RETURNING r.id, r.workflow_id),
m AS MATERIALIZED (SELECT pg_notify('runs', '') FROM u LIMIT 1)
SELECT u.id, u.workflow_id FROM u LEFT JOIN m ON true

-- name: release_waiting
WITH RECURSIVE t AS (
  (SELECT workflow_id FROM runs WHERE held ORDER BY workflow_id LIMIT 1)
  UNION ALL
  SELECT (SELECT r.workflow_id FROM runs r WHERE r.held AND r.workflow_id > t.workflow_id
    ORDER BY r.workflow_id LIMIT 1) FROM t WHERE t.workflow_id IS NOT NULL)
SELECT t.workflow_id, h.company_id
FROM t CROSS JOIN LATERAL (SELECT r.company_id FROM runs r WHERE r.held AND r.workflow_id = t.workflow_id LIMIT 1) h
