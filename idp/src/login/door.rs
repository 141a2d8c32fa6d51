//! What the handlers of a means of log-in may ask of the provider, and nothing else.

use std::sync::Arc;

use axum::response::Response;
use http::HeaderMap;
use signum_core::{Cx, Id};

use super::{Outcome, Spend, Visit, admit, refuse};
use crate::http::login;
use crate::interaction::Interaction;
use crate::people::Person;
use crate::service::Idp;

/// `?i=ID` of every address of a means.
#[derive(serde::Deserialize)]
pub struct VisitQuery {
    pub(crate) i: Id<Interaction>,
}

/// The provider, as one means of log-in sees it.
#[derive(Clone)]
pub struct Door {
    idp: Arc<Idp>,
    means: &'static str,
}

impl Door {
    pub(crate) fn new(idp: Arc<Idp>, means: &'static str) -> Self {
        Self { idp, means }
    }

    pub(crate) fn into_idp(self) -> Arc<Idp> {
        self.idp
    }

    /// The provider's database, clock and randomness.
    pub fn cx(&self) -> &Cx {
        &self.idp.cx
    }

    /// Whoever posts this: the interaction is open, its cookie is there and the token is that of its page. `csrf` is the form's
    /// field; scripts send the header and give `None` here. Otherwise what the browser is answered.
    pub async fn visit(&self, query: &VisitQuery, headers: &HeaderMap, csrf: Option<&str>) -> Result<Visit, Response> {
        login::visit(&self.idp, query, headers, csrf).await
    }

    /// Logs this person in, spends `proof` in the same transaction and goes on (303). A proof that cannot be spent is a refusal.
    pub async fn admit(&self, visit: &Visit, outcome: &Outcome, proof: &dyn Spend) -> Response {
        let admitted = admit(&self.idp, visit, self.means, outcome, proof).await;
        login::admitted(&self.idp, visit, self.means, admitted)
    }

    /// Records why nobody was logged in and shows the log-in page again. `person` is whom the attempt named, for the audit log.
    pub async fn refuse(&self, visit: &Visit, person: Option<Id<Person>>, why: &'static str) -> Response {
        let refused = refuse(&self.idp, visit, self.means, person, why).await;
        login::admitted(&self.idp, visit, self.means, refused)
    }
}
