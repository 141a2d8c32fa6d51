//! Every leaf profile through issuance: what is refused, how long it lives, what may be suspended, which keys are blocked.

use signum_ca::{Checksum, Config, IssueError, PersonIdentifier, Subject};
use signum_core::contract::{CertificateAuthority, KeyOrigin, LeafProfile};
use signum_core::{Timestamp, params};
use signum_pki::chain::{Purpose, verify_chain};

use crate::golden::{leaf, subjects};
use crate::house::{self, House, config, in_own_process, key, pkcs10, request};
use crate::issuance::serial;

fn subject(name: &str) -> Subject {
    subjects().into_iter().find(|(known, _)| *known == name).unwrap().1
}

async fn refused(house: &House, number: u8, subject: Subject) -> &'static str {
    match house.service.issue_leaf(&leaf(number, subject, &key())).await {
        Err(IssueError::Refused { code, .. }) => code,
        other => panic!("{other:?}"),
    }
}

fn not_after(certificate: &[u8]) -> i64 {
    let parsed = openssl::x509::X509::from_der(certificate).unwrap();
    let epoch = openssl::asn1::Asn1Time::from_unix(0).unwrap();
    let since = epoch.diff(parsed.not_after()).unwrap();
    i64::from(since.days) * 86_400 + i64::from(since.secs)
}

#[test]
fn each_leaf_profile_is_issued_by_its_own_authority_and_verifies() {
    in_own_process(|dir| async move {
        let house = house::open(&dir, config()).await;
        let transcript = house.service.ceremony().await.unwrap();
        for (number, (name, subject)) in (1..).zip(subjects()) {
            let issued = house.service.issue_leaf(&leaf(number, subject, &key())).await.unwrap();
            let issuer = match name {
                "authentication" => "auth",
                "seal" => "seal",
                "agency-tls" => "tls",
                _ => "qsig",
            };
            assert_eq!(issued.chain[0], transcript.certificate(issuer).unwrap());
            let (chain, root) = (&issued.chain[..1], &issued.chain[1..]);
            verify_chain(&issued.certificate, chain, root, Purpose::Any, house.now().seconds()).unwrap();
        }
    });
}

#[test]
fn an_official_s_certificate_ends_with_the_employment() {
    in_own_process(|dir| async move {
        let house = house::open(&dir, config()).await;
        let ends = Timestamp::from_seconds(house.now().seconds() + 30 * 86_400);
        let mut asked = leaf(1, subject("official-signature"), &key());
        asked.ends_by = Some(ends);
        let issued = house.service.issue_leaf(&asked).await.unwrap();
        assert_eq!(not_after(&issued.certificate), ends.seconds());
        let mut late = leaf(2, subject("official-signature"), &key());
        late.ends_by = Some(house.now());
        let error = house.service.issue_leaf(&late).await.unwrap_err();
        assert!(matches!(error, IssueError::Refused { code: "ended", .. }));
    });
}

#[test]
fn a_short_lived_certificate_lives_a_day_and_a_tls_one_ninety() {
    in_own_process(|dir| async move {
        let house = house::open(&dir, config()).await;
        for (number, name, days) in [(1, "short-lived-signature", 1), (2, "agency-tls", 90)] {
            let issued = house
                .service
                .issue_leaf(&leaf(number, subject(name), &key()))
                .await
                .unwrap();
            let left = not_after(&issued.certificate) - house.now().seconds();
            assert!(left <= days * 86_400 && left > days * 86_400 - 3600, "{name}: {left}");
        }
    });
}

#[test]
fn malformed_organisations_and_servers_are_refused_and_recorded() {
    in_own_process(|dir| async move {
        let house = house::open(&dir, config()).await;
        let Subject::Seal(mut seal) = subject("seal") else {
            panic!("seal")
        };
        seal.organization.number = "81".to_owned();
        assert_eq!(refused(&house, 1, Subject::Seal(seal)).await, "subject_malformed");
        let Subject::OfficialSignature(mut official) = subject("official-signature") else {
            panic!("official")
        };
        official.title = "Line\nbreak".to_owned();
        assert_eq!(
            refused(&house, 2, Subject::OfficialSignature(official)).await,
            "subject_malformed"
        );
        for (number, name) in (3..).zip(["server.local", "10.0.0.1", "*.example.org"]) {
            let Subject::TlsServer(mut server) = subject("agency-tls") else {
                panic!("server")
            };
            server.names.push(name.to_owned());
            assert_eq!(
                refused(&house, number, Subject::TlsServer(server)).await,
                "subject_malformed"
            );
        }
        assert_eq!(house.audited("certificate.refused").await, 5);
    });
}

#[test]
fn a_seal_may_be_suspended_and_a_tls_certificate_may_not() {
    in_own_process(|dir| async move {
        let house = house::open(&dir, config()).await;
        for (number, name, may) in [
            (1, "seal", true),
            (2, "agency-tls", false),
            (3, "short-lived-signature", false),
        ] {
            let issued = house
                .service
                .issue_leaf(&leaf(number, subject(name), &key()))
                .await
                .unwrap();
            assert_eq!(
                house.service.suspend(&serial(&issued.certificate)).await.is_ok(),
                may,
                "{name}"
            );
        }
    });
}

#[test]
fn a_blocked_key_is_never_certified_though_it_never_was() {
    in_own_process(|dir| async move {
        let house = house::open(&dir, config()).await;
        let found = key();
        house
            .service
            .block_key(&found.public_key_to_der().unwrap(), "published")
            .await
            .unwrap();
        let error = house
            .service
            .issue_leaf(&leaf(1, subject("signature"), &found))
            .await
            .unwrap_err();
        assert!(matches!(
            error,
            IssueError::Refused {
                code: "key_compromised",
                ..
            }
        ));
        assert_eq!(house.audited("key.blocked").await, 1);
    });
}

#[test]
fn a_revocation_for_key_compromise_blocks_the_key_in_the_table() {
    in_own_process(|dir| async move {
        let house = house::open(&dir, config()).await;
        let asked = request(1, LeafProfile::CitizenSignature, pkcs10(&key()));
        let issued = house.service.issue(asked).await.unwrap();
        house.service.revoke(&serial(&issued.certificate), 1).await.unwrap();
        let rows = house
            .cx
            .db
            .all("SELECT cause FROM blocked_key", params![])
            .await
            .unwrap();
        assert_eq!(rows[0].get::<String>("cause").unwrap(), "key_compromise");
    });
}

#[test]
fn two_organisations_never_share_a_key() {
    in_own_process(|dir| async move {
        let house = house::open(&dir, config()).await;
        let shared = key();
        house
            .service
            .issue_leaf(&leaf(1, subject("seal"), &shared))
            .await
            .unwrap();
        let Subject::Seal(mut other) = subject("seal") else {
            panic!("seal")
        };
        other.organization.number = "810000009".to_owned();
        let error = house
            .service
            .issue_leaf(&leaf(2, Subject::Seal(other), &shared))
            .await
            .unwrap_err();
        assert!(matches!(error, IssueError::Refused { code: "key_in_use", .. }));
    });
}

#[test]
fn outside_eu_mode_no_certificate_and_no_time_stamp_claims_the_european_union() {
    use signum_core::contract::TimeStamping;
    let statement = [0x06, 0x07, 0x04, 0x00, 0x81, 0x97, 0x5e, 0x01, 0x01];
    let legislation = [0x06, 0x06, 0x04, 0x00, 0x8e, 0x46, 0x01, 0x07];
    let has = |der: &[u8], oid: &[u8]| der.windows(oid.len()).any(|window| window == oid);
    in_own_process(|dir| async move {
        let house = house::open(&dir, config()).await;
        let query = signum_pki::tsp_request(&[7; 32], &[1; 16]).unwrap();
        assert!(!has(&house.service.time_stamp(&query).await.unwrap(), &statement));
        let eu = Config {
            eu_mode: true,
            qualified_time_stamps: true,
            ..config()
        };
        let eu = house::service(eu, &house.cx, &house.token);
        assert!(has(&eu.time_stamp(&query).await.unwrap(), &statement));
        for (service, number, says) in [(&house.service, 1, true), (&eu, 2, false)] {
            let issued = service
                .issue_leaf(&leaf(number, subject("signature"), &key()))
                .await
                .unwrap();
            assert_eq!(has(&issued.certificate, &legislation), says);
        }
        let wrong = Config {
            qualified_time_stamps: true,
            ..config()
        };
        assert_eq!(wrong.check().unwrap_err().field, "qualified_time_stamps");
    });
}

#[test]
fn a_certificate_that_would_outlive_its_issuer_is_refused_not_shortened() {
    in_own_process(|dir| async move {
        let house = house::open(&dir, config()).await;
        house.clock.advance(std::time::Duration::from_secs(6 * 365 * 86_400));
        assert_eq!(refused(&house, 1, subject("authentication")).await, "outlives_issuer");
    });
}

#[test]
fn a_country_s_form_of_numbers_is_held_by_requests_and_linter_alike() {
    in_own_process(|dir| async move {
        let elsewhere = Config {
            country: "AL".to_owned(),
            personal_number_pattern: "[A-Z][0-9]{8}[A-Z]".to_owned(),
            organization_identifier: "NTRAL-K12345678A".to_owned(),
            organization_number_pattern: "[A-Z][0-9]{8}[A-Z]".to_owned(),
            ..config()
        };
        let house = house::open(&dir, elsewhere.clone()).await;
        let with = |number: u8, identifier: &str| {
            let Subject::Authentication(mut person) = subject("authentication") else {
                panic!("authentication")
            };
            person.personal_number = identifier.to_owned();
            let mut asked = leaf(number, Subject::Authentication(person), &key());
            asked.key_origin = KeyOrigin::Unknown;
            asked
        };
        let issued = house.service.issue_leaf(&with(1, "J12345678N")).await.unwrap();
        let text = b"PNOAL-J12345678N";
        assert!(issued.certificate.windows(text.len()).any(|window| window == text));
        for (number, other) in (2..).zip([
            "1234567892",
            "J12345678N1",
            "J1234567N",
            "j12345678n",
            "",
            "J12345678N\n",
        ]) {
            let error = house.service.issue_leaf(&with(number, other)).await.unwrap_err();
            assert!(
                matches!(
                    error,
                    IssueError::Refused {
                        code: "person_malformed",
                        ..
                    }
                ),
                "{other:?}"
            );
        }
        let Subject::Seal(mut seal) = subject("seal") else {
            panic!("seal")
        };
        assert_eq!(
            refused(&house, 20, Subject::Seal(seal.clone())).await,
            "subject_malformed"
        );
        seal.organization.number = "L98765432B".to_owned();
        house
            .service
            .issue_leaf(&leaf(21, Subject::Seal(seal), &key()))
            .await
            .unwrap();
        // Where the last digit is a check digit, a slip of the pen is refused.
        let summed = Config {
            personal_number_checksum: Checksum::Luhn,
            personal_number_pattern: String::new(),
            personal_number_digits: 11,
            ..elsewhere
        };
        let summed = house::service(summed, &house.cx, &house.token);
        summed.issue_leaf(&with(30, "79927398713")).await.unwrap();
        let error = summed.issue_leaf(&with(31, "79927398731")).await.unwrap_err();
        assert!(matches!(
            error,
            IssueError::Refused {
                code: "person_malformed",
                ..
            }
        ));
    });
}

#[test]
fn a_pattern_that_is_none_is_refused_before_anything_starts_and_its_fault_is_named() {
    let with = |pattern: &str| Config {
        personal_number_pattern: pattern.to_owned(),
        ..Config::default()
    };
    assert_eq!(with("[0-9]{13}").check(), Ok(()));
    for pattern in ["[0-9", "a)|(b", "(?=x)", &"9".repeat(300)] {
        let error = with(pattern).check().unwrap_err();
        assert_eq!(error.field, "personal_number_pattern");
        assert!(error.to_string().starts_with("ca.personal_number_pattern: "), "{error}");
    }
    // The CA's own number has the form as well.
    let own = Config {
        organization_number_pattern: "[A-Z]{3}".to_owned(),
        ..Config::default()
    };
    assert_eq!(own.check().unwrap_err().field, "organization_identifier");
}

#[test]
fn a_pseudonym_stands_for_the_personal_number_where_the_register_gives_one() {
    in_own_process(|dir| async move {
        let pseudonymous = Config {
            person_identifier: PersonIdentifier::Pseudonym,
            ..config()
        };
        let house = house::open(&dir, pseudonymous).await;
        let with = |number: u8, identifier: &str| {
            let Subject::Authentication(mut person) = subject("authentication") else {
                panic!("authentication")
            };
            person.personal_number = identifier.to_owned();
            let mut asked = leaf(number, Subject::Authentication(person), &key());
            asked.key_origin = KeyOrigin::Unknown;
            asked
        };
        let issued = house
            .service
            .issue_leaf(&with(1, "0f8fad5b-d9cb-469f-a165-70867728950e"))
            .await
            .unwrap();
        let says = |text: &str| {
            issued
                .certificate
                .windows(text.len())
                .any(|window| window == text.as_bytes())
        };
        assert!(says("UI:XK-0f8fad5b-d9cb-469f-a165-70867728950e"));
        assert!(says("https://pki.example.org/pseudonyms") && !says("PNO"));
        let error = house.service.issue_leaf(&with(2, "1234567892")).await.unwrap_err();
        assert!(matches!(
            error,
            IssueError::Refused {
                code: "person_malformed",
                ..
            }
        ));
    });
}
