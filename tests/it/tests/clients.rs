//! `signum client` as an operator types it, beside an identity provider that runs.

use std::process::Command;

use serde_json::Value as Json;
use signum::children::executable;
use signum_core::params;
use signum_tests::app::{Said, TestApp};
use signum_tests::relying_party;
use signum_tests::visitor::Visitor;

const BY: [&str; 4] = ["--officer", "admin-1", "--reason", "tokens were found on the street"];

#[track_caller]
fn good(said: Said) -> String {
    assert!(said.good, "{}", said.text);
    said.text
}

#[track_caller]
fn refused(said: Said, why: &str) {
    assert!(!said.good && said.text.contains(why), "{why}: {}", said.text);
}

fn switch(app: &TestApp, what: &str, id: &str) -> Said {
    app.signum(&[&["client", what, id][..], &BY[..]].concat())
}

/// The line of one client.
fn line(app: &TestApp, id: &str) -> String {
    let said = good(app.signum(&["client", "list"]));
    let found = said.lines().find(|line| line.starts_with(id));
    found.unwrap_or_else(|| panic!("{said}")).to_owned()
}

/// Whether the provider begins a log-in for the demo service.
async fn is_served(app: &TestApp) -> bool {
    let request = relying_party::request(app);
    let answer = Visitor::new().get(&request.url).await;
    answer.status.is_redirection()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_is_listed_shown_stopped_and_started_and_each_slip_is_told_apart() {
    let app = TestApp::start().await;
    let said = good(app.signum(&["client", "list"]));
    let head = said.lines().next().unwrap();
    assert_eq!(
        head.split_whitespace().collect::<Vec<_>>(),
        ["client", "realm", "status", "profile", "name"]
    );
    let listed = line(&app, "demo-rp");
    assert_eq!(listed.find("production"), head.find("realm"), "{said}");
    assert!(listed.contains("active"), "{listed}");

    let shown: Json = serde_json::from_str(&good(app.signum(&["client", "show", "demo-rp"]))).unwrap();
    assert_eq!(
        (&shown["client_id"], &shown["status"]),
        (&"demo-rp".into(), &"active".into())
    );
    assert!(!shown.to_string().contains("secret_hash"), "{shown}");

    assert!(is_served(&app).await);
    let said = good(switch(&app, "stop", "demo-rp"));
    assert!(
        said.contains("demo-rp is stopped") && said.contains("signum client start demo-rp"),
        "{said}"
    );
    assert!(!is_served(&app).await, "with the next request");
    assert!(line(&app, "demo-rp").contains("disabled"));
    refused(
        switch(&app, "stop", "demo-rp"),
        "demo-rp is stopped already: nothing was changed",
    );
    let said = good(switch(&app, "start", "demo-rp"));
    assert!(said.contains("stays worthless"), "{said}");
    assert!(is_served(&app).await);
    refused(
        switch(&app, "start", "demo-rp"),
        "demo-rp is not stopped: nothing was changed",
    );

    let none = "nobody: there is no such client (`signum client list`)";
    refused(app.signum(&["client", "show", "nobody"]), none);
    refused(switch(&app, "stop", "nobody"), none);
    refused(switch(&app, "start", "nobody"), none);
    let sql = "SELECT detail FROM audit_event WHERE kind = $1";
    for kind in ["client.started", "client.stopped"] {
        let events = app.parts().databases.idp.db.all(sql, params![kind]).await.unwrap();
        assert_eq!(events.len(), 1, "{kind}: what changed nothing is not recorded");
        let detail: Json = serde_json::from_str(&events[0].get::<String>("detail").unwrap()).unwrap();
        assert_eq!((&detail["by"], &detail["reason"]), (&BY[1].into(), &BY[3].into()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_missing_or_empty_is_asked_for_and_no_folder_is_made_by_a_slip() {
    let app = TestApp::start().await;
    let with = |officer: &str, reason: &str| {
        app.signum(&["client", "stop", "demo-rp", "--officer", officer, "--reason", reason])
    };
    refused(with(" ", "because"), "say it in words");
    refused(with("admin-1", ""), "say it in words");
    refused(with("admin-1", "two\nlines"), "one line of at most 200 characters");
    refused(with("admin-1", &"x".repeat(201)), "one line of at most 200 characters");
    refused(app.signum(&["client", "stop", "demo-rp"]), "--officer");
    refused(app.signum(&["client", "stop"]), "<ID>");
    refused(
        app.signum(&["client", "halt", "demo-rp"]),
        "unrecognized subcommand 'halt'",
    );
    assert!(line(&app, "demo-rp").contains("active"), "none of it stopped anything");

    let elsewhere = tempfile::tempdir().unwrap();
    let slip = elsewhere.path().join("vra");
    let output = Command::new(executable("signum").unwrap())
        .args(["client", "list", "--var"])
        .arg(&slip)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        !output.status.success() && said.contains("name the folder with --var"),
        "{said}"
    );
    assert!(!slip.exists(), "nothing is made");
}
