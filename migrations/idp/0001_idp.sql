-- The OpenID provider. Secrets (cookies, codes, tokens, activation codes) are stored only as SHA-256 of 256 random bits.

-- A natural person; the id doubles as WebAuthn user handle, so it is random and says nothing.
CREATE TABLE person (
    id BYTEA PRIMARY KEY,
    given_name TEXT NOT NULL,
    family_name TEXT NOT NULL,
    personal_number TEXT NOT NULL UNIQUE,
    birthdate TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

-- A one-time right to make the first passkey; handed over outside this system.
CREATE TABLE activation (
    hash BYTEA PRIMARY KEY,
    person BYTEA NOT NULL REFERENCES person (id),
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT
);
CREATE INDEX activation_person ON activation (person);
CREATE INDEX activation_expiry ON activation (expires_at);

-- Registration challenge of an activation; taken by one UPDATE.
CREATE TABLE activation_challenge (
    activation BYTEA PRIMARY KEY REFERENCES activation (hash) ON DELETE CASCADE,
    state TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT
);

-- A log-in passkey in plain columns: COSE_Key (RFC 9052 section 7), signCount, backup flags.
CREATE TABLE passkey (
    credential_id BYTEA PRIMARY KEY,
    person BYTEA NOT NULL REFERENCES person (id),
    cose_key BYTEA NOT NULL,
    aaguid BYTEA NOT NULL,
    counter BIGINT NOT NULL,
    backup_eligible BOOLEAN NOT NULL,
    backup_state BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    last_used_at BIGINT
);
CREATE INDEX passkey_person ON passkey (person);

-- A relying party. Maps and lists are JSON; the secret is SHA-256 of at least 256 random bits.
CREATE TABLE client (
    client_id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    purpose TEXT NOT NULL,
    redirect_uris TEXT NOT NULL,
    post_logout_redirect_uris TEXT NOT NULL,
    secret_hash BYTEA NOT NULL,
    sector TEXT NOT NULL,
    legal_basis_personal_number BOOLEAN NOT NULL,
    registered_at BIGINT NOT NULL
);

-- Pairwise subject identifiers (OpenID Connect Core section 8.1): random, so they need no secret salt.
CREATE TABLE pairwise_subject (
    person BYTEA NOT NULL REFERENCES person (id),
    sector TEXT NOT NULL,
    sub TEXT NOT NULL UNIQUE,
    PRIMARY KEY (person, sector)
);

-- A browser's log-in. The secret is rotated at every log-in; the id stays when the same person logs in again.
CREATE TABLE session (
    id BYTEA PRIMARY KEY,
    secret_hash BYTEA NOT NULL UNIQUE,
    person BYTEA NOT NULL REFERENCES person (id),
    auth_time BIGINT NOT NULL,
    acr TEXT NOT NULL,
    amr TEXT NOT NULL,
    last_seen_at BIGINT NOT NULL,
    ended_at BIGINT
);
CREATE INDEX session_person ON session (person);
CREATE INDEX session_last_seen ON session (last_seen_at);

-- The `sid` under which one client knows a session.
CREATE TABLE session_client (
    session BYTEA NOT NULL REFERENCES session (id) ON DELETE CASCADE,
    client_id TEXT NOT NULL,
    sid TEXT NOT NULL UNIQUE,
    PRIMARY KEY (session, client_id)
);

-- An authorization request that waits for its person; bound to the browser by its own cookie.
CREATE TABLE interaction (
    id BYTEA PRIMARY KEY,
    cookie_hash BYTEA NOT NULL,
    client_id TEXT NOT NULL,
    request TEXT NOT NULL,
    session BYTEA,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    completed_at BIGINT
);
CREATE INDEX interaction_expiry ON interaction (expires_at);

-- Authentication challenge of an interaction; taken by one UPDATE.
CREATE TABLE login_challenge (
    interaction BYTEA PRIMARY KEY REFERENCES interaction (id) ON DELETE CASCADE,
    state TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT
);

-- What a person agreed to give a client.
CREATE TABLE consent (
    person BYTEA NOT NULL REFERENCES person (id),
    client_id TEXT NOT NULL,
    scope TEXT NOT NULL,
    given_at BIGINT NOT NULL,
    PRIMARY KEY (person, client_id)
);

-- One authorization; every code and token belongs to one, so all can be revoked together.
CREATE TABLE authorization_grant (
    id BYTEA PRIMARY KEY,
    client_id TEXT NOT NULL,
    person BYTEA NOT NULL REFERENCES person (id),
    session BYTEA NOT NULL,
    scope TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    revoked_at BIGINT
);
CREATE INDEX authorization_grant_session ON authorization_grant (session);
CREATE INDEX authorization_grant_created ON authorization_grant (created_at);

-- RFC 6749 section 4.1.2; spent by one UPDATE ... WHERE used_at IS NULL.
CREATE TABLE auth_code (
    hash BYTEA PRIMARY KEY,
    grant_id BYTEA NOT NULL REFERENCES authorization_grant (id) ON DELETE CASCADE,
    client_id TEXT NOT NULL,
    redirect_uri TEXT NOT NULL,
    code_challenge TEXT NOT NULL,
    nonce TEXT,
    sid TEXT NOT NULL,
    auth_time BIGINT NOT NULL,
    acr TEXT NOT NULL,
    amr TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT
);
CREATE INDEX auth_code_grant ON auth_code (grant_id);

-- Opaque bearer tokens for /userinfo (RFC 6750).
CREATE TABLE access_token (
    hash BYTEA PRIMARY KEY,
    grant_id BYTEA NOT NULL REFERENCES authorization_grant (id) ON DELETE CASCADE,
    issued_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    revoked_at BIGINT
);
CREATE INDEX access_token_grant ON access_token (grant_id);

-- Keys that sign ID tokens: pending (published only), active (signs), retired (still published).
CREATE TABLE signing_key (
    kid TEXT PRIMARY KEY,
    object TEXT NOT NULL UNIQUE,
    spki BYTEA NOT NULL,
    status TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
