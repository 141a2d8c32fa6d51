//! The evidence, checked without the signer: the commitment is hashed again from its fields, and the passkey's signature
//! over it (WebAuthn Level 3 section 7.2) is verified by OpenSSL.

use super::Judged;
use crate::{material::Material, program::must_run, trip::write};
use anyhow::{Context, Result, ensure};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use ciborium::Value as Cbor;
use openssl::{
    bn::BigNum,
    ec::{EcGroup, EcKey},
    nid::Nid,
    pkey::PKey,
};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::path::Path;

const USER_PRESENT: u8 = 0x01;
const USER_VERIFIED: u8 = 0x04;

/// The gesture was made on the signer's origin, with user verification, over exactly this document and certificate.
pub(super) async fn gesture(
    out: &Path,
    judged: &Judged<'_>,
    material: &Material,
    origin: &str,
) -> Result<((), String)> {
    let evidence = Evidence(serde_json::from_slice(judged.evidence)?);
    let document = evidence
        .0
        .pointer("/commitment/documents/0")
        .context("no document in the commitment")?;
    let of_document = |name: &str| {
        document
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    ensure!(
        of_document("original") == digest(judged.document),
        "the commitment is over another document"
    );
    ensure!(
        of_document("byte_range") == digest(&material.signed_bytes),
        "the commitment is over another ByteRange"
    );
    ensure!(
        evidence.text("/commitment/certificate")? == digest(&material.signer),
        "another certificate"
    );
    ensure!(
        STANDARD.decode(evidence.text("/certificate")?)? == material.signer,
        "another certificate in the evidence"
    );

    let challenge = evidence.commitment_hash()?;
    ensure!(
        evidence.hexadecimal("/challenge")? == challenge,
        "the challenge is not the hash of the commitment"
    );
    let client_data = evidence.octets("/assertion/client_data_json")?;
    let said: Value = serde_json::from_slice(&client_data).context("clientDataJSON")?;
    let told = |name: &str| said.get(name).and_then(Value::as_str).unwrap_or_default();
    ensure!(
        told("type") == "webauthn.get" && told("origin") == origin,
        "the gesture was not made at {origin}"
    );
    ensure!(
        told("challenge") == URL_SAFE_NO_PAD.encode(&challenge),
        "the gesture is over another challenge"
    );

    let data = evidence.octets("/assertion/authenticator_data")?;
    let host = origin
        .split("://")
        .nth(1)
        .and_then(|rest| rest.split(':').next())
        .unwrap_or_default();
    ensure!(
        data.get(..32) == Some(Sha256::digest(host.as_bytes()).as_slice()),
        "the RP ID is not {host}"
    );
    let flags = data.get(32).copied().unwrap_or_default();
    ensure!(
        flags & USER_PRESENT != 0 && flags & USER_VERIFIED != 0,
        "the user was not present and verified"
    );

    let signed = [data, Sha256::digest(&client_data).to_vec()].concat();
    write(out, "gesture.bin", &signed)?;
    write(out, "gesture.sig", &evidence.octets("/assertion/signature")?)?;
    write(
        out,
        "gesture-key.pem",
        &public_key(&evidence.octets("/authenticator/cose_key")?)?,
    )?;
    let arguments = [
        "dgst",
        "-sha256",
        "-verify",
        "gesture-key.pem",
        "-signature",
        "gesture.sig",
        "gesture.bin",
    ];
    must_run(out, "openssl", &arguments)
        .await?
        .expect("openssl dgst -verify", &["Verified OK"])?;
    Ok((
        (),
        format!(
            "commitment hashed anew over document, ByteRange and certificate; passkey's signature over it \"Verified OK\"; \
             origin {origin}, user verified"
        ),
    ))
}

struct Evidence(Value);

impl Evidence {
    fn text(&self, pointer: &str) -> Result<&str> {
        self.0
            .pointer(pointer)
            .and_then(Value::as_str)
            .with_context(|| format!("the evidence lacks {pointer}"))
    }

    fn octets(&self, pointer: &str) -> Result<Vec<u8>> {
        Ok(URL_SAFE_NO_PAD.decode(self.text(pointer)?)?)
    }

    fn hexadecimal(&self, pointer: &str) -> Result<Vec<u8>> {
        Ok(hex::decode(self.text(pointer)?)?)
    }

    /// SHA-256 over the length-prefixed fields of the commitment, in the order of `docs/ARCHITECTURE.md`.
    fn commitment_hash(&self) -> Result<Vec<u8>> {
        let documents = self
            .0
            .pointer("/commitment/documents")
            .and_then(Value::as_array)
            .context("no documents")?;
        let mut fields = vec![
            self.text("/commitment/domain")?.as_bytes().to_vec(),
            self.hexadecimal("/commitment/transaction")?,
            self.hexadecimal("/commitment/person")?,
            self.text("/commitment/client")?.as_bytes().to_vec(),
            self.hexadecimal("/commitment/credential")?,
            self.hexadecimal("/commitment/certificate")?,
            self.text("/commitment/format")?.as_bytes().to_vec(),
            (documents.len() as u64).to_be_bytes().to_vec(),
        ];
        for at in 0..documents.len() {
            fields.push(self.hexadecimal(&format!("/commitment/documents/{at}/original"))?);
            fields.push(self.hexadecimal(&format!("/commitment/documents/{at}/byte_range"))?);
            fields.push(
                self.text(&format!("/commitment/documents/{at}/label"))?
                    .as_bytes()
                    .to_vec(),
            );
        }
        let deadline = self
            .0
            .pointer("/commitment/deadline")
            .and_then(Value::as_i64)
            .context("no deadline")?;
        fields.push(self.text("/commitment/display")?.to_ascii_lowercase().into_bytes());
        fields.push(deadline.to_be_bytes().to_vec());
        fields.push(self.hexadecimal("/commitment/nonce")?);
        let mut hash = Sha256::new();
        for field in fields {
            hash.update((field.len() as u64).to_be_bytes());
            hash.update(field);
        }
        Ok(hash.finalize().to_vec())
    }
}

fn digest(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// An ES256 COSE_Key (RFC 9053 section 7.1.1) as PEM.
fn public_key(cose: &[u8]) -> Result<Vec<u8>> {
    let key: Cbor = ciborium::from_reader(cose).context("the authenticator's key is not CBOR")?;
    let entries = key.as_map().context("the authenticator's key is not a map")?;
    let coordinate = |label: i64| {
        let found = entries.iter().find(|(name, _)| name.as_integer() == Some(label.into()));
        found
            .and_then(|(_, value)| value.as_bytes())
            .context("the authenticator's key is not ES256")
    };
    let (x, y) = (
        BigNum::from_slice(coordinate(-2)?)?,
        BigNum::from_slice(coordinate(-3)?)?,
    );
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1)?;
    Ok(PKey::from_ec_key(EcKey::from_public_key_affine_coordinates(&group, &x, &y)?)?.public_key_to_pem()?)
}
