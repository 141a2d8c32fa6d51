-- What is known of a person lies sealed (AES-256-GCM) under a key that only the HSM can derive; and how a person stands.

-- The HMAC keys of the token from which the keys of people's data are derived, by generation. No key is here: `check_value`
-- only tells whether the token's key is still the one that sealed.
CREATE TABLE people_key (
    epoch BIGINT PRIMARY KEY,
    object TEXT NOT NULL UNIQUE,
    check_value BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    -- When nothing was sealed under it any more.
    retired_at BIGINT
);

-- An operator's wish for the next generation; `object`: a key that a ceremony has made, else the service makes one.
CREATE TABLE people_key_wish (
    one BIGINT PRIMARY KEY CHECK (one = 1),
    object TEXT,
    wished_at BIGINT NOT NULL
);

-- Rows of before: read once at the next start, sealed, and deleted.
CREATE TABLE person_in_clear (
    person BYTEA PRIMARY KEY REFERENCES person (id),
    given_name TEXT NOT NULL,
    family_name TEXT NOT NULL,
    personal_number TEXT NOT NULL,
    birthdate TEXT NOT NULL
);
INSERT INTO person_in_clear (person, given_name, family_name, personal_number, birthdate)
SELECT id, given_name, family_name, personal_number, birthdate FROM person;

ALTER TABLE person DROP COLUMN given_name;
ALTER TABLE person DROP COLUMN family_name;
ALTER TABLE person DROP COLUMN birthdate;
-- HMAC-SHA-256 of the personal number, in hex.
ALTER TABLE person RENAME COLUMN personal_number TO look_up;
-- Sealed to this row: version, epoch, nonce, tag, ciphertext. NULL: still in person_in_clear.
ALTER TABLE person ADD COLUMN data BYTEA;
ALTER TABLE person ADD COLUMN key_epoch BIGINT;
-- active, suspended, deceased or ended
ALTER TABLE person ADD COLUMN standing TEXT NOT NULL DEFAULT 'active';
ALTER TABLE person ADD COLUMN standing_since BIGINT;
CREATE INDEX person_key_epoch ON person (key_epoch, id);
