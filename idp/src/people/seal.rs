//! A person's data as they are stored: AES-256-GCM, bound to their row and column (NIST SP 800-38D; the review's requirement 21).
//!
//! The name of the table, the column, the row's id and the generation of the key are associated data: what is sealed for one
//! person opens in nobody else's row, and in no other column. The plaintext is padded, so that its length says nothing of a name.

use openssl::error::ErrorStack;
use openssl::symm::{Cipher, decrypt_aead, encrypt_aead};
use serde::{Deserialize, Serialize};
use signum_core::{Id, Random};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::Person;
use crate::derived_key::DerivedKey;

/// The form of what is stored; another form gets another number.
const VERSION: u8 = 1;
const NONCE: usize = 12;
const TAG: usize = 16;
/// Plaintexts are filled up to a multiple of this.
const BLOCK: usize = 256;
/// Octets JSON writes at most for one of a text.
const LONGEST_ESCAPE: usize = 6;

/// What the HSM computes the root of a generation's keys from.
pub(super) const ROOT: &[u8] = b"signum-idp-people-v1";

/// What is known of a person.
#[derive(Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
pub(super) struct Identity {
    pub given_name: String,
    pub family_name: String,
    pub personal_number: String,
    pub birthdate: String,
}

/// The keys of one generation; the same on every replica.
#[derive(Debug)]
pub(super) struct EpochKeys {
    pub epoch: u32,
    data: DerivedKey,
    look_up: DerivedKey,
    check: [u8; 32],
}

impl EpochKeys {
    /// `root` is the HSM's HMAC over [`ROOT`].
    pub(super) fn of(epoch: u32, root: Zeroizing<[u8; 32]>) -> Self {
        let root = DerivedKey::of_octets(root);
        Self {
            epoch,
            data: root.key(&[b"data"]),
            look_up: root.key(&[b"look-up"]),
            check: root.mac(&[b"check"]),
        }
    }

    /// Tells in the database, without being of use there, whether these are the keys that sealed.
    pub(super) fn check_value(&self) -> &[u8; 32] {
        &self.check
    }

    /// Under which a personal number is found: nobody without the key learns a number from it, or tries numbers out.
    pub(super) fn look_up(&self, personal_number: &str) -> String {
        hex::encode(self.look_up.mac(&[personal_number.as_bytes()]))
    }

    pub(super) fn seal(
        &self,
        random: &dyn Random,
        person: Id<Person>,
        identity: &Identity,
    ) -> Result<Vec<u8>, ErrorStack> {
        let text = padded(identity);
        let nonce: [u8; NONCE] = random.bytes();
        let mut tag = [0; TAG];
        let bound = bound(self.epoch, person);
        let cipher = Cipher::aes_256_gcm();
        let sealed = encrypt_aead(cipher, self.data.octets(), Some(&nonce), &bound, &text, &mut tag)?;
        Ok([&head(self.epoch)[..], &nonce, &tag, &sealed].concat())
    }

    /// `None` unless this is what was sealed for this person, unchanged, under these keys.
    pub(super) fn open(&self, person: Id<Person>, stored: &[u8]) -> Option<Identity> {
        if epoch_of(stored) != Some(self.epoch) {
            return None;
        }
        let (_, rest) = stored.split_at_checked(1 + size_of::<u32>())?;
        let (nonce, rest) = rest.split_at_checked(NONCE)?;
        let (tag, sealed) = rest.split_at_checked(TAG)?;
        let bound = bound(self.epoch, person);
        let cipher = Cipher::aes_256_gcm();
        let text = decrypt_aead(cipher, self.data.octets(), Some(nonce), &bound, sealed, tag).ok()?;
        serde_json::from_slice(&Zeroizing::new(text)).ok()
    }
}

/// The generation of the key that opens this.
pub(super) fn epoch_of(stored: &[u8]) -> Option<u32> {
    match stored {
        [VERSION, a, b, c, d, ..] => Some(u32::from_be_bytes([*a, *b, *c, *d])),
        _ => None,
    }
}

/// As JSON, which may end in blanks. Of octets that move to a larger place a copy would stay behind in memory: there is room from
/// the beginning.
fn padded(identity: &Identity) -> Zeroizing<Vec<u8>> {
    let texts = [
        &identity.given_name,
        &identity.family_name,
        &identity.personal_number,
        &identity.birthdate,
    ];
    // JSON writes no octet of a text longer than \u0000, and needs less than a block for the rest.
    let most = BLOCK + LONGEST_ESCAPE * texts.iter().map(|text| text.len()).sum::<usize>();
    let mut text = Zeroizing::new(Vec::with_capacity(most.div_ceil(BLOCK) * BLOCK));
    // A Vec takes whatever is written, and these fields are texts.
    let _ = serde_json::to_writer(&mut *text, identity);
    let padded = text.len().div_ceil(BLOCK) * BLOCK;
    text.resize(padded, b' ');
    text
}

/// How what is sealed under a generation's key begins.
pub(super) fn head(epoch: u32) -> Vec<u8> {
    [&[VERSION], &epoch.to_be_bytes()[..]].concat()
}

/// Table, column, row and key: each of a fixed length or ended by a zero, so that no two look alike.
fn bound(epoch: u32, person: Id<Person>) -> Vec<u8> {
    [&b"idp.person\0data\0"[..], &[VERSION], &epoch.to_be_bytes(), &person.0].concat()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;
    use signum_core::OsRandom;

    fn keys(epoch: u32, octet: u8) -> EpochKeys {
        EpochKeys::of(epoch, Zeroizing::new([octet; 32]))
    }

    fn identity(given_name: &str) -> Identity {
        Identity {
            given_name: given_name.to_owned(),
            family_name: "Shembulli".to_owned(),
            personal_number: "1234567892".to_owned(),
            birthdate: "1990-02-28".to_owned(),
        }
    }

    #[test]
    fn data_open_only_in_the_row_and_with_the_key_they_were_sealed_for() {
        let (own, person) = (keys(1, 7), Id::new(&OsRandom));
        let stored = own.seal(&OsRandom, person, &identity("Ylbërë")).unwrap();
        assert_eq!(own.open(person, &stored).unwrap().given_name, "Ylbërë");
        assert!(own.open(Id::new(&OsRandom), &stored).is_none());
        assert!(keys(1, 8).open(person, &stored).is_none());
        assert!(keys(2, 7).open(person, &stored).is_none());
    }

    #[test]
    fn data_that_were_changed_or_cut_anywhere_do_not_open() {
        let (keys, person) = (keys(3, 7), Id::new(&OsRandom));
        let stored = keys.seal(&OsRandom, person, &identity("Testa")).unwrap();
        for at in 0..stored.len() {
            let mut changed = stored.clone();
            changed[at] ^= 1;
            assert!(keys.open(person, &changed).is_none(), "octet {at}");
            assert!(keys.open(person, &stored[..at]).is_none(), "cut at {at}");
        }
    }

    #[test]
    fn what_is_stored_says_neither_names_nor_how_long_they_are_and_never_the_same_twice() {
        let (keys, person) = (keys(1, 7), Id::new(&OsRandom));
        let short = keys.seal(&OsRandom, person, &identity("A")).unwrap();
        let long = keys.seal(&OsRandom, person, &identity("Anastasija Marija")).unwrap();
        assert_eq!(short.len(), long.len());
        assert_ne!(short, keys.seal(&OsRandom, person, &identity("A")).unwrap());
        let text = String::from_utf8_lossy(&long);
        for known in ["Anastasija", "Shembulli", "1234567892", "given_name"] {
            assert!(!text.contains(known), "{known}");
        }
    }

    #[test]
    fn the_plaintext_has_its_room_from_the_beginning_so_that_no_copy_stays_in_memory() {
        for name in ["A".to_owned(), "Ylbërë ".repeat(60), "\u{1}\"".repeat(300)] {
            let identity = identity(&name);
            let text = padded(&identity);
            let most = BLOCK + LONGEST_ESCAPE * (name.len() + "Shembulli12345678921990-02-28".len());
            assert_eq!(text.capacity(), most.div_ceil(BLOCK) * BLOCK, "it was not moved");
            assert_eq!(text.len() % BLOCK, 0);
            let read: Identity = serde_json::from_slice(&text).unwrap();
            assert_eq!(read.given_name, name);
        }
    }

    #[test]
    fn a_number_is_looked_up_under_another_text_with_every_key() {
        let (one, other) = (keys(1, 7), keys(2, 8));
        assert_eq!(one.look_up("1234567892"), one.look_up("1234567892"));
        assert_ne!(one.look_up("1234567892"), one.look_up("1234567893"));
        assert_ne!(one.look_up("1234567892"), other.look_up("1234567892"));
        assert!(!one.look_up("1234567892").contains("1234567892"));
    }
}
