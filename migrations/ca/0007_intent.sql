-- An intent belongs to the replica that made it, which alone may end it until that time. Of older rows nobody is left.
ALTER TABLE certificate ADD COLUMN intent_of BYTEA;
ALTER TABLE certificate ADD COLUMN intent_until BIGINT;
CREATE INDEX certificate_intent ON certificate (intent_until)
    WHERE certificate IS NULL AND refusal IS NULL AND abandoned_at IS NULL;

-- Whether the key's origin evidences a qualified device: the linter needs it again when it reads the certificate later.
ALTER TABLE certificate ADD COLUMN in_qscd BOOLEAN;

-- The certificate that this one renews (same key) or replaces with another key.
ALTER TABLE certificate ADD COLUMN follows_issuer TEXT;
ALTER TABLE certificate ADD COLUMN follows_serial BYTEA;
CREATE INDEX certificate_follows ON certificate (follows_issuer, follows_serial) WHERE follows_serial IS NOT NULL;
