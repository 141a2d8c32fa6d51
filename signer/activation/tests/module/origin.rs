//! Key origin statements: about what was made and sealed here, under a key that outlives the process, and about nothing else.

use sha2::{Digest, Sha256};
use signum_activation::protocol::Refusal;
use signum_pki::key_origin::{KeyOrigin, KeyOriginError, WRAPPED_P256};

use crate::people::enrol;
use crate::world::World;

#[test]
fn the_module_states_where_a_sealed_credential_s_key_was_made() {
    let mut world = World::new();
    world.init();
    let door = world.start();
    let pinned = std::fs::read(world.config.statement_key_file()).unwrap();
    assert_eq!(door.statement_key(), pinned, "init wrote what the module says");
    let person = enrol(&mut world, &door, "PNOXK-1000000001");
    let statement = door.key_origin(&person.key, &person.pkcs10, &person.set).unwrap();
    let stated = KeyOrigin::verify(&statement, &pinned).unwrap();
    assert_eq!(stated.person, person.reference);
    assert_eq!(stated.credential, person.credential);
    assert_eq!(
        stated.certificate_request,
        <[u8; 32]>::from(Sha256::digest(&person.pkcs10))
    );
    assert_eq!(stated.vouchers, person.set.vouchers);
    assert_eq!(stated.attributes, WRAPPED_P256);
    assert_eq!(
        KeyOrigin::verify(&statement, &person.key.spki),
        Err(KeyOriginError::Signature),
        "a person's key states nothing"
    );

    // The statement key is the token's: it stays over restarts and another `init`.
    drop(door);
    world.init();
    let door = world.start();
    assert_eq!(door.statement_key(), pinned);
    let again = door.key_origin(&person.key, &person.pkcs10, &person.set).unwrap();
    assert_eq!(KeyOrigin::verify(&again, &pinned), Ok(stated));
}

#[test]
fn nothing_is_stated_about_what_was_not_made_and_sealed_here_as_it_stands() {
    let mut world = World::new();
    world.init();
    let door = world.start();
    let person = enrol(&mut world, &door, "PNOXK-1000000001");
    let other = enrol(&mut world, &door, "PNOXK-1000000002");
    let refused = |outcome: Result<Vec<u8>, Refusal>| assert!(outcome.is_err(), "{outcome:?}");
    refused(door.key_origin(&person.key, &other.pkcs10, &person.set));
    refused(door.key_origin(&person.key, &person.pkcs10, &other.set));
    refused(door.key_origin(&other.key, &person.pkcs10, &person.set));

    let mut key = person.key.clone();
    key.person = other.reference;
    refused(door.key_origin(&key, &person.pkcs10, &person.set));
    let mut key = person.key.clone();
    key.epoch += 1;
    refused(door.key_origin(&key, &person.pkcs10, &person.set));

    let mut set = person.set.clone();
    set.person = other.reference;
    refused(door.key_origin(&person.key, &person.pkcs10, &set));
    let mut set = person.set.clone();
    set.vouchers[0] ^= 1;
    refused(door.key_origin(&person.key, &person.pkcs10, &set));
    let mut set = person.set.clone();
    set.seal.clear();
    refused(door.key_origin(&person.key, &person.pkcs10, &set));
}
