//! The golden set that outside judges read: `tests/peers/pki_judges.py`.

use std::path::PathBuf;
use std::sync::Arc;

use openssl::pkey::{PKey, Private};
use signum_ca::{Algorithms, Config, LeafRequest, Official, Organization, Qscd, Seal, Server, Service, Subject};
use signum_core::contract::{CertificateAuthority, KeyOrigin, LeafProfile, PersonName};

use crate::house::{self, config, in_own_process, key, pkcs10, request};
use crate::issuance::serial;

fn person() -> PersonName {
    request(0, LeafProfile::CitizenSignature, Vec::new()).person
}

fn organization() -> Organization {
    Organization {
        name: "Ministria Shembull".to_owned(),
        number: "810000001".to_owned(),
    }
}

/// One subject of each leaf profile, with the name of its file.
pub fn subjects() -> [(&'static str, Subject); 6] {
    let official = Official {
        person: person(),
        organization: organization(),
        title: "Zyrtare e lartë".to_owned(),
    };
    let seal = Seal {
        organization: organization(),
        common_name: "Vula e Ministrisë Shembull".to_owned(),
    };
    let server = Server {
        organization: "Ministria Shembull".to_owned(),
        locality: "Prishtinë".to_owned(),
        names: vec!["www.agency.example.org".to_owned(), "8.8.8.8".to_owned()],
    };
    [
        ("authentication", Subject::Authentication(person())),
        ("signature", Subject::Signature(person())),
        ("official-signature", Subject::OfficialSignature(official)),
        ("short-lived-signature", Subject::ShortLivedSignature(person())),
        ("seal", Subject::Seal(seal)),
        ("agency-tls", Subject::TlsServer(server)),
    ]
}

/// A request with evidence of the origin of a person's key, as the signing module gives it.
pub fn leaf(number: u8, subject: Subject, key: &PKey<Private>) -> LeafRequest {
    let base = request(number, LeafProfile::CitizenSignature, pkcs10(key));
    let key_origin = match subject {
        Subject::Seal(_) | Subject::TlsServer(_) => KeyOrigin::Unknown,
        _ => base.key_origin,
    };
    LeafRequest {
        idempotency_key: base.idempotency_key,
        subject,
        pkcs10: base.pkcs10,
        key_origin,
        ends_by: None,
        desk: None,
    }
}

fn rsa_key() -> PKey<Private> {
    PKey::from_rsa(openssl::rsa::Rsa::generate(3072).unwrap()).unwrap()
}

async fn issued(service: &Arc<Service>, number: u8, subject: Subject, key: PKey<Private>) -> Vec<u8> {
    service
        .issue_leaf(&leaf(number, subject, &key))
        .await
        .unwrap()
        .certificate
}

/// Writes the set into the folder that `SIGNUM_GOLDEN` names, or into a throw-away one: every profile in both generations of
/// algorithms, with and without a device, good, revoked and suspended.
#[test]
fn a_golden_set_is_written_for_the_judges() {
    in_own_process(|dir| async move {
        let golden = std::env::var_os("SIGNUM_GOLDEN").map_or_else(|| dir.join("golden"), PathBuf::from);
        std::fs::create_dir_all(&golden).unwrap();
        let pretend = Config {
            qscd: Qscd::Pretend,
            ..config()
        };
        let house = house::open(&dir, pretend.clone()).await;
        let rsa = Config {
            algorithms: Algorithms::Rsa,
            ..pretend
        };
        let rsa = house::service(rsa, &house.cx, &house.token);
        let plain = house::service(config(), &house.cx, &house.token);
        rsa.ceremony().await.unwrap();
        let (mut ec_leaves, mut rsa_leaves) = (Vec::new(), Vec::new());
        for (number, (name, subject)) in (1..).zip(subjects()) {
            let qscd = if name.ends_with("signature") { "-qscd" } else { "" };
            let certificate = issued(&house.service, number, subject.clone(), key()).await;
            ec_leaves.push((format!("{name}{qscd}"), certificate));
            // RSA keys take long to make; an EC key under an RSA authority is a certificate of this generation as well.
            let key = if matches!(name, "signature" | "agency-tls") {
                rsa_key()
            } else {
                key()
            };
            let certificate = issued(&rsa, number + 100, subject, key).await;
            rsa_leaves.push((format!("{name}{qscd}-rsa"), certificate));
        }
        let [authentication, signature] = [Subject::Authentication(person()), Subject::Signature(person())];
        let qcp_n = issued(&plain, 11, signature.clone(), key()).await;
        let revoked = issued(&house.service, 12, signature, key()).await;
        let suspended = issued(&house.service, 13, authentication, key()).await;
        house.service.revoke(&serial(&revoked), 4).await.unwrap();
        house.service.suspend(&serial(&suspended)).await.unwrap();
        ec_leaves.extend([
            ("signature".to_owned(), qcp_n),
            ("signature-qscd-revoked".to_owned(), revoked),
            ("authentication-suspended".to_owned(), suspended),
        ]);
        for (service, leaves) in [(&house.service, ec_leaves), (&rsa, rsa_leaves)] {
            let leaves: Vec<_> = leaves.iter().map(|(name, der)| (name.as_str(), der.clone())).collect();
            service.export(&golden, &leaves).await.unwrap();
        }
        assert!(golden.join("leaf-7-signature-qscd-revoked.ocsp").exists());
        assert!(golden.join("stamp-rsa.tsr").exists());
    });
}
