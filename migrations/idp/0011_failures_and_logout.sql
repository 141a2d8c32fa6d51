-- Wrong user codes of devices are counted by person and by network, never of everybody together.
DROP TABLE device_attempt;
CREATE TABLE device_attempt (
    -- An HMAC over the person or the network, so that the table names neither.
    who BYTEA PRIMARY KEY,
    since BIGINT NOT NULL,
    wrong BIGINT NOT NULL
);
CREATE INDEX device_attempt_since ON device_attempt (since);

-- A service is told once for each `sid` under which it knew a session: a withdrawn consent ends one before the session ends.
CREATE TABLE logout_owed (
    sid TEXT PRIMARY KEY,
    session BYTEA NOT NULL REFERENCES session (id) ON DELETE CASCADE,
    client_id TEXT NOT NULL,
    person BYTEA NOT NULL REFERENCES person (id),
    created_at BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    -- When it is tried (again); NULL once `outcome` is there.
    next_at BIGINT,
    -- told | cannot_be_told | gave_up
    outcome TEXT,
    finished_at BIGINT
);
INSERT INTO logout_owed (sid, session, client_id, person, created_at, attempts, next_at, outcome, finished_at)
SELECT sid, session, client_id, person, created_at, attempts, next_at, outcome, finished_at FROM logout_delivery;
DROP TABLE logout_delivery;
ALTER TABLE logout_owed RENAME TO logout_delivery;
CREATE INDEX logout_delivery_due ON logout_delivery (next_at);
CREATE INDEX logout_delivery_person ON logout_delivery (person);
CREATE INDEX logout_delivery_session ON logout_delivery (session);

-- Networks from which a client may ask for tokens, separated by spaces; officers agree to them. NULL: from anywhere.
ALTER TABLE client ADD COLUMN token_networks TEXT;
