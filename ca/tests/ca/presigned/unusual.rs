//! Answers about what has expired, was never issued, or is asked in another form.

use super::*;

#[test]
fn an_expired_certificate_is_answered_with_the_archives_beginning() {
    in_own_process(|dir| async move {
        let house = house::open(&dir, config()).await;
        let (good, revoked) = (issued(&house, 1).await, issued(&house, 2).await);
        house.service.revoke(&serial(&revoked.certificate), 4).await.unwrap();
        house.service.presign_due().await.unwrap();
        house.clock.advance(Duration::from_secs(1_200 * 86_400));
        house.service.renew_own_keys().await.unwrap();
        let issuer = x509_cert::Certificate::from_der(&good.chain[0]).unwrap();
        let (begun, _) = signum_pki::certificate::validity_seconds(&issuer);
        for (certificate, is_good) in [(&good, true), (&revoked, false)] {
            let data = read(&get(&house.service, &plain(certificate, MessageDigest::sha1())).await);
            let single = &data.responses[0];
            assert_eq!(matches!(single.status, Status::Good(_)), is_good);
            let cutoff = single.extensions.as_ref().unwrap();
            let cutoff = cutoff.iter().find(|e| e.extn_id == oid::OCSP_ARCHIVE_CUTOFF).unwrap();
            let since = der::asn1::GeneralizedTime::from_der(cutoff.extn_value.as_bytes()).unwrap();
            assert_eq!(i64::try_from(since.to_unix_duration().as_secs()).unwrap(), begun);
        }
    });
}

#[test]
fn intended_and_abandoned_serial_numbers_are_never_good_whatever_is_configured() {
    in_own_process(|dir| async move {
        let house = house::open(&dir, config()).await;
        let one = issued(&house, 1).await;
        let strict = Config {
            ocsp_unissued: Unissued::Unauthorized,
            ..config()
        };
        let strict = replica(&house, strict, &house.clock);
        let copy = |serial: [u8; 17], abandoned: Option<i64>| {
            let cx = house.cx.clone();
            async move {
                cx.db
                    .run("test", |tx| async move {
                        tx.exec(
                            "INSERT INTO certificate (issuer, serial, profile, shard, idempotency_key, fingerprint, spki_sha256, tbs,
                                 tbs_sha256, not_before, not_after, reserved_at, abandoned_at)
                             SELECT issuer, $1, profile, shard, $1, fingerprint, spki_sha256, tbs, tbs_sha256, not_before,
                                 not_after, reserved_at, $2 FROM certificate WHERE profile = 'citizen-signature' AND certificate IS NOT NULL",
                            params![serial, abandoned],
                        )
                        .await?;
                        if abandoned.is_some() {
                            tx.exec(
                                "INSERT INTO certificate_status (issuer, serial, sequence, state, reason, at)
                                 VALUES ('qsig', $1, 1, 'revoked', 0, $2)",
                                params![serial, abandoned],
                            )
                            .await?;
                        }
                        Ok::<_, signum_core::DbError>(())
                    })
                    .await
                    .unwrap();
            }
        };
        let (intended, abandoned) = ([1; 17], [2; 17]);
        copy(intended, None).await;
        copy(abandoned, Some(house.now().0)).await;
        assert_eq!(house.service.presign_due().await.unwrap(), 2);
        let ask = |serial: [u8; 17]| {
            question(&one, |r| {
                r.tbs.request_list[0].cert_id.serial_number = der::asn1::Int::new(&serial).unwrap()
            })
        };
        for serial in [intended, abandoned, [3; 17]] {
            let answer = get(&house.service, &ask(serial)).await;
            assert!(matches!(read(&answer).responses[0].status, Status::Revoked(_)));
        }
        assert_eq!(
            status(&get(&strict, &ask(intended)).await),
            ResponseStatus::Unauthorized
        );
        assert_eq!(status(&get(&strict, &ask([3; 17])).await), ResponseStatus::Unauthorized);
        let given_up = get(&strict, &ask(abandoned)).await;
        assert!(matches!(read(&given_up).responses[0].status, Status::Revoked(_)));
    });
}

#[test]
fn ten_certificates_are_answered_at_once() {
    in_own_process(|dir| async move {
        let house = house::open(&dir, config()).await;
        let mut certificates = Vec::new();
        for number in 1..=10 {
            certificates.push(issued(&house, number).await);
        }
        house
            .service
            .revoke(&serial(&certificates[4].certificate), 1)
            .await
            .unwrap();
        house.service.presign_due().await.unwrap();
        let all = question(&certificates[0], |r| {
            r.tbs.request_list = certificates
                .iter()
                .map(|one| {
                    let request = signum_pki::ocsp::request::OcspRequest::from_der(&question(one, |_| {})).unwrap();
                    request.tbs.request_list[0].clone()
                })
                .collect();
        });
        let data = read(&get(&house.service, &all).await);
        assert_eq!(data.responses.len(), 10);
        for (place, single) in data.responses.iter().enumerate() {
            assert_eq!(matches!(single.status, Status::Good(_)), place != 4);
        }
    });
}

#[test]
fn plain_and_padded_forms_of_one_question_get_answers_that_fit_them() {
    in_own_process(|dir| async move {
        let house = house::open(&dir, config()).await;
        let one = issued(&house, 1).await;
        house.service.presign_due().await.unwrap();
        // A requestor's name: not the plain form, the same question.
        let named = {
            let mut request =
                <signum_pki::ocsp::request::OcspRequest as der::Decode>::from_der(&plain(&one, MessageDigest::sha1()))
                    .unwrap();
            let name = x509_cert::ext::pkix::name::GeneralName::DirectoryName(x509_cert::name::Name::default());
            request.tbs.requestor_name = Some(name);
            request.to_der().unwrap()
        };
        let (bare, named) = (plain(&one, MessageDigest::sha1()), named);
        assert_eq!(get(&house.service, &bare).await, get(&house.service, &named).await);
        for (length, octet) in [(1, 0), (20, 0x7f), (20, 0xff), (21, 1)] {
            let strange = question(&one, |r| {
                let serial = der::asn1::Int::new(&vec![octet; length]).unwrap();
                r.tbs.request_list[0].cert_id.serial_number = serial;
            });
            assert!(matches!(
                read(&get(&house.service, &strange).await).responses[0].status,
                Status::Revoked(_)
            ));
        }
        // Every one-octet change of a plain request is answered in good order, and only for what it asks.
        for place in 0..bare.len() {
            let mut changed = bare.clone();
            changed[place] ^= 1;
            let answer = get(&house.service, &changed).await;
            if status(&answer) == ResponseStatus::Successful {
                assert!(
                    matches!(read(&answer).responses[0].status, Status::Revoked(_)),
                    "octet {place}"
                );
            }
        }
    });
}
