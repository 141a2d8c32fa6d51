-- Sessions that the person can list and end from any device, logout that is told to services, and the person's own log.

-- When it began; `device` is a browser and system in words ("firefox android"), never the whole User-Agent.
ALTER TABLE session ADD COLUMN created_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE session ADD COLUMN device TEXT NOT NULL DEFAULT '';
-- The keyed hash under which log-ins of this person from this address are counted; see login_attempt.
ALTER TABLE session ADD COLUMN login_key BYTEA;

ALTER TABLE interaction ADD COLUMN device TEXT NOT NULL DEFAULT '';
CREATE INDEX interaction_cookie ON interaction (cookie_hash);

-- A passkey that its person said was used by somebody else; it logs nobody in any more.
ALTER TABLE passkey ADD COLUMN suspended_at BIGINT;

-- What happened to a person's identity, in the transaction that did it: no names, no values, nobody else's data.
CREATE TABLE activity (
    id BYTEA PRIMARY KEY,
    person BYTEA NOT NULL REFERENCES person (id),
    at BIGINT NOT NULL,
    kind TEXT NOT NULL,
    client_id TEXT,
    session BYTEA,
    acr TEXT,
    means TEXT,
    -- The credential that was used: what "this wasn't me" suspends.
    credential BYTEA,
    -- Which data (scopes, claim names), never the data.
    scope TEXT,
    -- When the person said that it was not them; set by one UPDATE.
    disowned_at BIGINT
);
CREATE INDEX activity_person ON activity (person, at);
CREATE INDEX activity_at ON activity (at);

-- Outbox of OpenID Connect Back-Channel Logout 1.0: one row per service that knew an ended session.
CREATE TABLE logout_delivery (
    session BYTEA NOT NULL REFERENCES session (id) ON DELETE CASCADE,
    client_id TEXT NOT NULL,
    sid TEXT NOT NULL,
    person BYTEA NOT NULL REFERENCES person (id),
    created_at BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    -- When it is tried (again); NULL once `outcome` is there.
    next_at BIGINT,
    -- told | cannot_be_told | gave_up
    outcome TEXT,
    finished_at BIGINT,
    PRIMARY KEY (session, client_id)
);
CREATE INDEX logout_delivery_due ON logout_delivery (next_at);
CREATE INDEX logout_delivery_person ON logout_delivery (person);

-- Log-in attempts of one identity from one address, under a keyed hash of both.
CREATE TABLE login_attempt (
    who BYTEA PRIMARY KEY,
    since BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    locked_until BIGINT
);
CREATE INDEX login_attempt_since ON login_attempt (since);
