//! An interaction goes on: after log-in to consent, after consent to the client. Bound to its cookie and its session.

use serde_json::json;
use signum_core::audit::{self, Event};
use signum_core::{DbError, Id, retry_on_db_conflict};
use signum_hsm_shim::HsmError;

use super::decide::{Begun, Next};
use super::error::{AuthorizeError, Unanswered};
use super::response::ToClient;
use super::{agreed_still, current_session, next, once, response};
use crate::account::activity::{self, Entry, Kind};
use crate::clients::{self, Client, GrantType};
use crate::consent::Agreed;
use crate::device::browser::DONE;
use crate::interaction::{self, Interaction, Stage};
use crate::service::Idp;
use crate::session::{self, Session};
use crate::{code, consent};

/// Why an interaction cannot go on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum InteractionError {
    /// Never begun, or expired.
    #[error("interaction unknown or expired")]
    Gone,
    /// The browser does not hold this interaction's cookie.
    #[error("interaction of another browser")]
    OtherBrowser,
    /// The client has no such redirect URI any more.
    #[error("interaction of a redirect URI that was taken back")]
    RedirectUri,
    /// Answered before.
    #[error("interaction already completed")]
    Completed,
    /// The browser's session is another than the one that logged in for it.
    #[error("interaction of another session")]
    OtherSession,
    #[error(transparent)]
    Db(#[from] DbError),
    /// The answer could not be signed.
    #[error(transparent)]
    Hsm(#[from] HsmError),
}
retry_on_db_conflict!(InteractionError);

impl From<Unanswered> for InteractionError {
    fn from(error: Unanswered) -> Self {
        match error {
            Unanswered::Db(error) => Self::Db(error),
            Unanswered::Hsm(error) => Self::Hsm(error),
        }
    }
}

impl InteractionError {
    pub(crate) const fn code(&self) -> &'static str {
        match self {
            Self::Gone => "interaction_gone",
            Self::OtherBrowser => "interaction_other_browser",
            Self::RedirectUri => "interaction_redirect_uri",
            Self::Completed => "interaction_completed",
            Self::OtherSession => "interaction_other_session",
            Self::Db(_) | Self::Hsm(_) => "internal",
        }
    }
}

/// Where a resumed interaction leads.
pub(crate) enum Resumed {
    LogIn,
    AskConsent(Box<Asked>),
    /// The person is shown as whom they go on.
    Continue(Box<Asked>),
    /// To the client; the interaction is over.
    Client(ToClient),
}

/// What a page of an interaction with a logged-in person is about.
pub(crate) struct Asked {
    pub interaction: Interaction,
    pub client: Client,
    pub session: Session,
    /// What the person agreed to before at this client.
    pub agreed: Option<Agreed>,
}

/// The open interaction of this browser, with its client as it is now.
pub(crate) async fn open(
    idp: &Idp,
    id: Id<Interaction>,
    cookie: Option<&str>,
) -> Result<(Interaction, Client), InteractionError> {
    let found = interaction::find(&idp.cx, id).await?.ok_or(InteractionError::Gone)?;
    if !cookie.is_some_and(|cookie| found.belongs_to(cookie)) {
        return Err(InteractionError::OtherBrowser);
    }
    if found.stage == Stage::Completed {
        return Err(InteractionError::Completed);
    }
    let client = clients::find(&idp.cx, &found.request.client_id)
        .await?
        .ok_or(InteractionError::Gone)?;
    match goes_to(idp, &client, &found.request.redirect_uri) {
        true => Ok((found, client)),
        false => Err(InteractionError::RedirectUri),
    }
}

/// Whether the answer still has where to go: a person may take long, and the registration may have changed meanwhile.
fn goes_to(idp: &Idp, client: &Client, redirect_uri: &str) -> bool {
    let device = redirect_uri == idp.at(DONE) && client.metadata.may_use(GrantType::DeviceCode);
    device || client.has_redirect_uri(redirect_uri)
}

/// Goes on with an interaction.
pub(crate) async fn resume(
    idp: &Idp,
    id: Id<Interaction>,
    cookie: Option<&str>,
    session_cookie: Option<&str>,
) -> Result<Resumed, InteractionError> {
    let (interaction, client) = open(idp, id, cookie).await?;
    let Stage::AwaitsConsent { session: expected } = interaction.stage else {
        return Ok(Resumed::LogIn);
    };
    let Some(session) = current_session(idp, session_cookie).await? else {
        // It ran out in the meantime.
        return Ok(Resumed::LogIn);
    };
    if session.id != expected {
        return Err(InteractionError::OtherSession);
    }
    let begun = Some(Begun {
        at: interaction.created_at,
        step_up_of: interaction.step_up_of,
    });
    match next(idp, &interaction.request, &client.sector, Some(&session), begun)
        .await?
        .0
    {
        Next::LogIn | Next::StepUp => Ok(Resumed::LogIn),
        shown @ (Next::AskConsent | Next::Continue) => {
            let agreed = consent::given(&idp.cx, session.person, &client.client_id).await?;
            let asked = Box::new(Asked {
                interaction,
                client,
                session,
                agreed,
            });
            Ok(match shown {
                Next::Continue => Resumed::Continue(asked),
                _ => Resumed::AskConsent(asked),
            })
        }
        Next::Answer => finish(idp, &interaction, &session, Finish::AgreedBefore).await,
        Next::Refuse(error) => refuse(idp, &interaction, error).await.map(Resumed::Client),
    }
}

/// How the person came to agree.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Finish {
    AgreedBefore,
    AgreesNow,
}

/// Completes an interaction with a code: completion, consent and code in one transaction. When the session has ended since it was
/// looked up, nothing is changed and the person has to log in again.
pub(crate) async fn finish(
    idp: &Idp,
    interaction: &Interaction,
    session: &Session,
    how: Finish,
) -> Result<Resumed, InteractionError> {
    let (cx, config, request) = (&idp.cx, &idp.config, &interaction.request);
    let outcome = cx
        .db
        .run("interaction.finish", |tx| async move {
            let Some(live) = session::touch(&tx, cx, session).await? else {
                return Ok(Outcome::LoggedOut);
            };
            if how == Finish::AgreedBefore && !agreed_still(&tx, session.person, request).await? {
                return Ok(Outcome::Withdrawn);
            }
            if !interaction::complete(&tx, cx, interaction.id).await? || !once::spend(&tx, cx, request).await? {
                return Err(InteractionError::Completed);
            }
            if how == Finish::AgreesNow {
                let (client, scope, wanted) = (&request.client_id, &request.scope, &request.wanted());
                let claims = &wanted.claims;
                consent::remember(&tx, cx, session.person, client, wanted).await?;
                let detail = json!({"client": client, "scope": scope.to_string(), "claims": claims.to_string(),
                    "resources": wanted.resources, "details": request.details.iter().map(|detail| &detail.kind).collect::<Vec<_>>()});
                audit::record(&tx, cx, &Event::new("consent.given", session.person, detail)).await?;
                let agreed = format!("{scope} {claims}");
                let entry = &Entry {
                    client: Some(&request.client_id),
                    session: Some(session.id),
                    scope: Some(&agreed),
                    ..Entry::of(Kind::ConsentGiven)
                };
                activity::record(&tx, cx, session.person, entry).await?;
            }
            Ok(Outcome::Code(code::issue(&tx, cx, config, request, &live).await?))
        })
        .await?;
    Ok(match outcome {
        Outcome::Code(code) => Resumed::Client(response::code(idp, request, &code).await?),
        Outcome::LoggedOut => Resumed::LogIn,
        Outcome::Withdrawn => Resumed::Client(refuse(idp, interaction, AuthorizeError::AccessDenied).await?),
    })
}

/// What came of the end of an interaction.
enum Outcome {
    Code(String),
    /// The session has ended since it was looked up: nothing is changed.
    LoggedOut,
    /// The person has taken the earlier consent back meanwhile.
    Withdrawn,
}

/// The person does not want to go on: the client is told, in TARA's word where it was registered for that.
pub(crate) async fn cancel(idp: &Idp, interaction: &Interaction) -> Result<ToClient, InteractionError> {
    let client = clients::find(&idp.cx, &interaction.request.client_id).await?;
    let error = if client.is_some_and(|client| client.metadata.tara_compat) {
        AuthorizeError::UserCancel
    } else {
        AuthorizeError::AccessDenied
    };
    refuse(idp, interaction, error).await
}

/// Completes an interaction with an error for the client.
pub(crate) async fn refuse(
    idp: &Idp,
    interaction: &Interaction,
    error: AuthorizeError,
) -> Result<ToClient, InteractionError> {
    let (cx, request) = (&idp.cx, &interaction.request);
    cx.db
        .run("interaction.refuse", |tx| async move {
            if !interaction::complete(&tx, cx, interaction.id).await? || !once::spend(&tx, cx, request).await? {
                return Err(InteractionError::Completed);
            }
            let kind = if matches!(error, AuthorizeError::AccessDenied | AuthorizeError::UserCancel) {
                "consent.denied"
            } else {
                "authorize.refused"
            };
            let detail = json!({"interaction": interaction.id, "code": error.code()});
            audit::record(&tx, cx, &Event::new(kind, &request.client_id, detail)).await?;
            Ok(())
        })
        .await?;
    Ok(response::error(idp, request.into(), error).await?)
}
