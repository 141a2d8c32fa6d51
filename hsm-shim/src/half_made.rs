//! Key pairs whose making broke off (a crash, a full disk): they cannot sign, and keep their label, so that no key can be made
//! under it before officers have approved that what is there is destroyed.

use std::collections::BTreeSet;
use std::fmt;

use cryptoki::object::ObjectClass;
use serde::{Deserialize, Serialize};

use crate::error::HsmError;
use crate::token::{Token, find};

/// A label under which there is no whole key pair.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HalfMade {
    pub label: String,
    pub missing: Missing,
}

/// What is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Missing {
    PrivateHalf,
    PublicHalf,
    /// Both halves are listed, and the module cannot read them.
    Contents,
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::PrivateHalf => "no private half",
            Self::PublicHalf => "no public half",
            Self::Contents => "cannot be read",
        })
    }
}

impl Token {
    /// What broke off in this token; no key is used to find out.
    pub fn half_made(&self) -> Result<Vec<HalfMade>, HsmError> {
        let labels = |class| {
            let found = self.pool.run(|session, _| find::labels(session, class))?;
            Ok::<BTreeSet<String>, HsmError>(found.into_iter().collect())
        };
        let (private, public) = (labels(ObjectClass::PRIVATE_KEY)?, labels(ObjectClass::PUBLIC_KEY)?);
        let mut half_made = Vec::new();
        for label in private.union(&public) {
            let missing = match (private.contains(label), public.contains(label)) {
                (true, false) => Missing::PublicHalf,
                (false, _) => Missing::PrivateHalf,
                (true, true) => match self.attest(label) {
                    Err(HsmError::Pkcs11 { .. } | HsmError::Unsupported(_)) => Missing::Contents,
                    Err(HsmError::Ambiguous(_)) | Ok(_) => continue,
                    Err(other) => return Err(other),
                },
            };
            half_made.push(HalfMade {
                label: label.clone(),
                missing,
            });
        }
        Ok(half_made)
    }
}
