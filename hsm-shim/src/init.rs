//! First use of a token: `C_InitToken`, `C_InitPIN`, the canary key, PIN files and SoftHSM's configuration.

use std::fs;
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use cryptoki::session::UserType;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::error::HsmError;
use crate::token::fault::Fault;
use crate::token::kept;
use crate::token::module::Module;
use crate::token::{PinSource, Token, TokenConfig};

/// A token to be made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewToken {
    pub module: PathBuf,
    pub label: String,
    pub so_pin: PinSource,
    pub user_pin: PinSource,
}

/// Initialises the first free slot as a token of this label and makes its canary key.
///
/// [`HsmError::AlreadyExists`] when a token carries the label: an existing token is never initialised again.
pub fn init_token(new: &NewToken) -> Result<(), HsmError> {
    let module = Module::load(&new.module)?;
    if !module.look_for(&new.label)?.is_empty() || kept::put_back(&new.module, &new.label) {
        return Err(HsmError::AlreadyExists(new.label.clone()));
    }
    if new.label.is_empty() || new.label.len() > 32 {
        return Err(HsmError::Misconfigured("a token label has 1 to 32 octets".into()));
    }
    let (so_pin, user_pin) = (new.so_pin.read()?, new.user_pin.read()?);
    let slots = module.context.get_slots_with_token().map_err(Fault::from)?;
    let free = slots.into_iter().find(|slot| {
        let info = module.context.get_token_info(*slot);
        info.is_ok_and(|token| !token.token_initialized())
    });
    let free = free.ok_or_else(|| HsmError::Misconfigured("the module has no free slot".into()))?;
    module
        .context
        .init_token(free, &so_pin, &new.label)
        .map_err(Fault::from)?;
    // SoftHSM gives the token another slot number now: find it again by its label.
    let slot = module.slot(&new.label)?;
    {
        let session = module.context.open_rw_session(slot).map_err(Fault::from)?;
        session.login(UserType::So, Some(&so_pin)).map_err(Fault::from)?;
        session.init_pin(&user_pin).map_err(Fault::from)?;
        session.logout().map_err(Fault::from)?;
    }
    let token = Token::open(TokenConfig {
        module: new.module.clone(),
        token: new.label.clone(),
        pin: new.user_pin.clone(),
        sessions: 1,
    })?;
    token.ensure_canary()
}

/// Writes a fresh PIN (32 hexadecimal digits, 128 bits of `random`) into a new file of mode 0600.
///
/// [`HsmError::AlreadyExists`] when the file is there: a PIN is never overwritten.
pub fn create_pin_file(path: &Path, random: impl FnOnce(&mut [u8])) -> Result<PinSource, HsmError> {
    let failed = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => HsmError::AlreadyExists(path.display().to_string()),
        kind => HsmError::Misconfigured(format!("{}: {kind}", path.display())),
    };
    let mut bytes = Zeroizing::new([0_u8; 16]);
    random(bytes.as_mut_slice());
    let text = Zeroizing::new(hex::encode(bytes.as_slice()));
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .map_err(failed)?;
    file.write_all(text.as_bytes()).map_err(failed)?;
    file.sync_all().map_err(failed)?;
    // The name is in the folder: without this a power cut could take the PIN of a token that is there.
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = fs::File::open(folder.unwrap_or(Path::new("."))).map_err(failed)?;
    folder.sync_all().map_err(failed)?;
    Ok(PinSource::File(path.to_owned()))
}

/// Writes `DIR/softhsm2.conf` for tokens under `DIR/tokens` (mode 0700) and returns its path, the value of the environment
/// variable `SOFTHSM2_CONF` for every process that opens the module.
pub fn softhsm_conf(dir: &Path) -> std::io::Result<PathBuf> {
    let tokens = dir.join("tokens");
    fs::DirBuilder::new().recursive(true).mode(0o700).create(&tokens)?;
    let tokens = fs::canonicalize(tokens)?;
    let path = dir.join("softhsm2.conf");
    let text = format!(
        "directories.tokendir = {}\nobjectstore.backend = file\nlog.level = ERROR\nslots.removable = false\n",
        tokens.display()
    );
    fs::write(&path, text)?;
    fs::canonicalize(path)
}
