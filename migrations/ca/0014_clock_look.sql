-- How each replica's clock stood against its reference when it last looked.
CREATE TABLE clock_look (
    replica BYTEA PRIMARY KEY,
    at BIGINT NOT NULL,
    -- False: there is no reference (a demonstration).
    checked BOOLEAN NOT NULL,
    -- The most that it may be off, in microseconds; NULL: not known.
    off_micros BIGINT,
    problem TEXT,
    bad_since BIGINT
);
