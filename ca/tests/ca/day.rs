//! A ceremony day: officers with software authenticators, an auditor, tokens, a clock that stands still and repeatable chance.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

use async_trait::async_trait;
use openssl::asn1::Asn1Time;
use openssl::cms::{CMSOptions, CmsContentInfo};
use openssl::hash::MessageDigest;
use openssl::pkey::{PKey, Private};
use openssl::x509::{X509, X509Builder, X509NameBuilder};
use sha2::{Digest, Sha256};
use signum_ca::ceremony::{
    Approval, ApprovalError, Approved, CeremonyFault, Circumstances, Desk, Draft, Entry, Folder, Kind, Plan, Proof,
    Prover, Reason, RootState, Transcript, challenge, draft, hold,
};
use signum_ca::{Config, Gesture, ListHash, ListSignature, ListedOfficer, OfficerList, OfficerRole, SignedList};
use signum_core::{ManualClock, OsRandom, Random, Timestamp};
use signum_gesture::options::request_options;
use signum_gesture::{Authenticator, RelyingParty};
use signum_hsm_shim::init::{NewToken, create_pin_file, init_token};
use signum_hsm_shim::token::{PinSource, Token, TokenConfig};
use signum_softauth::{Algorithm, Credential, SoftAuthenticator};

use crate::house::House;

const ORIGIN: &str = "https://officers.example.org";
const RP_ID: &str = "officers.example.org";
const PROVE: &str = "SIGNUM_CA_TEST_PROVE";
/// 2026-11-24T10:00:00Z
pub const NOON: i64 = 1_795_514_400;

pub fn binary() -> [u8; 32] {
    [0xb1; 32]
}

/// Everybody who comes, and what they bring.
pub struct Day {
    pub dir: PathBuf,
    pub lists: Vec<SignedList>,
    pub genesis: ListHash,
    pub auditor: (PKey<Private>, X509),
    pub clock: ManualClock,
    pub random: Repeatable,
    pub spent: PathBuf,
    devices: BTreeMap<String, SoftAuthenticator>,
}

/// SHA-256 in counter mode.
pub struct Repeatable(Mutex<u64>);

impl Repeatable {
    pub fn new() -> Self {
        Self(Mutex::new(0))
    }
}

impl Random for Repeatable {
    fn fill(&self, buffer: &mut [u8]) {
        let mut counter = self.0.lock().unwrap();
        for chunk in buffer.chunks_mut(32) {
            *counter += 1;
            let block = Sha256::digest(counter.to_be_bytes());
            chunk.copy_from_slice(&block[..chunk.len()]);
        }
    }
}

fn relying_party() -> RelyingParty {
    RelyingParty {
        id: RP_ID.to_owned(),
        origin: ORIGIN.to_owned(),
    }
}

fn auditor() -> (PKey<Private>, X509) {
    let key = crate::house::key();
    let mut name = X509NameBuilder::new().unwrap();
    name.append_entry_by_text("CN", "TEST Auditor").unwrap();
    let name = name.build();
    let mut builder = X509Builder::new().unwrap();
    builder.set_subject_name(&name).unwrap();
    builder.set_issuer_name(&name).unwrap();
    builder.set_pubkey(&key).unwrap();
    builder.set_not_before(&Asn1Time::days_from_now(0).unwrap()).unwrap();
    builder.set_not_after(&Asn1Time::days_from_now(30).unwrap()).unwrap();
    builder.sign(&key, MessageDigest::sha256()).unwrap();
    (key, builder.build())
}

impl Day {
    /// Operators `op-1` to `op-3`, two of whom it takes, and administrators `ad-1`, `ad-2`.
    pub fn new(dir: &Path) -> Self {
        let mut devices = BTreeMap::new();
        let mut officers = Vec::new();
        for (id, role) in [
            ("op-1", OfficerRole::CeremonyOperator),
            ("op-2", OfficerRole::CeremonyOperator),
            ("op-3", OfficerRole::CeremonyOperator),
            ("ad-1", OfficerRole::Administrator),
            ("ad-2", OfficerRole::Administrator),
        ] {
            let mut device = SoftAuthenticator::new();
            let credential = Credential::make(Algorithm::Es256, RP_ID, b"officer").unwrap();
            let authenticator = Authenticator {
                credential_id: credential.id.clone(),
                cose_key: credential.cose_key().unwrap(),
                aaguid: [0; 16],
                backup_eligible: false,
                counter: 0,
            };
            device.credentials.push(credential);
            devices.insert(id.to_owned(), device);
            officers.push(ListedOfficer {
                id: id.to_owned(),
                name: None,
                roles: [role].into(),
                desks: [].into(),
                relying_party: relying_party(),
                authenticator,
                log_in: None,
                card: None,
            });
        }
        let list = OfficerList {
            version: 1,
            previous: None,
            needed: 2,
            operators_needed: 2,
            officers,
        };
        Self {
            dir: dir.to_owned(),
            genesis: list.hash(),
            lists: vec![SignedList {
                list,
                signatures: Vec::new(),
            }],
            auditor: auditor(),
            clock: ManualClock::at(Timestamp::from_seconds(NOON)),
            random: Repeatable::new(),
            spent: dir.join("spent"),
            devices,
        }
    }

    fn gesture(&mut self, officer: &str, challenge: &[u8; 32]) -> Gesture {
        let options = request_options(challenge, &relying_party(), &[]);
        let made = self.devices.get_mut(officer).unwrap().get(&options, ORIGIN).unwrap();
        Gesture::from_json(&made).unwrap()
    }

    pub fn approval(&mut self, officer: &str, plan: &Plan) -> Approval {
        Approval {
            officer: officer.to_owned(),
            gesture: self.gesture(officer, &challenge(&plan.hash)),
        }
    }

    /// A next list without an officer, agreed to by both administrators.
    pub fn remove(&mut self, officer: &str) {
        let last = self.lists.last().unwrap().list.clone();
        let mut list = last.clone();
        list.version += 1;
        list.previous = Some(last.hash());
        list.officers.retain(|listed| listed.id != officer);
        let challenge = list.challenge();
        let signatures = ["ad-1", "ad-2"].map(|officer| ListSignature {
            officer: officer.to_owned(),
            gesture: self.gesture(officer, &challenge),
        });
        self.lists.push(SignedList {
            list,
            signatures: signatures.into(),
        });
    }

    /// A token of this label, made if it is not there.
    pub fn token(&self, label: &str) -> TokenConfig {
        let mut pin = self.dir.join(format!("{label}.pin"));
        // The token of the house.
        if label == "signum-ca" && self.dir.join("user.pin").exists() {
            pin = self.dir.join("user.pin");
        }
        if !pin.exists() {
            let fill = |bytes: &mut [u8]| OsRandom.fill(bytes);
            let new = NewToken {
                module: "/usr/lib/softhsm/libsofthsm2.so".into(),
                label: label.to_owned(),
                so_pin: create_pin_file(&self.dir.join(format!("{label}-so.pin")), fill).unwrap(),
                user_pin: create_pin_file(&pin, fill).unwrap(),
            };
            init_token(&new).unwrap();
        }
        TokenConfig {
            module: "/usr/lib/softhsm/libsofthsm2.so".into(),
            token: label.to_owned(),
            pin: PinSource::File(pin),
            sessions: 2,
        }
    }

    /// A folder with a drafted file; `change` may alter its text.
    pub fn draft(&self, name: &str, wanted: Wanted<'_>, change: impl Fn(String) -> String) -> Folder {
        let path = self.dir.join(name);
        std::fs::create_dir_all(path.join("in")).unwrap();
        let folder = Folder::new(&path);
        let config = config();
        let certificate = self.auditor.1.to_der().unwrap();
        let now = self.clock_now();
        let text = draft(&Draft {
            kind: wanted.kind,
            title: "TEST ceremony",
            config: wanted.config.unwrap_or(&config),
            from: Timestamp::from_seconds(now - 3600),
            until: Timestamp::from_seconds(now + 3600),
            nonce: Sha256::digest(name).into(),
            genesis: &self.genesis.to_string(),
            list: &self.lists.last().unwrap().list.hash().to_string(),
            binary: &hex::encode(binary()),
            auditor: &hex::encode(Sha256::digest(&certificate)),
            token: wanted.token,
            root: wanted.root,
            requests: wanted.requests,
            authorities: wanted.authorities,
            reason: Reason::CaCompromise,
        });
        folder.write(Folder::CEREMONY, change(text).as_bytes()).unwrap();
        folder.write(Folder::AUDITOR, &certificate).unwrap();
        let lists = serde_json::to_vec_pretty(&self.lists).unwrap();
        folder.write(Folder::OFFICERS, &lists).unwrap();
        if let Some(root) = wanted.root {
            folder.write("in/root.der", &root.certificate).unwrap();
        }
        for (authority, octets) in wanted.requests {
            folder.write(&format!("in/{authority}.p10"), octets).unwrap();
        }
        folder
    }

    fn clock_now(&self) -> i64 {
        signum_core::Clock::now(&self.clock).seconds()
    }

    pub fn approve(&mut self, folder: &Folder, officers: &[&str]) -> Plan {
        let plan = plan(folder);
        let approvals: Vec<_> = officers.iter().map(|officer| self.approval(officer, &plan)).collect();
        folder.write_approvals(&approvals).unwrap();
        plan
    }

    pub fn approved(&self, folder: &Folder) -> Result<Approved, ApprovalError> {
        let (lists, approvals) = (folder.lists().unwrap(), folder.approvals().unwrap());
        let circumstances = Circumstances {
            genesis: self.genesis,
            lists: &lists,
            approvals: &approvals,
            binary: binary(),
            now: signum_core::Clock::now(&self.clock),
        };
        Approved::verify(plan(folder), &circumstances)
    }

    /// Holds what was approved with this token.
    pub async fn hold(&self, folder: &Folder, token: &str) -> Result<Transcript, CeremonyFault> {
        self.hold_heard(folder, token, &|_| {}).await
    }

    pub async fn hold_heard(
        &self,
        folder: &Folder,
        token: &str,
        heard: &(dyn Fn(&Entry) + Sync),
    ) -> Result<Transcript, CeremonyFault> {
        self.hold_approved(self.approved(folder).unwrap(), folder, token, heard)
            .await
    }

    pub async fn hold_approved(
        &self,
        approved: Approved,
        folder: &Folder,
        token: &str,
        heard: &(dyn Fn(&Entry) + Sync),
    ) -> Result<Transcript, CeremonyFault> {
        let token = self.token(token);
        let desk = Desk {
            clock: &self.clock,
            random: &self.random,
            prover: &FreshProcess(token.clone()),
            spent: &self.spent,
            heard,
        };
        hold(approved, folder, || Token::open(token), &desk).await
    }

    /// The auditor signs the transcript with OpenSSL, as anybody would.
    pub fn countersign(&self, folder: &Folder) {
        let transcript = folder.read(Folder::TRANSCRIPT).unwrap();
        let flags = CMSOptions::BINARY | CMSOptions::DETACHED;
        let (key, certificate) = &self.auditor;
        let cms = CmsContentInfo::sign(Some(certificate), Some(key), None, Some(&transcript), flags).unwrap();
        folder.write(Folder::COUNTERSIGNATURE, &cms.to_der().unwrap()).unwrap();
    }

    /// A root on a token of its own, issuing CAs' keys on the service's, certified by the root, imported: folders of the three.
    pub async fn whole_hierarchy(&mut self, house: &House) -> [Folder; 3] {
        let root = self.whole("root", Wanted::new(Kind::Root, "signum-root")).await;
        let issuing = self.whole("issuing", Wanted::new(Kind::Issuing, "signum-ca")).await;
        let (state, requests) = (root_state(&root), requests(&issuing));
        let wanted = Wanted {
            root: Some(&state),
            requests: &requests,
            ..Wanted::new(Kind::Sign, "signum-root")
        };
        let signed = self.whole("sign", wanted).await;
        for folder in [&root, &signed] {
            house.service.import_ceremony(folder, self.genesis).await.unwrap();
        }
        [root, issuing, signed]
    }

    /// Drafted, approved by two, held and countersigned.
    pub async fn whole(&mut self, name: &str, wanted: Wanted<'_>) -> Folder {
        let token = wanted.token.to_owned();
        let folder = self.draft(name, wanted, |text| text);
        self.approve(&folder, &["op-1", "op-2"]);
        self.hold(&folder, &token).await.unwrap();
        self.countersign(&folder);
        folder
    }
}

/// What a draft is about.
#[derive(Clone, Copy)]
pub struct Wanted<'a> {
    pub kind: Kind,
    pub token: &'a str,
    pub config: Option<&'a Config>,
    pub root: Option<&'a RootState>,
    pub requests: &'a [(String, Vec<u8>)],
    pub authorities: &'a [String],
}

impl<'a> Wanted<'a> {
    pub fn new(kind: Kind, token: &'a str) -> Self {
        Self {
            kind,
            token,
            config: None,
            root: None,
            requests: &[],
            authorities: &[],
        }
    }
}

pub fn config() -> Config {
    Config {
        public_url: "http://pki.example.org".to_owned(),
        ..Config::default()
    }
}

pub fn plan(folder: &Folder) -> Plan {
    Plan::read(&folder.read(Folder::CEREMONY).unwrap()).unwrap()
}

/// Five requests out of a folder.
pub fn requests(folder: &Folder) -> Vec<(String, Vec<u8>)> {
    ["auth", "qsig", "seal", "tsa", "tls"]
        .map(|name| (name.to_owned(), folder.read(&format!("out/{name}.p10")).unwrap()))
        .into()
}

/// What the online side knows of a root that a folder made.
pub fn root_state(folder: &Folder) -> RootState {
    RootState {
        certificate: folder.read("out/root.der").unwrap(),
        common_name: "Signum TEST Root CA G1".to_owned(),
        label: "root-g1".to_owned(),
        next_list: 2,
        revoked: Vec::new(),
        issuing: Vec::new(),
    }
}

struct FreshProcess(TokenConfig);

#[async_trait]
impl Prover for FreshProcess {
    async fn prove(&self, label: &str, message: &[u8]) -> Result<Proof, String> {
        let order = serde_json::to_string(&(&self.0, label, message)).unwrap();
        let output = Command::new(std::env::current_exe().unwrap())
            .args(["day::a_fresh_process_signs_a_proof", "--exact", "--nocapture"])
            .env(PROVE, order)
            .output()
            .map_err(|error| error.to_string())?;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let proof = said
            .lines()
            .find_map(|line| line.split_once("PROOF "))
            .ok_or(said.clone())?;
        serde_json::from_str(proof.1).map_err(|error| error.to_string())
    }
}

#[test]
fn a_fresh_process_signs_a_proof() {
    let Ok(order) = std::env::var(PROVE) else { return };
    let (token, label, message): (TokenConfig, String, Vec<u8>) = serde_json::from_str(&order).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    let proof = runtime
        .block_on(signum_ca::ceremony::sign_proof(token, &label, &message))
        .unwrap();
    println!("PROOF {}", serde_json::to_string(&proof).unwrap());
}
