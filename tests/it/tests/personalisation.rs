//! A blank eID card becomes a person's: the CA certifies the keys that were made in it, stock OpenSC then signs with both.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use signum::children::executable;
use signum_tests::app::{Stopped, TestApp};
use signum_vcard::Store;
use signum_vcard::stack::{Inserted, Stack};
use tempfile::TempDir;

use crate::ca;

const PERSON: [&str; 6] = [
    "--given-name",
    "Test",
    "--family-name",
    "Shembulli",
    "--personal-number",
    "1234567892",
];

/// A stopped Signum, a card stack, and a blank card in its first reader.
struct Desk {
    signum: Stopped,
    stack: Stack,
    _card: Inserted,
    folder: TempDir,
}

impl Desk {
    async fn with_blank_card() -> Option<Self> {
        if let Some(missing) = Stack::missing() {
            assert!(std::env::var_os("SIGNUM_TEST_CARD").is_none(), "{missing}");
            eprintln!("skipped: {missing}");
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let card = folder.path().join("card");
        Store::create(&card).unwrap();
        let stack = Stack::start().unwrap();
        let inserted = stack.insert(&executable("vcard").unwrap(), &card, 0).unwrap();
        Some(Self {
            signum: TestApp::start().await.stop_and_keep().await,
            stack,
            _card: inserted,
            folder,
        })
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    /// `signum` beside the stopped one, with this card stack.
    fn signum(&self, arguments: &[&str]) -> (bool, String) {
        let mut command = ca::command(&self.signum, arguments);
        heard(command.env("PCSCLITE_CSOCK_NAME", self.stack.socket()))
    }

    fn done(&self, arguments: &[&str]) -> String {
        let (succeeded, text) = self.signum(arguments);
        assert!(succeeded, "{arguments:?}: {text}");
        text
    }

    fn refused(&self, arguments: &[&str]) -> String {
        let (succeeded, text) = self.signum(arguments);
        assert!(!succeeded, "{arguments:?}: {text}");
        text
    }

    fn opensc(&self, program: &str, arguments: &[&str]) -> String {
        let (succeeded, text) = heard(self.stack.client(program).args(arguments));
        assert!(succeeded, "{program} {arguments:?}: {text}");
        text
    }

    /// A document, signed with the token of the slot; OpenSSL verifies with the certificate on the card.
    fn signs(&self, slot: &str, id: &str, pin: &str) {
        let [digest, signature, certificate, key, document] =
            ["digest", "signature", "certificate", "key", "document"].map(|name| self.path(name));
        std::fs::write(&document, "a document").unwrap();
        openssl(&["dgst", "-sha384", "-binary", "-out", &digest, &document]);
        let token = [
            "--module",
            "opensc-pkcs11.so",
            "--slot",
            slot,
            "--login",
            "--pin",
            pin,
            "--id",
            id,
        ];
        let sign = [
            "--sign",
            "-m",
            "ECDSA",
            "--signature-format",
            "openssl",
            "-i",
            &digest,
            "-o",
            &signature,
        ];
        self.opensc("pkcs11-tool", &[&token[..], &sign].concat());
        self.opensc("pkcs15-tool", &["--read-certificate", id, "-o", &certificate]);
        openssl(&["x509", "-in", &certificate, "-pubkey", "-noout", "-out", &key]);
        let verified = openssl(&["dgst", "-sha384", "-verify", &key, "-signature", &signature, &document]);
        assert!(verified.contains("Verified OK"), "{verified}");
    }

    /// PIN1, PIN2 and PUK of the letter in the folder.
    fn letter(&self, folder: &str) -> Vec<String> {
        let path = Path::new(folder).join("letter.txt");
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let text = std::fs::read_to_string(path).unwrap();
        let digits = text.lines().map(|line| line.split_whitespace().nth(1).unwrap());
        digits.map(str::to_owned).collect()
    }
}

fn heard(command: &mut Command) -> (bool, String) {
    let output = command.env("LC_ALL", "C").output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&text).into_owned())
}

fn openssl(arguments: &[&str]) -> String {
    let (succeeded, text) = heard(Command::new("openssl").args(arguments));
    assert!(succeeded, "openssl {arguments:?}: {text}");
    text
}

#[tokio::test]
async fn a_blank_card_is_certified_by_the_ca_and_signs_with_the_pins_of_its_letter() {
    let Some(desk) = Desk::with_blank_card().await else {
        return;
    };
    let out = desk.path("out");
    let personalise = ["card", "personalise", "--out", &out];
    let wrong = [&personalise[..], &["--document-number", "xk1"], &PERSON].concat();
    assert!(desk.refused(&wrong).contains("nine characters"));
    let right = [&personalise[..], &["--document-number", "XK1234567"], &PERSON].concat();
    assert!(desk.done(&right).contains("finished: XK1234567"));

    let letter = desk.letter(&out);
    let lengths: Vec<_> = letter.iter().map(String::len).collect();
    assert_eq!(lengths, [4, 5, 8]);
    let slots = desk.opensc("pkcs11-tool", &["--module", "opensc-pkcs11.so", "--list-token-slots"]);
    assert!(
        slots.contains("(PIN1)") && slots.contains("(PIN2)") && slots.contains("XK1234567"),
        "{slots}"
    );
    desk.signs("0", "01", &letter[0]);
    desk.signs("1", "02", &letter[1]);
    for (id, name, usage, foreign) in [
        ("01", "authentication.der", "Digital Signature", "Non Repudiation"),
        ("02", "signature.der", "Non Repudiation", "Digital Signature"),
    ] {
        let (on_card, stored) = (desk.path("on-card"), format!("{out}/{name}"));
        desk.opensc("pkcs15-tool", &["--read-certificate", id, "-o", &on_card]);
        let text = openssl(&["x509", "-in", &on_card, "-noout", "-text"]);
        assert!(text.contains(usage) && !text.contains(foreign), "{text}");
        assert!(
            text.contains("PNOXK-1234567892") && text.contains("secp384r1"),
            "{text}"
        );
        let serial = |file: &str| openssl(&["x509", "-in", file, "-noout", "-serial"]);
        assert_eq!(serial(&on_card), serial(&stored));
        let serial = serial(&stored).trim().trim_start_matches("serial=").to_owned();
        assert!(desk.done(&["ca", "history", &serial]).contains(": good"));
    }
    // An owner has it: nothing here touches it again.
    let again = desk.path("again");
    let twice = ["card", "prepare", "--out", &again];
    assert!(desk.refused(&twice).contains("no blank card is in a reader"));
}

#[tokio::test]
async fn certificates_of_others_and_for_the_other_key_never_finish_a_card() {
    let Some(desk) = Desk::with_blank_card().await else {
        return;
    };
    let out = desk.path("out");
    desk.done(&["card", "prepare", "--out", &out]);
    let issue = |profile: &str, csr: &str, family: &str, pem: &str| {
        let (csr, pem) = (format!("{out}/{csr}"), desk.path(pem));
        let what = ["ca", "issue", "--profile", profile, "--csr", &csr, "--out", &pem];
        let who = [
            "--given-name",
            "Test",
            "--family-name",
            family,
            "--personal-number",
            "1234567892",
        ];
        desk.done(&[&what[..], &who].concat());
        pem
    };
    let authentication = issue("citizen-authentication", "authentication.csr", "Shembulli", "a.pem");
    let signature = issue("citizen-signature", "signature.csr", "Shembulli", "s.pem");
    let renamed = issue("citizen-authentication", "authentication.csr", "Tjetri", "b.pem");
    let finish = |authentication: &str, signature: &str| {
        let files = [
            "card",
            "finish",
            "--authentication",
            authentication,
            "--signature",
            signature,
        ];
        let number = ["--document-number", "XK7654321"];
        desk.signum(&[&files[..], &number].concat())
    };
    for (first, second, why) in [
        (&signature, &authentication, "is not for that key"),
        (&authentication, &authentication, "is not for that key"),
        (&renamed, &signature, "two subjects"),
    ] {
        let (succeeded, text) = finish(first, second);
        assert!(!succeeded && text.contains(why), "{text}");
    }
    let (succeeded, text) = finish(&authentication, &signature);
    assert!(succeeded, "{text}");
    let letter = desk.letter(&out);
    desk.signs("1", "02", &letter[1]);
    let (succeeded, text) = finish(&authentication, &signature);
    assert!(!succeeded && text.contains("no blank card"), "{text}");
}
