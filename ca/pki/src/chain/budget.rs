//! Bounds on the work of one validation, so that no set of certificates costs more than a moment (CVE-2018-16875,
//! CVE-2023-0464, GHSA-fh2r-99q2-6mmg are searches without such bounds).

use super::ChainError;

/// Honest paths need under ten signatures, twenty steps and a thousand comparisons.
pub(super) struct Budget {
    signatures: u32,
    steps: u32,
    comparisons: u32,
}

impl Default for Budget {
    fn default() -> Self {
        Self {
            signatures: 100,
            steps: 2_000,
            comparisons: 100_000,
        }
    }
}

impl Budget {
    pub fn signature(&mut self) -> Result<(), ChainError> {
        spend(&mut self.signatures, 1, "signatures")
    }
    /// One certificate is considered as an issuer.
    pub fn step(&mut self) -> Result<(), ChainError> {
        spend(&mut self.steps, 1, "steps")
    }
    /// Names are compared with constraints.
    pub fn comparisons(&mut self, count: usize) -> Result<(), ChainError> {
        spend(
            &mut self.comparisons,
            u32::try_from(count).unwrap_or(u32::MAX),
            "name comparisons",
        )
    }
}

fn spend(left: &mut u32, count: u32, what: &'static str) -> Result<(), ChainError> {
    *left = left.checked_sub(count).ok_or(ChainError::Budget(what))?;
    Ok(())
}
