//! What a configuration must not be.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::json;
use signum_softauth::{Algorithm, Credential};

use super::ModuleConfig;
use crate::officer::Officer;

/// Two officers in the shape of `var/officers.json`.
fn officers() -> Vec<Officer> {
    let officer = |n: u8| {
        let credential = Credential::make(Algorithm::Es256, "sign.localhost", b"officer").unwrap();
        let key = credential.cose_key().unwrap();
        let authenticator = signum_gesture::Authenticator {
            credential_id: credential.id,
            cose_key: key,
            aaguid: [0; 16],
            backup_eligible: false,
            counter: 0,
        };
        let pinned = Officer {
            id: format!("officer-{n}"),
            name: None,
            relying_party: rp(),
            authenticator,
        };
        let text = serde_json::to_value(&pinned).unwrap();
        json!({ "id": pinned.id, "name": "Officer", "rp": text["relying_party"], "authenticator": text["authenticator"] })
    };
    serde_json::from_value(json!([officer(1), officer(2)])).unwrap()
}

fn rp() -> signum_gesture::RelyingParty {
    signum_gesture::RelyingParty {
        id: "sign.localhost".into(),
        origin: "http://sign.localhost:8082".into(),
    }
}

fn good() -> ModuleConfig {
    ModuleConfig {
        module: "/usr/lib/softhsm/libsofthsm2.so".into(),
        token: "signum-people".into(),
        pin_file: "people.pin".into(),
        socket: "module.sock".into(),
        journal: "journal".into(),
        ticket_seconds: 300,
        ocsp_max_age_seconds: 60,
        pinned_issuers: vec!["issuer.cer".into()],
        peers: vec![],
        socket_group: None,
        binding_key_check: None,
        seal_key_check: None,
        relying_party: rp(),
        officers: officers(),
        keks: Vec::new(),
    }
}

#[test]
fn a_good_configuration_survives_the_file_and_an_unknown_member_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("module.toml");
    let text = toml::to_string(&good()).unwrap();
    let write = |text: &str, mode: u32| {
        fs::write(&file, text).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
        ModuleConfig::load(&file)
    };
    assert!(write(&text, 0o600).is_ok());
    assert!(
        write(&text, 0o666)
            .unwrap_err()
            .to_string()
            .contains("others may write it")
    );
    assert!(write(&format!("surprise = 1\n{text}"), 0o600).is_err());
}

#[test]
fn each_wrong_value_is_refused() {
    type Change = fn(&mut ModuleConfig);
    let changes: &[Change] = &[
        |c| c.ticket_seconds = 0,
        |c| c.ticket_seconds = 3600,
        |c| c.ocsp_max_age_seconds = 0,
        |c| c.pinned_issuers.clear(),
        |c| c.relying_party.id = "localhost".into(),
        |c| c.relying_party.origin = "http://idp.localhost:8081".into(),
        |c| c.officers.truncate(1),
        |c| c.officers[1].id = c.officers[0].id.clone(),
        |c| c.officers[1].authenticator = c.officers[0].authenticator.clone(),
        |c| c.officers[1].authenticator.cose_key = vec![0xa0],
    ];
    assert!(good().check().is_ok());
    for (number, change) in changes.iter().enumerate() {
        let mut config = good();
        change(&mut config);
        assert!(config.check().is_err(), "{number}");
    }
}

#[test]
fn other_users_are_let_in_only_with_a_group_for_the_socket() {
    let mut config = good();
    config.peers = vec![4711];
    assert!(config.check().is_err());
    config.socket_group = Some("0".into());
    config.check().unwrap();
    let peers = config.allowed_peers().unwrap();
    assert_eq!((peers.users, peers.group), (vec![4711], Some(0)));
    let again: ModuleConfig = toml::from_str(&toml::to_string(&config).unwrap()).unwrap();
    assert_eq!(again, config);
    config.socket_group = Some("no such group".into());
    assert!(config.allowed_peers().is_err());
}

#[test]
fn pinned_keks_survive_the_file_and_are_one_for_each_epoch() {
    let check = signum_hsm_shim::backup::CheckValue::try_from("5a".repeat(32)).unwrap();
    let mut config = good();
    config.binding_key_check = Some(check);
    config.seal_key_check = Some(check);
    config.keks = vec![
        super::PinnedKek { epoch: 1, check },
        super::PinnedKek { epoch: 2, check },
    ];
    config.check().unwrap();
    let text = toml::to_string(&config).unwrap();
    // As OPERATIONS says: an entry can be appended.
    let more = format!("{text}\n[[kek]]\nepoch = 3\ncheck = \"{check}\"\n");
    assert_eq!(toml::from_str::<ModuleConfig>(&text).unwrap(), config);
    assert_eq!(toml::from_str::<ModuleConfig>(&more).unwrap().keks.len(), 3);
    config.keks[1].epoch = 1;
    assert!(config.check().is_err());
}
