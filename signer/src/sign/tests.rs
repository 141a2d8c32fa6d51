//! One gesture signs one document once; what was interrupted goes on; what was altered is refused.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod interrupted;
mod uploads;

use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::Value as Json;
use signum_activation::protocol::Refusal;
use signum_softauth::Behaviour;

use super::upload::shown_name;
use super::*;
use crate::pades::tests::fixture;
use crate::test_desk::{Desk, ORIGIN};

async fn uploaded(desk: &Desk) -> Id<Document> {
    let upload_ = Upload {
        name: "C:\\vendim.pdf".to_owned(),
        bytes: fixture("three-pages.pdf"),
    };
    upload(&desk.signer, &desk.person.reference, upload_).await.unwrap()
}

async fn gesture(desk: &mut Desk, id: Id<Document>) -> Json {
    let options = options(&desk.signer, id, &desk.person.reference).await.unwrap();
    desk.authenticator.get(&options, ORIGIN).unwrap()
}

async fn stage(desk: &Desk, id: Id<Document>) -> Stage {
    find(&desk.signer.cx, id, &desk.person.reference).await.unwrap().stage
}

async fn send(desk: &Desk, id: Id<Document>, gesture: &Json) -> Result<(), SignError> {
    sign(&desk.signer, id, &desk.person.reference, gesture).await
}

fn signatures(desk: &Desk) -> u32 {
    desk.neighbours.signatures.load(Ordering::SeqCst)
}

#[tokio::test]
async fn a_gesture_signs_the_document_and_leaves_evidence() {
    let mut desk = Desk::enrolled().await;
    let id = uploaded(&desk).await;
    let gesture = gesture(&mut desk, id).await;
    send(&desk, id, &gesture).await.unwrap();
    assert!(matches!(stage(&desk, id).await, Stage::Done(_)));
    let (name, pdf) = signed_pdf(&desk.signer.cx, id, &desk.person.reference).await.unwrap();
    assert_eq!(name, "vendim.pdf");
    assert!(pdf.starts_with(&fixture("three-pages.pdf")));
    let evidence = evidence(&desk.signer.cx, id, &desk.person.reference).await.unwrap();
    assert_eq!(evidence["commitment"]["documents"][0]["label"], "vendim.pdf");
    assert_eq!(evidence["challenge"].as_str().unwrap().len(), 64);
    for kind in [
        "document.uploaded",
        "signature.begun",
        "signature.gesture_given",
        "signature.made",
        "signature.timestamped",
    ] {
        assert_eq!(desk.audited(kind, "").await, 1, "{kind}");
    }
    assert_eq!(
        desk.audited("document.uploaded", "vendim").await,
        0,
        "no document names in the audit log"
    );
}

#[tokio::test]
async fn a_gesture_is_used_once() {
    let mut desk = Desk::enrolled().await;
    let id = uploaded(&desk).await;
    let gesture = gesture(&mut desk, id).await;
    send(&desk, id, &gesture).await.unwrap();
    assert!(matches!(send(&desk, id, &gesture).await, Err(SignError::Used)));
    assert_eq!(signatures(&desk), 1);
    assert_eq!(desk.audited("signature.refused", "used").await, 1);
}

#[tokio::test]
async fn of_many_at_once_one_signs() {
    let mut desk = Desk::enrolled().await;
    let id = uploaded(&desk).await;
    let gesture = gesture(&mut desk, id).await;
    let results = (0..20).map(|_| {
        let (signer, person, gesture) = (desk.signer.clone(), desk.person.reference, gesture.clone());
        tokio::spawn(async move { sign(&signer, id, &person, &gesture).await.is_ok() })
    });
    let mut signed = 0;
    for result in results.collect::<Vec<_>>() {
        signed += u32::from(result.await.unwrap());
    }
    assert_eq!((signed, signatures(&desk)), (1, 1));
}

#[tokio::test]
async fn a_document_altered_after_the_gesture_is_refused() {
    let mut desk = Desk::enrolled().await;
    let id = uploaded(&desk).await;
    let gesture = gesture(&mut desk, id).await;
    let row = desk
        .signer
        .cx
        .db
        .opt("SELECT prepared FROM document", vec![])
        .await
        .unwrap()
        .unwrap();
    let mut bytes: Vec<u8> = row.get("prepared").unwrap();
    bytes[100] ^= 1;
    desk.tamper("UPDATE document SET prepared = $1", params![bytes]).await;
    assert!(matches!(send(&desk, id, &gesture).await, Err(SignError::Altered)));
    assert_eq!(signatures(&desk), 0);
    assert_eq!(desk.audited("signature.refused", "document_altered").await, 1);
    assert!(matches!(stage(&desk, id).await, Stage::Failed(_)));
}

/// Somebody who changes document and digests alike changes the commitment, which the gesture does not fit any more.
#[tokio::test]
async fn altered_rows_do_not_fit_the_gesture() {
    for sql in [
        "UPDATE document SET name = 'other.pdf'",
        "UPDATE enrolment SET certificate = $1",
        "UPDATE document SET ticket_deadline = ticket_deadline + 60",
    ] {
        let mut desk = Desk::enrolled().await;
        let id = uploaded(&desk).await;
        let gesture = gesture(&mut desk, id).await;
        let values = match sql.contains("$1") {
            true => params![desk.neighbours.another_certificate()],
            false => vec![],
        };
        desk.tamper(sql, values).await;
        let sent = send(&desk, id, &gesture).await;
        assert!(
            matches!(sent, Err(SignError::Module(ModuleError::Refused(Refusal::Gesture(_))))),
            "{sql}: {sent:?}"
        );
        assert_eq!(signatures(&desk), 0);
        assert_eq!(desk.audited("signature.refused", "wrong challenge").await, 1);
    }
}

#[tokio::test]
async fn a_refused_gesture_may_be_made_anew_but_not_sent_again() {
    let mut desk = Desk::enrolled().await;
    let id = uploaded(&desk).await;
    desk.authenticator.behaviour = Behaviour {
        skip_uv: true,
        ..Default::default()
    };
    let bad = gesture(&mut desk, id).await;
    assert!(matches!(send(&desk, id, &bad).await, Err(SignError::Module(_))));
    assert!(matches!(send(&desk, id, &bad).await, Err(SignError::Used)));
    desk.authenticator.behaviour = Behaviour::default();
    let good = gesture(&mut desk, id).await;
    send(&desk, id, &good).await.unwrap();
    assert_eq!(signatures(&desk), 1);
}

#[tokio::test]
async fn a_newer_ticket_makes_an_earlier_gesture_worthless() {
    let mut desk = Desk::enrolled().await;
    let id = uploaded(&desk).await;
    let earlier = gesture(&mut desk, id).await;
    gesture(&mut desk, id).await;
    assert!(send(&desk, id, &earlier).await.is_err());
    assert_eq!(signatures(&desk), 0);
}

#[tokio::test]
async fn an_expired_transaction_is_refused() {
    let mut desk = Desk::enrolled().await;
    let id = uploaded(&desk).await;
    let gesture = gesture(&mut desk, id).await;
    desk.clock.advance(Duration::from_secs(301));
    assert!(matches!(send(&desk, id, &gesture).await, Err(SignError::Expired)));
    assert_eq!(desk.audited("signature.refused", "expired").await, 1);
}

#[tokio::test]
async fn a_signature_whose_timestamp_is_missing_is_finished_without_signing_again() {
    let mut desk = Desk::enrolled().await;
    let id = uploaded(&desk).await;
    desk.neighbours.tsa_away.store(true, Ordering::SeqCst);
    let gesture = gesture(&mut desk, id).await;
    send(&desk, id, &gesture).await.unwrap();
    assert!(matches!(stage(&desk, id).await, Stage::Signed(..)));
    desk.clock.advance(Duration::from_secs(16));
    finish_all(&desk.signer).await.unwrap();
    assert!(
        matches!(stage(&desk, id).await, Stage::Signed(..)),
        "the TSA is still away"
    );
    desk.neighbours.tsa_away.store(false, Ordering::SeqCst);
    desk.clock.advance(Duration::from_secs(6));
    finish_all(&desk.signer).await.unwrap();
    assert!(matches!(stage(&desk, id).await, Stage::Done(_)));
    assert_eq!(signatures(&desk), 1);
}

#[tokio::test]
async fn nobody_signs_without_a_credential_or_for_another() {
    let desk = Desk::new().await;
    let bytes = fixture("plain.pdf");
    let refused = upload(
        &desk.signer,
        &desk.person.reference,
        Upload {
            name: String::new(),
            bytes,
        },
    )
    .await;
    assert!(matches!(refused, Err(SignError::NotEnrolled)));
    let desk = Desk::enrolled().await;
    let id = uploaded(&desk).await;
    assert!(matches!(
        options(&desk.signer, id, &[9; 32]).await,
        Err(SignError::NotFound)
    ));
}

#[tokio::test]
async fn a_refused_document_leaves_an_audit_record() {
    let desk = Desk::enrolled().await;
    let upload_ = Upload {
        name: "x.pdf".to_owned(),
        bytes: fixture("encrypted.pdf"),
    };
    let refused = upload(&desk.signer, &desk.person.reference, upload_).await;
    assert!(matches!(refused, Err(SignError::Pdf(PdfRefused::Encrypted))));
    assert_eq!(desk.audited("document.refused", "encrypted").await, 1);
}

#[tokio::test]
async fn rows_that_can_no_longer_matter_are_deleted_and_evidence_is_kept() {
    let mut desk = Desk::enrolled().await;
    let id = uploaded(&desk).await;
    let gesture = gesture(&mut desk, id).await;
    send(&desk, id, &gesture).await.unwrap();
    uploaded(&desk).await;
    desk.clock.advance(Duration::from_secs(3_601));
    crate::purge::run(&desk.signer).await.unwrap();
    assert_eq!(
        of_person(&desk.signer.cx, &desk.person.reference).await.unwrap().len(),
        1
    );
    desk.clock.advance(Duration::from_secs(31 * 24 * 3_600));
    crate::purge::run(&desk.signer).await.unwrap();
    assert!(
        of_person(&desk.signer.cx, &desk.person.reference)
            .await
            .unwrap()
            .is_empty()
    );
    assert!(evidence(&desk.signer.cx, id, &desk.person.reference).await.is_ok());
}

#[test]
fn a_shown_name_deceives_nobody() {
    assert_eq!(shown_name("../../etc/vendim.pdf"), "vendim.pdf");
    assert_eq!(shown_name("vendim\u{202e}fdp.exe"), "vendimfdp.exe");
    assert_eq!(shown_name("\u{200b}\n "), "document.pdf");
    assert_eq!(shown_name("Наредба ëç.pdf"), "Наредба ëç.pdf");
}
