//! A folder with a token, a configuration, two officers and a CA; and the module behind a door: its own process, or in here.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

use signum_activation::protocol::{
    Activation, DocumentSignature, Outcome, Refusal, Request, Response, SealedSet, StoredKey, Ticket, Voucher,
};
use signum_activation::{Module, ModuleClient, ModuleConfig, Officer};
use signum_gesture::options::{User, creation_options};
use signum_gesture::{Authenticator, Registration, RelyingParty, registration};
use signum_hsm_shim::init::softhsm_conf;
use signum_softauth::SoftAuthenticator;
use tokio::runtime::Runtime;

use crate::authority::Authority;

pub const ORIGIN: &str = "http://sign.localhost:8082";

pub fn rp() -> RelyingParty {
    RelyingParty {
        id: "sign.localhost".into(),
        origin: ORIGIN.into(),
    }
}

pub fn system_now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() as i64
}

/// Registers a new credential of `device` at the signer.
pub fn register(device: &mut SoftAuthenticator) -> Authenticator {
    let user = User {
        handle: b"handle",
        name: "demo",
        display_name: "Demo",
    };
    let options = creation_options(b"registration", &rp(), "Signum", user, &[]);
    let answer = device.create(&options, ORIGIN).unwrap();
    registration::verify(&Registration::from_json(&answer).unwrap(), &rp(), b"registration").unwrap()
}

pub struct World {
    pub directory: tempfile::TempDir,
    pub authority: Authority,
    pub officers: Vec<SoftAuthenticator>,
    pub config: ModuleConfig,
}

impl World {
    pub fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        let authority = Authority::new("TEST CA");
        fs::write(at("issuer.cer"), authority.der()).unwrap();
        softhsm_conf(directory.path()).unwrap();
        let mut officers = vec![SoftAuthenticator::new(), SoftAuthenticator::new()];
        let pinned = officers.iter_mut().enumerate().map(|(n, device)| Officer {
            id: format!("officer-{}", n + 1),
            name: None,
            relying_party: rp(),
            authenticator: register(device),
        });
        let config = ModuleConfig {
            module: PathBuf::from("/usr/lib/softhsm/libsofthsm2.so"),
            token: "signum-people".into(),
            pin_file: at("people.pin"),
            socket: at("module.sock"),
            journal: at("journal"),
            ticket_seconds: 300,
            ocsp_max_age_seconds: 60,
            pinned_issuers: vec![at("issuer.cer")],
            peers: vec![],
            socket_group: None,
            binding_key_check: None,
            seal_key_check: None,
            relying_party: rp(),
            officers: pinned.collect(),
            keks: Vec::new(),
        };
        let file = at("module.toml");
        fs::write(&file, toml::to_string(&config).unwrap()).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        assert_eq!(ModuleConfig::load(&file).unwrap(), config);
        Self {
            directory,
            authority,
            officers,
            config,
        }
    }

    pub fn softhsm_conf(&self) -> PathBuf {
        self.directory.path().join("softhsm2.conf")
    }

    fn executable(&self, word: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_signum-signing-module"));
        command
            .arg(word)
            .arg("--config")
            .arg(self.directory.path().join("module.toml"))
            .env("SOFTHSM2_CONF", self.softhsm_conf())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    pub fn init(&self) {
        let output = self.executable("init").output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    /// Starts the module's process; it ends when the door is dropped.
    pub fn start(&self) -> Door {
        let mut child = self.executable("run").spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap())
            .read_line(&mut line)
            .unwrap();
        assert_eq!(line, "ready\n");
        let runtime = Runtime::new().unwrap();
        let client = runtime.block_on(ModuleClient::connect(&self.config.socket)).unwrap();
        Door::Process(Box::new(Running { child, runtime, client }))
    }
}

/// How the tests speak to the module.
pub enum Door {
    Process(Box<Running>),
    Here(Box<Module>),
}

pub struct Running {
    child: Child,
    runtime: Runtime,
    client: ModuleClient,
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        assert!(self.child.wait().unwrap().success());
    }
}

impl Door {
    pub fn ready(&self) -> bool {
        match self {
            Self::Process(running) => running.runtime.block_on(running.client.status()).unwrap().ready,
            Self::Here(module) => matches!(module.handle(Request::Status), Response::Status { ready: true, .. }),
        }
    }

    pub fn create_key(
        &self,
        credential: [u8; 16],
        person: [u8; 32],
        authenticator: &Authenticator,
    ) -> (StoredKey, Vec<u8>) {
        let authenticator = authenticator.clone();
        match self {
            Self::Process(running) => running
                .runtime
                .block_on(running.client.create_key(credential, person, authenticator))
                .unwrap(),
            Self::Here(module) => {
                let request = Request::CreateKey {
                    credential,
                    person,
                    authenticator,
                };
                match module.handle(request) {
                    Response::Key { key, pkcs10 } => (key, pkcs10),
                    other => panic!("{other:?}"),
                }
            }
        }
    }

    /// Only for the process.
    pub fn key_origin(&self, key: &StoredKey, pkcs10: &[u8], set: &SealedSet) -> Result<Vec<u8>, Refusal> {
        let Self::Process(running) = self else {
            panic!("only for the process")
        };
        let stated = running.client.key_origin(key.clone(), pkcs10.to_vec(), set.clone());
        running.runtime.block_on(stated)
    }

    /// Only for the process.
    pub fn statement_key(&self) -> Vec<u8> {
        let Self::Process(running) = self else {
            panic!("only for the process")
        };
        running.runtime.block_on(running.client.status()).unwrap().statement_key
    }

    pub fn seal(
        &self,
        key: &StoredKey,
        pkcs10: &[u8],
        authenticator: &Authenticator,
        vouchers: &[Voucher],
    ) -> Result<SealedSet, Refusal> {
        let (key, pkcs10) = (key.clone(), pkcs10.to_vec());
        let (authenticator, vouchers) = (authenticator.clone(), vouchers.to_vec());
        match self {
            Self::Process(running) => {
                let sealed = running.client.seal(key, pkcs10, authenticator, vouchers);
                running.runtime.block_on(sealed)
            }
            Self::Here(module) => {
                let request = Request::Seal {
                    key,
                    pkcs10,
                    authenticator,
                    vouchers,
                };
                match module.handle(request) {
                    Response::Sealed(set) => Ok(set),
                    Response::Refused(refusal) => Err(refusal),
                    other => panic!("{other:?}"),
                }
            }
        }
    }

    pub fn begin(&self) -> Ticket {
        match self {
            Self::Process(running) => running.runtime.block_on(running.client.begin()).unwrap(),
            Self::Here(module) => match module.handle(Request::Begin) {
                Response::Ticket(ticket) => ticket,
                other => panic!("{other:?}"),
            },
        }
    }

    pub fn activate(&self, activation: &Activation) -> Result<(Vec<DocumentSignature>, u32), Refusal> {
        match self {
            Self::Process(running) => running.runtime.block_on(running.client.activate(activation.clone())),
            Self::Here(module) => match module.handle(Request::Activate(Box::new(activation.clone()))) {
                Response::Signed { signatures, counter } => Ok((signatures, counter)),
                Response::Refused(refusal) => Err(refusal),
                other => panic!("{other:?}"),
            },
        }
    }

    pub fn settle(&self, challenge: [u8; 32]) -> Outcome {
        match self {
            Self::Process(running) => running.runtime.block_on(running.client.settle(challenge)).unwrap(),
            Self::Here(module) => match module.handle(Request::Settle { challenge }) {
                Response::Outcome(outcome) => outcome,
                other => panic!("{other:?}"),
            },
        }
    }

    /// The same activation many times at once; how many succeeded.
    pub fn activate_at_once(&self, activation: &Activation, times: usize) -> usize {
        let Self::Process(running) = self else {
            panic!("only for the process")
        };
        running.runtime.block_on(async {
            let tries = (0..times).map(|_| running.client.activate(activation.clone()));
            let mut won = 0;
            for outcome in join_all(tries).await {
                match outcome {
                    Ok(_) => won += 1,
                    Err(refusal) => assert_eq!(refusal, Refusal::Replayed),
                }
            }
            won
        })
    }
}

/// Polls all of them together on this task.
async fn join_all<F: Future>(futures: impl Iterator<Item = F>) -> Vec<F::Output> {
    use std::task::Poll;
    let mut pending: Vec<_> = futures.map(|future| (Box::pin(future), None)).collect();
    std::future::poll_fn(|context| {
        for (future, output) in pending.iter_mut().filter(|(_, output)| output.is_none()) {
            if let Poll::Ready(value) = future.as_mut().poll(context) {
                *output = Some(value);
            }
        }
        if pending.iter().all(|(_, output)| output.is_some()) {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
    .await;
    pending.into_iter().filter_map(|(_, output)| output).collect()
}
