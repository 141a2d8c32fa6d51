//! Whose card it is: the subject's serialNumber (EN 319 412-1 section 5.1.3).

use signum_pki::oid;
use x509_cert::Certificate;

/// Codes of the country under which cards name its people. `XK` is what our authority writes, `RKS` stands in travel documents.
const OURS: [&str; 2] = ["PNOXK-", "PNORKS-"];

/// The personal number of one of our people; of anybody else's card there is none.
pub(crate) fn personal_number(certificate: &Certificate) -> Option<String> {
    let subject = certificate.tbs_certificate().subject();
    let mut numbers = subject.iter().filter(|attribute| attribute.oid == oid::SERIAL_NUMBER);
    let (only, more) = (numbers.next()?, numbers.next());
    let text = std::str::from_utf8(only.value.value()).ok()?;
    let number = OURS.iter().find_map(|scheme| text.strip_prefix(scheme))?;
    let digits = number.len() == 10 && number.bytes().all(|b| b.is_ascii_digit());
    (digits && more.is_none()).then(|| number.to_owned())
}
