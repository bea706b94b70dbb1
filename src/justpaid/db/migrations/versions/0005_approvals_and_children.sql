-- What runs ask people for, and what each of them said; which step of its parent a child run belongs to.

CREATE TABLE approvals (
    id          uuid PRIMARY KEY,
    company_id  uuid NOT NULL,
    run_id      uuid NOT NULL,
    workflow_id uuid NOT NULL,
    path        text NOT NULL,
    status      text NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'approved', 'rejected', 'expired', 'cancelled')),
    terms       json NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    due_at      timestamptz NOT NULL,
    decided_at  timestamptz,
    decided_by  text,
    comment     text,
    CONSTRAINT approvals_of_step UNIQUE (run_id, path)
);

COMMENT ON COLUMN approvals.terms IS 'title, reason, who may decide and how many have to, as the step resolved them';

CREATE INDEX approvals_list ON approvals (company_id, created_at DESC, id DESC);
CREATE INDEX approvals_by_status ON approvals (company_id, status, created_at DESC, id DESC);

CREATE TABLE approval_votes (
    approval_id uuid NOT NULL REFERENCES approvals (id) ON DELETE CASCADE,
    voter       text NOT NULL,
    company_id  uuid NOT NULL,
    approved    boolean NOT NULL,
    comment     text,
    at          timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (approval_id, voter)
);

ALTER TABLE runs ADD COLUMN parent_path text;

COMMENT ON COLUMN runs.parent_path IS 'the step of the parent that started this run';

CREATE INDEX runs_of_parent ON runs (parent_run_id, parent_path) WHERE parent_run_id IS NOT NULL;
