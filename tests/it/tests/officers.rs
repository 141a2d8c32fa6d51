//! Officers of the CA by the program: from a draft to a list in force, and a changed setting that takes two of them.

#[path = "../../../ca/src/officer/test_people.rs"]
mod people;

use std::path::{Path, PathBuf};

use serde_json::Value;
use signum_ca::{
    ApprovalRequest, Gesture, ListHash, ListSignature, ListedOfficer, OfficerList, OfficerRole as Role, Officers,
    SignedList,
};
use signum_tests::app::{Said, Stopped, TestApp};

use people::People;

/// A stopped platform, its officers, and files on their way between them.
struct Office {
    stopped: Stopped,
    people: People,
    folder: PathBuf,
}

impl Office {
    async fn new() -> Self {
        let stopped = TestApp::start().await.stop_and_keep().await;
        let folder = stopped.layout.root().join("office");
        std::fs::create_dir(&folder).unwrap();
        let mut people = People::default();
        let officers = people.first_list().officers;
        std::fs::write(folder.join("officers.json"), serde_json::to_vec(&officers).unwrap()).unwrap();
        let office = Self {
            stopped,
            people,
            folder,
        };
        office.configure("");
        office
    }

    /// The configuration file that the commands read, after the app's own.
    fn configure(&self, genesis: &str) {
        let ca = &self.stopped.config.ca;
        let text = format!(
            "[ca]\npublic_url = {:?}\nofficers_genesis = {genesis:?}\ntls_days = {}\n",
            ca.public_url, ca.tls_days
        );
        std::fs::write(self.folder.join("signum.toml"), text).unwrap();
    }

    fn path(&self, file: &str) -> String {
        self.folder.join(file).display().to_string()
    }

    fn signum(&self, command: &str) -> Said {
        let config = self.path("signum.toml");
        let mut arguments = vec!["--config", &config, "ca"];
        let files: Vec<String> = command
            .split(' ')
            .map(|word| match word.strip_prefix('@') {
                Some(file) => self.path(file),
                None => word.to_owned(),
            })
            .collect();
        arguments.extend(files.iter().map(String::as_str));
        self.stopped.signum(&arguments)
    }

    #[track_caller]
    fn good(&self, command: &str, what: &str) -> String {
        let said = self.signum(command);
        assert!(
            said.good && said.text.contains(what),
            "{command}: {what:?}: {}",
            said.text
        );
        said.text
    }

    #[track_caller]
    fn refused(&self, command: &str, what: &str) {
        let said = self.signum(command);
        assert!(
            !said.good && said.text.contains(what),
            "{command}: {what:?}: {}",
            said.text
        );
    }

    fn read<T: serde::de::DeserializeOwned>(&self, file: &str) -> T {
        serde_json::from_slice(&std::fs::read(self.folder.join(file)).unwrap()).unwrap()
    }

    /// An officer's gesture, as a file.
    fn gesture(&mut self, officer: &str, challenge: &[u8; 32]) {
        let made = self.people.gesture(officer, challenge).to_json();
        std::fs::write(self.folder.join("gesture.json"), made.to_string()).unwrap();
    }

    fn agree(&mut self, list: &str, officer: &str) {
        let signed: SignedList = self.read(list);
        self.gesture(officer, &signed.list.challenge());
    }
}

/// What stands in a line after `label`.
fn after(text: &str, label: &str) -> String {
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix(label))
        .expect("the line");
    line.trim().to_owned()
}

fn challenge_in(text: &str) -> String {
    let json = &text[text.find('{').unwrap()..=text.rfind('}').unwrap()];
    let options: Value = serde_json::from_str(json).unwrap();
    options["publicKey"]["challenge"].as_str().unwrap().to_owned()
}

fn base64url(octets: &[u8]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(octets)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lists_of_officers_come_into_force_and_two_officers_change_a_setting() {
    let mut office = Office::new().await;

    // The first list: its hash is printed, published and pinned; without that nothing is in force.
    let said = office.good("officers draft @officers.json --first --out @first.json", "list 1");
    let genesis = after(&said, "SHA-256 that the officers compare:");
    office.refused("officers accept @first.json", "ca.officers_genesis");
    office.configure(&genesis);
    office.refused("officers show", "no list of officers");
    office.good("officers accept @first.json", "list 1 is in force");
    office.refused("officers accept @first.json", "stands where list 2");
    office.good("officers show", "desk-3");

    // The second: two administrators of the first.
    let mut fewer: Vec<ListedOfficer> = office.read("officers.json");
    fewer.retain(|officer| officer.id != "desk-3");
    std::fs::write(
        Path::new(&office.path("fewer.json")),
        serde_json::to_vec(&fewer).unwrap(),
    )
    .unwrap();
    office.good("officers draft @fewer.json --out @second.json", "list 2");
    let signed: SignedList = office.read("second.json");
    let options = office.good("officers options @second.json --officer admin-1", "publicKey");
    assert_eq!(challenge_in(&options), base64url(&signed.list.challenge()));
    office.agree("second.json", "desk-1");
    let approve = "officers approve @second.json --gesture @gesture.json --officer";
    office.refused(&format!("{approve} desk-1"), "does not have the role");
    office.agree("second.json", "admin-1");
    office.good(&format!("{approve} admin-1"), "1 of 2 administrators");
    office.refused(&format!("{approve} admin-1"), "agreed already");
    office.refused("officers accept @second.json", "1 signatures");
    office.agree("second.json", "admin-2");
    office.good(&format!("{approve} admin-2"), "2 of 2 administrators");
    office.good("officers accept @second.json", "list 2 is in force");
    let verify = "officers verify @first.json @second.json --genesis";
    office.good(&format!("{verify} {genesis}"), "list 2");
    office.refused(&format!("{verify} {}", "00".repeat(32)), "not the published");

    // A setting that shapes certificates has changed: no start until another officer agreed.
    office.stopped.config.ca.officers_genesis = genesis.clone();
    office.stopped.config.ca.tls_days = 47;
    office.configure(&genesis);
    let Err(error) = office.stopped.clone().start().await else {
        panic!("started with a setting that nobody approved")
    };
    let error = format!("{error:#}");
    assert!(
        error.contains("tls_days") && error.contains("approval ask --profile-change"),
        "{error}"
    );
    let ask = "approval ask --profile-change --officer admin-1 --request @request.json";
    let options = office.good(ask, "settings that shape certificates");
    let request: ApprovalRequest = office.read("request.json");
    assert_eq!(challenge_in(&options), base64url(&request.asked()));
    office.gesture("admin-1", &request.asked());
    let id = hex::encode(request.hash());
    office.good(&format!("{ask} --assertion @gesture.json"), &id);
    office.good("approval list", "not approved");
    office.gesture("admin-1", &request.approved());
    let give = format!("approval give {id} --assertion @gesture.json --officer");
    office.refused(&format!("{give} admin-1"), "does not approve it");
    office.gesture("admin-2", &request.approved());
    office.good(&format!("{give} admin-2"), "approved");

    // Then it starts, and desks are served on their own address and on no other.
    let app = office.stopped.clone().start().await.unwrap();
    let desks = app.registration.clone().unwrap();
    let status = async |url: String| reqwest::get(url).await.unwrap().status().as_u16();
    assert_eq!(status(format!("{desks}/openapi.json")).await, 200);
    assert_eq!(status(format!("{desks}/v1/requests?state=waiting")).await, 401);
    for path in ["openapi.json", "v1/requests?state=waiting"] {
        assert_eq!(status(format!("{}/{path}", app.pki)).await, 404);
    }
    app.stop().await;
}
