//! What would crash or mislead SoftHSM is refused before the module sees it.

use signum_hsm_shim::{Hsm, HsmError, SignatureAlgorithm};

use super::patient::Patient;

#[tokio::test]
async fn pss_with_an_ec_key_and_short_digests_never_reach_the_module() {
    let patient = Patient::admit_with_shim(1).await;
    let service = patient.start().await;
    let process = service.workers.process_ids();
    let before = patient.calls("sign");
    let sign = async |algorithm, length| service.workers.sign(&service.key, algorithm, &[vec![7; length]]).await;
    let pss = sign(SignatureAlgorithm::RsaPssSha256, 32).await;
    assert_eq!(pss, Err(HsmError::KeyTypeMismatch));
    for actual in [0, 31, 33, 64] {
        let short = sign(SignatureAlgorithm::EcdsaSha256, actual).await;
        assert_eq!(short, Err(HsmError::BadDigest { expected: 32, actual }));
    }
    assert_eq!(patient.calls("sign"), before);
    assert_eq!(service.workers.process_ids(), process);
    service.sign(1).await.unwrap();
    service.workers.stop().await;
}
