//! Notes are read strictly, and as others write them.
#![allow(clippy::unwrap_used)]
use super::*;
use crate::audit::CheckpointSigner;
use crate::audit::test_key::{ORIGIN, TestKey};

fn checkpoint() -> Checkpoint {
    Checkpoint {
        origin: ORIGIN.to_owned(),
        head: TreeHead {
            size: 20_852_163,
            root: [7; 32],
        },
        at: Timestamp::from_seconds(1_790_000_000),
    }
}

fn signed(key: &TestKey) -> String {
    key.note(&checkpoint())
}

/// The example of C2SP tlog-cosignature: its witness's signature, made by software nobody here wrote, has our form.
const EXAMPLE: &str = "example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

\u{2014} example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
\u{2014} witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==
";

#[test]
fn the_signed_message_is_the_one_of_the_specification() {
    let text = String::from_utf8(checkpoint().message()).unwrap();
    let root = STANDARD.encode([7; 32]);
    assert_eq!(
        text,
        format!("cosignature/v1\ntime 1790000000\n{ORIGIN}\n20852163\n{root}\n")
    );
}

#[test]
fn a_note_is_opened_with_its_own_key_and_no_other() {
    let (key, other) = (TestKey::new(), TestKey::new());
    let note = signed(&key);
    assert_eq!(Checkpoint::open(&note, key.key()), Ok(checkpoint()));
    assert_eq!(Checkpoint::open(&note, other.key()), Err(CheckpointError::Unsigned));
    let stranger = VerifierKey::new("signum.example/audit/ca", *key.key().public()).unwrap();
    assert_eq!(Checkpoint::open(&note, &stranger), Err(CheckpointError::Origin));
}

#[test]
fn nothing_of_a_note_can_be_changed() {
    let key = TestKey::new();
    let note = signed(&key);
    let last_line = note.trim_end().rfind('\n').unwrap();
    for (index, octet) in note.bytes().enumerate() {
        for bit in [0x01, 0x04] {
            let mut changed = note.clone().into_bytes();
            if let Some(at) = changed.get_mut(index) {
                *at = octet ^ bit;
            }
            let Ok(changed) = String::from_utf8(changed) else {
                continue;
            };
            match Checkpoint::open(&changed, key.key()) {
                Err(_) => {}
                // The plain signature can be made one of nobody's; what is believed stays the same.
                Ok(read) => assert!(index > last_line && read == checkpoint(), "octet {index}: {changed}"),
            }
        }
    }
}

#[test]
fn signatures_of_others_are_passed_over() {
    let (key, other) = (TestKey::new(), TestKey::new());
    let witness = VerifierKey::new("witness.example.com/w1", *other.key().public()).unwrap();
    let message = checkpoint().message();
    let strange = checkpoint().signature_line(&witness, &other.signature(&message));
    let same_name = checkpoint().signature_line(other.key(), &other.signature(&message));
    let (text, own) = {
        let note = signed(&key);
        let (text, own) = note.rsplit_once("\n\n").unwrap();
        (text.to_owned(), own.to_owned())
    };
    let note = format!("{text}\n\n{strange}{same_name}{own}");
    assert_eq!(Checkpoint::open(&note, key.key()), Ok(checkpoint()));
}

#[test]
fn a_wrong_plain_signature_spoils_the_note() {
    let (key, other) = (TestKey::new(), TestKey::new());
    let timed = key.signature(&checkpoint().message());
    let wrong = other.signature(checkpoint().text().as_bytes());
    let note = checkpoint().note(key.key(), &timed, &wrong);
    assert_eq!(Checkpoint::open(&note, key.key()), Err(CheckpointError::Signature));
    // Notes of earlier versions have the timestamped one alone.
    let line = checkpoint().signature_line(key.key(), &timed);
    let note = format!("{}\n{line}", checkpoint().text());
    assert_eq!(Checkpoint::open(&note, key.key()), Ok(checkpoint()));
}

#[test]
fn a_witness_of_the_specifications_example_is_found_by_its_name_and_id_alone() {
    let key = VerifierKey::new("witness.example.com/w1", [1; 32]).unwrap();
    assert_eq!(Checkpoint::signed_by(EXAMPLE, &key), Ok(None));
}

#[test]
fn the_example_of_the_specification_is_read_as_a_signed_note() {
    let key = VerifierKey::new("example.com/behind-the-sofa", [1; 32]).unwrap();
    assert_eq!(Checkpoint::open(EXAMPLE, &key), Err(CheckpointError::Unsigned));
    let (origin, head) = read_text(EXAMPLE.rsplit_once("\n\n").unwrap().0).unwrap();
    assert_eq!(
        (origin.as_str(), head.size),
        ("example.com/behind-the-sofa", 20_852_163)
    );
}

#[test]
fn odd_notes_are_refused() {
    let key = TestKey::new();
    let note = signed(&key);
    let odd = [
        String::new(),
        note.trim_end().to_owned(),
        note.replace("\n\n", "\n"),
        note.replace("20852163", "020852163"),
        note.replace("20852163", "+20852163"),
        note.replace("\n\n", "\nextension\n\n"),
        note.replace('\n', "\r\n"),
        "x".repeat(LONGEST_NOTE + 1),
    ];
    for note in odd {
        assert!(Checkpoint::open(&note, key.key()).is_err(), "{note}");
    }
}

#[test]
fn a_verifier_key_is_written_and_read() {
    let key = TestKey::new();
    let text = key.key().to_string();
    assert_eq!(text.parse::<VerifierKey>().as_ref(), Ok(key.key()));
    let other_name = text.replacen("signum", "sygnum", 1);
    for wrong in [other_name.as_str(), "a+b", "", "a+00000000+AAAA"] {
        assert!(wrong.parse::<VerifierKey>().is_err(), "{wrong}");
    }
    assert!(VerifierKey::new("with space", [0; 32]).is_err());
}
