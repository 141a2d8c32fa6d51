-- Highest signCount seen of each officer's log-in authenticator. Counters of the table before belonged to the key that vouches.
CREATE TABLE officer_log_in_counter (
    credential_id BYTEA PRIMARY KEY,
    counter BIGINT NOT NULL
);
DROP TABLE officer_counter;
