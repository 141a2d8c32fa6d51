//! Which metadata a client of a profile may have (RFC 7591 section 2, FAPI 2.0 Security Profile, RFC 8705, RFC 9700).

use url::Url;

use super::metadata::{GrantType, Metadata};
use super::{ClientError, Profile, Realm, redirect_uri};
use crate::client_auth::{AuthMethod, distinguished_name};
use crate::jose::{Algorithm, JwkSet, encrypt};
use crate::token::resource;

/// Judges everything that does not need the network; tells the sector of the pairwise subjects. `offered` is what we sign with.
pub(super) fn check(
    client_id: &str,
    realm: Realm,
    profile: Profile,
    metadata: &Metadata,
    has_secret: bool,
    offered: &[Algorithm],
) -> Result<String, ClientError> {
    authentication(profile, metadata, has_secret)?;
    keys(metadata)?;
    algorithms(profile, metadata, offered)?;
    if realm == Realm::Production && profile.requires_par() {
        no_plain_http(metadata)?;
    }
    grants(profile, metadata)?;
    sender_constraint(profile, metadata)?;
    addresses(metadata)?;
    if !metadata
        .resources
        .iter()
        .all(|resource| resource::is_identifier(resource))
    {
        return refuse("resources", "absolute URIs without fragment, of printable characters");
    }
    let sector = match sector(profile, metadata)? {
        Some(host) => host,
        // No host name has a colon: nobody else's sector can be this one.
        None => format!("client:{client_id}"),
    };
    // Who tries something out must not learn the subjects under which the real service knows people.
    Ok(match realm {
        Realm::Production => sector,
        Realm::Sandbox => format!("{}{sector}", super::sandbox::SECTOR),
    })
}

fn refuse<T>(member: &'static str, problem: &'static str) -> Result<T, ClientError> {
    Err(ClientError::Metadata { member, problem })
}

fn authentication(profile: Profile, metadata: &Metadata, has_secret: bool) -> Result<(), ClientError> {
    let method = metadata.token_endpoint_auth_method;
    if !profile.client_auth_methods().contains(&method) {
        return refuse("token_endpoint_auth_method", "the profile does not allow it");
    }
    let by_secret = matches!(method, AuthMethod::ClientSecretBasic | AuthMethod::ClientSecretPost);
    if by_secret != has_secret {
        return Err(ClientError::Secret);
    }
    let named = [
        &metadata.tls_client_auth_subject_dn,
        &metadata.tls_client_auth_san_dns,
        &metadata.tls_client_auth_san_uri,
        &metadata.tls_client_auth_san_ip,
        &metadata.tls_client_auth_san_email,
    ];
    let names = named.into_iter().flatten().filter(|name| !name.is_empty()).count();
    // RFC 8705 section 2.1.2.
    if names != usize::from(method == AuthMethod::TlsClientAuth) {
        return refuse(
            "tls_client_auth_subject_dn",
            "exactly one tls_client_auth_ member with tls_client_auth, none otherwise",
        );
    }
    let subject = metadata.tls_client_auth_subject_dn.as_ref();
    if subject.is_some_and(|subject| !distinguished_name::is_one(subject)) {
        return refuse(
            "tls_client_auth_subject_dn",
            "no distinguished name as RFC 4514 writes it",
        );
    }
    if metadata.token_endpoint_auth_signing_alg.is_some() && method != AuthMethod::PrivateKeyJwt {
        return refuse("token_endpoint_auth_signing_alg", "only with private_key_jwt");
    }
    Ok(())
}

fn keys(metadata: &Metadata) -> Result<(), ClientError> {
    let method = metadata.token_endpoint_auth_method;
    if metadata.jwks.is_some() && metadata.jwks_uri.is_some() {
        return refuse("jwks", "not together with jwks_uri");
    }
    let encrypts =
        metadata.id_token_encrypted_response_alg.is_some() || metadata.userinfo_encrypted_response_alg.is_some();
    if let Some(jwks) = &metadata.jwks {
        let keys = JwkSet::parse(jwks).map_err(ClientError::Keys)?;
        // What is published at an address is looked at when it is needed.
        if encrypts && !encrypt::usable(&keys) {
            return refuse(
                "jwks",
                "encrypted answers need a P-256 key whose use is enc, or whose alg is ECDH-ES",
            );
        }
    }
    let needed = matches!(method, AuthMethod::PrivateKeyJwt | AuthMethod::SelfSignedTlsClientAuth)
        || metadata.require_signed_request_object
        || encrypts;
    if needed && metadata.jwks.is_none() && metadata.jwks_uri.is_none() {
        return refuse("jwks", "the client's keys are needed, by jwks or jwks_uri");
    }
    Ok(())
}

fn algorithms(profile: Profile, metadata: &Metadata, offered: &[Algorithm]) -> Result<(), ClientError> {
    let own = [
        (
            "token_endpoint_auth_signing_alg",
            metadata.token_endpoint_auth_signing_alg,
        ),
        ("request_object_signing_alg", metadata.request_object_signing_alg),
    ];
    for (member, alg) in own {
        if alg.is_some_and(|alg| !profile.signing_algs().contains(&alg)) {
            return refuse(member, "the profile does not allow it");
        }
    }
    let ours = [
        ("id_token_signed_response_alg", metadata.id_token_signed_response_alg),
        ("userinfo_signed_response_alg", metadata.userinfo_signed_response_alg),
        (
            "authorization_signed_response_alg",
            metadata.authorization_signed_response_alg,
        ),
        (
            "introspection_signed_response_alg",
            metadata.introspection_signed_response_alg,
        ),
    ];
    for (member, alg) in ours {
        if alg.is_some_and(|alg| !offered.contains(&alg)) {
            return refuse(member, "this provider does not sign with it: see its metadata");
        }
    }
    let encrypted = [
        (
            &metadata.id_token_encrypted_response_alg,
            &metadata.id_token_encrypted_response_enc,
        ),
        (
            &metadata.userinfo_encrypted_response_alg,
            &metadata.userinfo_encrypted_response_enc,
        ),
    ];
    for (alg, enc) in encrypted {
        let good = matches!(
            (alg.as_deref(), enc.as_deref()),
            (None, None) | (Some(encrypt::ALG), Some(encrypt::ENC))
        );
        if !good {
            return refuse("id_token_encrypted_response_alg", "ECDH-ES with A256GCM, or neither");
        }
    }
    Ok(())
}

fn grants(profile: Profile, metadata: &Metadata) -> Result<(), ClientError> {
    let code = metadata.may_use(GrantType::AuthorizationCode);
    if metadata.response_types.iter().any(|kind| kind != "code") || (code && metadata.response_types.is_empty()) {
        return refuse("response_types", "code is the only one");
    }
    if code == metadata.redirect_uris.is_empty() {
        return refuse("redirect_uris", "needed with authorization_code, and only with it");
    }
    if profile == Profile::Native && metadata.may_use(GrantType::ClientCredentials) {
        return refuse(
            "grant_types",
            "an application without a secret has no client_credentials",
        );
    }
    let alone = metadata
        .grant_types
        .iter()
        .all(|grant| *grant == GrantType::RefreshToken);
    match alone {
        true => refuse("grant_types", "at least one that begins something"),
        false => Ok(()),
    }
}

fn sender_constraint(profile: Profile, metadata: &Metadata) -> Result<(), ClientError> {
    let constrained = metadata.dpop_bound_access_tokens || metadata.tls_client_certificate_bound_access_tokens;
    match profile.requires_sender_constraint() && !constrained {
        true => refuse(
            "dpop_bound_access_tokens",
            "this profile binds tokens to the client's key: by DPoP, or by its TLS certificate",
        ),
        false => Ok(()),
    }
}

/// Addresses besides the redirect URIs: `https`, or plain on this machine for development.
fn addresses(metadata: &Metadata) -> Result<(), ClientError> {
    let all = [
        ("client_uri", &metadata.client_uri),
        ("policy_uri", &metadata.policy_uri),
        ("tos_uri", &metadata.tos_uri),
        ("jwks_uri", &metadata.jwks_uri),
        ("backchannel_logout_uri", &metadata.backchannel_logout_uri),
    ];
    for (member, address) in all {
        let Some(address) = address else { continue };
        let good = Url::parse(address).is_ok_and(|url| {
            let local = url
                .domain()
                .is_some_and(|host| host == "localhost" || host.ends_with(".localhost"));
            url.fragment().is_none()
                && url.username().is_empty()
                && url.password().is_none()
                && (url.scheme() == "https" || (url.scheme() == "http" && local))
        });
        if !good || address.len() > 2000 || !address.chars().all(|c| c.is_ascii_graphic()) {
            return refuse(member, "an https address without user name and fragment");
        }
    }
    Ok(())
}

/// A code on its way to plain http is everybody's on that machine (FAPI 2.0 Security Profile section 5.3.2.2); the loopback address
/// of an application (RFC 8252) has no person's browser between two machines.
pub(super) fn no_plain_http(metadata: &Metadata) -> Result<(), ClientError> {
    let mut all = metadata.redirect_uris.iter().chain(&metadata.post_logout_redirect_uris);
    match all.find(|uri| uri.starts_with("http:")) {
        Some(uri) => Err(ClientError::RedirectUri {
            uri: uri.clone(),
            problem: "https in production",
        }),
        None => Ok(()),
    }
}

/// The one host of the redirect URIs (OpenID Connect Core section 8.1); a client that has none is a sector of its own.
fn sector(profile: Profile, metadata: &Metadata) -> Result<Option<String>, ClientError> {
    let judged = |uri: &String| {
        redirect_uri::check(profile, uri).map_err(|problem| ClientError::RedirectUri {
            uri: uri.clone(),
            problem,
        })
    };
    for uri in &metadata.post_logout_redirect_uris {
        judged(uri)?;
    }
    let mut host: Option<String> = None;
    for uri in &metadata.redirect_uris {
        let Some(this) = judged(uri)? else { continue };
        if *host.get_or_insert_with(|| this.clone()) != this {
            return Err(ClientError::Sector);
        }
    }
    Ok(host)
}
