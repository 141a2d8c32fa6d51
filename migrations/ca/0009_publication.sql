-- Status answers signed in advance: served without the HSM. Whoever reads one compares sequence with the history's length.
CREATE TABLE ocsp_answer (
    issuer TEXT NOT NULL,
    serial BYTEA NOT NULL,
    -- The last sequence of certificate_status that it tells of; 0 when there was none.
    sequence BIGINT NOT NULL,
    -- Serial number of the responder's certificate.
    responder BYTEA NOT NULL,
    this_update BIGINT NOT NULL,
    next_update BIGINT NOT NULL,
    -- When the next one is made, long before next_update.
    refresh_at BIGINT NOT NULL,
    -- Contents of a BasicOCSPResponse without its certificates, by the algorithm of the CertID.
    sha1 BYTEA NOT NULL,
    sha256 BYTEA NOT NULL,
    PRIMARY KEY (issuer, serial)
);
CREATE INDEX ocsp_answer_refresh ON ocsp_answer (refresh_at);
-- What has changed since a moment, whoever issued it.
CREATE INDEX certificate_status_changed ON certificate_status (at);

-- A list lies in parts of a megabyte: nobody ever holds a long one twice.
CREATE TABLE crl_part (
    issuer TEXT NOT NULL,
    shard BIGINT NOT NULL,
    number BIGINT NOT NULL,
    place BIGINT NOT NULL,
    octets BYTEA NOT NULL,
    PRIMARY KEY (issuer, shard, number, place)
);
INSERT INTO crl_part (issuer, shard, number, place, octets) SELECT issuer, shard, number, 0, der FROM crl;
ALTER TABLE crl ADD COLUMN octets BIGINT;
ALTER TABLE crl ADD COLUMN entries BIGINT;
UPDATE crl SET octets = LENGTH(der);
ALTER TABLE crl DROP COLUMN der;
-- What a list asks of the certificates it names, without their rows.
CREATE INDEX certificate_list ON certificate (issuer, shard, serial, not_after);
