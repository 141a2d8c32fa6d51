//! The whole trip of one person without the person: activate, log in at a relying party, enrol for signing, sign a
//! document, log out; then the judges. `docs/ARCHITECTURE.md`, walkthroughs.

mod activate;
mod enrol;
mod leave;
mod login;
mod person;
mod sign;

use crate::{browser::Browser, checks, report::Report};
use anyhow::{Context, Result};
use signum_softauth::SoftAuthenticator;
use std::{
    path::{Path, PathBuf},
    time::Duration,
};
use url::Url;

pub(crate) use login::Shown;
pub use person::Commands;

/// The document that is signed unless another is named: a decision of a municipality that does not exist.
const DECISION: &[u8] = include_bytes!("../../fixtures/pdf/vendim.pdf");

/// What the trip is told.
pub struct Plan {
    pub services: Services,
    /// Folder for the signed document, its report and the certificates.
    pub out: PathBuf,
    /// Activation code or address; without one a fresh demo person is made by `commands`.
    pub activation: Option<String>,
    /// `signum`, for making a person and for the authentication certificate; without it the latter is left out.
    pub commands: Option<Commands>,
    /// A PDF to sign instead of the decision.
    pub document: Option<PathBuf>,
    /// Python environment with pyHanko.
    pub pyhanko: Option<PathBuf>,
    pub step_timeout: Duration,
}

/// Addresses of the services.
pub struct Services {
    pub idp: Url,
    pub signer: Url,
    pub rp: Url,
    pub pki: Url,
}

impl Services {
    /// Where the Signum listens that runs on the data folder `var`, by the file that it wrote there.
    pub fn running(var: &Path) -> Result<Self> {
        let file = var.join("run/up.toml");
        let text = std::fs::read_to_string(&file)
            .with_context(|| format!("no Signum runs on {}: start one with ./run", var.display()))?;
        let facts: toml::Table = text.parse().with_context(|| file.display().to_string())?;
        let address = |name: &str| {
            let text = facts.get(name).and_then(toml::Value::as_str).unwrap_or_default();
            Url::parse(text).with_context(|| format!("{}: {name}", file.display()))
        };
        Ok(Self {
            idp: address("idp")?,
            signer: address("signer")?,
            rp: address("demo")?,
            pki: address("pki")?,
        })
    }
}

/// One person on the way: a browser, a device with passkeys, and what was learnt.
pub(crate) struct Traveller<'a> {
    services: &'a Services,
    browser: Browser,
    /// Holds the log-in passkey and the signing passkey, as one telephone would.
    device: SoftAuthenticator,
}

/// Name and pages of the document on the way.
pub(crate) struct Document {
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
}

/// Makes the trip and lets it be judged; the report is written however it ends.
pub async fn travel(plan: &Plan) -> Result<Report> {
    std::fs::create_dir_all(&plan.out).with_context(|| format!("cannot make {}", plan.out.display()))?;
    let mut report = Report::new(plan.step_timeout);
    let mut facts = Vec::new();
    let result = steps(plan, &mut report, &mut facts).await;
    report.write(&plan.out, &facts)?;
    result?;
    Ok(report)
}

async fn steps(plan: &Plan, report: &mut Report, facts: &mut Vec<(&'static str, String)>) -> Result<()> {
    let services = &plan.services;
    let document = document(plan)?;
    let code = match &plan.activation {
        Some(code) => code.clone(),
        None => {
            let commands = plan
                .commands
                .as_ref()
                .context("no activation code, and no `signum` to make a person")?;
            report
                .step("A demo person is registered", "signum", commands.add_person())
                .await?
        }
    };
    let browser = Browser::new(&[&services.idp, &services.signer, &services.rp, &services.pki])?;
    let mut traveller = Traveller {
        services,
        browser,
        device: SoftAuthenticator::new(),
    };

    report
        .step("Activate the account", "signum-demo", traveller.activate(&code))
        .await?;
    let person = report
        .step("Log in at the relying party", "signum-demo", traveller.log_in_at_rp())
        .await?;
    report
        .step("Log in at the signer", "signum-demo", traveller.log_in_at_signer())
        .await?;
    let enrolment = report
        .step("Make the signing passkey", "signum-demo", traveller.enrol())
        .await?;
    report
        .step(
            "Two officers vouch",
            "signum-demo-desk",
            traveller.await_vouchers(&enrolment),
        )
        .await?;
    let page = report
        .step("Upload the document", "signum-demo", traveller.upload(&document))
        .await?;
    let signing = report
        .step("Sign with the signing passkey", "signum-demo", traveller.sign(&page))
        .await?;
    report
        .step("The same gesture again", "signum-demo", traveller.sign_again(&signing))
        .await?;
    let (pdf, evidence) = report
        .step("Fetch the result", "signum-demo", traveller.fetch(&page, &document))
        .await?;
    write(&plan.out, "signed.pdf", &pdf)?;
    write(&plan.out, "evidence.json", &evidence)?;
    report
        .step("Log out at the signer", "signum-demo", traveller.leave_signer())
        .await?;
    report
        .step("Log out at the relying party", "signum-demo", traveller.leave_rp())
        .await?;

    let judged = checks::Judged {
        pdf: &pdf,
        evidence: &evidence,
        document: &document.bytes,
        person: &person,
    };
    checks::all(plan, &judged, report, facts).await
}

fn document(plan: &Plan) -> Result<Document> {
    let Some(path) = &plan.document else {
        return Ok(Document {
            name: "vendim.pdf".to_owned(),
            bytes: DECISION.to_vec(),
        });
    };
    let name = path
        .file_name()
        .context("the document has no name")?
        .to_string_lossy()
        .into_owned();
    Ok(Document {
        name,
        bytes: std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?,
    })
}

pub(crate) fn write(folder: &Path, name: &str, bytes: &[u8]) -> Result<()> {
    std::fs::write(folder.join(name), bytes).with_context(|| format!("cannot write {name}"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn addresses_are_those_of_the_signum_that_runs_on_the_data_folder() {
        let var = tempfile::tempdir().unwrap();
        assert!(Services::running(var.path()).is_err());
        std::fs::create_dir(var.path().join("run")).unwrap();
        let text = "instance = \"a1\"\noperator = \"127.0.0.1:9080\"\nidp = \"http://idp.localhost:9081\"\n\
                    signer = \"http://sign.localhost:9082\"\ndemo = \"http://demo.localhost:9083\"\n\
                    pki = \"http://localhost:9084\"\n";
        std::fs::write(var.path().join("run/up.toml"), text).unwrap();
        let services = Services::running(var.path()).unwrap();
        assert_eq!(services.idp.as_str(), "http://idp.localhost:9081/");
        assert_eq!(services.rp.as_str(), "http://demo.localhost:9083/");
    }
}
