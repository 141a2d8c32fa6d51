-- Second looks at stored certificates (L-05); the newest one says whether operators must act.
CREATE TABLE relint_look (
    at BIGINT PRIMARY KEY,
    since BIGINT NOT NULL,
    until BIGINT NOT NULL,
    read BIGINT NOT NULL,
    stored BIGINT NOT NULL,
    findings BIGINT NOT NULL
);
