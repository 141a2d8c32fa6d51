//! Proof of possession at the application layer (RFC 9449): who shows a token also signs each request with its key.

mod address;
mod nonce;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as B64};
use http::HeaderMap;
use serde_json::Value as Json;
use sha2::{Digest, Sha256};
use signum_core::{Cx, DbError, Timestamp, Tx, retry_on_db_conflict};
use std::time::Duration;
use subtle::ConstantTimeEq;

use crate::binding::SenderConstraint;
use crate::jose::{self, Algorithm, Claims, Expected, JoseError, Typ};
use crate::service::Idp;
use crate::single_use::{self, Kind};

pub(crate) use nonce::fresh as fresh_nonce;

/// How old a proof may be; its nonce says the same more strictly.
const OLD: Duration = Duration::from_secs(120);
/// How far a client's clock may be ahead of ours (FAPI 2.0 Security Profile section 5.3.2.1: 10 s at least, 60 s are too much).
const AHEAD: Duration = Duration::from_secs(30);
/// Longest `jti` that is taken, in octets.
const LONGEST_JTI: usize = 256;

/// Why a proof proves nothing (RFC 9449 section 4.3).
#[derive(Debug, thiserror::Error)]
pub(crate) enum DpopError {
    /// The client has to show one.
    #[error("a DPoP proof is needed")]
    Missing,
    #[error("there is more than one DPoP header")]
    Several,
    #[error("the DPoP proof is not acceptable: {0}")]
    Proof(#[from] JoseError),
    #[error("the DPoP proof has no acceptable {0}")]
    Claim(&'static str),
    #[error("the DPoP proof is for another method or address")]
    OtherRequest,
    #[error("the DPoP proof is too old, or from the future")]
    Time,
    #[error("the DPoP proof needs the nonce in the header DPoP-Nonce")]
    Nonce,
    #[error("the DPoP proof is for another access token")]
    OtherToken,
    #[error("the DPoP proof was used before")]
    Replayed,
    #[error(transparent)]
    Db(#[from] DbError),
}
retry_on_db_conflict!(DpopError);

impl DpopError {
    /// RFC 9449 sections 5 and 8; `None`: our own fault.
    pub(crate) fn code(&self) -> Option<&'static str> {
        match self {
            Self::Nonce => Some("use_dpop_nonce"),
            Self::Missing
            | Self::Several
            | Self::Proof(_)
            | Self::Claim(_)
            | Self::OtherRequest
            | Self::Time
            | Self::OtherToken
            | Self::Replayed => Some("invalid_dpop_proof"),
            Self::Db(_) => None,
        }
    }
}

/// A proof whose signature and claims are good. It counts only once it is spent.
#[derive(Clone, Debug)]
#[must_use = "a proof that is not spent can be shown again"]
pub(crate) struct Proof {
    /// RFC 7638 thumbprint of the key.
    pub jkt: String,
    jti: String,
    expires: Timestamp,
}

impl Proof {
    pub(crate) fn constraint(&self) -> SenderConstraint {
        SenderConstraint::Jkt(self.jkt.clone())
    }

    /// Spends the proof, in the transaction that does what it was shown for.
    pub(crate) async fn spend(&self, tx: &Tx, cx: &Cx) -> Result<(), DpopError> {
        match single_use::spend(tx, cx, Kind::DpopProof, &self.jkt, &self.jti, self.expires).await? {
            true => Ok(()),
            false => Err(DpopError::Replayed),
        }
    }
}

/// Reads and spends the proof of a request to the address `htu`; `None` when there is none. With an access token the proof must
/// be made for it (`ath`).
pub(crate) async fn check(
    idp: &Idp,
    headers: &HeaderMap,
    htm: &str,
    htu: &str,
    access_token: Option<&str>,
) -> Result<Option<Proof>, DpopError> {
    let Some(proof) = read(idp, headers, htm, htu, access_token)? else {
        return Ok(None);
    };
    let (shown, cx) = (&proof, &idp.cx);
    cx.db
        .run("dpop.spend", |tx| async move { shown.spend(&tx, cx).await })
        .await?;
    Ok(Some(proof))
}

/// Asks for a nonce before anything of a request is spent: a nonce is no secret, and clients send the same assertion again with
/// their next proof. Every other fault of the proof waits until the client has authenticated.
pub(crate) fn ask_for_nonce(idp: &Idp, headers: &HeaderMap, htu: &str) -> Result<(), DpopError> {
    match read(idp, headers, "POST", htu, None) {
        Err(DpopError::Nonce) => Err(DpopError::Nonce),
        _ => Ok(()),
    }
}

/// Reads the proof of a request without spending it, for flows that do so in their own transaction.
pub(crate) fn read(
    idp: &Idp,
    headers: &HeaderMap,
    htm: &str,
    htu: &str,
    access_token: Option<&str>,
) -> Result<Option<Proof>, DpopError> {
    let mut shown = headers.get_all("dpop").iter();
    let Some(header) = shown.next() else {
        return Ok(None);
    };
    if shown.next().is_some() {
        return Err(DpopError::Several);
    }
    let text = header.to_str().map_err(|_| JoseError::Malformed)?;
    let expected = Expected {
        typ: Typ::Is("dpop+jwt"),
        algs: &Algorithm::FAPI,
    };
    let (key, claims) = jose::verify_embedded(text, &expected)?;
    let request = Request { htm, htu, access_token };
    let (jti, expires) = request.judge(idp, &claims)?;
    Ok(Some(Proof {
        jkt: key.thumbprint(),
        jti,
        expires,
    }))
}

/// What the proof has to be made for.
struct Request<'a> {
    htm: &'a str,
    htu: &'a str,
    access_token: Option<&'a str>,
}

impl Request<'_> {
    /// Section 4.3, in the order in which a client's mistakes are told best.
    fn judge(&self, idp: &Idp, claims: &Claims) -> Result<(String, Timestamp), DpopError> {
        let jti = claims
            .text("jti")
            .filter(|jti| !jti.is_empty() && jti.len() <= LONGEST_JTI);
        let jti = jti.ok_or(DpopError::Claim("jti"))?;
        if claims.text("htm").ok_or(DpopError::Claim("htm"))? != self.htm {
            return Err(DpopError::OtherRequest);
        }
        let htu = claims.text("htu").ok_or(DpopError::Claim("htu"))?;
        if !idp.addresses_of(self.htu).any(|ours| address::same(htu, &ours)) {
            return Err(DpopError::OtherRequest);
        }
        let now = idp.cx.now();
        let made = Timestamp::from_seconds(claims.seconds("iat").ok_or(DpopError::Claim("iat"))?);
        if now.since(made) > OLD || made.since(now) > AHEAD {
            return Err(DpopError::Time);
        }
        self.judge_token(claims)?;
        match claims.0.get("nonce") {
            Some(Json::String(shown)) if nonce::is_good(&idp.derived.dpop_nonce, now, shown) => {}
            None if !idp.config.dpop_nonce_required => {}
            _ => return Err(DpopError::Nonce),
        }
        Ok((jti.to_owned(), made.plus(OLD + Duration::from_secs(2))))
    }

    /// `ath`: the proof is made for the access token that comes with it.
    fn judge_token(&self, claims: &Claims) -> Result<(), DpopError> {
        let Some(token) = self.access_token else {
            return Ok(());
        };
        let right = B64.encode(Sha256::digest(token.as_bytes()));
        let shown = claims.text("ath").ok_or(DpopError::Claim("ath"))?;
        match bool::from(shown.as_bytes().ct_eq(right.as_bytes())) {
            true => Ok(()),
            false => Err(DpopError::OtherToken),
        }
    }
}
