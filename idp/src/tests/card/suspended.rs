//! Cards that log in no more: one that its person disowned, however its certificate is written, and one that has expired.

use openssl::bn::BigNumContext;
use openssl::ec::EcGroup;
use openssl::ecdsa::EcdsaSig;
use openssl::nid::Nid;
use openssl::x509::X509;

use super::authority::Shape;
use super::desk::{AtTheDoor, Card, Desk, NUMBER};
use crate::tests::certificate::NOW;
use crate::tests::world::authorize_query;

/// The same certificate with the other signature that is good for it: (r, n - s).
fn flipped(certificate: &[u8]) -> Vec<u8> {
    let signature = X509::from_der(certificate).unwrap().signature().as_slice().to_vec();
    let (group, mut order) = (
        EcGroup::from_curve_name(Nid::SECP384R1).unwrap(),
        openssl::bn::BigNum::new().unwrap(),
    );
    group.order(&mut order, &mut BigNumContext::new().unwrap()).unwrap();
    let was = EcdsaSig::from_der(&signature).unwrap();
    let other = EcdsaSig::from_private_components(was.r().to_owned().unwrap(), &order - was.s()).unwrap();
    let other = other.to_der().unwrap();
    // SEQUENCE of two octets of length; at its end the BIT STRING: tag, length, unused bits, signature.
    let mut body = certificate[4..certificate.len() - signature.len() - 3].to_vec();
    body.extend([3, u8::try_from(other.len() + 1).unwrap(), 0]);
    body.extend(other);
    let mut der = vec![0x30, 0x82];
    der.extend(u16::try_from(body.len()).unwrap().to_be_bytes());
    der.extend(body);
    der
}

async fn disown(door: &mut AtTheDoor) {
    let page = door.browser.get("/account/activity").await.body;
    let mut parts = page.split("href=\"");
    let link = parts.find(|part| part.starts_with("/account/not-me/")).unwrap();
    let link = link.split('"').next().unwrap().to_owned();
    assert_eq!(door.browser.post_form(&link, &[]).await.status, 200);
}

#[tokio::test]
async fn a_suspended_card_stays_out_with_the_other_signature_that_is_good_for_its_certificate() {
    let desk = Desk::open().await;
    let again = Card {
        certificate: flipped(&desk.card.certificate),
        key: desk.card.key.clone(),
        signing_certificate: desk.card.signing_certificate.clone(),
        signing_key: desk.card.signing_key.clone(),
    };
    assert_ne!(again.certificate, desk.card.certificate);
    assert_eq!(
        desk.attempt(&again, |_| ()).await.1.status,
        200,
        "it is as good a certificate"
    );
    let (mut door, reply) = desk.attempt(&desk.card, |_| ()).await;
    assert_eq!(reply.status, 200);
    disown(&mut door).await;
    for card in [&desk.card, &again] {
        let (door, reply) = desk.attempt(card, |_| ()).await;
        assert_eq!(reply.problem(), "urn:signum:problem:card_refused");
        assert!(!door.browser.cookies.contains_key("idp_sid"));
        assert!(desk.world.audit("login.refused").await.1.contains("\"suspended\""));
    }
}

/// Tries to remove the person's only passkey, `seconds` after their card was used, which is good for a quarter of an hour.
async fn removal_of_the_only_passkey(seconds: u64) -> u16 {
    let desk = Desk::open().await;
    let shape = Shape {
        to: NOW + 900,
        ..Shape::card(NUMBER)
    };
    let card = Card::of(&desk.authority, &shape);
    assert_eq!(desk.attempt(&card, |_| ()).await.1.status, 200);
    desk.world.advance(seconds);
    let mut browser = desk.world.enrolled().await;
    browser.sign_in(&authorize_query(&[])).await;
    let page = browser.get("/account/passkeys").await;
    let id = page.body.split("name=\"passkey\" value=\"").nth(1).unwrap();
    let id = id.split('"').next().unwrap().to_owned();
    let fields = [("csrf", page.csrf()), ("passkey", id)];
    let fields = fields.each_ref().map(|(name, value)| (*name, value.as_str()));
    browser.post_form("/account/passkeys/remove", &fields).await.status
}

#[tokio::test]
async fn an_expired_card_is_no_means_that_its_person_still_has() {
    assert_eq!(removal_of_the_only_passkey(60).await, 303, "the card is left");
    assert_eq!(removal_of_the_only_passkey(901).await, 409, "nothing is left");
}
