-- Clients as data: a profile, a realm, a kill switch, and metadata by the member names of RFC 7591 in one JSON text. What is
-- searched or decided by statements stands in columns. A relying party of before keeps working as `gov-basic`.
CREATE TABLE registered_client (
    client_id TEXT PRIMARY KEY,
    -- fapi2, fapi2-ms, gov-basic or native
    profile TEXT NOT NULL,
    -- sandbox or production
    realm TEXT NOT NULL,
    -- active or disabled
    status TEXT NOT NULL,
    -- TRUE: put here by the operator's own configuration; only such a client is in production without a promotion.
    of_the_house BOOLEAN NOT NULL,
    name TEXT NOT NULL,
    purpose TEXT NOT NULL,
    metadata TEXT NOT NULL,
    -- SHA-256 of at least 256 random bits; NULL where the client authenticates with a key or not at all
    secret_hash BYTEA,
    sector TEXT NOT NULL,
    legal_basis_personal_number BOOLEAN NOT NULL,
    registered_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL
);
INSERT INTO registered_client (client_id, profile, realm, status, of_the_house, name, purpose, metadata, secret_hash, sector,
    legal_basis_personal_number, registered_at, changed_at)
SELECT client_id, 'gov-basic', 'production', 'active', TRUE, name, purpose,
    '{"redirect_uris":' || redirect_uris || ',"post_logout_redirect_uris":' || post_logout_redirect_uris
        || ',"token_endpoint_auth_method":"client_secret_basic"}',
    secret_hash, sector, legal_basis_personal_number, registered_at, registered_at
FROM client;
DROP TABLE client;
ALTER TABLE registered_client RENAME TO client;

-- What may be used once: `jti` of client assertions, DPoP proofs, request objects. One namespace for each kind and owner, so
-- that nothing of one kind is ever taken for another's. A row may go when `expires_at` has passed.
CREATE TABLE single_use (
    kind TEXT NOT NULL,
    owner TEXT NOT NULL,
    id_hash BYTEA NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (kind, owner, id_hash)
);
CREATE INDEX single_use_expiry ON single_use (expires_at);
