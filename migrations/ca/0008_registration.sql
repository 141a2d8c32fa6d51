-- Log-in of officers at desks: single-use challenges, short sessions, counters that only rise.
CREATE TABLE desk_challenge (
    challenge BYTEA PRIMARY KEY,
    officer TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT
);
CREATE TABLE desk_session (
    token_hash BYTEA PRIMARY KEY,
    officer TEXT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE TABLE desk_counter (
    credential_id BYTEA PRIMARY KEY,
    counter BIGINT NOT NULL
);

-- What a desk's officer said, as signed, and what became of it.
CREATE TABLE registration_request (
    -- SHA-256 of the octets that the officer's gesture covers: the same request again is the same row.
    id BYTEA PRIMARY KEY,
    officer TEXT NOT NULL,
    idempotency_key TEXT NOT NULL,
    desk TEXT NOT NULL,
    profile TEXT NOT NULL,
    -- Exactly what was signed, and the gesture (JSON); both empty once erased.
    request BYTEA NOT NULL,
    gesture TEXT NOT NULL,
    -- Whether a second officer must agree.
    four_eyes BOOLEAN NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'ready', 'issued', 'refused', 'rejected', 'expired')),
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    approver TEXT CHECK (approver <> officer),
    approval TEXT,
    approved_at BIGINT,
    rejected_by TEXT,
    -- Of a rejection the officer's words, of a refusal the CA's code.
    reason TEXT,
    closed_at BIGINT,
    serial BYTEA,
    -- PEM, leaf first.
    chain TEXT,
    UNIQUE (officer, idempotency_key),
    CHECK (NOT four_eyes OR approver IS NOT NULL OR state IN ('waiting', 'rejected', 'expired')),
    CHECK (state <> 'issued' OR (serial IS NOT NULL AND chain IS NOT NULL))
);
CREATE INDEX registration_request_desk ON registration_request (desk, state, created_at);

-- Signed requests to suspend, reinstate or revoke: each is carried out once.
CREATE TABLE desk_status_request (
    id BYTEA PRIMARY KEY,
    officer TEXT NOT NULL,
    idempotency_key TEXT NOT NULL,
    desk TEXT NOT NULL,
    request BYTEA NOT NULL,
    gesture TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    done_at BIGINT,
    UNIQUE (officer, idempotency_key)
);
