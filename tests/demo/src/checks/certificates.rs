//! The signer's certificate: whom it names, its path and its revocation lists (RFC 5280).

use super::Certificates;
use crate::{
    browser::http_client,
    program::must_run,
    trip::{Shown, write},
};
use anyhow::{Context, Result, ensure};
use openssl::{
    nid::Nid,
    x509::{X509, X509Crl, X509NameRef},
};
use std::path::Path;

/// The certificate names the person whom the relying party saw, and says that its CA is a test.
pub(super) async fn names(certificates: &Certificates, person: &Shown) -> Result<((), String)> {
    let subject = certificates.signer.subject_name();
    let name = format!("{} {}", text(subject, Nid::GIVENNAME)?, text(subject, Nid::SURNAME)?);
    ensure!(
        name == person.name,
        "the certificate does not name the person whom the relying party saw"
    );
    let issuer = certificates.signer.issuer_name();
    ensure!(
        text(issuer, Nid::COMMONNAME)?.contains("TEST"),
        "the demo CA's name does not say TEST"
    );
    let usage = certificates.signer.to_text()?;
    ensure!(
        String::from_utf8_lossy(&usage).contains("Non Repudiation"),
        "the key usage lacks non-repudiation"
    );
    Ok((
        (),
        "names the person whom the relying party saw; key usage non-repudiation; the CA says TEST".to_owned(),
    ))
}

/// A field of a distinguished name.
pub(super) fn text(name: &X509NameRef, field: Nid) -> Result<String> {
    let entry = name
        .entries_by_nid(field)
        .next()
        .with_context(|| format!("the name has no {field:?}"))?;
    Ok(entry.data().to_string()?)
}

/// `openssl verify -x509_strict` up to the root.
pub(super) async fn path(out: &Path) -> Result<((), String)> {
    let arguments = [
        "verify",
        "-x509_strict",
        "-CAfile",
        "root.pem",
        "-untrusted",
        "chain.pem",
        "signer.pem",
    ];
    must_run(out, "openssl", &arguments)
        .await?
        .expect("openssl verify", &["signer.pem: OK"])?;
    Ok((
        (),
        "openssl verify -x509_strict: signer.pem OK up to root.pem".to_owned(),
    ))
}

/// The same with the signer and the issuing CA looked up in their revocation lists.
pub(super) async fn lists(out: &Path, certificates: &Certificates) -> Result<((), String)> {
    let http = http_client(false)?;
    let mut pem = Vec::new();
    for certificate in [&certificates.signer, &certificates.qsig] {
        let url = address(certificate)?;
        let answer = http.get(&url).send().await?.error_for_status()?;
        let list = X509Crl::from_der(&answer.bytes().await?).with_context(|| format!("{url} is not a DER CRL"))?;
        pem.extend(list.to_pem()?);
    }
    write(out, "crls.pem", &pem)?;
    // Each against its own issuer's list: a root is on no list, and `-crl_check_all` would look for it.
    let common = [
        "verify",
        "-x509_strict",
        "-crl_check",
        "-CRLfile",
        "crls.pem",
        "-CAfile",
        "root.pem",
    ];
    for arguments in [&["-untrusted", "chain.pem", "signer.pem"][..], &["qsig.pem"]] {
        let said = must_run(out, "openssl", &[&common, arguments].concat()).await?;
        said.expect("openssl verify -crl_check", &[": OK"])?;
    }
    Ok((
        (),
        "the lists named in the certificates are there and current, nobody of the path is on them".to_owned(),
    ))
}

/// The first address of the CRL distribution points.
fn address(certificate: &X509) -> Result<String> {
    let points = certificate
        .crl_distribution_points()
        .context("the certificate names no revocation list")?;
    points
        .iter()
        .filter_map(|point| point.distpoint()?.fullname())
        .flat_map(|names| names.iter().filter_map(|name| name.uri().map(str::to_owned)))
        .next()
        .context("the certificate names no address of a revocation list")
}
