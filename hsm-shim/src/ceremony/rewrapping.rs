//! People's keys from an old KEK to a new one, in batches, inside the ceremony process.
//!
//! One approval lasts as long as the process. If that ends early, the rows done so far are done, and the rest waits for
//! another ceremony.

use std::io::{Read, Write};
use std::path::Path;

use super::{Address, Answer, Backup, Order, Process, RewrapPlan, approve};
use crate::approval::Deed;
use crate::backup::epoch_of;
use crate::error::HsmError;
use crate::frames::{FrameError, read_message, write_message};
use crate::token::Token;
use crate::wrap::{Kek, WrappedKey};

/// Rows that go at a time.
pub const LARGEST_BATCH: usize = 100;

/// What becomes of each row of a batch, in its order: a row of the new epoch that has signed, or why the old one stays.
type Batch = Vec<Result<WrappedKey, HsmError>>;

/// The process's side: the old KEK in a session, the new one in the token.
pub(super) struct Rewrapper {
    token: Token,
    from: Kek,
    to: Kek,
    binding_mac: String,
}

impl Rewrapper {
    /// The new KEK is looked at before the approvals are spent, the old one is unlocked by them.
    pub(super) fn open(address: Address, file: &str, officers: &Path, plan: &RewrapPlan) -> Result<Self, HsmError> {
        let (token, backup) = (address.open()?, Backup::parse(&plan.backup)?);
        let (old, (label, epoch)) = (epoch_of(&backup.object)?, epoch_of(&plan.to)?);
        if old.0 != label || old.1 >= epoch {
            return Err(HsmError::PolicyDenied("re-wrapping goes to a later epoch".into()));
        }
        let to = token.pinned_kek(label, epoch, &plan.to_check)?;
        token.mac(&plan.binding_mac, b"")?;
        backup.copy_for(&token.public_key(&plan.transport)?)?;
        let approved = approve(&token, Deed::Rewrap, file, officers, &plan.details()?)?;
        let from = token.load_for_rewrapping(&approved, &backup, &plan.transport)?;
        Ok(Self {
            token,
            from,
            to,
            binding_mac: plan.binding_mac.clone(),
        })
    }

    /// Answers batches until the input ends.
    pub(super) fn serve(&self, input: &mut impl Read, output: &mut impl Write) -> Result<(), FrameError> {
        loop {
            let batch: Vec<WrappedKey> = match read_message(input) {
                Ok(batch) => batch,
                Err(FrameError::Io(end)) if end.kind() == std::io::ErrorKind::UnexpectedEof => return Ok(()),
                Err(error) => return Err(error),
            };
            let answers: Result<Batch, HsmError> = if batch.len() > LARGEST_BATCH {
                Err(HsmError::Misconfigured(format!(
                    "a batch has {LARGEST_BATCH} rows at most"
                )))
            } else {
                Ok(batch.iter().map(|row| self.rewrap(row)).collect())
            };
            write_message(output, &answers)?;
        }
    }

    fn rewrap(&self, row: &WrappedKey) -> Result<WrappedKey, HsmError> {
        self.token.rewrap(&self.from, &self.to, &self.binding_mac, row)
    }
}

/// The parent's side of a re-wrapping ceremony under way.
pub struct Rewrapping {
    process: Process,
}

impl Rewrapping {
    /// Starts the process and gives it the order; returns when it has checked the approvals and holds both KEKs.
    pub fn begin(executable: &Path, env: &[(String, String)], order: &Order) -> Result<Self, HsmError> {
        let mut process = Process::start(executable, env)?;
        match process.ask(order) {
            Some(Ok(Answer::Ready)) => Ok(Self { process }),
            Some(Ok(_)) => Err(HsmError::Misconfigured("the order was not to re-wrap".into())),
            Some(Err(error)) => process.end().and(Err(error)),
            None => Err(HsmError::down(format!("ceremony: {}", process.end()?))),
        }
    }

    /// At most [`LARGEST_BATCH`] rows; the answers are in their order.
    pub fn batch(&mut self, rows: &[WrappedKey]) -> Result<Batch, HsmError> {
        let answers: Batch = match self.process.ask(&rows) {
            Some(answers) => answers?,
            None => return Err(HsmError::down("the ceremony's process ended")),
        };
        if answers.len() == rows.len() {
            Ok(answers)
        } else {
            Err(HsmError::down("the ceremony's process answered for other rows"))
        }
    }

    /// Ends the process, and with it the old KEK's session.
    pub fn end(self) -> Result<(), HsmError> {
        let ended = self.process.end()?;
        if ended.success() {
            Ok(())
        } else {
            Err(HsmError::down(format!("ceremony: {ended}")))
        }
    }
}
