//! A person at a PIN window, for tests of card-agent: a program that speaks pinentry's protocol, answers from a list and keeps what it was shown.

use std::io::Result;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// `yes` and `cancel` are buttons, `hang` is a window that nobody and nothing closes, everything else is typed.
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
    hang) exec cat ;;
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

/// Their window and answers.
pub struct Person {
    folder: PathBuf,
}

impl Person {
    /// In a folder of their own.
    pub fn new(folder: &Path) -> Result<Self> {
        std::fs::create_dir_all(folder)?;
        let program = folder.join("pinentry");
        std::fs::write(&program, PINENTRY)?;
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755))?;
        let person = Self {
            folder: folder.to_owned(),
        };
        person.answers(&[])?;
        Ok(person)
    }

    /// What they answer from now on; what was shown before is forgotten.
    pub fn answers(&self, answers: &[&str]) -> Result<()> {
        std::fs::write(self.folder.join("answers"), answers.join("\n") + "\n")?;
        std::fs::write(self.folder.join("shown"), "")
    }

    /// Everything the window was told.
    pub fn shown(&self) -> Result<String> {
        std::fs::read_to_string(self.folder.join("shown"))
    }

    /// Each answer was asked for.
    pub fn asked_everything(&self) -> Result<bool> {
        let answers = std::fs::read_to_string(self.folder.join("answers"))?;
        Ok(answers.trim().is_empty())
    }

    /// `PATH` with their window in front.
    pub fn path(&self) -> String {
        format!(
            "{}:{}",
            self.folder.display(),
            std::env::var("PATH").unwrap_or_default()
        )
    }
}
