-- Who asked for a change (kind and id, never a name), since when the certificate is doubtful, and the bulk action it is part of.
ALTER TABLE certificate_status ADD COLUMN asked_by TEXT;
ALTER TABLE certificate_status ADD COLUMN invalid_since BIGINT;
ALTER TABLE certificate_status ADD COLUMN action BYTEA;

-- Changes whose audit event could not be stored: the history itself is never changed, so what is owed stands beside it.
CREATE TABLE status_event_owed (
    issuer TEXT NOT NULL,
    serial BYTEA NOT NULL,
    sequence BIGINT NOT NULL,
    PRIMARY KEY (issuer, serial, sequence)
);

-- What bulk actions choose by: the registration desk that asked, and the kind of key (rsa, p256, p384); NULL in older rows.
ALTER TABLE certificate ADD COLUMN desk TEXT;
ALTER TABLE certificate ADD COLUMN key_kind TEXT;
CREATE INDEX certificate_issued_at ON certificate (issued_at, issuer, serial) WHERE certificate IS NOT NULL;
