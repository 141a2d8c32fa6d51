//! Exactly one object of a label, never "the first one"; handles are kept per login epoch.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use cryptoki::object::{Attribute, AttributeType, ObjectClass, ObjectHandle};
use cryptoki::session::Session;

use crate::error::HsmError;
use crate::key::PublicKey;
use crate::token::fault::Fault;
use crate::token::pool::Epoch;
use crate::token::spki;
use crate::token::verifier::Verifier;

/// A key pair as found in the token.
pub(crate) struct KeyPair {
    pub(crate) private: ObjectHandle,
    pub(crate) public: PublicKey,
    pub(crate) verifier: Verifier,
}

/// Handles found before. SoftHSM's search reads every object of the token, so it stays off the signing path.
#[derive(Default)]
pub(crate) struct Handles {
    pairs: Mutex<HashMap<String, (Epoch, Arc<KeyPair>)>>,
    secrets: Mutex<HashMap<String, (Epoch, ObjectHandle)>>,
}

impl Handles {
    pub(crate) fn pair(&self, session: &Session, epoch: Epoch, label: &str) -> Result<Arc<KeyPair>, Fault> {
        let mut pairs = self.pairs.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((found_in, pair)) = pairs.get(label)
            && *found_in == epoch
        {
            return Ok(pair.clone());
        }
        let private = exactly_one(session, ObjectClass::PRIVATE_KEY, label)?;
        let (public, verifier) = spki::read(session, exactly_one(session, ObjectClass::PUBLIC_KEY, label)?)?;
        let pair = Arc::new(KeyPair {
            private,
            public,
            verifier,
        });
        pairs.insert(label.to_owned(), (epoch, pair.clone()));
        Ok(pair)
    }

    pub(crate) fn secret(&self, session: &Session, epoch: Epoch, label: &str) -> Result<ObjectHandle, Fault> {
        let mut secrets = self.secrets.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((found_in, handle)) = secrets.get(label)
            && *found_in == epoch
        {
            return Ok(*handle);
        }
        let handle = exactly_one(session, ObjectClass::SECRET_KEY, label)?;
        secrets.insert(label.to_owned(), (epoch, handle));
        Ok(handle)
    }

    /// As [`secret`](Self::secret), found anew.
    pub(crate) fn secret_now(&self, session: &Session, label: &str) -> Result<ObjectHandle, Fault> {
        exactly_one(session, ObjectClass::SECRET_KEY, label)
    }

    /// The key is gone, or another may have its label now.
    pub(crate) fn forget(&self, label: &str) {
        self.pairs.lock().unwrap_or_else(PoisonError::into_inner).remove(label);
        self.secrets
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(label);
    }
}

/// The objects of a class and label.
pub(crate) fn all(session: &Session, class: ObjectClass, label: &str) -> Result<Vec<ObjectHandle>, Fault> {
    Ok(session.find_objects(&[Attribute::Class(class), Attribute::Label(label.as_bytes().to_vec())])?)
}

/// The labels of all objects of a class; one that is not text is passed over.
pub(crate) fn labels(session: &Session, class: ObjectClass) -> Result<Vec<String>, Fault> {
    let mut labels = Vec::new();
    for object in session.find_objects(&[Attribute::Class(class)])? {
        for attribute in session.get_attributes(object, &[AttributeType::Label])? {
            if let Attribute::Label(label) = attribute {
                labels.extend(String::from_utf8(label));
            }
        }
    }
    Ok(labels)
}

/// The one object of a class and label.
pub(crate) fn exactly_one(session: &Session, class: ObjectClass, label: &str) -> Result<ObjectHandle, Fault> {
    match all(session, class, label)?.as_slice() {
        [one] => Ok(*one),
        [] => Err(HsmError::KeyNotFound(label.to_owned()).into()),
        _ => Err(HsmError::Ambiguous(label.to_owned()).into()),
    }
}
