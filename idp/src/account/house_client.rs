//! The provider as its own relying party: a person who opens /account, or /device to connect a device, logs in by an ordinary
//! authorization request. The code in its answer is never redeemed; what counts is the session that the log-in made.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as B64};
use sha2::{Digest, Sha256};
use signum_core::Cx;

use crate::authorize::response::address;
use crate::clients::{self, ClientError, NewClient, Words};
use crate::level::Level;
use crate::service::Idp;

/// Client id of the account pages; no registration can take it.
const ID: &str = "account";
/// Client id of the page where a device is connected.
const DEVICE: &str = "connect-a-device";

/// Whether this client is the provider itself: nobody is asked for consent to it, and it is given nothing.
pub(crate) fn is_ours(client_id: &str) -> bool {
    [ID, DEVICE].contains(&client_id)
}

fn words(texts: [&str; 3]) -> Words {
    ["sq", "sr-Latn", "en"]
        .into_iter()
        .zip(texts)
        .map(|(tag, text)| (tag.to_owned(), text.to_owned()))
        .collect()
}

fn entered(issuer: &str, client_id: &str) -> String {
    match client_id {
        DEVICE => format!("{issuer}/device/entered"),
        _ => format!("{issuer}/account/entered"),
    }
}

/// Registers both where they are not registered yet, for this address.
pub(crate) async fn ensure(cx: &Cx, issuer: &str) -> Result<(), ClientError> {
    let (name, purpose) = (
        ["Faqja juaj", "Vaša stranica", "Your own page"],
        [
            "Të shihni ku jeni kyçur, çfarë ka ndodhur me identitetin tuaj dhe kush merr të dhënat tuaja.",
            "Da vidite gde ste prijavljeni, šta se dešavalo s Vašim identitetom i ko dobija Vaše podatke.",
            "To see where you are logged in, what happened with your identity and who receives your data.",
        ],
    );
    ensure_one(cx, issuer, ID, name, purpose).await?;
    let (name, purpose) = (
        ["Lidhja e një pajisjeje", "Povezivanje uređaja", "Connecting a device"],
        [
            "Të shkruani kodin që tregon një pajisje dhe të kyçeni në të.",
            "Da upišete kod koji uređaj pokazuje i prijavite se na njemu.",
            "To type the code that a device shows and to log in on it.",
        ],
    );
    ensure_one(cx, issuer, DEVICE, name, purpose).await
}

async fn ensure_one(
    cx: &Cx,
    issuer: &str,
    client_id: &str,
    name: [&str; 3],
    purpose: [&str; 3],
) -> Result<(), ClientError> {
    let to = entered(issuer, client_id);
    // Of another address, or somebody else's under our name: ours takes its place.
    let known = clients::find(cx, client_id).await?;
    if known.is_some_and(|known| known.metadata.redirect_uris == [to.as_str()]) {
        return Ok(());
    }
    let new = NewClient {
        client_id: client_id.to_owned(),
        name: words(name),
        purpose: words(purpose),
        redirect_uris: vec![to],
        post_logout_redirect_uris: Vec::new(),
        // Nobody knows it: this client never asks for tokens.
        secret: cx.random.token().into(),
        legal_basis_personal_number: false,
    };
    clients::register(cx, new).await
}

/// Where a person without a session goes first. Any level will do to look at one's own pages.
pub(crate) fn log_in(idp: &Idp) -> String {
    request(idp, ID, Level::Low, [None; 3])
}

/// Where a person goes who is logged in, but too long ago for what they want to do.
pub(crate) fn log_in_again(idp: &Idp) -> String {
    request(idp, ID, Level::Low, [Some("login"), None, None])
}

/// Where a person without a session goes before they type the code of a device; one that came along comes back with them.
pub(crate) fn connect_device(idp: &Idp, user_code: &str, ui_locales: Option<&str>) -> String {
    // What is too short for a `state` is no user code.
    let code = Some(user_code).filter(|code| code.len() >= 8);
    let level = idp.best_level().min(Level::Substantial);
    request(idp, DEVICE, level, [None, code, ui_locales])
}

fn request(idp: &Idp, client_id: &str, level: Level, [prompt, state, ui_locales]: [Option<&str>; 3]) -> String {
    let challenge = B64.encode(Sha256::digest(idp.cx.random.token()));
    let to = entered(idp.issuer(), client_id);
    let parameters = [
        ("client_id", Some(client_id)),
        ("redirect_uri", Some(to.as_str())),
        ("response_type", Some("code")),
        ("scope", Some("openid")),
        ("acr_values", Some(level.name())),
        ("code_challenge", Some(challenge.as_str())),
        ("code_challenge_method", Some("S256")),
        ("prompt", prompt),
        ("state", state),
        ("ui_locales", ui_locales),
    ];
    address("/authorize", &parameters)
}
