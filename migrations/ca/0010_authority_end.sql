-- Authorities whose end two officers have decided: from then on they certify nobody new.
CREATE TABLE authority_end (
    -- The authority's own certificate, and the name of the authority.
    issuer TEXT NOT NULL,
    serial BYTEA NOT NULL,
    -- revoke: its certificates are revoked, then its last lists are published. expire: the same when the last certificate has
    -- expired. ceremony: its own certificate is revoked by an offline root's list.
    manner TEXT NOT NULL CHECK (manner IN ('revoke', 'expire', 'ceremony')),
    authority TEXT NOT NULL,
    -- CRLReason of RFC 5280 section 5.3.1
    reason BIGINT NOT NULL,
    -- The spent approval and its two officers.
    request BYTEA NOT NULL REFERENCES approval_request (id),
    requester TEXT NOT NULL,
    approver TEXT NOT NULL CHECK (approver <> requester),
    decided_at BIGINT NOT NULL,
    -- When the last list was published, or the offline root's list came.
    ended_at BIGINT,
    PRIMARY KEY (issuer, serial, manner)
);
CREATE INDEX authority_end_request ON authority_end (request);
