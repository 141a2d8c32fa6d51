-- People have several passkeys, with names of their own choice.
ALTER TABLE passkey ADD COLUMN name TEXT NOT NULL DEFAULT '';

-- Registration challenge of a session in which its person adds a passkey; taken by one DELETE ... RETURNING.
CREATE TABLE passkey_challenge (
    session BYTEA PRIMARY KEY REFERENCES session (id) ON DELETE CASCADE,
    state TEXT NOT NULL,
    expires_at BIGINT NOT NULL
);
