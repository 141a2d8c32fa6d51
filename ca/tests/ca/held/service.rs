//! A service whose root lies elsewhere, and the new keys of its CAs.

use super::*;

#[test]
fn a_service_whose_root_lies_elsewhere_serves_everything() {
    in_own_process(|dir| async move {
        let mut day = Day::new(&dir);
        let settings = Config {
            offline_root: true,
            ..house::config()
        };
        let house = house::empty(&dir, settings).await;
        house.clock.set(signum_core::Timestamp::from_seconds(NOON));
        let refused = house.service.ceremony().await.unwrap_err().to_string();
        assert!(refused.starts_with("root is not here"), "{refused}");
        // The root on its own token, the issuing CAs' keys on the service's, the root certifies them.
        let root = day.whole("root", Wanted::new(Kind::Root, ROOT)).await;
        let issuing = day.whole("issuing", Wanted::new(Kind::Issuing, "signum-ca")).await;
        let (state, requests) = (root_state(&root), requests(&issuing));
        let wanted = Wanted {
            root: Some(&state),
            requests: &requests,
            ..Wanted::new(Kind::Sign, ROOT)
        };
        let signed = day.whole("sign", wanted).await;
        for folder in [&root, &issuing, &signed] {
            assert_eq!(problems(folder, day.genesis), Vec::<String>::new());
        }
        // In this order and no other.
        let early = house.service.import_ceremony(&signed, day.genesis).await.unwrap_err();
        assert!(matches!(early, ImportError::NoRoot), "{early}");
        let nothing = house.service.import_ceremony(&issuing, day.genesis).await.unwrap_err();
        assert!(matches!(nothing, ImportError::Nothing("issuing")), "{nothing}");
        house.service.import_ceremony(&root, day.genesis).await.unwrap();
        let imported = house.service.import_ceremony(&signed, day.genesis).await.unwrap();
        assert_eq!(imported.authorities, ["auth", "qsig", "seal", "tsa", "tls"]);
        let again = house.service.import_ceremony(&signed, day.genesis).await.unwrap();
        assert!(again.authorities.is_empty());
        // Everything works, and the root's key is not there.
        let made = house.service.ceremony().await.unwrap();
        assert_eq!(made.certificate("root").unwrap(), root.read("out/root.der").unwrap());
        let root_key = KeyUri::new("signum-ca", "root-g1");
        let hsm = signum_hsm_shim::local::Local::new(house.token.clone());
        assert!(matches!(hsm.public_key(&root_key).await, Err(HsmError::KeyNotFound(_))));
        let asked = request(1, LeafProfile::CitizenSignature, pkcs10(&key()));
        let issued = house.service.issue(asked).await.unwrap();
        house.service.ocsp(&issued.certificate, &issued.chain[0]).await.unwrap();
        let query = signum_pki::tsp_request(&[7; 32], &[8; 16]).unwrap();
        house.service.time_stamp(&query).await.unwrap();
        house.service.publish_due_crls().await.unwrap();
        assert_eq!(
            crate::crl::newest(&house, "root").await,
            root.read("out/root.crl").unwrap()
        );
        // The root's list is watched, renewed by a ceremony and never by the service.
        let left = house.service.root_list_left().await.unwrap().unwrap();
        assert_eq!(left, Duration::from_secs(180 * 86_400));
        house.clock.advance(Duration::from_secs(170 * 86_400));
        house.service.publish_due_crls().await.unwrap();
        assert_eq!(
            crate::crl::newest(&house, "root").await,
            root.read("out/root.crl").unwrap()
        );
        day.clock.advance(Duration::from_secs(170 * 86_400));
        let state = house.service.root_state().await.unwrap();
        assert_eq!(state.next_list, 2);
        let wanted = Wanted {
            root: Some(&state),
            ..Wanted::new(Kind::RootList, ROOT)
        };
        let renewed = day.whole("list", wanted).await;
        house.service.import_ceremony(&renewed, day.genesis).await.unwrap();
        assert_eq!(
            crate::crl::newest(&house, "root").await,
            renewed.read("out/root.crl").unwrap()
        );
        // A CA is revoked; a list that forgets it, or an older one, is refused.
        let state = house.service.root_state().await.unwrap();
        let wanted = Wanted {
            root: Some(&state),
            authorities: &["seal".to_owned()],
            ..Wanted::new(Kind::Revoke, ROOT)
        };
        let revoked = day.whole("revoke", wanted).await;
        house.service.import_ceremony(&revoked, day.genesis).await.unwrap();
        let old = house.service.import_ceremony(&renewed, day.genesis).await.unwrap_err();
        assert!(matches!(old, ImportError::OldList { given: 2, here: 3 }), "{old}");
        let mut forgetful = house.service.root_state().await.unwrap();
        assert_eq!(forgetful.revoked.len(), 1);
        forgetful.revoked.clear();
        let wanted = Wanted {
            root: Some(&forgetful),
            ..Wanted::new(Kind::RootList, ROOT)
        };
        let forgets = day.whole("forgets", wanted).await;
        let refused = house.service.import_ceremony(&forgets, day.genesis).await.unwrap_err();
        assert!(matches!(refused, ImportError::Forgets(_)), "{refused}");
        assert_eq!(house.audited("ceremony.imported").await, 5);
    });
}

#[test]
fn a_ca_gets_a_new_key_when_nothing_hangs_on_the_old_one() {
    in_own_process(|dir| async move {
        let mut day = Day::new(&dir);
        let settings = Config {
            offline_root: true,
            ..house::config()
        };
        let house = house::empty(&dir, settings.clone()).await;
        house.clock.set(signum_core::Timestamp::from_seconds(NOON));
        day.whole_hierarchy(&house).await;
        let qsig = ["qsig".to_owned()];
        let re_key = async |day: &mut Day, generation: u32| {
            let names = Config {
                generation,
                ..day::config()
            };
            let service = house::service(settings.clone(), &house.cx, &house.token);
            let state = service.root_state().await.unwrap();
            let wanted = Wanted {
                config: Some(&names),
                root: Some(&state),
                authorities: &qsig,
                ..Wanted::new(Kind::ReKey, "signum-ca")
            };
            let keys = day.whole(&format!("re-key-{generation}"), wanted).await;
            let request = [("qsig".to_owned(), keys.read("out/qsig.p10").unwrap())];
            let wanted = Wanted {
                config: Some(&names),
                root: Some(&state),
                requests: &request,
                ..Wanted::new(Kind::Sign, ROOT)
            };
            let folder = day.whole(&format!("sign-{generation}"), wanted).await;
            service.import_ceremony(&folder, day.genesis).await.map(drop)
        };
        re_key(&mut day, 2).await.unwrap();
        let service = house::service(settings.clone(), &house.cx, &house.token);
        service.ceremony().await.unwrap();
        let asked = request(1, LeafProfile::CitizenSignature, pkcs10(&key()));
        let issued = service.issue(asked).await.unwrap();
        let issuer = openssl::x509::X509::from_der(&issued.chain[0]).unwrap();
        let name = format!("{:?}", issuer.subject_name());
        assert!(name.contains("Qualified Signature CA G2"), "{name}");
        let refused = re_key(&mut day, 3).await.unwrap_err();
        let expected = "qsig has 1 certificates in force under its old key";
        assert!(refused.to_string().starts_with(expected), "{refused}");
    });
}
