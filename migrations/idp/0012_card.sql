-- Log-in with the eID card.

-- What the card of an interaction's person is to sign (Web eID); taken by one DELETE ... RETURNING, whatever comes of it.
CREATE TABLE card_challenge (
    interaction BYTEA PRIMARY KEY REFERENCES interaction (id) ON DELETE CASCADE,
    nonce TEXT NOT NULL,
    expires_at BIGINT NOT NULL
);

-- Cards that have logged somebody in, by SHA-256 of the authentication certificate.
CREATE TABLE card (
    fingerprint BYTEA PRIMARY KEY,
    person BYTEA NOT NULL REFERENCES person (id),
    first_used_at BIGINT NOT NULL,
    last_used_at BIGINT NOT NULL,
    -- Its person said that it was used by somebody else; it logs nobody in any more.
    suspended_at BIGINT
);
CREATE INDEX card_person ON card (person);

-- A browser on its way over the port where cards are shown in the TLS handshake. Each step is one UPDATE that happens once:
-- shown_at when the card was shown, used_at when the browser came back with the code.
CREATE TABLE card_errand (
    ticket_hash BYTEA PRIMARY KEY,
    interaction BYTEA NOT NULL REFERENCES interaction (id) ON DELETE CASCADE,
    expires_at BIGINT NOT NULL,
    shown_at BIGINT,
    code_hash BYTEA UNIQUE,
    person BYTEA,
    fingerprint BYTEA,
    acr TEXT,
    used_at BIGINT
);
CREATE INDEX card_errand_interaction ON card_errand (interaction);
