//! Whom the agent serves.

use crate::origin::Rule;

#[test]
fn only_https_origins_as_browsers_write_them_are_served() {
    for good in [
        "https://idp.example",
        "https://idp.example:8443",
        "https://xn--bcher-kva.example",
        "https://[::1]:8443",
    ] {
        assert_eq!(Rule::HttpsAlone.read(good).as_deref(), Some(good));
    }
    let long = format!("https://{}.example", "a".repeat(280));
    for bad in [
        "",
        "https://",
        "idp.example",
        "http://idp.example",
        "http://localhost:8081",
        "https://idp.example/",
        "https://idp.example/path",
        "https://idp.example:443",
        "https://IDP.example",
        "https://user@idp.example",
        "https://idp.example?x",
        "https://idp.example#x",
        "https://idp.example\n",
        " https://idp.example",
        "https://bücher.example",
        "file:///etc/passwd",
        "chrome-extension://abc",
        "null",
        long.as_str(),
    ] {
        assert_eq!(Rule::HttpsAlone.read(bad), None, "{bad}");
    }
}

#[test]
fn developers_may_use_their_own_machine() {
    for good in [
        "http://localhost:8081",
        "http://idp.localhost:8081",
        "http://127.0.0.1:1",
        "https://idp.example",
    ] {
        assert!(Rule::AndLocalhost.read(good).is_some(), "{good}");
    }
    for bad in [
        "http://idp.example",
        "http://localhost.example",
        "http://10.0.0.1",
        "http://notlocalhost",
    ] {
        assert!(Rule::AndLocalhost.read(bad).is_none(), "{bad}");
    }
}
