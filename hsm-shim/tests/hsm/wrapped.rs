//! People's keys: the KEK keeps what it is given, blobs belong to one owner, nothing stays behind.

use cryptoki::mechanism::Mechanism;
use cryptoki::object::{Attribute, AttributeType, KeyType, ObjectClass};
use signum_hsm_shim::token::Token;
use signum_hsm_shim::wrap::{Kek, KeyBinding, KeyUsage, NewWrapped, WrapMechanism, WrappedKey};
use signum_hsm_shim::{HsmError, KeyAlgorithm, SignatureAlgorithm};

use crate::bench::{bare_session, in_own_process, open_token};
use crate::module::Module;

const MAC: &str = "binding";

fn owner(algorithm: KeyAlgorithm) -> KeyBinding {
    KeyBinding {
        key: [1; 16],
        person: [2; 32],
        algorithm,
        usage: KeyUsage::Sign,
        epoch: 1,
    }
}

fn create(token: &Token, kek: &Kek, owner: &KeyBinding) -> (NewWrapped, WrappedKey) {
    let new = token
        .create_wrapped(kek, MAC, owner, |spki| Ok([b"proof of ", spki].concat()))
        .unwrap();
    let key = WrappedKey {
        owner: owner.clone(),
        spki: new.spki.clone(),
        blob: new.blob.clone(),
        binding: new.binding.clone(),
    };
    (new, key)
}

fn with_keys(token: &Token) -> Kek {
    token.ensure_mac_key(MAC).unwrap();
    token.ensure_kek("kek", 1).unwrap()
}

#[test]
fn a_wrapped_key_of_each_algorithm_signs() {
    in_own_process(|directory| {
        let token = open_token(directory);
        let kek = with_keys(&token);
        assert_eq!(token.ensure_kek("kek", 1).unwrap(), kek);
        let cases = [
            (KeyAlgorithm::EcP256, SignatureAlgorithm::EcdsaSha256, 32),
            (KeyAlgorithm::EcP384, SignatureAlgorithm::EcdsaSha384, 48),
            (KeyAlgorithm::Rsa3072, SignatureAlgorithm::RsaPssSha256, 32),
        ];
        for (key, algorithm, length) in cases {
            let (new, wrapped) = create(&token, &kek, &owner(key));
            assert_eq!(new.proof_tbs, [b"proof of ".as_slice(), &new.spki].concat());
            let digests = [vec![1; length], vec![2; length]];
            let signatures = token.sign_wrapped(&kek, MAC, &wrapped, algorithm, &digests).unwrap();
            assert_eq!(signatures.len(), 2);
        }
    });
}

#[test]
fn a_blob_that_was_altered_or_belongs_elsewhere_is_refused() {
    in_own_process(|directory| {
        let token = open_token(directory);
        let kek = with_keys(&token);
        let (_, mine) = create(&token, &kek, &owner(KeyAlgorithm::EcP256));
        let (_, theirs) = create(
            &token,
            &kek,
            &KeyBinding {
                person: [3; 32],
                ..owner(KeyAlgorithm::EcP256)
            },
        );
        let altered = |change: &dyn Fn(&mut WrappedKey)| {
            let mut key = mine.clone();
            change(&mut key);
            key
        };
        let cases = [
            altered(&|key| key.blob[10] ^= 1),
            altered(&|key| key.binding[0] ^= 1),
            altered(&|key| key.binding.clear()),
            altered(&|key| key.blob = theirs.blob.clone()),
            altered(&|key| key.spki = theirs.spki.clone()),
            altered(&|key| (key.blob, key.spki) = (theirs.blob.clone(), theirs.spki.clone())),
            altered(&|key| key.owner.person = [3; 32]),
            altered(&|key| key.owner.key = [9; 16]),
            altered(&|key| key.owner.epoch = 2),
        ];
        for case in cases {
            let signed = token.sign_wrapped(&kek, MAC, &case, SignatureAlgorithm::EcdsaSha256, &[vec![0; 32]]);
            assert!(matches!(signed, Err(HsmError::BlobRejected(_))), "{signed:?}");
        }
        let second = token.ensure_kek("kek", 2).unwrap();
        let signed = token.sign_wrapped(&second, MAC, &mine, SignatureAlgorithm::EcdsaSha256, &[vec![0; 32]]);
        assert!(matches!(signed, Err(HsmError::BlobRejected(_))));
    });
}

#[test]
fn the_kek_cannot_be_read_changed_or_made_to_let_keys_out() {
    in_own_process(|directory| {
        let token = open_token(directory);
        let kek = with_keys(&token);
        let (_, wrapped) = create(&token, &kek, &owner(KeyAlgorithm::EcP256));
        let session = bare_session();
        let find = [
            Attribute::Class(ObjectClass::SECRET_KEY),
            Attribute::Label(b"kek.1".to_vec()),
        ];
        let handle = session.find_objects(&find).unwrap()[0];
        assert!(
            session
                .get_attributes(handle, &[AttributeType::Value])
                .unwrap()
                .is_empty()
        );
        for change in [
            Attribute::Extractable(true),
            Attribute::Sensitive(false),
            Attribute::Derive(true),
            Attribute::Decrypt(true),
        ] {
            assert!(session.update_attributes(handle, &[change]).is_err());
        }
        if !Module::under_test().is_softhsm() {
            // Under GCM only the layer knows the associated data; `ensure_kek` has tried the same with a key of its own.
            return;
        }
        let unwrap = |extractable, sensitive| {
            let attributes = [
                Attribute::Class(ObjectClass::PRIVATE_KEY),
                Attribute::KeyType(KeyType::EC),
                Attribute::Token(false),
                Attribute::Extractable(extractable),
                Attribute::Sensitive(sensitive),
                Attribute::Sign(true),
            ];
            session.unwrap_key(&Mechanism::AesKeyWrapPad, handle, &wrapped.blob[2..], &attributes)
        };
        assert!(unwrap(true, true).is_err());
        assert!(unwrap(false, false).is_err());
        let key = unwrap(false, true).unwrap();
        assert!(session.get_attributes(key, &[AttributeType::Value]).unwrap().is_empty());
        assert!(session.wrap_key(&Mechanism::AesKeyWrapPad, handle, key).is_err());
    });
}

#[test]
fn a_kek_without_unwrap_template_is_refused() {
    in_own_process(|directory| {
        let token = open_token(directory);
        let flags = [
            Attribute::Token(true),
            Attribute::Private(true),
            Attribute::Sensitive(true),
            Attribute::Extractable(false),
            Attribute::Wrap(true),
            Attribute::Unwrap(true),
            Attribute::Encrypt(false),
            Attribute::Decrypt(false),
            Attribute::Sign(false),
            Attribute::Derive(false),
            Attribute::ValueLen(32.into()),
            Attribute::Label(b"weak.1".to_vec()),
        ];
        bare_session().generate_key(&Mechanism::AesKeyGen, &flags).unwrap();
        let refused = token.ensure_kek("weak", 1);
        assert_eq!(
            refused,
            Err(HsmError::Misconfigured("weak.1: no unwrap template".into()))
        );
    });
}

#[test]
fn two_hundred_wrapped_signatures_leave_no_object_behind() {
    in_own_process(|directory| {
        let token = open_token(directory);
        let kek = with_keys(&token);
        let (_, key) = create(&token, &kek, &owner(KeyAlgorithm::EcP256));
        let session = bare_session();
        let before = session.find_objects(&[]).unwrap().len();
        for n in 0_u8..200 {
            let digests = [vec![n; 32]];
            token
                .sign_wrapped(&kek, MAC, &key, SignatureAlgorithm::EcdsaSha256, &digests)
                .unwrap();
        }
        // A key whose creation fails half-way leaves nothing either.
        let failed = token.create_wrapped(&kek, MAC, &owner(KeyAlgorithm::EcP256), |_| {
            Err(HsmError::Timeout { maybe_executed: true })
        });
        assert_eq!(failed, Err(HsmError::Timeout { maybe_executed: true }));
        assert_eq!(session.find_objects(&[]).unwrap().len(), before);
    });
}

#[test]
fn a_mac_is_hmac_sha256_under_one_key() {
    in_own_process(|directory| {
        let token = open_token(directory);
        with_keys(&token);
        token.ensure_mac_key("other").unwrap();
        let mac = token.mac(MAC, b"text").unwrap();
        assert_eq!(mac, token.mac(MAC, b"text").unwrap());
        assert_ne!(mac, token.mac(MAC, b"texu").unwrap());
        assert_ne!(mac, token.mac("other", b"text").unwrap());
        let readable = [
            Attribute::Token(true),
            Attribute::Private(true),
            Attribute::Sensitive(true),
            Attribute::Extractable(true),
            Attribute::Sign(true),
            Attribute::ValueLen(32.into()),
            Attribute::Label(b"readable".to_vec()),
        ];
        bare_session()
            .generate_key(&Mechanism::GenericSecretKeyGen, &readable)
            .unwrap();
        assert!(matches!(
            token.ensure_mac_key("readable"),
            Err(HsmError::Misconfigured(_))
        ));
    });
}

/// What the capabilities name is what rows are made with, and who says no to a row of somebody else: the module, where it takes
/// associated data, or the HMAC before it.
#[test]
fn kryoptic_wraps_with_gcm_and_associated_data_and_softhsm_with_pad_and_hmac() {
    in_own_process(|directory| {
        let token = open_token(directory);
        let kek = with_keys(&token);
        let (_, key) = create(&token, &kek, &owner(KeyAlgorithm::EcP256));
        // (mechanism, its octet and the vector's length, octets of the binding, who refuses)
        let (mechanism, head, binding, refusal) = if Module::under_test().is_softhsm() {
            (WrapMechanism::Pad, [3, 0], 1 + 32, "its binding does not hold")
        } else {
            (WrapMechanism::Gcm, [1, 12], 1, "it does not unwrap")
        };
        let can = token.capabilities().unwrap();
        assert_eq!(can.wrapping, Some(mechanism));
        assert!(can.mechanisms.iter().any(|m| m.code == mechanism.code() && m.wraps));
        assert_eq!((&key.blob[..2], key.binding.len()), (&head[..], binding));
        let mut theirs = key.clone();
        theirs.owner.person = [9; 32];
        let digests = [vec![1; 32]];
        let sign = |key: &WrappedKey| token.sign_wrapped(&kek, MAC, key, SignatureAlgorithm::EcdsaSha256, &digests);
        assert_eq!(sign(&theirs), Err(HsmError::BlobRejected(refusal.into())));
        assert_eq!(sign(&key).map(|signatures| signatures.len()), Ok(1));
    });
}
