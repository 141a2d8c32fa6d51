//! What an officer's authenticator is asked by a command: options for programs on standard output; for people, beside them, the
//! address of a page that makes the gesture, and the digits that the page shows.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use signum_ca::{ListedOfficer, spoken};
use signum_gesture::options::request_options;

/// Asks `officer` to agree to `challenge`.
pub(super) fn ask(officer: &ListedOfficer, challenge: &[u8; 32]) {
    let ids = [officer.authenticator.credential_id.clone()];
    let options = request_options(challenge, &officer.relying_party, &ids);
    println!("{options:#}");
    let asked = URL_SAFE_NO_PAD.encode(options.to_string());
    eprintln!("{}/gesture?asked={asked}", officer.relying_party.origin);
    eprintln!("{}", spoken(challenge));
}
