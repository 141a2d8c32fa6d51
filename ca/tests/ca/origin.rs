//! The CA believes where a key was made on the pinned signing module's statement alone.

use signum_ca::{Config, Qscd};
use signum_core::contract::{CertificateAuthority, CertificateRequest, KeyOrigin, LeafProfile};
use signum_pki::key_origin::{KeyOrigin as Stated, person_reference};

use crate::house::{self, House, STATEMENT_KEY, config, in_own_process, key, origin, pkcs10, request, stated};
use crate::issuance::code;

/// DER of the id-etsi-qcs-QcSSCD object identifier.
const QC_SSCD: [u8; 8] = [0x06, 0x06, 0x04, 0x00, 0x8e, 0x46, 0x01, 0x04];
/// DER of the QCP-n-qscd policy.
const QCP_N_QSCD: [u8; 9] = [0x06, 0x07, 0x04, 0x00, 0x8b, 0xec, 0x40, 0x01, 0x02];

fn qscd() -> Config {
    Config {
        qscd: Qscd::Pretend,
        ..config()
    }
}

fn says_qscd(certificate: &[u8]) -> [bool; 2] {
    let has = |oid: &[u8]| certificate.windows(oid.len()).any(|window| window == oid);
    [has(&QC_SSCD), has(&QCP_N_QSCD)]
}

async fn is_unproven(house: &House, asked: CertificateRequest) {
    let before = house.audited("certificate.refused").await;
    assert_eq!(code(house.service.issue(asked).await), "key_origin_unproven");
    assert_eq!(house.audited("certificate.refused").await, before + 1);
}

fn signature(number: u8) -> CertificateRequest {
    request(number, LeafProfile::CitizenSignature, pkcs10(&key()))
}

#[test]
fn a_key_with_the_module_s_statement_gets_a_qualified_certificate_for_a_device() {
    in_own_process(|dir| async move {
        let house = house::open(&dir, qscd()).await;
        let asked = signature(1);
        let issued = house.service.issue(asked.clone()).await.unwrap();
        assert_eq!(says_qscd(&issued.certificate), [true, true]);
        let KeyOrigin::SigningModule { statement } = asked.key_origin else {
            panic!("no statement")
        };
        let sql = "SELECT key_statement FROM certificate WHERE profile = 'citizen-signature'";
        let row = house.cx.db.opt(sql, vec![]).await.unwrap().unwrap();
        assert_eq!(
            row.get::<Vec<u8>>("key_statement").unwrap(),
            statement,
            "kept as evidence"
        );
    });
}

#[test]
fn a_statement_about_another_person_is_refused() {
    in_own_process(|dir| async move {
        let house = house::open(&dir, qscd()).await;
        let mut asked = signature(1);
        let theirs = Stated {
            person: person_reference("PNOXK-1111111110"),
            ..origin(&asked.pkcs10)
        };
        asked.key_origin = stated(&theirs, &STATEMENT_KEY);
        is_unproven(&house, asked).await;
    });
}

#[test]
fn a_statement_about_another_certificate_request_is_refused() {
    in_own_process(|dir| async move {
        let house = house::open(&dir, qscd()).await;
        let mut asked = signature(1);
        // The attacker's own key with the statement of a key that the module did make for this person.
        asked.pkcs10 = pkcs10(&key());
        is_unproven(&house, asked).await;
    });
}

#[test]
fn a_statement_under_another_key_is_refused() {
    in_own_process(|dir| async move {
        let house = house::open(&dir, qscd()).await;
        let mut asked = signature(1);
        asked.key_origin = stated(&origin(&asked.pkcs10), &key());
        is_unproven(&house, asked).await;
    });
}

#[test]
fn an_altered_statement_and_one_about_a_lesser_key_are_refused() {
    in_own_process(|dir| async move {
        let house = house::open(&dir, qscd()).await;
        let mut asked = signature(1);
        let KeyOrigin::SigningModule { statement } = &mut asked.key_origin else {
            panic!("no statement")
        };
        let middle = statement.len() / 2;
        statement[middle] ^= 1;
        is_unproven(&house, asked.clone()).await;
        for junk in [vec![], vec![0x30, 0x00]] {
            asked.key_origin = KeyOrigin::SigningModule { statement: junk };
            is_unproven(&house, asked.clone()).await;
        }
        let lesser = Stated {
            attributes: "EC P-256 in a file".to_owned(),
            ..origin(&asked.pkcs10)
        };
        asked.key_origin = stated(&lesser, &STATEMENT_KEY);
        is_unproven(&house, asked).await;
    });
}

#[test]
fn a_ca_that_has_pinned_no_statement_key_believes_no_statement() {
    in_own_process(|dir| async move {
        let house = house::open(&dir, qscd()).await;
        let asked = signature(1);
        std::fs::remove_file(dir.join("statement-key.der")).unwrap();
        is_unproven(&house, asked).await;
    });
}

#[test]
fn a_claimed_card_or_nothing_is_no_proof_and_never_a_device() {
    in_own_process(|dir| async move {
        let house = house::open(&dir, qscd()).await;
        let lenient = Config {
            signature_keys_of_unknown_origin: true,
            ..qscd()
        };
        let lenient = house::service(lenient, &house.cx, &house.token);
        for (number, claim) in [(1, KeyOrigin::Card), (2, KeyOrigin::Unknown)] {
            let mut asked = signature(number);
            asked.key_origin = claim;
            is_unproven(&house, asked.clone()).await;
            let issued = lenient.issue(asked).await.unwrap();
            assert_eq!(says_qscd(&issued.certificate), [false, false]);
        }
    });
}
