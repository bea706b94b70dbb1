-- What a person says about an effect in doubt, and what retention has removed.

ALTER TABLE effects
    ADD COLUMN resolved_at timestamptz,
    ADD COLUMN resolution json;

COMMENT ON COLUMN effects.resolution IS 'what a person said: outcome (done, not_done) and, when done, output';

ALTER TABLE runs ADD COLUMN purged_at timestamptz;

COMMENT ON COLUMN runs.purged_at IS 'when retention removed input, output, the steps'' values and the log';

-- Only runs that still have something to remove stand in it.
CREATE INDEX runs_to_purge ON runs (completed_at, id) WHERE completed_at IS NOT NULL AND purged_at IS NULL;

-- How far a walk in order of id has come that never needs to go back.
CREATE TABLE retention_walks (
    name     text PRIMARY KEY,
    position uuid NOT NULL
);
