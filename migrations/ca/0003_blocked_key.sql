-- Keys that are never certified (again), whether they were ever certified here or not.
CREATE TABLE blocked_key (
    -- SHA-256 of the SubjectPublicKeyInfo.
    spki_sha256 BYTEA PRIMARY KEY,
    -- Why: key_compromise, or what the operator said.
    cause TEXT NOT NULL,
    blocked_at BIGINT NOT NULL
);
-- From here on subject_key.blocked_at is no longer written nor read.
INSERT INTO blocked_key (spki_sha256, cause, blocked_at)
    SELECT spki_sha256, 'key_compromise', blocked_at FROM subject_key WHERE blocked_at IS NOT NULL;
