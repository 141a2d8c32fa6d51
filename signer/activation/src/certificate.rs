//! The signing certificate as the module believes it: of a pinned CA, valid now, of this key and of this person.

use der::{Decode, Encode};
use sha2::{Digest, Sha256};
use signum_pki::certificate::{is_valid_at, may_sign_data, spki};
use signum_pki::{oid, signature};
use subtle::ConstantTimeEq;
use x509_cert::Certificate;

use crate::commitment::{Commitment, person_reference};
use crate::protocol::{Activation, Refusal};

/// Checks issuer, signature, validity at `now`, key and person; the status is asked for elsewhere.
pub(crate) fn check(activation: &Activation, pinned: &[Vec<u8>], now: i64) -> Result<(), Refusal> {
    if !pinned.contains(&activation.issuer) {
        return Err(refused("its issuer is not pinned"));
    }
    let parse = |der: &[u8]| Certificate::from_der(der).map_err(|_| refused("not DER of a certificate"));
    let (certificate, issuer) = (parse(&activation.certificate)?, parse(&activation.issuer)?);
    if !is_issued_by(&certificate, &issuer).unwrap_or(false) {
        return Err(refused("not issued by its issuer"));
    }
    if !is_valid_at(&certificate, now) || !is_valid_at(&issuer, now) {
        return Err(refused("not valid now"));
    }
    if !may_sign_data(&certificate) {
        return Err(refused("not for signatures"));
    }
    if spki(&certificate).ok().as_ref() != Some(&activation.key.spki) {
        return Err(refused("of another key"));
    }
    check_commitment(&activation.commitment, &activation.certificate, &certificate)
}

fn check_commitment(commitment: &Commitment, der: &[u8], certificate: &Certificate) -> Result<(), Refusal> {
    if Sha256::digest(der).as_slice() != commitment.certificate {
        return Err(refused("not the one committed to"));
    }
    let person = semantics_identifier(certificate).map(|text| person_reference(&text));
    if person.is_some_and(|person| bool::from(person.ct_eq(&commitment.person))) {
        Ok(())
    } else {
        Err(refused("of another person"))
    }
}

fn is_issued_by(certificate: &Certificate, issuer: &Certificate) -> der::Result<bool> {
    let (tbs, ca) = (certificate.tbs_certificate(), issuer.tbs_certificate());
    let signed = signature::verifies(
        &spki(issuer)?,
        certificate.signature_algorithm(),
        &tbs.to_der()?,
        certificate.signature().raw_bytes(),
    );
    Ok(tbs.issuer() == ca.subject() && signed)
}

/// The one serialNumber of the subject, `PNOXK-1234567890` (EN 319 412-1 section 5.1.3).
fn semantics_identifier(certificate: &Certificate) -> Option<String> {
    let subject = certificate.tbs_certificate().subject();
    let mut numbers = subject.iter().filter(|attribute| attribute.oid == oid::SERIAL_NUMBER);
    let (only, more) = (numbers.next()?, numbers.next());
    if more.is_some() {
        return None;
    }
    Some(std::str::from_utf8(only.value.value()).ok()?.to_owned())
}

fn refused(why: &str) -> Refusal {
    Refusal::Commitment(format!("certificate: {why}"))
}
