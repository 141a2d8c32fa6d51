//! The signing module as a service of its own user (docs/OPERATIONS.md), where the test may start processes of other users.

use std::io::{BufRead, BufReader};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use signum::children::executable;
use signum_activation::ModuleClient;
use signum_hsm_shim::init::softhsm_conf;
use signum_tests::app::{Stopped, TestApp};
use signum_tests::trip;
use tempfile::TempDir;

/// The module's user and group: `nobody`.
const MODULE: u32 = 65_534;
/// A web tier's user, and the group that may open the socket; no account is needed for it.
const WEB: u32 = 65_533;
/// Anybody else.
const THIRD: u32 = 65_532;
const NAME: &str = "signum-signing-module";

/// Connects and says something; prints what came of it.
const KNOCK: &str = "
import socket, sys
s = socket.socket(socket.AF_UNIX)
s.settimeout(10)
try:
    s.connect(sys.argv[1])
    s.sendall(b'\\x00' * 16)
    print('answered' if s.recv(1) else 'closed')
except PermissionError:
    print('no right')
except OSError:
    print('closed')
";

/// A command of another user, with nothing of our environment.
fn as_user(user: u32, groups: &[u32], program: &Path) -> Command {
    let groups: Vec<String> = groups.iter().map(u32::to_string).collect();
    let mut command = Command::new("setpriv");
    command.args([format!("--reuid={user}"), format!("--regid={user}")]);
    match groups.is_empty() {
        true => command.arg("--clear-groups"),
        false => command.arg(format!("--groups={}", groups.join(","))),
    };
    command.arg("--no-new-privs").arg(program).env_clear();
    command
}

fn output(command: &mut Command) -> Output {
    command.output().unwrap()
}

/// A running module; ended with SIGTERM, as a service is.
struct Service(Child);

impl Drop for Service {
    fn drop(&mut self) {
        let _ended = Command::new("kill").arg(self.0.id().to_string()).status();
        let _status = self.0.wait();
    }
}

/// What the module's user owns.
struct House {
    folder: TempDir,
    program: PathBuf,
    socket: PathBuf,
}

impl House {
    /// Folders and configuration as an administrator makes them.
    fn build(stopped: &Stopped) -> Self {
        let folder = TempDir::with_prefix("signum-own-user-").unwrap();
        let at = |name: &str| folder.path().join(name);
        let mode = |path: &Path, mode| std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
        mode(folder.path(), 0o711);
        let program = at(NAME);
        std::fs::copy(executable(NAME).unwrap(), &program).unwrap();
        for (room, rights, group) in [("module", 0o700, MODULE), ("run", 0o750, WEB)] {
            std::fs::create_dir(at(room)).unwrap();
            chown(at(room), Some(MODULE), Some(group)).unwrap();
            mode(&at(room), rights);
        }
        softhsm_conf(&at("module")).unwrap();
        let issuer = at("module/issuer.der");
        std::fs::copy(stopped.layout.path("module/issuer-qsig.der"), &issuer).unwrap();
        let text = std::fs::read_to_string(stopped.layout.module_config()).unwrap();
        let mut config: toml::Table = text.parse().unwrap();
        let socket = at("run/module.sock");
        let path = |path: &Path| toml::Value::from(path.to_str().unwrap());
        config.insert("pin_file".into(), path(&at("module/people.pin")));
        config.insert("journal".into(), path(&at("module/journal")));
        config.insert("socket".into(), path(&socket));
        config.insert("pinned_issuers".into(), toml::Value::Array(vec![path(&issuer)]));
        config.insert("peers".into(), toml::Value::Array(vec![own_user().into()]));
        config.insert("socket_group".into(), WEB.to_string().into());
        std::fs::write(at("module/module.toml"), toml::to_string(&config).unwrap()).unwrap();
        for file in ["module.toml", "softhsm2.conf", "issuer.der", "tokens"] {
            let file = at("module").join(file);
            chown(&file, Some(MODULE), Some(MODULE)).unwrap();
            mode(&file, if file.is_dir() { 0o700 } else { 0o600 });
        }
        Self {
            folder,
            program,
            socket,
        }
    }

    fn module(&self, word: &str) -> Command {
        let at = |name: &str| self.folder.path().join("module").join(name);
        let mut command = as_user(MODULE, &[WEB], &self.program);
        command.args([word, "--config"]).arg(at("module.toml"));
        command.env("SOFTHSM2_CONF", at("softhsm2.conf"));
        command
    }

    fn run(&self) -> Service {
        let made = output(&mut self.module("init"));
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let run = self.module("run").stdin(Stdio::null()).stdout(Stdio::piped()).spawn();
        let mut service = Service(run.unwrap());
        let said = BufReader::new(service.0.stdout.take().unwrap()).lines().next();
        assert_eq!(said.unwrap().unwrap(), "ready");
        service
    }

    fn knock(&self, user: u32, groups: &[u32]) -> String {
        let mut knocking = as_user(user, groups, Path::new("/usr/bin/python3"));
        let said = output(knocking.args(["-c", KNOCK]).arg(&self.socket));
        String::from_utf8_lossy(&said.stdout).trim().to_owned()
    }
}

fn own_user() -> u32 {
    std::fs::metadata("/proc/self").unwrap().uid()
}

/// Why this cannot be tried here.
fn hindrance() -> Option<&'static str> {
    if own_user() != 0 {
        return Some("only root may start processes of other users");
    }
    let tried = as_user(MODULE, &[WEB], Path::new("/bin/true")).status();
    let works = tried.is_ok_and(|status| status.success());
    (!works).then_some("setpriv cannot take another user's place here")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_signs_through_a_module_of_its_own_user_whose_secrets_nobody_else_reads() {
    if let Some(why) = hindrance() {
        println!("skipped: {why}");
        return;
    }
    let mut stopped = TestApp::start().await.stop_and_keep().await;
    let house = House::build(&stopped);
    let _service = house.run();
    stopped.config.module.start = false;
    stopped.config.module.users = vec![MODULE];
    stopped.config.signer.module_socket = house.socket.clone();
    // The people's token is another one now.
    std::fs::remove_file(stopped.layout.path("ceremony/statement-key.der")).unwrap();
    let mut app = stopped.start().await.unwrap();
    let mut visitor = trip::signatory(&mut app).await;
    let confirm = trip::upload(&app, &visitor, trip::decision()).await;
    assert!(trip::sign(&mut visitor, &confirm).await.starts_with(b"%PDF"));

    for name in ["people.pin", "people.pin.so", "journal", "module.toml"] {
        let secret = house.folder.path().join("module").join(name);
        let facts = secret.metadata().unwrap();
        assert_eq!((facts.uid(), facts.mode() & 0o077), (MODULE, 0), "{name}");
        for (user, groups) in [(WEB, &[WEB][..]), (THIRD, &[])] {
            let read = output(as_user(user, groups, Path::new("/bin/cat")).arg(&secret));
            assert!(!read.status.success() && read.stdout.is_empty(), "{user} reads {name}");
        }
    }
    assert_eq!(house.knock(THIRD, &[]), "no right");
    // Even who is in the socket's group is asked for by the kernel's word, and is not the one user who may ask.
    assert_eq!(house.knock(THIRD, &[WEB]), "closed");
    assert_eq!(house.knock(WEB, &[WEB]), "closed");
    app.stop().await;
    // And a signer believes no other user at the socket than the one it was told of.
    ModuleClient::connect_to(&house.socket, &[MODULE]).await.unwrap();
    assert!(ModuleClient::connect_to(&house.socket, &[THIRD]).await.is_err());
}
