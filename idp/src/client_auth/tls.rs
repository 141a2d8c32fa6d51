//! tls_client_auth and self_signed_tls_client_auth (RFC 8705 section 2).

use std::net::IpAddr;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as B64};
use openssl::x509::X509;
use sha2::{Digest, Sha256};
use x509_cert::Certificate;
use x509_cert::der::Decode;
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;

use super::{Refusal, distinguished_name};
use crate::clients::{Client, Metadata};
use crate::jose::{JwkSet, Key};

/// A certificate whose private key the client has shown to hold, in the TLS handshake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsCertificate {
    /// DER of the leaf.
    pub der: Vec<u8>,
    /// Whether it chains to a configured authority.
    pub chained: bool,
}

impl TlsCertificate {
    /// `x5t#S256` (RFC 8705 section 3.1).
    pub fn thumbprint(&self) -> String {
        B64.encode(self.sha256())
    }

    fn sha256(&self) -> [u8; 32] {
        Sha256::digest(&self.der).into()
    }

    /// Its public key, if it is of a kind that clients may have.
    fn key(&self) -> Option<Key> {
        let key = X509::from_der(&self.der).ok()?.public_key().ok()?;
        Key::of(&key)
    }
}

/// The certificate of a configured authority that names the client as registered (section 2.1).
pub(super) fn by_name(client: &Client, certificate: Option<&TlsCertificate>) -> Result<(), Refusal> {
    let shown = certificate.ok_or(Refusal::Certificate("no certificate was shown"))?;
    if !shown.chained {
        return Err(Refusal::Certificate("not of a configured authority"));
    }
    let parsed = Certificate::from_der(&shown.der).map_err(|_| Refusal::Certificate("malformed"))?;
    match names(&parsed, &client.metadata) {
        true => Ok(()),
        false => Err(Refusal::Certificate("it names somebody else")),
    }
}

/// A certificate whose key the client has registered; who issued it says nothing (section 2.2).
pub(super) fn by_key(keys: &JwkSet, certificate: Option<&TlsCertificate>) -> Result<(), Refusal> {
    let shown = certificate.ok_or(Refusal::Certificate("no certificate was shown"))?;
    let (hash, key) = (shown.sha256(), shown.key());
    let registered = keys
        .keys()
        .iter()
        .any(|jwk| jwk.certificate == Some(hash) || (jwk.certificate.is_none() && key.as_ref() == Some(&jwk.key)));
    match registered {
        true => Ok(()),
        false => Err(Refusal::Certificate("its key is not registered")),
    }
}

/// Exactly one of the members is set: `clients::rules`.
fn names(certificate: &Certificate, metadata: &Metadata) -> bool {
    let tbs = certificate.tbs_certificate();
    if let Some(dn) = &metadata.tls_client_auth_subject_dn {
        return distinguished_name::same(dn, tbs.subject());
    }
    let alternative = tbs.get_extension::<SubjectAltName>().ok().flatten();
    let alternative = alternative.map(|(_, names)| names.0).unwrap_or_default();
    let wanted = |name: &GeneralName| match name {
        GeneralName::DnsName(name) => is(&metadata.tls_client_auth_san_dns, name.as_str()),
        GeneralName::UniformResourceIdentifier(uri) => is(&metadata.tls_client_auth_san_uri, uri.as_str()),
        GeneralName::Rfc822Name(address) => is(&metadata.tls_client_auth_san_email, address.as_str()),
        GeneralName::IpAddress(octets) => match ip(octets.as_bytes()) {
            Some(address) => {
                let registered = metadata.tls_client_auth_san_ip.as_ref();
                registered.is_some_and(|text| text.parse() == Ok(address))
            }
            None => false,
        },
        _ => false,
    };
    alternative.iter().any(wanted)
}

fn is(registered: &Option<String>, shown: &str) -> bool {
    registered.as_deref() == Some(shown)
}

fn ip(octets: &[u8]) -> Option<IpAddr> {
    match octets.len() {
        4 => <[u8; 4]>::try_from(octets).ok().map(IpAddr::from),
        16 => <[u8; 16]>::try_from(octets).ok().map(IpAddr::from),
        _ => None,
    }
}
