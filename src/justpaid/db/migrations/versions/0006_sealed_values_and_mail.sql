-- What of an input its schema calls writeOnly, and requests made with it: sealed for the line of the run.
-- The run's and the effect's own rows show a mask in its place.

CREATE TABLE sealed_inputs (
    run_id        uuid PRIMARY KEY,
    company_id    uuid NOT NULL,
    origin_run_id uuid NOT NULL,
    sealed        bytea NOT NULL
);

CREATE TABLE sealed_requests (
    origin_run_id uuid NOT NULL,
    path          text NOT NULL,
    generation    integer NOT NULL,
    company_id    uuid NOT NULL,
    sealed        bytea NOT NULL,
    PRIMARY KEY (origin_run_id, path, generation)
);

-- Whom a notice is for, where that is not everybody who may see what it is about.
ALTER TABLE notices ADD COLUMN member_ids uuid[];

COMMENT ON COLUMN notices.mailed_at IS 'when its mails were put among those to be sent';

UPDATE notices SET mailed_at = at WHERE mailed_at IS NULL;

CREATE INDEX notices_to_mail ON notices (at) WHERE mailed_at IS NULL;

-- A row is one mail to be sent, at due_at or, while somebody sends it, not before; it goes once it was sent.
CREATE TABLE mails (
    notice_id     uuid NOT NULL REFERENCES notices (id) ON DELETE CASCADE,
    membership_id uuid NOT NULL REFERENCES memberships (id) ON DELETE CASCADE,
    company_id    uuid NOT NULL,
    due_at        timestamptz NOT NULL DEFAULT now(),
    fence         integer NOT NULL DEFAULT 0,
    created_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (notice_id, membership_id)
);

COMMENT ON COLUMN mails.fence IS 'raised by each claim: how often it was tried, and who may remove it';

CREATE INDEX mails_due ON mails (due_at);

ALTER TABLE approvals ADD COLUMN told_at timestamptz;

COMMENT ON COLUMN approvals.told_at IS 'when its approvers were told that they are asked';

CREATE INDEX approvals_to_tell ON approvals (created_at) WHERE told_at IS NULL AND status = 'open';
