//! What a certificate says about its holder, for the prompt.

use const_oid::db::rfc4519::CN;
use der::Decode;
use x509_cert::Certificate;

/// Longest name that is shown.
const LONGEST: usize = 100;

/// The common name, without characters that a window would obey.
pub fn holder(der: &[u8]) -> Option<String> {
    let certificate = Certificate::from_der(der).ok()?;
    let subject = certificate.tbs_certificate().subject().clone();
    let attribute = subject.iter().find(|attribute| attribute.oid == CN)?;
    let value = std::str::from_utf8(attribute.value.value()).ok()?;
    let shown: String = value
        .chars()
        .filter(|character| !character.is_control())
        .take(LONGEST)
        .collect();
    (!shown.is_empty()).then_some(shown)
}
