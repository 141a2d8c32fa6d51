//! PIN files, the latch after a refused PIN, and tokens that are never initialised twice.

use std::os::unix::fs::PermissionsExt;

use signum_hsm_shim::HsmError;
use signum_hsm_shim::init::{NewToken, create_pin_file, init_token};
use signum_hsm_shim::token::{PinSource, Token, TokenConfig};

use crate::bench::{in_own_process, module, new_token, pin_file};

#[test]
fn a_refused_pin_latches_even_when_the_right_one_comes_later() {
    in_own_process(|directory| {
        let right = new_token(directory);
        // In SoftHSM the process that made the token is still logged in; log out, so that the PIN is looked at.
        let _not_logged_in = crate::bench::bare_session().logout();
        let wrong = TokenConfig {
            pin: pin_file(directory, "wrong.pin"),
            ..right.clone()
        };
        assert_eq!(Token::open(wrong).err(), Some(HsmError::PinLatched));
        assert_eq!(Token::open(right).err(), Some(HsmError::PinLatched));
    });
}

#[test]
fn a_pin_file_others_can_read_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("pin");
    pin_file(directory.path(), "pin");
    PinSource::File(path.clone()).read().unwrap();
    for mode in [0o640, 0o604, 0o660] {
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        assert!(matches!(
            PinSource::File(path.clone()).read(),
            Err(HsmError::Misconfigured(_))
        ));
    }
}

#[test]
fn a_pin_file_is_never_overwritten() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("pin");
    create_pin_file(&path, |bytes| bytes.fill(1)).unwrap();
    assert!(matches!(
        create_pin_file(&path, |bytes| bytes.fill(2)),
        Err(HsmError::AlreadyExists(_))
    ));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "01".repeat(16));
}

#[test]
fn a_token_is_not_initialised_twice() {
    in_own_process(|directory| {
        let token = new_token(directory);
        let again = NewToken {
            module: module(),
            label: token.token.clone(),
            so_pin: pin_file(directory, "so2.pin"),
            user_pin: pin_file(directory, "user2.pin"),
        };
        assert_eq!(init_token(&again), Err(HsmError::AlreadyExists(token.token.clone())));
        Token::open(token).unwrap().health().unwrap();
    });
}

#[test]
fn two_tokens_of_one_module_live_side_by_side() {
    in_own_process(|directory| {
        let first = Token::open(new_token(directory)).unwrap();
        let new = NewToken {
            module: module(),
            label: "signum-second".into(),
            so_pin: pin_file(directory, "so2.pin"),
            user_pin: pin_file(directory, "user2.pin"),
        };
        init_token(&new).unwrap();
        first.health().unwrap();
    });
}

#[test]
fn a_pin_source_has_one_spelling_in_addresses_and_settings_and_is_no_command() {
    let shares = PinSource::Shares(vec!["/media/a/share.toml".into(), "/media/b/share.toml".into()]);
    for (text, source) in [
        ("file:/etc/pin", PinSource::File("/etc/pin".into())),
        ("/etc/pin", PinSource::File("/etc/pin".into())),
        ("credential:ca.pin", PinSource::Credential("ca.pin".into())),
        ("shares:/media/a/share.toml,/media/b/share.toml", shares),
    ] {
        assert_eq!(PinSource::of_uri(text), Ok(source), "{text}");
    }
    for text in [
        "",
        "|cat /etc/pin",
        "etc/pin",
        "shares:",
        "shares:/one",
        "shares:/one,two",
        "1234",
    ] {
        assert!(
            matches!(PinSource::of_uri(text), Err(HsmError::Misconfigured(_))),
            "{text}"
        );
    }
}
