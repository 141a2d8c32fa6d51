//! One provider that believes one authority's cards, its responder, and a person with a card.

use base64::{Engine, engine::general_purpose::STANDARD};
use openssl::ecdsa::EcdsaSig;
use openssl::hash::{MessageDigest, hash};
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::sign::Signer;
use serde_json::{Value, json};

use super::authority::{Authority, Shape, key};
use super::responder::Responder;
use crate::Config;
use crate::tests::browser::{Browser, Reply};
use crate::tests::world::{ISSUER, World, authorize_query};

/// The personal number of the world's person.
pub const NUMBER: &str = "1234567892";

/// A card with both of its keys.
pub struct Card {
    pub key: PKey<Private>,
    pub certificate: Vec<u8>,
    pub signing_key: PKey<Private>,
    pub signing_certificate: Vec<u8>,
}

pub struct Desk {
    pub world: World,
    pub authority: Authority,
    pub responder: Responder,
    pub card: Card,
    _folder: tempfile::TempDir,
}

impl Card {
    pub fn of(authority: &Authority, shape: &Shape) -> Self {
        let (key, signing_key) = (key(Nid::SECP384R1), key(Nid::SECP384R1));
        let signing = Shape {
            numbers: shape.numbers.clone(),
            ..Shape::signing("")
        };
        Self {
            certificate: authority.issue("Testa Shembulli", &key, shape),
            signing_certificate: authority.issue("Testa Shembulli", &signing_key, &signing),
            key,
            signing_key,
        }
    }

    /// web-eid:1.0 over this challenge.
    pub fn token(&self, origin: &str, nonce: &str) -> Value {
        json!({
            "unverifiedCertificate": STANDARD.encode(&self.certificate),
            "algorithm": "ES384",
            "signature": STANDARD.encode(sign(&self.key, origin, nonce)),
            "format": "web-eid:1.0",
            "appVersion": "https://example.org/card/1.0.0",
        })
    }

    /// web-eid:1.1.
    pub fn token_with_signing(&self, origin: &str, nonce: &str) -> Value {
        let mut token = self.token(origin, nonce);
        token["format"] = json!("web-eid:1.1");
        token["unverifiedSigningCertificates"] = json!([{
            "certificate": STANDARD.encode(&self.signing_certificate),
            "supportedSignatureAlgorithms": [
                {"cryptoAlgorithm": "ECC", "hashFunction": "SHA-384", "paddingScheme": "NONE"},
            ],
        }]);
        token
    }
}

/// ES384 over H(origin) || H(nonce), r || s.
pub fn sign(key: &PKey<Private>, origin: &str, nonce: &str) -> Vec<u8> {
    let digest = MessageDigest::sha384();
    let mut message = hash(digest, origin.as_bytes()).unwrap().to_vec();
    message.extend_from_slice(&hash(digest, nonce.as_bytes()).unwrap());
    let signature = Signer::new(digest, key).unwrap().sign_oneshot_to_vec(&message).unwrap();
    let signature = EcdsaSig::from_der(&signature).unwrap();
    let mut raw = signature.r().to_vec_padded(48).unwrap();
    raw.extend(signature.s().to_vec_padded(48).unwrap());
    raw
}

/// A browser on the log-in page.
pub struct AtTheDoor {
    pub browser: Browser,
    pub i: String,
    pub csrf: String,
}

impl AtTheDoor {
    pub async fn nonce(&mut self) -> String {
        let reply = self.challenge().await;
        assert_eq!(reply.status, 200, "{}", reply.body);
        reply.json()["nonce"].as_str().unwrap().to_owned()
    }

    pub async fn challenge(&mut self) -> Reply {
        let request = http::Request::get(format!("/eid/challenge?i={}", self.i)).header("x-csrf-token", &self.csrf);
        self.browser
            .send(request.body(axum::body::Body::empty()).unwrap())
            .await
    }

    pub async fn present(&mut self, token: &Value) -> Reply {
        let path = format!("/eid/login?i={}", self.i);
        self.browser.post_json(&path, &self.csrf, token).await
    }

    pub async fn present_text(&mut self, token: &str) -> Reply {
        let request = http::Request::post(format!("/eid/login?i={}", self.i))
            .header("content-type", "application/json")
            .header("origin", ISSUER)
            .header("x-csrf-token", &self.csrf);
        let body = axum::body::Body::from(token.to_owned());
        self.browser.send(request.body(body).unwrap()).await
    }
}

impl Desk {
    pub async fn open() -> Self {
        Self::with(|_, _| ()).await
    }

    /// With another configuration; the folder is for files that it names.
    pub async fn with(change: impl FnOnce(&mut Config, &std::path::Path)) -> Self {
        Self::of(Authority::new("Cards"), change).await
    }

    pub async fn of(authority: Authority, change: impl FnOnce(&mut Config, &std::path::Path)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("cards.der");
        std::fs::write(&file, authority.der()).unwrap();
        let responder = Responder::open(&authority).await;
        let issuer = format!("{} {}", file.display(), responder.address);
        let world = World::with(|config| {
            config.card.issuers = vec![issuer];
            change(config, folder.path());
        })
        .await;
        Self {
            card: Card::of(&authority, &Shape::card(NUMBER)),
            world,
            authority,
            responder,
            _folder: folder,
        }
    }

    pub async fn at_the_door(&self) -> AtTheDoor {
        self.at_the_door_for(&[]).await
    }

    pub async fn at_the_door_for(&self, changes: &[(&str, &str)]) -> AtTheDoor {
        let mut browser = self.world.browser();
        let login = browser
            .get(&format!("/authorize?{}", authorize_query(changes)))
            .await
            .location();
        let page = browser.get(&login).await;
        let i = login.split_once("i=").unwrap().1.split('&').next().unwrap().to_owned();
        AtTheDoor {
            csrf: page.csrf(),
            browser,
            i,
        }
    }

    /// A whole attempt with this card, its token changed; the browser comes back as well.
    pub async fn attempt(&self, card: &Card, change: impl FnOnce(&mut Value)) -> (AtTheDoor, Reply) {
        let mut door = self.at_the_door().await;
        let nonce = door.nonce().await;
        let mut token = card.token(ISSUER, &nonce);
        change(&mut token);
        let reply = door.present(&token).await;
        (door, reply)
    }

    /// Nobody is logged in, the holder is told this, and the audit log has the reason.
    pub async fn assert_refused(&self, (door, reply): (AtTheDoor, Reply), told: &str, reason: &str) {
        assert!(reply.status >= 400, "{}", reply.body);
        assert_eq!(reply.problem(), format!("urn:signum:problem:{told}"), "{}", reply.body);
        assert!(!door.browser.cookies.contains_key("idp_sid"));
        let (count, detail) = self.world.audit("login.refused").await;
        let expected = format!("\"reason\":\"{reason}\"");
        assert!(count == 1 && detail.contains(&expected), "{reason}: {detail}");
        assert!(
            detail.contains("\"means\":\"card\"") && !detail.contains(NUMBER),
            "{detail}"
        );
        assert_eq!(self.world.audit("login.succeeded").await.0, 0);
    }

    /// As issued by the desk's authority with this shape.
    pub async fn refuses_shape(&self, shape: Shape, told: &str, reason: &str) {
        let card = Card::of(&self.authority, &shape);
        self.assert_refused(self.attempt(&card, |_| ()).await, told, reason)
            .await;
    }
}
