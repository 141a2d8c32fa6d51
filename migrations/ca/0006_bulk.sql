-- Bulk actions: one change of status for every certificate that a predicate matches.
CREATE TABLE bulk_action (
    id BYTEA PRIMARY KEY,
    -- The plan (JSON), and SHA-256 of its canonical octets: what the officers agree to.
    plan TEXT NOT NULL,
    sha256 BYTEA NOT NULL UNIQUE,
    state TEXT NOT NULL CHECK (state IN ('prepared', 'approved', 'running', 'paused', 'done')),
    prepared_at BIGINT NOT NULL,
    -- The two officers of the spent approval.
    requester TEXT,
    approver TEXT,
    approved_at BIGINT,
    started_at BIGINT,
    ended_at BIGINT,
    -- Certificates that matched when it was prepared.
    counted BIGINT NOT NULL,
    -- Changed, found as wanted already, and refused by the rules of status.
    changed BIGINT NOT NULL,
    unchanged BIGINT NOT NULL,
    refused BIGINT NOT NULL,
    -- The last certificate looked at, in the order of issuance. The second walk is the last look for what came late.
    walk BIGINT NOT NULL,
    cursor_issued_at BIGINT NOT NULL,
    cursor_issuer TEXT NOT NULL,
    cursor_serial BYTEA NOT NULL,
    -- Grows with every batch: two replicas never do the same one.
    step BIGINT NOT NULL,
    -- Until when the pace is used up; since when, and with how many done before, the rate is measured.
    paced_until BIGINT NOT NULL,
    resumed_at BIGINT NOT NULL,
    resumed_done BIGINT NOT NULL,
    CHECK (requester IS NULL OR requester <> approver),
    CHECK (state = 'prepared' OR (requester IS NOT NULL AND approver IS NOT NULL AND approved_at IS NOT NULL))
);

-- Certificates that matched and were not changed, with the reason: `already` so, or `refused`.
CREATE TABLE bulk_exception (
    action BYTEA NOT NULL REFERENCES bulk_action (id),
    issuer TEXT NOT NULL,
    serial BYTEA NOT NULL,
    cause TEXT NOT NULL,
    PRIMARY KEY (action, issuer, serial)
);
