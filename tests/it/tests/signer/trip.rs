//! The trip that works.

use signum_tests::app::TestApp;
use signum_tests::trip;

#[tokio::test]
async fn citizen_enrols_with_two_officers_and_signs_a_pdf() {
    let mut app = TestApp::start().await;
    let mut person = trip::signatory(&mut app).await;
    let confirm = trip::upload(&app, &person, trip::decision()).await;
    assert!(
        confirm.text().contains("vendim.pdf"),
        "the person sees the document's name"
    );
    let signed = trip::sign(&mut person, &confirm).await;
    assert!(
        signed.starts_with(&trip::decision()),
        "the signature is an incremental update"
    );
    let text = String::from_utf8_lossy(&signed);
    assert!(text.contains("/ETSI.CAdES.detached"));
    let evidence = person
        .get(format!("{}/evidence.json", confirm.url))
        .await
        .expect(200)
        .json();
    assert!(evidence.is_object(), "{evidence}");
    app.stop().await;
}

#[tokio::test]
async fn one_officer_alone_is_not_enough() {
    let mut app = TestApp::start().await;
    let mut person = trip::citizen(&app).await;
    let page = trip::begin_enrolment(&app, &mut person).await;
    assert_eq!(app.officers[0].round().await.unwrap(), 1);
    assert_eq!(
        app.officers[0].round().await.unwrap(),
        0,
        "the same officer has nothing left to do"
    );
    let state = person.get(format!("{page}/status")).await.expect(200).json();
    assert_eq!(state["state"], "vouchers");
    app.stop().await;
}

#[tokio::test]
async fn the_demo_officers_leave_a_stranger_to_people() {
    let mut app = TestApp::start().await;
    let mut person = trip::citizen(&app).await;
    std::fs::write(app.layout.demo_people(), "PNOXK-9876543210\n").unwrap();
    let page = trip::begin_enrolment(&app, &mut person).await;
    for officer in &mut app.officers {
        assert_eq!(officer.round().await.unwrap(), 0);
    }
    let state = person.get(format!("{page}/status")).await.expect(200).json();
    assert_eq!(state["state"], "vouchers");
    app.stop().await;
}
