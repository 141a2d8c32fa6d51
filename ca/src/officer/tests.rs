//! Lists of officers: what a list must be, and every way in which a chain of them breaks.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use openssl::ec::{EcGroup, EcKey};
use openssl::nid::Nid;
use openssl::pkey::PKey;

use super::test_people::{People, next};
use super::*;

fn refused(genesis: ListHash, chain: &[SignedList]) -> ChainError {
    Officers::verify(genesis, chain).unwrap_err()
}

#[test]
fn a_list_signed_by_enough_administrators_of_the_list_before_is_in_force() {
    let mut people = People::default();
    let (genesis, first, officers) = people.in_force();
    let newcomer = people.officer("admin-3", &[Role::Administrator], &[]);
    let second = next(&officers, |list| list.officers.push(newcomer));
    let second = people.signed(second, &["admin-1", "admin-2"]);
    let officers = officers.after(&second).unwrap();
    // Who came with the second list signs the third.
    let third = next(&officers, |list| list.officers.retain(|officer| officer.id != "desk-3"));
    let third = people.signed(third, &["admin-3", "admin-1"]);
    let chain = [first, second, third];
    let now = Officers::verify(genesis, &chain).unwrap();
    assert_eq!(now.list().version, 3);
    assert!(now.list().find("desk-3").is_none());
    // The chain reads back from what it is written as, and its hash with it.
    let text = serde_json::to_string_pretty(&chain).unwrap();
    let read: Vec<SignedList> = serde_json::from_str(&text).unwrap();
    assert_eq!(Officers::verify(genesis, &read).unwrap(), now);
    assert_eq!(genesis.to_string().parse::<ListHash>().unwrap(), genesis);
    assert_eq!(now.clone().at_least(3).unwrap(), now);
}

#[test]
fn a_chain_that_does_not_follow_from_the_published_hash_is_refused_by_name() {
    let mut people = People::default();
    let (genesis, first, officers) = people.in_force();
    assert_eq!(refused(genesis, &[]), ChainError::Empty);
    let mut other = first.clone();
    other.list.officers[2].desks.insert("desk-z".to_owned());
    assert!(matches!(refused(genesis, &[other]), ChainError::NotGenesis { .. }));

    let second = next(&officers, |list| list.operators_needed = 2);
    let signed = people.signed(second.clone(), &["admin-1", "admin-2"]);
    let skipped = next(&officers, |list| list.version = 3);
    let skipped = people.signed(skipped, &["admin-1", "admin-2"]);
    assert_eq!(
        refused(genesis, &[first.clone(), skipped]),
        ChainError::OutOfOrder {
            version: 3,
            expected: 2
        }
    );
    let again = [first.clone(), signed.clone(), signed.clone()];
    assert!(matches!(
        refused(genesis, &again),
        ChainError::OutOfOrder { version: 2, .. }
    ));
    let orphan = next(&officers, |list| list.previous = Some(ListHash([7; 32])));
    let orphan = people.signed(orphan, &["admin-1", "admin-2"]);
    assert!(matches!(
        refused(genesis, &[first.clone(), orphan]),
        ChainError::NotNext { version: 2, .. }
    ));
    // Lists cut off the end would bring back who was taken off: the operator's pin says so.
    let cut = Officers::verify(genesis, &[first]).unwrap().at_least(2);
    assert_eq!(
        cut.unwrap_err(),
        ChainError::Cut {
            version: 1,
            at_least: 2
        }
    );
}

#[test]
fn signatures_that_are_too_few_twice_of_others_or_over_another_list_are_refused_by_name() {
    let mut people = People::default();
    let (_, _, officers) = people.in_force();
    let second = next(&officers, |list| list.officers.retain(|officer| officer.id != "desk-3"));
    let mut with = |by: &[&str]| officers.after(&people.signed(second.clone(), by)).unwrap_err();
    assert!(matches!(
        with(&["admin-1"]),
        ChainError::TooFew {
            version: 2,
            given: 1,
            needed: 2
        }
    ));
    assert!(matches!(
        with(&["admin-1", "admin-1"]),
        ChainError::Twice { version: 2, officer } if officer == "admin-1"
    ));
    assert!(matches!(
        with(&["admin-1", "desk-1"]),
        ChainError::Signature { problem: OfficerError::Role { officer, role: Role::Administrator }, .. } if officer == "desk-1"
    ));
    let mut unknown = people.signed(second.clone(), &["admin-1", "admin-2"]);
    unknown.signatures[1].officer = "nobody".to_owned();
    assert!(matches!(
        officers.after(&unknown).unwrap_err(),
        ChainError::Signature { problem: OfficerError::Unknown(id), .. } if id == "nobody"
    ));
    let mut borrowed = people.signed(second.clone(), &["admin-1", "admin-2"]);
    borrowed.signatures[0].officer = "admin-2".to_owned();
    assert!(matches!(
        officers.after(&borrowed).unwrap_err(),
        ChainError::Signature {
            problem: OfficerError::Gesture { .. },
            ..
        }
    ));
    // The signed list, changed afterwards: one more role for a clerk.
    let mut changed = people.signed(second, &["admin-1", "admin-2"]);
    changed.list.officers[2].roles.insert(Role::Administrator);
    assert!(matches!(
        officers.after(&changed).unwrap_err(),
        ChainError::Signature { problem: OfficerError::Gesture { why, .. }, .. } if why == "wrong challenge"
    ));
}

#[test]
fn administrators_of_the_new_list_alone_do_not_make_it_one() {
    let mut people = People::default();
    let (_, _, officers) = people.in_force();
    let own = [
        people.officer("admin-8", &[Role::Administrator, Role::CeremonyOperator], &[]),
        people.officer("admin-9", &[Role::Administrator, Role::CeremonyOperator], &[]),
    ];
    let taken_over = next(&officers, |list| list.officers = own.to_vec());
    let taken_over = people.signed(taken_over, &["admin-8", "admin-9"]);
    assert!(matches!(
        officers.after(&taken_over).unwrap_err(),
        ChainError::Signature {
            problem: OfficerError::Unknown(_),
            ..
        }
    ));
}

#[test]
fn a_list_that_one_person_could_act_under_is_no_list() {
    type Change = fn(&mut OfficerList);
    let cases: [(Change, ListError); 12] = [
        (|list| list.version = 0, ListError::Version),
        (|list| list.previous = Some(ListHash([1; 32])), ListError::Version),
        (|list| list.needed = 1, ListError::OnePerson("needed")),
        (
            |list| list.operators_needed = 0,
            ListError::OnePerson("operators_needed"),
        ),
        (
            |list| list.needed = 3,
            ListError::TooFew {
                role: Role::Administrator,
                have: 2,
                needed: 3,
            },
        ),
        (
            |list| list.officers[0].id = "Admin 1".into(),
            ListError::Id("Admin 1".into()),
        ),
        (
            |list| list.officers[0].id = "admin-2".into(),
            ListError::Twice("admin-2".into()),
        ),
        (
            |list| list.officers[2].roles.clear(),
            ListError::NoRole("desk-1".into()),
        ),
        (
            |list| {
                list.officers[2].roles.insert(Role::Auditor);
            },
            ListError::AuditorActs("desk-1".into()),
        ),
        (
            |list| list.officers[2].desks.clear(),
            ListError::NoDesk("desk-1".into()),
        ),
        (
            |list| list.officers[2].log_in = None,
            ListError::NoLogIn("desk-1".into()),
        ),
        (
            |list| {
                let rp = list.officers[0].relying_party.clone();
                list.officers[2].log_in.as_mut().unwrap().relying_party = rp;
            },
            ListError::SharedRelyingParty("desk-1".into()),
        ),
    ];
    for (change, expected) in cases {
        let mut list = People::default().first_list();
        change(&mut list);
        assert_eq!(list.check(), Err(expected));
    }
}

#[test]
fn a_key_that_two_officers_share_or_that_is_none_is_refused() {
    let mut list = People::default().first_list();
    list.officers[1].authenticator = list.officers[0].authenticator.clone();
    assert_eq!(list.check(), Err(ListError::SharedKey("admin-2".into())));
    // Under another credential id it is the same key.
    list.officers[1].authenticator.credential_id = vec![9; 16];
    assert_eq!(list.check(), Err(ListError::SharedKey("admin-2".into())));
    list.officers[1].authenticator.cose_key = vec![0xa0];
    assert_eq!(list.check(), Err(ListError::BadKey("admin-2".into())));
}

#[test]
fn every_member_of_a_list_changes_its_hash() {
    let list = People::default().first_list();
    type Change = fn(&mut OfficerList);
    let changes: [Change; 14] = [
        |list| list.version = 2,
        |list| list.previous = Some(ListHash([0; 32])),
        |list| list.needed = 3,
        |list| list.operators_needed = 3,
        |list| list.officers.swap(0, 1),
        |list| drop(list.officers.pop()),
        |list| list.officers[0].id.push('x'),
        |list| list.officers[0].name = None,
        |list| {
            list.officers[0].roles.insert(Role::Registration);
        },
        |list| {
            list.officers[2].desks.insert("desk-b".into());
        },
        |list| list.officers[0].relying_party.origin.push('0'),
        |list| list.officers[0].authenticator.counter = 1,
        |list| list.officers[0].log_in = None,
        |list| {
            list.officers[0].card = Some(Card {
                spki: vec![1],
                algorithm: CardSigns::Es384,
            })
        },
    ];
    let mut hashes = vec![list.hash()];
    for change in changes {
        let mut changed = list.clone();
        change(&mut changed);
        hashes.push(changed.hash());
    }
    hashes.sort();
    hashes.dedup();
    assert_eq!(hashes.len(), changes.len() + 1);
}

#[test]
fn a_card_agrees_for_the_officer_whose_card_it_is() {
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
    let key = PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap();
    let mut people = People::default();
    let mut list = people.first_list();
    list.officers[0].card = Some(Card {
        spki: key.public_key_to_der().unwrap(),
        algorithm: CardSigns::Es256,
    });
    list.check().unwrap();
    let challenge = [5; 32];
    let signed = |challenge: &[u8]| {
        let der = openssl::sign::Signer::new(openssl::hash::MessageDigest::sha256(), &key)
            .unwrap()
            .sign_oneshot_to_vec(challenge)
            .unwrap();
        let signature = openssl::ecdsa::EcdsaSig::from_der(&der).unwrap();
        let half = |n: &openssl::bn::BigNumRef| n.to_vec_padded(32).unwrap();
        Gesture::Card([half(signature.r()), half(signature.s())].concat())
    };
    let made = Gesture::from_json(&signed(&challenge).to_json()).unwrap();
    list.verify("admin-1", Role::Administrator, &made, &challenge).unwrap();
    let other = signed(&[6; 32]);
    assert!(list.verify("admin-1", Role::Administrator, &other, &challenge).is_err());
    assert!(list.verify("admin-2", Role::Administrator, &made, &challenge).is_err());
}
