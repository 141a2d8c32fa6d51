-- Tokens of every grant, their binding to a key or certificate of the client, and the life of our own signing keys.
-- `cnf` is `jkt:THUMBPRINT` (RFC 9449 section 6) or `x5t#S256:THUMBPRINT` (RFC 8705 section 3.1); NULL: a bearer token.

-- The key that the authorization request named (dpop_jkt): only its holder may redeem the code.
ALTER TABLE auth_code ADD COLUMN cnf TEXT;

-- Access tokens live five minutes, so those of before may go. SHA-256 of an opaque token, or of the `jti` of a signed one
-- (RFC 9068). Without a grant: client_credentials. Scope and audience are separated by spaces.
DROP TABLE access_token;
CREATE TABLE access_token (
    hash BYTEA PRIMARY KEY,
    grant_id BYTEA REFERENCES authorization_grant (id) ON DELETE CASCADE,
    client_id TEXT NOT NULL,
    scope TEXT NOT NULL,
    audience TEXT NOT NULL,
    cnf TEXT,
    issued_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    revoked_at BIGINT
);
CREATE INDEX access_token_grant ON access_token (grant_id);
CREATE INDEX access_token_expiry ON access_token (expires_at);

-- RFC 6749 section 6. A bearer token is replaced by one UPDATE ... WHERE replaced_at IS NULL; `answer` is what that request was
-- answered with, encrypted under a key that only the replaced token's holder can make us compute.
CREATE TABLE refresh_token (
    hash BYTEA PRIMARY KEY,
    grant_id BYTEA NOT NULL REFERENCES authorization_grant (id) ON DELETE CASCADE,
    client_id TEXT NOT NULL,
    cnf TEXT,
    issued_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    replaced_at BIGINT,
    successor BYTEA,
    answer BYTEA
);
CREATE INDEX refresh_token_grant ON refresh_token (grant_id);

-- Identifiers of resource servers (RFC 8707) and the client that each one introspects as.
CREATE TABLE resource_server (
    resource TEXT PRIMARY KEY,
    client_id TEXT NOT NULL
);
CREATE INDEX resource_server_client ON resource_server (client_id);

-- RFC 8628. The user code is short, so what is stored of it is an HMAC. Redeemed by one UPDATE ... WHERE redeemed_at IS NULL.
CREATE TABLE device_authorization (
    id BYTEA PRIMARY KEY,
    device_hash BYTEA NOT NULL UNIQUE,
    user_hash BYTEA NOT NULL UNIQUE,
    client_id TEXT NOT NULL,
    scope TEXT NOT NULL,
    cnf TEXT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    poll_seconds BIGINT NOT NULL,
    polled_at BIGINT,
    -- of the cookie of the browser in which the person confirmed the code
    browser_hash BYTEA,
    grant_id BYTEA,
    denied_at BIGINT,
    redeemed_at BIGINT
);
CREATE INDEX device_authorization_expiry ON device_authorization (expires_at);

-- Wrong user codes in each span of time, of everybody together.
CREATE TABLE device_attempt (
    since BIGINT PRIMARY KEY,
    wrong BIGINT NOT NULL
);

-- pending (published only), active (signs), retired (still published), withdrawn (published no more).
ALTER TABLE signing_key ADD COLUMN algorithm TEXT NOT NULL DEFAULT 'ES256';
ALTER TABLE signing_key ADD COLUMN activated_at BIGINT;
ALTER TABLE signing_key ADD COLUMN retired_at BIGINT;
UPDATE signing_key SET activated_at = created_at WHERE status = 'active';
CREATE UNIQUE INDEX signing_key_one_active ON signing_key (algorithm) WHERE status = 'active';
CREATE UNIQUE INDEX signing_key_one_pending ON signing_key (algorithm) WHERE status = 'pending';

-- An operator's wish for another key; the service makes it, since it alone has the token open.
CREATE TABLE signing_key_wish (
    algorithm TEXT PRIMARY KEY,
    -- TRUE: the next key signs at once, though relying parties may not have read it yet.
    urgent BOOLEAN NOT NULL,
    wished_at BIGINT NOT NULL
);
