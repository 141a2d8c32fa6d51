//! Certificates that are not the authentication certificate of an accepted card.

use base64::{Engine, engine::general_purpose::STANDARD};
use openssl::x509::extension::KeyUsage;
use serde_json::json;

use super::authority::{Authority, NCP_PLUS, Shape};
use super::desk::{Card, Desk, NUMBER};
use crate::people::{NewPerson, PeopleError};
use crate::tests::certificate::NOW;

#[tokio::test]
async fn a_token_of_the_signing_certificate_is_refused() {
    let desk = Desk::open().await;
    let card = Card {
        key: desk.card.signing_key.clone(),
        certificate: desk.card.signing_certificate.clone(),
        ..Card::of(&desk.authority, &Shape::card(NUMBER))
    };
    let tried = desk.attempt(&card, |_| ()).await;
    desk.assert_refused(tried, "card_other", "signing_certificate").await;
}

#[tokio::test]
async fn a_key_for_challenges_and_documents_alike_is_refused() {
    let shape = Shape {
        key_usage: Some(|usage: &mut KeyUsage| usage.digital_signature().non_repudiation()),
        ..Shape::card(NUMBER)
    };
    let desk = Desk::open().await;
    desk.refuses_shape(shape, "card_other", "signing_certificate").await;
}

#[tokio::test]
async fn a_certificate_without_key_usage_is_refused() {
    let shape = Shape {
        key_usage: None,
        ..Shape::card(NUMBER)
    };
    let desk = Desk::open().await;
    desk.refuses_shape(shape, "card_other", "key_usage").await;
}

#[tokio::test]
async fn a_key_for_agreement_alone_is_refused() {
    let shape = Shape {
        key_usage: Some(KeyUsage::key_agreement),
        ..Shape::card(NUMBER)
    };
    let desk = Desk::open().await;
    desk.refuses_shape(shape, "card_other", "key_usage").await;
}

#[tokio::test]
async fn a_servers_certificate_is_refused() {
    let shape = Shape {
        purpose: Some("serverAuth"),
        ..Shape::card(NUMBER)
    };
    let desk = Desk::open().await;
    desk.refuses_shape(shape, "card_other", "extended_key_usage").await;
}

#[tokio::test]
async fn a_certificate_without_policies_is_refused() {
    let shape = Shape {
        policies: vec![],
        ..Shape::card(NUMBER)
    };
    let desk = Desk::open().await;
    desk.refuses_shape(shape, "card_other", "policies").await;
}

#[tokio::test]
async fn a_certificate_of_policies_that_nobody_configured_is_refused() {
    let shape = Shape {
        policies: vec!["0.4.0.2042.1.1"],
        ..Shape::card(NUMBER)
    };
    let desk = Desk::open().await;
    desk.refuses_shape(shape, "card_other", "policy_unknown").await;
}

#[tokio::test]
async fn one_disallowed_policy_beside_an_accepted_one_is_enough_to_refuse() {
    let mobile = "1.3.6.1.4.1.32473.9";
    let desk = Desk::with(|config, _| config.card.disallowed_policies = vec![mobile.to_owned()]).await;
    let shape = Shape {
        policies: vec![NCP_PLUS, mobile],
        ..Shape::card(NUMBER)
    };
    desk.refuses_shape(shape, "card_other", "policy_disallowed").await;
}

#[tokio::test]
async fn an_expired_card_is_refused() {
    let shape = Shape {
        to: NOW - 1,
        ..Shape::card(NUMBER)
    };
    let desk = Desk::open().await;
    desk.refuses_shape(shape, "card_validity", "expired").await;
}

#[tokio::test]
async fn a_card_that_is_not_valid_yet_is_refused() {
    let shape = Shape {
        from: NOW + 1,
        ..Shape::card(NUMBER)
    };
    let desk = Desk::open().await;
    desk.refuses_shape(shape, "card_validity", "not_yet_valid").await;
}

#[tokio::test]
async fn a_card_of_another_authority_of_the_same_name_is_refused() {
    let desk = Desk::open().await;
    let card = Card::of(&Authority::new("Cards"), &Shape::card(NUMBER));
    let tried = desk.attempt(&card, |_| ()).await;
    desk.assert_refused(tried, "card_other", "untrusted").await;
}

#[tokio::test]
async fn a_self_signed_card_is_refused() {
    let desk = Desk::open().await;
    let own = Authority::shaped("Testa Shembulli", &Shape::card(NUMBER));
    let card = Card {
        key: own.key.clone(),
        certificate: own.der(),
        ..Card::of(&desk.authority, &Shape::card(NUMBER))
    };
    let tried = desk.attempt(&card, |_| ()).await;
    desk.assert_refused(tried, "card_other", "untrusted").await;
}

#[tokio::test]
async fn the_authority_itself_is_no_card() {
    let desk = Desk::open().await;
    let card = Card {
        key: desk.authority.key.clone(),
        certificate: desk.authority.der(),
        ..Card::of(&desk.authority, &Shape::card(NUMBER))
    };
    let tried = desk.attempt(&card, |_| ()).await;
    desk.assert_refused(tried, "card_other", "key_usage").await;
}

#[tokio::test]
async fn a_certificate_of_a_card_that_was_issued_by_a_card_is_refused() {
    let desk = Desk::open().await;
    let key = super::authority::key(openssl::nid::Nid::SECP384R1);
    let der = desk.authority.issue("Testa Shembulli", &key, &Shape::card(NUMBER));
    let between = Authority {
        key,
        certificate: openssl::x509::X509::from_der(&der).unwrap(),
    };
    let card = Card::of(&between, &Shape::card(NUMBER));
    let tried = desk.attempt(&card, |_| ()).await;
    desk.assert_refused(tried, "card_other", "untrusted").await;
}

#[tokio::test]
async fn an_expired_authority_vouches_for_nobody() {
    let authority = Authority::shaped(
        "Cards",
        &Shape {
            to: NOW - 1,
            ..Shape::authority()
        },
    );
    let desk = Desk::of(authority, |_, _| ()).await;
    let tried = desk.attempt(&desk.card, |_| ()).await;
    desk.assert_refused(tried, "card_validity", "expired").await;
}

#[tokio::test]
async fn a_certificate_changed_in_one_octet_is_refused() {
    let desk = Desk::open().await;
    let mut changed = desk.card.certificate.clone();
    let at = changed
        .windows(NUMBER.len())
        .position(|w| w == NUMBER.as_bytes())
        .unwrap();
    changed[at] ^= 1;
    let tried = desk
        .attempt(&desk.card, |token| {
            token["unverifiedCertificate"] = json!(STANDARD.encode(&changed));
        })
        .await;
    desk.assert_refused(tried, "card_other", "untrusted").await;
}

#[tokio::test]
async fn what_is_no_certificate_is_refused() {
    let desk = Desk::open().await;
    let tried = desk
        .attempt(&desk.card, |token| {
            token["unverifiedCertificate"] = json!(STANDARD.encode("no certificate"));
        })
        .await;
    desk.assert_refused(tried, "card_other", "certificate_malformed").await;
}

#[tokio::test]
async fn a_certificate_that_is_not_in_base64_is_refused() {
    let desk = Desk::open().await;
    let tried = desk
        .attempt(&desk.card, |token| {
            token["unverifiedCertificate"] = json!("*** no base64 ***")
        })
        .await;
    desk.assert_refused(tried, "card_other", "certificate_malformed").await;
}

/// The answer is that of a wrong signature: only who holds a card gets so far, and even they learn nothing.
#[tokio::test]
async fn a_good_card_of_somebody_unknown_is_answered_as_any_other_refusal() {
    let desk = Desk::open().await;
    let card = Card::of(&desk.authority, &Shape::card("1000000009"));
    let tried = desk.attempt(&card, |_| ()).await;
    let mut unknown = tried.1.json();
    desk.assert_refused(tried, "card_refused", "unknown_person").await;
    let (_, wrong) = desk
        .attempt(&desk.card, |token| token["signature"] = json!(STANDARD.encode([1; 96])))
        .await;
    let mut wrong = wrong.json();
    for answer in [&mut unknown, &mut wrong] {
        answer.as_object_mut().unwrap().remove("request_id");
    }
    assert_eq!(unknown, wrong);
}

#[tokio::test]
async fn whoever_does_not_hold_the_card_does_not_learn_whether_its_person_is_known() {
    let desk = Desk::open().await;
    let stranger = Card::of(&desk.authority, &Shape::card("1000000009"));
    for card in [&desk.card, &stranger] {
        let (_, reply) = desk
            .attempt(card, |token| token["signature"] = json!(STANDARD.encode([1; 96])))
            .await;
        assert_eq!(reply.problem(), "urn:signum:problem:card_refused");
        assert!(desk.world.audit("login.refused").await.1.contains("bad_signature"));
    }
}

#[tokio::test]
async fn a_card_of_another_country_names_nobody_here() {
    let shape = Shape {
        numbers: vec![format!("PNOEE-{NUMBER}")],
        ..Shape::card(NUMBER)
    };
    let desk = Desk::open().await;
    desk.refuses_shape(shape, "card_refused", "unknown_person").await;
}

#[tokio::test]
async fn a_passport_number_names_nobody_here() {
    let shape = Shape {
        numbers: vec![format!("PASXK-{NUMBER}")],
        ..Shape::card(NUMBER)
    };
    let desk = Desk::open().await;
    desk.refuses_shape(shape, "card_refused", "unknown_person").await;
}

#[tokio::test]
async fn a_card_with_two_numbers_names_nobody() {
    let shape = Shape {
        numbers: vec![format!("PNOXK-{NUMBER}"), "PNOXK-1000000009".to_owned()],
        ..Shape::card(NUMBER)
    };
    let desk = Desk::open().await;
    desk.refuses_shape(shape, "card_refused", "unknown_person").await;
}

#[tokio::test]
async fn a_card_without_a_number_names_nobody() {
    let shape = Shape {
        numbers: vec![],
        ..Shape::card(NUMBER)
    };
    let desk = Desk::open().await;
    desk.refuses_shape(shape, "card_refused", "unknown_person").await;
}

#[tokio::test]
async fn a_card_without_a_number_is_not_that_of_whoever_has_the_number_of_zeros() {
    let desk = Desk::open().await;
    let zeros = || NewPerson {
        given_name: "Zero".to_owned(),
        family_name: "Shembulli".to_owned(),
        personal_number: "0".repeat(10),
        birthdate: "1990-01-01".to_owned(),
    };
    let register = desk.world.service.people();
    assert!(matches!(register.add(zeros()).await, Err(PeopleError::PersonalNumber)));
    // As of before that was refused.
    register.enter(zeros()).await.unwrap();
    let shape = Shape {
        numbers: vec![format!("PNOEE-{NUMBER}")],
        ..Shape::card(NUMBER)
    };
    desk.refuses_shape(shape, "card_refused", "unknown_person").await;
}
