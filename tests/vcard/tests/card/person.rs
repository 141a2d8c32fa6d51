//! A person at a PIN window: a program that speaks pinentry's protocol, answers from a list and keeps what it was shown.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// `yes` and `cancel` are buttons, everything else is typed.
const PINENTRY: &str = r#"#!/bin/sh
here=$(dirname "$0")
echo "OK ready"
while IFS= read -r line; do
  printf '%s\n' "$line" >>"$here/shown"
  case $line in
  GETPIN | CONFIRM)
    answer=$(head -n 1 "$here/answers")
    sed -i 1d "$here/answers"
    case $answer in
    yes) echo OK ;;
    cancel) echo "ERR 83886179 Operation cancelled" ;;
    *) printf 'D %s\nOK\n' "$answer" ;;
    esac
    ;;
  BYE)
    echo OK
    exit 0
    ;;
  *) echo OK ;;
  esac
done
"#;

pub struct Person {
    folder: PathBuf,
}

impl Person {
    pub fn new(folder: &Path) -> Self {
        std::fs::create_dir_all(folder).unwrap();
        let program = folder.join("pinentry");
        std::fs::write(&program, PINENTRY).unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
        Self {
            folder: folder.to_owned(),
        }
    }

    /// What they answer from now on; what was shown before is forgotten.
    pub fn answers(&self, answers: &[&str]) {
        std::fs::write(self.folder.join("answers"), answers.join("\n") + "\n").unwrap();
        std::fs::write(self.folder.join("shown"), "").unwrap();
    }

    pub fn shown(&self) -> String {
        std::fs::read_to_string(self.folder.join("shown")).unwrap()
    }

    /// Each answer was asked for.
    pub fn asked_everything(&self) -> bool {
        std::fs::read_to_string(self.folder.join("answers"))
            .unwrap()
            .trim()
            .is_empty()
    }

    /// `PATH` with their window in front.
    pub fn path(&self) -> String {
        format!("{}:{}", self.folder.display(), std::env::var("PATH").unwrap())
    }
}
