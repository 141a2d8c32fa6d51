//! Answers signed in advance on several replicas, whose clocks differ and whose HSM may be away.

use super::*;

#[test]
fn a_change_is_told_within_two_seconds_on_every_replica_although_the_hsm_is_away() {
    in_own_process(|dir| async move {
        let house = house::open(&dir, config()).await;
        let one = issued(&house, 1).await;
        house.service.presign_due().await.unwrap();
        let workers = workers(&dir).await;
        let deps = Deps {
            cx: house.cx.clone(),
            hsm: workers.clone(),
        };
        let cut_off = Service::new(config(), deps).unwrap();
        workers.stop().await;
        let other = replica(&house, config(), &house.clock);
        let asked = plain(&one, MessageDigest::sha1());
        for service in [&house.service, &other, &cut_off] {
            let answer = get(service, &asked).await;
            assert!(matches!(read(&answer).responses[0].status, Status::Good(_)));
        }
        house.service.suspend(&serial(&one.certificate)).await.unwrap();
        house.clock.advance(Duration::from_secs(2));
        for service in [&house.service, &other] {
            let answer = get(service, &asked).await;
            assert!(matches!(read(&answer).responses[0].status, Status::Revoked(_)));
        }
        // Without its HSM a replica cannot say what is; it never says what was.
        assert_eq!(status(&get(&cut_off, &asked).await), ResponseStatus::TryLater);
        assert_eq!(house.service.presign_due().await.unwrap(), 1);
        let answer = get(&cut_off, &asked).await;
        assert!(matches!(read(&answer).responses[0].status, Status::Revoked(_)));
    });
}

#[test]
fn on_replicas_whose_clocks_differ_every_answer_holds_by_the_clock_of_the_one_that_tells_it() {
    in_own_process(|dir| async move {
        let house = house::open(&dir, config()).await;
        let one = issued(&house, 1).await;
        let at = |offset: i64| Arc::new(ManualClock::at(Timestamp(house.now().0 + offset * 1_000_000)));
        let clocks = [at(0), at(-8), at(5)];
        let replicas: Vec<_> = clocks.iter().map(|clock| replica(&house, config(), clock)).collect();
        let asked = [MessageDigest::sha1(), MessageDigest::sha256()].map(|digest| plain(&one, digest));
        let mut from_table = 0;
        // Three lives of an answer, in steps that fall on every side of its ends.
        for step in 0..130u64 {
            let turn = usize::try_from(step).unwrap() % 3;
            replicas[turn].presign_due().await.unwrap();
            for (service, clock) in replicas.iter().zip(&clocks) {
                for request in &asked {
                    let answer = get(service, request).await;
                    assert!(is_timely(&answer, clock.now()), "step {step}");
                    let lives = read(&answer).responses[0]
                        .next_update
                        .unwrap()
                        .to_unix_duration()
                        .as_secs()
                        - read(&answer).responses[0].this_update.to_unix_duration().as_secs();
                    from_table += usize::from(lives > 300);
                }
            }
            let by = Duration::from_secs([1, 1_000, 7, 2_993][usize::try_from(step).unwrap() % 4]);
            clocks.iter().for_each(|clock| clock.advance(by));
        }
        assert!(from_table > 700, "{from_table}");
    });
}

#[test]
fn a_replica_that_lags_tells_a_revocation_as_soon_as_the_others() {
    in_own_process(|dir| async move {
        let house = house::open(&dir, config()).await;
        let one = issued(&house, 1).await;
        let clock = Arc::new(ManualClock::at(house.now().minus(Duration::from_secs(20))));
        let lagging = replica(&house, config(), &clock);
        let asked = plain(&one, MessageDigest::sha1());
        assert!(matches!(
            read(&get(&lagging, &asked).await).responses[0].status,
            Status::Good(_)
        ));
        house.service.revoke(&serial(&one.certificate), 1).await.unwrap();
        clock.advance(Duration::from_secs(2));
        let answer = get(&lagging, &asked).await;
        assert!(matches!(read(&answer).responses[0].status, Status::Revoked(_)));
    });
}
