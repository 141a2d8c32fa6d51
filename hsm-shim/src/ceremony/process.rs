//! The ceremony process as its parent sees it.

use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::HsmError;
use crate::frames::{read_message, write_message};

/// Ends when its standard input does.
pub(super) struct Process {
    child: Child,
    input: ChildStdin,
    output: ChildStdout,
}

impl Process {
    /// `env` is its whole environment.
    pub(super) fn start(executable: &Path, env: &[(String, String)]) -> Result<Self, HsmError> {
        let mut child = Command::new(executable)
            .env_clear()
            .envs(env.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| HsmError::Misconfigured(format!("{}: {error}", executable.display())))?;
        match (child.stdin.take(), child.stdout.take()) {
            (Some(input), Some(output)) => Ok(Self { child, input, output }),
            _ => Err(HsmError::down(format!("{}: no pipes", executable.display()))),
        }
    }

    /// None if the process ended instead.
    pub(super) fn ask<A: DeserializeOwned>(&mut self, message: &impl Serialize) -> Option<Result<A, HsmError>> {
        write_message(&mut self.input, message).ok()?;
        read_message(&mut self.output).ok()
    }

    pub(super) fn end(mut self) -> Result<ExitStatus, HsmError> {
        drop(self.input);
        self.child.wait().map_err(|error| HsmError::down(error.to_string()))
    }
}
