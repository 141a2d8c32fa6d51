//! What is taken from one person, under which name, and for how long.

use signum_core::params;

use super::*;
use crate::pades::tests::fixture;

async fn upload_named(desk: &Desk, name: &str) -> Result<Id<Document>, SignError> {
    let upload_ = Upload {
        name: name.to_owned(),
        bytes: fixture("three-pages.pdf"),
    };
    upload(&desk.signer, &desk.person.reference, upload_).await
}

#[tokio::test]
async fn more_open_documents_than_allowed_are_refused_until_one_is_signed_or_too_old() {
    let mut desk = Desk::enrolled().await;
    let limit = desk.signer.config.open_documents;
    let mut first = None;
    for _ in 0..limit {
        let id = uploaded(&desk).await;
        first.get_or_insert(id);
    }
    let refused = upload_named(&desk, "x.pdf").await;
    assert!(matches!(refused, Err(SignError::Quota(Quota::OpenDocuments(n))) if n == limit));
    assert_eq!(desk.audited("document.refused", "open_documents").await, 1);
    let first = first.unwrap();
    let gesture = gesture(&mut desk, first).await;
    send(&desk, first, &gesture).await.unwrap();
    upload_named(&desk, "x.pdf").await.unwrap();
    assert!(upload_named(&desk, "x.pdf").await.is_err());
    desk.clock.advance(Duration::from_secs(3601));
    upload_named(&desk, "x.pdf").await.unwrap();
}

#[tokio::test]
async fn a_document_that_waited_too_long_is_not_signed_and_is_deleted_by_the_job() {
    let desk = Desk::enrolled().await;
    let id = uploaded(&desk).await;
    desk.clock.advance(Duration::from_secs(3601));
    let asked = options(&desk.signer, id, &desk.person.reference).await;
    assert!(matches!(asked, Err(SignError::TooOld)));
    crate::purge::run(&desk.signer).await.unwrap();
    let found = find(&desk.signer.cx, id, &desk.person.reference).await;
    assert!(matches!(found, Err(SignError::NotFound)));
}

#[tokio::test]
async fn uploads_at_the_same_time_do_not_pass_the_limit() {
    let desk = Desk::enrolled().await;
    let limit = desk.signer.config.open_documents;
    for _ in 1..limit {
        uploaded(&desk).await;
    }
    let tries = (0..4).map(|_| {
        let (signer, person) = (desk.signer.clone(), desk.person.reference);
        let upload_ = Upload {
            name: "x.pdf".to_owned(),
            bytes: fixture("three-pages.pdf"),
        };
        tokio::spawn(async move { upload(&signer, &person, upload_).await.is_ok() })
    });
    let mut taken = 0;
    for one in tries.collect::<Vec<_>>() {
        taken += u32::from(one.await.unwrap());
    }
    assert_eq!(taken, 1);
}

#[tokio::test]
async fn the_octets_of_a_day_are_counted_with_refused_files_and_anew_tomorrow() {
    let desk = Desk::enrolled().await;
    let limit = desk.signer.config.daily_upload;
    let refused_file = Upload {
        name: "x.pdf".to_owned(),
        bytes: fixture("encrypted.pdf"),
    };
    let size = i64::try_from(refused_file.bytes.len()).unwrap();
    assert!(
        upload(&desk.signer, &desk.person.reference, refused_file)
            .await
            .is_err()
    );
    let row = desk.signer.cx.db.opt("SELECT octets FROM upload_tally", vec![]).await;
    assert_eq!(row.unwrap().unwrap().get::<i64>("octets").unwrap(), size);
    let all = i64::try_from(limit).unwrap();
    desk.tamper("UPDATE upload_tally SET octets = $1", params![all]).await;
    let refused = upload_named(&desk, "x.pdf").await;
    let Err(SignError::Quota(Quota::Octets { again_in, .. })) = refused else {
        panic!("{refused:?}")
    };
    assert_eq!(desk.audited("document.refused", "daily_upload").await, 1);
    desk.clock.advance(again_in);
    upload_named(&desk, "x.pdf").await.unwrap();
    crate::purge::run(&desk.signer).await.unwrap();
    let rows = desk.signer.cx.db.all("SELECT day FROM upload_tally", vec![]).await;
    assert_eq!(rows.unwrap().len(), 1, "yesterday's sum is gone");
}

#[tokio::test]
async fn a_long_name_is_signed_over_exactly_as_it_is_shown() {
    for letter in ["ë", "Ж", "ç", "👍"] {
        let mut desk = Desk::enrolled().await;
        let id = upload_named(&desk, &format!("{}.pdf", letter.repeat(300)))
            .await
            .unwrap();
        let document = find(&desk.signer.cx, id, &desk.person.reference).await.unwrap();
        let shown = document.name.clone();
        assert!(shown.len() <= 255 && shown.chars().count() <= 120, "{shown}");
        assert!(shown.starts_with(letter) && shown.ends_with("….pdf"), "{shown}");
        let gesture = gesture(&mut desk, id).await;
        send(&desk, id, &gesture).await.unwrap();
        let evidence = evidence(&desk.signer.cx, id, &desk.person.reference).await.unwrap();
        assert_eq!(evidence["commitment"]["documents"][0]["label"], shown.as_str());
    }
}

#[test]
fn a_shortened_name_parts_no_letter_from_its_accent() {
    let name = shown_name(&format!("{}e\u{308}{}.pdf", "a".repeat(114), "b".repeat(50)));
    assert_eq!(name, format!("{}….pdf", "a".repeat(114)));
    assert_eq!(shown_name(&"ë".repeat(300)), format!("{}…", "ë".repeat(119)));
    assert_eq!(shown_name(&"a".repeat(120)), "a".repeat(120));
}
