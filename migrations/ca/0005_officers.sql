-- Lists of officers. Believed is only what follows, signed, from the hash that the configuration pins.
CREATE TABLE officer_list (
    version BIGINT PRIMARY KEY CHECK (version >= 1),
    sha256 BYTEA NOT NULL UNIQUE,
    previous BYTEA UNIQUE REFERENCES officer_list (sha256),
    -- The list with the gestures of those who agreed (JSON).
    signed TEXT NOT NULL,
    -- Two different officers agreed at least.
    proposed_by TEXT,
    approved_by TEXT,
    stored_at BIGINT NOT NULL,
    CHECK (version > 1 OR previous IS NULL),
    CHECK (version = 1 OR (previous IS NOT NULL AND proposed_by IS NOT NULL AND approved_by IS NOT NULL AND proposed_by <> approved_by))
);

-- What one officer asked for and another one must agree to.
CREATE TABLE approval_request (
    -- SHA-256 of the request's canonical octets.
    id BYTEA PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('ca-key-use', 'profile-change', 'ca-revocation', 'bulk-action')),
    -- SHA-256 of what is to be done.
    subject_sha256 BYTEA NOT NULL,
    -- The request (JSON) and its requester's gesture (JSON).
    request TEXT NOT NULL,
    requester TEXT NOT NULL,
    gesture TEXT NOT NULL,
    made_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL CHECK (expires_at > made_at),
    -- Single use.
    spent_at BIGINT,
    UNIQUE (id, requester)
);
CREATE INDEX approval_request_subject ON approval_request (kind, subject_sha256);

CREATE TABLE approval (
    request BYTEA NOT NULL,
    -- The request's own, as the foreign key sees to: nobody approves what they asked for.
    requester TEXT NOT NULL,
    officer TEXT NOT NULL CHECK (officer <> requester),
    gesture TEXT NOT NULL,
    at BIGINT NOT NULL,
    -- Once each.
    PRIMARY KEY (request, officer),
    FOREIGN KEY (request, requester) REFERENCES approval_request (id, requester)
);

-- Settings that shape certificates, as they were at each start that found them changed; the newest is in force.
CREATE TABLE profile_settings (
    sequence BIGINT PRIMARY KEY,
    sha256 BYTEA NOT NULL,
    -- Setting by setting (JSON).
    settings TEXT NOT NULL,
    -- Hash of the first list of officers that was pinned then.
    genesis BYTEA,
    -- The request that another officer approved; none for the first settings, or where no officers are pinned.
    request BYTEA REFERENCES approval_request (id),
    at BIGINT NOT NULL
);
