//! The evidence of a signature: everything with which a third party can check the person's gesture without us.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value as Json, json};
use signum_activation::protocol::Activation;
use signum_activation::{Commitment, DisplayClass};
use signum_core::{Cx, DbError, Id, Tx, params};

use super::{Document, SignError};
use crate::enrol::{Certified, stored, to_json};
use crate::person::Reference;

/// Stores the evidence in the transaction that stores the signature.
pub(super) async fn insert(
    tx: &Tx,
    cx: &Cx,
    document: &Document,
    certified: &Certified,
    activation: &Activation,
) -> Result<(), DbError> {
    let assertion = &activation.assertion;
    let used = certified
        .set
        .authenticators
        .iter()
        .find(|authenticator| authenticator.credential_id == assertion.credential_id);
    let cose_key = used
        .map(|authenticator| authenticator.cose_key.clone())
        .ok_or(DbError::NotFound)?;
    tx.exec(
        "INSERT INTO evidence (document, person, commitment, challenge, credential_id, client_data_json,
             authenticator_data, assertion_signature, cose_key, set_version, certificate, issuer, ocsp, made_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
        params![
            document.id,
            document.person,
            to_json(&activation.commitment)?,
            activation.commitment.hash(),
            &assertion.credential_id,
            &assertion.client_data_json,
            &assertion.authenticator_data,
            &assertion.signature,
            cose_key,
            certified.set.version,
            &activation.certificate,
            &activation.issuer,
            &activation.ocsp,
            cx.now()
        ],
    )
    .await?;
    Ok(())
}

/// The evidence as JSON: octets of WebAuthn in base64url, hashes in hex, DER in base64.
pub(crate) async fn evidence(cx: &Cx, id: Id<Document>, person: &Reference) -> Result<Json, SignError> {
    let row = cx
        .db
        .opt(
            "SELECT commitment, challenge, credential_id, client_data_json, authenticator_data, assertion_signature, cose_key,
                 set_version, certificate, issuer, ocsp FROM evidence WHERE document = $1 AND person = $2",
            params![id, person],
        )
        .await?
        .ok_or(SignError::NotFound)?;
    let octets = |column: &str| row.get::<Vec<u8>>(column);
    let url = |column: &str| octets(column).map(|octets| URL_SAFE_NO_PAD.encode(octets));
    let der = |column: &str| octets(column).map(|octets| STANDARD.encode(octets));
    let commitment: Commitment = stored(&row, "commitment")?;
    Ok(json!({
        "format": "signum-evidence-v1",
        "commitment": shown(&commitment),
        "challenge": hex::encode(octets("challenge")?),
        "assertion": {
            "credential_id": url("credential_id")?,
            "client_data_json": url("client_data_json")?,
            "authenticator_data": url("authenticator_data")?,
            "signature": url("assertion_signature")?,
        },
        "authenticator": { "cose_key": url("cose_key")?, "set_version": row.get::<u32>("set_version")? },
        "certificate": der("certificate")?,
        "issuer": der("issuer")?,
        "ocsp": der("ocsp")?,
    }))
}

/// The fields in the order in which they are hashed (`xk-sigauth-v1`).
fn shown(commitment: &Commitment) -> Json {
    let documents: Vec<Json> = commitment
        .documents
        .iter()
        .map(|document| {
            json!({
                "original": hex::encode(document.original),
                "byte_range": hex::encode(document.byte_range),
                "label": document.label,
            })
        })
        .collect();
    json!({
        "domain": "xk-sigauth-v1",
        "transaction": hex::encode(commitment.transaction),
        "person": hex::encode(commitment.person),
        "client": commitment.client,
        "credential": hex::encode(commitment.credential),
        "certificate": hex::encode(commitment.certificate),
        "format": commitment.format,
        "documents": documents,
        "display": match commitment.display {
            DisplayClass::Shown => "shown",
            DisplayClass::Claimed => "claimed",
        },
        "deadline": commitment.deadline,
        "nonce": hex::encode(commitment.nonce),
    })
}
