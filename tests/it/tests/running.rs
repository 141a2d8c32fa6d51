//! One data folder, one Signum: `./run demo` uses the one that runs on its folder, and a second one is refused.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

use signum::children::executable;
use signum_tests::workspace;

/// Answers the next request to `/readyz` as a Signum of this name would; tells its address.
fn answering(status: &'static str, instance: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        // The whole request, which may come in parts: closing on unread octets would reset the connection.
        let head = BufReader::new(&stream).lines().map_while(Result::ok);
        head.take_while(|line| !line.is_empty()).for_each(drop);
        let body = format!("{{\"ready\":true,\"instance\":\"{instance}\"}}");
        let _ = write!(
            stream,
            "HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
    });
    address
}

/// Whether `./run demo` would use the Signum that wrote these facts into its data folder.
fn is_used(instance: &str, operator: &str) -> bool {
    let var = tempfile::tempdir().unwrap();
    std::fs::create_dir(var.path().join("run")).unwrap();
    let facts = format!("instance = \"{instance}\"\noperator = \"{operator}\"\n");
    std::fs::write(var.path().join("run/up.toml"), facts).unwrap();
    run_asks(var.path())
}

fn run_asks(var: &Path) -> bool {
    Command::new("bash")
        .args(["-euc", ". scripts/running.sh; ready"])
        .env("var", var)
        .current_dir(workspace::root())
        .status()
        .unwrap()
        .success()
}

#[test]
fn the_signum_of_this_data_folder_is_used() {
    assert!(is_used("a1b2c3", &answering("200 OK", "a1b2c3")));
}

#[test]
fn the_signum_of_another_data_folder_is_not_used() {
    assert!(!is_used("a1b2c3", &answering("200 OK", "ffffff")));
}

#[test]
fn a_signum_that_is_not_ready_or_not_there_is_not_used() {
    assert!(!is_used("a1b2c3", &answering("503 Service Unavailable", "a1b2c3")));
    let closed = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .to_string();
    assert!(!is_used("a1b2c3", &closed));
    assert!(!run_asks(tempfile::tempdir().unwrap().path()));
}

#[test]
fn a_second_signum_on_the_same_data_folder_is_refused() {
    let var = tempfile::tempdir().unwrap();
    std::fs::create_dir(var.path().join("run")).unwrap();
    let lock = std::fs::File::create(var.path().join("run/up.lock")).unwrap();
    lock.lock().unwrap();
    let refused = Command::new(executable("signum").unwrap())
        .arg("--var")
        .arg(var.path())
        .arg("up")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(
        !refused.status.success() && said.contains("another Signum runs on the data folder"),
        "{said}"
    );
}
