//! A person enrolled for signing, and what they sign.

use sha2::{Digest, Sha256};
use signum_activation::commitment::person_reference;
use signum_activation::protocol::{Activation, SealedSet, StoredKey, Ticket, Voucher};
use signum_activation::voucher::voucher_challenge;
use signum_activation::{Commitment, CommittedDocument, DisplayClass};
use signum_gesture::options::request_options;
use signum_gesture::{Assertion, Authenticator};
use signum_softauth::SoftAuthenticator;

use crate::authority::Answer;
use crate::world::{Door, ORIGIN, World, register, rp, system_now};

pub struct Person {
    pub number: &'static str,
    pub reference: [u8; 32],
    pub credential: [u8; 16],
    pub device: SoftAuthenticator,
    pub authenticator: Authenticator,
    pub key: StoredKey,
    pub pkcs10: Vec<u8>,
    pub set: SealedSet,
    pub certificate: Vec<u8>,
}

/// An officer's gesture over `challenge`.
pub fn vouch(world: &mut World, officer: usize, challenge: &[u8; 32]) -> Voucher {
    let options = request_options(challenge, &rp(), &[]);
    let answer = world.officers[officer].get(&options, ORIGIN).unwrap();
    Voucher {
        officer: format!("officer-{}", officer + 1),
        assertion: Assertion::from_json(&answer).unwrap(),
    }
}

/// Both officers' gestures over one challenge.
pub fn vouchers(
    world: &mut World,
    person: &Person,
    authenticator: &Authenticator,
    credential: &[u8; 16],
    pkcs10: &[u8],
) -> [Voucher; 2] {
    let challenge = voucher_challenge(&person.reference, authenticator, credential, pkcs10);
    [vouch(world, 0, &challenge), vouch(world, 1, &challenge)]
}

/// A passkey, a key, two vouchers, a sealed set and a certificate.
pub fn enrol(world: &mut World, door: &Door, number: &'static str) -> Person {
    let reference = person_reference(number);
    let credential: [u8; 16] = Sha256::digest(number)[..16].try_into().unwrap();
    let mut device = SoftAuthenticator::new();
    let authenticator = register(&mut device);
    let (key, pkcs10) = door.create_key(credential, reference, &authenticator);
    let challenge = voucher_challenge(&reference, &authenticator, &credential, &pkcs10);
    let vouchers = [vouch(world, 0, &challenge), vouch(world, 1, &challenge)];
    let set = door.seal(&key, &pkcs10, &authenticator, &vouchers).unwrap();
    let certificate = world.authority.issue(&pkcs10, number);
    Person {
        number,
        reference,
        credential,
        device,
        authenticator,
        key,
        pkcs10,
        set,
        certificate,
    }
}

impl Person {
    /// A commitment to two documents.
    pub fn commitment(&self, ticket: &Ticket) -> Commitment {
        let document = |n: u8| CommittedDocument {
            original: [n; 32],
            byte_range: [n + 100; 32],
            label: format!("contract-{n}.pdf"),
        };
        Commitment {
            transaction: [5; 16],
            person: self.reference,
            client: "desk".into(),
            credential: self.credential,
            certificate: Sha256::digest(&self.certificate).into(),
            format: "PAdES-B-T".into(),
            documents: vec![document(1), document(2)],
            display: DisplayClass::Shown,
            deadline: ticket.deadline,
            nonce: ticket.nonce,
        }
    }

    /// The person's gesture over a commitment with everything that goes with it, as of `now`.
    pub fn agree(&mut self, world: &World, commitment: Commitment, ticket: Ticket, now: i64) -> Activation {
        let options = request_options(&commitment.hash(), &rp(), &[]);
        let answer = self.device.get(&options, ORIGIN).unwrap();
        Activation {
            commitment,
            ticket,
            assertion: Assertion::from_json(&answer).unwrap(),
            set: self.set.clone(),
            key: self.key.clone(),
            certificate: self.certificate.clone(),
            issuer: world.authority.der(),
            ocsp: world.authority.ocsp(&self.certificate, &Answer::Good, now),
            last_counter: 0,
        }
    }

    /// A whole good activation now.
    pub fn activation(&mut self, world: &World, door: &Door) -> Activation {
        let ticket = door.begin();
        let commitment = self.commitment(&ticket);
        self.agree(world, commitment, ticket, system_now())
    }
}
