//! What the card's chip keeps without power.

use serde::{Deserialize, Serialize};

/// The two keys, each in an application of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// Key reference 81 in ADF1, used after PIN1.
    Authentication,
    /// Key reference 9F in ADF2, used once after PIN2.
    Signature,
}

impl Key {
    /// The key a reference of MSE or of our personalisation commands names.
    pub fn referenced(reference: u8) -> Option<Self> {
        match reference {
            0x81 => Some(Self::Authentication),
            0x9f => Some(Self::Signature),
            _ => None,
        }
    }
}

/// The three secrets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Secret {
    Pin1,
    Pin2,
    Puk,
}

impl Secret {
    /// The secret a P2 of VERIFY, CHANGE and RESET names.
    pub fn referenced(reference: u8) -> Option<Self> {
        match reference {
            0x01 => Some(Self::Pin1),
            0x85 => Some(Self::Pin2),
            0x02 => Some(Self::Puk),
            _ => None,
        }
    }

    /// The fewest digits; twelve are the most.
    pub fn fewest_digits(self) -> usize {
        match self {
            Self::Pin1 => 4,
            Self::Pin2 => 5,
            Self::Puk => 8,
        }
    }
}

/// Wrong tries in a row until a secret is blocked.
pub const MOST_TRIES: u8 = 3;

/// One secret. It lies here in the clear: the file stands for the chip's own memory.
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct SecretState {
    pub digits: Option<String>,
    pub left: u8,
}

/// One key with its certificate.
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct KeyState {
    /// PKCS#8, DER, hexadecimal.
    pub private_key: Option<String>,
    /// DER, hexadecimal.
    pub certificate: Option<String>,
}

/// Everything.
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct State {
    /// Personalisation has ended and never comes back.
    pub finished: bool,
    pub document_number: Option<String>,
    pub authentication: KeyState,
    pub signature: KeyState,
    pub pin1: SecretState,
    pub pin2: SecretState,
    pub puk: SecretState,
}

impl State {
    pub fn key(&self, key: Key) -> &KeyState {
        match key {
            Key::Authentication => &self.authentication,
            Key::Signature => &self.signature,
        }
    }

    pub fn key_mut(&mut self, key: Key) -> &mut KeyState {
        match key {
            Key::Authentication => &mut self.authentication,
            Key::Signature => &mut self.signature,
        }
    }

    pub fn secret(&self, secret: Secret) -> &SecretState {
        match secret {
            Secret::Pin1 => &self.pin1,
            Secret::Pin2 => &self.pin2,
            Secret::Puk => &self.puk,
        }
    }

    pub fn secret_mut(&mut self, secret: Secret) -> &mut SecretState {
        match secret {
            Secret::Pin1 => &mut self.pin1,
            Secret::Pin2 => &mut self.pin2,
            Secret::Puk => &mut self.puk,
        }
    }
}
