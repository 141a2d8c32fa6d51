-- The signing module's statement (DER) that proved where the key was made; kept as evidence for as long as the certificate.
ALTER TABLE certificate ADD COLUMN key_statement BYTEA;
