-- Audit events wait without an index until the sequencer gives them one (RFC 6962 leaf hash over salted hashes).
-- subject_hash and detail_hash are the salted hashes that the leaf covers: they stay when detail and salt are erased.
CREATE TABLE audit_event (
    id BYTEA PRIMARY KEY,
    at BIGINT NOT NULL,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail TEXT,
    salt BYTEA,
    leaf_index BIGINT UNIQUE,
    leaf_hash BYTEA,
    subject_hash BYTEA,
    detail_hash BYTEA
);
CREATE INDEX audit_event_unsequenced ON audit_event (at) WHERE leaf_index IS NULL;
CREATE INDEX audit_event_subject ON audit_event (subject);

-- One row per kind of work that exactly one replica may do at a time.
CREATE TABLE job_lease (
    name TEXT PRIMARY KEY,
    holder BYTEA NOT NULL,
    until BIGINT NOT NULL
);
