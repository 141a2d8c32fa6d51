//! KEK epochs, rows of both forms, and ten thousand mutations of a wrapped key: none reaches a signature.

use std::time::{SystemTime, UNIX_EPOCH};

use sha2::{Digest, Sha256};
use signum_hsm_shim::token::Token;
use signum_hsm_shim::wrap::{Kek, KeyBinding, KeyUsage, WrapMechanism, WrappedKey};
use signum_hsm_shim::{HsmError, KeyAlgorithm, SignatureAlgorithm};

use crate::bench::{bare_session, in_own_process, open_token};
use crate::module::Module;

const MAC: &str = "binding";

fn owner(person: u8, algorithm: KeyAlgorithm) -> KeyBinding {
    KeyBinding {
        key: [person; 16],
        person: [person; 32],
        algorithm,
        usage: KeyUsage::Sign,
        epoch: 1,
    }
}

fn row(token: &Token, kek: &Kek, owner: &KeyBinding) -> WrappedKey {
    let new = token.create_wrapped(kek, MAC, owner, |spki| Ok(spki.to_vec())).unwrap();
    WrappedKey {
        owner: owner.clone(),
        spki: new.spki,
        blob: new.blob,
        binding: new.binding,
    }
}

fn sign(token: &Token, kek: &Kek, key: &WrappedKey) -> Result<(), HsmError> {
    let (algorithm, length) = match key.owner.algorithm {
        KeyAlgorithm::EcP384 => (SignatureAlgorithm::EcdsaSha384, 48),
        KeyAlgorithm::Rsa3072 => (SignatureAlgorithm::RsaPssSha256, 32),
        KeyAlgorithm::EcP256 => (SignatureAlgorithm::EcdsaSha256, 32),
        KeyAlgorithm::Ed25519 => (SignatureAlgorithm::Ed25519, 32),
    };
    token
        .sign_wrapped(kek, MAC, key, algorithm, &[vec![7; length]])
        .map(drop)
}

/// A row as part 1 made them: the bare blob, and the HMAC alone over the fields of version 1.
fn as_version_1(token: &Token, key: &WrappedKey) -> WrappedKey {
    let blob = key.blob[2..].to_vec();
    let mut covered = Vec::new();
    let fields: [&[u8]; 8] = [
        b"signum-wrapped-key-v1",
        &key.owner.key,
        &key.owner.person,
        b"ec-p256",
        b"sign",
        &key.owner.epoch.to_be_bytes(),
        &Sha256::digest(&key.spki),
        &blob,
    ];
    for field in fields {
        covered.extend((field.len() as u64).to_be_bytes());
        covered.extend(field);
    }
    WrappedKey {
        binding: token.mac(MAC, &covered).unwrap().to_vec(),
        blob,
        ..key.clone()
    }
}

#[test]
fn a_row_of_the_first_form_still_signs_and_is_bound_as_before() {
    // Such rows were only ever made with SoftHSM.
    if !Module::under_test().is_softhsm() {
        return;
    }
    in_own_process(|directory| {
        let token = open_token(directory);
        token.ensure_mac_key(MAC).unwrap();
        let kek = token.ensure_kek("kek", 1).unwrap();
        let old = as_version_1(&token, &row(&token, &kek, &owner(1, KeyAlgorithm::EcP256)));
        sign(&token, &kek, &old).unwrap();
        for altered in [
            WrappedKey {
                owner: KeyBinding {
                    usage: KeyUsage::Seal,
                    ..old.owner.clone()
                },
                ..old.clone()
            },
            WrappedKey {
                owner: KeyBinding {
                    person: [9; 32],
                    ..old.owner.clone()
                },
                ..old.clone()
            },
            WrappedKey {
                blob: old.blob[8..].to_vec(),
                ..old.clone()
            },
            // One form passed off as the other.
            WrappedKey {
                binding: [&[2], old.binding.as_slice()].concat(),
                ..old.clone()
            },
        ] {
            let signed = sign(&token, &kek, &altered);
            assert!(matches!(signed, Err(HsmError::BlobRejected(_))), "{signed:?}");
        }
    });
}

#[test]
fn new_keys_take_the_new_epoch_and_old_keys_still_sign() {
    in_own_process(|directory| {
        let token = open_token(directory);
        token.ensure_mac_key(MAC).unwrap();
        let first = token.ensure_kek("kek", 1).unwrap();
        let old = row(&token, &first, &owner(1, KeyAlgorithm::EcP256));
        assert_eq!(token.find_kek("kek", 2), Err(HsmError::KeyNotFound("kek.2".into())));
        let second = token.ensure_kek("kek", 2).unwrap();
        assert_eq!(token.kek_epochs("kek"), Ok(vec![1, 2]));
        let new = row(
            &token,
            &second,
            &KeyBinding {
                epoch: 2,
                ..owner(2, KeyAlgorithm::EcP256)
            },
        );
        sign(&token, &token.find_kek("kek", 1).unwrap(), &old).unwrap();
        sign(&token, &second, &new).unwrap();
        // Each under its own KEK only, whatever the row says.
        assert!(matches!(sign(&token, &second, &old), Err(HsmError::BlobRejected(_))));
        let relabelled = WrappedKey {
            owner: KeyBinding {
                epoch: 2,
                ..old.owner.clone()
            },
            ..old.clone()
        };
        assert!(matches!(
            sign(&token, &second, &relabelled),
            Err(HsmError::BlobRejected(_))
        ));
        // No way from one to the other with what lies in this token.
        assert!(matches!(
            token.rewrap(&first, &second, MAC, &old),
            Err(HsmError::PolicyDenied(_))
        ));
    });
}

/// xorshift64*: a generator whose seed can be printed and given again.
struct Seeded(u64);

impl Seeded {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }

    fn spoil(&mut self, bytes: &mut Vec<u8>, others: &[u8]) {
        match self.below(7) {
            0 if !bytes.is_empty() => bytes.truncate(self.below(bytes.len())),
            1 => bytes.push(self.next() as u8),
            2 => bytes.clear(),
            3 if !bytes.is_empty() => drop(bytes.remove(self.below(bytes.len()))),
            4 => *bytes = others.to_vec(),
            5 if bytes.len() > 1 => {
                let (a, b) = (self.below(bytes.len()), self.below(bytes.len()));
                bytes.swap(a, b);
            }
            _ if !bytes.is_empty() => {
                let at = self.below(bytes.len());
                bytes[at] ^= 1 << self.below(8);
            }
            _ => bytes.push(0),
        }
    }

    fn mutate(&mut self, key: &mut WrappedKey, other: &WrappedKey) {
        match self.below(9) {
            0 | 1 => self.spoil(&mut key.blob, &other.blob),
            2 | 3 => self.spoil(&mut key.binding, &other.binding),
            4 => self.spoil(&mut key.spki, &other.spki),
            5 => key.owner.key[self.below(16)] ^= 1 << self.below(8),
            6 => key.owner.person[self.below(32)] ^= 1 << self.below(8),
            7 => {
                let all = [KeyAlgorithm::EcP256, KeyAlgorithm::EcP384, KeyAlgorithm::Rsa3072];
                key.owner.algorithm = all[self.below(3)];
            }
            _ if self.below(2) == 0 => key.owner.usage = KeyUsage::Seal,
            _ => key.owner.epoch ^= 1 << self.below(32),
        }
    }
}

#[test]
fn ten_thousand_mutations_of_a_wrapped_key_are_all_refused() {
    in_own_process(|directory| {
        let token = open_token(directory);
        token.ensure_mac_key(MAC).unwrap();
        let kek = token.ensure_kek("kek", 1).unwrap();
        let mut rows = vec![
            row(&token, &kek, &owner(1, KeyAlgorithm::EcP256)),
            row(&token, &kek, &owner(2, KeyAlgorithm::EcP256)),
            row(&token, &kek, &owner(3, KeyAlgorithm::EcP384)),
        ];
        if kek.mechanism == WrapMechanism::Pad {
            rows.push(as_version_1(&token, &rows[0]));
        }
        let seed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos() as u64 | 1;
        println!("seed {seed}");
        let mut rng = Seeded(seed);
        let mut tried = 0;
        while tried < 10_000 {
            let (mine, other) = (&rows[rng.below(rows.len())], &rows[rng.below(rows.len())]);
            let mut key = mine.clone();
            for _ in 0..=rng.below(3) {
                rng.mutate(&mut key, other);
            }
            if rows.contains(&key) {
                continue;
            }
            tried += 1;
            let refused = sign(&token, &kek, &key);
            assert!(
                matches!(refused, Err(HsmError::BlobRejected(_))),
                "seed {seed}: {refused:?} for {key:?}"
            );
        }
        for key in &rows {
            sign(&token, &kek, key).unwrap();
        }
    });
}

#[test]
fn a_kek_cannot_be_copied_or_weakened() {
    in_own_process(|directory| {
        use cryptoki::object::{Attribute, ObjectClass};
        let token = open_token(directory);
        token.ensure_kek("kek", 1).unwrap();
        let session = bare_session();
        let find = [
            Attribute::Class(ObjectClass::SECRET_KEY),
            Attribute::Label(b"kek.1".to_vec()),
        ];
        let kek = session.find_objects(&find).unwrap()[0];
        for template in [
            vec![Attribute::Label(b"copy".to_vec())],
            vec![Attribute::Extractable(true)],
            vec![Attribute::Decrypt(true)],
            vec![Attribute::Token(false), Attribute::Modifiable(true)],
        ] {
            assert!(session.copy_object(kek, &template).is_err(), "{template:?}");
        }
        let report = token.attest("kek.1").unwrap();
        assert!(report.never_left());
        assert_eq!(report.rights, ["wrap", "unwrap"]);
        assert_eq!((report.modifiable, report.copyable), (Some(false), Some(false)));
    });
}
