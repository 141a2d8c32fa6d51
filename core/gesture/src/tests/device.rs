//! Keys made with OpenSSL, and gestures assembled octet by octet so that a test may change any of them.

use ciborium::Value as Cbor;
use openssl::bn::{BigNum, BigNumContext};
use openssl::ec::{EcGroup, EcKey};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{Id, PKey, Private};
use openssl::rsa::Rsa;
use openssl::sign::Signer;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::encoding::base64url;
use crate::{Assertion, Authenticator, RelyingParty};

pub const CHALLENGE: &[u8] = &[7; 32];

pub fn rp() -> RelyingParty {
    RelyingParty {
        id: "sign.localhost".into(),
        origin: "http://sign.localhost:8082".into(),
    }
}

pub fn keys() -> [PKey<Private>; 3] {
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
    [
        PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap(),
        PKey::generate_ed25519().unwrap(),
        PKey::from_rsa(Rsa::generate(2048).unwrap()).unwrap(),
    ]
}

/// The COSE_Key of a key as label-value pairs.
pub fn cose(key: &PKey<Private>) -> Vec<(i64, Cbor)> {
    let number = |n: i64| Cbor::Integer(n.into());
    match key.id() {
        Id::EC => {
            let (mut x, mut y) = (BigNum::new().unwrap(), BigNum::new().unwrap());
            let (ec, mut context) = (key.ec_key().unwrap(), BigNumContext::new().unwrap());
            ec.public_key()
                .affine_coordinates(ec.group(), &mut x, &mut y, &mut context)
                .unwrap();
            let (x, y) = (x.to_vec_padded(32).unwrap(), y.to_vec_padded(32).unwrap());
            vec![
                (1, number(2)),
                (3, number(-7)),
                (-1, number(1)),
                (-2, Cbor::Bytes(x)),
                (-3, Cbor::Bytes(y)),
            ]
        }
        Id::ED25519 => {
            let x = key.raw_public_key().unwrap();
            vec![(1, number(1)), (3, number(-8)), (-1, number(6)), (-2, Cbor::Bytes(x))]
        }
        _ => {
            let rsa = key.rsa().unwrap();
            let (n, e) = (rsa.n().to_vec(), rsa.e().to_vec());
            vec![
                (1, number(3)),
                (3, number(-257)),
                (-1, Cbor::Bytes(n)),
                (-2, Cbor::Bytes(e)),
            ]
        }
    }
}

pub fn encode(entries: &[(i64, Cbor)]) -> Vec<u8> {
    let entries = entries
        .iter()
        .map(|(label, value)| (Cbor::Integer((*label).into()), value.clone()));
    cbor(&Cbor::Map(entries.collect()))
}

pub fn cbor(value: &Cbor) -> Vec<u8> {
    let mut out = Vec::new();
    ciborium::ser::into_writer(value, &mut out).unwrap();
    out
}

pub fn authenticator(key: &PKey<Private>) -> Authenticator {
    Authenticator {
        credential_id: vec![1; 16],
        cose_key: encode(&cose(key)),
        aaguid: [0; 16],
        backup_eligible: false,
        counter: 0,
    }
}

/// A gesture before it is signed.
pub struct Draft {
    pub client_data: Value,
    pub rp_id: String,
    pub flags: u8,
    pub counter: u32,
    pub tail: Vec<u8>,
}

impl Draft {
    pub fn new(ceremony: &str) -> Self {
        let rp = rp();
        Self {
            client_data: json!({
                "type": ceremony, "challenge": base64url(CHALLENGE), "origin": rp.origin, "crossOrigin": false, "unknown": [1],
            }),
            rp_id: rp.id,
            flags: 0x05,
            counter: 6,
            tail: Vec::new(),
        }
    }

    pub fn authenticator_data(&self) -> Vec<u8> {
        let mut data = Sha256::digest(self.rp_id.as_bytes()).to_vec();
        data.push(self.flags);
        data.extend_from_slice(&self.counter.to_be_bytes());
        data.extend_from_slice(&self.tail);
        data
    }

    pub fn sign(&self, key: &PKey<Private>) -> Assertion {
        let client_data_json = self.client_data.to_string().into_bytes();
        let authenticator_data = self.authenticator_data();
        let mut signed = authenticator_data.clone();
        signed.extend_from_slice(&Sha256::digest(&client_data_json));
        let mut signer = match key.id() {
            Id::ED25519 => Signer::new_without_digest(key).unwrap(),
            _ => Signer::new(MessageDigest::sha256(), key).unwrap(),
        };
        Assertion {
            credential_id: vec![1; 16],
            client_data_json,
            authenticator_data,
            signature: signer.sign_oneshot_to_vec(&signed).unwrap(),
        }
    }
}
