//! What an officer's desk works out itself before the officer's key is used: docs/API.md "The officers' desk".
//!
//! Written from the document and not from the signer's code: a desk that let the signer compute what it signs would vouch blindly.

use anyhow::{Context, Result, ensure};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// An enrolment as the desk understood it.
#[derive(Debug, PartialEq, Eq)]
pub struct Shown {
    pub id: String,
    /// `PNOXK-1234567890` (EN 319 412-1 section 5.1.3).
    pub person: String,
    /// What the citizen reads on their own page, computed from the key.
    pub fingerprint: String,
    /// What the officer's gesture is over.
    pub challenge: [u8; 32],
}

impl Shown {
    /// Computes everything from the inputs; an entry that says otherwise of itself is refused.
    pub fn read(entry: &Value) -> Result<Self> {
        let entry = Entry(entry);
        let person = format!("PNO{}-{}", entry.text("/country")?, entry.text("/personal_number")?);
        let cose_key = entry.base64url("/authenticator/cose_key")?;
        let authenticator = [
            field(&entry.base64url("/authenticator/credential_id")?),
            field(&cose_key),
            field(&entry.hex::<16>("/authenticator/aaguid")?),
            field(&[u8::from(entry.flag("/authenticator/backup_eligible")?)]),
            field(&entry.number("/authenticator/counter")?.to_be_bytes()),
        ]
        .concat();
        let covered = [
            b"signum-voucher-v1".to_vec(),
            field(&Sha256::digest(format!("signum-person-v1\0{person}"))),
            field(&authenticator),
            field(&entry.hex::<16>("/credential")?),
            field(&entry.hex::<32>("/pkcs10_sha256")?),
        ]
        .concat();
        let shown = Self {
            id: entry.text("/id")?.to_owned(),
            person,
            fingerprint: fingerprint(&cose_key),
            challenge: Sha256::digest(covered).into(),
        };
        ensure!(
            entry.text("/fingerprint")? == shown.fingerprint,
            "the code shown is not that of the passkey"
        );
        ensure!(
            entry.base64url("/options/publicKey/challenge")? == shown.challenge,
            "the challenge is over something else than what is shown"
        );
        Ok(shown)
    }
}

/// The first 80 bits of SHA-256 over the COSE key in five groups.
fn fingerprint(cose_key: &[u8]) -> String {
    let groups: Vec<String> = Sha256::digest(cose_key).chunks(2).take(5).map(hex::encode).collect();
    groups.join(" ")
}

/// `lp`: the length as eight octets, big-endian, then the octets.
fn field(octets: &[u8]) -> Vec<u8> {
    [&(octets.len() as u64).to_be_bytes()[..], octets].concat()
}

struct Entry<'a>(&'a Value);

impl<'a> Entry<'a> {
    fn at(&self, pointer: &str) -> Result<&'a Value> {
        self.0
            .pointer(pointer)
            .with_context(|| format!("an enrolment without {pointer}"))
    }

    fn text(&self, pointer: &str) -> Result<&'a str> {
        self.at(pointer)?
            .as_str()
            .with_context(|| format!("{pointer} is no text"))
    }

    fn flag(&self, pointer: &str) -> Result<bool> {
        self.at(pointer)?
            .as_bool()
            .with_context(|| format!("{pointer} is neither true nor false"))
    }

    fn number(&self, pointer: &str) -> Result<u32> {
        let number = self.at(pointer)?.as_u64().and_then(|number| number.try_into().ok());
        number.with_context(|| format!("{pointer} is no number of 32 bits"))
    }

    fn base64url(&self, pointer: &str) -> Result<Vec<u8>> {
        URL_SAFE_NO_PAD
            .decode(self.text(pointer)?)
            .with_context(|| format!("{pointer} is not base64url"))
    }

    fn hex<const N: usize>(&self, pointer: &str) -> Result<[u8; N]> {
        let octets = hex::decode(self.text(pointer)?).ok();
        octets
            .and_then(|octets| octets.try_into().ok())
            .with_context(|| format!("{pointer} is not {N} octets in hexadecimal"))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::*;
    use serde_json::json;

    /// The values of the signing module's own test of its challenge.
    pub(crate) fn entry() -> Value {
        let challenge = hex::decode("72ab1e19ac30d3ef526041a2117bab92dc1e2a6231044ac21acbae740de2de37").unwrap();
        json!({
            "id": "e1",
            "given_name": "Testa", "family_name": "Shembulli", "country": "XK", "personal_number": "1000000001",
            "fingerprint": "25c4 5a88 b536 45d3 ce1b",
            "authenticator": {
                "credential_id": URL_SAFE_NO_PAD.encode([1; 16]),
                "cose_key": URL_SAFE_NO_PAD.encode(b"cose"),
                "aaguid": hex::encode([9; 16]),
                "backup_eligible": false,
                "counter": 7,
            },
            "credential": hex::encode([2; 16]),
            "pkcs10_sha256": hex::encode(Sha256::digest(b"pkcs10")),
            "state": "vouchers",
            "vouched_by": [],
            "options": { "publicKey": {
                "challenge": URL_SAFE_NO_PAD.encode(challenge),
                "rpId": "sign.localhost", "allowCredentials": [], "userVerification": "required",
            }},
        })
    }

    #[test]
    fn the_desk_computes_the_challenge_of_the_signing_module() {
        let shown = Shown::read(&entry()).unwrap();
        assert_eq!(shown.person, "PNOXK-1000000001");
        assert_eq!(shown.fingerprint, "25c4 5a88 b536 45d3 ce1b");
    }

    #[test]
    fn whatever_is_not_what_the_challenge_is_over_is_refused() {
        for (pointer, other) in [
            ("/country", json!("AL")),
            ("/personal_number", json!("1000000007")),
            ("/authenticator/credential_id", json!("AQI")),
            ("/authenticator/cose_key", json!("AQI")),
            ("/authenticator/aaguid", json!(hex::encode([0; 16]))),
            ("/authenticator/backup_eligible", json!(true)),
            ("/authenticator/counter", json!(8)),
            ("/credential", json!(hex::encode([3; 16]))),
            ("/pkcs10_sha256", json!(hex::encode([4; 32]))),
            ("/fingerprint", json!("25c4 5a88 b536 45d3 ce1c")),
            ("/options/publicKey/challenge", json!(URL_SAFE_NO_PAD.encode([5; 32]))),
        ] {
            let mut entry = entry();
            *entry.pointer_mut(pointer).unwrap() = other;
            assert!(Shown::read(&entry).is_err(), "{pointer}");
        }
    }
}
