//! What has to happen next for an authorization request: log in, consent, or answer. Pure, so every case is a test.

use signum_core::Timestamp;

use super::error::AuthorizeError;
use super::request::AuthorizeRequest;
use crate::scope::Scopes;
use crate::session::Authentication;

/// What is known of the person in front of the browser.
pub(crate) struct Known<'a> {
    pub authentication: &'a Authentication,
    /// Their `sub` at this client, if it has one.
    pub subject: Option<&'a str>,
    /// What they agreed to give this client.
    pub consent: Option<&'a Scopes>,
    /// Whether this session has answered this client before.
    pub met: bool,
}

/// The next step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    LogIn,
    AskConsent,
    /// A session is used for a service that it was not used for before: the person is shown as whom they go on.
    Continue,
    Answer,
    Refuse(AuthorizeError),
}

/// Decides. `begun` is when this request's interaction began: a log-in since then satisfies `prompt=login` and `max_age`.
pub(crate) fn decide(
    request: &AuthorizeRequest,
    known: Option<&Known<'_>>,
    begun: Option<Timestamp>,
    now: Timestamp,
) -> Next {
    let refuse_or = |silent: AuthorizeError, page: Next| {
        if request.prompt.none {
            Next::Refuse(silent)
        } else {
            page
        }
    };
    let log_in = refuse_or(AuthorizeError::LoginRequired, Next::LogIn);
    let Some(known) = known else {
        return log_in;
    };
    let at = known.authentication.time;
    let logged_in_for_this = begun.is_some_and(|begun| at >= begun);
    // max_age=0 is prompt=login: even a log-in of this very second is too old.
    let too_old = request
        .max_age
        .is_some_and(|age| age == 0 || now.since(at).as_secs() > u64::from(age));
    if !logged_in_for_this && (request.prompt.login || too_old) {
        return log_in;
    }
    if known.authentication.acr < request.acr {
        if logged_in_for_this {
            return Next::Refuse(AuthorizeError::UnmetAuthenticationRequirements);
        }
        return log_in;
    }
    if request.hinted_subject.is_some() && request.hinted_subject.as_deref() != known.subject {
        // Somebody else than the client expects: once more by log-in, then the client is told.
        return if logged_in_for_this {
            Next::Refuse(AuthorizeError::LoginRequired)
        } else {
            log_in
        };
    }
    let agreed = known.consent.is_some_and(|given| given.covers(&request.scope));
    if !agreed || request.prompt.consent {
        return refuse_or(AuthorizeError::ConsentRequired, Next::AskConsent);
    }
    if !known.met && !logged_in_for_this && !request.prompt.none {
        return Next::Continue;
    }
    Next::Answer
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::authorize::request::Prompt;
    use crate::level::Level;
    use crate::session::Amr;

    const NOW: Timestamp = Timestamp::from_seconds(10_000);

    fn request() -> AuthorizeRequest {
        AuthorizeRequest {
            client_id: "rp".into(),
            redirect_uri: "https://rp.example.org/cb".into(),
            scope: Scopes::parse("openid profile").unwrap(),
            state: None,
            nonce: None,
            code_challenge: String::new(),
            prompt: Prompt::default(),
            max_age: None,
            acr: Level::Substantial,
            ui_locales: None,
            hinted_subject: None,
        }
    }

    fn with(request: &AuthorizeRequest, logged_in_at: i64, begun: Option<i64>, consent: Option<&str>) -> Next {
        let authentication = Authentication {
            time: Timestamp::from_seconds(logged_in_at),
            acr: Level::Substantial,
            amr: Amr::passkey(false),
        };
        let consent = consent.map(|text| Scopes::parse(text).unwrap());
        let known = Known {
            authentication: &authentication,
            subject: Some("s1"),
            consent: consent.as_ref(),
            met: true,
        };
        decide(request, Some(&known), begun.map(Timestamp::from_seconds), NOW)
    }

    #[test]
    fn a_live_session_with_consent_is_answered_at_once() {
        assert_eq!(with(&request(), 9_000, None, Some("openid profile")), Next::Answer);
    }

    #[test]
    fn a_session_new_to_the_client_is_shown_before_it_is_used_but_never_to_a_silent_request() {
        let authentication = Authentication {
            time: Timestamp::from_seconds(9_000),
            acr: Level::Substantial,
            amr: Amr::passkey(false),
        };
        let consent = Scopes::parse("openid profile").unwrap();
        let known = Known {
            authentication: &authentication,
            subject: Some("s1"),
            consent: Some(&consent),
            met: false,
        };
        assert_eq!(decide(&request(), Some(&known), None, NOW), Next::Continue);
        let begun = Some(Timestamp::from_seconds(8_999));
        assert_eq!(
            decide(&request(), Some(&known), begun, NOW),
            Next::Answer,
            "just logged in"
        );
        let mut silent = request();
        silent.prompt.none = true;
        assert_eq!(decide(&silent, Some(&known), None, NOW), Next::Answer);
    }

    #[test]
    fn nobody_logged_in_means_log_in_or_with_prompt_none_an_error() {
        assert_eq!(decide(&request(), None, None, NOW), Next::LogIn);
        let silent = AuthorizeRequest {
            prompt: Prompt {
                none: true,
                ..Prompt::default()
            },
            ..request()
        };
        assert_eq!(
            decide(&silent, None, None, NOW),
            Next::Refuse(AuthorizeError::LoginRequired)
        );
        assert_eq!(
            with(&silent, 9_000, None, None),
            Next::Refuse(AuthorizeError::ConsentRequired)
        );
    }

    #[test]
    fn prompt_login_needs_a_log_in_made_for_this_request() {
        let fresh = AuthorizeRequest {
            prompt: Prompt {
                login: true,
                ..Prompt::default()
            },
            ..request()
        };
        assert_eq!(with(&fresh, 9_000, None, Some("openid profile")), Next::LogIn);
        assert_eq!(with(&fresh, 9_000, Some(9_500), Some("openid profile")), Next::LogIn);
        assert_eq!(with(&fresh, 9_600, Some(9_500), Some("openid profile")), Next::Answer);
    }

    #[test]
    fn max_age_asks_for_a_younger_log_in() {
        let young = AuthorizeRequest {
            max_age: Some(100),
            ..request()
        };
        assert_eq!(with(&young, 9_000, None, Some("openid profile")), Next::LogIn);
        assert_eq!(with(&young, 9_950, None, Some("openid profile")), Next::Answer);
        assert_eq!(with(&young, 9_600, Some(9_500), Some("openid profile")), Next::Answer);
        let now = AuthorizeRequest {
            max_age: Some(0),
            ..request()
        };
        assert_eq!(with(&now, 10_000, None, Some("openid profile")), Next::LogIn);
    }

    #[test]
    fn wider_scope_or_prompt_consent_asks_again() {
        assert_eq!(with(&request(), 9_000, None, Some("openid")), Next::AskConsent);
        let again = AuthorizeRequest {
            prompt: Prompt {
                consent: true,
                ..Prompt::default()
            },
            ..request()
        };
        assert_eq!(with(&again, 9_000, None, Some("openid profile")), Next::AskConsent);
    }

    #[test]
    fn a_level_below_the_asked_one_is_never_answered() {
        let high = AuthorizeRequest {
            acr: Level::High,
            ..request()
        };
        assert_eq!(with(&high, 9_000, None, Some("openid profile")), Next::LogIn);
        let unmet = Next::Refuse(AuthorizeError::UnmetAuthenticationRequirements);
        assert_eq!(with(&high, 9_600, Some(9_500), Some("openid profile")), unmet);
    }

    #[test]
    fn another_person_than_the_hinted_one_is_not_answered() {
        let hinted = AuthorizeRequest {
            hinted_subject: Some("s2".into()),
            ..request()
        };
        assert_eq!(with(&hinted, 9_000, None, Some("openid profile")), Next::LogIn);
        let refused = Next::Refuse(AuthorizeError::LoginRequired);
        assert_eq!(with(&hinted, 9_600, Some(9_500), Some("openid profile")), refused);
    }
}
