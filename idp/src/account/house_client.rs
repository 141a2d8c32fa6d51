//! The provider as its own relying party: a person who opens /account logs in by an ordinary authorization request. The code in
//! its answer is never redeemed; what counts is the session that the log-in made.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as B64};
use sha2::{Digest, Sha256};
use signum_core::Cx;

use crate::authorize::response::address;
use crate::clients::{self, ClientError, NewClient, Words};
use crate::service::Idp;

/// Its client id; no registration can take it.
pub(crate) const ID: &str = "account";

fn words(texts: [&str; 3]) -> Words {
    ["sq", "sr-Latn", "en"]
        .into_iter()
        .zip(texts)
        .map(|(tag, text)| (tag.to_owned(), text.to_owned()))
        .collect()
}

fn entered(issuer: &str) -> String {
    format!("{issuer}/account/entered")
}

/// Registers it where it is not registered yet.
pub(crate) async fn ensure(cx: &Cx, issuer: &str) -> Result<(), ClientError> {
    if clients::find(cx, ID).await?.is_some() {
        return Ok(());
    }
    let new = NewClient {
        client_id: ID.to_owned(),
        name: words(["Faqja juaj", "Vaša stranica", "Your own page"]),
        purpose: words([
            "Të shihni ku jeni kyçur, çfarë ka ndodhur me identitetin tuaj dhe kush merr të dhënat tuaja.",
            "Da vidite gde ste prijavljeni, šta se dešavalo s Vašim identitetom i ko dobija Vaše podatke.",
            "To see where you are logged in, what happened with your identity and who receives your data.",
        ]),
        redirect_uris: vec![entered(issuer)],
        post_logout_redirect_uris: Vec::new(),
        // Nobody knows it: this client never asks for tokens.
        secret: cx.random.token().into(),
        legal_basis_personal_number: false,
    };
    clients::register(cx, new).await
}

/// Where a person without a session goes first. Any level will do to look at one's own pages.
pub(crate) fn log_in(idp: &Idp) -> String {
    log_in_with(idp, None)
}

/// Where a person goes who is logged in, but too long ago for what they want to do.
pub(crate) fn log_in_again(idp: &Idp) -> String {
    log_in_with(idp, Some("login"))
}

fn log_in_with(idp: &Idp, prompt: Option<&str>) -> String {
    let challenge = B64.encode(Sha256::digest(idp.cx.random.token()));
    let to = entered(idp.issuer());
    let parameters = [
        ("client_id", ID),
        ("redirect_uri", to.as_str()),
        ("response_type", "code"),
        ("scope", "openid"),
        ("acr_values", "low"),
        ("code_challenge", challenge.as_str()),
        ("code_challenge_method", "S256"),
    ];
    let parameters = parameters.into_iter().map(|(name, value)| (name, Some(value)));
    let all: Vec<_> = parameters.chain([("prompt", prompt)]).collect();
    address("/authorize", &all)
}
