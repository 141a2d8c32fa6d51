//! Logging in: to the identity provider and back (OpenID Connect Core 1.0 section 3.1.2, RFC 9207 `iss`).

use std::time::Duration;

use signum_core::{DbError, params, retry_on_db_conflict};
use url::Url;

use crate::person::Person;
use crate::provider::{Begun, ProviderError, known_code};
use crate::secret::hashed;
use crate::service::Signer;
use crate::session;

/// Cookie that ties an authorization request to the browser that began it.
pub(crate) const COOKIE: &str = "login";
/// How long a person may take at the identity provider.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30 * 60);

/// Why a log-in did not succeed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LoginError {
    #[error("the answer belongs to no log-in that this browser began")]
    NotBegunHere,
    #[error("the answer names no issuer, or another one")]
    OtherProvider,
    #[error("the provider said {0}")]
    Refused(&'static str),
    #[error(transparent)]
    Provider(#[from] ProviderError),
    #[error(transparent)]
    Db(#[from] DbError),
}
retry_on_db_conflict!(LoginError);

/// What the provider sends back with the browser.
#[derive(serde::Deserialize)]
pub(crate) struct Answer {
    pub state: Option<String>,
    pub code: Option<String>,
    pub iss: Option<String>,
    pub error: Option<String>,
}

/// Begins a log-in, `again` for someone who is logged in; returns where to send the browser and the secret for its cookie.
pub(crate) async fn begin(signer: &Signer, language: &str, again: bool) -> Result<(Url, String), LoginError> {
    let cx = &signer.cx;
    let (url, begun) = signer.provider.begin(language, again, || cx.random.token()).await?;
    let browser = cx.random.token();
    let (state, cookie) = (hashed(&begun.state), hashed(&browser));
    let begun = &begun;
    let until = cx.now().plus(PATIENCE);
    cx.db
        .run::<_, DbError, _, _>("login.begin", |tx| async move {
            tx.exec(
                "INSERT INTO login_attempt (state_hash, browser_hash, nonce, verifier, expires_at, again)
                 VALUES ($1, $2, $3, $4, $5, $6)",
                params![state, cookie, &begun.nonce, &begun.verifier, until, again],
            )
            .await
        })
        .await?;
    Ok((url, browser))
}

/// Finishes it; returns the secret of the new session and whether the person was asked to log in again.
pub(crate) async fn finish(
    signer: &Signer,
    browser: Option<&str>,
    old_session: Option<&str>,
    answer: Answer,
) -> Result<(String, bool), LoginError> {
    // The state first: whoever did not begin here learns nothing and changes nothing.
    let state = answer.state.ok_or(LoginError::NotBegunHere)?;
    let (begun, again) = take(signer, browser.ok_or(LoginError::NotBegunHere)?, state).await?;
    // Our provider always says who it is (its metadata: authorization_response_iss_parameter_supported), so an answer without it
    // is not its own (RFC 9207 section 2.4).
    if answer.iss.as_deref() != Some(signer.config.issuer.as_str()) {
        return Err(LoginError::OtherProvider);
    }
    let code = match (answer.error, answer.code) {
        (Some(error), _) => return Err(LoginError::Refused(known_code(&error))),
        (None, None) => return Err(LoginError::Refused("no code")),
        (None, Some(code)) => code,
    };
    let logged_in = signer.provider.finish(code, begun).await?;
    let person = Person::new(&signer.config.country, logged_in.name);
    let (id_token, at) = (&logged_in.id_token, logged_in.authenticated_at);
    let secret = session::begin(&signer.cx, &person, id_token, at, old_session).await?;
    Ok((secret, again))
}

/// One statement: an answer is used once, by the browser that began.
async fn take(signer: &Signer, browser: &str, state: String) -> Result<(Begun, bool), LoginError> {
    let cx = &signer.cx;
    let (state_hash, browser) = (hashed(&state), hashed(browser));
    let row = cx
        .db
        .run::<_, DbError, _, _>("login.take", |tx| async move {
            tx.opt(
                "UPDATE login_attempt SET used_at = $1
                 WHERE state_hash = $2 AND browser_hash = $3 AND used_at IS NULL AND expires_at > $1
                 RETURNING nonce, verifier, again",
                params![cx.now(), state_hash, browser],
            )
            .await
        })
        .await?
        .ok_or(LoginError::NotBegunHere)?;
    let begun = Begun {
        state,
        nonce: row.get("nonce")?,
        verifier: row.get("verifier")?,
    };
    Ok((begun, row.get("again")?))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::test_desk::Desk;

    const STATE: &str = "the-state-of-this-attempt";
    const BROWSER: &str = "the-secret-of-this-browser";

    async fn answered(iss: Option<&str>, error: Option<&str>) -> LoginError {
        let desk = Desk::new().await;
        let cx = &desk.signer.cx;
        let until = cx.now().plus(PATIENCE);
        cx.db
            .run::<_, DbError, _, _>("test", |tx| async move {
                tx.exec(
                    "INSERT INTO login_attempt (state_hash, browser_hash, nonce, verifier, expires_at)
                     VALUES ($1, $2, 'n', 'v', $3)",
                    params![hashed(STATE), hashed(BROWSER), until],
                )
                .await
            })
            .await
            .unwrap();
        let answer = Answer {
            state: Some(STATE.to_owned()),
            code: error.is_none().then(|| "a-code".to_owned()),
            iss: iss.map(str::to_owned),
            error: error.map(str::to_owned),
        };
        finish(&desk.signer, Some(BROWSER), None, answer).await.unwrap_err()
    }

    #[tokio::test]
    async fn an_answer_that_names_no_issuer_or_another_one_is_refused_before_its_code_is_used() {
        for iss in [None, Some(""), Some("http://other.localhost")] {
            let error = answered(iss, None).await;
            assert!(matches!(error, LoginError::OtherProvider), "{iss:?}: {error}");
        }
    }

    #[tokio::test]
    async fn of_an_error_in_the_address_only_a_known_code_is_repeated() {
        let iss = crate::Config::default().issuer;
        for (error, told) in [
            ("access_denied", "access_denied"),
            ("Arta Shembulli 1234567892\n2026 ERROR forged", "an unknown code"),
        ] {
            match answered(Some(&iss), Some(error)).await {
                LoginError::Refused(code) => assert_eq!(code, told),
                other => unreachable!("{other}"),
            }
        }
    }
}
