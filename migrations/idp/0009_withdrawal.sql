-- "This wasn't me", a withdrawn consent and the end of a person find their grants without reading everybody's.
CREATE INDEX authorization_grant_person ON authorization_grant (person);
