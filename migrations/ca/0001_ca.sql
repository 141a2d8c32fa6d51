-- One row for each serial number ever reserved: first the intent (tbs), then the certificate.
-- issuer is the name of one of our authorities (root, auth, qsig, tsa); the root is its own issuer.
CREATE TABLE certificate (
    issuer TEXT NOT NULL,
    serial BYTEA NOT NULL,
    profile TEXT NOT NULL,
    -- Part of the CRL that would list it, fixed at issuance since the certificate names it.
    shard BIGINT NOT NULL,
    -- Repeated with the same key, a request gets the first answer; the fingerprint tells that it is the same request.
    idempotency_key BYTEA NOT NULL,
    fingerprint BYTEA NOT NULL,
    -- SHA-256 of the SubjectPublicKeyInfo.
    spki_sha256 BYTEA NOT NULL,
    -- Only for keys of our own: what the key is for (root, auth, ocsp-auth, tsu) and its label in the token.
    holder TEXT,
    key_label TEXT,
    -- Exactly what was linted and is signed.
    tbs BYTEA NOT NULL,
    tbs_sha256 BYTEA NOT NULL,
    not_before BIGINT NOT NULL,
    not_after BIGINT NOT NULL,
    reserved_at BIGINT NOT NULL,
    -- Ends of an intent: signed and stored, refused by the linter (with the rules), or given up after a crash.
    certificate BYTEA,
    issued_at BIGINT,
    refusal TEXT,
    abandoned_at BIGINT,
    PRIMARY KEY (issuer, serial)
);
CREATE UNIQUE INDEX certificate_idempotency ON certificate (idempotency_key) WHERE abandoned_at IS NULL;
CREATE INDEX certificate_serial ON certificate (serial);
CREATE INDEX certificate_holder ON certificate (holder, not_before) WHERE holder IS NOT NULL;

-- A key belongs to one owner and one profile, forever. owner is a hash, of a person or of an own key's purpose.
CREATE TABLE subject_key (
    spki_sha256 BYTEA PRIMARY KEY,
    owner BYTEA NOT NULL,
    profile TEXT NOT NULL,
    -- Set by a revocation for key compromise: never certified again.
    blocked_at BIGINT
);

-- Append-only: the status at any past time can be read from it.
CREATE TABLE certificate_status (
    issuer TEXT NOT NULL,
    serial BYTEA NOT NULL,
    sequence BIGINT NOT NULL,
    -- revoked, suspended or reinstated
    state TEXT NOT NULL,
    -- CRLReason of RFC 5280 section 5.3.1
    reason BIGINT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (issuer, serial, sequence)
);
CREATE INDEX certificate_status_at ON certificate_status (issuer, at);

-- The CRL number of each list grows by one statement in the transaction that reads what the list says.
CREATE TABLE crl_number (
    issuer TEXT NOT NULL,
    shard BIGINT NOT NULL,
    number BIGINT NOT NULL,
    PRIMARY KEY (issuer, shard)
);
CREATE TABLE crl (
    issuer TEXT NOT NULL,
    shard BIGINT NOT NULL,
    number BIGINT NOT NULL,
    this_update BIGINT NOT NULL,
    next_update BIGINT NOT NULL,
    der BYTEA NOT NULL,
    PRIMARY KEY (issuer, shard, number)
);
