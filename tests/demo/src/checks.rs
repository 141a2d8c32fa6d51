//! The judges: programs nobody here wrote look at the signed document, its certificates, their status and the timestamp.

mod authentication;
mod certificates;
mod evidence;
mod pdf;
mod pyhanko;
mod signature;
mod status;

use crate::{
    browser::{http_client, origin},
    material::Material,
    report::{NotInstalled, Report},
    trip::{Plan, Shown, write},
};
use anyhow::{Context, Result};
use openssl::x509::X509;
use sha2::{Digest, Sha256};
use std::path::Path;

/// What is judged.
pub(crate) struct Judged<'a> {
    pub(crate) pdf: &'a [u8],
    pub(crate) evidence: &'a [u8],
    /// As it was uploaded.
    pub(crate) document: &'a [u8],
    /// As the relying party showed the person.
    pub(crate) person: &'a Shown,
}

/// The certificates every judge needs; their PEM files lie in the folder.
pub(crate) struct Certificates {
    pub(crate) root: X509,
    /// Issuing CA of people's signing certificates.
    pub(crate) qsig: X509,
    /// Issuing CA of people's authentication certificates.
    pub(crate) auth: X509,
    pub(crate) signer: X509,
}

/// Makes every check even when an earlier one failed; fails when any did.
pub(crate) async fn all(
    plan: &Plan,
    judged: &Judged<'_>,
    report: &mut Report,
    facts: &mut Vec<(&'static str, String)>,
) -> Result<()> {
    let out = plan.out.as_path();
    let material = report
        .step("Take the signed PDF apart", "signum-demo", async {
            take_apart(out, judged)
        })
        .await?;
    let certificates = report
        .step("Fetch the CA certificates", "signum-demo", fetch(plan, &material))
        .await?;
    facts.push(("Document (SHA-256)", hex::encode(Sha256::digest(judged.document))));
    facts.push(("Signed document (SHA-256)", hex::encode(Sha256::digest(judged.pdf))));
    facts.push((
        "Root certificate (SHA-256)",
        hex::encode(Sha256::digest(certificates.root.to_der()?)),
    ));

    let mut failed = Vec::new();
    let mut note = |ended: Result<()>| match ended {
        Err(error) if !error.is::<NotInstalled>() => failed.push(error),
        _ => {}
    };
    note(report.step("PDF structure", "qpdf", pdf::structure(out)).await);
    note(report.step("PDF signature", "pdfsig", pdf::signature(out)).await);
    note(report.step("CMS signature", "openssl cms", signature::cms(out)).await);
    note(report.step("Timestamp", "openssl ts", signature::timestamp(out)).await);
    note(
        report
            .step(
                "Signer in the certificate",
                "signum-demo",
                certificates::names(&certificates, judged.person),
            )
            .await,
    );
    note(
        report
            .step("Certificate path", "openssl verify", certificates::path(out))
            .await,
    );
    note(
        report
            .step(
                "Revocation lists",
                "openssl verify",
                certificates::lists(out, &certificates),
            )
            .await,
    );
    note(
        report
            .step(
                "Live status",
                "openssl ocsp",
                status::live(out, "signer.pem", "qsig.pem", &certificates.signer),
            )
            .await,
    );
    note(
        report
            .step(
                "Evidence",
                "openssl dgst",
                evidence::gesture(out, judged, &material, &origin(&plan.services.signer)),
            )
            .await,
    );
    note(
        report
            .step(
                "PAdES B-T with revocation",
                "pyHanko",
                pyhanko::validate(out, plan.pyhanko.as_deref()),
            )
            .await,
    );
    if let Some(commands) = &plan.commands {
        let issued = report
            .step(
                "Authentication certificate",
                "signum ca issue, openssl",
                authentication::issue(out, commands, &certificates),
            )
            .await;
        match issued {
            Ok(certificate) => {
                let live = status::live(out, "auth.pem", "auth-ca.pem", &certificate);
                note(report.step("Its live status", "openssl ocsp", live).await);
            }
            Err(error) => note(Err(error)),
        }
    }
    match failed.into_iter().next() {
        None => Ok(()),
        Some(first) => Err(first).context("a judge did not agree"),
    }
}

fn take_apart(out: &Path, judged: &Judged<'_>) -> Result<(Material, String)> {
    let material = Material::of(judged.pdf)?;
    for (name, bytes) in [
        ("signed-bytes.bin", &material.signed_bytes),
        ("signature.p7s", &material.cms),
        ("signature-value.bin", &material.signature),
        ("timestamp.tst", &material.timestamp),
    ] {
        write(out, name, bytes)?;
    }
    write(out, "signer.pem", &X509::from_der(&material.signer)?.to_pem()?)?;
    anyhow::ensure!(
        String::from_utf8_lossy(judged.pdf).contains("/ETSI.CAdES.detached"),
        "the signature's SubFilter is not ETSI.CAdES.detached"
    );
    let checked = format!(
        "ETSI.CAdES.detached, the ByteRange covers the whole file but the signature; CMS of {} octets with timestamp",
        material.cms.len()
    );
    Ok((material, checked))
}

/// Fetches the CA certificates from the PKI's public address and writes them as PEM.
async fn fetch(plan: &Plan, material: &Material) -> Result<(Certificates, String)> {
    let http = http_client(false)?;
    let mut fetched = Vec::new();
    for name in ["root", "qsig", "auth", "tsa"] {
        let url = plan.services.pki.join(&format!("/ca/{name}.cer"))?;
        let answer = http.get(url.clone()).send().await?.error_for_status()?;
        let certificate = X509::from_der(&answer.bytes().await?).with_context(|| format!("{url} is not DER"))?;
        fetched.push(certificate);
    }
    let [root, qsig, auth, tsa] = fetched.as_slice() else {
        anyhow::bail!("not four certificates")
    };
    let pems: Vec<Vec<u8>> = [qsig, auth, tsa]
        .iter()
        .map(|one| one.to_pem())
        .collect::<Result<_, _>>()?;
    write(&plan.out, "root.pem", &root.to_pem()?)?;
    write(&plan.out, "qsig.pem", &qsig.to_pem()?)?;
    write(&plan.out, "auth-ca.pem", &auth.to_pem()?)?;
    write(&plan.out, "tsa.pem", &tsa.to_pem()?)?;
    write(&plan.out, "chain.pem", &pems.concat())?;
    let signer = X509::from_der(&material.signer)?;
    let checked = "root.pem, chain.pem (issuing CAs and the timestamp authority's) and signer.pem written".to_owned();
    Ok((
        Certificates {
            root: root.clone(),
            qsig: qsig.clone(),
            auth: auth.clone(),
            signer,
        },
        checked,
    ))
}
