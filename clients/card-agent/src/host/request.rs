//! The commands, each with exactly its arguments.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use signum_card::{Digest, HashFunction};

use crate::origin::Rule;
use crate::refusal::Refusal;
use crate::words::Words;

/// Characters of a challenge: 32 random octets in base64, or more.
const CHALLENGE: std::ops::RangeInclusive<usize> = 44..=128;

/// One command, checked.
pub enum Request {
    /// What `status` ends with.
    Quit,
    Authenticate(Authenticate),
    SigningCertificate(SigningCertificate),
    Sign(Sign),
}

/// Log in.
pub struct Authenticate {
    pub origin: String,
    pub challenge: String,
    pub words: &'static Words,
}

/// Show the signing certificate.
pub struct SigningCertificate {
    pub origin: String,
    pub words: &'static Words,
}

/// Sign a digest.
pub struct Sign {
    pub origin: String,
    /// DER, as it was shown before.
    pub certificate: Vec<u8>,
    pub digest: Digest,
    pub words: &'static Words,
}

#[derive(Deserialize)]
struct Message {
    command: String,
    #[serde(default)]
    arguments: Map<String, Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct AuthenticateArguments {
    challenge_nonce: String,
    origin: String,
    lang: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SigningCertificateArguments {
    origin: String,
    lang: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct SignArguments {
    certificate: String,
    hash: String,
    hash_function: String,
    origin: String,
    lang: Option<String>,
}

impl Request {
    /// Reads a message; origins follow the rule.
    pub fn read(message: &[u8], rule: Rule) -> Result<Self, Refusal> {
        let message: Message =
            serde_json::from_slice(message).map_err(|_| Refusal::InvalidArgument("the message is no command"))?;
        match message.command.as_str() {
            "quit" => Ok(Self::Quit),
            "authenticate" => {
                let given: AuthenticateArguments = arguments(message.arguments)?;
                let challenge = given.challenge_nonce;
                let printable = challenge.bytes().all(|octet| octet.is_ascii_graphic());
                if !printable || !CHALLENGE.contains(&challenge.len()) {
                    return Err(Refusal::InvalidArgument("challengeNonce has 44 to 128 characters"));
                }
                Ok(Self::Authenticate(Authenticate {
                    origin: origin(rule, &given.origin)?,
                    challenge,
                    words: Words::chosen(given.lang.as_deref()),
                }))
            }
            "get-signing-certificate" => {
                let given: SigningCertificateArguments = arguments(message.arguments)?;
                Ok(Self::SigningCertificate(SigningCertificate {
                    origin: origin(rule, &given.origin)?,
                    words: Words::chosen(given.lang.as_deref()),
                }))
            }
            "sign" => {
                let given: SignArguments = arguments(message.arguments)?;
                let function = HashFunction::named(&given.hash_function)
                    .ok_or(Refusal::InvalidArgument("hashFunction is not one of the card's"))?;
                let digest = Digest::new(function, decoded(&given.hash, "hash is not base64")?)
                    .ok_or(Refusal::InvalidArgument("hash is not as long as hashFunction says"))?;
                Ok(Self::Sign(Sign {
                    origin: origin(rule, &given.origin)?,
                    certificate: decoded(&given.certificate, "certificate is not base64")?,
                    digest,
                    words: Words::chosen(given.lang.as_deref()),
                }))
            }
            _ => Err(Refusal::InvalidArgument("there is no such command")),
        }
    }
}

fn arguments<T: DeserializeOwned>(given: Map<String, Value>) -> Result<T, Refusal> {
    serde_json::from_value(Value::Object(given))
        .map_err(|_| Refusal::InvalidArgument("the arguments are not those of the command"))
}

fn origin(rule: Rule, text: &str) -> Result<String, Refusal> {
    rule.read(text)
        .ok_or(Refusal::InvalidArgument("origin is not an https origin"))
}

fn decoded(text: &str, why: &'static str) -> Result<Vec<u8>, Refusal> {
    STANDARD.decode(text).map_err(|_| Refusal::InvalidArgument(why))
}
