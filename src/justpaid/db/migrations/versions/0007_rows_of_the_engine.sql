-- What the engine's statements take, many at once: a row as one value. Their order of columns is that of
-- the engine's own lists; a table may change without them. A release that needs other columns makes types of
-- new names: processes of the release before go on with these while they are replaced.

CREATE TYPE new_run_row AS (
    id               uuid,
    company_id       uuid,
    workflow_id      uuid,
    version          integer,
    held             boolean,
    origin_run_id    uuid,
    idempotency_key  text,
    idempotency_hash bytea,
    trigger_type     text,
    trigger          json,
    started_by       text,
    input            json,
    waiter           text,
    fence            integer,
    retried_from     uuid,
    parent_run_id    uuid,
    depth            smallint,
    connection_id    uuid,
    parent_path      text,
    if_active        boolean
);

CREATE TYPE step_row AS (
    run_id       uuid,
    fence        integer,
    path         text,
    attempt      integer,
    type         text,
    status       text,
    skip_reason  text,
    input        json,
    output       json,
    error        json,
    effect_key   text,
    due_at       timestamptz,
    started_at   timestamptz,
    completed_at timestamptz,
    seq          bigint
);

CREATE TYPE effect_row AS (
    id            uuid,
    origin_run_id uuid,
    run_id        uuid,
    fence         integer,
    path          text,
    generation    integer,
    attempt       integer,
    class         text,
    provider      text,
    action        text,
    key           text,
    connection_id uuid,
    request       bytea,
    fingerprint   bytea,
    amount        numeric,
    currency      text,
    sent_at       timestamptz,
    outcome       text,
    receipt       json
);
