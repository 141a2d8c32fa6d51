//! A citizen's authentication certificate (profile A) for a key that the CA never sees: PKCS#10 in, certificate out.

use super::{Certificates, certificates::text};
use crate::{
    program::must_run,
    trip::{Commands, write},
};
use anyhow::{Context, Result, ensure};
use openssl::{
    ec::{EcGroup, EcKey},
    hash::MessageDigest,
    nid::Nid,
    pkey::PKey,
    x509::{X509, X509NameBuilder, X509ReqBuilder},
};
use std::path::Path;

/// Has a certificate issued and verifies it.
pub(super) async fn issue(out: &Path, commands: &Commands, known: &Certificates) -> Result<(X509, String)> {
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1)?;
    let key = PKey::from_ec_key(EcKey::generate(&group)?)?;
    let mut name = X509NameBuilder::new()?;
    name.append_entry_by_nid(Nid::COMMONNAME, "request")?;
    let mut request = X509ReqBuilder::new()?;
    request.set_subject_name(&name.build())?;
    request.set_pubkey(&key)?;
    request.sign(&key, MessageDigest::sha256())?;
    write(out, "auth.csr.pem", &request.build().to_pem()?)?;

    let subject = known.signer.subject_name();
    commands
        .issue_authentication(
            &out.join("auth.csr.pem"),
            &out.join("auth.pem"),
            &[
                text(subject, Nid::GIVENNAME)?,
                text(subject, Nid::SURNAME)?,
                text(subject, Nid::SERIALNUMBER)?,
            ],
        )
        .await?;
    let pem = std::fs::read(out.join("auth.pem")).context("signum wrote no auth.pem")?;
    let certificate = X509::from_pem(&pem).context("auth.pem is not a PEM certificate")?;
    ensure!(
        certificate.public_key()?.public_eq(&key),
        "the certificate is for another key"
    );
    ensure!(
        known.auth.issued(&certificate) == openssl::x509::X509VerifyResult::OK,
        "another CA issued it"
    );
    let arguments = [
        "verify",
        "-x509_strict",
        "-purpose",
        "sslclient",
        "-CAfile",
        "root.pem",
        "-untrusted",
        "chain.pem",
        "auth.pem",
    ];
    must_run(out, "openssl", &arguments)
        .await?
        .expect("openssl verify", &["auth.pem: OK"])?;
    Ok((
        certificate,
        "issued for our P-256 key; openssl verify -x509_strict -purpose sslclient: auth.pem OK".to_owned(),
    ))
}
