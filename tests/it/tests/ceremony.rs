//! The ceremony day as docs/OPERATIONS.md tells it, with the program itself: an offline machine, an online one, a folder that
//! travels between them, an auditor with OpenSSL. Then the platform starts without its root's key.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use signum::children::executable;
use signum_ca::{ListedOfficer, OfficerList, OfficerRole, SignedList};
use signum_gesture::{Authenticator, RelyingParty};
use signum_softauth::{Algorithm, Credential, SoftAuthenticator};
use signum_tests::app::Stopped;

const ORIGIN: &str = "https://officers.example.org";

/// Two machines that share nothing but the folders carried between them.
struct Place {
    shelf: tempfile::TempDir,
    online: Stopped,
    genesis: String,
    devices: BTreeMap<String, SoftAuthenticator>,
}

#[derive(Clone, Copy)]
enum Machine {
    Online,
    Offline,
}

impl Place {
    async fn new() -> Self {
        let mut online = Stopped::never_started().await;
        online.config.ca.offline_root = true;
        let mut devices = BTreeMap::new();
        let officers = [
            ("op-1", OfficerRole::CeremonyOperator),
            ("op-2", OfficerRole::CeremonyOperator),
            ("ad-1", OfficerRole::Administrator),
            ("ad-2", OfficerRole::Administrator),
        ]
        .map(|(id, role)| officer(&mut devices, id, role));
        let list = OfficerList {
            version: 1,
            previous: None,
            needed: 2,
            operators_needed: 2,
            officers: officers.into(),
        };
        let shelf = tempfile::tempdir().unwrap();
        let lists = [SignedList {
            list,
            signatures: Vec::new(),
        }];
        let file = shelf.path().join("officers.json");
        std::fs::write(&file, serde_json::to_vec(&lists).unwrap()).unwrap();
        let place = Self {
            genesis: String::new(),
            shelf,
            online,
            devices,
        };
        // As the print has it: in groups, on four lines.
        let printed = place.good(Machine::Online, &["genesis", file.to_str().unwrap()]);
        let lines: Vec<&str> = printed.trim_end().lines().collect();
        let genesis = lines[lines.len() - 4..].join(" ");
        assert_eq!(genesis.split(' ').count(), 16, "{printed}");
        let auditor = "-x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=TEST_Auditor -days 2 -keyout";
        place.openssl(&format!("req {auditor} auditor.key -out auditor.pem"));
        Self { genesis, ..place }
    }

    fn path(&self, name: &str) -> String {
        self.shelf.path().join(name).to_str().unwrap().to_owned()
    }

    fn openssl(&self, arguments: &str) {
        let output = Command::new("openssl")
            .args(arguments.split(' '))
            .current_dir(self.shelf.path())
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{arguments}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }

    fn signum(&self, machine: Machine, arguments: &[&str]) -> Output {
        let var: PathBuf = match machine {
            Machine::Online => self.online.layout.root().to_owned(),
            Machine::Offline => self.shelf.path().join("offline"),
        };
        let addresses = &self.online.config.database;
        Command::new(executable("signum").unwrap())
            .arg("--var")
            .arg(var)
            .arg("ceremony")
            .args(arguments)
            .env_remove("SOFTHSM2_CONF")
            .env("SIGNUM__CA__PUBLIC_URL", &self.online.config.ca.public_url)
            .env("SIGNUM__CA__OFFLINE_ROOT", "true")
            .env("SIGNUM__DATABASE__CA", addresses.ca.expose())
            .env("SIGNUM__DATABASE__IDP", addresses.idp.expose())
            .env("SIGNUM__DATABASE__SIGNER", addresses.signer.expose())
            .output()
            .unwrap()
    }

    fn good(&self, machine: Machine, arguments: &[&str]) -> String {
        let output = self.signum(machine, arguments);
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let wrong = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {said}{wrong}");
        said
    }

    fn refused(&self, machine: Machine, arguments: &[&str]) -> String {
        let output = self.signum(machine, arguments);
        assert!(!output.status.success(), "{arguments:?}");
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
    }

    fn draft(&self, machine: Machine, kind: &str, folder: &str, more: &[&str]) {
        let (folder, officers, auditor) = (self.path(folder), self.path("officers.json"), self.path("auditor.pem"));
        let head = [
            "draft",
            kind,
            "--folder",
            &folder,
            "--officers",
            &officers,
            "--auditor",
            &auditor,
        ];
        let mut arguments = head.to_vec();
        arguments.extend(["--title", "TEST day"]);
        arguments.extend(more);
        self.good(machine, &arguments);
    }

    fn approve(&mut self, folder: &str, officer: &str) -> String {
        let (folder, genesis) = (self.path(folder), self.genesis.clone());
        let common = ["--officer", officer, "--genesis", &genesis];
        let options = self.good(Machine::Online, &[&["options", &folder], common.as_slice()].concat());
        let options = serde_json::from_str(&options).unwrap();
        let device = self.devices.get_mut(officer).unwrap();
        let answer = device.get(&options, ORIGIN).unwrap();
        let file = self.path("assertion.json");
        std::fs::write(&file, answer.to_string()).unwrap();
        let approve = [&["approve", &folder, "--assertion", &file], common.as_slice()].concat();
        self.good(Machine::Online, &approve)
    }

    /// Approved by both operators, held, signed by the auditor, verified.
    fn hold(&mut self, machine: Machine, folder: &str) -> String {
        for officer in ["op-1", "op-2"] {
            self.approve(folder, officer);
        }
        let path = self.path(folder);
        let genesis = self.genesis.clone();
        let said = self.good(machine, &["run", &path, "--genesis", &genesis]);
        self.countersign(folder);
        self.good(Machine::Online, &["verify", &path, "--genesis", &genesis]);
        said
    }

    fn countersign(&self, folder: &str) {
        let transcript = format!("{folder}/out/transcript.jsonl");
        let key = "-signer auditor.pem -inkey auditor.key";
        self.openssl(&format!(
            "cms -sign -binary -in {transcript} {key} -outform DER -out auditor.p7s"
        ));
        let (path, signature) = (self.path(folder), self.path("auditor.p7s"));
        self.good(Machine::Online, &["countersign", &path, "--signature", &signature]);
    }
}

fn officer(devices: &mut BTreeMap<String, SoftAuthenticator>, id: &str, role: OfficerRole) -> ListedOfficer {
    let relying_party = RelyingParty {
        id: "officers.example.org".to_owned(),
        origin: ORIGIN.to_owned(),
    };
    let mut device = SoftAuthenticator::new();
    let credential = Credential::make(Algorithm::Es256, &relying_party.id, b"officer").unwrap();
    let authenticator = Authenticator {
        credential_id: credential.id.clone(),
        cose_key: credential.cose_key().unwrap(),
        aaguid: [0; 16],
        backup_eligible: false,
        counter: 0,
    };
    device.credentials.push(credential);
    devices.insert(id.to_owned(), device);
    ListedOfficer {
        id: id.to_owned(),
        name: Some(format!("TEST {id}")),
        roles: [role].into(),
        desks: [].into(),
        relying_party,
        authenticator,
        log_in: None,
        card: None,
    }
}

fn bytes(folder: &str, file: &str) -> Vec<u8> {
    std::fs::read(Path::new(folder).join(file)).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_platform_is_born_of_ceremonies_and_runs_without_its_roots_key() {
    use Machine::{Offline, Online};
    let mut place = Place::new().await;
    let genesis = place.genesis.clone();
    // Each machine has its own token.
    place.good(Offline, &["init-token", "--label", "signum-root"]);
    place.good(Online, &["init-token", "--label", "signum-ca"]);
    // The root.
    place.draft(Offline, "root", "root", &[]);
    let root = place.path("root");
    let read = place.good(Offline, &["check", &root]);
    for words in [
        "Krijohen çelësi",
        "Izrađuju se ključ",
        "The root CA's key",
        "for 7305 days",
    ] {
        assert!(read.contains(words), "{read}");
    }
    let few = place.refused(Offline, &["run", &root, "--genesis", &genesis]);
    assert!(few.contains("0 approvals where 2 operators are needed"), "{few}");
    let rehearsed = place.good(Offline, &["dry-run", &root, "--genesis", &genesis]);
    assert!(rehearsed.contains("certificate root signed"), "{rehearsed}");
    let held = place.hold(Offline, "root");
    assert!(held.contains("It went as rehearsed."), "{held}");
    let again = place.refused(Offline, &["run", &root, "--genesis", &genesis]);
    assert!(again.contains("was closed"), "{again}");
    // Keys of the issuing CAs where they will be used; their requests travel to the root.
    place.draft(Online, "issuing", "issuing", &[]);
    place.hold(Online, "issuing");
    let issuing = place.path("issuing");
    place.draft(Offline, "sign", "sign", &["--root", &root, "--requests", &issuing]);
    let sign = place.path("sign");
    let rehearsed = place.good(Offline, &["dry-run", &sign, "--genesis", &genesis]);
    assert!(rehearsed.contains("certificate tls signed"), "{rehearsed}");
    let held = place.hold(Offline, "sign");
    assert!(held.contains("It went as rehearsed."), "{held}");
    // Nothing starts before the import, nothing is imported that was changed.
    let certificate = Path::new(&sign).join("out/qsig.der");
    let good = bytes(&sign, "out/qsig.der");
    let mut changed = good.clone();
    changed[200] ^= 1;
    place.good(Online, &["import", &root, "--genesis", &genesis]);
    std::fs::write(&certificate, &changed).unwrap();
    let refused = place.refused(Online, &["import", &sign, "--genesis", &genesis]);
    assert!(refused.contains("out/qsig.der was changed"), "{refused}");
    std::fs::write(&certificate, &good).unwrap();
    place.good(Online, &["import", &sign, "--genesis", &genesis]);
    let chain = format!("verify -x509_strict -check_ss_sig -CAfile {root}/root.pem sign/qsig.pem");
    place.openssl("x509 -inform DER -in root/out/root.der -out root/root.pem");
    place.openssl("x509 -inform DER -in sign/out/qsig.der -out sign/qsig.pem");
    place.openssl(&chain);
    // The platform without its root's key.
    let app = place.online.clone().start().await.unwrap();
    let fetch = async |path: &str| {
        let answer = reqwest::get(format!("{}{path}", app.pki)).await.unwrap();
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
        answer.bytes().await.unwrap().to_vec()
    };
    assert_eq!(fetch("/arl/root.crl").await, bytes(&root, "out/root.crl"));
    assert_eq!(fetch("/ca/qsig.cer").await, good);
    fetch("/crl/qsig/0.crl").await;
    app.stop().await;
    let keys = place.online.signum(&["hsm", "keys"]);
    assert!(
        keys.good && keys.text.contains("qsig-g1") && !keys.text.contains("root-g1"),
        "{}",
        keys.text
    );
    // Now there is a key of audit checkpoints, and with it the online side's word on the transcript.
    place.good(Online, &["import", &root, "--genesis", &genesis]);
    let vkey = place.online.layout.audit_key("ca").display().to_string();
    place.good(Offline, &["verify", &root, "--genesis", &genesis, "--key", &vkey]);
    // The next list of the root, drafted from what the service knows.
    place.draft(Online, "root-list", "list", &["--from-service"]);
    place.hold(Offline, "list");
    let list = place.path("list");
    let said = place.good(Online, &["import", &list, "--genesis", &genesis]);
    assert!(said.contains("the root's list number 2 is published"), "{said}");
}
