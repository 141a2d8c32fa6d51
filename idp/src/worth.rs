//! The table *means x level x may sign*: what each way of proving oneself is worth (eIDAS Article 8; Implementing Regulation
//! (EU) 2015/1502 section 2.2). One table, in configuration; nothing else gives a log-in its level.

use serde::{Deserialize, Serialize};

use crate::level::Level;

/// What a person proves with who they are, as far as the level depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Authenticator {
    /// A passkey that may be copied between devices (BE = 1).
    PasskeySynced,
    /// A passkey that only says that it cannot leave its device (BE = 0), with no attestation that proves it.
    PasskeyDeviceBound,
    /// A passkey whose attestation proves a device that keeps it.
    PasskeyAttested,
    /// The eID card, its PIN typed.
    Card,
    /// The eID card in the TLS handshake, for which a browser may keep it unlocked.
    CardTls,
    /// Whatever was made after an account was recovered, until the person has been identified anew.
    Recovered,
}

/// What a means is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Worth {
    /// The `acr` of a log-in with it.
    pub level: Level,
    /// Whether its holder may be enrolled for qualified signing on the strength of it.
    pub may_sign: bool,
}

impl Worth {
    const fn new(level: Level, may_sign: bool) -> Self {
        Self { level, may_sign }
    }
}

signum_core::config! {
    /// The table *means x level x may sign* (eIDAS Article 8): `{ level = "low" | "substantial" | "high", may_sign = true }`.
    pub struct Levels {
        /// A passkey that may be copied between devices (BE = 1).
        passkey_synced: Worth = Worth::new(Level::Substantial, false),
        /// A passkey that says it cannot leave its device (BE = 0), without proof.
        passkey_device_bound: Worth = Worth::new(Level::Substantial, false),
        /// A passkey whose attestation proves a device that keeps it.
        passkey_attested: Worth = Worth::new(Level::High, true),
        /// The eID card, its PIN typed.
        card: Worth = Worth::new(Level::High, true),
        /// The eID card in the TLS handshake, where nobody says that the PIN was typed; no more than `card`.
        card_tls: Worth = Worth::new(Level::Substantial, false),
        /// A means made after an account was recovered, until the person has been identified anew.
        recovered: Worth = Worth::new(Level::Low, false),
    }
}

impl Levels {
    pub fn worth(&self, held: Authenticator) -> Worth {
        match held {
            Authenticator::PasskeySynced => self.passkey_synced,
            Authenticator::PasskeyDeviceBound => self.passkey_device_bound,
            Authenticator::PasskeyAttested => self.passkey_attested,
            Authenticator::Card => self.card,
            Authenticator::CardTls => Worth::new(self.card_tls.level.min(self.card.level), false),
            Authenticator::Recovered => self.recovered,
        }
    }

    /// The best level that one of these reaches; `Low` where there is none.
    pub fn best(&self, held: &[Authenticator]) -> Level {
        let levels = held.iter().map(|held| self.worth(*held).level);
        levels.max().unwrap_or(Level::Low)
    }

    /// A table that says too much of a means is refused: what was recovered, or may be copied, proves no possession of a device
    /// that nobody else has (Implementing Regulation (EU) 2015/1502 section 2.2.1), and nobody signs on less than substantial.
    pub(crate) fn check(&self) -> Result<(), String> {
        for (name, worth) in [("passkey_synced", self.passkey_synced), ("recovered", self.recovered)] {
            if worth.level == Level::High || worth.may_sign {
                return Err(format!("levels.{name}: at most substantial, and no qualified signing"));
            }
        }
        if self.card_tls.may_sign {
            return Err("levels.card_tls: no qualified signing, because nobody has to type the PIN".to_owned());
        }
        let all = [self.passkey_device_bound, self.passkey_attested, self.card];
        if all.iter().any(|worth| worth.may_sign && worth.level == Level::Low) {
            return Err("levels: nobody signs on a log-in of level low".to_owned());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use signum_core::config;

    #[test]
    fn the_default_table_lets_nobody_sign_on_a_copied_unproven_or_recovered_means() {
        let levels = Levels::default();
        let worth = |held| {
            let worth = levels.worth(held);
            (worth.level, worth.may_sign)
        };
        assert_eq!(worth(Authenticator::PasskeySynced), (Level::Substantial, false));
        assert_eq!(worth(Authenticator::PasskeyDeviceBound), (Level::Substantial, false));
        assert_eq!(worth(Authenticator::PasskeyAttested), (Level::High, true));
        assert_eq!(worth(Authenticator::Card), (Level::High, true));
        assert_eq!(worth(Authenticator::CardTls), (Level::Substantial, false));
        assert_eq!(worth(Authenticator::Recovered), (Level::Low, false));
        assert_eq!(
            levels.best(&[Authenticator::PasskeySynced, Authenticator::Recovered]),
            Level::Substantial
        );
        assert_eq!(levels.best(&[]), Level::Low);
        assert!(levels.check().is_ok());
    }

    #[test]
    fn a_table_that_lets_a_copied_or_recovered_means_sign_is_refused() {
        for file in [
            "passkey_synced = { level = \"high\", may_sign = false }",
            "passkey_synced = { level = \"substantial\", may_sign = true }",
            "recovered = { level = \"high\", may_sign = false }",
            "card = { level = \"low\", may_sign = true }",
            "card_tls = { level = \"substantial\", may_sign = true }",
        ] {
            let levels: Levels = config::load_from(Some(("levels.toml", file)), std::iter::empty()).unwrap();
            assert!(levels.check().is_err(), "{file}");
        }
        let unknown = "card = { level = \"highest\", may_sign = true }";
        assert!(config::load_from::<Levels>(Some(("levels.toml", unknown)), std::iter::empty()).is_err());
    }
}
