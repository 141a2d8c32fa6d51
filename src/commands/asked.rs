//! What an officer's authenticator is asked by a command: options for programs on standard output; for people, beside them, the
//! address of a page that makes the gesture, and the digits that the page shows.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use signum_ca::ListedOfficer;
use signum_gesture::options::request_options;

/// Asks `officer` to agree to `challenge`.
pub(super) fn ask(officer: &ListedOfficer, challenge: &[u8; 32]) {
    let ids = [officer.authenticator.credential_id.clone()];
    let options = request_options(challenge, &officer.relying_party, &ids);
    println!("{options:#}");
    let asked = URL_SAFE_NO_PAD.encode(options.to_string());
    eprintln!("{}/gesture?asked={asked}", officer.relying_party.origin);
    eprintln!("{}", spoken(&hex::encode(challenge)));
}

/// Four lines of four groups of four digits, as a hash is read aloud and compared.
pub(super) fn spoken(hash: &str) -> String {
    let digits: Vec<char> = hash.chars().collect();
    let groups: Vec<String> = digits.chunks(4).map(|group| group.iter().collect()).collect();
    let lines: Vec<String> = groups.chunks(4).map(|line| line.join(" ")).collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_hash_is_read_aloud_in_four_lines_and_typed_in_any_layout() {
        let hash = signum_ca::ListHash([0xab; 32]);
        let spoken = super::spoken(&hash.to_string());
        assert_eq!(spoken.lines().count(), 4);
        assert!(spoken.starts_with("abab abab abab abab\n"));
        assert_eq!(spoken.to_uppercase().parse(), Ok(hash));
    }
}
