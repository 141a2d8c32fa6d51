//! Protection against requests forged from another site, without server state (OWASP: HMAC-based token bound to the
//! session; Fetch Metadata; RFC 6454 origin).

use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, StatusCode, header};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::Problem;
use crate::random::Random;

/// The header by which a script's request carries the token; forms use the hidden field `csrf`.
pub const CSRF_HEADER: &str = "x-csrf-token";

/// Makes and checks tokens. The token is HMAC-SHA-256 over the session cookie's value, so it dies with the session;
/// pages before login have an anonymous session cookie.
/// ```
/// # use signum_core::{OsRandom, http::{Csrf, CsrfKey}};
/// let csrf = Csrf::new(CsrfKey::random(&OsRandom));
/// let token = csrf.token("session cookie value"); // into Page::csrf
/// let headers = http::HeaderMap::new();
/// assert!(csrf.check("session cookie value", Some(&token), &headers, "http://idp.localhost:8081").is_ok());
/// ```
#[derive(Clone)]
pub struct Csrf(CsrfKey);

/// A service's key: the same on every replica and after every restart, or an open page's next request is refused.
/// Wiped when dropped, shown as `***`.
#[derive(Clone)]
pub struct CsrfKey(Zeroizing<[u8; 32]>);

impl CsrfKey {
    pub fn random(random: &dyn Random) -> Self {
        let mut key = Zeroizing::new([0; 32]);
        random.fill(&mut *key);
        Self(key)
    }

    /// Reads what [`to_hex`](Self::to_hex) wrote; `None` unless it is 256 bits in hex.
    pub fn from_hex(text: &str) -> Option<Self> {
        let mut key = Zeroizing::new([0; 32]);
        hex::decode_to_slice(text, &mut *key).ok()?;
        Some(Self(key))
    }

    /// For the secret file.
    pub fn to_hex(&self) -> Zeroizing<String> {
        Zeroizing::new(hex::encode(*self.0))
    }
}

impl std::fmt::Debug for CsrfKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

impl Csrf {
    pub fn new(key: CsrfKey) -> Self {
        Self(key)
    }

    /// The token of a session, in hex.
    pub fn token(&self, session_id: &str) -> String {
        hex::encode(self.mac(session_id).finalize().into_bytes())
    }

    /// Whether a request that changes something comes from our own page. `presented` is the form's field; without one the
    /// header `X-CSRF-Token` counts. `public_origin` is [`origin_of`](super::origin_of) the service's address.
    pub fn check(
        &self,
        session_id: &str,
        presented: Option<&str>,
        headers: &HeaderMap,
        public_origin: &str,
    ) -> Result<(), Problem> {
        from_here(headers, public_origin)?;
        let presented = presented.or_else(|| text(headers, CSRF_HEADER)).unwrap_or_default();
        let bytes = hex::decode(presented).map_err(|_| refused("csrf_token"))?;
        // Mac::verify_slice compares in constant time.
        self.mac(session_id)
            .verify_slice(&bytes)
            .map_err(|_| refused("csrf_token"))
    }

    /// Proof, in hex, that this service itself said `text` for `purpose`; of no use as a token or for any other purpose.
    pub fn proof(&self, purpose: &str, text: &str) -> String {
        hex::encode(self.purposeful(purpose, text).finalize().into_bytes())
    }

    /// Whether `proof` is the [`proof`](Self::proof) of just this; compares in constant time.
    pub fn proves(&self, purpose: &str, text: &str, proof: &str) -> bool {
        hex::decode(proof).is_ok_and(|proof| self.purposeful(purpose, text).verify_slice(&proof).is_ok())
    }

    fn purposeful(&self, purpose: &str, text: &str) -> Hmac<Sha256> {
        let mut mac = self.keyed();
        mac.update(b"signum-proof-v1\0");
        // The length keeps purpose and text apart.
        mac.update(&u64::try_from(purpose.len()).unwrap_or(u64::MAX).to_be_bytes());
        mac.update(purpose.as_bytes());
        mac.update(text.as_bytes());
        mac
    }

    fn mac(&self, session_id: &str) -> Hmac<Sha256> {
        let mut mac = self.keyed();
        mac.update(b"signum-csrf-v1\0");
        mac.update(session_id.as_bytes());
        mac
    }

    fn keyed(&self) -> Hmac<Sha256> {
        // KeyInit::new pads a key of any length up to the block; 32 octets never fail.
        let mut block = hmac::digest::Key::<Hmac<Sha256>>::default();
        block.iter_mut().zip(self.0.0.iter()).for_each(|(to, from)| *to = *from);
        <Hmac<Sha256> as KeyInit>::new(&block)
    }
}

/// `Sec-Fetch-Site` and `Origin`, where the browser sends them. Under `Referrer-Policy: no-referrer` a form's POST has
/// `Origin: null` even from the same origin (Fetch section 3.2); then the token alone decides with older browsers.
fn from_here(headers: &HeaderMap, public_origin: &str) -> Result<(), Problem> {
    match text(headers, "sec-fetch-site") {
        None | Some("same-origin") => {}
        Some(_) => return Err(refused("cross_site")),
    }
    match text(headers, header::ORIGIN.as_str()) {
        None | Some("null") => Ok(()),
        Some(origin) if origin == public_origin => Ok(()),
        Some(_) => Err(refused("cross_site")),
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).map(|v| v.to_str().unwrap_or("?"))
}

fn refused(code: &str) -> Problem {
    Problem::new(
        StatusCode::FORBIDDEN,
        code,
        "The request did not come from our own page",
    )
    .detail("Open the page again and repeat what you did.")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const HERE: &str = "http://idp.localhost:8081";

    fn csrf(octet: u8) -> Csrf {
        Csrf::new(CsrfKey(Zeroizing::new([octet; 32])))
    }

    fn check(headers: &[(&'static str, &str)], presented: Option<&str>) -> Result<(), Problem> {
        let headers = headers
            .iter()
            .map(|(k, v)| (k.parse().unwrap(), v.parse().unwrap()))
            .collect();
        csrf(1).check("session", presented, &headers, HERE)
    }

    fn good() -> String {
        csrf(1).token("session")
    }

    #[test]
    fn the_mac_is_the_one_of_rfc_4231() {
        // Test case 2 of RFC 4231 section 4.3: the crate is wired as we think.
        let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(b"Jefe").unwrap();
        mac.update(b"what do ya want for nothing?");
        let expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        assert_eq!(hex::encode(mac.finalize().into_bytes()), expected);
        let mut ours = <Hmac<Sha256> as KeyInit>::new_from_slice(&[1; 32]).unwrap();
        ours.update(b"signum-csrf-v1\0session");
        assert_eq!(good(), hex::encode(ours.finalize().into_bytes()));
    }

    #[test]
    fn a_key_read_from_its_file_makes_the_same_tokens_and_is_never_printed() {
        let key = CsrfKey::random(&crate::random::OsRandom);
        let again = CsrfKey::from_hex(&key.to_hex()).unwrap();
        assert_eq!(format!("{key:?}"), "***");
        let token = Csrf::new(key).token("session");
        assert!(
            Csrf::new(again)
                .check("session", Some(&token), &HeaderMap::new(), HERE)
                .is_ok()
        );
        for bad in ["", "00", "zz", &"0".repeat(63), &"0".repeat(66), &"g".repeat(64)] {
            assert!(CsrfKey::from_hex(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn a_proof_holds_for_its_text_and_purpose_alone_and_is_no_token() {
        let proof = csrf(1).proof("a", "bc");
        assert!(csrf(1).proves("a", "bc", &proof));
        assert!(!csrf(1).proves("ab", "c", &proof) && !csrf(1).proves("a", "bd", &proof));
        assert!(!csrf(2).proves("a", "bc", &proof) && !csrf(1).proves("a", "bc", ""));
        assert_ne!(csrf(1).token("bc"), csrf(1).proof("", "bc"));
    }

    #[test]
    fn the_token_is_taken_from_the_form_or_from_the_header() {
        assert!(check(&[], Some(&good())).is_ok());
        assert!(check(&[("x-csrf-token", &good())], None).is_ok());
        assert!(check(&[("origin", HERE), ("sec-fetch-site", "same-origin")], Some(&good())).is_ok());
    }

    #[test]
    fn a_missing_malformed_or_foreign_token_is_refused() {
        let foreign = csrf(1).token("another session");
        let other_key = csrf(2).token("session");
        for bad in ["", "zz", "00", &foreign, &other_key, good().get(..62).unwrap()] {
            assert_eq!(check(&[], Some(bad)).unwrap_err().code(), "csrf_token");
        }
        assert!(check(&[], None).is_err());
    }

    #[test]
    fn a_good_token_from_another_site_is_refused() {
        for headers in [
            [("origin", "https://evil.example")],
            [("origin", "http://demo.localhost:8083")],
            [("sec-fetch-site", "same-site")],
            [("sec-fetch-site", "cross-site")],
            [("sec-fetch-site", "none")],
        ] {
            assert_eq!(check(&headers, Some(&good())).unwrap_err().code(), "cross_site");
        }
        assert!(check(&[("origin", "null"), ("sec-fetch-site", "cross-site")], Some(&good())).is_err());
    }

    #[test]
    fn the_null_origin_of_a_form_under_no_referrer_is_taken() {
        assert!(check(&[("origin", "null"), ("sec-fetch-site", "same-origin")], Some(&good())).is_ok());
    }
}
