//! The process `signum-hsm-ceremony`: looks at a token, or does what officers have approved, once, and ends.
//!
//! One order on standard input, one answer on standard output. Services' workers refuse all of this; here the approvals are
//! checked beside the PKCS#11 session, against the list of officers that this process reads itself.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use crate::approval::{Approved, Ceremony, CeremonyFile, Deed, Quorum};
use crate::attest::KeyReport;
use crate::backup::{Backup, Guard, transports_detail};
use crate::capabilities::{Capabilities, Rate};
use crate::error::HsmError;
use crate::frames::{read_message, write_message};
use crate::key::{KeyAlgorithm, PublicKey};
use crate::token::{Token, TokenConfig};
use crate::uri::Pkcs11Uri;

/// What to do.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Order {
    /// What a token can do; with `rates`, how fast.
    Inspect { address: Address, rates: bool },
    /// Its keys, each with its attributes.
    Keys(Address),
    /// Make the key under which backups travel to it.
    MakeTransport { address: Address, label: String },
    /// Make a guard with its backups. `file` is the ceremony's text, `officers` the list to hold it against.
    Backup {
        address: Address,
        file: String,
        officers: PathBuf,
        guard: Guard,
        transports: Vec<PublicKey>,
    },
    /// Put a guard back out of its backup (the file's text).
    Restore {
        address: Address,
        file: String,
        officers: PathBuf,
        backup: String,
        transport: String,
    },
    /// Make a key pair of the token.
    Generate {
        address: Address,
        file: String,
        officers: PathBuf,
        algorithm: KeyAlgorithm,
    },
    /// Destroy a key.
    Destroy {
        address: Address,
        file: String,
        officers: PathBuf,
    },
}

/// Which token: as configured, or by a PKCS#11 address that has module and PIN source.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Address {
    Configured(TokenConfig),
    Uri(String),
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Answer {
    Inspection {
        capabilities: Box<Capabilities>,
        rates: Vec<Rate>,
        /// Whether the canary key signs; none if the token has no canary key.
        signs: Option<bool>,
    },
    Keys(Vec<KeyReport>),
    PublicKey(PublicKey),
    Backup(Box<Backup>),
    Done,
}

/// The whole life of the process.
pub fn run() -> ExitCode {
    let order = read_message(&mut io::stdin().lock());
    let answer = match order {
        Ok(order) => perform(order),
        Err(error) => Err(HsmError::Misconfigured(format!("order: {error}"))),
    };
    match write_message(&mut io::stdout().lock(), &answer) {
        Ok(()) if answer.is_ok() => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}

/// Gives `order` to a process of its own and waits for its answer. `env` is its whole environment.
pub fn apart(executable: &Path, env: &[(String, String)], order: &Order) -> Result<Answer, HsmError> {
    let failed = |error: &dyn std::fmt::Display| HsmError::down(format!("{}: {error}", executable.display()));
    let mut child = Command::new(executable)
        .env_clear()
        .envs(env.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| HsmError::Misconfigured(format!("{}: {error}", executable.display())))?;
    let (Some(mut stdin), Some(mut stdout)) = (child.stdin.take(), child.stdout.take()) else {
        return Err(failed(&"no pipes"));
    };
    let said = write_message(&mut stdin, order).and_then(|()| read_message::<Result<Answer, HsmError>>(&mut stdout));
    drop(stdin);
    let ended = child.wait().map_err(|error| failed(&error))?;
    match said {
        Ok(answer) => answer,
        Err(_) => Err(failed(&ended)),
    }
}

/// Does it in this process.
pub fn perform(order: Order) -> Result<Answer, HsmError> {
    match order {
        Order::Inspect { address, rates } => {
            let token = address.open()?;
            let signs = match token.health() {
                Err(HsmError::KeyNotFound(_)) => None,
                other => Some(other.is_ok()),
            };
            Ok(Answer::Inspection {
                capabilities: Box::new(token.capabilities()?),
                rates: if rates { token.measure()? } else { Vec::new() },
                signs,
            })
        }
        Order::Keys(address) => address.open()?.keys().map(Answer::Keys),
        Order::MakeTransport { address, label } => address.open()?.make_transport_key(&label).map(Answer::PublicKey),
        Order::Backup {
            address,
            file,
            officers,
            guard,
            transports,
        } => {
            let token = address.open()?;
            let about = [("transports", transports_detail(&transports))];
            let approved = approve(&token, Deed::BackupKek, &file, &officers, &about)?;
            let object = approved.ceremony().object.clone();
            let backup = token.generate_backed_up(approved, guard, &object, &transports)?;
            Ok(Answer::Backup(Box::new(backup)))
        }
        Order::Restore {
            address,
            file,
            officers,
            backup,
            transport,
        } => {
            let (token, backup) = (address.open()?, Backup::parse(&backup)?);
            let about = [("check", backup.check.to_string())];
            let approved = approve(&token, Deed::RestoreKek, &file, &officers, &about)?;
            token.restore(approved, &backup, &transport).map(|()| Answer::Done)
        }
        Order::Generate {
            address,
            file,
            officers,
            algorithm,
        } => {
            let token = address.open()?;
            let about = [("algorithm", algorithm.name().to_owned())];
            let approved = approve(&token, Deed::Generate, &file, &officers, &about)?;
            token
                .generate(&approved.ceremony().object, algorithm)
                .map(Answer::PublicKey)
        }
        Order::Destroy {
            address,
            file,
            officers,
        } => {
            let token = address.open()?;
            let approved = approve(&token, Deed::Destroy, &file, &officers, &[])?;
            token.destroy(&approved.ceremony().object).map(|()| Answer::Done)
        }
    }
}

/// Holds the file against what this process is about to do with this token. The key's label is the file's own: it is shown
/// to the officers and covered by their gestures.
fn approve(
    token: &Token,
    deed: Deed,
    file: &str,
    officers: &Path,
    about: &[(&str, String)],
) -> Result<Approved, HsmError> {
    let file = CeremonyFile::parse(file)?;
    let mut asked = Ceremony::asked(deed, token.label(), &file.ceremony.object);
    for (name, value) in about {
        asked.details.insert((*name).to_owned(), value.clone());
    }
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = now.ok().and_then(|now| i64::try_from(now.as_secs()).ok());
    let now = now.ok_or_else(|| HsmError::Misconfigured("the clock is before 1970".into()))?;
    Ok(Quorum::load(officers)?.approve(&file, &asked, now)?)
}

impl Address {
    fn open(self) -> Result<Token, HsmError> {
        match self {
            Self::Configured(config) => Token::open(config),
            Self::Uri(text) => Token::open_address(&text.parse::<Pkcs11Uri>()?),
        }
    }
}
