//! The card's contract, APDU by APDU.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod commands;
mod durability;
mod files;
mod personalisation;
mod pins;
mod signatures;
mod traces;
mod wire;

use openssl::bn::BigNum;
use openssl::ecdsa::EcdsaSig;
use openssl::x509::X509;
use tempfile::TempDir;

use crate::{Card, Store, test_issuer};

/// A card on the bench, with the folder it lives in.
struct Bench {
    card: Card,
    folder: TempDir,
}

impl Bench {
    fn blank() -> Self {
        let folder = TempDir::new().unwrap();
        Store::create(folder.path()).unwrap();
        let card = Card::open(folder.path()).unwrap();
        Self { card, folder }
    }

    fn whole() -> Self {
        let mut bench = Self::blank();
        test_issuer::personalise(&mut bench.card, &test_issuer::HOLDER).unwrap();
        bench
    }

    /// Spaces are for the reader of the test.
    fn say(&mut self, command: &str) -> String {
        let command = hex::decode(command.replace(' ', "")).unwrap();
        hex::encode(self.card.transmit(&command))
    }

    fn ok(&mut self, command: &str) -> Vec<u8> {
        let answer = self.say(command);
        let data = answer
            .strip_suffix("9000")
            .unwrap_or_else(|| panic!("{command}: {answer}"));
        hex::decode(data).unwrap()
    }

    /// VERIFY with the digits.
    fn verify(&mut self, reference: u8, digits: &str) -> String {
        self.say(&format!("0020 00{reference:02x} 0c {}", field(digits)))
    }

    fn enter(&mut self, directory: &str) {
        self.ok("00a4 000c");
        self.ok(&format!("00a4 010c 02 {directory}"));
    }

    fn choose_authentication_key(&mut self) {
        self.enter("adf1");
        self.ok("0022 41a4 09 8004ff200800 840181");
    }

    fn choose_signature_key(&mut self) {
        self.enter("adf2");
        self.ok("0022 41b6 09 8004ff150800 84019f");
    }

    /// The card as it is after a power cut: only what is on disk counts.
    fn power_cut(&mut self) {
        self.card = Card::open(self.folder.path()).unwrap();
    }

    fn read_certificate(&mut self, path: &str) -> X509 {
        self.ok("00a4 000c");
        let control = self.ok(&format!("00a4 0904 04 {path} 00"));
        let length = usize::from(u16::from_be_bytes([control[4], control[5]]));
        let mut der = Vec::new();
        while der.len() < length {
            let [high, low] = u16::try_from(der.len()).unwrap().to_be_bytes();
            der.extend(self.ok(&format!("00b0 {high:02x}{low:02x} 00")));
        }
        assert_eq!(der.len(), length);
        X509::from_der(&der).unwrap()
    }
}

fn field(digits: &str) -> String {
    let mut octets = digits.as_bytes().to_vec();
    octets.resize(12, 0xff);
    hex::encode(octets)
}

fn verifies(certificate: &X509, digest: &[u8], signature: &[u8]) -> bool {
    assert_eq!(signature.len(), 96);
    let r = BigNum::from_slice(&signature[..48]).unwrap();
    let s = BigNum::from_slice(&signature[48..]).unwrap();
    let signature = EcdsaSig::from_private_components(r, s).unwrap();
    signature
        .verify(digest, &certificate.public_key().unwrap().ec_key().unwrap())
        .unwrap()
}
