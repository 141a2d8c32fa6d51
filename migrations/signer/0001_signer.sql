-- Who has logged in here, as the identity provider said it; `reference` is H(PNO<country>-<number>).
CREATE TABLE person (
    reference BYTEA PRIMARY KEY,
    given_name TEXT NOT NULL,
    surname TEXT NOT NULL,
    personal_number TEXT NOT NULL,
    seen_at BIGINT NOT NULL
);

-- An authorization request under way at the identity provider; used once, by the browser that began it.
CREATE TABLE login_attempt (
    state_hash BYTEA PRIMARY KEY,
    browser_hash BYTEA NOT NULL,
    nonce TEXT NOT NULL,
    verifier TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT
);

CREATE TABLE session (
    id BYTEA PRIMARY KEY,
    secret_hash BYTEA NOT NULL UNIQUE,
    person BYTEA NOT NULL,
    id_token TEXT NOT NULL,
    began_at BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL,
    ended_at BIGINT
);

-- state: begun, key, authenticator, vouched, sealed, ready, failed. What each has is in signer/src/enrol/stage.rs.
CREATE TABLE enrolment (
    id BYTEA PRIMARY KEY,
    person BYTEA NOT NULL,
    credential BYTEA NOT NULL UNIQUE,
    state TEXT NOT NULL,
    began_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    challenge BYTEA,
    challenge_until BIGINT,
    stored_key TEXT,
    pkcs10 BYTEA,
    authenticator TEXT,
    sealed_set TEXT,
    certificate BYTEA,
    chain TEXT,
    counter BIGINT,
    failure TEXT
);
CREATE UNIQUE INDEX enrolment_of_person ON enrolment (person) WHERE state <> 'failed';
CREATE INDEX enrolment_open ON enrolment (began_at) WHERE state NOT IN ('ready', 'failed');

CREATE TABLE enrolment_voucher (
    enrolment BYTEA NOT NULL,
    officer TEXT NOT NULL,
    assertion TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (enrolment, officer)
);

CREATE TABLE officer_challenge (
    challenge BYTEA PRIMARY KEY,
    officer TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT
);
CREATE TABLE officer_session (
    token_hash BYTEA PRIMARY KEY,
    officer TEXT NOT NULL,
    expires_at BIGINT NOT NULL
);
-- Highest signCount seen of each officer's authenticator.
CREATE TABLE officer_counter (
    officer TEXT PRIMARY KEY,
    counter BIGINT NOT NULL
);

-- state: prepared, digested, consumed, signed, done, failed. What each has is in signer/src/sign/stage.rs.
CREATE TABLE document (
    id BYTEA PRIMARY KEY,
    person BYTEA NOT NULL,
    credential BYTEA NOT NULL,
    name TEXT NOT NULL,
    size BIGINT NOT NULL,
    pages BIGINT NOT NULL,
    original_digest BYTEA NOT NULL,
    prepared BYTEA,
    first_length BIGINT NOT NULL,
    second_start BIGINT NOT NULL,
    second_length BIGINT NOT NULL,
    digest BYTEA NOT NULL,
    state TEXT NOT NULL,
    uploaded_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    ticket_nonce BYTEA,
    ticket_deadline BIGINT,
    ticket_mac BYTEA,
    signed_attributes BYTEA,
    signature BYTEA,
    signed_at BIGINT,
    signed_pdf BYTEA,
    timestamp_at BIGINT,
    failure TEXT
);
CREATE INDEX document_of_person ON document (person, uploaded_at);
CREATE INDEX document_unfinished ON document (changed_at) WHERE state IN ('consumed', 'signed');

-- What convinced the signing module, kept with the signature and verifiable without us.
CREATE TABLE evidence (
    document BYTEA PRIMARY KEY,
    person BYTEA NOT NULL,
    commitment TEXT NOT NULL,
    challenge BYTEA NOT NULL,
    credential_id BYTEA NOT NULL,
    client_data_json BYTEA NOT NULL,
    authenticator_data BYTEA NOT NULL,
    assertion_signature BYTEA NOT NULL,
    cose_key BYTEA NOT NULL,
    set_version BIGINT NOT NULL,
    certificate BYTEA NOT NULL,
    issuer BYTEA NOT NULL,
    ocsp BYTEA NOT NULL,
    made_at BIGINT NOT NULL
);
