//! Key origin statements: the module says under a key of its token for whom it made a key and how that key is kept.
//!
//! What is stated was verified here first, so the statement can be made anew at any time. docs/decisions/0010.

use sha2::{Digest, Sha256};
use signum_hsm_shim::key::ecdsa_der;
use signum_hsm_shim::token::Token;
use signum_hsm_shim::{HsmError, KeyAlgorithm, SignatureAlgorithm};
use signum_pki::key_origin::{KeyOrigin, WRAPPED_P256};

use crate::module::{BINDING_KEY, Module, hsm, wrapped};
use crate::protocol::{Refusal, Response, SealedSet, StoredKey};
use crate::{pkcs10, seal};

/// Label of the statement key; it signs nothing but statements.
pub const STATEMENT_KEY: &str = "people-statement";

/// Finds or makes the statement key (P-256); returns its public half (SubjectPublicKeyInfo, DER).
pub(crate) fn ensure_key(token: &Token) -> Result<Vec<u8>, HsmError> {
    let key = match token.public_key(STATEMENT_KEY) {
        Err(HsmError::KeyNotFound(_)) => token.generate(STATEMENT_KEY, KeyAlgorithm::EcP256)?,
        other => other?,
    };
    match key.algorithm {
        KeyAlgorithm::EcP256 => Ok(key.spki),
        _ => Err(HsmError::Misconfigured(format!("{STATEMENT_KEY}: not a P-256 key"))),
    }
}

/// States the origin of a sealed credential's key.
pub(crate) fn state(module: &Module, key: &StoredKey, request: &[u8], set: &SealedSet) -> Result<Response, Refusal> {
    // Step 1: the key was made here for this person, under the KEK that was tried out at start.
    let kek = module.kek(key.epoch)?;
    module
        .token
        .check_binding(kek, BINDING_KEY, &wrapped(key))
        .map_err(hsm)?;
    // Step 2: the request is of that key.
    pkcs10::check(request, &key.credential, &key.spki)?;
    // Step 3: the set was sealed here against vouchers for exactly this credential, person and request.
    seal::check(&module.token, set)?;
    let certificate_request: [u8; 32] = Sha256::digest(request).into();
    if set.credential != key.credential || set.person != key.person || set.certificate_request != certificate_request {
        return Err(Refusal::Set("of another credential, person or request".into()));
    }
    // Step 4: the statement.
    let origin = KeyOrigin {
        person: key.person,
        credential: key.credential,
        certificate_request,
        vouchers: set.vouchers,
        authenticators: Sha256::digest(seal::covered(set)).into(),
        attributes: WRAPPED_P256.to_owned(),
    };
    sign(&module.token, &origin).map(Response::KeyOrigin)
}

fn sign(token: &Token, origin: &KeyOrigin) -> Result<Vec<u8>, Refusal> {
    let encoding = |_| Refusal::Malformed("key origin statement".into());
    let body = origin.to_be_signed().map_err(encoding)?;
    let digest = Sha256::digest(&body).to_vec();
    let signatures = token
        .sign(STATEMENT_KEY, SignatureAlgorithm::EcdsaSha256, &[digest])
        .map_err(Refusal::Hsm)?;
    let raw = signatures.first().ok_or(Refusal::Hsm(HsmError::SelfCheckFailed))?;
    let signature = ecdsa_der(raw).map_err(Refusal::Hsm)?;
    KeyOrigin::assemble(&body, &signature).map_err(encoding)
}
