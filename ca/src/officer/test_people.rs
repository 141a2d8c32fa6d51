//! Tests only, of this crate and of ca/tests: officers with software authenticators, and lists of them.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]

use std::collections::BTreeMap;

use signum_gesture::officer::Key;
use signum_gesture::options::request_options;
use signum_gesture::{Authenticator, RelyingParty};
use signum_softauth::{Algorithm, Credential, SoftAuthenticator};

use super::{Gesture, ListHash, ListSignature, ListedOfficer, OfficerList, Officers, Role, SignedList};

/// Where officers agree, and where they log in.
pub const ORIGIN: &str = "http://ra.localhost:8085";
pub const LOG_IN_ORIGIN: &str = "http://desk.ra.localhost:8085";

/// Officers by id: what they agree with, what they log in with.
#[derive(Default)]
pub struct People(BTreeMap<String, [SoftAuthenticator; 2]>);

impl People {
    /// A new officer; called again for the same id, the officer loses the old keys.
    pub fn officer(&mut self, id: &str, roles: &[Role], desks: &[&str]) -> ListedOfficer {
        let keys = [ORIGIN, LOG_IN_ORIGIN].map(|origin| soft(&rp(origin).id));
        let listed = ListedOfficer {
            id: id.to_owned(),
            name: Some(format!("TEST {id}")),
            roles: roles.iter().copied().collect(),
            desks: desks.iter().map(|desk| (*desk).to_owned()).collect(),
            relying_party: rp(ORIGIN),
            authenticator: public(&keys[0]),
            log_in: Some(Key {
                relying_party: rp(LOG_IN_ORIGIN),
                authenticator: public(&keys[1]),
            }),
            card: None,
        };
        self.0.insert(id.to_owned(), keys);
        listed
    }

    pub fn gesture(&mut self, id: &str, challenge: &[u8; 32]) -> Gesture {
        let options = request_options(challenge, &rp(ORIGIN), &[]);
        let made = self.0.get_mut(id).unwrap()[0].get(&options, ORIGIN).unwrap();
        Gesture::from_json(&made).unwrap()
    }

    pub fn log_in(&mut self, id: &str, options: &serde_json::Value) -> serde_json::Value {
        self.0.get_mut(id).unwrap()[1].get(options, LOG_IN_ORIGIN).unwrap()
    }

    pub fn signed(&mut self, list: OfficerList, by: &[&str]) -> SignedList {
        let challenge = list.challenge();
        let sign = |id: &&str| ListSignature {
            officer: (*id).to_owned(),
            gesture: self.gesture(id, &challenge),
        };
        let signatures = by.iter().map(sign).collect();
        SignedList { list, signatures }
    }

    /// `admin-1` and `admin-2`, who also hold ceremonies; `desk-1` and `desk-2` at desk-a, `desk-3` at desk-b.
    pub fn first_list(&mut self) -> OfficerList {
        let administrator = [Role::Administrator, Role::CeremonyOperator];
        let desk = [Role::Registration, Role::Revocation];
        OfficerList {
            version: 1,
            previous: None,
            needed: 2,
            operators_needed: 2,
            officers: vec![
                self.officer("admin-1", &administrator, &[]),
                self.officer("admin-2", &administrator, &[]),
                self.officer("desk-1", &desk, &["desk-a"]),
                self.officer("desk-2", &desk, &["desk-a"]),
                self.officer("desk-3", &desk, &["desk-b"]),
            ],
        }
    }

    pub fn in_force(&mut self) -> (ListHash, SignedList, Officers) {
        let list = self.first_list();
        let genesis = list.hash();
        let signed = SignedList {
            list,
            signatures: Vec::new(),
        };
        let officers = Officers::verify(genesis, std::slice::from_ref(&signed)).unwrap();
        (genesis, signed, officers)
    }
}

/// The list after `officers`, changed.
pub fn next(officers: &Officers, change: impl FnOnce(&mut OfficerList)) -> OfficerList {
    let mut list = officers.list().clone();
    list.version += 1;
    list.previous = Some(officers.hash());
    change(&mut list);
    list
}

fn rp(origin: &str) -> RelyingParty {
    let host = origin.strip_prefix("http://").unwrap().split(':').next().unwrap();
    RelyingParty {
        id: host.to_owned(),
        origin: origin.to_owned(),
    }
}

fn soft(rp_id: &str) -> SoftAuthenticator {
    let mut soft = SoftAuthenticator::new();
    soft.credentials
        .push(Credential::make(Algorithm::Es256, rp_id, b"officer").unwrap());
    soft
}

fn public(soft: &SoftAuthenticator) -> Authenticator {
    let credential = &soft.credentials[0];
    Authenticator {
        credential_id: credential.id.clone(),
        cose_key: credential.cose_key().unwrap(),
        aaguid: [0; 16],
        backup_eligible: false,
        counter: 0,
    }
}
