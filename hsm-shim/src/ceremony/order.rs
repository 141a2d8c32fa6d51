//! What the ceremony process is told, and what it answers.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::attest::KeyReport;
use crate::backup::{Backup, CheckValue, Guard};
use crate::capabilities::{Capabilities, Rate};
use crate::error::HsmError;
use crate::half_made::HalfMade;
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
    /// Key pairs whose making broke off.
    HalfMade(Address),
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
    /// Make the KEK of the next epoch; its backup goes to `transports`, if there are any.
    RotateKek {
        address: Address,
        file: String,
        officers: PathBuf,
        transports: Vec<PublicKey>,
    },
    /// Be ready to wrap people's keys anew: answered by [`Answer::Ready`], followed by batches
    /// ([`Rewrapping`](super::Rewrapping)).
    Rewrap {
        address: Address,
        file: String,
        officers: PathBuf,
        plan: Box<RewrapPlan>,
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

impl Order {
    /// The token it is about.
    pub fn address(&self) -> &Address {
        match self {
            Self::Keys(address)
            | Self::HalfMade(address)
            | Self::Inspect { address, .. }
            | Self::MakeTransport { address, .. }
            | Self::Backup { address, .. }
            | Self::RotateKek { address, .. }
            | Self::Rewrap { address, .. }
            | Self::Restore { address, .. }
            | Self::Generate { address, .. }
            | Self::Destroy { address, .. } => address,
        }
    }
}

/// From which KEK to which people's keys go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RewrapPlan {
    /// The old KEK's backup, as text.
    pub backup: String,
    /// Label of this token's transport key, under which the backup came.
    pub transport: String,
    /// Label of the new KEK; it lies in this token.
    pub to: String,
    /// Its check value.
    pub to_check: CheckValue,
    /// Label of the key that binds rows; it lies in this token.
    pub binding_mac: String,
}

impl RewrapPlan {
    /// What the officers approve besides the old KEK's label: both check values and the labels, by name.
    pub fn details(&self) -> Result<[(&'static str, String); 4], HsmError> {
        Ok([
            ("check", Backup::parse(&self.backup)?.check.to_string()),
            ("to", self.to.clone()),
            ("to-check", self.to_check.to_string()),
            ("binding-key", self.binding_mac.clone()),
        ])
    }
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
    HalfMade(Vec<HalfMade>),
    PublicKey(PublicKey),
    Backup(Box<Backup>),
    /// Batches may come.
    Ready,
    Done,
}

impl Address {
    pub(super) fn open(self) -> Result<Token, HsmError> {
        match self {
            Self::Configured(config) => Token::open(config),
            Self::Uri(text) => Token::open_address(&text.parse::<Pkcs11Uri>()?),
        }
    }
}
