//! The golden set that outside judges read: `tests/peers/pki_judges.py`.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use der::Decode;
use openssl::hash::MessageDigest;
use openssl::pkey::{PKey, Private};
use signum_ca::{Algorithms, Config, LeafRequest, Official, Organization, Qscd, Seal, Server, Service, Subject};
use signum_core::contract::{
    AskedBy, CertificateAuthority, IssuedCertificate, KeyOrigin, LeafProfile, PersonName, StatusAction, StatusChange,
};
use signum_pki::ocsp::request::OcspRequest;

use crate::day::Day;
use crate::house::{self, House, config, in_own_process, key, pkcs10, request};
use crate::issuance::serial;
use crate::lists::revoke_many;
use crate::ocsp::{question, send};
use crate::presigned::{get, plain};

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

/// A CA of two days ago, and two certificates that lived for one: the second was revoked.
async fn with_expired(dir: &Path, config: Config) -> (House, [IssuedCertificate; 2]) {
    let house = house::empty(dir, config.clone()).await;
    let now = house.now();
    house.clock.set(now.minus(Duration::from_secs(2 * 86_400)));
    let mut day = Day::new(dir);
    day.clock.set(house.now());
    day.whole_hierarchy(&house).await;
    house.service.ceremony().await.unwrap();
    let short = Config {
        signature_days: 1,
        ..config
    };
    let short = house::service(short, &house.cx, &house.token);
    let mut expired = Vec::new();
    for number in [200, 201] {
        let asked = leaf(number, Subject::Signature(person()), &key());
        expired.push(short.issue_leaf(&asked).await.unwrap());
    }
    house.service.revoke(&serial(&expired[1].certificate), 1).await.unwrap();
    house.clock.set(now);
    (house, expired.try_into().unwrap())
}

/// Answers signed in advance for every leaf of the signature CA (`presigned-...`), one for several at once (`several`), those
/// about expired certificates, and a list of ten thousand entries.
async fn answers(house: &House, golden: &Path, leaves: &[(String, Vec<u8>)], expired: &[(&str, &IssuedCertificate)]) {
    let chain = &expired[0].1.chain;
    house.service.presign_due().await.unwrap();
    let mut ids = Vec::new();
    for (name, certificate) in leaves {
        let one = IssuedCertificate {
            certificate: certificate.clone(),
            chain: chain.clone(),
        };
        let asked = plain(&one, MessageDigest::sha1());
        std::fs::write(
            golden.join(format!("presigned-{name}.ocsp")),
            get(&house.service, &asked).await,
        )
        .unwrap();
        std::fs::write(golden.join(format!("presigned-{name}.pem")), pem(certificate)).unwrap();
        ids.push(OcspRequest::from_der(&asked).unwrap().tbs.request_list[0].clone());
    }
    for (name, one) in expired {
        let answer = get(&house.service, &plain(one, MessageDigest::sha1())).await;
        std::fs::write(golden.join(format!("{name}.ocsp")), answer).unwrap();
        std::fs::write(golden.join(format!("{name}.pem")), pem(&one.certificate)).unwrap();
    }
    let several = question(expired[0].1, |request| request.tbs.request_list = ids);
    std::fs::write(golden.join("several.ocsp"), get(&house.service, &several).await).unwrap();
    revoke_many(house, 10_000).await;
    house.service.publish_due_crls().await.unwrap();
    let list = Request::builder().uri("/crl/qsig/0.crl").body(Body::empty()).unwrap();
    let (_, _, list) = send(house, list).await;
    std::fs::write(
        golden.join("long.crl"),
        openssl::x509::X509Crl::from_der(&list).unwrap().to_pem().unwrap(),
    )
    .unwrap();
}

fn pem(certificate: &[u8]) -> Vec<u8> {
    openssl::x509::X509::from_der(certificate).unwrap().to_pem().unwrap()
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
        // The EC authorities come of ceremonies with an offline root, the RSA ones of the development ceremony.
        let offline = Config {
            offline_root: true,
            ..pretend.clone()
        };
        let (house, expired) = with_expired(&dir, offline).await;
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
        let action = StatusAction::Revoke { reason: 4 };
        let mut change = StatusChange::new(&serial(&revoked), action, AskedBy::Operator);
        change.invalid_since = Some(house.now().minus(Duration::from_secs(3_600)));
        house.service.change(&change).await.unwrap();
        house.service.suspend(&serial(&suspended)).await.unwrap();
        ec_leaves.extend([
            ("signature".to_owned(), qcp_n),
            ("signature-qscd-revoked".to_owned(), revoked),
            ("authentication-suspended".to_owned(), suspended),
        ]);
        let of_qsig = ec_leaves.iter().filter(|(name, _)| name.contains("signature"));
        let leaves_of_qsig: Vec<_> = of_qsig.cloned().collect();
        for (service, leaves) in [(&house.service, ec_leaves), (&rsa, rsa_leaves)] {
            let leaves: Vec<_> = leaves.iter().map(|(name, der)| (name.as_str(), der.clone())).collect();
            service.export(&golden, &leaves).await.unwrap();
        }
        let more = [("expired-good", &expired[0]), ("expired-revoked", &expired[1])];
        answers(&house, &golden, &leaves_of_qsig, &more).await;
        assert!(golden.join("leaf-7-signature-qscd-revoked.ocsp").exists());
        assert!(golden.join("stamp-rsa.tsr").exists());
    });
}
