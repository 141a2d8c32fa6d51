-- What the CAA records said for each DNS name of a certificate, looked up before its intent (RFC 8659; CA/B BR 3.2.2.8).
CREATE TABLE caa_look (
    issuer TEXT NOT NULL,
    serial BYTEA NOT NULL,
    name TEXT NOT NULL,
    -- The domain whose records decided; NULL: none has any, up to the top-level domain.
    found_at TEXT,
    -- A record a line, as zone files write them.
    records TEXT NOT NULL,
    looked_at BIGINT NOT NULL,
    PRIMARY KEY (issuer, serial, name),
    FOREIGN KEY (issuer, serial) REFERENCES certificate (issuer, serial)
);
