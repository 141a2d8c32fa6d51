//! The officers' log-in: once a challenge, by the log-in key alone, by a counter that rises.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use signum_softauth::Behaviour;

use super::{log_in, officer, options, raise_counter};
use crate::test_desk::{DESK_ORIGIN, Desk, ORIGIN};

async fn enter(desk: &mut Desk) -> Result<String, super::DeskError> {
    let options = options(&desk.signer, "officer-0").await.unwrap();
    let credential = desk.log_ins[0].get(&options, DESK_ORIGIN).unwrap();
    log_in(&desk.signer, "officer-0", &credential).await
}

#[tokio::test]
async fn an_officer_logs_in_once_with_a_gesture() {
    let mut desk = Desk::new().await;
    let asked = options(&desk.signer, "officer-0").await.unwrap();
    let credential = desk.log_ins[0].get(&asked, DESK_ORIGIN).unwrap();
    let token = log_in(&desk.signer, "officer-0", &credential).await.unwrap();
    assert_eq!(officer(&desk.signer, Some(&token)).await.unwrap().id, "officer-0");
    assert!(log_in(&desk.signer, "officer-0", &credential).await.is_err(), "used");
    let of_another = options(&desk.signer, "officer-1").await.unwrap();
    let credential = desk.log_ins[1].get(&of_another, DESK_ORIGIN).unwrap();
    assert!(
        log_in(&desk.signer, "officer-0", &credential).await.is_err(),
        "another's gesture"
    );
    assert_eq!(desk.audited("officer.login_refused", "").await, 2);
    desk.clock.advance(std::time::Duration::from_secs(601));
    assert!(officer(&desk.signer, Some(&token)).await.is_err(), "over");
}

#[tokio::test]
async fn a_vouching_key_does_not_log_in_whatever_it_is_made_to_sign() {
    let mut desk = Desk::new().await;
    // On the origin where vouchers are made the browser itself says no.
    let asked = options(&desk.signer, "officer-0").await.unwrap();
    assert!(desk.officers[0].get(&asked, ORIGIN).is_err());
    // Then for the desk's relying party, then even under the log-in key's own name.
    let mut disguised = desk.officers[0].clone();
    disguised.credentials[0].rp_id = "desk.sign.localhost".to_owned();
    for (disguise, why) in [(false, "another credential"), (true, "bad signature")] {
        if disguise {
            disguised.credentials[0].id = desk.log_ins[0].credentials[0].id.clone();
        }
        let mut asked = options(&desk.signer, "officer-0").await.unwrap();
        asked["publicKey"]["allowCredentials"] = serde_json::json!([]);
        let credential = disguised.get(&asked, DESK_ORIGIN).unwrap();
        let refused = log_in(&desk.signer, "officer-0", &credential).await.unwrap_err();
        assert!(refused.to_string().contains(why), "{refused}");
    }
    assert_eq!(desk.audited("officer.login_refused", "").await, 2);
}

#[tokio::test]
async fn a_log_in_counter_that_goes_backwards_is_refused_and_kept() {
    let mut desk = Desk::new().await;
    desk.log_ins[0].credentials[0].counter = 8;
    enter(&mut desk).await.unwrap();
    desk.log_ins[0].behaviour = Behaviour {
        counter: Some(5),
        ..Default::default()
    };
    assert!(enter(&mut desk).await.unwrap_err().to_string().contains("backwards"));
    desk.log_ins[0].behaviour.counter = Some(9);
    assert!(enter(&mut desk).await.is_err(), "the same again");
    desk.log_ins[0].behaviour.counter = Some(10);
    enter(&mut desk).await.unwrap();
}

#[tokio::test]
async fn of_two_log_ins_at_the_same_time_the_counter_only_rises() {
    let desk = Desk::new().await;
    let (db, id) = (&desk.signer.cx.db, &[7_u8; 32]);
    for (counter, raised) in [
        (0, true),
        (0, true),
        (7, true),
        (6, false),
        (7, false),
        (0, false),
        (8, true),
    ] {
        let done = db
            .run::<_, signum_core::DbError, _, _>("test", |tx| async move { raise_counter(&tx, id, counter).await })
            .await
            .unwrap();
        assert_eq!(done, raised, "{counter}");
    }
}
