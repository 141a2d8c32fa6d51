//! `fapi2-security-profile-final-discovery-end-point-verification`, `oidcc-discovery-endpoint-verification`,
//! `oidcc-rp-initiated-logout-discovery-endpoint-verification`, `oidcc-backchannel-logout-discovery-endpoint-verification`:
//! what the metadata and the keys must, and must not, say.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use super::party::Party;
use super::stand::Stand;

fn list<'j>(metadata: &'j Json, name: &str) -> BTreeSet<&'j str> {
    let all = metadata[name].as_array().unwrap_or_else(|| panic!("no {name}"));
    all.iter().map(|value| value.as_str().unwrap()).collect()
}

#[tokio::test]
async fn the_metadata_offer_nothing_that_is_refused() {
    let stand = Stand::start().await;
    let party = Party::new(&stand, "basic-1");
    let metadata = party.browse("/.well-known/openid-configuration").await.json();
    assert_eq!(metadata["issuer"], party.issuer());
    assert_eq!(list(&metadata, "response_types_supported"), ["code"].into());
    assert_eq!(list(&metadata, "code_challenge_methods_supported"), ["S256"].into());
    assert_eq!(metadata["authorization_response_iss_parameter_supported"], true);
    assert_eq!(metadata["request_uri_parameter_supported"], false);
    assert_eq!(metadata["backchannel_logout_supported"], true);
    assert_eq!(metadata["backchannel_logout_session_supported"], true);
    for endpoint in [
        "pushed_authorization_request_endpoint",
        "end_session_endpoint",
        "introspection_endpoint",
        "jwks_uri",
    ] {
        assert!(
            metadata[endpoint]
                .as_str()
                .is_some_and(|url| url.starts_with(party.issuer())),
            "{endpoint}"
        );
    }
    let grants = list(&metadata, "grant_types_supported");
    assert!(grants.is_disjoint(&["implicit", "password"].into()), "{grants:?}");
    assert!(grants.contains("authorization_code") && grants.contains("refresh_token"));
    let modes = list(&metadata, "response_modes_supported");
    assert!(!modes.iter().any(|mode| mode.contains("fragment")), "{modes:?}");
    for name in [
        "id_token_signing_alg_values_supported",
        "token_endpoint_auth_signing_alg_values_supported",
        "request_object_signing_alg_values_supported",
        "authorization_signing_alg_values_supported",
        "dpop_signing_alg_values_supported",
    ] {
        let algs = list(&metadata, name);
        assert!(
            algs.is_disjoint(&["none", "HS256", "HS384", "HS512"].into()),
            "{name}: {algs:?}"
        );
        assert!(algs.contains("ES256"), "{name}: {algs:?}");
    }
    let dpop = list(&metadata, "dpop_signing_alg_values_supported");
    assert!(
        dpop.is_subset(&["PS256", "ES256", "EdDSA", "Ed25519"].into()),
        "{dpop:?}"
    );
    let same = party.browse("/.well-known/oauth-authorization-server").await.json();
    assert_eq!(same["issuer"], metadata["issuer"]);
    stand.stop().await;
}

/// FAPI 2.0 Security Profile section 5.4; RFC 7517 section 4.
#[tokio::test]
async fn published_keys_have_different_names_and_no_private_part() {
    let stand = Stand::start().await;
    let party = Party::new(&stand, "basic-1");
    let jwks = party.browse("/jwks").await.json();
    let keys = jwks["keys"].as_array().unwrap();
    let names: BTreeSet<_> = keys.iter().map(|key| key["kid"].as_str().unwrap()).collect();
    assert!(!keys.is_empty() && names.len() == keys.len(), "{jwks}");
    for key in keys {
        for private in ["d", "p", "q", "dp", "dq", "qi", "k", "oth"] {
            assert!(key.get(private).is_none(), "{private}");
        }
        let strong = match key["kty"].as_str() {
            Some("EC") => key["crv"] == "P-256",
            Some("RSA") => key["n"].as_str().is_some_and(|n| n.len() >= 342),
            _ => false,
        };
        assert!(strong, "{key}");
    }
    stand.stop().await;
}
