//! Key pairs of the token: each algorithm, finding exactly one, refusals before the module, lost sessions.

use std::path::Path;

use cryptoki::mechanism::Mechanism;
use cryptoki::object::Attribute;
use signum_hsm_shim::init::{NewToken, init_token};
use signum_hsm_shim::key::ecdsa_der;
use signum_hsm_shim::token::{CANARY, Token, TokenConfig};
use signum_hsm_shim::workers::init_token_apart;
use signum_hsm_shim::{HsmError, KeyAlgorithm, KeyUri, SignatureAlgorithm};

use crate::bench::{TOKEN, bare_session, in_own_process, module, open_token, pin_file};
use crate::ceremonies::environment;
use crate::module::Module;

const WORKER: &str = env!("CARGO_BIN_EXE_signum-hsm-worker");
const P256_PARAMS: [u8; 10] = [0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];

#[test]
fn each_algorithm_signs_and_openssl_agrees() {
    in_own_process(|directory| {
        let token = open_token(directory);
        let cases = [
            ("p256", KeyAlgorithm::EcP256, SignatureAlgorithm::EcdsaSha256, 32, 64),
            ("p384", KeyAlgorithm::EcP384, SignatureAlgorithm::EcdsaSha384, 48, 96),
            (
                "rsa",
                KeyAlgorithm::Rsa3072,
                SignatureAlgorithm::RsaPkcs1Sha256,
                32,
                384,
            ),
            ("rsa", KeyAlgorithm::Rsa3072, SignatureAlgorithm::RsaPssSha256, 32, 384),
            ("ed", KeyAlgorithm::Ed25519, SignatureAlgorithm::Ed25519, 100, 64),
        ];
        for (label, key, algorithm, input, signature) in cases {
            if key == KeyAlgorithm::Ed25519 && !Module::under_test().has_ed25519() {
                assert!(matches!(token.generate(label, key), Err(HsmError::Unsupported(_))));
                continue;
            }
            let made = match token.public_key(label) {
                Ok(public) => public,
                Err(HsmError::KeyNotFound(_)) => token.generate(label, key).unwrap(),
                Err(other) => panic!("{other}"),
            };
            assert_eq!(made.algorithm, key);
            let signatures = token.sign(label, algorithm, &[vec![7; input]]).unwrap();
            assert_eq!(signatures[0].len(), signature, "{label}");
            openssl::pkey::PKey::public_key_from_der(&made.spki).unwrap();
        }
    });
}

#[test]
fn signatures_come_in_the_order_of_the_inputs() {
    in_own_process(|directory| {
        let token = open_token(directory);
        let public = token.generate("p256", KeyAlgorithm::EcP256).unwrap();
        let digests: Vec<Vec<u8>> = (0_u8..20).map(|n| vec![n; 32]).collect();
        let signatures = token.sign("p256", SignatureAlgorithm::EcdsaSha256, &digests).unwrap();
        let key = openssl::pkey::PKey::public_key_from_der(&public.spki).unwrap();
        for (digest, signature) in digests.iter().zip(&signatures) {
            let signature = openssl::ecdsa::EcdsaSig::from_der(&ecdsa_der(signature).unwrap()).unwrap();
            assert!(signature.verify(digest, &key.ec_key().unwrap()).unwrap());
        }
    });
}

#[test]
fn what_does_not_fit_the_key_is_refused_before_the_module() {
    in_own_process(|directory| {
        let token = open_token(directory);
        let sign = |algorithm, length| token.sign(CANARY, algorithm, &[vec![0; length]]);
        // SoftHSM 2.6.1 would crash this process here.
        assert_eq!(
            sign(SignatureAlgorithm::RsaPssSha256, 32),
            Err(HsmError::KeyTypeMismatch)
        );
        assert_eq!(
            sign(SignatureAlgorithm::EcdsaSha384, 48),
            Err(HsmError::KeyTypeMismatch)
        );
        for actual in [0, 31, 33, 64] {
            assert_eq!(
                sign(SignatureAlgorithm::EcdsaSha256, actual),
                Err(HsmError::BadDigest { expected: 32, actual })
            );
        }
        token.health().unwrap();
    });
}

#[test]
fn no_key_and_two_keys_of_a_label_are_errors() {
    in_own_process(|directory| {
        let token = open_token(directory);
        assert_eq!(token.public_key("none"), Err(HsmError::KeyNotFound("none".into())));
        assert_eq!(
            token.generate(CANARY, KeyAlgorithm::EcP256),
            Err(HsmError::AlreadyExists(CANARY.into()))
        );
        let session = bare_session();
        for _ in 0..2 {
            let label = Attribute::Label(b"twin".to_vec());
            let public = [
                Attribute::Token(true),
                label.clone(),
                Attribute::EcParams(P256_PARAMS.to_vec()),
            ];
            let private = [Attribute::Token(true), label, Attribute::Sign(true)];
            session
                .generate_key_pair(&Mechanism::EccKeyPairGen, &public, &private)
                .unwrap();
        }
        assert_eq!(token.public_key("twin"), Err(HsmError::Ambiguous("twin".into())));
    });
}

#[test]
fn a_signature_that_does_not_fit_the_public_key_never_leaves() {
    in_own_process(|directory| {
        let token = open_token(directory);
        let session = bare_session();
        // The label's private half is of one pair, its public half of another: a corrupt or forged token.
        for (public, private) in [("elsewhere", "mixed"), ("mixed", "elsewhere")] {
            let public = [
                Attribute::Token(true),
                Attribute::Label(public.into()),
                Attribute::EcParams(P256_PARAMS.to_vec()),
            ];
            let private = [
                Attribute::Token(true),
                Attribute::Label(private.into()),
                Attribute::Sign(true),
            ];
            session
                .generate_key_pair(&Mechanism::EccKeyPairGen, &public, &private)
                .unwrap();
        }
        let signed = token.sign("mixed", SignatureAlgorithm::EcdsaSha256, &[vec![1; 32]]);
        assert_eq!(signed, Err(HsmError::SelfCheckFailed));
    });
}

#[test]
fn key_addresses_survive_a_round_trip_and_carry_no_pin() {
    for uri in [KeyUri::new("signum-ca", "root"), KeyUri::new("a;b", "ç % ?")] {
        assert_eq!(KeyUri::try_from(uri.to_string()), Ok(uri));
    }
    for wrong in [
        "root",
        "pkcs11:token=a",
        "pkcs11:object=a",
        "pkcs11:token=a;object=b?pin-value=1234",
    ] {
        assert!(KeyUri::try_from(wrong.to_owned()).is_err(), "{wrong}");
    }
}

#[test]
fn a_private_key_of_the_token_cannot_be_read_or_made_extractable() {
    in_own_process(|directory| {
        let _token = open_token(directory);
        let session = bare_session();
        let find = [
            Attribute::Class(cryptoki::object::ObjectClass::PRIVATE_KEY),
            Attribute::Label(CANARY.into()),
        ];
        let key = session.find_objects(&find).unwrap()[0];
        assert!(
            session
                .get_attributes(key, &[cryptoki::object::AttributeType::Value])
                .unwrap()
                .is_empty()
        );
        assert!(session.update_attributes(key, &[Attribute::Extractable(true)]).is_err());
        assert!(session.update_attributes(key, &[Attribute::Sensitive(false)]).is_err());
    });
}

#[test]
fn a_lost_login_is_made_good_once_and_unseen() {
    in_own_process(|directory| {
        let token = open_token(directory);
        token.health().unwrap();
        bare_session().logout().unwrap();
        token.health().unwrap();
        cryptoki::context::Pkcs11::new(crate::bench::module())
            .unwrap()
            .finalize()
            .unwrap();
        token.health().unwrap();
    });
}

#[test]
fn threads_share_a_token_of_two_sessions() {
    in_own_process(|directory| {
        let token = open_token(directory);
        std::thread::scope(|scope| {
            for _ in 0..6 {
                scope.spawn(|| (0..20).for_each(|_| token.health().unwrap()));
            }
        });
    });
}

/// SoftHSM writes a token's file anew at each login; who begins at that moment must look again.
#[test]
fn a_token_that_could_not_be_seen_for_a_moment_is_opened_all_the_same() {
    if !Module::under_test().is_softhsm() {
        return;
    }
    in_own_process(|directory| {
        let (home, away) = (directory.join("tokens"), directory.join("away"));
        let new = NewToken {
            module: module(),
            label: TOKEN.into(),
            so_pin: pin_file(directory, "so.pin"),
            user_pin: pin_file(directory, "user.pin"),
        };
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime
            .block_on(init_token_apart(Path::new(WORKER), &environment(), &new))
            .unwrap();
        let open = || {
            Token::open(TokenConfig {
                module: module(),
                token: TOKEN.into(),
                pin: new.user_pin.clone(),
                sessions: 1,
            })
        };
        // This process's module has begun without the token.
        std::fs::rename(&home, &away).unwrap();
        std::fs::create_dir(&home).unwrap();
        assert!(open().is_err());
        std::fs::remove_dir_all(&home).unwrap();
        std::fs::rename(&away, &home).unwrap();
        // It would be a second one of that label.
        assert_eq!(init_token(&new), Err(HsmError::AlreadyExists(TOKEN.into())));
        open().unwrap().health().unwrap();
    });
}
