-- Signed checkpoints of the audit log: one note (C2SP tlog-checkpoint) for a size of the tree.
CREATE TABLE audit_checkpoint (
    tree_size BIGINT PRIMARY KEY,
    note TEXT NOT NULL
);
