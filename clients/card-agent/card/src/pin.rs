//! PINs: their rules, the padded field a card takes, and the tries a card tells of.

use std::fmt;

use zeroize::Zeroizing;

/// Octets of a PIN on the wire: digits, then `FF`.
const LENGTH: usize = 12;

/// The secrets of a card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Secret {
    /// For log-in.
    Pin1,
    /// For one signature.
    Pin2,
    /// Unblocks the others.
    Puk,
}

impl fmt::Display for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Pin1 => "PIN1",
            Self::Pin2 => "PIN2",
            Self::Puk => "PUK",
        })
    }
}

/// How many digits a secret has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PinRule {
    pub fewest: usize,
    pub most: usize,
}

/// Tries left, and how many there were.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tries {
    pub left: u8,
    pub most: u8,
}

/// What was typed cannot be the PIN; no try was spent on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{} to {} digits", .0.fewest, .0.most)]
pub struct PinForm(pub PinRule);

/// A PIN as it goes to the card; wiped when dropped.
pub struct Pin(Zeroizing<[u8; LENGTH]>);

impl Pin {
    /// The typed digits, if they follow the rule.
    pub fn typed(digits: &str, rule: PinRule) -> Result<Self, PinForm> {
        let fits = (rule.fewest..=rule.most.min(LENGTH)).contains(&digits.len());
        if !fits || !digits.bytes().all(|octet| octet.is_ascii_digit()) {
            return Err(PinForm(rule));
        }
        let mut field = Zeroizing::new([0xff; LENGTH]);
        for (octet, digit) in field.iter_mut().zip(digits.bytes()) {
            *octet = digit;
        }
        Ok(Self(field))
    }

    /// Digits padded with `FF`.
    pub(crate) fn field(&self) -> &[u8] {
        self.0.as_slice()
    }
}

impl fmt::Debug for Pin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Pin")
    }
}
