-- The first schema. JSON that users sent or steps made is `json`, never `jsonb`: numbers keep their text.
-- Every table carries company_id, so that companies can later be spread over several databases.

CREATE TABLE companies (
    id          uuid PRIMARY KEY,
    name        text NOT NULL CHECK (length(name) BETWEEN 1 AND 255),
    time_zone   text NOT NULL DEFAULT 'UTC',
    currency    text NOT NULL DEFAULT 'USD' CHECK (currency ~ '^[A-Z]{3}$'),
    leak_policy text NOT NULL DEFAULT 'revoke' CHECK (leak_policy IN ('revoke', 'read_only')),
    created_at  timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE secret_canaries (
    name       text NOT NULL,
    version    smallint NOT NULL DEFAULT 1,
    sealed     bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (name, version)
);

CREATE TABLE api_keys (
    id             uuid PRIMARY KEY,
    company_id     uuid NOT NULL REFERENCES companies (id),
    name           text NOT NULL CHECK (length(name) BETWEEN 1 AND 255),
    digest         bytea NOT NULL,
    pepper_version smallint NOT NULL,
    hint           text NOT NULL,
    scopes         text[] NOT NULL CHECK (cardinality(scopes) > 0),
    status         text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'disabled', 'revoked')),
    created_by     text NOT NULL,
    owner          text NOT NULL,
    created_at     timestamptz NOT NULL DEFAULT now(),
    expires_at     timestamptz,
    rotated_from   uuid REFERENCES api_keys (id),
    rotated_to     uuid REFERENCES api_keys (id),
    rotated_at     timestamptz,
    revoked_at     timestamptz,
    revoked_reason text,
    allowed_ips    text[] NOT NULL DEFAULT '{}',
    limits         json NOT NULL DEFAULT '{}',
    note           text NOT NULL DEFAULT '' CHECK (length(note) <= 2000),
    revision       integer NOT NULL DEFAULT 1,
    CONSTRAINT api_keys_digest UNIQUE (digest)
);

CREATE INDEX api_keys_list ON api_keys (company_id, created_at DESC, id DESC);

-- Apart from api_keys, so that noting a use never locks or rewrites the key's own row.
CREATE TABLE api_key_uses (
    key_id       uuid PRIMARY KEY REFERENCES api_keys (id) ON DELETE CASCADE,
    company_id   uuid NOT NULL,
    last_used_at timestamptz NOT NULL,
    last_used_ip text
);

-- Who answers requests now: a revocation waits until each has acknowledged it or its lease has lapsed.
CREATE SEQUENCE key_changes;

CREATE TABLE api_processes (
    id           uuid PRIMARY KEY,
    lease_until  timestamptz NOT NULL,
    acknowledged bigint NOT NULL DEFAULT 0,
    started_at   timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE rate_limit_buckets (
    key_id   uuid NOT NULL,
    category text NOT NULL,
    second   bigint NOT NULL,
    accepted integer NOT NULL,
    PRIMARY KEY (key_id, category, second)
);

CREATE TABLE audit_heads (
    company_id uuid PRIMARY KEY REFERENCES companies (id),
    rows       bigint NOT NULL DEFAULT 0,
    hash       bytea NOT NULL
);

CREATE TABLE audit_log (
    company_id  uuid NOT NULL,
    seq         bigint NOT NULL,
    id          uuid NOT NULL UNIQUE,
    at          timestamptz NOT NULL,
    actor       text NOT NULL,
    address     text,
    request_id  text,
    action      text NOT NULL,
    object_type text NOT NULL,
    object_id   text NOT NULL,
    before      json,
    after       json,
    key_version smallint NOT NULL DEFAULT 1,
    hash        bytea NOT NULL,
    PRIMARY KEY (company_id, seq)
);

CREATE INDEX audit_log_object ON audit_log (company_id, object_type, object_id, seq DESC);

CREATE TABLE idempotency_keys (
    company_id uuid NOT NULL,
    scope_hash bytea NOT NULL,
    body_hash  bytea NOT NULL,
    status     smallint NOT NULL,
    headers    json NOT NULL,
    body       bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (company_id, scope_hash)
);

CREATE INDEX idempotency_keys_age ON idempotency_keys (created_at);

CREATE TABLE environment_values (
    company_id uuid NOT NULL REFERENCES companies (id),
    name       text NOT NULL CHECK (name ~ '^[A-Z][A-Z0-9_]*$'),
    value      text NOT NULL CHECK (octet_length(value) <= 4096),
    updated_at timestamptz NOT NULL DEFAULT now(),
    updated_by text NOT NULL,
    PRIMARY KEY (company_id, name)
);

CREATE TABLE connections (
    id                  uuid PRIMARY KEY,
    company_id          uuid NOT NULL REFERENCES companies (id),
    name                text NOT NULL CHECK (length(name) BETWEEN 1 AND 255),
    provider            text NOT NULL,
    status              text NOT NULL CHECK (status IN ('active', 'pending', 'error', 'expired', 'disconnected')),
    auth_type           text NOT NULL CHECK (auth_type IN ('oauth2', 'api_key', 'basic', 'bearer', 'smtp', 'none')),
    external_account_id text,
    scopes              text[] NOT NULL DEFAULT '{}',
    allowed_origins     text[] NOT NULL DEFAULT '{}',
    test_url            text,
    hints               json NOT NULL DEFAULT '{}',
    sealed              bytea,
    expires_at          timestamptz,
    last_used_at        timestamptz,
    last_error          text,
    created_by          text NOT NULL,
    created_at          timestamptz NOT NULL DEFAULT now(),
    updated_at          timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX connections_list ON connections (company_id, created_at DESC, id DESC);

CREATE TABLE workflows (
    id          uuid PRIMARY KEY,
    company_id  uuid NOT NULL REFERENCES companies (id),
    name        text NOT NULL CHECK (length(name) BETWEEN 1 AND 255),
    description text CHECK (length(description) <= 5000),
    status      text NOT NULL DEFAULT 'draft' CHECK (status IN ('draft', 'active', 'paused', 'archived')),
    version     integer NOT NULL DEFAULT 1,
    revision    integer NOT NULL DEFAULT 1,
    trigger     json NOT NULL,
    created_by  text NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now(),
    archived_at timestamptz
);

CREATE INDEX workflows_list ON workflows (company_id, created_at DESC, id DESC);

CREATE TABLE workflow_versions (
    workflow_id    uuid NOT NULL REFERENCES workflows (id),
    version        integer NOT NULL CHECK (version >= 1),
    company_id     uuid NOT NULL,
    definition     json NOT NULL,
    change_summary text,
    created_by     text NOT NULL,
    created_at     timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workflow_id, version)
);

-- A run's row is its place in the queue. No foreign keys on the engine's tables: each write is fenced
-- and joined on company_id, and a key check per row would double the cost of a start.
CREATE TABLE runs (
    id               uuid PRIMARY KEY,
    company_id       uuid NOT NULL,
    workflow_id      uuid NOT NULL,
    version          integer NOT NULL,
    status           text NOT NULL CHECK (status IN
                     ('pending', 'running', 'suspended', 'completed', 'failed', 'timed_out', 'cancelled')),
    rank             bigint NOT NULL,
    held             boolean NOT NULL DEFAULT false,
    limited          boolean NOT NULL DEFAULT false,
    fence            integer NOT NULL DEFAULT 0,
    due_at           timestamptz,
    wakes            integer NOT NULL DEFAULT 0,
    expiries         integer NOT NULL DEFAULT 0,
    cancel_at        timestamptz,
    waiter           text CHECK (length(waiter) <= 40),
    waiting_for      json,
    origin_run_id    uuid NOT NULL,
    retried_from     uuid,
    parent_run_id    uuid,
    depth            smallint NOT NULL DEFAULT 0,
    idempotency_key  text,
    idempotency_hash bytea,
    trigger_type     text NOT NULL,
    trigger          json,
    connection_id    uuid,
    started_by       text,
    input            json NOT NULL,
    output           json,
    error            json,
    ran_ms           bigint NOT NULL DEFAULT 0,
    claimed_at       timestamptz,
    created_at       timestamptz NOT NULL DEFAULT now(),
    started_at       timestamptz,
    completed_at     timestamptz,
    format           smallint NOT NULL DEFAULT 1
) WITH (fillfactor = 85, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000);

COMMENT ON COLUMN runs.rank IS 'place among the waiting, in milliseconds: now, or 50 ms after the last waiting run of the company';
COMMENT ON COLUMN runs.held IS 'waits for its workflow''s maxConcurrentRuns';
COMMENT ON COLUMN runs.limited IS 'accepted under maxConcurrentRuns: counts while unfinished and not held';
COMMENT ON COLUMN runs.fence IS 'raised by each claim; every write of a worker carries it';
COMMENT ON COLUMN runs.due_at IS 'running: the end of the lease; suspended: the next moment; else null';
COMMENT ON COLUMN runs.wakes IS 'wake-ups so far, so that one that comes before the suspend is not lost';
COMMENT ON COLUMN runs.expiries IS 'leases lost since the last new journal row';
COMMENT ON COLUMN runs.waiter IS 'the API process in whose ?wait a caller sits';
COMMENT ON COLUMN runs.waiting_for IS 'what a suspended run waits for first: kind, until, stepPath';
COMMENT ON COLUMN runs.ran_ms IS 'time spent in running before the present claim';

CREATE INDEX runs_ready ON runs (rank, id) WHERE status = 'pending' AND NOT held;
CREATE INDEX runs_waiting ON runs (company_id, rank) WHERE status = 'pending' AND NOT held;
CREATE INDEX runs_held ON runs (workflow_id, id) WHERE held;
CREATE INDEX runs_limited ON runs (workflow_id) WHERE limited AND NOT held AND status IN ('pending', 'running', 'suspended');
CREATE INDEX runs_due ON runs (due_at) WHERE due_at IS NOT NULL;
CREATE UNIQUE INDEX runs_idempotency ON runs (workflow_id, idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE INDEX runs_of_line ON runs (origin_run_id, created_at) WHERE origin_run_id <> id;
CREATE UNIQUE INDEX runs_one_of_line ON runs (origin_run_id) WHERE origin_run_id <> id AND status IN ('pending', 'running', 'suspended');
CREATE INDEX runs_list ON runs (company_id, created_at DESC, id DESC);
CREATE INDEX runs_of_workflow ON runs (company_id, workflow_id, created_at DESC, id DESC);
CREATE INDEX runs_of_rare_state ON runs (company_id, status, created_at DESC, id DESC) WHERE status IN ('suspended', 'failed', 'timed_out', 'cancelled');

CREATE TABLE steps (
    run_id        uuid NOT NULL,
    path          text NOT NULL,
    attempt       integer NOT NULL,
    company_id    uuid NOT NULL,
    type          text NOT NULL,
    status        text NOT NULL,
    skip_reason   text,
    input         json,
    output        json,
    error         json,
    effect_key    text,
    due_at        timestamptz,
    reused_run_id uuid,
    started_at    timestamptz,
    completed_at  timestamptz,
    seq           bigint,
    format        smallint NOT NULL DEFAULT 1,
    PRIMARY KEY (run_id, path, attempt)
);

CREATE TABLE effects (
    id            uuid PRIMARY KEY,
    company_id    uuid NOT NULL,
    origin_run_id uuid NOT NULL,
    run_id        uuid NOT NULL,
    path          text NOT NULL,
    generation    integer NOT NULL,
    attempt       integer NOT NULL,
    class         text NOT NULL CHECK (class IN ('read', 'idempotent', 'verifiable', 'unsafe')),
    provider      text NOT NULL,
    action        text NOT NULL,
    connection_id uuid,
    request       bytea,
    fingerprint   bytea,
    key           text NOT NULL,
    amount        numeric,
    currency      text,
    intended_at   timestamptz NOT NULL DEFAULT now(),
    sent_at       timestamptz,
    outcome       text CHECK (outcome IN ('done', 'refused', 'unknown')),
    receipt       json,
    resolved_by   text,
    comment       text,
    CONSTRAINT effects_generation UNIQUE (origin_run_id, path, generation)
);

CREATE INDEX effects_of_run ON effects (run_id);

CREATE TABLE run_logs (
    run_id     uuid NOT NULL,
    seq        bigint NOT NULL,
    company_id uuid NOT NULL,
    at         timestamptz NOT NULL,
    level      text NOT NULL CHECK (level IN ('debug', 'info', 'warning', 'error')),
    path       text,
    message    text NOT NULL,
    data       json,
    PRIMARY KEY (run_id, seq)
);
