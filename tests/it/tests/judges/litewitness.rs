//! A witness that nobody here wrote, litewitness of the transparency community, watches our logs: it verifies our signature and
//! our consistency proofs, and what it signs is kept and served. C2SP tlog-witness.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use signum_core::audit::{Checkpoint, VerifierKey};
use signum_core::db::{Db, DbUrl};
use signum_tests::app::TestApp;

const NAME: &str = "witness.example/litewitness";

/// Ended with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn run(program: &str, arguments: &[&str], folder: &Path) -> Result<String, String> {
    let output = Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .env("SSH_AUTH_SOCK", folder.join("agent"))
        .output()
        .map_err(|error| format!("{program}: {error}"))?;
    match output.status.success() {
        true => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
        false => Err(format!("{program}: {}", String::from_utf8_lossy(&output.stderr))),
    }
}

/// An agent that holds a fresh key, and the key.
fn agent(folder: &Path) -> Result<(Running, VerifierKey, String), String> {
    run("ssh-keygen", &["-q", "-t", "ed25519", "-N", "", "-f", "key"], folder)?;
    let mut agent = Command::new("ssh-agent")
        .args(["-D", "-a", "agent"])
        .current_dir(folder)
        .stdout(Stdio::piped())
        .spawn()
        .map(Running)
        .map_err(|error| format!("ssh-agent: {error}"))?;
    // It says where it listens once it does.
    let mut line = String::new();
    let said = agent.0.stdout.take().ok_or("ssh-agent says nothing")?;
    BufReader::new(said)
        .read_line(&mut line)
        .map_err(|error| error.to_string())?;
    run("ssh-add", &["-q", "key"], folder)?;
    let public = std::fs::read_to_string(folder.join("key.pub")).map_err(|error| error.to_string())?;
    let blob = STANDARD
        .decode(public.split(' ').nth(1).unwrap_or_default())
        .map_err(|error| error.to_string())?;
    let public = *blob.last_chunk::<32>().ok_or("not an Ed25519 key")?;
    let listed = run("ssh-keygen", &["-l", "-f", "key.pub"], folder)?;
    let fingerprint = listed.split(' ').nth(1).unwrap_or_default().to_owned();
    Ok((
        agent,
        VerifierKey::new(NAME, public).map_err(|error| error.to_string())?,
        fingerprint,
    ))
}

/// Its executable, where `SIGNUM_LITEWITNESS` names one.
fn litewitness(folder: &Path, fingerprint: &str) -> Result<(Running, String), String> {
    let program = std::env::var_os("SIGNUM_LITEWITNESS").map(PathBuf::from);
    let program = program.ok_or("SIGNUM_LITEWITNESS names no litewitness")?;
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .map_err(|error| error.to_string())?
        .port();
    let listen = format!("127.0.0.1:{port}");
    let mut child = Command::new(program)
        .args([
            "-name",
            NAME,
            "-db",
            "witness.db",
            "-ssh-agent",
            "agent",
            "-key",
            fingerprint,
            "-listen",
            &listen,
        ])
        .current_dir(folder)
        .stderr(Stdio::piped())
        .spawn()
        .map(Running)
        .map_err(|error| error.to_string())?;
    let said = BufReader::new(child.0.stderr.take().ok_or("no words")?);
    let mut lines = said.lines().map_while(Result::ok);
    lines
        .find(|line| line.contains("listening"))
        .ok_or("litewitness ended")?;
    // What it says later must not fill its pipe.
    std::thread::spawn(move || lines.for_each(drop));
    Ok((child, format!("http://{listen}")))
}

/// What `witnessctl add-log` and `add-key` do.
async fn introduce(folder: &Path, log: &VerifierKey) {
    let db = Db::open(&DbUrl::sqlite(&folder.join("witness.db"))).await.unwrap();
    let (origin, key) = (log.name(), &log.plain());
    let known = db.run("introduce", |tx| async move {
        let empty = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
        let sql = "INSERT INTO log (origin, tree_size, tree_hash) VALUES ($1, 0, $2)";
        tx.exec(sql, signum_core::params![origin, empty]).await?;
        let sql = "INSERT INTO key (origin, key) VALUES ($1, $2)";
        tx.exec(sql, signum_core::params![origin, key]).await
    });
    known.await.unwrap();
    db.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn litewitness_signs_what_our_logs_signed_as_they_grow() {
    let folder = tempfile::tempdir().unwrap();
    let started = agent(folder.path()).and_then(|(agent, key, fingerprint)| {
        let (witness, address) = litewitness(folder.path(), &fingerprint)?;
        Ok((agent, witness, key, address))
    });
    let (_agent, _witness, key, address) = match started {
        Ok(started) => started,
        Err(reason) => {
            eprintln!("skipped, the judge is not there: {reason}");
            return;
        }
    };
    let setting = format!("{key} {address}");
    let app = TestApp::start_with(|config| config.audit.witnesses = vec![setting]).await;
    let idp = app.logs().iter().find(|log| log.service() == "idp").unwrap();
    let own: VerifierKey = std::fs::read_to_string(app.layout.audit_key("idp"))
        .unwrap()
        .parse()
        .unwrap();
    introduce(folder.path(), &own).await;
    for _ in 0..3 {
        app.new_person().await;
        idp.close().await.unwrap();
        idp.ask_witnesses().await.unwrap();
        let note = idp.newest_note().await.unwrap().unwrap();
        let seen = Checkpoint::signed_by(&note, &key).unwrap();
        let states = idp.witness_states().await.unwrap();
        assert_eq!(
            seen.map(|seen| seen.head),
            Some(Checkpoint::open(&note, &own).unwrap().head),
            "{states:?}"
        );
    }
    app.stop().await;
}
