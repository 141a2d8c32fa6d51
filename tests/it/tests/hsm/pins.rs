//! A wrong PIN costs the token one try, however often anybody starts anything, until an operator has mended it.

use std::path::Path;
use std::time::SystemTime;

use signum_tests::app::{Stopped, TestApp};

fn good(stopped: &Stopped, arguments: &[&str], what: &str) {
    let said = stopped.signum(arguments);
    assert!(said.good && said.text.contains(what), "{what:?}: {}", said.text);
}

fn refused(stopped: &Stopped, arguments: &[&str], what: &str) {
    let said = stopped.signum(arguments);
    assert!(!said.good && said.text.contains(what), "{what:?}: {}", said.text);
}

/// When the PIN was last tried and refused.
fn refused_at(latch: &Path) -> SystemTime {
    latch.metadata().unwrap().modified().unwrap()
}

async fn does_not_start(stopped: &Stopped) {
    let Err(error) = stopped.clone().start().await else {
        panic!("started with a PIN that was refused")
    };
    let error = format!("{error:#}");
    assert!(
        error.contains("signum-idp") && error.contains("signum hsm unlatch"),
        "{error}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_pin_is_tried_once_and_unlatched_when_it_is_mended() {
    let stopped = TestApp::start().await.stop_and_keep().await;
    let idp = stopped.layout.pin("idp");
    let right = std::fs::read(&idp).unwrap();
    let unlatch = ["hsm", "unlatch", "--token", "signum-idp"];
    good(&stopped, &unlatch, "nothing to do");

    // The first login that is refused closes the token for everybody who has this PIN.
    std::fs::write(&idp, "00000000").unwrap();
    does_not_start(&stopped).await;
    let latch = stopped.layout.pin_latch("signum-idp");
    let first = refused_at(latch.path());
    does_not_start(&stopped).await;
    refused(&stopped, &["hsm", "status"], "signum hsm unlatch --token signum-idp");
    refused(&stopped, &["hsm", "keys", "--token", "signum-idp"], "PIN REFUSED");
    refused(&stopped, &unlatch, "unchanged");
    assert_eq!(refused_at(latch.path()), first, "the PIN was tried again");

    // Mended with another wrong PIN: one try, and as before.
    std::fs::write(&idp, "11111111").unwrap();
    refused(&stopped, &unlatch, "refused the PIN");
    assert!(refused_at(latch.path()) > first);
    refused(&stopped, &unlatch, "unchanged");

    std::fs::write(&idp, right).unwrap();
    does_not_start(&stopped).await;
    good(&stopped, &unlatch, "lifted");
    good(&stopped, &["hsm", "status"], "signs");
    stopped.start().await.unwrap().stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_signing_module_remembers_a_refused_pin_too() {
    let stopped = TestApp::start().await.stop_and_keep().await;
    let people = stopped.layout.path("module/people.pin");
    let right = std::fs::read(&people).unwrap();
    std::fs::write(&people, "00000000").unwrap();
    assert!(stopped.clone().start().await.is_err());
    let latch = stopped.layout.path("module/pin-signum-people.refused");
    let first = refused_at(&latch);
    std::fs::write(&people, right).unwrap();
    assert!(stopped.clone().start().await.is_err());
    assert_eq!(refused_at(&latch), first);
    good(&stopped, &["hsm", "unlatch", "--token", "signum-people"], "lifted");
    stopped.start().await.unwrap().stop().await;
}
