//! The loaded PKCS#11 module: one `C_Initialize` per process and path (PKCS#11 v2.40 section 5.4), shared by all its tokens.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread;
use std::time::Duration;

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::error::{Error, RvError};
use cryptoki::slot::Slot;

use crate::capabilities::TokenFacts;
use crate::error::HsmError;
use crate::raw::Functions;
use crate::token::fault::Fault;

const LOOKS: u32 = 5;
const BETWEEN_LOOKS: Duration = Duration::from_millis(20);

/// A module in this process.
pub(crate) struct Module {
    pub(crate) path: PathBuf,
    pub(crate) context: Pkcs11,
    /// Tokens whose PIN was refused: no login is tried again in this process.
    latched: Mutex<BTreeSet<String>>,
    /// Loaded when first needed.
    functions: OnceLock<Functions>,
}

static MODULES: OnceLock<Mutex<BTreeMap<PathBuf, Arc<Module>>>> = OnceLock::new();

impl Module {
    /// Loads and initialises the module, or returns the one loaded before.
    pub(crate) fn load(path: &Path) -> Result<Arc<Self>, HsmError> {
        let modules = MODULES.get_or_init(Mutex::default);
        let mut modules = modules.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(module) = modules.get(path) {
            return Ok(module.clone());
        }
        let context = Pkcs11::new(path).map_err(|_| {
            HsmError::Misconfigured(format!("{}: cannot be loaded as a PKCS#11 module", path.display()))
        })?;
        let module = Arc::new(Self {
            path: path.to_owned(),
            context,
            latched: Mutex::default(),
            functions: OnceLock::new(),
        });
        module.initialize()?;
        modules.insert(path.to_owned(), module.clone());
        Ok(module)
    }

    /// Always with `CKF_OS_LOCKING_OK`: SoftHSM takes no locks at all without it.
    pub(crate) fn initialize(&self) -> Result<(), HsmError> {
        match self
            .context
            .initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK))
        {
            Ok(()) | Err(Error::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => Ok(()),
            Err(error) => Err(Fault::Module(error).into()),
        }
    }

    /// The slot of exactly one initialised token of this label. Slot numbers are not kept: SoftHSM renumbers them. Several looks,
    /// since SoftHSM reads a token's file again when another process has logged in, and may find it half written.
    pub(crate) fn slot(&self, label: &str) -> Result<Slot, HsmError> {
        let mut found = self.labelled(label)?;
        for _ in 1..LOOKS {
            if !found.is_empty() {
                break;
            }
            thread::sleep(BETWEEN_LOOKS);
            found = self.labelled(label)?;
        }
        let mut slots = found.into_iter();
        match (slots.next(), slots.next()) {
            (Some(slot), None) => Ok(slot),
            (None, _) => Err(HsmError::Misconfigured(format!("no token {label}"))),
            (Some(_), Some(_)) => Err(HsmError::Misconfigured(format!("more than one token {label}"))),
        }
    }

    /// All slots whose token carries this label.
    pub(crate) fn labelled(&self, label: &str) -> Result<Vec<Slot>, HsmError> {
        let slots = self.context.get_slots_with_token().map_err(Fault::from)?;
        let carries = |slot: &Slot| {
            self.context
                .get_token_info(*slot)
                .is_ok_and(|token| token.token_initialized() && token.label().trim_end() == label)
        };
        Ok(slots.into_iter().filter(carries).collect())
    }

    /// As [`labelled`](Self::labelled), looking several times while nobody in this process uses the module. SoftHSM reads its
    /// tokens when it is initialised, and writes a token's file anew at each login of any process: who looks just then sees none.
    pub(crate) fn look_for(self: &Arc<Self>, label: &str) -> Result<Vec<Slot>, HsmError> {
        for _ in 0..LOOKS {
            let found = self.labelled(label)?;
            // One is the caller's, one the list's.
            if !found.is_empty() || Arc::strong_count(self) > 2 {
                return Ok(found);
            }
            thread::sleep(BETWEEN_LOOKS);
            self.context.clone().finalize().map_err(Fault::from)?;
            self.initialize()?;
        }
        self.labelled(label)
    }

    /// The calls that cryptoki lacks.
    pub(crate) fn functions(&self) -> Result<&Functions, Fault> {
        match self.functions.get() {
            Some(functions) => Ok(functions),
            None => {
                let loaded = Functions::load(&self.path)?;
                Ok(self.functions.get_or_init(|| loaded))
            }
        }
    }

    /// Who the token of a slot is.
    pub(crate) fn token_facts(&self, slot: Slot) -> Result<TokenFacts, HsmError> {
        let info = self.context.get_token_info(slot).map_err(Fault::from)?;
        Ok(TokenFacts {
            label: info.label().trim_end().to_owned(),
            manufacturer: info.manufacturer_id().trim_end().to_owned(),
            model: info.model().trim_end().to_owned(),
            serial: info.serial_number().trim_end().to_owned(),
            firmware: info.firmware_version().to_string(),
        })
    }

    pub(crate) fn is_latched(&self, token: &str) -> bool {
        self.latched
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .contains(token)
    }

    pub(crate) fn latch(&self, token: &str) {
        self.latched
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(token.to_owned());
    }
}
