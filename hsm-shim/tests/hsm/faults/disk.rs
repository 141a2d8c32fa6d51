//! A full disk: SoftHSM answers CKR_OK and writes objects of no octets. A key that is not proven is not a key.

use std::fs;
use std::path::Path;
use std::process::Command;

use signum_hsm_shim::{Hsm, HsmError, KeyAlgorithm, KeyUri};

use super::patient::Patient;
use crate::bench::TOKEN;

/// A file system of one megabyte, if this user may mount one.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    fn mount() -> Option<Self> {
        let directory = tempfile::tempdir().unwrap();
        let mount = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=1m,mode=0700", "tmpfs"])
            .arg(directory.path())
            .output();
        let mounted = mount.is_ok_and(|output| output.status.success());
        mounted.then_some(Self(directory))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _busy = Command::new("umount").arg("--lazy").arg(self.0.path()).status();
    }
}

/// Takes the last octet the file system has.
fn fill(path: &Path) {
    let mut block = 64 * 1024;
    let mut file = fs::File::create(path).unwrap();
    while block > 0 {
        if std::io::Write::write_all(&mut file, &vec![0; block]).is_err() {
            block /= 2;
        }
    }
}

#[tokio::test]
async fn no_key_is_promised_that_a_full_disk_did_not_keep() {
    let Some(disk) = SmallDisk::mount() else {
        println!("fault matrix | disk full: skipped, this user may not mount a small file system");
        return;
    };
    let inside = tempfile::tempdir_in(disk.0.path()).unwrap();
    let patient = Patient::admit_to(inside, 1).await;
    let service = patient.start().await;
    let ballast = disk.0.path().join("ballast");
    fill(&ballast);
    let key = |n: usize| KeyUri::new(TOKEN, &format!("full-{n}"));
    let mut promised = Vec::new();
    for n in 0..10 {
        match service.workers.generate(&key(n), KeyAlgorithm::EcP256).await {
            Ok(public) => promised.push((n, public)),
            Err(error) => assert_ne!(error, HsmError::KeyTypeMismatch),
        }
    }
    service.sign(1).await.unwrap();
    fs::remove_file(ballast).unwrap();
    service.recovers_after("a full disk").await;
    service.workers.stop().await;
    // What was promised is there for a process that was not there before.
    let fresh = signum_hsm_shim::workers::Workers::start(patient.config.clone())
        .await
        .unwrap();
    for (n, public) in &promised {
        assert_eq!(fresh.public_key(&key(*n)).await.as_ref(), Ok(public));
    }
    println!(
        "fault matrix | disk full: {} of 10 keys promised, all kept",
        promised.len()
    );
    fresh
        .generate(&KeyUri::new(TOKEN, "after"), KeyAlgorithm::EcP256)
        .await
        .unwrap();
    fresh.stop().await;
}
