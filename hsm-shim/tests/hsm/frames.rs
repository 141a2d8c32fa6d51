//! Frames over a Unix socket: many callers on one connection, limits, deadlines, a server that stops and comes back.

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Barrier, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use signum_hsm_shim::frames::{Client, FrameError, LONGEST_PAYLOAD, Peers, Stop, bind, bind_for, serve};

const LONG: Duration = Duration::from_secs(30);

fn server(
    path: &Path,
    threads: usize,
    handler: impl Fn(u32) -> u32 + Send + Sync + 'static,
) -> (Stop, JoinHandle<Result<(), FrameError>>) {
    let listener = bind(path).unwrap();
    let stop = Stop::new();
    let told = stop.clone();
    (
        stop,
        std::thread::spawn(move || serve(listener, threads, &told, handler)),
    )
}

fn socket() -> (tempfile::TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("s.sock");
    (directory, path)
}

#[tokio::test]
async fn concurrent_callers_get_their_own_answers_even_out_of_order() {
    let (_directory, path) = socket();
    // Answers only once four requests are in hand: they must be in flight together on one connection.
    let together = Barrier::new(4);
    let (stop, served) = server(&path, 4, move |n| {
        together.wait();
        n * 2
    });
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let client = Arc::new(Client::connect(&path).await.unwrap());
    let calls: Vec<_> = (0_u32..40)
        .map(|n| {
            let client = client.clone();
            tokio::spawn(async move { client.call::<u32, u32>(&n, LONG).await.unwrap() })
        })
        .collect();
    for (n, call) in (0_u32..).zip(calls) {
        assert_eq!(call.await.unwrap(), n * 2);
    }
    stop.stop();
    served.join().unwrap().unwrap();
}

#[tokio::test]
async fn a_call_past_its_deadline_ends_and_the_connection_lives_on() {
    let (_directory, path) = socket();
    let (release, held): (Sender<()>, Receiver<()>) = channel();
    let held = Mutex::new(held);
    let (stop, served) = server(&path, 2, move |n| {
        if n == 0 {
            let _released = held.lock().unwrap().recv();
        }
        n
    });
    let client = Client::connect(&path).await.unwrap();
    let late = client.call::<u32, u32>(&0, Duration::from_millis(20)).await;
    assert!(matches!(late, Err(FrameError::Timeout)));
    assert_eq!(client.call::<u32, u32>(&5, LONG).await.unwrap(), 5);
    release.send(()).unwrap();
    assert_eq!(client.call::<u32, u32>(&6, LONG).await.unwrap(), 6);
    stop.stop();
    served.join().unwrap().unwrap();
}

#[tokio::test]
async fn a_client_finds_a_server_that_came_back() {
    let (_directory, path) = socket();
    let (stop, served) = server(&path, 1, |n| n + 1);
    let client = Client::connect(&path).await.unwrap();
    assert_eq!(client.call::<u32, u32>(&1, LONG).await.unwrap(), 2);
    stop.stop();
    served.join().unwrap().unwrap();
    assert!(client.call::<u32, u32>(&1, LONG).await.is_err());
    let (stop, served) = server(&path, 1, |n| n + 2);
    assert_eq!(client.call::<u32, u32>(&1, LONG).await.unwrap(), 3);
    stop.stop();
    served.join().unwrap().unwrap();
}

#[tokio::test]
async fn what_is_too_long_or_does_not_decode_is_refused() {
    let (_directory, path) = socket();
    let (stop, served) = server(&path, 1, |n| n);
    let client = Client::connect(&path).await.unwrap();
    let long = vec![0_u8; LONGEST_PAYLOAD + 1];
    assert!(matches!(
        client.call::<Vec<u8>, u32>(&long, LONG).await,
        Err(FrameError::TooLong)
    ));
    let wrong = client.call::<[u8; 9], u32>(&[0xff; 9], LONG).await;
    assert!(matches!(wrong, Err(FrameError::Broken)), "{wrong:?}");
    assert_eq!(client.call::<u32, u32>(&7, LONG).await.unwrap(), 7);
    stop.stop();
    served.join().unwrap().unwrap();
}

#[tokio::test]
async fn a_handler_that_panics_loses_its_connection_only() {
    let (_directory, path) = socket();
    let (stop, served) = server(&path, 1, |n| if n == 0 { panic!("on purpose") } else { n });
    let client = Client::connect(&path).await.unwrap();
    assert!(matches!(
        client.call::<u32, u32>(&0, LONG).await,
        Err(FrameError::Broken)
    ));
    assert_eq!(client.call::<u32, u32>(&7, LONG).await.unwrap(), 7);
    stop.stop();
    served.join().unwrap().unwrap();
}

const PEER: &str = "SIGNUM_HSM_TEST_PEER";
/// Nobody.
const GUEST: u32 = 65_534;
const STRANGER: u32 = 65_533;

#[tokio::test]
async fn a_named_user_of_the_group_is_served_and_no_other() {
    if let Some(path) = std::env::var_os(PEER) {
        // As another user: the server runs as root, which must be named as well.
        let root = Peers {
            users: vec![0],
            group: None,
        };
        assert!(matches!(
            Client::connect(Path::new(&path)).await,
            Err(FrameError::Stranger)
        ));
        let client = Client::connect_to(Path::new(&path), root).await.unwrap();
        let answer = client.call::<u32, u32>(&20, LONG).await;
        return println!("answer: {:?}", answer.ok());
    }
    let able = rustix::process::geteuid().is_root() && Command::new("setpriv").arg("--version").output().is_ok();
    if !able {
        return println!("skipped: needs root and setpriv to be several users");
    }
    let (directory, path) = socket();
    std::fs::set_permissions(directory.path(), std::fs::Permissions::from_mode(0o711)).unwrap();
    let peers = Peers {
        users: vec![GUEST],
        group: Some(GUEST),
    };
    let listener = bind_for(&path, peers).unwrap();
    let facts = std::fs::metadata(&path).unwrap();
    assert_eq!((facts.permissions().mode() & 0o777, facts.gid()), (0o660, GUEST));
    let stop = Stop::new();
    let told = stop.clone();
    let served = std::thread::spawn(move || serve(listener, 1, &told, |n: u32| n + 1));
    // A copy that everybody may execute: the build folder may be closed to others.
    let executable = directory.path().join("guest");
    std::fs::copy(std::env::current_exe().unwrap(), &executable).unwrap();
    let ask = |user: u32, group: u32| {
        let output = Command::new("setpriv")
            .args([
                &format!("--reuid={user}"),
                &format!("--regid={group}"),
                "--clear-groups",
            ])
            .arg(&executable)
            .args([
                "frames::a_named_user_of_the_group_is_served_and_no_other",
                "--exact",
                "--nocapture",
            ])
            .env(PEER, &path)
            .output()
            .unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    assert!(ask(GUEST, GUEST).contains("answer: Some(21)"));
    assert!(
        !ask(STRANGER, GUEST).contains("answer: Some"),
        "in the group, not named"
    );
    assert!(!ask(STRANGER, STRANGER).contains("answer:"), "not in the group");
    stop.stop();
    served.join().unwrap().unwrap();
}
