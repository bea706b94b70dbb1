-- People, their sessions and links; what each key was used for; what looks unusual.

CREATE TABLE people (
    id                  uuid PRIMARY KEY,
    email               text NOT NULL CHECK (email = lower(email) AND length(email) <= 320),
    name                text NOT NULL CHECK (length(name) BETWEEN 1 AND 255),
    password_hash       text NOT NULL,
    password_changed_at timestamptz NOT NULL DEFAULT now(),
    totp_sealed         bytea,
    totp_confirmed_at   timestamptz,
    totp_last_step      bigint NOT NULL DEFAULT 0,
    recovery_hashes     bytea[] NOT NULL DEFAULT '{}',
    failures            integer NOT NULL DEFAULT 0,
    locked_until        timestamptz,
    created_at          timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT people_email UNIQUE (email)
);

COMMENT ON COLUMN people.totp_last_step IS 'the newest time step whose code was used, so that none is used twice';

CREATE TABLE memberships (
    id         uuid PRIMARY KEY,
    company_id uuid NOT NULL REFERENCES companies (id),
    person_id  uuid NOT NULL REFERENCES people (id),
    role       text NOT NULL CHECK (role IN ('owner', 'admin', 'editor', 'approver', 'viewer')),
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT memberships_person UNIQUE (company_id, person_id)
);

CREATE INDEX memberships_of_person ON memberships (person_id);

CREATE TABLE sessions (
    id            uuid PRIMARY KEY,
    company_id    uuid NOT NULL REFERENCES companies (id),
    person_id     uuid NOT NULL REFERENCES people (id),
    membership_id uuid NOT NULL REFERENCES memberships (id) ON DELETE CASCADE,
    token_hash    bytea NOT NULL,
    csrf_token    text NOT NULL,
    agent         text NOT NULL DEFAULT '',
    address       text,
    created_at    timestamptz NOT NULL DEFAULT now(),
    last_seen_at  timestamptz NOT NULL DEFAULT now(),
    expires_at    timestamptz NOT NULL,
    CONSTRAINT sessions_token UNIQUE (token_hash)
);

CREATE INDEX sessions_of_person ON sessions (person_id);

CREATE TABLE invites (
    id          uuid PRIMARY KEY,
    company_id  uuid NOT NULL REFERENCES companies (id),
    email       text NOT NULL CHECK (email = lower(email) AND length(email) <= 320),
    role        text NOT NULL CHECK (role IN ('owner', 'admin', 'editor', 'approver', 'viewer')),
    token_hash  bytea NOT NULL,
    created_by  text NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    expires_at  timestamptz NOT NULL,
    accepted_at timestamptz,
    CONSTRAINT invites_token UNIQUE (token_hash)
);

CREATE INDEX invites_of_company ON invites (company_id, created_at DESC, id DESC);

CREATE TABLE password_resets (
    token_hash bytea PRIMARY KEY,
    person_id  uuid NOT NULL REFERENCES people (id),
    created_by text NOT NULL,
    expires_at timestamptz NOT NULL
);

CREATE TABLE setup_links (
    token_hash bytea PRIMARY KEY,
    company_id uuid REFERENCES companies (id),
    expires_at timestamptz NOT NULL
);

CREATE TABLE usage_hours (
    company_id uuid NOT NULL,
    key_id     uuid NOT NULL,
    hour       timestamptz NOT NULL,
    route      text NOT NULL,
    status     smallint NOT NULL,
    requests   bigint NOT NULL,
    PRIMARY KEY (company_id, key_id, hour, route, status)
);

CREATE INDEX usage_hours_of_company ON usage_hours (company_id, hour);

CREATE TABLE usage_sources (
    company_id uuid NOT NULL,
    key_id     uuid NOT NULL,
    hour       timestamptz NOT NULL,
    address    text NOT NULL,
    agent      text NOT NULL,
    route      text NOT NULL,
    requests   bigint NOT NULL,
    last_at    timestamptz NOT NULL,
    PRIMARY KEY (company_id, key_id, hour, address, agent, route)
);

CREATE TABLE key_networks (
    key_id        uuid NOT NULL,
    company_id    uuid NOT NULL,
    network       text NOT NULL,
    first_seen_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (key_id, network)
);

CREATE TABLE flags (
    id              uuid PRIMARY KEY,
    company_id      uuid NOT NULL,
    key_id          uuid NOT NULL,
    kind            text NOT NULL CHECK (kind IN ('new_network', 'dormant_use', 'rate_spike',
                    'refusal_burst', 'key_in_url', 'key_in_definition', 'browser_use')),
    at              timestamptz NOT NULL DEFAULT now(),
    distinct_by     text NOT NULL,
    evidence        json NOT NULL,
    state           text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'acknowledged')),
    acknowledged_by text,
    acknowledged_at timestamptz,
    comment         text,
    CONSTRAINT flags_once UNIQUE (key_id, kind, distinct_by)
);

COMMENT ON COLUMN flags.distinct_by IS 'what makes a flag of its kind a new one: a network, or the day';

CREATE INDEX flags_list ON flags (company_id, at DESC, id DESC);

CREATE TABLE notices (
    id          uuid PRIMARY KEY,
    company_id  uuid NOT NULL,
    at          timestamptz NOT NULL DEFAULT now(),
    kind        text NOT NULL,
    title       text NOT NULL,
    body        text NOT NULL,
    link        text,
    distinct_by text NOT NULL,
    mailed_at   timestamptz,
    CONSTRAINT notices_once UNIQUE (company_id, kind, distinct_by)
);

CREATE INDEX notices_list ON notices (company_id, at DESC, id DESC);

CREATE TABLE notice_reads (
    notice_id     uuid NOT NULL REFERENCES notices (id) ON DELETE CASCADE,
    membership_id uuid NOT NULL REFERENCES memberships (id) ON DELETE CASCADE,
    company_id    uuid NOT NULL,
    read_at       timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (notice_id, membership_id)
);

CREATE TABLE leaks (
    id          uuid PRIMARY KEY,
    company_id  uuid NOT NULL,
    key_id      uuid NOT NULL,
    at          timestamptz NOT NULL DEFAULT now(),
    url         text,
    reported_by text,
    act         text NOT NULL CHECK (act IN ('revoked', 'cut_to_read', 'none')),
    state       text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'resolved')),
    resolved_by text,
    resolved_at timestamptz,
    resolution  text CHECK (resolution IN ('revoke', 'clear')),
    comment     text,
    CONSTRAINT leaks_once UNIQUE (key_id, url)
);

CREATE INDEX leaks_list ON leaks (company_id, at DESC, id DESC);
