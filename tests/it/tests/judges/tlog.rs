//! The transparency-log packages of the Go project judge our audit logs: checkpoint, tiles, entries and proofs.

use std::path::{Path, PathBuf};
use std::process::Command;

use signum_core::audit::{Event, VerifierKey, record};
use signum_core::{Cx, DbError};
use signum_tests::app::TestApp;
use signum_tests::workspace;

/// Builds the judge; without Go, or without its one package, there is none.
fn judge(folder: &Path) -> Result<PathBuf, String> {
    let file = folder.join("judge");
    let built = Command::new("go")
        .args(["build", "-o"])
        .arg(&file)
        .arg(".")
        .current_dir(workspace::root().join("tests/peers/tlog"))
        .env("CGO_ENABLED", "0")
        .output()
        .map_err(|error| format!("go: {error}"))?;
    match built.status.success() {
        true => Ok(file),
        false => Err(String::from_utf8_lossy(&built.stderr).into_owned()),
    }
}

async fn write(cx: &Cx, events: u32) {
    cx.db
        .run("write", |tx| async move {
            for n in 0..events {
                record(&tx, cx, &Event::new("test.done", n, serde_json::json!({"n": n}))).await?;
            }
            Ok::<_, DbError>(())
        })
        .await
        .unwrap();
}

#[tokio::test]
async fn the_go_projects_packages_agree_with_checkpoint_tiles_entries_and_proofs() {
    let folder = tempfile::tempdir().unwrap();
    let program = match judge(folder.path()) {
        Ok(program) => program,
        Err(reason) => {
            eprintln!("skipped, the judge cannot be built: {reason}");
            return;
        }
    };
    let app = TestApp::start().await;
    let idp = app.logs().iter().find(|log| log.service() == "idp").unwrap();
    write(idp.cx(), 300).await;
    idp.close().await.unwrap();
    let from = idp.signed_size().await.unwrap();
    write(idp.cx(), 700).await;
    idp.close().await.unwrap();
    let key: VerifierKey = std::fs::read_to_string(app.layout.audit_key("idp"))
        .unwrap()
        .parse()
        .unwrap();
    let bundle = folder.path().join("idp");
    idp.export(&bundle, &key, &[]).await.unwrap();
    let (proof, consistency) = (folder.path().join("proof"), folder.path().join("consistency"));
    std::fs::write(&proof, idp.prove(777, None).await.unwrap().to_c2sp()).unwrap();
    let to = idp.signed_size().await.unwrap();
    let proven = idp.prove_consistency(from, to).await.unwrap();
    std::fs::write(&consistency, proven.to_json().to_string()).unwrap();
    let agrees = || {
        let output = Command::new(&program)
            .arg(&bundle)
            .arg(key.plain())
            .args([&proof, &consistency])
            .output()
            .unwrap();
        let text = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
        (output.status.success(), text(&output.stdout) + &text(&output.stderr))
    };
    assert_eq!(agrees(), (true, format!("{to} entries hold\n")));
    for file in [
        "checkpoint",
        "tile/0/001",
        "tile/entries/002",
        "tile/1/000.p/3",
        "../proof",
        "../consistency",
    ] {
        let file = bundle.join(file);
        let good = std::fs::read(&file).unwrap();
        let mut bad = good.clone();
        // Of the checkpoint the root: these packages do not read the timestamped signature.
        let at = if file.ends_with("checkpoint") {
            45
        } else {
            bad.len() / 2
        };
        bad[at] = if bad[at] == b'A' { b'B' } else { b'A' };
        std::fs::write(&file, bad).unwrap();
        let (held, said) = agrees();
        assert!(!held, "{}: {said}", file.display());
        std::fs::write(&file, good).unwrap();
    }
    app.stop().await;
}
