-- What a run's record says of a step: the last attempt and its effect. A run is read with all of its steps by
-- one statement, as an array of such rows.

CREATE TYPE step_shown AS (
    path           text,
    attempt        integer,
    type           text,
    status         text,
    skip_reason    text,
    input          json,
    output         json,
    error          json,
    due_at         timestamptz,
    is_reused      boolean,
    started_at     timestamptz,
    completed_at   timestamptz,
    effect_id      uuid,
    effect_key     text,
    receipt        json,
    effect_outcome text,
    resolved_at    timestamptz,
    resolution     json
);
