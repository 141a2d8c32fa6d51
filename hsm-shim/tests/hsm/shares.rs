//! PINs in shares: every sufficient set gives the PIN, everything else a clear error and no try at the token.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret, SecretString};
use signum_hsm_shim::HsmError;
use signum_hsm_shim::shares::{Share, ShareError, combine, split};
use signum_hsm_shim::token::{PinSource, Token, TokenConfig};

use crate::bench::{in_own_process, new_token};

fn pin() -> SecretString {
    SecretString::from("0123456789abcdef")
}

fn write(directory: &Path, shares: &[Share]) -> Vec<PathBuf> {
    let one = |share: &Share| {
        let path = directory.join(format!("share-{}", share.holder));
        fs::write(&path, share.to_toml().unwrap().as_bytes()).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        path
    };
    shares.iter().map(one).collect()
}

#[test]
fn any_three_of_five_shares_give_the_pin_and_two_say_nothing() {
    let shares = split(&pin(), 3, 5).unwrap();
    for a in 0..5 {
        for b in 0..5 {
            for c in 0..5 {
                let some = [shares[a].clone(), shares[b].clone(), shares[c].clone()];
                match combine(&some) {
                    Ok(whole) => {
                        assert!(a != b && b != c && a != c);
                        assert_eq!(whole.expose_secret(), pin().expose_secret());
                    }
                    Err(error) => assert!(matches!(error, ShareError::Twice(_)), "{error}"),
                }
            }
        }
    }
    assert_eq!(combine(&shares).unwrap().expose_secret(), pin().expose_secret());
    assert_eq!(
        combine(&shares[..2]).err(),
        Some(ShareError::TooFew { given: 2, needed: 3 })
    );
    assert_eq!(combine(&[]).err(), Some(ShareError::TooFew { given: 0, needed: 2 }));
}

#[test]
fn shares_of_short_and_long_pins_have_one_length() {
    let length = |pin: &str| {
        split(&SecretString::from(pin), 2, 2).unwrap()[0]
            .to_toml()
            .unwrap()
            .len()
    };
    assert_eq!(length("1"), length(&"9".repeat(255)));
    for wrong in [String::new(), "9".repeat(256)] {
        assert_eq!(split(&SecretString::from(wrong), 2, 2).err(), Some(ShareError::Pin));
    }
    for (needed, holders) in [(1, 1), (1, 3), (3, 2), (0, 0), (2, 17)] {
        assert_eq!(split(&pin(), needed, holders).err(), Some(ShareError::Numbers));
    }
}

#[test]
fn a_mistyped_share_is_told_by_its_holder() {
    let shares = split(&pin(), 2, 3).unwrap();
    let text = shares[1].to_toml().unwrap();
    let digit = text.find("share = \"").unwrap() + 40;
    let mut typed = text.as_bytes().to_vec();
    typed[digit] = if typed[digit] == b'0' { b'1' } else { b'0' };
    let typed = String::from_utf8(typed).unwrap();
    assert_eq!(Share::parse(&typed).err(), Some(ShareError::Typo(2)));
    assert_eq!(
        Share::parse(&text.replace("needed = 2", "needed = 3")).err(),
        Some(ShareError::Typo(2))
    );
    assert!(matches!(Share::parse("nonsense"), Err(ShareError::Malformed(_))));
}

#[test]
fn shares_of_two_splittings_do_not_mix() {
    let (first, second) = (split(&pin(), 2, 3).unwrap(), split(&pin(), 2, 3).unwrap());
    let mixed = [first[0].clone(), second[1].clone()];
    assert_eq!(combine(&mixed).err(), Some(ShareError::AnotherSet(2)));
}

#[test]
fn a_forged_share_is_found_by_the_checksum_inside() {
    use sha2::{Digest, Sha256};
    let shares = split(&pin(), 2, 3).unwrap();
    let text = shares[1].to_toml().unwrap();
    let field = |name: &str| {
        let line = text.lines().find(|line| line.starts_with(name)).unwrap();
        line.split('"').nth(1).unwrap().to_owned()
    };
    // Someone who knows the form alters the share and computes its check anew.
    let (set, share) = (field("set"), field("share"));
    let forged = format!("{}00", &share[..share.len() - 2]);
    let forged = if forged == share {
        format!("{}01", &share[..share.len() - 2])
    } else {
        forged
    };
    let covered = [
        b"signum-pin-share-v1".as_slice(),
        &[1, 2, 2, 3],
        set.as_bytes(),
        forged.as_bytes(),
    ]
    .concat();
    let check = hex::encode(&Sha256::digest(covered)[..8]);
    let forged = text.replace(&share, &forged).replace(&field("check"), &check);
    let forged = Share::parse(&forged).unwrap();
    assert_eq!(combine(&[shares[0].clone(), forged]).err(), Some(ShareError::DoNotFit));
}

#[test]
fn no_share_is_shown_by_its_debug_form() {
    let share = &split(&pin(), 2, 3).unwrap()[0];
    assert!(format!("{share:?}").len() < 60);
}

#[test]
fn a_token_opens_with_shares_and_a_wrong_share_costs_no_try() {
    in_own_process(|directory| {
        let whole = new_token(directory);
        let _only_softhsm_is_logged_in = crate::bench::bare_session().logout();
        let shares = split(&whole.pin.read().unwrap(), 2, 3).unwrap();
        let files = write(directory, &shares);
        let open = |files: &[PathBuf]| {
            Token::open(TokenConfig {
                pin: PinSource::Shares(files.to_vec()),
                ..whole.clone()
            })
        };
        for wrong in [
            &files[..1],
            &[files[0].clone(), files[0].clone()],
            &[directory.join("none")],
        ] {
            // Not a refused PIN, which would latch.
            assert!(matches!(open(wrong).err(), Some(HsmError::Misconfigured(_))));
        }
        fs::set_permissions(&files[1], fs::Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(open(&files[1..]).err(), Some(HsmError::Misconfigured(_))));
        open(&[files[2].clone(), files[0].clone()]).unwrap().health().unwrap();
    });
}

#[test]
fn a_credential_is_a_file_of_the_folder_systemd_names_and_of_no_other() {
    const VARIABLE: &str = "CREDENTIALS_DIRECTORY";
    const NAME: &str = "shares::a_credential_is_a_file_of_the_folder_systemd_names_and_of_no_other";
    let named = |name: &str| PinSource::Credential(name.to_owned()).read();
    // The variable belongs to a whole process: the second half runs in another one, which has it.
    if std::env::var_os(VARIABLE).is_none() {
        assert!(matches!(named("pin"), Err(HsmError::Misconfigured(_))));
        let folder = tempfile::tempdir().unwrap();
        let pin = folder.path().join("pin");
        fs::write(&pin, "4321\n").unwrap();
        fs::set_permissions(&pin, fs::Permissions::from_mode(0o400)).unwrap();
        let inner = std::process::Command::new(std::env::current_exe().unwrap())
            .args([NAME, "--exact"])
            .env(VARIABLE, folder.path())
            .status();
        assert!(inner.unwrap().success());
        return;
    }
    assert_eq!(named("pin").unwrap().expose_secret(), "4321");
    assert!(matches!(
        PinSource::Credential("pin".into()).without_environment(),
        Ok(PinSource::File(path)) if path.is_absolute() && path.ends_with("pin")
    ));
    for outside in ["../pin", "/etc/hostname", "", ".", "other"] {
        assert!(matches!(named(outside), Err(HsmError::Misconfigured(_))), "{outside}");
    }
}

#[test]
fn a_pin_source_of_an_address_is_a_file_or_a_credential() {
    let of = PinSource::of_uri;
    assert_eq!(of("file:/etc/pin"), Ok(PinSource::File("/etc/pin".into())));
    assert_eq!(of("file:///etc/pin"), Ok(PinSource::File("/etc/pin".into())));
    assert_eq!(of("/etc/pin"), Ok(PinSource::File("/etc/pin".into())));
    assert_eq!(of("credential:pin"), Ok(PinSource::Credential("pin".into())));
    for wrong in ["|cat /etc/pin", "pin", "", "https://example.org/pin", "file:pin"] {
        assert!(of(wrong).is_err(), "{wrong}");
    }
}
