//! A token with one signing key behind workers, whose module or files the tests break.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use openssl::ecdsa::EcdsaSig;
use openssl::pkey::PKey;
use signum_hsm_shim::error::Concern;
use signum_hsm_shim::key::ecdsa_der;
use signum_hsm_shim::workers::{Workers, WorkersConfig};
use signum_hsm_shim::{Hsm, HsmError, KeyAlgorithm, KeyUri, SignatureAlgorithm};

use crate::bench::{TOKEN, module};
use crate::workers::new_workers;

/// What a call may take; far above what one takes when all is well.
pub const DEADLINE: Duration = Duration::from_secs(2);
/// A service that has not come back after this is not coming back.
pub const LONGEST_RECOVERY: Duration = Duration::from_secs(30);

pub struct Patient {
    pub directory: tempfile::TempDir,
    pub config: WorkersConfig,
}

impl Patient {
    /// A new token of the module under test.
    pub async fn admit(count: usize) -> Self {
        Self::admit_to(tempfile::tempdir().unwrap(), count).await
    }

    pub async fn admit_to(directory: tempfile::TempDir, count: usize) -> Self {
        let config = new_workers(directory.path(), count, DEADLINE).await;
        Self { directory, config }
    }

    /// The same, with the breakable module (`tests/fixtures/pkcs11_shim.c`) before the real one.
    pub async fn admit_with_shim(count: usize) -> Self {
        let mut patient = Self::admit(count).await;
        let shim = compile_shim(patient.directory.path());
        let at = |name: &str| patient.directory.path().join(name).to_str().unwrap().to_owned();
        let real = module().to_str().unwrap().to_owned();
        let (control, log) = (at("control"), at("calls"));
        for (name, value) in [
            ("SIGNUM_SHIM_MODULE", real),
            ("SIGNUM_SHIM_CONTROL", control),
            ("SIGNUM_SHIM_LOG", log),
        ] {
            patient.config.env.push((name.to_owned(), value));
        }
        patient.config.token.module = shim;
        patient
    }

    /// Starts the workers and makes the key all tests sign with.
    pub async fn start(&self) -> Service {
        let workers = Workers::start(self.config.clone()).await.unwrap();
        let key = KeyUri::new(TOKEN, "patient");
        let spki = workers.generate(&key, KeyAlgorithm::EcP256).await.unwrap().spki;
        Service { workers, key, spki }
    }

    /// What the breakable module does from now on; see its head comment.
    pub fn order(&self, command: &str) {
        // Written beside and renamed: no worker ever reads half a command.
        let next = self.directory.path().join("control.next");
        fs::write(&next, command).unwrap();
        fs::rename(next, self.directory.path().join("control")).unwrap();
    }

    /// Whether the breakable module has carried out a command that is done once.
    pub fn order_is_done(&self) -> bool {
        fs::read(self.directory.path().join("control")).unwrap().is_empty()
    }

    /// How many calls of this name (`login`, `sign`) the breakable module has seen.
    pub fn calls(&self, name: &str) -> usize {
        let log = fs::read_to_string(self.directory.path().join("calls")).unwrap_or_default();
        log.lines().filter(|line| line.split(' ').next() == Some(name)).count()
    }

    /// The folder SoftHSM keeps this token's objects in.
    pub fn token_folder(&self) -> PathBuf {
        let mut folders = fs::read_dir(self.directory.path().join("tokens")).unwrap();
        folders.next().unwrap().unwrap().path()
    }
}

pub struct Service {
    pub workers: Workers,
    pub key: KeyUri,
    pub spki: Vec<u8>,
}

impl Service {
    /// One signature over a digest of `n`s. What comes back is verified here again, with nothing of the layer.
    pub async fn sign(&self, n: u8) -> Result<(), HsmError> {
        let digest = vec![n; 32];
        let signatures = self
            .workers
            .sign(
                &self.key,
                SignatureAlgorithm::EcdsaSha256,
                std::slice::from_ref(&digest),
            )
            .await?;
        assert_eq!(signatures.len(), 1);
        assert!(
            verifies(&self.spki, &digest, &signatures[0]),
            "a wrong signature left the layer"
        );
        Ok(())
    }

    /// Signs until it works again and prints how long that took; the errors on the way must be those that pass.
    pub async fn recovers_after(&self, what: &str) {
        let since = Instant::now();
        while let Err(error) = self.sign(0xee).await {
            assert!(is_passing(&error), "after {what}: {error}");
            assert!(since.elapsed() < LONGEST_RECOVERY, "after {what}: still {error}");
        }
        println!(
            "fault matrix | {what}: first signature after {} ms",
            since.elapsed().as_millis()
        );
    }
}

pub fn is_passing(error: &HsmError) -> bool {
    error.concern() == Concern::Passing
}

pub fn verifies(spki: &[u8], digest: &[u8], signature: &[u8]) -> bool {
    let key = PKey::public_key_from_der(spki).unwrap();
    let signature = EcdsaSig::from_der(&ecdsa_der(signature).unwrap()).unwrap();
    signature.verify(digest, &key.ec_key().unwrap()).unwrap()
}

fn compile_shim(directory: &Path) -> PathBuf {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/pkcs11_shim.c");
    let library = directory.join("shim.so");
    let status = Command::new("cc")
        .args(["-O1", "-shared", "-fPIC", "-o"])
        .args([&library, &source])
        .arg("-ldl")
        .status()
        .unwrap();
    assert!(status.success(), "cc {}", source.display());
    library
}

/// All of them at once, on this one task.
pub async fn together<T>(calls: impl Iterator<Item = impl Future<Output = T>>) -> Vec<T> {
    let mut waiting: Vec<_> = calls.map(|call| (Box::pin(call), None)).collect();
    std::future::poll_fn(|context| {
        for (call, answer) in &mut waiting {
            if answer.is_none()
                && let std::task::Poll::Ready(value) = call.as_mut().poll(context)
            {
                *answer = Some(value);
            }
        }
        if waiting.iter().all(|(_, answer)| answer.is_some()) {
            std::task::Poll::Ready(())
        } else {
            std::task::Poll::Pending
        }
    })
    .await;
    waiting.into_iter().filter_map(|(_, answer)| answer).collect()
}
