//! A token with a key of each algorithm, resident and wrapped, made by a child process: this one never loads a module.

use std::path::PathBuf;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use signum_hsm_shim::KeyAlgorithm;
use signum_hsm_shim::init::{self, NewToken, init_token};
use signum_hsm_shim::token::{Token, TokenConfig};
use signum_hsm_shim::worker::{AllowList, Guards, Operation};
use signum_hsm_shim::workers::WorkersConfig;
use signum_hsm_shim::wrap::{KeyBinding, KeyUsage, WrappedKey};

use crate::child::{self, Order};
use crate::module::{self, Module};
use crate::subject::{SUBJECTS, Subject};

pub const LABEL: &str = "signum-load";
pub const KEK: &str = "kek";
pub const MAC: &str = "binding";

/// A made token.
pub struct Prepared {
    pub module: Module,
    pub folder: tempfile::TempDir,
    pub env: Vec<(String, String)>,
    pub config: TokenConfig,
    pub wrapped: Vec<Row>,
}

/// A wrapped key.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Row {
    pub subject: Subject,
    pub key: WrappedKey,
}

/// The keys that guard the wrapped ones.
pub fn guards() -> Guards {
    Guards {
        kek: KEK.into(),
        binding: MAC.into(),
    }
}

impl Prepared {
    pub async fn new(module: &Module) -> Result<Self> {
        let folder = module::folder()?;
        let env = module.configure(folder.path())?;
        let pin = |name: &str| {
            let fill = |bytes: &mut [u8]| getrandom::fill(bytes).unwrap_or_else(|_| std::process::abort());
            init::create_pin_file(&folder.path().join(name), fill)
        };
        let new = NewToken {
            module: module.path.clone(),
            label: LABEL.into(),
            so_pin: pin("so.pin")?,
            user_pin: pin("user.pin")?,
        };
        let config = TokenConfig {
            module: module.path.clone(),
            token: LABEL.into(),
            pin: new.user_pin.clone(),
            sessions: 1,
        };
        let subjects = subjects(module);
        let wrapped = child::ask(
            &env,
            &Order::Prepare {
                new,
                config: config.clone(),
                subjects,
            },
        )
        .await
        .with_context(|| format!("a token of {}", module.name))?;
        Ok(Self {
            module: module.clone(),
            folder,
            env,
            config,
            wrapped,
        })
    }

    pub fn workers(&self, count: usize) -> Result<WorkersConfig> {
        let executable = worker_executable()?;
        Ok(WorkersConfig {
            count,
            deadline: std::time::Duration::from_secs(30),
            allow: AllowList::default().and("*", &[Operation::Generate]),
            ..WorkersConfig::new(
                &executable,
                &self.env,
                self.config.clone(),
                &self.folder.path().join("run"),
            )
        })
    }
}

/// `signum-hsm-worker` lies beside this executable.
pub fn worker_executable() -> Result<PathBuf> {
    let executable = std::env::current_exe()?;
    let beside = executable.parent().context("no folder")?;
    let built: Vec<PathBuf> = [beside.to_owned(), beside.join("..")]
        .iter()
        .map(|folder| folder.join("signum-hsm-worker"))
        .collect();
    let executable = built.into_iter().find(|path| path.exists());
    executable.context("signum-hsm-worker is not built: cargo build -p signum-hsm-shim")
}

/// What this module can do.
pub fn subjects(module: &Module) -> Vec<Subject> {
    let able = |subject: &Subject| subject.key != KeyAlgorithm::Ed25519 || module.has_ed25519;
    SUBJECTS.into_iter().filter(able).collect()
}

/// In the child: the token, a resident key of each algorithm, a wrapped one of each that can be wrapped.
pub fn prepare(new: &NewToken, config: TokenConfig, subjects: &[Subject]) -> Result<Vec<Row>> {
    init_token(new)?;
    let token = Token::open(config)?;
    token.ensure_mac_key(MAC)?;
    let kek = token.ensure_kek(KEK, 1).ok();
    let mut rows = Vec::new();
    for subject in subjects {
        token.generate(subject.label(), subject.key)?;
        let Some(kek) = kek.as_ref().filter(|_| subject.key != KeyAlgorithm::Ed25519) else {
            continue;
        };
        let owner = KeyBinding {
            key: [1; 16],
            person: [2; 32],
            algorithm: subject.key,
            usage: KeyUsage::Sign,
            epoch: 1,
        };
        let new = token.create_wrapped(kek, MAC, &owner, |spki| Ok(spki.to_vec()))?;
        rows.push(Row {
            subject: *subject,
            key: WrappedKey {
                owner,
                spki: new.spki,
                blob: new.blob,
                binding: new.binding,
            },
        });
    }
    Ok(rows)
}
