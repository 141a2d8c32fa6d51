//! Certificates for the keys of a card: read from files, or from the CA of this machine by command.

use std::path::Path;

use anyhow::{Context, Result, anyhow};
use signum_ca::{LeafRequest, Subject};
use signum_core::contract::KeyOrigin;
use signum_core::{OsRandom, Random};

use super::prepare::{Requests, write};
use crate::commands::ca::opened::Opened;
use crate::layout::Layout;

pub use signum_core::contract::PersonName as Person;

/// The first certificate of a file, DER.
pub fn read(path: &Path) -> Result<Vec<u8>> {
    let octets = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    if !octets.starts_with(b"-----BEGIN") {
        return Ok(octets);
    }
    let end = b"-----END CERTIFICATE-----";
    let length = octets.windows(end.len()).position(|window| window == end);
    let first = length.and_then(|length| octets.get(..length + end.len()));
    let (label, der) =
        der::pem::decode_vec(first.unwrap_or_default()).map_err(|error| anyhow!("{}: {error}", path.display()))?;
    match label {
        "CERTIFICATE" => Ok(der),
        other => Err(anyhow!("{}: {other} instead of a certificate", path.display())),
    }
}

/// Asks the CA as `signum ca issue` does, with the approvals it takes; both certificates lie in `out` before they are stored.
pub async fn by_command(
    file: Option<&Path>,
    var: &Path,
    person: Person,
    requests: &Requests,
    out: &Path,
) -> Result<[Vec<u8>; 2]> {
    let settings = crate::commands::configuration(file)?;
    let mut config = settings.clone();
    // That the keys were made in the card is the word of whoever runs this; nothing here proves it to the CA.
    config.ca.signature_keys_of_unknown_origin = true;
    let layout = Layout::create(var)?;
    let opened = Opened::open(&config, &layout).await?;
    let issued = async {
        opened.settle_settings(&settings, &layout).await?;
        let authentication = request(Subject::Authentication(person.clone()), &requests.authentication);
        let signature = request(Subject::Signature(person), &requests.signature);
        let authentication = opened.ca.issue_by_command(&authentication, None).await?.certificate;
        write(&out.join("authentication.der"), &authentication)?;
        let signature = opened.ca.issue_by_command(&signature, None).await?.certificate;
        write(&out.join("signature.der"), &signature)?;
        Ok::<_, anyhow::Error>([authentication, signature])
    };
    let issued = issued.await;
    opened.close().await;
    issued
}

fn request(subject: Subject, pkcs10: &[u8]) -> LeafRequest {
    let random: &dyn Random = &OsRandom;
    LeafRequest {
        idempotency_key: random.bytes(),
        subject,
        pkcs10: pkcs10.to_vec(),
        key_origin: KeyOrigin::Card,
        ends_by: None,
        desk: None,
    }
}
