//! The token's JSON (formats web-eid:1, 1.0, 1.1 and later 1.x). Members that are not known are passed over.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Map, Value as Json};

use super::super::card::Refusal;
use super::signature::Algorithm;
use crate::jose::strict_json;

const SHORTEST: usize = 100;
/// A token of a card with its certificates has some four thousand octets.
pub(crate) const LONGEST: usize = 10_000;

/// A token whose form is right; nothing in it is believed yet.
pub(super) struct Token {
    /// DER of the authentication certificate.
    pub certificate: Vec<u8>,
    pub algorithm: Algorithm,
    pub signature: Vec<u8>,
    /// Of web-eid:1.1 and later.
    pub signing: Vec<Signing>,
}

/// A certificate for signing documents, with the algorithms that the card has for it.
pub(super) struct Signing {
    /// DER.
    pub certificate: Vec<u8>,
    pub algorithms: Vec<SigningAlgorithm>,
}

/// `supportedSignatureAlgorithms` of one certificate.
#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SigningAlgorithm {
    pub crypto_algorithm: String,
    pub hash_function: String,
    pub padding_scheme: String,
}

impl Token {
    pub(super) fn read(octets: &[u8]) -> Result<Self, Refusal> {
        if !(SHORTEST..=LONGEST).contains(&octets.len()) {
            return Err(Refusal::TokenLength);
        }
        let members = strict_json::object(octets).ok_or(Refusal::TokenMalformed)?;
        let minor = minor_version(text(&members, "format")?)?;
        let algorithm = Algorithm::named(text(&members, "algorithm")?).ok_or(Refusal::Algorithm)?;
        let certificate = octets_of(&members, "unverifiedCertificate").ok_or(Refusal::CertificateMalformed)?;
        let signature = octets_of(&members, "signature").ok_or(Refusal::TokenMalformed)?;
        Ok(Self {
            certificate,
            algorithm,
            signature,
            signing: signing(&members, minor)?,
        })
    }
}

/// `web-eid:1` is 1.0; another major version is another protocol.
fn minor_version(format: &str) -> Result<u32, Refusal> {
    let rest = format.strip_prefix("web-eid:1").ok_or(Refusal::TokenFormat)?;
    if rest.is_empty() {
        return Ok(0);
    }
    let minor = rest.strip_prefix('.').ok_or(Refusal::TokenFormat)?;
    let canonical = minor.bytes().all(|b| b.is_ascii_digit()) && (minor == "0" || !minor.starts_with('0'));
    minor.parse().ok().filter(|_| canonical).ok_or(Refusal::TokenFormat)
}

fn text<'m>(members: &'m Map<String, Json>, name: &str) -> Result<&'m str, Refusal> {
    members.get(name).and_then(Json::as_str).ok_or(Refusal::TokenMalformed)
}

/// Base64 with its padding, and not empty.
fn octets_of(members: &Map<String, Json>, name: &str) -> Option<Vec<u8>> {
    let octets = STANDARD.decode(members.get(name)?.as_str()?).ok()?;
    (!octets.is_empty()).then_some(octets)
}

/// web-eid:1.1 brings them; before there are none, and what a 1.0 token has under this name is not looked at.
fn signing(members: &Map<String, Json>, minor: u32) -> Result<Vec<Signing>, Refusal> {
    if minor == 0 {
        return Ok(Vec::new());
    }
    let listed = match members.get("unverifiedSigningCertificates") {
        None | Some(Json::Null) if minor > 1 => return Ok(Vec::new()),
        Some(Json::Array(listed)) if !listed.is_empty() => listed,
        _ => return Err(Refusal::SigningMissing),
    };
    listed
        .iter()
        .map(|one| read_signing(one).ok_or(Refusal::SigningMalformed))
        .collect()
}

fn read_signing(one: &Json) -> Option<Signing> {
    let members = one.as_object()?;
    let algorithms = members.get("supportedSignatureAlgorithms")?.clone();
    Some(Signing {
        certificate: octets_of(members, "certificate")?,
        algorithms: serde_json::from_value(algorithms).ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_minor_version_of_the_first_format_is_read_and_no_other_format() {
        for (good, minor) in [
            ("web-eid:1", 0),
            ("web-eid:1.0", 0),
            ("web-eid:1.1", 1),
            ("web-eid:1.12", 12),
        ] {
            assert_eq!(minor_version(good), Ok(minor), "{good}");
        }
        for bad in [
            "",
            "web-eid",
            "web-eid:",
            "web-eid:2",
            "web-eid:2.0",
            "web-eid:10",
            "web-eid:1.",
            "web-eid:1.x",
            "web-eid:1.-1",
            "web-eid:1.01",
            "web-eid:1.1 ",
            "web-eid:1.99999999999",
            "webauthn:1",
            "WEB-EID:1.0",
            "web-eid:0.9",
        ] {
            assert_eq!(minor_version(bad), Err(Refusal::TokenFormat), "{bad}");
        }
    }
}
