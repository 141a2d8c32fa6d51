//! The first set is sealed against two different officers' gestures over exactly this enrolment, and nothing less.

use signum_activation::commitment::person_reference;
use signum_activation::protocol::{Refusal, Voucher};
use signum_activation::voucher::voucher_challenge;
use signum_gesture::Assertion;
use signum_gesture::options::request_options;
use signum_softauth::SoftAuthenticator;

use crate::people::{enrol, vouch, vouchers};
use crate::world::{ORIGIN, World, register, rp};

#[test]
fn one_officer_twice_one_alone_and_strangers_are_refused() {
    let mut world = World::new();
    world.init();
    let door = world.start();
    let person = person_reference("PNOXK-1000000001");
    let mut device = SoftAuthenticator::new();
    let authenticator = register(&mut device);
    let (key, pkcs10) = door.create_key([1; 16], person, &authenticator);
    let challenge = voucher_challenge(&person, &authenticator, &[1; 16], &pkcs10);
    let [one, again, two] = [0, 0, 1].map(|officer| vouch(&mut world, officer, &challenge));

    let different = Err(Refusal::Voucher("the two must come from different officers".into()));
    let seal = |vouchers: &[Voucher]| door.seal(&key, &pkcs10, &authenticator, vouchers);
    assert_eq!(seal(&[one.clone(), one.clone()]), different);
    assert_eq!(seal(&[one.clone(), again.clone()]), different);
    let lied = Voucher {
        officer: "officer-2".into(),
        ..again
    };
    assert_eq!(
        seal(&[one.clone(), lied]),
        Err(Refusal::Voucher("another credential".into()))
    );
    let two_needed = Err(Refusal::Voucher("two are needed".into()));
    assert_eq!(seal(&[]), two_needed);
    assert_eq!(seal(std::slice::from_ref(&one)), two_needed);
    let unknown = Voucher {
        officer: "officer-3".into(),
        ..two.clone()
    };
    let refused = Err(Refusal::Voucher("not an officer of the pinned list".into()));
    assert_eq!(seal(&[one.clone(), unknown]), refused);
    // The person cannot vouch for themselves under an officer's name.
    let own = device.get(&request_options(&challenge, &rp(), &[]), ORIGIN).unwrap();
    let own = Voucher {
        officer: "officer-2".into(),
        assertion: Assertion::from_json(&own).unwrap(),
    };
    assert_eq!(
        seal(&[one.clone(), own]),
        Err(Refusal::Voucher("another credential".into()))
    );

    assert!(seal(&[one, two]).is_ok());
}

#[test]
fn a_voucher_for_something_else_or_without_user_verification_is_refused() {
    let mut world = World::new();
    world.init();
    let door = world.start();
    let person = enrol(&mut world, &door, "PNOXK-1000000001");
    let other = register(&mut SoftAuthenticator::new());
    let challenge = voucher_challenge(
        &person.reference,
        &person.authenticator,
        &person.credential,
        &person.pkcs10,
    );
    let vouchers = [vouch(&mut world, 0, &challenge), vouch(&mut world, 1, &challenge)];
    let wrong = Err(Refusal::Voucher("wrong challenge".into()));
    assert_eq!(door.seal(&person.key, &person.pkcs10, &other, &vouchers), wrong);

    world.officers[1].behaviour.skip_uv = true;
    let vouchers = [vouch(&mut world, 0, &challenge), vouch(&mut world, 1, &challenge)];
    let outcome = door.seal(&person.key, &person.pkcs10, &person.authenticator, &vouchers);
    assert_eq!(outcome, Err(Refusal::Voucher("user not verified".into())));
}

#[test]
fn a_key_that_is_not_ours_or_another_key_s_request_is_not_sealed() {
    let mut world = World::new();
    world.init();
    let door = world.start();
    let person = enrol(&mut world, &door, "PNOXK-1000000001");
    let other = enrol(&mut world, &door, "PNOXK-1000000002");
    let challenge = voucher_challenge(
        &person.reference,
        &person.authenticator,
        &person.credential,
        &other.pkcs10,
    );
    let vouchers = [vouch(&mut world, 0, &challenge), vouch(&mut world, 1, &challenge)];
    let outcome = door.seal(&person.key, &other.pkcs10, &person.authenticator, &vouchers);
    assert!(matches!(outcome, Err(Refusal::Key(_))));
    let mut foreign = person.key.clone();
    foreign.person = other.reference;
    let outcome = door.seal(&foreign, &person.pkcs10, &person.authenticator, &vouchers);
    assert!(matches!(outcome, Err(Refusal::Key(_))));

    let officer = world.config.officers[0].authenticator.clone();
    let outcome = door.seal(&person.key, &person.pkcs10, &officer, &vouchers);
    assert_eq!(outcome, Err(Refusal::Set("an officer's authenticator".into())));
}

#[test]
fn two_officers_cannot_vouch_a_second_authenticator_onto_a_credential() {
    let mut world = World::new();
    world.init();
    let door = world.start();
    let person = enrol(&mut world, &door, "PNOXK-1000000001");
    let second = register(&mut SoftAuthenticator::new());
    // Both officers agree to it, for exactly this credential and request.
    let agreed = vouchers(&mut world, &person, &second, &person.credential, &person.pkcs10);
    let never = Err(Refusal::Set("not the authenticator that this key was made for".into()));
    assert_eq!(door.seal(&person.key, &person.pkcs10, &second, &agreed), never);
    // A key that was made for the second authenticator lends nothing: the promise names its own public key.
    let (key, _) = door.create_key(person.credential, person.reference, &second);
    let mut mixed = person.key.clone();
    mixed.first_set = key.first_set;
    assert_eq!(door.seal(&mixed, &person.pkcs10, &second, &agreed), never);
    mixed.first_set = Vec::new();
    assert_eq!(door.seal(&mixed, &person.pkcs10, &second, &agreed), never);

    // Neither a restart nor a lost or restored journal folder makes it forget, since nothing is remembered.
    drop(door);
    std::fs::remove_file(&world.config.journal).unwrap();
    let door = world.start();
    assert_eq!(door.seal(&person.key, &person.pkcs10, &second, &agreed), never);
    // The same authenticator as before, interrupted before it was stored, gets the same set.
    let again = vouchers(
        &mut world,
        &person,
        &person.authenticator,
        &person.credential,
        &person.pkcs10,
    );
    let set = door
        .seal(&person.key, &person.pkcs10, &person.authenticator, &again)
        .unwrap();
    assert_eq!(set.authenticators, person.set.authenticators);
}

#[test]
fn a_key_of_before_the_promise_still_signs_and_is_never_sealed_again() {
    let mut world = World::new();
    world.init();
    let door = world.start();
    let mut person = enrol(&mut world, &door, "PNOXK-1000000001");
    person.key.first_set = Vec::new();
    let agreed = vouchers(
        &mut world,
        &person,
        &person.authenticator,
        &person.credential,
        &person.pkcs10,
    );
    let outcome = door.seal(&person.key, &person.pkcs10, &person.authenticator, &agreed);
    assert!(matches!(outcome, Err(Refusal::Set(_))));
    let activation = person.activation(&world, &door);
    assert!(door.activate(&activation).is_ok());
}
