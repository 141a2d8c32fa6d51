-- Inner hashes of the audit log's Merkle tree (C2SP tlog-tiles): the hash n of level L covers the entries from n * 256^L up to
-- (n + 1) * 256^L and is there once all of them are. Level 0 is leaf_hash of audit_event.
CREATE TABLE audit_subtree (
    level BIGINT NOT NULL,
    n BIGINT NOT NULL,
    hash BYTEA NOT NULL,
    PRIMARY KEY (level, n)
);

-- What witnesses have signed (C2SP tlog-cosignature): a signature line of a note, verified against the witness's pinned key.
CREATE TABLE audit_cosignature (
    tree_size BIGINT NOT NULL,
    witness TEXT NOT NULL,
    line TEXT NOT NULL,
    PRIMARY KEY (tree_size, witness)
);
CREATE INDEX audit_cosignature_witness ON audit_cosignature (witness, tree_size);

-- How the last attempt with each witness ended; problem is NULL when it signed.
CREATE TABLE audit_witness (
    name TEXT PRIMARY KEY,
    attempted_at BIGINT NOT NULL,
    problem TEXT
);
