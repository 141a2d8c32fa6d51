//! Activation: from a gesture to signatures. Every step can refuse, and the key is touched in the last one only.

use sha2::{Digest, Sha256};
use signum_gesture::{Authenticator, GestureError, Verified, assertion};
use signum_hsm_shim::key::ecdsa_der;
use signum_hsm_shim::{HsmError, SignatureAlgorithm};

use crate::attributes::signed_attributes;
use crate::module::{BINDING_KEY, Module, hsm, wrapped};
use crate::protocol::{Activation, DocumentSignature, Refusal, Response};
use crate::{certificate, limits, seal, status};

/// Verifies everything, spends the commitment, signs, in this order.
pub(crate) fn activate(module: &Module, activation: &Activation) -> Result<Response, Refusal> {
    let now = module.now();
    let commitment = &activation.commitment;
    let challenge = commitment.hash();

    // Step 1: the commitment is within the limits and was not spent before.
    limits::check(commitment)?;
    if module.journal.is_spent(&challenge) {
        return Err(Refusal::Replayed);
    }

    // Step 2: nonce and deadline are a ticket of this process, and it is not over.
    let ticket = &activation.ticket;
    if commitment.nonce != ticket.nonce || commitment.deadline != ticket.deadline {
        return Err(Refusal::Commitment("not the nonce and deadline of its ticket".into()));
    }
    module.tickets.check(ticket, now)?;

    // Step 3: credential and person are the same in commitment, key and set.
    check_one_owner(activation)?;

    // Step 4: the certificate is of a pinned CA, of this key and person, and the one committed to.
    certificate::check(activation, &module.issuers, now)?;

    // Step 5: the set was sealed here against vouchers.
    seal::check(&module.token, &activation.set)?;

    // Step 6: a member of the set agreed to C at the signer's own relying party, user verified.
    let verified = gesture(module, activation, &challenge)?;

    // Step 7: the certificate is good now.
    let config = &module.config;
    let max_age = config.ocsp_max_age_seconds;
    status::check(
        &activation.ocsp,
        &activation.certificate,
        &activation.issuer,
        now,
        max_age,
    )?;

    // Step 8: the wrapped key was made here for this credential and person.
    let key = wrapped(&activation.key);
    let kek = module.kek(activation.key.epoch)?;
    module.token.check_binding(kek, BINDING_KEY, &key).map_err(hsm)?;

    // Step 9: C is spent for good before the key is used.
    let work = module
        .outcomes
        .spend(&module.journal, challenge, commitment.deadline, now)?;

    // Step 10: one unwrap, one signature for each document, in order.
    let attributes = commitment
        .documents
        .iter()
        .map(|document| signed_attributes(&document.byte_range, &activation.certificate))
        .collect::<der::Result<Vec<_>>>()
        .map_err(|_| Refusal::Malformed("signed attributes".into()))?;
    let digests: Vec<Vec<u8>> = attributes.iter().map(|set| Sha256::digest(set).to_vec()).collect();
    let signatures = module
        .token
        .sign_wrapped(kek, BINDING_KEY, &key, SignatureAlgorithm::EcdsaSha256, &digests)
        .map_err(hsm)?;
    let (signatures, counter) = (pair(attributes, &signatures)?, verified.counter);
    work.signed(&signatures, counter);
    Ok(Response::Signed { signatures, counter })
}

fn check_one_owner(activation: &Activation) -> Result<(), Refusal> {
    let (commitment, key, set) = (&activation.commitment, &activation.key, &activation.set);
    if set.credential != commitment.credential || set.person != commitment.person {
        return Err(Refusal::Set("of another credential or person".into()));
    }
    if key.credential != commitment.credential || key.person != commitment.person {
        return Err(Refusal::Key("of another credential or person".into()));
    }
    Ok(())
}

fn gesture(module: &Module, activation: &Activation, challenge: &[u8; 32]) -> Result<Verified, Refusal> {
    let refused = |error: GestureError| Refusal::Gesture(error.to_string());
    let is_it = |member: &&Authenticator| member.credential_id == activation.assertion.credential_id;
    let members = &activation.set.authenticators;
    let member = members
        .iter()
        .find(is_it)
        .ok_or(refused(GestureError::UnknownCredential))?;
    let rp = &module.config.relying_party;
    // The web tier's memory may be behind the sealed counter of the registration, never before it.
    let last_counter = activation.last_counter.max(member.counter);
    assertion::verify(&activation.assertion, member, rp, challenge, last_counter).map_err(refused)
}

fn pair(attributes: Vec<Vec<u8>>, signatures: &[Vec<u8>]) -> Result<Vec<DocumentSignature>, Refusal> {
    if attributes.len() != signatures.len() {
        return Err(Refusal::Hsm(HsmError::SelfCheckFailed));
    }
    let documents = attributes.into_iter().zip(signatures).map(|(signed_attributes, raw)| {
        Ok(DocumentSignature {
            signed_attributes,
            signature: ecdsa_der(raw).map_err(Refusal::Hsm)?,
        })
    });
    documents.collect()
}
