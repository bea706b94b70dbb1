-- Attempts to prove a password, by e-mail and whether or not anybody has it: an unknown address must
-- slow down like a known one. So the counters move out of people, where only known ones have a row.

CREATE TABLE sign_in_attempts (
    email_hash bytea PRIMARY KEY,
    attempts   integer NOT NULL,
    last_at    timestamptz NOT NULL,
    open_at    timestamptz NOT NULL
);

COMMENT ON COLUMN sign_in_attempts.open_at IS 'when the next attempt is judged at all';

CREATE INDEX sign_in_attempts_age ON sign_in_attempts (last_at);

ALTER TABLE people DROP COLUMN failures, DROP COLUMN locked_until;
