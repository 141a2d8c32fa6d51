//! A token by its PKCS#11 address (RFC 7512): every attribute that is given must fit, or the PIN is not even read.

use crate::error::HsmError;
use crate::token::module::Module;
use crate::token::{PinSource, Token, TokenConfig};
use crate::uri::Pkcs11Uri;

impl Token {
    /// Opens the token of an address that has `token`, `module-path` and `pin-source`; one session.
    pub fn open_address(uri: &Pkcs11Uri) -> Result<Self, HsmError> {
        let config = TokenConfig::of_address(uri)?;
        let module = Module::load(&config.module)?;
        let slot = module.slot(&config.token)?;
        if !uri.matches(&module.token_facts(slot)?, slot.id()) {
            let why = format!("token {} is not the one the address describes", config.token);
            return Err(HsmError::Misconfigured(why));
        }
        Self::open(config)
    }
}

impl TokenConfig {
    /// What an address says of module, token and PIN.
    pub fn of_address(uri: &Pkcs11Uri) -> Result<Self, HsmError> {
        let missing = |what: &str| HsmError::Misconfigured(format!("the address has no {what}"));
        let pin = uri.pin_source.as_ref().ok_or_else(|| missing("pin-source"))?;
        Ok(Self {
            module: uri.module_path.clone().ok_or_else(|| missing("module-path"))?,
            token: uri.token.clone().ok_or_else(|| missing("token"))?,
            pin: PinSource::of_uri(pin)?,
            sessions: 1,
        })
    }
}
