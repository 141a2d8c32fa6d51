//! The golden set that outside judges read: `tests/peers/pki_judges.py`.

use std::path::PathBuf;

use signum_ca::{Config, Qscd};
use signum_core::contract::{CertificateAuthority, LeafProfile};

use crate::house::{self, config, in_own_process, key, pkcs10, request};
use crate::issuance::serial;

/// Writes the set into the folder that `SIGNUM_GOLDEN` names, or into a throw-away one.
#[test]
fn a_golden_set_is_written_for_the_judges() {
    in_own_process(|dir| async move {
        let golden = std::env::var_os("SIGNUM_GOLDEN").map_or_else(|| dir.join("golden"), PathBuf::from);
        std::fs::create_dir_all(&golden).unwrap();
        let pretend = Config {
            qscd: Qscd::Pretend,
            ..config()
        };
        let house = house::open(&dir, pretend).await;
        let plain = house::service(config(), &house.cx, &house.token);
        let issue = |service: std::sync::Arc<signum_ca::Service>, number, profile| async move {
            let issued = service.issue(request(number, profile, pkcs10(&key()))).await.unwrap();
            issued.certificate
        };
        let authentication = issue(house.service.clone(), 1, LeafProfile::CitizenAuthentication).await;
        let qscd = issue(house.service.clone(), 2, LeafProfile::CitizenSignature).await;
        let qcp_n = issue(plain, 3, LeafProfile::CitizenSignature).await;
        let revoked = issue(house.service.clone(), 4, LeafProfile::CitizenSignature).await;
        let suspended = issue(house.service.clone(), 5, LeafProfile::CitizenAuthentication).await;
        house.service.revoke(&serial(&revoked), 4).await.unwrap();
        house.service.suspend(&serial(&suspended)).await.unwrap();
        let leaves = [
            ("authentication", authentication),
            ("signature-qscd", qscd),
            ("signature", qcp_n),
            ("signature-qscd-revoked", revoked),
            ("authentication-suspended", suspended),
        ];
        house.service.export(&golden, &leaves).await.unwrap();
        assert!(golden.join("leaf-3-signature-qscd-revoked.ocsp").exists());
    });
}
