//! Officers with devices of their own, and ceremonies that they approve through the program.

use std::path::PathBuf;

use serde_json::Value;
use signum_gesture::options::{User, creation_options};
use signum_gesture::{Officer, Registration, RelyingParty, registration};
use signum_hsm_shim::approval::Quorum;
use signum_softauth::SoftAuthenticator;
use signum_tests::app::{Said, Stopped};

const ORIGIN: &str = "https://officers.example.org";

/// Two officers, both needed, and their list.
pub struct Board {
    devices: Vec<SoftAuthenticator>,
    pub list: PathBuf,
    drafts: usize,
}

#[track_caller]
pub fn good(said: Said) -> String {
    assert!(said.good, "{}", said.text);
    said.text
}

#[track_caller]
pub fn refused(said: &Said, what: &str) {
    assert!(!said.good && said.text.contains(what), "{what:?}: {}", said.text);
}

impl Board {
    pub fn new(stopped: &Stopped) -> Self {
        let rp = RelyingParty {
            id: "officers.example.org".into(),
            origin: ORIGIN.into(),
        };
        let mut devices = vec![SoftAuthenticator::new(), SoftAuthenticator::new()];
        let officers = devices.iter_mut().enumerate().map(|(n, device)| {
            let user = User {
                handle: b"handle",
                name: "officer",
                display_name: "Officer",
            };
            let options = creation_options(b"registration", &rp, "Signum", user, &[]);
            let answer = Registration::from_json(&device.create(&options, ORIGIN).unwrap()).unwrap();
            Officer {
                id: format!("o{n}"),
                name: None,
                relying_party: rp.clone(),
                authenticator: registration::verify(&answer, &rp, b"registration").unwrap(),
            }
        });
        let quorum = Quorum {
            needed: 2,
            journal: stopped.layout.path("ceremonies"),
            officers: officers.collect(),
        };
        let list = stopped.layout.path("officers.toml");
        std::fs::write(&list, toml::to_string(&quorum).unwrap()).unwrap();
        Self {
            devices,
            list,
            drafts: 0,
        }
    }

    /// The path of a ceremony that was drafted with `arguments`, not yet approved; or what the program said against it.
    pub fn drafted(&mut self, stopped: &Stopped, arguments: &[&str]) -> Result<String, Said> {
        self.drafts += 1;
        let file = stopped.layout.path(&format!("ceremony-{}.toml", self.drafts));
        let file = file.to_str().unwrap().to_owned();
        let said = stopped.signum(&[&["hsm", "draft"], arguments, &["--out", &file]].concat());
        if said.good { Ok(file) } else { Err(said) }
    }

    /// The same, approved by both officers.
    pub fn approved(&mut self, stopped: &Stopped, arguments: &[&str]) -> String {
        let file = self
            .drafted(stopped, arguments)
            .unwrap_or_else(|said| panic!("{}", said.text));
        let list = self.list.to_str().unwrap().to_owned();
        for (n, device) in self.devices.iter_mut().enumerate() {
            let officer = ["--officers", &list, "--officer", &format!("o{n}")];
            let options = good(stopped.signum(&[&["hsm", "options", &file][..], &officer].concat()));
            let options: Value = serde_json::from_str(&options).unwrap();
            let answer = stopped.layout.path("answer.json");
            std::fs::write(&answer, device.get(&options, ORIGIN).unwrap().to_string()).unwrap();
            let assertion = ["--assertion", answer.to_str().unwrap()];
            good(stopped.signum(&[&["hsm", "approve", &file][..], &officer, &assertion].concat()));
        }
        file
    }

    /// Holds an approved ceremony.
    pub fn hold(&self, stopped: &Stopped, deed: &str, ceremony: &str, arguments: &[&str]) -> Said {
        let list = self.list.to_str().unwrap();
        let named = ["hsm", deed, "--ceremony", ceremony, "--officers", list];
        stopped.signum(&[&named[..], arguments].concat())
    }
}
