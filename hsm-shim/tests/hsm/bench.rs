//! A fresh token for one test, in a child process: the module's configuration and `C_Initialize` belong to a whole process.

use std::path::{Path, PathBuf};
use std::process::Command;

use signum_hsm_shim::init::{self, NewToken};
use signum_hsm_shim::token::{PinSource, Token, TokenConfig};

use crate::module::Module;

pub const TOKEN: &str = "signum-test";
const DIRECTORY: &str = "SIGNUM_HSM_TEST_DIRECTORY";

/// Path of the module under test.
pub fn module() -> PathBuf {
    Module::under_test().path
}

/// Runs `test` in a child process whose module configuration points into an empty directory.
pub fn in_own_process(test: impl FnOnce(&Path)) {
    if let Some(directory) = std::env::var_os(DIRECTORY) {
        return test(Path::new(&directory));
    }
    let directory = tempfile::tempdir().unwrap();
    let env = Module::under_test().configure(directory.path());
    let name = std::thread::current().name().unwrap().to_owned();
    let output = Command::new(std::env::current_exe().unwrap())
        .args([&name, "--exact", "--nocapture"])
        .env(DIRECTORY, directory.path())
        .envs(env)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && said.contains("1 passed"),
        "{said}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    for line in said.lines().filter(|line| line.starts_with("fault matrix")) {
        println!("{line}");
    }
}

pub fn pin_file(directory: &Path, name: &str) -> PinSource {
    init::create_pin_file(&directory.join(name), |bytes| getrandom::fill(bytes).unwrap()).unwrap()
}

/// Makes a token and returns how to open it.
pub fn new_token(directory: &Path) -> TokenConfig {
    let new = NewToken {
        module: module(),
        label: TOKEN.into(),
        so_pin: pin_file(directory, "so.pin"),
        user_pin: pin_file(directory, "user.pin"),
    };
    init::init_token(&new).unwrap();
    TokenConfig {
        module: new.module,
        token: new.label,
        pin: new.user_pin,
        sessions: 2,
    }
}

pub fn open_token(directory: &Path) -> Token {
    Token::open(new_token(directory)).unwrap()
}

/// A session beside the token's own, logged in because the process is.
pub fn bare_session() -> cryptoki::session::Session {
    let context = cryptoki::context::Pkcs11::new(module()).unwrap();
    let mut slots = context.get_slots_with_initialized_token().unwrap();
    context.open_rw_session(slots.remove(0)).unwrap()
}
