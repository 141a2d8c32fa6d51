-- state of an enrolment: begun (the person makes the passkey), registered (the module is asked for a key made for exactly that
-- passkey), authenticator (officers look at it), vouched, sealed, ready, failed; and superseding (the person began anew; the
-- certificate is still to be revoked), superseded. What each has is in signer/src/enrol/stage.rs.
ALTER TABLE enrolment ADD COLUMN attempts BIGINT NOT NULL DEFAULT 0;
ALTER TABLE enrolment ADD COLUMN next_attempt_at BIGINT NOT NULL DEFAULT 0;

-- Keys were made before the passkey until now, and the module seals none of those: they are made again, and vouched for again.
UPDATE enrolment SET state = 'begun', stored_key = NULL, pkcs10 = NULL WHERE state = 'key';
DELETE FROM enrolment_voucher
    WHERE enrolment IN (SELECT id FROM enrolment WHERE state IN ('authenticator', 'vouched'));
UPDATE enrolment SET state = 'registered', stored_key = NULL, pkcs10 = NULL WHERE state IN ('authenticator', 'vouched');

DROP INDEX enrolment_of_person;
CREATE UNIQUE INDEX enrolment_of_person ON enrolment (person) WHERE state NOT IN ('failed', 'superseding', 'superseded');
DROP INDEX enrolment_open;
CREATE INDEX enrolment_due ON enrolment (next_attempt_at)
    WHERE state IN ('registered', 'authenticator', 'vouched', 'sealed', 'superseding');

-- When the identity provider last saw the person's own gesture, as the ID token says; and log-ins that ask for a new one.
ALTER TABLE session ADD COLUMN authenticated_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE login_attempt ADD COLUMN again BOOLEAN NOT NULL DEFAULT FALSE;
