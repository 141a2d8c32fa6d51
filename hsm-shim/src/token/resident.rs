//! The token's own randomness, and the end of a key.

use cryptoki::object::ObjectClass;
use zeroize::Zeroizing;

use crate::error::HsmError;
use crate::token::{Token, find};

/// Most octets of one call.
const MOST_RANDOM: usize = 64 * 1024;

impl Token {
    /// `octets` from the token's random generator.
    pub fn random(&self, octets: usize) -> Result<Zeroizing<Vec<u8>>, HsmError> {
        if octets > MOST_RANDOM {
            return Err(HsmError::Misconfigured(format!(
                "at most {MOST_RANDOM} random octets in one call"
            )));
        }
        let mut bytes = Zeroizing::new(vec![0; octets]);
        self.pool
            .run(|session, _| Ok(session.generate_random_slice(&mut bytes)?))?;
        Ok(bytes)
    }

    /// Destroys the key pair or the secret key of this label for ever; two of a label are an error and nothing is destroyed.
    ///
    /// Whether it may be done (two-person rule) is asked before, by the worker's policy.
    pub fn destroy(&self, label: &str) -> Result<(), HsmError> {
        let classes = [
            ObjectClass::PRIVATE_KEY,
            ObjectClass::PUBLIC_KEY,
            ObjectClass::SECRET_KEY,
        ];
        self.pool.run(|session, _| {
            let mut doomed = Vec::new();
            for class in classes {
                let found = find::all(session, class, label)?;
                if found.len() > 1 {
                    return Err(HsmError::Ambiguous(label.to_owned()).into());
                }
                doomed.extend(found.into_iter().map(|handle| (class, handle)));
            }
            let secret = |(class, _): &&(ObjectClass, _)| *class == ObjectClass::SECRET_KEY;
            match (doomed.len(), doomed.iter().filter(secret).count()) {
                (0, _) => return Err(HsmError::KeyNotFound(label.to_owned()).into()),
                (1 | 2, 0) | (1, 1) => {}
                _ => return Err(HsmError::Ambiguous(label.to_owned()).into()),
            }
            // The private half first: if the second call fails, what is left cannot sign.
            for (_, handle) in &doomed {
                session.destroy_object(*handle)?;
            }
            Ok(())
        })?;
        self.handles.forget(label);
        Ok(())
    }
}
