-- RFC 8628: what the browser in which a person typed a user code is looked up by.
CREATE INDEX device_authorization_browser ON device_authorization (browser_hash);
