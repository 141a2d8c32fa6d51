//! What a token says of itself and its keys; randomness; the end of a key.

use signum_hsm_shim::attest::KeyClass;
use signum_hsm_shim::token::CANARY;
use signum_hsm_shim::wrap::WrapMechanism;
use signum_hsm_shim::{HsmError, KeyAlgorithm, SignatureAlgorithm};

use crate::bench::{TOKEN, bare_session, in_own_process, open_token};
use crate::module::Module;

#[test]
fn capabilities_name_what_softhsm_can_do_and_what_is_wrong_with_it() {
    if !Module::under_test().is_softhsm() {
        return;
    }
    in_own_process(|directory| {
        let token = open_token(directory);
        let can = token.capabilities().unwrap();
        assert_eq!(can.token.label, TOKEN);
        assert!(can.module.manufacturer.starts_with("SoftHSM"), "{:?}", can.module);
        // It lists AES_GCM, but not for keys.
        assert!(can.mechanisms.iter().any(|m| m.code == 0x1087 && !m.wraps));
        assert_eq!(can.wrapping, Some(WrapMechanism::Pad));
        assert_eq!(token.wrap_mechanism(), Ok(WrapMechanism::Pad));
        assert_eq!(can.keys.len(), 4);
        assert!(can.signatures.contains(&SignatureAlgorithm::RsaPssSha256));
        assert!(can.warnings.iter().any(|warning| warning.contains("RSA-PSS")));
        assert!(can.limits.longest_pin >= 32);
    });
}

#[test]
fn a_resident_key_is_attested_as_made_here_and_never_outside() {
    in_own_process(|directory| {
        let token = open_token(directory);
        let report = token.attest(CANARY).unwrap();
        assert_eq!(report.class, KeyClass::KeyPair);
        assert_eq!(report.public, Some(token.public_key(CANARY).unwrap()));
        assert!(report.never_left());
        assert_eq!(report.rights, ["sign"]);
        assert_eq!(report.generation_mechanism.as_deref(), Some("CKM_EC_KEY_PAIR_GEN"));
        assert_eq!(token.attest("none"), Err(HsmError::KeyNotFound("none".into())));
    });
}

#[test]
fn a_key_that_came_from_outside_is_not_attested_as_made_here() {
    use cryptoki::object::{Attribute, KeyType, ObjectClass};
    in_own_process(|directory| {
        let token = open_token(directory);
        let planted = [
            Attribute::Class(ObjectClass::SECRET_KEY),
            Attribute::KeyType(KeyType::GENERIC_SECRET),
            Attribute::Token(true),
            Attribute::Private(true),
            Attribute::Sensitive(true),
            Attribute::Extractable(false),
            Attribute::Sign(true),
            Attribute::Label(b"planted".to_vec()),
            Attribute::Value(vec![7; 32]),
        ];
        bare_session().create_object(&planted).unwrap();
        let report = token.attest("planted").unwrap();
        assert_eq!(report.class, KeyClass::Secret);
        assert!(!report.never_left() && !report.local && !report.never_extractable);
    });
}

#[test]
fn random_octets_are_as_many_as_asked_and_not_the_same_twice() {
    in_own_process(|directory| {
        let token = open_token(directory);
        let (first, second) = (token.random(32).unwrap(), token.random(32).unwrap());
        assert_eq!((first.len(), second.len()), (32, 32));
        assert_ne!(first, second);
        assert!(token.random(0).unwrap().is_empty());
        assert!(token.random(usize::MAX).is_err());
    });
}

#[test]
fn a_destroyed_key_is_gone_and_only_that_key() {
    in_own_process(|directory| {
        let token = open_token(directory);
        token.generate("doomed", KeyAlgorithm::EcP256).unwrap();
        token.ensure_mac_key("doomed-mac").unwrap();
        token.destroy("doomed").unwrap();
        token.destroy("doomed-mac").unwrap();
        let gone = |label: &str| Err(HsmError::KeyNotFound(label.into()));
        assert_eq!(
            token.sign("doomed", SignatureAlgorithm::EcdsaSha256, &[vec![0; 32]]),
            gone("doomed")
        );
        assert_eq!(token.destroy("doomed").err(), gone("doomed").err());
        assert_eq!(token.mac("doomed-mac", b"").err(), gone("doomed-mac").err());
        token.health().unwrap();
    });
}

#[test]
fn of_two_keys_of_a_label_none_is_destroyed() {
    use cryptoki::mechanism::Mechanism;
    use cryptoki::object::Attribute;
    in_own_process(|directory| {
        let token = open_token(directory);
        for _ in 0..2 {
            let template = [
                Attribute::Token(true),
                Attribute::ValueLen(32.into()),
                Attribute::Label(b"twin".to_vec()),
            ];
            bare_session()
                .generate_key(&Mechanism::GenericSecretKeyGen, &template)
                .unwrap();
        }
        assert_eq!(token.destroy("twin"), Err(HsmError::Ambiguous("twin".into())));
        assert_eq!(token.attest("twin"), Err(HsmError::Ambiguous("twin".into())));
    });
}
