//! The root's list of revoked CAs as a ceremony signs it (RFC 5280 section 5, C-01): complete, for CA certificates alone.

use der::asn1::{BitString, OctetString, Uint};
use der::{Decode, Encode};
use signum_core::Timestamp;
use signum_hsm_shim::Hsm;
use signum_pki::certificate::key_identifier;
use signum_pki::oid;
use x509_cert::certificate::Version;
use x509_cert::crl::{CertificateList, RevokedCert, TbsCertList};
use x509_cert::ext::pkix::{AuthorityKeyIdentifier, CrlReason, IssuingDistributionPoint};
use x509_cert::serial_number::SerialNumber;

use super::CeremonyFault;
use super::plan::PlannedList;
use crate::authority::{Issuer, address};
use crate::config::Config;
use crate::profile::DAY;
use crate::signing::{self, Signable};
use crate::tbs::{extension, full_name, time};

/// The octets that will be signed, and when the next list is due.
pub(super) fn build(
    config: &Config,
    issuer: &Issuer,
    planned: &PlannedList,
    now: Timestamp,
) -> Result<(TbsCertList, Timestamp), CeremonyFault> {
    let this_update = Timestamp::from_seconds(now.seconds());
    let next_update = Timestamp::from_seconds(this_update.seconds() + planned.days * DAY);
    let algorithm = issuer.key.algorithm_identifier().ok_or(der::ErrorKind::Failed);
    let scope = IssuingDistributionPoint {
        distribution_point: Some(full_name(&address::crl(config, issuer.name, 0))?),
        only_contains_user_certs: false,
        only_contains_ca_certs: true,
        only_some_reasons: None,
        indirect_crl: false,
        only_contains_attribute_certs: false,
    };
    let authority_key = AuthorityKeyIdentifier {
        key_identifier: Some(OctetString::new(key_identifier(&issuer.key.spki)?)?),
        ..Default::default()
    };
    let entries = planned
        .entries
        .iter()
        .map(|(serial, since, reason)| entry(serial, since.unwrap_or(this_update), *reason))
        .collect::<der::Result<Vec<_>>>()?;
    let list = TbsCertList {
        version: Version::V2,
        signature: algorithm.map_err(der::Error::from)?,
        issuer: issuer.subject.clone(),
        this_update: time(this_update)?,
        next_update: Some(time(next_update)?),
        // Absent rather than empty (RFC 5280 section 5.1.2.6).
        revoked_certificates: (!entries.is_empty()).then_some(entries),
        crl_extensions: Some(vec![
            extension(oid::AUTHORITY_KEY_IDENTIFIER, false, &authority_key)?,
            extension(oid::CRL_NUMBER, false, &Uint::new(&planned.number.to_be_bytes())?)?,
            extension(oid::ISSUING_DISTRIBUTION_POINT, true, &scope)?,
        ]),
    };
    Ok((list, next_update))
}

fn entry(serial: &[u8], since: Timestamp, reason: CrlReason) -> der::Result<RevokedCert> {
    // Unspecified is told by silence (RFC 5280 section 5.3.1).
    let extensions = (reason != CrlReason::Unspecified)
        .then(|| extension(oid::CRL_REASON, false, &reason))
        .transpose()?;
    Ok(RevokedCert {
        serial_number: SerialNumber::new(serial)?,
        revocation_date: time(since)?,
        crl_entry_extensions: extensions.map(|extension| vec![extension]),
    })
}

/// Has the root's key sign a list. DER.
pub(super) async fn sign(hsm: &dyn Hsm, issuer: &Issuer, list: &TbsCertList) -> Result<Vec<u8>, CeremonyFault> {
    let tbs = Signable::list(list)?;
    let signature = signing::sign(hsm, &issuer.key, &tbs).await?;
    let signed: CertificateList = CertificateList {
        tbs_cert_list: TbsCertList::from_der(tbs.der())?,
        signature_algorithm: list.signature.clone(),
        signature: BitString::from_bytes(&signature)?,
    };
    Ok(signed.to_der()?)
}
