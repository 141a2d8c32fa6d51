-- Clients that register themselves (RFC 7591), manage their registration (RFC 7592) and are promoted by two officers.

-- SHA-256 of the registration access token, 256 random bits; another one with each change. NULL: nobody manages it from outside.
ALTER TABLE client ADD COLUMN registration_hash BYTEA;
-- What its owner wants a client in production to become (JSON); in force once officers agreed.
ALTER TABLE client ADD COLUMN proposed TEXT;
-- The law that lets the service have the personal number, in the officers' words.
ALTER TABLE client ADD COLUMN legal_basis TEXT;
CREATE INDEX client_sandbox ON client (realm, changed_at);

-- Invented people whom clients of the sandbox may meet; nobody else.
CREATE TABLE sandbox_person (
    person BYTEA PRIMARY KEY REFERENCES person (id)
);

-- What one officer asked for and another one agrees to, once: a client as it is at that moment, in production.
CREATE TABLE client_promotion (
    -- SHA-256 of the request's canonical octets.
    id BYTEA PRIMARY KEY,
    client_id TEXT NOT NULL,
    -- The request (JSON) and its requester's gesture (JSON).
    request TEXT NOT NULL,
    requester TEXT NOT NULL,
    gesture TEXT NOT NULL,
    made_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL CHECK (expires_at > made_at),
    -- Nobody agrees to what they asked for.
    approver TEXT CHECK (approver <> requester),
    approver_gesture TEXT,
    -- Single use.
    spent_at BIGINT,
    CHECK ((spent_at IS NULL AND approver IS NULL AND approver_gesture IS NULL)
        OR (spent_at IS NOT NULL AND approver IS NOT NULL AND approver_gesture IS NOT NULL))
);
CREATE INDEX client_promotion_client ON client_promotion (client_id);
