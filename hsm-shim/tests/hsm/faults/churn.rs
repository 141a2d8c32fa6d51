//! Workers killed again and again while keys are made: a key that was promised signs; the rest is an error, never a guess.

use std::time::Instant;

use rustix::process::{Pid, Signal, kill_process};
use signum_hsm_shim::workers::Workers;
use signum_hsm_shim::{Hsm, HsmError, KeyAlgorithm, KeyUri, SignatureAlgorithm};

use super::patient::{Patient, verifies};
use crate::bench::TOKEN;

const ROUNDS: u32 = 15;

fn key(n: u32) -> KeyUri {
    KeyUri::new(TOKEN, &format!("churn-{n}"))
}

#[tokio::test]
async fn kills_during_key_generation_lose_no_key_that_was_promised() {
    let patient = Patient::admit(1).await;
    let service = patient.start().await;
    let began = Instant::now();
    let undisturbed = KeyUri::new(TOKEN, "undisturbed");
    service
        .workers
        .generate(&undisturbed, KeyAlgorithm::EcP256)
        .await
        .unwrap();
    let usual = began.elapsed();
    let mut promised = Vec::new();
    for n in 0..ROUNDS {
        let name = key(n);
        let generate = service.workers.generate(&name, KeyAlgorithm::EcP256);
        let kill = async {
            // Another moment of the generation each round.
            tokio::time::sleep(usual.mul_f64(f64::from(n) / 8.0)).await;
            for pid in service.workers.process_ids() {
                let _already_gone = kill_process(Pid::from_raw(pid.try_into().unwrap()).unwrap(), Signal::KILL);
            }
        };
        let (made, ()) = tokio::join!(generate, kill);
        if let Ok(public) = made {
            promised.push((n, public.spki));
        }
        service.recovers_after(&format!("kill during generation {n}")).await;
    }
    service.workers.stop().await;
    let fresh = Workers::start(patient.config.clone()).await.unwrap();
    let digest = vec![3; 32];
    let (mut whole, mut named) = (0, 0);
    for n in 0..ROUNDS {
        let signed = fresh
            .sign(&key(n), SignatureAlgorithm::EcdsaSha256, std::slice::from_ref(&digest))
            .await;
        let spki = promised.iter().find(|(m, _)| *m == n).map(|(_, spki)| spki);
        match (signed, spki) {
            (Ok(signatures), Some(spki)) => assert!(verifies(spki, &digest, &signatures[0])),
            (Ok(_), None) => whole += 1,
            (Err(error), None) => {
                let expected = matches!(
                    error,
                    HsmError::KeyNotFound(_)
                        | HsmError::Pkcs11 { .. }
                        | HsmError::Unsupported(_)
                        | HsmError::DeviceDown { .. }
                        | HsmError::SelfCheckFailed
                );
                assert!(expected, "{error}");
                named += 1;
            }
            (Err(error), Some(_)) => panic!("key {n} was promised: {error}"),
        }
    }
    println!(
        "fault matrix | {ROUNDS} kills during generation: {} promised and kept, {whole} whole but not promised, {named} missing by name",
        promised.len()
    );
    fresh.stop().await;
}
