//! A client's own ES256 key: assertions (RFC 7523), DPoP proofs (RFC 9449) and request objects (RFC 9101) made with it.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as B64};
use openssl::bn::{BigNum, BigNumContext};
use openssl::ec::{EcGroup, EcKey};
use openssl::ecdsa::EcdsaSig;
use openssl::nid::Nid;
use openssl::pkey::Private;
use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};
use signum_core::{Clock, SystemClock};
use uuid::Uuid;

const KID: &str = "client-key";

/// It exists in tests alone.
pub struct ClientKey(EcKey<Private>);

impl Default for ClientKey {
    fn default() -> Self {
        Self::new()
    }
}

impl ClientKey {
    pub fn new() -> Self {
        let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).expect("P-256");
        Self(EcKey::generate(&group).expect("a key"))
    }

    fn jwk(&self) -> Json {
        let (mut x, mut y) = (BigNum::new().expect("a number"), BigNum::new().expect("a number"));
        let mut context = BigNumContext::new().expect("a context");
        let point = self.0.public_key();
        point
            .affine_coordinates_gfp(self.0.group(), &mut x, &mut y, &mut context)
            .expect("a point");
        let text = |number: &BigNum| B64.encode(number.to_vec_padded(32).expect("32 octets"));
        json!({"kty": "EC", "crv": "P-256", "x": text(&x), "y": text(&y)})
    }

    /// As a client registers it.
    pub fn jwks(&self) -> Json {
        let mut jwk = self.jwk();
        jwk["kid"] = json!(KID);
        jwk["use"] = json!("sig");
        json!({ "keys": [jwk] })
    }

    /// `client_assertion` of this client, good for a minute.
    pub fn assertion(&self, client_id: &str, issuer: &str) -> String {
        let now = SystemClock.now().seconds();
        let claims =
            json!({"iss": client_id, "sub": client_id, "aud": issuer, "jti": fresh(), "iat": now, "exp": now + 60});
        self.signed(&json!({"alg": "ES256", "kid": KID}), &claims)
    }

    /// A proof for `POST htu`.
    pub fn proof(&self, htu: &str, nonce: Option<&str>) -> String {
        let header = json!({"alg": "ES256", "typ": "dpop+jwt", "jwk": self.jwk()});
        let mut claims = json!({"jti": fresh(), "htm": "POST", "htu": htu, "iat": SystemClock.now().seconds()});
        if let Some(nonce) = nonce {
            claims["nonce"] = json!(nonce);
        }
        self.signed(&header, &claims)
    }

    /// A request object with these parameters, good for a minute.
    pub fn request_object(&self, client_id: &str, issuer: &str, parameters: &[(&str, &str)]) -> String {
        let now = SystemClock.now().seconds();
        let mut claims =
            json!({"iss": client_id, "aud": issuer, "jti": fresh(), "iat": now, "nbf": now, "exp": now + 60});
        for (name, value) in parameters {
            claims[*name] = json!(value);
        }
        let header = json!({"alg": "ES256", "kid": KID, "typ": "oauth-authz-req+jwt"});
        self.signed(&header, &claims)
    }

    fn signed(&self, header: &Json, claims: &Json) -> String {
        let input = format!("{}.{}", B64.encode(header.to_string()), B64.encode(claims.to_string()));
        let sig = EcdsaSig::sign(&Sha256::digest(&input), &self.0).expect("a signature");
        let raw = [sig.r(), sig.s()].map(|number| number.to_vec_padded(32).expect("32 octets"));
        format!("{input}.{}", B64.encode(raw.concat()))
    }
}

fn fresh() -> String {
    Uuid::new_v4().to_string()
}
