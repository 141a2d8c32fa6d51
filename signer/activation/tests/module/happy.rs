//! What must work: enrol, seal, activate; once, in order, across restarts.

use openssl::hash::MessageDigest;
use openssl::sign::Verifier;
use openssl::x509::X509;
use signum_activation::protocol::{DocumentSignature, Refusal};

use crate::people::enrol;
use crate::world::World;

fn check(certificate: &[u8], signed: &DocumentSignature, digest: [u8; 32]) {
    let key = X509::from_der(certificate).unwrap().public_key().unwrap();
    let mut verifier = Verifier::new(MessageDigest::sha256(), &key).unwrap();
    assert!(
        verifier
            .verify_oneshot(&signed.signature, &signed.signed_attributes)
            .unwrap()
    );
    // OCTET STRING of the message-digest attribute.
    let expected = [[0x04, 0x20].as_slice(), &digest].concat();
    assert!(signed.signed_attributes.windows(34).any(|window| window == expected));
}

#[test]
fn an_enrolled_person_signs_two_documents_with_one_gesture() {
    let mut world = World::new();
    world.init();
    let door = world.start();
    assert!(door.ready());
    let mut person = enrol(&mut world, &door, "PNOXK-1000000001");
    let activation = person.activation(&world, &door);
    let (signatures, counter) = door.activate(&activation).unwrap();
    assert_eq!((signatures.len(), counter), (2, 1));
    check(&person.certificate, &signatures[0], [101; 32]);
    check(&person.certificate, &signatures[1], [102; 32]);
}

#[test]
fn keys_and_sets_outlive_the_process_and_spent_gestures_stay_spent() {
    let mut world = World::new();
    world.init();
    let door = world.start();
    let mut person = enrol(&mut world, &door, "PNOXK-1000000001");
    let activation = person.activation(&world, &door);
    door.activate(&activation).unwrap();
    assert_eq!(door.activate(&activation), Err(Refusal::Replayed));
    drop(door);

    // A second `init` changes nothing.
    world.init();
    let door = world.start();
    assert_eq!(door.activate(&activation), Err(Refusal::Replayed));
    let mut again = person.activation(&world, &door);
    again.last_counter = 1;
    assert_eq!(door.activate(&again).unwrap().1, 2);
}

#[test]
fn a_ticket_of_an_earlier_process_is_void() {
    let mut world = World::new();
    world.init();
    let door = world.start();
    let mut person = enrol(&mut world, &door, "PNOXK-1000000001");
    let unused = person.activation(&world, &door);
    drop(door);
    let door = world.start();
    assert!(matches!(door.activate(&unused), Err(Refusal::Commitment(_))));
}

#[test]
fn of_many_activations_at_once_exactly_one_signs() {
    let mut world = World::new();
    world.init();
    let door = world.start();
    let mut person = enrol(&mut world, &door, "PNOXK-1000000001");
    let activation = person.activation(&world, &door);
    assert_eq!(door.activate_at_once(&activation, 20), 1);
}

#[test]
fn without_init_the_module_does_not_start_and_a_second_one_beside_it_neither() {
    let world = World::new();
    let run = || {
        std::process::Command::new(env!("CARGO_BIN_EXE_signum-signing-module"))
            .args(["run", "--config"])
            .arg(world.directory.path().join("module.toml"))
            .env("SOFTHSM2_CONF", world.softhsm_conf())
            .stdin(std::process::Stdio::null())
            .output()
            .unwrap()
    };
    assert!(!run().status.success());
    world.init();
    let door = world.start();
    let second = run();
    assert!(!second.status.success());
    assert!(String::from_utf8_lossy(&second.stderr).contains("another module holds the journal"));
    assert!(door.ready());
}
