//! The keys that guard people's keys: KEKs by epoch, binding and seal key. Made at first use, or in a ceremony and pinned.

use signum_hsm_shim::HsmError;
use signum_hsm_shim::backup::CheckValue;
use signum_hsm_shim::token::Token;
use signum_hsm_shim::wrap::Kek;

use crate::config::{ConfigError, ModuleConfig};
use crate::module::{BINDING_KEY, KEK};
use crate::protocol::Refusal;
use crate::seal::SEAL_KEY;

/// The generation that the module makes itself.
const EPOCH: u32 = 1;

/// Makes the keys that no ceremony made; a pinned one must be there. Repeating it changes nothing.
pub(crate) fn make(config: &ModuleConfig, token: &Token) -> Result<(), HsmError> {
    if config.keks.is_empty() {
        token.ensure_kek(KEK, EPOCH)?;
    }
    for (label, check) in mac_keys(config) {
        match check {
            Some(check) => token.pinned_mac_key(label, check)?,
            None => token.ensure_mac_key(label)?,
        }
    }
    Ok(())
}

fn mac_keys(config: &ModuleConfig) -> [(&'static str, Option<&CheckValue>); 2] {
    [
        (BINDING_KEY, config.binding_key_check.as_ref()),
        (SEAL_KEY, config.seal_key_check.as_ref()),
    ]
}

/// KEKs that were tried out at start, oldest first.
pub(crate) struct Keks {
    newest: Kek,
    older: Vec<Kek>,
}

impl Keks {
    /// Every pinned KEK must be in the token; the module's own of epoch 1 stays good for its keys beside them.
    pub(crate) fn open(config: &ModuleConfig, token: &Token) -> Result<Self, ConfigError> {
        for (label, check) in mac_keys(config) {
            match check {
                Some(check) => token.pinned_mac_key(label, check)?,
                None => token.mac(label, b"").map(drop)?,
            }
        }
        let mut all = Vec::new();
        if !config.keks.iter().any(|kek| kek.epoch == EPOCH) {
            match token.find_kek(KEK, EPOCH) {
                Ok(own) => all.push(own),
                Err(HsmError::KeyNotFound(_)) if config.keks.is_empty() => all.push(token.ensure_kek(KEK, EPOCH)?),
                Err(HsmError::KeyNotFound(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        for pinned in &config.keks {
            all.push(token.pinned_kek(KEK, pinned.epoch, &pinned.check)?);
        }
        all.sort_by_key(|kek| kek.epoch);
        let newest = all.pop().ok_or(HsmError::KeyNotFound(KEK.into()))?;
        Ok(Self { newest, older: all })
    }

    /// What new keys are wrapped under.
    pub(crate) fn newest(&self) -> &Kek {
        &self.newest
    }

    pub(crate) fn of(&self, epoch: u32) -> Result<&Kek, Refusal> {
        let mut all = self.older.iter().chain([&self.newest]);
        let found = all.find(|kek| kek.epoch == epoch);
        found.ok_or_else(|| Refusal::Key("of another KEK generation".into()))
    }
}
