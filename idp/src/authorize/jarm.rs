//! JWT Secured Authorization Response Mode (JARM section 2.1): the answer as one JWT, signed in the HSM.

use serde_json::{Map, json};

use super::error::Unanswered;
use crate::clients;
use crate::jws;
use crate::service::Idp;

/// How long a client may take to read it, in seconds; section 2.1 recommends at most ten minutes.
const LIFE: i64 = 60;

/// `response`: the parameters as claims, for this client alone.
pub(super) async fn signed(
    idp: &Idp,
    client_id: &str,
    fields: &[(&'static str, String)],
) -> Result<String, Unanswered> {
    let now = idp.cx.now().seconds();
    let mut claims = Map::from_iter([
        ("iss".to_owned(), json!(idp.issuer())),
        ("aud".to_owned(), json!(client_id)),
        ("iat".to_owned(), json!(now)),
        ("exp".to_owned(), json!(now + LIFE)),
    ]);
    claims.extend(fields.iter().map(|(name, value)| ((*name).to_owned(), json!(value))));
    let keys = idp.keys.fresh(&idp.cx).await;
    let client = clients::find(&idp.cx, client_id).await?;
    let wanted = client.and_then(|client| client.metadata.authorization_signed_response_alg);
    let typ = jws::AUTHORIZATION_RESPONSE;
    Ok(keys.sign(&*idp.hsm, wanted, typ, &claims.into()).await?)
}
