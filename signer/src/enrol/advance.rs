//! Takes an enrolment as far as it can go without a person: key, seal, certificate.
//!
//! Every call on the module and the CA may be repeated: a key that was not stored is lost and nothing else, sealing the same
//! again gives the same, and the CA knows the request by its idempotency key.

use serde_json::json;
use sha2::{Digest, Sha256};
use signum_activation::protocol::SealedSet;
use signum_core::audit::{self, Event};
use signum_core::contract::{CertificateRequest, ContractError, IssuedCertificate, KeyOrigin, LeafProfile};
use signum_core::{DbError, Id, params};
use signum_gesture::Authenticator;

use super::stage::{Material, to_json};
use super::{EnrolError, Enrolment, Stage, begin, find, vouch};
use crate::module::{self, ModuleError};
use crate::person;
use crate::service::Signer;

/// Goes on until a person has to act, or until it is ready or failed. What is away stays an error, to be tried again.
pub(crate) async fn advance(signer: &Signer, enrolment: Enrolment) -> Result<Enrolment, EnrolError> {
    let mut now = enrolment;
    loop {
        now = match &now.stage {
            Stage::Registered(authenticator) => {
                begin::make_key(signer, &now, authenticator).await?;
                again(signer, &now).await?
            }
            Stage::AuthenticatorRegistered(..) if vouch::enough(&signer.cx, now.id).await? => {
                again(signer, &now).await?
            }
            Stage::Vouched(material, authenticator) => {
                seal(signer, &now, material, authenticator).await?;
                again(signer, &now).await?
            }
            Stage::Sealed(material, set) => {
                certify(signer, &now, material, set).await?;
                again(signer, &now).await?
            }
            Stage::Begun
            | Stage::AuthenticatorRegistered(..)
            | Stage::Ready(_)
            | Stage::Failed(_)
            | Stage::Superseded => return Ok(now),
        };
    }
}

async fn again(signer: &Signer, enrolment: &Enrolment) -> Result<Enrolment, EnrolError> {
    find(&signer.cx, enrolment.id, &enrolment.person).await
}

async fn seal(
    signer: &Signer,
    enrolment: &Enrolment,
    material: &Material,
    authenticator: &Authenticator,
) -> Result<(), EnrolError> {
    let vouchers = vouch::vouchers(&signer.cx, enrolment.id).await?;
    let sealed = signer
        .module
        .seal(
            material.key.clone(),
            material.pkcs10.clone(),
            authenticator.clone(),
            vouchers,
        )
        .await;
    let set = match sealed {
        Ok(set) => set,
        Err(ModuleError::Refused(refusal)) => {
            tracing::warn!(enrolment = %enrolment.id, %refusal, "the module refused to seal");
            return fail(signer, enrolment.id, "vouched", module::code(&refusal)).await;
        }
        Err(error) => return Err(error.into()),
    };
    let (cx, id, text) = (&signer.cx, enrolment.id, &to_json(&set)?);
    let event = &Event::new("enrolment.sealed", id, json!({"version": set.version}));
    cx.db
        .run::<_, DbError, _, _>("enrolment.seal", |tx| async move {
            let changed = tx
                .exec(
                    "UPDATE enrolment SET state = 'sealed', sealed_set = $1, changed_at = $2,
                         attempts = 0, next_attempt_at = 0
                     WHERE id = $3 AND state = 'vouched'",
                    params![text, cx.now(), id],
                )
                .await?;
            audit::record_changed(&tx, cx, changed, event).await
        })
        .await?;
    Ok(())
}

async fn certify(
    signer: &Signer,
    enrolment: &Enrolment,
    material: &Material,
    set: &SealedSet,
) -> Result<(), EnrolError> {
    let (key, pkcs10) = (material.key.clone(), material.pkcs10.clone());
    let statement = match signer.module.key_origin(key, pkcs10, set.clone()).await {
        Ok(statement) => statement,
        Err(ModuleError::Refused(refusal)) => {
            tracing::warn!(enrolment = %enrolment.id, %refusal, "the module does not vouch for the key");
            return fail(signer, enrolment.id, "sealed", module::code(&refusal)).await;
        }
        Err(error) => return Err(error.into()),
    };
    let request = CertificateRequest {
        idempotency_key: idempotency_key(enrolment.id),
        profile: LeafProfile::CitizenSignature,
        person: person::find(&signer.cx, &enrolment.person).await?.name,
        pkcs10: material.pkcs10.clone(),
        key_origin: KeyOrigin::SigningModule { statement },
    };
    let issued = match signer.ca.issue(request).await {
        Ok(issued) => issued,
        Err(ContractError::Refused { code, .. }) => {
            tracing::warn!(enrolment = %enrolment.id, code, "the CA refused the certificate");
            return fail(signer, enrolment.id, "sealed", "certificate_refused").await;
        }
        Err(error) => return Err(error.into()),
    };
    if issued.chain.is_empty() || key_of(&issued.certificate).as_deref() != Some(material.key.spki.as_slice()) {
        return fail(signer, enrolment.id, "sealed", "certificate_of_another_key").await;
    }
    // The counter at registration is the first that must be exceeded.
    let counter = set
        .authenticators
        .first()
        .map_or(0, |authenticator| authenticator.counter);
    store_certificate(signer, enrolment.id, &issued, counter).await
}

async fn store_certificate(
    signer: &Signer,
    id: Id<Enrolment>,
    issued: &IssuedCertificate,
    counter: u32,
) -> Result<(), EnrolError> {
    let (cx, chain) = (&signer.cx, &to_json(&issued.chain)?);
    let hash = hex::encode(Sha256::digest(&issued.certificate));
    let event = &Event::new("enrolment.certified", id, json!({"certificate_sha256": hash}));
    cx.db
        .run::<_, DbError, _, _>("enrolment.certify", |tx| async move {
            let changed = tx
                .exec(
                    "UPDATE enrolment SET state = 'ready', certificate = $1, chain = $2, counter = $3, changed_at = $4
                     WHERE id = $5 AND state = 'sealed'",
                    params![&issued.certificate, chain, counter, cx.now(), id],
                )
                .await?;
            audit::record_changed(&tx, cx, changed, event).await
        })
        .await?;
    Ok(())
}

/// The named end of an enrolment that was in the state `from`.
pub(super) async fn fail(
    signer: &Signer,
    id: Id<Enrolment>,
    from: &'static str,
    code: &'static str,
) -> Result<(), EnrolError> {
    let cx = &signer.cx;
    let event = &Event::new("enrolment.failed", id, json!({"why": code}));
    cx.db
        .run::<_, DbError, _, _>("enrolment.fail", |tx| async move {
            let changed = tx
                .exec(
                    "UPDATE enrolment SET state = 'failed', failure = $1, changed_at = $2 WHERE id = $3 AND state = $4",
                    params![code, cx.now(), id, from],
                )
                .await?;
            audit::record_changed(&tx, cx, changed, event).await
        })
        .await?;
    Ok(())
}

/// The same request gets the same certificate, however often it is made.
fn idempotency_key(id: Id<Enrolment>) -> [u8; 16] {
    let hash: [u8; 32] = Sha256::new()
        .chain_update(b"signum-enrolment-certificate-v1\0")
        .chain_update(id.0)
        .finalize()
        .into();
    let mut key = [0; 16];
    key.iter_mut().zip(hash).for_each(|(to, from)| *to = from);
    key
}

/// DER of the certificate's SubjectPublicKeyInfo.
fn key_of(certificate: &[u8]) -> Option<Vec<u8>> {
    use der::{Decode, Encode};
    let certificate = x509_cert::Certificate::from_der(certificate).ok()?;
    certificate.tbs_certificate().subject_public_key_info().to_der().ok()
}
