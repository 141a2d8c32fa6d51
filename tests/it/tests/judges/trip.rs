//! The trip of `./run demo` against the app of these tests: every judge agrees with what it leaves behind, and none agrees once a
//! bit of it has changed.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use signum_demo::trip::{Plan, Services, travel};
use signum_demo::{Outcome, desk};
use signum_tests::app::TestApp;

/// The environment with pyHanko and pkilint that `./test` made.
fn python() -> PathBuf {
    let python = std::env::var_os("SIGNUM_TEST_PYTHON").expect("SIGNUM_TEST_PYTHON: run this through ./test judges");
    PathBuf::from(python)
}

fn judge(folder: &Path, program: impl AsRef<std::ffi::OsStr>, arguments: &[&str]) -> (bool, String) {
    let program = program.as_ref();
    let Output { status, stdout, stderr } = Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap_or_else(|e| panic!("{program:?}: {e}"));
    (
        status.success(),
        format!(
            "{}{}",
            String::from_utf8_lossy(&stdout),
            String::from_utf8_lossy(&stderr)
        ),
    )
}

/// Makes the trip into a folder; fails when a step fails or a judge is missing.
async fn travelled(app: &mut TestApp, out: &Path) {
    let address = |text: &str| text.parse().unwrap();
    let plan = Plan {
        services: Services {
            idp: address(&app.idp),
            signer: address(&app.signer),
            rp: address(&app.demo),
            pki: address(&app.pki),
        },
        out: out.to_owned(),
        activation: Some(app.new_person().await),
        commands: None,
        document: None,
        pyhanko: python().ancestors().nth(2).map(Path::to_owned),
        step_timeout: Duration::from_secs(60),
    };
    let officers = std::mem::take(&mut app.officers);
    let (done, over) = tokio::sync::oneshot::channel::<()>();
    let work = tokio::spawn(desk::work(officers, async { over.await.unwrap_or_default() }));
    let report = travel(&plan).await.unwrap_or_else(|error| panic!("{error:?}"));
    let _ = done.send(());
    work.await.unwrap();
    assert_eq!(report.outcome(), Outcome::Held);
    assert_eq!(report.count(Outcome::Skipped), 0, "every judge was there");
}

// Judges ask our responders while the test waits for the judges: more than one thread.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_judge_agrees_with_the_trip_and_none_with_an_altered_file() {
    let mut app = TestApp::start().await;
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path();
    travelled(&mut app, out).await;

    // A reader whose NSS database trusts our root.
    assert!(judge(out, "certutil", &["-N", "-d", "sql:.", "--empty-password"]).0);
    assert!(
        judge(
            out,
            "certutil",
            &[
                "-A", "-d", "sql:.", "-n", "root", "-t", "CT,C,C", "-a", "-i", "root.pem"
            ]
        )
        .0
    );
    let (_, said) = judge(out, "pdfsig", &["-nssdir", "sql:.", "signed.pdf"]);
    assert!(
        said.contains("Signature is Valid.") && said.contains("Certificate is Trusted."),
        "{said}"
    );
    let (opens, said) = judge(out, "mutool", &["info", "signed.pdf"]);
    assert!(opens && !said.contains("warning") && !said.contains("error"), "{said}");
    let chain = [
        std::fs::read(out.join("signer.pem")).unwrap(),
        std::fs::read(out.join("qsig.pem")).unwrap(),
    ];
    let chain = [chain.concat(), std::fs::read(out.join("root.pem")).unwrap()].concat();
    std::fs::write(out.join("full.pem"), chain).unwrap();
    let certtool = ["--verify", "--load-ca-certificate", "root.pem", "--infile", "full.pem"];
    let (trusted, said) = judge(out, "certtool", &certtool);
    assert!(trusted, "GnuTLS: {said}");

    let mut altered = std::fs::read(out.join("signed.pdf")).unwrap();
    altered[20] ^= 1;
    std::fs::write(out.join("altered.pdf"), altered).unwrap();
    let (_, said) = judge(out, "pdfsig", &["-nssdir", "sql:.", "altered.pdf"]);
    assert!(
        !said.contains("Signature is Valid."),
        "pdfsig believes an altered file: {said}"
    );
    let (holds, said) = judge(
        out,
        python(),
        &["verify_pdf.py", "altered.pdf", "root.pem", "qsig.pem", "tsa.pem"],
    );
    assert!(!holds, "pyHanko believes an altered file: {said}");
    app.stop().await;
}
