//! A key pair whose making was cut off is named, keeps nobody from the truth, and goes by an approved ceremony; then its label is
//! free again.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use signum_hsm_shim::approval::{CeremonyFile, Deed};
use signum_hsm_shim::ceremony::{Answer, Order};
use signum_hsm_shim::half_made::{HalfMade, Missing};
use signum_hsm_shim::token::TokenConfig;
use signum_hsm_shim::{HsmError, KeyAlgorithm};

use crate::approvals::Board;
use crate::bench::{TOKEN, in_own_process, new_token};
use crate::ceremonies::{address, ask, officers, soon};
use crate::module::Module;

const LABEL: &str = "cut-off";

/// SoftHSM's files of objects.
fn objects(directory: &Path) -> BTreeSet<PathBuf> {
    let tokens = std::fs::read_dir(directory.join("tokens")).unwrap();
    let files = tokens.flat_map(|token| std::fs::read_dir(token.unwrap().path()).unwrap());
    let files = files.map(|file| file.unwrap().path());
    files
        .filter(|file| file.extension().is_some_and(|e| e == "object"))
        .collect()
}

/// An order to a fresh process, which knows the token as the disk holds it.
fn fresh(config: &TokenConfig, board: &mut Board, list: &Path, deed: Deed, nonce: u8) -> Result<Answer, HsmError> {
    let mut file = CeremonyFile::new(deed, TOKEN, LABEL, soon(), [nonce; 32]);
    if deed == Deed::Generate {
        file = file.detail("algorithm", KeyAlgorithm::EcP256.name());
    }
    let (address, file) = (address(config), board.approved(file, &[0, 1]).to_toml().unwrap());
    let officers = list.to_owned();
    ask(&match deed {
        Deed::Generate => Order::Generate {
            address,
            file,
            officers,
            algorithm: KeyAlgorithm::EcP256,
        },
        _ => Order::Destroy {
            address,
            file,
            officers,
        },
    })
}

#[test]
fn a_half_made_key_is_named_and_its_label_is_free_after_an_approved_destruction() {
    if !Module::under_test().is_softhsm() {
        return;
    }
    in_own_process(|directory| {
        let config = new_token(directory);
        let mut board = Board::new(directory, 2, 2);
        let list = officers(directory, &board);
        let half_made = || match ask(&Order::HalfMade(address(&config))) {
            Ok(Answer::HalfMade(found)) => found,
            other => panic!("{other:?}"),
        };
        let mut nonce = 0;
        let mut act = |deed| {
            nonce += 1;
            fresh(&config, &mut board, &list, deed, nonce)
        };
        let cut_off = |missing| {
            let label = LABEL.to_owned();
            vec![HalfMade { label, missing }]
        };
        // Each half in turn, gone or empty as a crash leaves it.
        let both = |missing| [(missing, false), (missing, true)];
        for (missing, emptied) in [both(Missing::PrivateHalf), both(Missing::PublicHalf)].concat() {
            let before = objects(directory);
            assert!(matches!(act(Deed::Generate), Ok(Answer::PublicKey(_))));
            assert_eq!(half_made(), []);
            let made: Vec<PathBuf> = objects(directory).difference(&before).cloned().collect();
            assert_eq!(made.len(), 2);
            // The files' names do not tell which half is which.
            let is_it = made.iter().any(|file| {
                let whole = std::fs::read(file).unwrap();
                match emptied {
                    true => std::fs::write(file, "").unwrap(),
                    false => std::fs::remove_file(file).unwrap(),
                }
                let found = half_made() == cut_off(missing);
                if !found {
                    std::fs::write(file, whole).unwrap();
                }
                found
            });
            assert!(is_it, "{missing} is not told: {:?}", half_made());
            let Err(HsmError::Misconfigured(why)) = act(Deed::Generate) else {
                panic!("made beside a half")
            };
            assert!(why.contains("half-made"), "{why}");
            assert_eq!(act(Deed::Destroy), Ok(Answer::Done));
            assert_eq!(half_made(), []);
            assert!(
                matches!(act(Deed::Generate), Ok(Answer::PublicKey(_))),
                "the label is free"
            );
            assert_eq!(act(Deed::Destroy), Ok(Answer::Done));
        }
    });
}
