//! The executable `signum-hsm-ceremony`: approvals are checked inside it, beside the session.

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use signum_hsm_shim::approval::{CeremonyFile, Deed};
use signum_hsm_shim::ceremony::{Address, Answer, Order, ROWS_LEFT, apart};
use signum_hsm_shim::token::{CANARY, Token, TokenConfig};
use signum_hsm_shim::{HsmError, KeyAlgorithm};

use crate::approvals::Board;
use crate::bench::{TOKEN, in_own_process, module, new_token};

pub const EXECUTABLE: &str = env!("CARGO_BIN_EXE_signum-hsm-ceremony");

pub fn ask(order: &Order) -> Result<Answer, HsmError> {
    apart(Path::new(EXECUTABLE), &environment(), order)
}

/// The test's process has the module's variables and nothing of worth besides.
pub fn environment() -> Vec<(String, String)> {
    ["SOFTHSM2_CONF", "KRYOPTIC_CONF"]
        .iter()
        .filter_map(|name| Some(((*name).to_owned(), std::env::var(name).ok()?)))
        .collect()
}

pub fn soon() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() as i64 + 600
}

/// The list of officers as a file, beside a token.
pub fn officers(directory: &Path, board: &Board) -> PathBuf {
    let path = directory.join("officers.toml");
    std::fs::write(&path, toml::to_string(&board.quorum).unwrap()).unwrap();
    path
}

pub fn address(token: &TokenConfig) -> Address {
    Address::Configured(token.clone())
}

#[test]
fn a_token_is_looked_at_from_another_process_and_its_rates_are_measured() {
    in_own_process(|directory| {
        let token = new_token(directory);
        let order = Order::Inspect {
            address: address(&token),
            rates: true,
        };
        let Ok(Answer::Inspection {
            capabilities,
            rates,
            signs,
        }) = ask(&order)
        else {
            panic!("no inspection");
        };
        assert_eq!(signs, Some(true));
        assert_eq!(capabilities.token.label, TOKEN);
        assert_eq!(rates.len(), capabilities.signatures.len());
        assert!(rates.iter().all(|rate| rate.resident > 0.0));
        let Ok(Answer::Keys(keys)) = ask(&Order::Keys(address(&token))) else {
            panic!("no keys");
        };
        assert_eq!(keys.len(), 1);
        assert!(keys[0].label == CANARY && keys[0].report.as_ref().unwrap().never_left());
    });
}

#[test]
fn an_address_must_describe_the_token_it_opens() {
    in_own_process(|directory| {
        let token = new_token(directory);
        let pin = directory.join("user.pin");
        let uri = |more: &str| {
            let (module, pin) = (module(), pin.display().to_string());
            let module = module.display();
            format!("pkcs11:token={TOKEN}{more}?module-path={module}&pin-source=file:{pin}")
        };
        let open = |uri: String| ask(&Order::Keys(Address::Uri(uri)));
        assert!(matches!(open(uri("")), Ok(Answer::Keys(_))));
        let serial = Token::open(token).unwrap().capabilities().unwrap().token.serial;
        assert!(matches!(open(uri(&format!(";serial={serial}"))), Ok(Answer::Keys(_))));
        for wrong in [";serial=0", ";manufacturer=Acme", ";model=x", ";slot-id=999999999"] {
            assert!(matches!(open(uri(wrong)), Err(HsmError::Misconfigured(_))), "{wrong}");
        }
        assert!(matches!(
            open(format!("pkcs11:token={TOKEN}")),
            Err(HsmError::Misconfigured(_))
        ));
    });
}

#[test]
fn a_key_is_destroyed_by_an_approved_ceremony_and_by_nothing_less() {
    in_own_process(|directory| {
        let config = new_token(directory);
        let token = Token::open(config.clone()).unwrap();
        token.generate("doomed", KeyAlgorithm::EcP256).unwrap();
        token.generate("kept", KeyAlgorithm::EcP256).unwrap();
        let mut board = Board::new(directory, 3, 2);
        let officers = officers(directory, &board);
        let destroy = |file: &CeremonyFile| {
            ask(&Order::Destroy {
                address: address(&config),
                file: file.to_toml().unwrap(),
                officers: officers.clone(),
            })
        };
        let draft = |nonce| CeremonyFile::new(Deed::Destroy, TOKEN, "doomed", soon(), [nonce; 32]);
        let one = board.approved(draft(1), &[0]);
        assert!(matches!(destroy(&one), Err(HsmError::NeedsApproval(_))));
        let mut altered = board.approved(draft(1), &[0, 1]);
        altered.ceremony.object = "kept".into();
        assert!(matches!(destroy(&altered), Err(HsmError::NeedsApproval(_))));
        let elsewhere = CeremonyFile::new(Deed::Destroy, "signum-ca", "doomed", soon(), [2; 32]);
        let elsewhere = board.approved(elsewhere, &[0, 1]);
        assert!(matches!(destroy(&elsewhere), Err(HsmError::NeedsApproval(_))));
        token.public_key("doomed").unwrap();

        let good = board.approved(draft(3), &[1, 2]);
        assert_eq!(destroy(&good), Ok(Answer::Done));
        let fresh = Token::open(config.clone()).unwrap();
        assert_eq!(fresh.public_key("doomed"), Err(HsmError::KeyNotFound("doomed".into())));
        fresh.public_key("kept").unwrap();
        // A key made again under the old label is safe from the old ceremony.
        fresh.generate("doomed", KeyAlgorithm::EcP256).unwrap();
        assert!(matches!(destroy(&good), Err(HsmError::NeedsApproval(_))));
        fresh.public_key("doomed").unwrap();
    });
}

#[test]
fn what_guards_wrapped_keys_is_destroyed_when_the_officers_were_told_that_no_row_needs_it() {
    in_own_process(|directory| {
        let config = new_token(directory);
        let token = Token::open(config.clone()).unwrap();
        token.ensure_kek("people-kek", 1).unwrap();
        let mut board = Board::new(directory, 2, 2);
        let officers = officers(directory, &board);
        let mut destroy = |nonce, told: Option<&str>| {
            let file = CeremonyFile::new(Deed::Destroy, TOKEN, "people-kek.1", soon(), [nonce; 32]);
            let file = told.into_iter().fold(file, |file, rows| file.detail(ROWS_LEFT, rows));
            ask(&Order::Destroy {
                address: address(&config),
                file: board.approved(file, &[0, 1]).to_toml().unwrap(),
                officers: officers.clone(),
            })
        };
        assert!(matches!(destroy(1, None), Err(HsmError::NeedsApproval(_))));
        assert!(matches!(destroy(2, Some("7")), Err(HsmError::NeedsApproval(_))));
        assert_eq!(destroy(3, Some("0")), Ok(Answer::Done));
    });
}

#[test]
fn a_list_of_officers_that_others_may_write_opens_nothing() {
    use std::os::unix::fs::PermissionsExt;
    in_own_process(|directory| {
        let config = new_token(directory);
        let mut board = Board::new(directory, 2, 2);
        let path = officers(directory, &board);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o666)).unwrap();
        let file = CeremonyFile::new(Deed::Destroy, TOKEN, CANARY, soon(), [1; 32]);
        let order = Order::Destroy {
            address: address(&config),
            file: board.approved(file, &[0, 1]).to_toml().unwrap(),
            officers: path,
        };
        assert!(matches!(ask(&order), Err(HsmError::Misconfigured(_))));
    });
}

#[test]
fn a_key_is_generated_by_an_approved_ceremony_that_names_its_algorithm() {
    in_own_process(|directory| {
        let config = new_token(directory);
        let mut board = Board::new(directory, 2, 2);
        let officers = officers(directory, &board);
        let generate = |file: &CeremonyFile, algorithm| {
            ask(&Order::Generate {
                address: address(&config),
                file: file.to_toml().unwrap(),
                officers: officers.clone(),
                algorithm,
            })
        };
        let draft = CeremonyFile::new(Deed::Generate, TOKEN, "root-2", soon(), [1; 32])
            .detail("algorithm", KeyAlgorithm::EcP384.name());
        let unapproved = generate(&draft, KeyAlgorithm::EcP384);
        assert!(matches!(unapproved, Err(HsmError::NeedsApproval(_))));
        let file = board.approved(draft, &[0, 1]);
        let another = generate(&file, KeyAlgorithm::EcP256);
        assert!(matches!(another, Err(HsmError::NeedsApproval(_))));
        let Ok(Answer::PublicKey(made)) = generate(&file, KeyAlgorithm::EcP384) else {
            panic!("not made");
        };
        assert_eq!(Token::open(config.clone()).unwrap().public_key("root-2"), Ok(made));
        assert!(matches!(
            generate(&file, KeyAlgorithm::EcP384),
            Err(HsmError::NeedsApproval(_))
        ));
    });
}
