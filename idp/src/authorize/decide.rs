//! What has to happen next for an authorization request: log in, consent, or answer. Pure, so every case is a test.

use signum_core::{Id, Timestamp};

use super::error::AuthorizeError;
use super::request::AuthorizeRequest;
use crate::consent::Agreed;
use crate::people::Person;
use crate::session::Authentication;

/// What is known of the person in front of the browser.
pub(crate) struct Known<'a> {
    pub person: Id<Person>,
    pub authentication: &'a Authentication,
    /// Their `sub` at this client, if it has one.
    pub subject: Option<&'a str>,
    /// What they agreed to give this client.
    pub consent: Option<&'a Agreed>,
    /// Whether this session has answered this client before.
    pub met: bool,
}

/// This request's interaction, once there is one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Begun {
    /// A log-in since then satisfies `prompt=login`, `max_age` and a step-up.
    pub at: Timestamp,
    /// Whose session was too low for the request.
    pub step_up_of: Option<Id<Person>>,
}

/// The next step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    LogIn,
    /// The same person has to log in anew, at a higher level: a new session, never a raised one.
    StepUp,
    AskConsent,
    /// A session is used for a service that it was not used for before: the person is shown as whom they go on.
    Continue,
    Answer,
    Refuse(AuthorizeError),
}

/// Decides.
pub(crate) fn decide(
    request: &AuthorizeRequest,
    known: Option<&Known<'_>>,
    begun: Option<Begun>,
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
    let logged_in_for_this = begun.is_some_and(|begun| at >= begun.at);
    // When somebody was last there is not known of a log-in for which nobody had to do anything.
    let present = known.authentication.amr.says_present();
    // max_age=0 is prompt=login: even a log-in of this very second is too old.
    let too_old = request
        .max_age
        .is_some_and(|age| age == 0 || !present || now.since(at).as_secs() > u64::from(age));
    if !(logged_in_for_this && present) && (request.prompt.login || too_old) {
        return log_in;
    }
    if known.authentication.acr < request.acr {
        if logged_in_for_this {
            return Next::Refuse(AuthorizeError::UnmetAuthenticationRequirements);
        }
        return refuse_or(AuthorizeError::LoginRequired, Next::StepUp);
    }
    let stepped_up = begun.and_then(|begun| begun.step_up_of);
    if stepped_up.is_some() && !present {
        return log_in;
    }
    if stepped_up.is_some_and(|person| person != known.person) {
        return Next::Refuse(AuthorizeError::LoginRequired);
    }
    if request.hinted_subject.is_some() && request.hinted_subject.as_deref() != known.subject {
        // Somebody else than the client expects: once more by log-in, then the client is told.
        return if logged_in_for_this {
            Next::Refuse(AuthorizeError::LoginRequired)
        } else {
            log_in
        };
    }
    let agreed = known.consent.is_some_and(|given| given.covers(&request.wanted()));
    // Details are agreed to each time: what was right to sign away once need not be so again (RFC 9396 section 7).
    if !agreed || request.prompt.consent || !request.details.is_empty() {
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
    use std::collections::BTreeSet;

    use super::*;
    use crate::authorize::details::Details;
    use crate::authorize::mode::ResponseMode;
    use crate::authorize::request::Prompt;
    use crate::claim::{Claim, Claims};
    use crate::level::Level;
    use crate::scope::Scopes;
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
            mode: ResponseMode::Query,
            claims: Claims::default(),
            id_token_claims: Claims::default(),
            resources: Vec::new(),
            details: Details::default(),
            dpop_jkt: None,
            once: None,
        }
    }

    const PERSON: Id<Person> = Id::from_bytes([1; 16]);

    fn with(request: &AuthorizeRequest, logged_in_at: i64, begun: Option<i64>, consent: Option<&str>) -> Next {
        let authentication = Authentication {
            time: Timestamp::from_seconds(logged_in_at),
            acr: Level::Substantial,
            amr: Amr::passkey(false),
        };
        let begun = begun.map(|at| Begun {
            at: Timestamp::from_seconds(at),
            step_up_of: None,
        });
        of(&authentication, request, begun, consent)
    }

    fn of(
        authentication: &Authentication,
        request: &AuthorizeRequest,
        begun: Option<Begun>,
        consent: Option<&str>,
    ) -> Next {
        let consent = consent.map(|text| Agreed {
            scopes: Scopes::parse(text).unwrap(),
            claims: Claims::default(),
            resources: BTreeSet::new(),
        });
        let known = Known {
            person: PERSON,
            authentication,
            subject: Some("s1"),
            consent: consent.as_ref(),
            met: true,
        };
        decide(request, Some(&known), begun, NOW)
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
        let consent = Agreed {
            scopes: Scopes::parse("openid profile").unwrap(),
            claims: Claims::default(),
            resources: BTreeSet::new(),
        };
        let known = Known {
            person: PERSON,
            authentication: &authentication,
            subject: Some("s1"),
            consent: Some(&consent),
            met: false,
        };
        assert_eq!(decide(&request(), Some(&known), None, NOW), Next::Continue);
        let begun = Some(Begun {
            at: Timestamp::from_seconds(8_999),
            step_up_of: None,
        });
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
        assert_eq!(with(&high, 9_000, None, Some("openid profile")), Next::StepUp);
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

    #[test]
    fn a_step_up_is_completed_by_the_same_person_alone() {
        let high = AuthorizeRequest {
            acr: Level::High,
            ..request()
        };
        let now_high = Authentication {
            time: Timestamp::from_seconds(9_600),
            acr: Level::High,
            amr: Amr::passkey(false),
        };
        for (whose, next) in [
            (PERSON, Next::Answer),
            (Id::from_bytes([2; 16]), Next::Refuse(AuthorizeError::LoginRequired)),
        ] {
            let begun = Some(Begun {
                at: Timestamp::from_seconds(9_500),
                step_up_of: Some(whose),
            });
            assert_eq!(of(&now_high, &high, begun, Some("openid profile")), next);
        }
    }

    #[test]
    fn a_log_in_for_which_nobody_had_to_be_there_is_never_a_new_one() {
        let unattended = Authentication {
            time: Timestamp::from_seconds(9_600),
            acr: Level::Substantial,
            amr: Amr::of(&["sc".to_owned(), "mfa".to_owned()]).unwrap(),
        };
        let (mut login, mut young) = (request(), request());
        login.prompt.login = true;
        young.max_age = Some(5_000);
        let agreed = Some("openid profile");
        let begun = |step_up_of| {
            Some(Begun {
                at: Timestamp::from_seconds(9_500),
                step_up_of,
            })
        };
        assert_eq!(of(&unattended, &login, begun(None), agreed), Next::LogIn);
        assert_eq!(of(&unattended, &young, begun(None), agreed), Next::LogIn);
        assert_eq!(of(&unattended, &young, None, agreed), Next::LogIn);
        assert_eq!(of(&unattended, &request(), begun(Some(PERSON)), agreed), Next::LogIn);
        assert_eq!(of(&unattended, &request(), begun(None), agreed), Next::Answer);
    }

    #[test]
    fn a_claim_asked_for_one_by_one_needs_a_consent_of_its_own() {
        let claims = |claim| AuthorizeRequest {
            claims: [claim].into_iter().collect(),
            ..request()
        };
        let agreed = Some("openid profile");
        assert_eq!(with(&claims(Claim::Birthdate), 9_000, None, agreed), Next::Answer);
        let in_id_token = AuthorizeRequest {
            id_token_claims: [Claim::PersonalNumber].into_iter().collect(),
            ..request()
        };
        assert_eq!(with(&in_id_token, 9_000, None, agreed), Next::AskConsent);
        assert_eq!(
            with(&claims(Claim::PersonalNumber), 9_000, None, agreed),
            Next::AskConsent
        );
    }

    #[test]
    fn a_resource_server_needs_a_consent_that_names_it() {
        let request = AuthorizeRequest {
            resources: vec!["https://land.example.org/".into()],
            ..request()
        };
        assert_eq!(with(&request, 9_000, None, Some("openid profile")), Next::AskConsent);
    }

    #[test]
    fn authorization_details_are_agreed_to_each_time() {
        let details = Details::parse(r#"[{"type":"x"}]"#, &["x".to_owned()]).unwrap();
        let request = AuthorizeRequest { details, ..request() };
        assert_eq!(with(&request, 9_000, None, Some("openid profile")), Next::AskConsent);
    }
}
