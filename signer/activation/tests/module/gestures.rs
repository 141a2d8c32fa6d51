//! Gestures that are not the person's, not at the signer, or not over what is to be signed: refused, nothing signed.

use signum_activation::commitment::DisplayClass;
use signum_activation::protocol::{Activation, Refusal};
use signum_softauth::{Behaviour, SoftAuthenticator};

use crate::people::{Person, enrol};
use crate::world::{Door, World, register};

fn setting() -> (World, Door, Person) {
    let mut world = World::new();
    world.init();
    let door = world.start();
    let person = enrol(&mut world, &door, "PNOXK-1000000001");
    (world, door, person)
}

fn gesture(why: &str) -> Refusal {
    Refusal::Gesture(why.into())
}

#[test]
fn a_gesture_made_elsewhere_or_without_the_user_is_refused() {
    let (world, door, mut person) = setting();
    let well = Behaviour::default;
    let table = [
        (
            Behaviour {
                rp_id: Some("localhost".into()),
                ..well()
            },
            "wrong relying party",
        ),
        (
            Behaviour {
                rp_id: Some("idp.localhost".into()),
                ..well()
            },
            "wrong relying party",
        ),
        (
            Behaviour {
                origin: Some("http://idp.localhost:8081".into()),
                ..well()
            },
            "wrong origin",
        ),
        (
            Behaviour {
                cross_origin: true,
                ..well()
            },
            "made in a cross-origin frame",
        ),
        (
            Behaviour {
                top_origin: Some("http://idp.localhost:8081".into()),
                ..well()
            },
            "made in a cross-origin frame",
        ),
        (
            Behaviour {
                ceremony: Some("webauthn.create".into()),
                ..well()
            },
            "wrong type",
        ),
        (
            Behaviour {
                challenge: Some(vec![1; 32]),
                ..well()
            },
            "wrong challenge",
        ),
        (
            Behaviour {
                skip_uv: true,
                ..well()
            },
            "user not verified",
        ),
        (
            Behaviour {
                skip_up: true,
                ..well()
            },
            "user not present",
        ),
        (
            Behaviour {
                backup_eligible: true,
                ..well()
            },
            "backup eligibility differs from registration",
        ),
        (
            Behaviour {
                break_signature: true,
                ..well()
            },
            "bad signature",
        ),
    ];
    for (behaviour, why) in table {
        person.device.behaviour = behaviour;
        let activation = person.activation(&world, &door);
        assert_eq!(door.activate(&activation), Err(gesture(why)), "{why}");
    }
    person.device.behaviour = well();
    let good = person.activation(&world, &door);
    door.activate(&good).unwrap();
}

#[test]
fn anything_changed_after_the_gesture_is_refused() {
    let (world, door, mut person) = setting();
    type Change = fn(&mut Activation);
    let changes: &[(&str, Change)] = &[
        ("digest", |a| a.commitment.documents[0].byte_range[0] ^= 1),
        ("original", |a| a.commitment.documents[1].original[0] ^= 1),
        ("label", |a| a.commitment.documents[0].label = "another.pdf".into()),
        ("order", |a| a.commitment.documents.swap(0, 1)),
        ("one document less", |a| a.commitment.documents.truncate(1)),
        ("client", |a| a.commitment.client = "agency".into()),
        ("format", |a| a.commitment.format = "PAdES-B-B".into()),
        ("display", |a| a.commitment.display = DisplayClass::Claimed),
        ("transaction", |a| a.commitment.transaction[0] ^= 1),
    ];
    for (name, change) in changes {
        let mut activation = person.activation(&world, &door);
        change(&mut activation);
        assert_eq!(door.activate(&activation), Err(gesture("wrong challenge")), "{name}");
    }
}

#[test]
fn a_stranger_s_passkey_is_refused_even_when_put_into_the_set_by_hand() {
    let (world, door, mut person) = setting();
    let honest = std::mem::replace(&mut person.device, SoftAuthenticator::new());
    let stranger = register(&mut person.device);
    let activation = person.activation(&world, &door);
    assert_eq!(door.activate(&activation), Err(gesture("another credential")));

    let not_sealed = Err(Refusal::Set("its seal does not hold".into()));
    let mut inserted = activation.clone();
    inserted.set.authenticators.push(stranger.clone());
    assert_eq!(door.activate(&inserted), not_sealed);
    let mut replaced = activation.clone();
    replaced.set.authenticators = vec![stranger];
    replaced.set.version = 2;
    assert_eq!(door.activate(&replaced), not_sealed);
    replaced.set.seal = vec![0; 32];
    assert_eq!(door.activate(&replaced), not_sealed);

    person.device = honest;
    let good = person.activation(&world, &door);
    door.activate(&good).unwrap();
}

#[test]
fn a_counter_that_does_not_move_is_refused() {
    let (world, door, mut person) = setting();
    let mut activation = person.activation(&world, &door);
    activation.last_counter = 1;
    assert_eq!(
        door.activate(&activation),
        Err(gesture("signature counter went backwards"))
    );
}

#[test]
fn another_nonce_or_a_longer_deadline_than_the_ticket_s_is_refused() {
    let (world, door, mut person) = setting();
    let ticket = door.begin();
    let mut commitment = person.commitment(&ticket);
    commitment.deadline += 3600;
    let mut longer = ticket.clone();
    longer.deadline += 3600;
    for ticket in [ticket, longer] {
        let activation = person.agree(&world, commitment.clone(), ticket, crate::world::system_now());
        assert!(matches!(door.activate(&activation), Err(Refusal::Commitment(_))));
    }
}
