//! What a grant allows beyond its scopes: single claims (OpenID Connect Core section 5.5), authorization details (RFC 9396) and
//! the resource servers its tokens are for (RFC 8707).

use signum_core::DbError;
use signum_core::db::Row;

use crate::authorize::details::Details;
use crate::authorize::request::AuthorizeRequest;
use crate::claim::Claims;

/// Stored with the grant; the columns are `claims`, `id_token_claims`, `authorization_details` and `resource`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Entitlement {
    /// Claims for the userinfo answer, besides those of the scopes.
    pub claims: Claims,
    /// Claims for the ID token.
    pub id_token_claims: Claims,
    pub details: Details,
    /// Empty: the request named none.
    pub resources: Vec<String>,
}

impl Entitlement {
    pub(crate) fn of(request: &AuthorizeRequest) -> Self {
        Self {
            claims: request.claims.clone(),
            id_token_claims: request.id_token_claims.clone(),
            details: request.details.clone(),
            resources: request.resources.clone(),
        }
    }

    pub(crate) fn of_row(row: &Row) -> Result<Self, DbError> {
        let resources: String = row.get("resource")?;
        Ok(Self {
            claims: Claims::of_row(row, "claims")?,
            id_token_claims: Claims::of_row(row, "id_token_claims")?,
            details: Details::of_row(row)?,
            resources: resources.split_ascii_whitespace().map(str::to_owned).collect(),
        })
    }

    /// Every claim that the person was asked for one by one.
    pub(crate) fn asked(&self) -> Claims {
        self.claims.union(&self.id_token_claims)
    }
}
