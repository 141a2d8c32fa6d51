//! Certificate status: only a fresh "good" of the pinned CA's own responder counts.

use signum_activation::protocol::Refusal;

use crate::authority::{Answer, Authority};
use crate::people::enrol;
use crate::world::{World, system_now};

#[test]
fn revoked_unknown_stale_future_and_foreign_answers_are_refused() {
    let mut world = World::new();
    world.init();
    let door = world.start();
    let mut person = enrol(&mut world, &door, "PNOXK-1000000001");
    let other = enrol(&mut world, &door, "PNOXK-1000000002");
    let now = system_now();
    let authority = &world.authority;
    let of = |answer, at| authority.ocsp(&person.certificate, &answer, at);
    let mut flipped = of(Answer::Good, now);
    let middle = flipped.len() / 2;
    flipped[middle] ^= 1;
    let responses = [
        of(Answer::Revoked, now),
        of(Answer::Unknown, now),
        of(Answer::Good, now - 120),
        of(Answer::Good, now + 300),
        authority.ocsp(&other.certificate, &Answer::Good, now),
        authority.ocsp_by_a_person(&person.certificate, now),
        Authority::new("TEST CA").ocsp(&person.certificate, &Answer::Good, now),
        flipped,
        Vec::new(),
    ];
    for (number, response) in responses.into_iter().enumerate() {
        let mut activation = person.activation(&world, &door);
        activation.ocsp = response;
        let outcome = door.activate(&activation);
        assert!(matches!(outcome, Err(Refusal::Status(_))), "{number}: {outcome:?}");
    }
    let good = person.activation(&world, &door);
    door.activate(&good).unwrap();
}
