//! A Signum of our own: `signum up` in a folder of its own on free ports.

use std::path::PathBuf;

/// The folder cargo builds into, seen from the test executable in `debug/deps`.
pub fn target_folder() -> PathBuf {
    let own = std::env::current_exe().expect("a test executable has a path");
    own.ancestors().nth(3).expect("target/debug/deps/test").to_owned()
}
