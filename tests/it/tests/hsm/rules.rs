//! The worker processes do for each service what it needs, and refuse everything else.

use std::time::Duration;

use signum_hsm_shim::wrap::{KeyBinding, KeyUsage};
use signum_hsm_shim::{Guards, Hsm, HsmError, KeyAlgorithm, KeyUri, SignatureAlgorithm};
use signum_tests::app::TestApp;

const CA: &str = "signum-ca";
const IDP: &str = "signum-idp";
const AUDIT: &str = "signum-audit";

async fn make(hsm: &dyn Hsm, token: &str, label: &str) -> Result<(), HsmError> {
    let key = KeyUri::new(token, label);
    hsm.generate(&key, KeyAlgorithm::EcP256).await.map(drop)
}

async fn sign(hsm: &dyn Hsm, token: &str, label: &str) -> Result<(), HsmError> {
    let key = KeyUri::new(token, label);
    let digests = [vec![7; 32]];
    hsm.sign(&key, SignatureAlgorithm::EcdsaSha256, &digests)
        .await
        .map(drop)
}

#[track_caller]
fn denied<T: std::fmt::Debug>(answer: Result<T, HsmError>) {
    assert!(matches!(answer, Err(HsmError::PolicyDenied(_))), "{answer:?}");
}

/// What no service does, not even on its first start.
async fn nothing_strange(app: &TestApp) {
    let tokens = &app.parts().tokens;
    let all: [(&dyn Hsm, &str); 3] = [(&*tokens.ca, CA), (&*tokens.idp, IDP), (&*tokens.audit, AUDIT)];
    let guards = Guards {
        kek: "kek".into(),
        binding: "binding".into(),
    };
    let owner = KeyBinding {
        key: [1; 16],
        person: [2; 32],
        algorithm: KeyAlgorithm::EcP256,
        usage: KeyUsage::Sign,
        epoch: 1,
    };
    for (hsm, token) in all {
        denied(make(hsm, token, "another").await);
        denied(sign(hsm, token, "signum-canary").await);
        denied(hsm.destroy(&KeyUri::new(token, "signum-canary"), None).await);
        denied(hsm.public_key(&KeyUri::new(token, "another")).await);
        denied(hsm.make_guards(&guards, 1, None).await);
        denied(hsm.create_wrapped(&guards, &owner).await);
        denied(hsm.random(8).await);
        assert_eq!(hsm.health().await, Ok(()));
    }
    denied(make(&*tokens.ca, CA, "ocsp-qsig-g2-1").await);
    denied(make(&*tokens.ca, CA, "root-rsa-g1").await);
    denied(tokens.idp.destroy(&KeyUri::new(IDP, "id-token-1"), None).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_the_first_start_services_make_only_the_keys_that_are_replaced_in_time() {
    let app = TestApp::start().await;
    nothing_strange(&app).await;
    let app = app.stop_and_keep().await.start().await.unwrap();
    nothing_strange(&app).await;
    let tokens = &app.parts().tokens;
    // Each of these was made by the first start, and even in a new token would be made by no other.
    for label in ["root-g1", "auth-g1", "qsig-g1", "seal-g1", "tsa-g1", "tls-g1"] {
        denied(make(&*tokens.ca, CA, label).await);
    }
    for service in ["ca", "idp", "signer"] {
        denied(make(&*tokens.audit, AUDIT, &format!("checkpoint-{service}")).await);
    }
    assert_eq!(sign(&*tokens.ca, CA, "ocsp-qsig-g1-1").await, Ok(()));
    assert_eq!(sign(&*tokens.idp, IDP, "id-token-1").await, Ok(()));
    // Responders, time-stamping unit and ID tokens get new keys for as long as the platform lives.
    assert_eq!(make(&*tokens.idp, IDP, "id-token-2").await, Ok(()));
    app.clock.advance(Duration::from_secs(3 * 365 * 24 * 3600));
    let renewed = app.parts().ca.renew_own_keys().await.unwrap();
    assert!(renewed.iter().any(|step| step.key.object == "ocsp-qsig-g1-2"));
    assert_eq!(sign(&*tokens.ca, CA, "tsu-g1-2").await, Ok(()));
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_generation_of_authorities_is_made_when_the_configuration_asks_for_it() {
    let mut stopped = TestApp::start().await.stop_and_keep().await;
    stopped.config.ca.algorithms = signum_ca::Algorithms::Rsa;
    let app = stopped.start().await.unwrap();
    let tokens = &app.parts().tokens;
    assert!(app.parts().ceremony.certificate("root-rsa").is_some());
    denied(make(&*tokens.ca, CA, "root-g1").await);
    denied(make(&*tokens.ca, CA, "root-rsa-g2").await);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_is_gone_is_told_and_no_empty_one_takes_its_place() {
    let stopped = TestApp::start().await.stop_and_keep().await;
    let (tokens, away) = (stopped.layout.path("tokens"), stopped.layout.path("away"));
    std::fs::rename(&tokens, &away).unwrap();
    let Err(error) = stopped.clone().start().await else {
        panic!("started without its tokens")
    };
    assert!(format!("{error:#}").contains("no token signum-ca"), "{error:#}");
    std::fs::remove_dir_all(&tokens).unwrap();
    std::fs::rename(&away, &tokens).unwrap();
    stopped.start().await.unwrap().stop().await;
}
