//! Rows of the database that were changed or swapped by hand: keys, certificates, people, limits.

use openssl::x509::X509;
use signum_activation::Commitment;
use signum_activation::protocol::{Activation, Refusal};

use crate::authority::{Answer, Authority};
use crate::people::{Person, enrol};
use crate::world::{Door, World, system_now};

fn setting() -> (World, Door, Person, Person) {
    let mut world = World::new();
    world.init();
    let door = world.start();
    let person = enrol(&mut world, &door, "PNOXK-1000000001");
    let other = enrol(&mut world, &door, "PNOXK-1000000002");
    (world, door, person, other)
}

#[test]
fn another_person_s_key_row_is_refused_whole_or_in_parts() {
    let (world, door, mut person, other) = setting();
    let good = person.activation(&world, &door);
    let not_bound = Err(Refusal::Key("its binding does not hold".into()));

    let mut row = good.clone();
    row.key = other.key.clone();
    assert_eq!(
        door.activate(&row),
        Err(Refusal::Key("of another credential or person".into()))
    );
    let mut blob = good.clone();
    blob.key.blob = other.key.blob.clone();
    assert_eq!(door.activate(&blob), not_bound);
    blob.key.binding = other.key.binding.clone();
    assert_eq!(door.activate(&blob), not_bound);
    let mut renamed = good.clone();
    renamed.key = other.key.clone();
    renamed.key.credential = person.credential;
    renamed.key.person = person.reference;
    assert!(door.activate(&renamed).is_err());
    let mut bit = good.clone();
    bit.key.blob[3] ^= 1;
    assert_eq!(door.activate(&bit), not_bound);

    door.activate(&good).unwrap();
}

#[test]
fn another_person_s_set_is_refused() {
    let (world, door, mut person, other) = setting();
    let mut activation = person.activation(&world, &door);
    activation.set = other.set.clone();
    assert_eq!(
        door.activate(&activation),
        Err(Refusal::Set("of another credential or person".into()))
    );
}

/// The person agrees to a commitment that names `certificate`, of `authority`.
fn with_certificate(
    world: &World,
    door: &Door,
    person: &mut Person,
    authority: &Authority,
    certificate: Vec<u8>,
) -> Activation {
    let ticket = door.begin();
    let own = std::mem::replace(&mut person.certificate, certificate);
    let commitment = person.commitment(&ticket);
    let mut activation = person.agree(world, commitment, ticket, system_now());
    activation.issuer = authority.der();
    activation.ocsp = authority.ocsp(&person.certificate, &Answer::Good, system_now());
    person.certificate = own;
    activation
}

#[test]
fn a_certificate_of_another_key_person_or_ca_is_refused() {
    let (world, door, mut person, other) = setting();
    let refused = |why: &str| Err(Refusal::Commitment(format!("certificate: {why}")));

    let own_key = X509::from_der(&person.certificate).unwrap().public_key().unwrap();
    let another_s_name = world.authority.issue_for(&own_key, other.number);
    let activation = with_certificate(&world, &door, &mut person, &world.authority, another_s_name);
    assert_eq!(door.activate(&activation), refused("of another person"));

    let another_key = world.authority.issue(&other.pkcs10, person.number);
    let activation = with_certificate(&world, &door, &mut person, &world.authority, another_key);
    assert_eq!(door.activate(&activation), refused("of another key"));

    let stranger = Authority::new("TEST CA");
    let foreign = stranger.issue_for(&own_key, person.number);
    let activation = with_certificate(&world, &door, &mut person, &stranger, foreign.clone());
    assert_eq!(door.activate(&activation), refused("its issuer is not pinned"));
    let mut activation = with_certificate(&world, &door, &mut person, &stranger, foreign);
    activation.issuer = world.authority.der();
    assert_eq!(door.activate(&activation), refused("not issued by its issuer"));

    let mut activation = person.activation(&world, &door);
    activation.certificate = world.authority.issue_for(&own_key, person.number);
    assert_eq!(door.activate(&activation), refused("not the one committed to"));
}

#[test]
fn a_commitment_beyond_the_limits_is_refused() {
    let (world, door, mut person, _) = setting();
    type Change = fn(&mut Commitment);
    let changes: &[(&str, Change)] = &[
        ("format", |c| c.format = "XAdES-B-B".into()),
        ("number of documents", |c| c.documents.clear()),
        ("number of documents", |c| {
            c.documents = vec![c.documents[0].clone(); 51]
        }),
        ("label", |c| c.documents[0].label = "x".repeat(256)),
        ("label", |c| c.documents[0].label = "two\nlines".into()),
        ("label", |c| c.client = String::new()),
        ("a document twice", |c| c.documents[1] = c.documents[0].clone()),
    ];
    for (why, change) in changes {
        let ticket = door.begin();
        let mut commitment = person.commitment(&ticket);
        change(&mut commitment);
        let activation = person.agree(&world, commitment, ticket, system_now());
        assert_eq!(door.activate(&activation), Err(Refusal::Commitment((*why).into())));
    }
}
