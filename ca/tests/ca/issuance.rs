//! Issuance for people.

use signum_ca::{IssueError, LeafRequest, Lineage, Link, Subject, Succession};
use signum_core::contract::{CertificateAuthority, ContractError, IssuedCertificate, LeafProfile};
use signum_pki::chain::{Purpose, verify_chain};
use signum_pki::key_origin::{KeyOrigin as Stated, person_reference};

use crate::house::{
    self, House, STATEMENT_KEY, config, in_own_process, key, origin, pkcs10, pkcs10_signed_by, request, stated,
};

pub fn code(answer: Result<IssuedCertificate, ContractError>) -> String {
    match answer {
        Err(ContractError::Refused { code, .. }) => code,
        other => panic!("{other:?}"),
    }
}

async fn refused(house: &House, asked: signum_core::contract::CertificateRequest) -> String {
    code(house.service.issue(asked).await)
}

#[test]
fn both_profiles_are_issued_and_verify() {
    in_own_process(|dir| async move {
        let house = house::open(&dir, config()).await;
        for (number, profile) in [
            (1, LeafProfile::CitizenAuthentication),
            (2, LeafProfile::CitizenSignature),
        ] {
            let issued = house
                .service
                .issue(request(number, profile, pkcs10(&key())))
                .await
                .unwrap();
            let [issuer, root] = issued.chain.as_slice() else {
                panic!("chain")
            };
            let now = house.now().seconds();
            verify_chain(
                &issued.certificate,
                std::slice::from_ref(issuer),
                std::slice::from_ref(root),
                Purpose::Any,
                now,
            )
            .unwrap();
        }
    });
}

#[test]
fn the_same_idempotency_key_gets_the_first_certificate() {
    in_own_process(|dir| async move {
        let house = house::open(&dir, config()).await;
        let asked = request(1, LeafProfile::CitizenSignature, pkcs10(&key()));
        let first = house.service.issue(asked.clone()).await.unwrap();
        assert_eq!(house.service.issue(asked.clone()).await.unwrap(), first);
        let other = request(1, LeafProfile::CitizenSignature, pkcs10(&key()));
        assert_eq!(refused(&house, other).await, "idempotency_mismatch");
    });
}

#[test]
fn a_request_signed_with_another_key_is_refused_and_recorded() {
    in_own_process(|dir| async move {
        let house = house::open(&dir, config()).await;
        let asked = request(1, LeafProfile::CitizenSignature, pkcs10_signed_by(&key(), &key()));
        assert_eq!(refused(&house, asked).await, "no_proof_of_possession");
        let junk = request(2, LeafProfile::CitizenSignature, vec![0x30, 0x00]);
        assert_eq!(refused(&house, junk).await, "pkcs10_malformed");
        assert_eq!(house.audited("certificate.refused").await, 2);
    });
}

#[test]
fn a_weak_rsa_key_and_a_foreign_curve_are_refused() {
    use openssl::ec::{EcGroup, EcKey};
    use openssl::nid::Nid;
    use openssl::pkey::PKey;
    in_own_process(|dir| async move {
        let house = house::open(&dir, config()).await;
        let rsa = PKey::from_rsa(openssl::rsa::Rsa::generate(2048).unwrap()).unwrap();
        let koblitz = EcGroup::from_curve_name(Nid::SECP256K1).unwrap();
        let koblitz = PKey::from_ec_key(EcKey::generate(&koblitz).unwrap()).unwrap();
        for (number, weak) in [(1, rsa), (2, koblitz)] {
            let asked = request(number, LeafProfile::CitizenSignature, pkcs10(&weak));
            assert_eq!(refused(&house, asked).await, "weak_key");
        }
    });
}

#[test]
fn one_key_is_certified_for_one_person_and_one_purpose() {
    in_own_process(|dir| async move {
        let house = house::open(&dir, config()).await;
        let shared = key();
        let first = request(1, LeafProfile::CitizenSignature, pkcs10(&shared));
        house.service.issue(first.clone()).await.unwrap();
        let mut other_person = request(2, LeafProfile::CitizenSignature, pkcs10(&shared));
        other_person.person.personal_number = "1111111110".to_owned();
        let theirs = Stated {
            person: person_reference("PNOXK-1111111110"),
            ..origin(&other_person.pkcs10)
        };
        other_person.key_origin = stated(&theirs, &STATEMENT_KEY);
        assert_eq!(refused(&house, other_person).await, "key_in_use");
        let other_purpose = request(3, LeafProfile::CitizenAuthentication, pkcs10(&shared));
        assert_eq!(refused(&house, other_purpose).await, "key_in_use");
        // A renewal of the same person's certificate with the same key is none of these.
        let renewal = request(4, LeafProfile::CitizenSignature, pkcs10(&shared));
        house.service.issue(renewal).await.unwrap();
    });
}

#[test]
fn a_compromised_key_is_never_certified_again() {
    in_own_process(|dir| async move {
        let house = house::open(&dir, config()).await;
        let stolen = key();
        let issued = house
            .service
            .issue(request(1, LeafProfile::CitizenSignature, pkcs10(&stolen)))
            .await
            .unwrap();
        let serial = serial(&issued.certificate);
        house.service.revoke(&serial, 1).await.unwrap();
        let again = request(2, LeafProfile::CitizenSignature, pkcs10(&stolen));
        assert_eq!(refused(&house, again).await, "key_compromised");
    });
}

#[test]
fn malformed_people_are_refused() {
    in_own_process(|dir| async move {
        let house = house::open(&dir, config()).await;
        let good = request(1, LeafProfile::CitizenSignature, pkcs10(&key()));
        let spoilt: [fn(&mut signum_core::contract::PersonName); 4] = [
            |p| p.personal_number = "123".to_owned(),
            |p| p.given_name = "Line\nbreak".to_owned(),
            |p| p.surname = String::new(),
            |p| p.surname = "Combining e\u{308}".to_owned(),
        ];
        for spoil in spoilt {
            let mut asked = good.clone();
            spoil(&mut asked.person);
            assert_eq!(refused(&house, asked).await, "person_malformed");
        }
    });
}

/// Content octets of the serial number.
pub fn serial(certificate: &[u8]) -> Vec<u8> {
    let parsed = openssl::x509::X509::from_der(certificate).unwrap();
    parsed.serial_number().to_bn().unwrap().to_vec()
}

#[test]
fn a_renewal_and_a_rekey_are_linked_with_what_they_follow() {
    in_own_process(|dir| async move {
        let house = house::open(&dir, config()).await;
        let (first_key, second_key) = (key(), key());
        let leaf = |number: u8, of| LeafRequest {
            idempotency_key: [number; 16],
            subject: Subject::Authentication(request(0, LeafProfile::CitizenAuthentication, Vec::new()).person),
            pkcs10: pkcs10(of),
            key_origin: signum_core::contract::KeyOrigin::Unknown,
            ends_by: None,
            desk: None,
        };
        let service = &house.service;
        let first = serial(&service.issue_leaf(&leaf(1, &first_key)).await.unwrap().certificate);
        let renewed = service.issue_successor(&leaf(2, &first_key), &first).await.unwrap();
        let renewed = serial(&renewed.certificate);
        let rekeyed = service.issue_successor(&leaf(3, &second_key), &renewed).await.unwrap();
        let rekeyed = serial(&rekeyed.certificate);
        let link = |serial: &[u8], succession| Link {
            serial: serial.to_vec(),
            succession,
        };
        let middle = Lineage {
            follows: Some(link(&first, Succession::Renewal)),
            followed_by: vec![link(&rekeyed, Succession::Rekey)],
        };
        assert_eq!(service.lineage(&renewed).await.unwrap(), middle);
        assert_eq!(
            service.lineage(&first).await.unwrap().followed_by,
            vec![link(&renewed, Succession::Renewal)]
        );
        assert_eq!(service.lineage(&rekeyed).await.unwrap().followed_by, vec![]);
    });
}

#[test]
fn nobody_follows_another_person_s_certificate() {
    in_own_process(|dir| async move {
        let house = house::open(&dir, config()).await;
        let mine = request(1, LeafProfile::CitizenAuthentication, pkcs10(&key()));
        let issued = house.service.issue(mine.clone()).await.unwrap();
        let mut person = mine.person;
        person.personal_number = "9876543217".to_owned();
        let theirs = LeafRequest {
            idempotency_key: [2; 16],
            subject: Subject::Authentication(person),
            pkcs10: pkcs10(&key()),
            key_origin: signum_core::contract::KeyOrigin::Unknown,
            ends_by: None,
            desk: None,
        };
        let refused = house
            .service
            .issue_successor(&theirs, &serial(&issued.certificate))
            .await;
        assert!(matches!(
            refused,
            Err(IssueError::Refused {
                code: "no_predecessor",
                ..
            })
        ));
    });
}
