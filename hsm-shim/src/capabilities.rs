//! What a module and its token can do, asked of themselves, and what Signum makes of it (PKCS#11 v2.40 section 5.5).

mod faults;
mod rates;

use cryptoki::slot::{Limit, TokenInfo};
use cryptoki_sys::{CKF_UNWRAP, CKF_WRAP};
use serde::{Deserialize, Serialize};

use crate::error::HsmError;
use crate::key::{KeyAlgorithm, SignatureAlgorithm};
use crate::token::Token;
use crate::token::fault::Fault;
use crate::wrap::WrapMechanism;

pub use rates::Rate;

/// Who made the module (`C_GetInfo`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModuleFacts {
    pub manufacturer: String,
    pub description: String,
    pub version: String,
    /// The Cryptoki version it speaks.
    pub cryptoki: String,
}

/// Which token (`C_GetTokenInfo`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenFacts {
    pub label: String,
    pub manufacturer: String,
    pub model: String,
    pub serial: String,
    pub firmware: String,
}

/// What the token limits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Sessions at most; none where the token has no limit or does not say.
    pub sessions: Option<u64>,
    pub shortest_pin: usize,
    pub longest_pin: usize,
}

/// One mechanism of the token (`C_GetMechanismInfo`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MechanismFacts {
    /// `CKM_...`.
    pub code: u64,
    /// Its name, if it is one that Signum knows.
    pub name: Option<String>,
    /// Key sizes, in the mechanism's own unit (bits or octets).
    pub smallest_key: u64,
    pub largest_key: u64,
    /// It wraps and unwraps keys.
    pub wraps: bool,
}

/// The whole report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capabilities {
    pub module: ModuleFacts,
    pub token: TokenFacts,
    pub limits: Limits,
    pub mechanisms: Vec<MechanismFacts>,
    /// Key pairs the token can make.
    pub keys: Vec<KeyAlgorithm>,
    /// How it can sign.
    pub signatures: Vec<SignatureAlgorithm>,
    /// How people's keys are wrapped here; none where the module has no mechanism that Signum takes.
    pub wrapping: Option<WrapMechanism>,
    /// What is known to be wrong with this module.
    pub warnings: Vec<String>,
}

/// The mechanisms Signum asks about, by code (PKCS#11 v3.1).
const NAMES: [(u64, &str); 22] = [
    (0x0000, "RSA_PKCS_KEY_PAIR_GEN"),
    (0x0001, "RSA_PKCS"),
    (0x0009, "RSA_PKCS_OAEP"),
    (0x000d, "RSA_PKCS_PSS"),
    (0x0040, "SHA256_RSA_PKCS"),
    (0x0043, "SHA256_RSA_PKCS_PSS"),
    (0x001c, "ML_DSA_KEY_PAIR_GEN"),
    (0x001d, "ML_DSA"),
    (0x0250, "SHA256"),
    (0x0251, "SHA256_HMAC"),
    (0x0350, "GENERIC_SECRET_KEY_GEN"),
    (0x1040, "EC_KEY_PAIR_GEN"),
    (0x1041, "ECDSA"),
    (0x1044, "ECDSA_SHA256"),
    (0x1055, "EC_EDWARDS_KEY_PAIR_GEN"),
    (0x1057, "EDDSA"),
    (0x1080, "AES_KEY_GEN"),
    (0x1085, "AES_CBC_PAD"),
    (0x1087, "AES_GCM"),
    (0x2109, "AES_KEY_WRAP"),
    (0x210a, "AES_KEY_WRAP_PAD"),
    (0x210b, "AES_KEY_WRAP_KWP"),
];

impl Token {
    /// Asks module and token what they can do. Whether the wrap mechanism works is proved by
    /// [`ensure_kek`](Token::ensure_kek), which tries it.
    pub fn capabilities(&self) -> Result<Capabilities, HsmError> {
        let mechanisms = self.mechanisms()?;
        let has = |code: u64| mechanisms.iter().any(|m| m.code == code);
        let keys = [
            (KeyAlgorithm::EcP256, 0x1040),
            (KeyAlgorithm::EcP384, 0x1040),
            (KeyAlgorithm::Rsa3072, 0x0000),
            (KeyAlgorithm::Ed25519, 0x1055),
        ];
        let signatures = [
            (SignatureAlgorithm::EcdsaSha256, 0x1041),
            (SignatureAlgorithm::EcdsaSha384, 0x1041),
            (SignatureAlgorithm::RsaPkcs1Sha256, 0x0001),
            (SignatureAlgorithm::RsaPssSha256, 0x000d),
            (SignatureAlgorithm::Ed25519, 0x1057),
        ];
        let module = self.module_facts()?;
        Ok(Capabilities {
            token: self.token_facts()?,
            limits: self.limits()?,
            keys: keys.iter().filter(|(_, code)| has(*code)).map(|(k, _)| *k).collect(),
            signatures: signatures
                .iter()
                .filter(|(_, code)| has(*code))
                .map(|(s, _)| *s)
                .collect(),
            wrapping: preferred(&mechanisms),
            warnings: faults::known(&module, &mechanisms),
            mechanisms,
            module,
        })
    }

    /// The mechanism new keys are wrapped with: AES-GCM, else KWP, else PAD; [`HsmError::Unsupported`] without any.
    pub fn wrap_mechanism(&self) -> Result<WrapMechanism, HsmError> {
        preferred(&self.mechanisms()?)
            .ok_or_else(|| HsmError::Unsupported("wrapping by AES_GCM, AES_KEY_WRAP_KWP or AES_KEY_WRAP_PAD".into()))
    }

    pub(crate) fn module_facts(&self) -> Result<ModuleFacts, HsmError> {
        let info = self.pool.module.context.get_library_info().map_err(Fault::from)?;
        Ok(ModuleFacts {
            manufacturer: info.manufacturer_id().trim_end().to_owned(),
            description: info.library_description().trim_end().to_owned(),
            version: info.library_version().to_string(),
            cryptoki: info.cryptoki_version().to_string(),
        })
    }

    pub(crate) fn token_facts(&self) -> Result<TokenFacts, HsmError> {
        let module = &self.pool.module;
        module.token_facts(module.slot(&self.label)?)
    }

    fn limits(&self) -> Result<Limits, HsmError> {
        let info = self.token_info()?;
        Ok(Limits {
            sessions: match info.max_session_count() {
                Limit::Max(most) => Some(most),
                _ => None,
            },
            shortest_pin: info.min_pin_length(),
            longest_pin: info.max_pin_length(),
        })
    }

    fn token_info(&self) -> Result<TokenInfo, HsmError> {
        let slot = self.pool.module.slot(&self.label)?;
        Ok(self.pool.module.context.get_token_info(slot).map_err(Fault::from)?)
    }

    fn mechanisms(&self) -> Result<Vec<MechanismFacts>, HsmError> {
        let slot = self.pool.module.slot(&self.label)?;
        let functions = self.pool.module.functions()?;
        let mut codes = functions.mechanisms(slot.id())?;
        codes.sort_unstable();
        let mut all = Vec::with_capacity(codes.len());
        for code in codes {
            let info = functions.mechanism_info(slot.id(), code)?;
            let name = NAMES.iter().find(|(known, _)| *known == code);
            all.push(MechanismFacts {
                code,
                name: name.map(|(_, name)| (*name).to_owned()),
                smallest_key: info.ulMinKeySize,
                largest_key: info.ulMaxKeySize,
                wraps: info.flags & CKF_WRAP != 0 && info.flags & CKF_UNWRAP != 0,
            });
        }
        Ok(all)
    }
}

/// SoftHSM 2.6.1 has AES_GCM for data and not for keys: the flags say so.
fn preferred(mechanisms: &[MechanismFacts]) -> Option<WrapMechanism> {
    let order = [WrapMechanism::Gcm, WrapMechanism::Kwp, WrapMechanism::Pad];
    let wraps = |wanted: &WrapMechanism| mechanisms.iter().any(|m| m.code == wanted.code() && m.wraps);
    order.into_iter().find(wraps)
}
