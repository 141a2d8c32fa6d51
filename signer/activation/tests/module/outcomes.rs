//! What became of an activation whose answer was lost: told from memory, never by signing again.

use signum_activation::protocol::{Outcome, Refusal};

use crate::people::enrol;
use crate::world::World;

#[test]
fn the_answer_of_an_activation_is_told_again_and_a_gesture_that_was_asked_about_is_spent() {
    let mut world = World::new();
    world.init();
    let door = world.start();
    let mut person = enrol(&mut world, &door, "PNOXK-1000000001");
    let made = person.activation(&world, &door);
    let (signatures, counter) = door.activate(&made).unwrap();
    let challenge = made.commitment.hash();
    for _ in 0..2 {
        let told = door.settle(challenge);
        let signatures = signatures.clone();
        assert_eq!(told, Outcome::Signed { signatures, counter });
    }
    assert_eq!(door.activate(&made), Err(Refusal::Replayed));

    let mut late = person.activation(&world, &door);
    late.last_counter = counter;
    assert_eq!(door.settle(late.commitment.hash()), Outcome::NotSigned);
    assert_eq!(door.activate(&late), Err(Refusal::Replayed));
    assert_eq!(door.settle(late.commitment.hash()), Outcome::NotSigned);
}

#[test]
fn a_new_process_says_that_it_does_not_remember() {
    let mut world = World::new();
    world.init();
    let door = world.start();
    let mut person = enrol(&mut world, &door, "PNOXK-1000000001");
    let made = person.activation(&world, &door);
    door.activate(&made).unwrap();
    drop(door);
    let door = world.start();
    assert_eq!(door.settle(made.commitment.hash()), Outcome::Lost);
}

#[test]
fn an_activation_that_was_refused_has_not_signed() {
    let mut world = World::new();
    world.init();
    let door = world.start();
    let mut person = enrol(&mut world, &door, "PNOXK-1000000001");
    let mut refused = person.activation(&world, &door);
    refused.assertion.signature = vec![0; 70];
    assert!(matches!(door.activate(&refused), Err(Refusal::Gesture(_))));
    assert_eq!(door.settle(refused.commitment.hash()), Outcome::NotSigned);
}
