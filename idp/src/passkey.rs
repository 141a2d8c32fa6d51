//! Log-in passkeys as plain columns, and their way into and out of webauthn-rs (COSE_Key: RFC 9052 section 7, RFC 8230).

use ciborium::Value as Cbor;
use serde_json::{Value as Json, json};
use signum_core::db::Row;
use signum_core::{DbError, Id};
use webauthn_rs::prelude::{COSEAlgorithm, COSEEC2Key, COSEKey, COSEKeyType, COSERSAKey, ECDSACurve, Passkey};

use crate::people::Person;

/// A stored log-in passkey.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StoredPasskey {
    pub credential_id: Vec<u8>,
    pub person: Id<Person>,
    /// COSE_Key, canonical CBOR.
    pub cose_key: Vec<u8>,
    /// The authenticator's own claim of its model.
    pub aaguid: [u8; 16],
    /// signCount.
    pub counter: u32,
    /// BE: may be copied between devices.
    pub backup_eligible: bool,
    /// BS: is copied now.
    pub backup_state: bool,
}

/// A P-256 key as [`encode`] writes it.
const DECOY_KEY: &[u8; 77] = b"\xa5\x01\x02\x03\x26\x20\x01\x21\x58\x20\x60\x80\x64\xc2\xd1\x63\xed\xe8\xce\x0e\x80\x93\x1f\x6f\xd6\x4d\
    \xc3\x26\x16\xba\xd3\xad\x74\xb6\x48\x90\x44\x5e\xd7\xa4\xc2\xdf\x22\x58\x20\xad\xf8\xc1\xf1\x5f\xcb\xf1\xcd\x01\x3a\x97\xc8\
    \x2a\x42\x29\x56\x5b\x98\xae\x8f\xcb\xb0\x76\x08\x1b\x07\x4e\xb0\xaf\x94\x7f\x1e";

/// A key or a library form that we do not understand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("passkey: {0}")]
pub(crate) struct PasskeyFormat(&'static str);

impl StoredPasskey {
    /// Takes apart what webauthn-rs has verified. `attestation_object` is the one it verified.
    pub(crate) fn from_verified(
        passkey: &Passkey,
        person: Id<Person>,
        attestation_object: &[u8],
    ) -> Result<Self, PasskeyFormat> {
        // The library shows counter and flags only in its serialised form.
        let json = serde_json::to_value(passkey).map_err(|_| PasskeyFormat("not serialisable"))?;
        let credential = json.get("cred").ok_or(PasskeyFormat("no credential"))?;
        let flag = |name: &str| {
            credential
                .get(name)
                .and_then(Json::as_bool)
                .ok_or(PasskeyFormat("flags"))
        };
        let counter = credential
            .get("counter")
            .and_then(Json::as_u64)
            .and_then(|n| u32::try_from(n).ok());
        Ok(Self {
            credential_id: passkey.cred_id().clone(),
            person,
            cose_key: encode(passkey.get_public_key())?,
            aaguid: aaguid(attestation_object)?,
            counter: counter.ok_or(PasskeyFormat("counter"))?,
            backup_eligible: flag("backup_eligible")?,
            backup_state: flag("backup_state")?,
        })
    }

    /// Rebuilds the form that webauthn-rs verifies with. Registration required user verification, so it says so.
    pub(crate) fn to_webauthn(&self) -> Result<Passkey, PasskeyFormat> {
        use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as B64};
        let key = decode(&self.cose_key)?;
        serde_json::from_value(json!({"cred": {
            "cred_id": B64.encode(&self.credential_id),
            "cred": key,
            "counter": self.counter,
            "transports": null,
            "user_verified": true,
            "backup_eligible": self.backup_eligible,
            "backup_state": self.backup_state,
            "registration_policy": "required",
            "extensions": {},
            "attestation": {"data": "None", "metadata": "None"},
            "attestation_format": "none",
        }}))
        .map_err(|_| PasskeyFormat("the library refuses the stored form"))
    }

    /// Of nobody: what an unknown credential is verified with, so that it costs the work of a known one. The private half of its
    /// key was never kept, and whoever verifies with it refuses whatever comes out.
    pub(crate) fn decoy(credential_id: &[u8], nobody: Id<Person>) -> Self {
        Self {
            credential_id: credential_id.to_vec(),
            person: nobody,
            cose_key: DECOY_KEY.to_vec(),
            aaguid: [0; 16],
            counter: 0,
            backup_eligible: true,
            backup_state: true,
        }
    }

    pub(crate) fn read(row: &Row) -> Result<Self, DbError> {
        Ok(Self {
            credential_id: row.get("credential_id")?,
            person: row.get("person")?,
            cose_key: row.get("cose_key")?,
            aaguid: row.get("aaguid")?,
            counter: row.get("counter")?,
            backup_eligible: row.get("backup_eligible")?,
            backup_state: row.get("backup_state")?,
        })
    }
}

/// Canonical CBOR (RFC 8949 section 4.2.1): the members below are in the order it wants.
fn encode(key: &COSEKey) -> Result<Vec<u8>, PasskeyFormat> {
    let member = |label: i64, value: Cbor| (Cbor::from(label), value);
    let number = |n: i64| Cbor::from(n);
    let map = match (&key.type_, &key.key) {
        (
            COSEAlgorithm::ES256,
            COSEKeyType::EC_EC2(COSEEC2Key {
                curve: ECDSACurve::SECP256R1,
                x,
                y,
            }),
        ) => vec![
            member(1, number(2)),
            member(3, number(-7)),
            member(-1, number(1)),
            member(-2, Cbor::Bytes(x.clone())),
            member(-3, Cbor::Bytes(y.clone())),
        ],
        (
            COSEAlgorithm::ES384,
            COSEKeyType::EC_EC2(COSEEC2Key {
                curve: ECDSACurve::SECP384R1,
                x,
                y,
            }),
        ) => vec![
            member(1, number(2)),
            member(3, number(-35)),
            member(-1, number(2)),
            member(-2, Cbor::Bytes(x.clone())),
            member(-3, Cbor::Bytes(y.clone())),
        ],
        (COSEAlgorithm::RS256, COSEKeyType::RSA(COSERSAKey { n, e })) => vec![
            member(1, number(3)),
            member(3, number(-257)),
            member(-1, Cbor::Bytes(n.clone())),
            member(-2, Cbor::Bytes(e.to_vec())),
        ],
        _ => return Err(PasskeyFormat("unsupported key")),
    };
    let mut bytes = Vec::new();
    ciborium::into_writer(&Cbor::Map(map), &mut bytes).map_err(|_| PasskeyFormat("not encodable"))?;
    Ok(bytes)
}

fn decode(bytes: &[u8]) -> Result<COSEKey, PasskeyFormat> {
    let Ok(Cbor::Map(map)) = ciborium::from_reader::<Cbor, _>(bytes) else {
        return Err(PasskeyFormat("stored key is no CBOR map"));
    };
    let find = |label: i64| {
        map.iter()
            .find(|(name, _)| *name == Cbor::from(label))
            .map(|(_, value)| value)
    };
    let number = |label| find(label).and_then(Cbor::as_integer).map(i128::from);
    let octets = |label| {
        find(label)
            .and_then(Cbor::as_bytes)
            .cloned()
            .ok_or(PasskeyFormat("stored key is incomplete"))
    };
    match (number(1), number(3), number(-1)) {
        (Some(2), Some(-7), Some(1)) => Ok(COSEKey {
            type_: COSEAlgorithm::ES256,
            key: COSEKeyType::EC_EC2(COSEEC2Key {
                curve: ECDSACurve::SECP256R1,
                x: octets(-2)?,
                y: octets(-3)?,
            }),
        }),
        (Some(2), Some(-35), Some(2)) => Ok(COSEKey {
            type_: COSEAlgorithm::ES384,
            key: COSEKeyType::EC_EC2(COSEEC2Key {
                curve: ECDSACurve::SECP384R1,
                x: octets(-2)?,
                y: octets(-3)?,
            }),
        }),
        (Some(3), Some(-257), None) => {
            let e = octets(-2)?
                .try_into()
                .map_err(|_| PasskeyFormat("stored RSA exponent"))?;
            Ok(COSEKey {
                type_: COSEAlgorithm::RS256,
                key: COSEKeyType::RSA(COSERSAKey { n: octets(-1)?, e }),
            })
        }
        _ => Err(PasskeyFormat("stored key is of an unsupported kind")),
    }
}

/// The AAGUID in authenticator data (WebAuthn Level 3 sections 6.1 and 6.5.2): after 32 + 1 + 4 octets.
fn aaguid(attestation_object: &[u8]) -> Result<[u8; 16], PasskeyFormat> {
    let Ok(Cbor::Map(map)) = ciborium::from_reader::<Cbor, _>(attestation_object) else {
        return Err(PasskeyFormat("attestation object"));
    };
    let data = map
        .iter()
        .find(|(name, _)| name.as_text() == Some("authData"))
        .and_then(|(_, v)| v.as_bytes());
    data.and_then(|data| data.get(37..53))
        .and_then(|octets| octets.try_into().ok())
        .ok_or(PasskeyFormat("authenticator data"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_stored_key_goes_through_the_library_and_back() {
        let keys = [
            COSEKey {
                type_: COSEAlgorithm::ES256,
                key: COSEKeyType::EC_EC2(COSEEC2Key {
                    curve: ECDSACurve::SECP256R1,
                    x: vec![1; 32],
                    y: vec![2; 32],
                }),
            },
            COSEKey {
                type_: COSEAlgorithm::RS256,
                key: COSEKeyType::RSA(COSERSAKey {
                    n: vec![3; 256],
                    e: [1, 0, 1],
                }),
            },
        ];
        for key in keys {
            let stored = StoredPasskey {
                credential_id: vec![7; 16],
                person: Id::from_bytes([9; 16]),
                cose_key: encode(&key).unwrap(),
                aaguid: [0; 16],
                counter: 5,
                backup_eligible: true,
                backup_state: false,
            };
            let library = stored.to_webauthn().unwrap();
            assert_eq!(library.cred_id(), &stored.credential_id);
            assert_eq!(encode(library.get_public_key()).unwrap(), stored.cose_key);
        }
    }
}
