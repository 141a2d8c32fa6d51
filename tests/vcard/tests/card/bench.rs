//! A stack with one personalised card in it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use signum_vcard::stack::{Inserted, Stack};
use signum_vcard::{Card, Store, test_issuer};
use tempfile::TempDir;

pub const MODULE: &str = "opensc-pkcs11.so";

pub struct Bench {
    pub stack: Stack,
    pub folder: TempDir,
    card: Option<Inserted>,
}

impl Bench {
    /// None where the machine has no card stack; `./test card` then says so, or installs it.
    pub fn with_card() -> Option<Self> {
        if let Some(missing) = Stack::missing() {
            assert!(std::env::var_os("SIGNUM_TEST_CARD").is_none(), "{missing}");
            eprintln!("skipped: {missing}");
            return None;
        }
        let folder = TempDir::new().unwrap();
        Store::create(&folder.path().join("card")).unwrap();
        let mut card = Card::open(&folder.path().join("card")).unwrap();
        test_issuer::personalise(&mut card, &test_issuer::HOLDER).unwrap();
        drop(card);
        let mut bench = Self {
            stack: Stack::start().unwrap(),
            folder,
            card: None,
        };
        bench.insert();
        Some(bench)
    }

    pub fn insert(&mut self) {
        let program = Path::new(env!("CARGO_BIN_EXE_vcard"));
        self.card = Some(self.stack.insert(program, &self.folder.path().join("card"), 0).unwrap());
    }

    pub fn take_out(&mut self) {
        if let Some(card) = self.card.take() {
            self.stack.take_out(card, 0).unwrap();
        }
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// What the card heard and said.
    pub fn trace(&self) -> String {
        std::fs::read_to_string(self.file("card/trace")).unwrap()
    }

    /// Runs a client of the stack; gives everything it printed, and whether it succeeded.
    pub fn run(&self, program: &str, arguments: &[&str]) -> (bool, String) {
        heard(self.stack.client(program).args(arguments))
    }

    /// Runs it and wants success.
    pub fn ok(&self, program: &str, arguments: &[&str]) -> String {
        let (succeeded, text) = self.run(program, arguments);
        assert!(succeeded, "{program} {arguments:?}:\n{text}");
        text
    }
}

pub fn heard(command: &mut Command) -> (bool, String) {
    let Output { status, stdout, stderr } = command.env("LC_ALL", "C").output().unwrap();
    let text = [stdout, stderr].concat();
    (status.success(), String::from_utf8_lossy(&text).into_owned())
}
