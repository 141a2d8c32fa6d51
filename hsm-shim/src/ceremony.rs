//! The process `signum-hsm-ceremony`: looks at a token, or does what officers have approved, once, and ends.
//!
//! One order on standard input, one answer on standard output; after the order to re-wrap, batches of rows and their answers
//! until standard input ends. Services' workers refuse all of this; here the approvals are checked beside the PKCS#11
//! session, against the list of officers that this process reads itself.

mod order;
mod process;
mod rewrapping;

use std::io;
use std::path::Path;
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::approval::{Approved, Ceremony, CeremonyFile, Deed, Quorum};
use crate::backup::{Backup, transports_detail};
use crate::error::HsmError;
use crate::frames::{read_message, write_message};
use crate::token::Token;

pub use order::{Address, Answer, Order, RewrapPlan};
use process::Process;
use rewrapping::Rewrapper;
pub use rewrapping::{LARGEST_BATCH, Rewrapping};

/// The detail of a ceremony to destroy a secret key: how many wrapped keys need it. Only `0` is destroyed.
pub const ROWS_LEFT: &str = "rows-left";

/// The whole life of the process.
pub fn run() -> ExitCode {
    let (mut input, mut output) = (io::stdin().lock(), io::stdout().lock());
    let mut batches = None;
    let answer = match read_message(&mut input) {
        Ok(Order::Rewrap {
            address,
            file,
            officers,
            plan,
        }) => Rewrapper::open(address, &file, &officers, &plan).map(|opened| {
            batches = Some(opened);
            Answer::Ready
        }),
        Ok(order) => perform(order),
        Err(error) => Err(HsmError::Misconfigured(format!("order: {error}"))),
    };
    let mut said = write_message(&mut output, &answer);
    if let (Ok(()), Some(rewrapper)) = (&said, batches) {
        said = rewrapper.serve(&mut input, &mut output);
    }
    match said {
        Ok(()) if answer.is_ok() => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}

/// Gives `order` to a process of its own and waits for its answer. `env` is its whole environment.
pub fn apart(executable: &Path, env: &[(String, String)], order: &Order) -> Result<Answer, HsmError> {
    let mut process = Process::start(executable, env)?;
    let answer = process.ask(order);
    let ended = process.end()?;
    match answer {
        Some(answer) => answer,
        None => Err(HsmError::down(format!("{}: {ended}", executable.display()))),
    }
}

/// Does it in this process.
fn perform(order: Order) -> Result<Answer, HsmError> {
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
        Order::HalfMade(address) => address.open()?.half_made().map(Answer::HalfMade),
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
        Order::RotateKek {
            address,
            file,
            officers,
            transports,
        } => {
            let token = address.open()?;
            // First, so that a slip of the pen costs no approvals.
            token.check_rotation(&CeremonyFile::parse(&file)?.ceremony.object)?;
            let named = (!transports.is_empty()).then(|| ("transports", transports_detail(&transports)));
            let approved = approve(&token, Deed::RotateKek, &file, &officers, named.as_slice())?;
            let object = approved.ceremony().object.clone();
            let made = token.rotate_kek(approved, &object, &transports)?;
            Ok(Answer::Backup(Box::new(made)))
        }
        Order::Rewrap { .. } => Err(HsmError::Misconfigured("re-wrapping takes batches".into())),
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
            let object = CeremonyFile::parse(&file)?.ceremony.object;
            // What guards wrapped keys goes only when the officers were told that no row needs it.
            let told = token.holds_secret(&object)?.then(|| (ROWS_LEFT, "0".to_owned()));
            let approved = approve(&token, Deed::Destroy, &file, &officers, told.as_slice())?;
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
