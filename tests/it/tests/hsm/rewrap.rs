//! A KEK's whole life through the program: made with a backup, followed by the next, people's keys wrapped anew while their rows
//! lie in either engine, the old one destroyed when nothing needs it, and a person who signs before and after.

use std::path::Path;

use signum::children::executable;
use signum_hsm_shim::init::{NewToken, create_pin_file};
use signum_hsm_shim::workers::init_token_apart;
use signum_tests::app::{Stopped, TestApp};
use signum_tests::trip;

use super::board::{Board, good, refused};

const SOFTHSM: &str = "/usr/lib/softhsm/libsofthsm2.so";
const PEOPLE: &str = "signum-people-2";
const BACKUP: &str = "signum-backup";

/// A token beside the platform's, and its address.
async fn token(stopped: &Stopped, label: &str) -> String {
    let at = |name: &str| stopped.layout.path(&format!("module/{label}.{name}"));
    let pin = |name: &str| create_pin_file(&at(name), |bytes| bytes.fill(0x5a)).unwrap();
    let new = NewToken {
        module: SOFTHSM.into(),
        label: label.to_owned(),
        so_pin: pin("pin.so"),
        user_pin: pin("pin"),
    };
    let conf = stopped.layout.path("softhsm2.conf").to_str().unwrap().to_owned();
    let environment = [("SOFTHSM2_CONF".to_owned(), conf)];
    let worker = executable("signum-hsm-worker").unwrap();
    init_token_apart(&worker, &environment, &new).await.unwrap();
    let pin = at("pin");
    format!(
        "pkcs11:token={label}?module-path={SOFTHSM}&pin-source=file:{}",
        pin.display()
    )
}

/// The check value of a file that `backup-kek` or `rotate-kek` wrote.
fn check(file: &str) -> String {
    let backup: toml::Table = std::fs::read_to_string(file).unwrap().parse().unwrap();
    backup["check"].as_str().unwrap().to_owned()
}

/// Changes module.toml as an operator does.
fn edit(file: &Path, change: impl FnOnce(&mut toml::Table)) {
    let mut module: toml::Table = std::fs::read_to_string(file).unwrap().parse().unwrap();
    change(&mut module);
    std::fs::write(file, toml::to_string(&module).unwrap()).unwrap();
}

fn keks(pinned: &[(i64, &str)]) -> toml::Value {
    let entry = |(epoch, check): &(i64, &str)| {
        let entry = [("epoch", toml::Value::from(*epoch)), ("check", (*check).into())];
        toml::Value::Table(
            entry
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
        )
    };
    toml::Value::Array(pinned.iter().map(entry).collect())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_signs_on_after_their_key_was_wrapped_anew_and_the_old_kek_destroyed() {
    let stopped = TestApp::start().await.stop_and_keep().await;
    let lone = "NO BACKUP  people-binding, people-kek.1, people-seal in token signum-people";
    assert!(good(stopped.signum(&["hsm", "status"])).contains(lone));
    assert!(stopped.signum(&["doctor"]).text.contains("guards without a backup"));
    let mut board = Board::new(&stopped);
    let path = |name: &str| stopped.layout.path(name).to_str().unwrap().to_owned();
    let (people, second) = (token(&stopped, PEOPLE).await, token(&stopped, BACKUP).await);
    let transport = path("transport.pem");
    good(stopped.signum(&[
        "hsm",
        "transport-key",
        "--token",
        BACKUP,
        "--uri",
        &second,
        "--out",
        &transport,
    ]));

    // Guards with backups, before the signing module first runs on the token.
    let (mut files, mut checks) = (Vec::new(), Vec::new());
    for (object, kind) in [
        ("people-kek.1", "kek"),
        ("people-binding", "mac"),
        ("people-seal", "mac"),
    ] {
        let about = [
            "backup-kek",
            "--token",
            PEOPLE,
            "--object",
            object,
            "--transport",
            &transport,
        ];
        let ceremony = board.approved(&stopped, &about);
        let out = path(&format!("{object}.backup"));
        let how = [
            "--uri",
            &people,
            "--kind",
            kind,
            "--transport",
            &transport,
            "--out",
            &out,
        ];
        good(board.hold(&stopped, "backup-kek", &ceremony, &how));
        checks.push(check(&out));
        files.push(out);
    }
    let module = stopped.layout.module_config();
    edit(&module, |module| {
        module.insert("token".into(), PEOPLE.into());
        module.insert("pin_file".into(), path(&format!("module/{PEOPLE}.pin")).into());
        module.insert("binding_key_check".into(), checks[1].as_str().into());
        module.insert("seal_key_check".into(), checks[2].as_str().into());
        module.insert("kek".into(), keks(&[(1, &checks[0])]));
    });
    std::fs::remove_file(stopped.layout.path("module/initialised")).unwrap();
    std::fs::remove_file(stopped.layout.path("ceremony/statement-key.der")).unwrap();
    let mut app = stopped.start().await.unwrap();
    let mut visitor = trip::signatory(&mut app).await;
    let confirm = trip::upload(&app, &visitor, trip::decision()).await;
    trip::sign(&mut visitor, &confirm).await;
    let stopped = app.stop_and_keep().await;

    // The next KEK; a person's key still needs the old one.
    let about = [
        "rotate-kek",
        "--token",
        PEOPLE,
        "--object",
        "people-kek.2",
        "--transport",
        &transport,
    ];
    let ceremony = board.approved(&stopped, &about);
    let new = stopped.layout.path("kek-2.toml").to_str().unwrap().to_owned();
    let how = ["--transport", &transport, "--out", &new];
    good(board.hold(&stopped, "rotate-kek", &ceremony, &how));
    let destroy = ["destroy", "--token", PEOPLE, "--object", "people-kek.1"];
    let Err(needed) = board.drafted(&stopped, &destroy) else {
        panic!("a needed KEK may go")
    };
    refused(&needed, "the keys of 1 people");
    let new_check = check(&new);
    edit(&module, |module| {
        module.insert("kek".into(), keks(&[(1, &checks[0]), (2, &new_check)]));
    });

    // Both guards come out of their backups in the second token, and the row goes through it.
    for backup in [&new, &files[1]] {
        let ceremony = board.approved(&stopped, &["restore-kek", "--token", BACKUP, "--backup", backup]);
        good(board.hold(
            &stopped,
            "restore-kek",
            &ceremony,
            &["--uri", &second, "--backup", backup],
        ));
    }
    let way = ["--backup", &files[0], "--to", &new];
    let ceremony = board.approved(&stopped, &[&["rewrap", "--token", BACKUP][..], &way].concat());
    let how = [&["--uri", &second][..], &way].concat();
    let dry = board.hold(&stopped, "rewrap", &ceremony, &[&how[..], &["--dry-run"]].concat());
    assert!(good(dry).contains("Wraps 1 keys"));
    let done = good(board.hold(&stopped, "rewrap", &ceremony, &how));
    assert!(
        done.contains("Replaced: 1. Changed meanwhile: 0. Refused: 0."),
        "{done}"
    );
    let again = board.hold(&stopped, "rewrap", &ceremony, &how);
    assert!(good(again).contains("Wraps 0 keys"));

    // Nothing needs the old KEK but the module's configuration.
    let Err(pinned) = board.drafted(&stopped, &destroy) else {
        panic!("a pinned KEK may go")
    };
    refused(&pinned, "out of module.toml");
    edit(&module, |module| {
        module.insert("kek".into(), keks(&[(2, &new_check)]));
    });
    let ceremony = board.approved(&stopped, &destroy);
    good(board.hold(&stopped, "destroy", &ceremony, &[]));
    let keys = good(stopped.signum(&["hsm", "keys", "--token", PEOPLE]));
    assert!(
        !keys.contains("people-kek.1") && keys.contains("people-kek.2"),
        "{keys}"
    );

    let status = good(stopped.signum(&["hsm", "status"]));
    let alone: Vec<_> = status.lines().filter(|line| line.starts_with("NO BACKUP")).collect();
    assert!(
        matches!(alone.as_slice(), [one] if one.contains("idp-people-1-") && one.contains("name or number")),
        "{status}"
    );
    assert!(!stopped.signum(&["doctor"]).text.contains("WARNING"));

    let app = stopped.start().await.unwrap();
    let confirm = trip::upload(&app, &visitor, trip::decision()).await;
    trip::sign(&mut visitor, &confirm).await;
    app.stop().await;
}
