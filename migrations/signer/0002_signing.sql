-- state of a document: besides those of 0001, unknown (the module's answer is missing) and unfinished (signed; the timestamp
-- was tried in vain too often). activation: what the module was or may have been shown, while its answer is not stored.
ALTER TABLE document ADD COLUMN activation TEXT;
ALTER TABLE document ADD COLUMN attempts BIGINT NOT NULL DEFAULT 0;
ALTER TABLE document ADD COLUMN next_attempt_at BIGINT NOT NULL DEFAULT 0;
CREATE INDEX document_due ON document (next_attempt_at) WHERE state IN ('consumed', 'unknown', 'signed');

-- What a person has sent on one day (days since 1970 in UTC), refused files included: reading them is the work.
CREATE TABLE upload_tally (
    person BYTEA NOT NULL,
    day BIGINT NOT NULL,
    octets BIGINT NOT NULL,
    PRIMARY KEY (person, day)
);
