-- Resource servers (RFC 8707) at which the person lets a client act in their name, by identifier, separated by spaces. What was
-- agreed to before named none, so it is asked for anew.
ALTER TABLE consent ADD COLUMN resource TEXT NOT NULL DEFAULT '';
-- Those that a device asked for.
ALTER TABLE device_authorization ADD COLUMN resource TEXT NOT NULL DEFAULT '';
