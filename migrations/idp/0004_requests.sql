-- Requests and what they may carry: pushed requests (RFC 9126), details (RFC 9396), the `claims` parameter, step-up.

-- A pushed authorization request, checked; found by SHA-256 of the random part of its request_uri. Completed once.
CREATE TABLE pushed_request (
    hash BYTEA PRIMARY KEY,
    client_id TEXT NOT NULL,
    request TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    completed_at BIGINT
);
CREATE INDEX pushed_request_expiry ON pushed_request (expires_at);

-- What else a grant is for: a JSON array as RFC 9396 section 2 has it, and the names of claims asked for one by one.
ALTER TABLE authorization_grant ADD COLUMN authorization_details TEXT;
ALTER TABLE authorization_grant ADD COLUMN claims TEXT NOT NULL DEFAULT '';

-- Names of claims that the person agreed to beyond those of the scopes.
ALTER TABLE consent ADD COLUMN claims TEXT NOT NULL DEFAULT '';

-- The person whose session was too low for the request: only they can complete it.
ALTER TABLE interaction ADD COLUMN step_up_of BYTEA;

-- Claims asked for in the ID token itself, and the resource servers that the request named (RFC 8707), separated by spaces.
ALTER TABLE authorization_grant ADD COLUMN id_token_claims TEXT NOT NULL DEFAULT '';
ALTER TABLE authorization_grant ADD COLUMN resource TEXT NOT NULL DEFAULT '';

-- What of the grant's details this one token is for (RFC 9396 section 7); NULL: nothing of that kind.
ALTER TABLE access_token ADD COLUMN authorization_details TEXT;
