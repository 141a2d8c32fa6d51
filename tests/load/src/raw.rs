//! The bare module in a loop of cryptoki calls, with nothing of ours: what the layer is measured against.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::mechanism::aead::GcmParams;
use cryptoki::mechanism::eddsa::{EddsaParams, EddsaSignatureScheme};
use cryptoki::mechanism::rsa::{PkcsMgfType, PkcsPssParams};
use cryptoki::mechanism::{Mechanism, MechanismType};
use cryptoki::object::{Attribute, AttributeType, KeyType, ObjectClass, ObjectHandle};
use cryptoki::session::{Session, UserType};
use openssl::pkey::{PKey, Public};
use serde::{Deserialize, Serialize};
use signum_hsm_shim::token::{Token, TokenConfig};
use signum_hsm_shim::{KeyAlgorithm, SignatureAlgorithm};

use crate::census;
use crate::subject::Subject;

mod verify;

/// What one round is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Work {
    Sign,
    SignVerify,
    UnwrapSignVerify,
}

/// What was done.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Done {
    pub rounds: u64,
    pub took: Duration,
    /// Processor time it cost.
    pub processor: Duration,
}

pub struct Bench {
    session: Session,
    subject: Subject,
    work: Work,
    key: ObjectHandle,
    /// KEK, mechanism and blob of the key that is unwrapped anew each time.
    wrapped: Option<(ObjectHandle, MechanismType, Vec<u8>)>,
    verifier: PKey<Public>,
}

impl Bench {
    /// Uses the resident key of the token, or makes a key and its KEK for itself.
    pub fn open(config: &TokenConfig, subject: Subject, work: Work) -> Result<Self> {
        let verifier = {
            let token = Token::open(config.clone())?;
            PKey::public_key_from_der(&token.public_key(subject.label())?.spki)?
        };
        let module = Pkcs11::new(&config.module)?;
        // The layer has initialised it in this process; only then does it say so.
        let _already = module.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK));
        let slots = module.get_slots_with_initialized_token()?;
        let slot = *slots.first().context("no token")?;
        let session = module.open_rw_session(slot)?;
        let _already = session.login(UserType::User, Some(&config.pin.read()?));
        let find = [
            Attribute::Class(ObjectClass::PRIVATE_KEY),
            Attribute::Label(subject.label().into()),
        ];
        let key = *session.find_objects(&find)?.first().context("no key")?;
        let mut bench = Self {
            session,
            subject,
            work,
            key,
            wrapped: None,
            verifier,
        };
        if work == Work::UnwrapSignVerify {
            let pad = module
                .get_mechanism_list(slot)?
                .contains(&MechanismType::AES_KEY_WRAP_PAD);
            bench.wrap_one(if pad {
                MechanismType::AES_KEY_WRAP_PAD
            } else {
                MechanismType::AES_GCM
            })?;
        }
        Ok(bench)
    }

    /// Works for `each`.
    pub fn run(&mut self, each: Duration) -> Result<Done> {
        let mechanism = mechanism(self.subject.algorithm);
        let before = census::processor(&[std::process::id()])?;
        let began = Instant::now();
        let mut done = 0;
        while began.elapsed() < each {
            let input = self.subject.input(done);
            let key = self.unwrapped()?;
            let signature = self.session.sign(&mechanism, key, &input)?;
            if self.wrapped.is_some() {
                self.session.destroy_object(key)?;
            }
            if self.work != Work::Sign {
                ensure!(verify::holds(
                    &self.verifier,
                    self.subject.algorithm,
                    &input,
                    &signature
                )?);
            }
            done += 1;
        }
        Ok(Done {
            rounds: done,
            took: began.elapsed(),
            processor: census::processor(&[std::process::id()])?.saturating_sub(before),
        })
    }

    fn unwrapped(&self) -> Result<ObjectHandle> {
        let Some((kek, mechanism, blob)) = &self.wrapped else {
            return Ok(self.key);
        };
        let template = [
            Attribute::Class(ObjectClass::PRIVATE_KEY),
            Attribute::KeyType(key_type(self.subject.key)),
            Attribute::Token(false),
            Attribute::Private(true),
            Attribute::Sensitive(true),
            Attribute::Extractable(false),
            Attribute::Sign(true),
        ];
        with_wrapping(*mechanism, |wrapping| {
            Ok(self.session.unwrap_key(wrapping, *kek, blob, &template)?)
        })
    }

    fn wrap_one(&mut self, mechanism: MechanismType) -> Result<()> {
        let kek = self.session.generate_key(
            &Mechanism::AesKeyGen,
            &[
                Attribute::Token(true),
                Attribute::Private(true),
                Attribute::ValueLen(32.into()),
                Attribute::Wrap(true),
                Attribute::Unwrap(true),
            ],
        )?;
        let (generation, public) = generation(self.subject.key)?;
        let private = [
            Attribute::Token(false),
            Attribute::Private(true),
            Attribute::Sensitive(true),
            Attribute::Extractable(true),
            Attribute::Sign(true),
        ];
        let (public, private) = self.session.generate_key_pair(&generation, &public, &private)?;
        self.verifier = verify::public_key(&self.session, public, self.subject.key)?;
        let blob = with_wrapping(mechanism, |wrapping| {
            Ok(self.session.wrap_key(wrapping, kek, private)?)
        })?;
        self.session.destroy_object(private)?;
        self.wrapped = Some((kek, mechanism, blob));
        Ok(())
    }
}

/// Objects this process sees: the token's and its own sessions'. The token must be open.
pub fn objects(config: &TokenConfig) -> Result<usize> {
    let module = Pkcs11::new(&config.module)?;
    let slots = module.get_slots_with_initialized_token()?;
    let session = module.open_ro_session(*slots.first().context("no token")?)?;
    Ok(session.find_objects(&[])?.len())
}

/// The vector is always the same: these keys sign nothing that matters.
fn with_wrapping<T>(mechanism: MechanismType, work: impl FnOnce(&Mechanism<'_>) -> Result<T>) -> Result<T> {
    if mechanism == MechanismType::AES_KEY_WRAP_PAD {
        return work(&Mechanism::AesKeyWrapPad);
    }
    let mut vector = [7; 12];
    work(&Mechanism::AesGcm(GcmParams::new(&mut vector, b"load", 128.into())?))
}

fn mechanism(algorithm: SignatureAlgorithm) -> Mechanism<'static> {
    match algorithm {
        SignatureAlgorithm::Ed25519 => Mechanism::Eddsa(EddsaParams::new(EddsaSignatureScheme::Pure)),
        SignatureAlgorithm::RsaPssSha256 | SignatureAlgorithm::RsaPkcs1Sha256 => Mechanism::RsaPkcsPss(PkcsPssParams {
            hash_alg: MechanismType::SHA256,
            mgf: PkcsMgfType::MGF1_SHA256,
            s_len: 32.into(),
        }),
        SignatureAlgorithm::EcdsaSha256 | SignatureAlgorithm::EcdsaSha384 => Mechanism::Ecdsa,
    }
}

fn key_type(key: KeyAlgorithm) -> KeyType {
    match key {
        KeyAlgorithm::Rsa3072 => KeyType::RSA,
        KeyAlgorithm::Ed25519 => KeyType::EC_EDWARDS,
        KeyAlgorithm::EcP256 | KeyAlgorithm::EcP384 => KeyType::EC,
    }
}

fn generation(key: KeyAlgorithm) -> Result<(Mechanism<'static>, Vec<Attribute>)> {
    let common = |special: Vec<Attribute>| {
        let mut template = vec![Attribute::Token(false), Attribute::Verify(true)];
        template.extend(special);
        template
    };
    Ok(match key {
        KeyAlgorithm::Rsa3072 => (
            Mechanism::RsaPkcsKeyPairGen,
            common(vec![
                Attribute::ModulusBits(3072.into()),
                Attribute::PublicExponent(vec![1, 0, 1]),
            ]),
        ),
        KeyAlgorithm::EcP256 => (
            Mechanism::EccKeyPairGen,
            common(vec![Attribute::EcParams(verify::P256.to_vec())]),
        ),
        KeyAlgorithm::EcP384 => (
            Mechanism::EccKeyPairGen,
            common(vec![Attribute::EcParams(verify::P384.to_vec())]),
        ),
        KeyAlgorithm::Ed25519 => bail!("Ed25519 keys are not wrapped"),
    })
}

/// Attributes of a public key that make it up.
const PUBLIC: [AttributeType; 3] = [
    AttributeType::EcPoint,
    AttributeType::Modulus,
    AttributeType::PublicExponent,
];
