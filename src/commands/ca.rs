//! `signum ca issue`: a certificate for a key that somebody else holds, as a card's personalisation asks for it.

mod approval;
mod bulk;
mod change;
mod officers;
pub(super) mod opened;
mod relint;
mod terminate;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::{Args, ValueEnum};
use signum_ca::{LeafRequest, Subject};
use signum_core::contract::{KeyOrigin, PersonName};
use signum_core::{OsRandom, Random};

use self::opened::Opened;
use crate::layout::Layout;

pub use approval::{ApprovalCommand, run as approval};
pub use bulk::{BulkCommand, run as bulk};
pub use change::{ChangeCommand, change};
pub use officers::{OfficersCommand, run as officers};
pub use relint::{Relint, relint};
pub use terminate::{Terminate, terminate};

/// What to issue, to whom.
#[derive(Args)]
pub struct Issue {
    #[arg(long)]
    profile: Profile,
    /// PKCS#10 request, PEM or DER; it proves possession of the key.
    #[arg(long)]
    csr: PathBuf,
    #[arg(long)]
    given_name: String,
    #[arg(long)]
    family_name: String,
    /// Ten digits.
    #[arg(long)]
    personal_number: String,
    /// Serial number (hexadecimal) of the certificate of the same person and profile that this one renews or replaces.
    #[arg(long)]
    follows: Option<String>,
    /// Where to write the certificate with its chain, PEM, leaf first.
    #[arg(long, required_unless_present = "subject")]
    out: Option<PathBuf>,
    /// Issue nothing; print what two officers agree to (`signum ca approval ask --ca-key-use`).
    #[arg(long, conflicts_with = "out")]
    subject: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Profile {
    CitizenAuthentication,
    CitizenSignature,
}

/// Issues and writes; the key ceremony was held by `signum up`.
pub async fn issue(file: Option<&Path>, var: &Path, issue: Issue) -> Result<()> {
    let settings = super::configuration(file)?;
    let mut config = settings.clone();
    // Whoever may run this command answers for the key; the services' own requests must prove where it was made.
    config.ca.signature_keys_of_unknown_origin = true;
    let person = PersonName {
        given_name: issue.given_name,
        surname: issue.family_name,
        personal_number: issue.personal_number,
    };
    let random: &dyn Random = &OsRandom;
    let request = LeafRequest {
        idempotency_key: random.bytes(),
        subject: match issue.profile {
            Profile::CitizenAuthentication => Subject::Authentication(person),
            Profile::CitizenSignature => Subject::Signature(person),
        },
        pkcs10: read_request(&issue.csr)?,
        // Nothing here shows where the key was made.
        key_origin: KeyOrigin::Unknown,
        ends_by: None,
        desk: None,
    };
    let follows = issue.follows.as_deref().map(hex::decode).transpose();
    let follows = follows.context("--follows is not hexadecimal")?;
    let layout = Layout::create(var)?;
    if issue.subject {
        let (subject, summary) = change::open(file, var)
            .await?
            .command_subject(&request, follows.as_deref())?;
        println!("{}\n{summary}", hex::encode(subject));
        return Ok(());
    }
    let out = issue.out.context("--out")?;
    let opened = Opened::open(&config, &layout).await?;
    let issued = async {
        // As the service does at each start: changed settings take the approval of two officers before they shape anything.
        opened.settle_settings(&settings, &layout).await?;
        Ok::<_, anyhow::Error>(opened.ca.issue_by_command(&request, follows.as_deref()).await?)
    };
    let issued = issued.await;
    opened.close().await;
    let issued = issued?;
    let pem: String = std::iter::once(&issued.certificate)
        .chain(&issued.chain)
        .map(|der| pem(der))
        .collect();
    std::fs::write(&out, pem).with_context(|| format!("cannot write {}", out.display()))?;
    println!("{}", out.display());
    Ok(())
}

fn read_request(path: &Path) -> Result<Vec<u8>> {
    let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    if bytes.starts_with(b"-----BEGIN") {
        let (_, der) = der::pem::decode_vec(&bytes).map_err(|error| anyhow::anyhow!("{}: {error}", path.display()))?;
        return Ok(der);
    }
    Ok(bytes)
}

fn pem(der: &[u8]) -> String {
    der::pem::encode_string("CERTIFICATE", der::pem::LineEnding::LF, der).unwrap_or_default()
}
