//! What two officers sign: the client as it is, with its canonical octets.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use signum_core::{Random, Timestamp};
use signum_gesture::fields::Fields;

use super::PromotionError;
use crate::abuse::address::Networks;
use crate::clients::document::Document;

const DOMAIN: &[u8] = b"signum-idp-promotion-v1";
const ASKED_DOMAIN: &[u8] = b"signum-idp-promotion-asked-v1";
const APPROVED_DOMAIN: &[u8] = b"signum-idp-promotion-approved-v1";
/// Nobody keeps approved requests in a drawer.
const LONGEST: Duration = Duration::from_secs(7 * 86_400);
/// How far the requester's clock may be from ours.
const SKEW: Duration = Duration::from_secs(600);
const LONGEST_BASIS: usize = 300;
const MOST_NETWORKS: usize = 64;

/// What an officer asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PromotionRequest {
    pub client_id: String,
    /// SHA-256 of what would be in force, in hexadecimal.
    pub subject: String,
    /// The law that lets the service have the personal number; without it the service does not get it.
    pub legal_basis: Option<String>,
    /// Networks (CIDR) from which it may ask for tokens; none: from anywhere.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub token_networks: Vec<String>,
    /// The asking officer's id.
    pub requester: String,
    /// Seconds since the Unix epoch.
    pub made_at: i64,
    /// Seconds since the Unix epoch; from then on it is worth nothing.
    pub expires_at: i64,
    /// 16 random octets in hexadecimal.
    pub nonce: String,
}

impl PromotionRequest {
    pub(super) fn new(
        client_id: &str,
        document: &Document,
        (legal_basis, token_networks): (Option<&str>, &[String]),
        requester: &str,
        (now, lives): (Timestamp, Duration),
        random: &dyn Random,
    ) -> Self {
        Self {
            client_id: client_id.to_owned(),
            subject: subject(document),
            legal_basis: legal_basis.map(str::to_owned),
            token_networks: token_networks.to_vec(),
            requester: requester.to_owned(),
            made_at: now.seconds(),
            expires_at: now.plus(lives).seconds(),
            nonce: hex::encode(random.bytes::<16>()),
        }
    }

    /// Whether it asks for exactly this.
    pub(super) fn is_of(&self, document: &Document) -> bool {
        self.subject == subject(document)
    }

    /// SHA-256 of every field with its length before it; the request's id.
    pub fn hash(&self) -> [u8; 32] {
        let basis = self.legal_basis.as_deref();
        let mut octets = Fields::of(DOMAIN)
            .field(self.client_id.as_bytes())
            .field(self.subject.as_bytes())
            .field(&[u8::from(basis.is_some())])
            .field(basis.unwrap_or_default().as_bytes())
            .field(self.requester.as_bytes())
            .field(&self.made_at.to_be_bytes())
            .field(&self.expires_at.to_be_bytes())
            .field(self.nonce.as_bytes());
        // Each is a field more: no list looks like another.
        for network in &self.token_networks {
            octets = octets.field(network.as_bytes());
        }
        Sha256::digest(octets.bytes()).into()
    }

    /// What the requester signs.
    pub fn asked(&self) -> [u8; 32] {
        self.challenge(ASKED_DOMAIN)
    }

    /// What the officer who agrees signs; no requester's gesture passes for it.
    pub fn approved(&self) -> [u8; 32] {
        self.challenge(APPROVED_DOMAIN)
    }

    fn challenge(&self, domain: &[u8]) -> [u8; 32] {
        let digest = Sha256::new_with_prefix(domain);
        digest.chain_update(self.hash()).finalize().into()
    }

    pub(super) fn check(&self, now: Timestamp) -> Result<(), PromotionError> {
        let refuse = |why| Err(PromotionError::Malformed(why));
        let basis = self.legal_basis.as_deref().unwrap_or("-");
        if basis.trim().is_empty() || basis.chars().count() > LONGEST_BASIS || basis.chars().any(char::is_control) {
            return refuse("legal basis: one line of at most 300 characters");
        }
        if self.token_networks.len() > MOST_NETWORKS
            || self
                .token_networks
                .iter()
                .any(|text| text.contains(char::is_whitespace))
            || Networks::parse(self.token_networks.iter().map(String::as_str)).is_err()
        {
            return refuse("token networks: at most 64 addresses or networks in CIDR notation");
        }
        let made = Timestamp::from_seconds(self.made_at);
        if made.since(now) > SKEW || now.since(made) > SKEW {
            return refuse("made_at is not now");
        }
        let until = Timestamp::from_seconds(self.expires_at);
        if until <= now {
            return Err(PromotionError::Expired);
        }
        match until <= made || until.since(made) > LONGEST {
            true => refuse("it lives for an hour at least and seven days at most"),
            false => Ok(()),
        }
    }
}

/// Text by text, so that no writing of JSON can be another's.
fn subject(document: &Document) -> String {
    let words = |words: &crate::clients::Words| {
        let mut fields = Fields::default();
        for (tag, text) in words {
            fields = fields.field(tag.as_bytes()).field(text.as_bytes());
        }
        fields.bytes()
    };
    let metadata = serde_json::json!(document.metadata).to_string();
    let octets = Fields::of(b"signum-idp-client-v1")
        .field(document.profile.name().as_bytes())
        .field(&words(&document.name))
        .field(&words(&document.purpose))
        .field(metadata.as_bytes());
    hex::encode(Sha256::digest(octets.bytes()))
}
