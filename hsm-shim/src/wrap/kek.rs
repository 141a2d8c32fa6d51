//! The master KEKs that people's keys are wrapped under, one for each epoch. They stay in the token.
//!
//! A KEK carries `CKA_UNWRAP_TEMPLATE { EXTRACTABLE = false, SENSITIVE = true }`: without it, whoever has the PIN
//! unwraps a person's key as a readable one. `CKA_TRUSTED` on the KEK and `CKA_WRAP_WITH_TRUSTED` on people's keys are
//! not used: only the security officer sets `CKA_TRUSTED`, the officer sees no private objects, and a SoftHSM object
//! that is not private lies unencrypted on the disk. A hardware module's ceremony can set both.

use cryptoki::object::{Attribute, AttributeType, ObjectClass, ObjectHandle};
use cryptoki::session::Session;

use crate::error::HsmError;
use crate::key::KeyAlgorithm;
use crate::raw::KeyLife;
use crate::token::fault::Fault;
use crate::token::template::{self, Residence};
use crate::token::{Token, find, object_id};
use crate::wrap::SessionObject;
use crate::wrap::mechanism::{WrapMechanism, Wrapping};

/// A master KEK that was found or made, and tried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kek {
    pub(crate) object: String,
    /// Its generation; each wrapped key names the one it is under.
    pub epoch: u32,
    /// What new keys are wrapped with.
    pub mechanism: WrapMechanism,
    /// Whether it is a ceremony's own copy out of a backup, from which keys can be wrapped anew.
    pub(crate) rewrapping: bool,
}

impl Kek {
    pub(crate) fn new(label: &str, epoch: u32, mechanism: WrapMechanism) -> Self {
        Self {
            object: format!("{label}.{epoch}"),
            epoch,
            mechanism,
            rewrapping: false,
        }
    }

    /// Its label in the token.
    pub fn object(&self) -> &str {
        &self.object
    }
}

impl Token {
    /// Finds or makes the master KEK of a generation (object label `LABEL.EPOCH`), and proves on a throw-away key that it
    /// neither leaves nor lets keys out readable.
    pub fn ensure_kek(&self, label: &str, epoch: u32) -> Result<Kek, HsmError> {
        let kek = Kek::new(label, epoch, self.wrap_mechanism()?);
        self.pool.run(|session, _| {
            if find::all(session, ObjectClass::SECRET_KEY, &kek.object)?.is_empty() {
                let functions = self.pool.module.functions()?;
                functions.generate_kek(session, KeyLife::Resident, &kek.object, &object_id(&kek.object))?;
            }
            Ok(())
        })?;
        self.check_kek(&kek, &[Attribute::NeverExtractable(true)])?;
        Ok(kek)
    }

    /// The KEK of a generation that exists already; [`HsmError::KeyNotFound`] if it does not.
    pub fn find_kek(&self, label: &str, epoch: u32) -> Result<Kek, HsmError> {
        let kek = Kek::new(label, epoch, self.wrap_mechanism()?);
        self.check_kek(&kek, &[Attribute::NeverExtractable(true)])?;
        Ok(kek)
    }

    /// The epochs of a KEK label that this token holds, oldest first. New keys take the last; the others open old ones.
    pub fn kek_epochs(&self, label: &str) -> Result<Vec<u32>, HsmError> {
        self.pool.run(|session, _| {
            let mut epochs = Vec::new();
            for found in find::labels(session, ObjectClass::SECRET_KEY)? {
                let epoch = found.strip_prefix(label).and_then(|rest| rest.strip_prefix('.'));
                epochs.extend(epoch.and_then(|epoch| epoch.parse::<u32>().ok()));
            }
            epochs.sort_unstable();
            match epochs.windows(2).find(|pair| pair.first() == pair.last()) {
                Some(_) => Err(HsmError::Ambiguous(label.to_owned()).into()),
                None => Ok(epochs),
            }
        })
    }

    /// Rights as they must be, and a throw-away key that comes back only unreadable.
    pub(crate) fn check_kek(&self, kek: &Kek, besides: &[Attribute]) -> Result<(), HsmError> {
        self.pool.run(|session, login| {
            let handle = self.handles.secret(session, login, &kek.object)?;
            let mut expected = stays_inside();
            expected.extend_from_slice(besides);
            expected.extend([Attribute::Wrap(true), Attribute::Unwrap(true), Attribute::Sign(false)]);
            check_rights(session, handle, &kek.object, &expected)?;
            let wrapping = Wrapping {
                functions: self.pool.module.functions()?,
                session,
            };
            check_nothing_comes_out_readable(&wrapping, handle, kek)
        })
    }
}

/// The attributes that all guards have: in the token, never out of it again, good for nothing but their purpose.
pub(super) fn stays_inside() -> Vec<Attribute> {
    vec![
        Attribute::Token(true),
        Attribute::Private(true),
        Attribute::Sensitive(true),
        Attribute::Extractable(false),
        Attribute::Encrypt(false),
        Attribute::Decrypt(false),
        Attribute::Derive(false),
    ]
}

/// Compares attributes read back from the token with those a guard must have.
pub(super) fn check_rights(
    session: &Session,
    key: ObjectHandle,
    label: &str,
    expected: &[Attribute],
) -> Result<(), Fault> {
    let kinds: Vec<AttributeType> = expected.iter().map(Attribute::attribute_type).collect();
    if session.get_attributes(key, &kinds)? == expected {
        Ok(())
    } else {
        Err(HsmError::Misconfigured(format!("{label}: not the rights this key must have")).into())
    }
}

/// Wraps a throw-away key and asks for it back readable: a KEK that obeys is refused.
fn check_nothing_comes_out_readable(wrapping: &Wrapping<'_>, handle: ObjectHandle, kek: &Kek) -> Result<(), Fault> {
    let algorithm = KeyAlgorithm::EcP256;
    let session = wrapping.session;
    let (public, private) = session.generate_key_pair(
        &template::key_pair_generation(algorithm),
        &template::public(algorithm, Residence::ToBeWrapped, "", b""),
        &template::private(Residence::ToBeWrapped, "", b""),
    )?;
    let (_public, private) = (
        SessionObject::new(session, public),
        SessionObject::new(session, private),
    );
    let nobody = b"signum-kek-check";
    let envelope = wrapping.wrap(kek.mechanism, handle, private.handle(), nobody)?;
    let unwrap = |sensitive, extractable| {
        let attributes = [
            Attribute::Class(ObjectClass::PRIVATE_KEY),
            Attribute::KeyType(template::key_type(algorithm)),
            Attribute::Token(false),
            Attribute::Sensitive(sensitive),
            Attribute::Extractable(extractable),
            Attribute::Sign(true),
        ];
        let key = wrapping.unwrap(&envelope, handle, nobody, &attributes)?;
        Ok::<_, Fault>(SessionObject::new(session, key))
    };
    // The good template must work, or the refusals below would prove nothing.
    unwrap(true, false)?;
    for (sensitive, extractable) in [(true, true), (false, false), (false, true)] {
        if unwrap(sensitive, extractable).is_ok() {
            return Err(HsmError::Misconfigured(format!("{}: no unwrap template", kek.object)).into());
        }
    }
    Ok(())
}
