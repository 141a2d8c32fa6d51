//! Data about the person in an ID token, where the `claims` parameter asked for them there (OpenID Connect Core section 5.5).

use serde_json::{Map, Value as Json};
use signum_core::{DbError, Id};

use crate::clients::Client;
use crate::entitlement::Entitlement;
use crate::people::Person;
use crate::service::Idp;

/// What was agreed to and the client may still be given; asks for the person only if there is anything.
pub(super) async fn in_id_token(
    idp: &Idp,
    client: &Client,
    person: Id<Person>,
    entitlement: &Entitlement,
) -> Result<Map<String, Json>, DbError> {
    let claims = entitlement.id_token_claims.allowed_to(client);
    if claims.is_empty() {
        return Ok(Map::new());
    }
    let person = idp.people.find(person).await?.ok_or(DbError::NotFound)?;
    Ok(claims.values(&person))
}
