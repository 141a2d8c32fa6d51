//! Answers of this process, by exact question: bounded, and emptied of what has changed.
//!
//! Two generations: what is asked for moves into the young one; when that is full it becomes the old one, and the old one is
//! gone. So the memory is bounded, and nothing is searched for what to drop.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use signum_core::Timestamp;

use super::question::Form;
use super::responder::Responder;
use crate::authority::AuthorityName;

/// Locks, so that processors rarely wait for one another.
const SHARDS: usize = 16;
/// What one answer takes in memory, key and share of the tables included, roughly.
const OCTETS_EACH: usize = 600;

/// A question: issuer, form, serial number (at most 20 octets, RFC 5280 section 4.1.2.2).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub issuer: AuthorityName,
    form: Form,
    length: u8,
    serial: [u8; 20],
}

impl Key {
    pub fn new(issuer: AuthorityName, form: Form, serial: &[u8]) -> Option<Self> {
        let mut padded = [0; 20];
        padded.get_mut(..serial.len())?.copy_from_slice(serial);
        Some(Self {
            issuer,
            form,
            length: u8::try_from(serial.len()).ok()?,
            serial: padded,
        })
    }

    pub fn serial(&self) -> &[u8] {
        self.serial.get(..usize::from(self.length)).unwrap_or_default()
    }

    fn shard(&self) -> usize {
        // The last octet of a serial number is random.
        self.serial().last().map_or(0, |octet| usize::from(*octet) % SHARDS)
    }
}

/// A signed answer.
pub(super) struct Kept {
    /// ResponseData, algorithm and signature: a BasicOCSPResponse's content without the certificates.
    pub content: Box<[u8]>,
    pub responder: Arc<Responder>,
    pub this_update: Timestamp,
    pub next_update: Timestamp,
    /// The history it tells of.
    pub sequence: i64,
    /// From when on it must not be told: what has expired is answered with archiveCutoff.
    pub expires: Timestamp,
}

impl Kept {
    /// RFC 6960 section 4.2.2.1: thisUpdate <= now < nextUpdate, on this replica's clock too.
    pub fn may_be_told(&self, now: Timestamp) -> bool {
        self.this_update <= now && now < self.next_update && now <= self.expires && now < self.responder.not_after
    }
}

struct Generations<T> {
    young: HashMap<Key, Arc<T>>,
    old: HashMap<Key, Arc<T>>,
}

impl<T> Default for Generations<T> {
    fn default() -> Self {
        Self {
            young: HashMap::new(),
            old: HashMap::new(),
        }
    }
}

pub(super) struct Cache<T = Kept> {
    shards: Vec<Mutex<Generations<T>>>,
    /// Of one generation of one shard.
    most: usize,
}

impl<T> Cache<T> {
    pub fn new(megabytes: u32) -> Self {
        let answers = (megabytes as usize).saturating_mul(1_000_000) / OCTETS_EACH;
        Self {
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
            most: answers / SHARDS / 2,
        }
    }

    pub fn get(&self, key: &Key) -> Option<Arc<T>> {
        let mut shard = self.shard(key)?;
        if let Some(kept) = shard.young.get(key) {
            return Some(Arc::clone(kept));
        }
        let kept = shard.old.remove(key)?;
        self.put(&mut shard, *key, Arc::clone(&kept));
        Some(kept)
    }

    /// Keeps an answer unless `outdated` says that its certificate has changed since; asked while the shard is locked, so
    /// that whoever learns of a change afterwards finds the answer and takes it out.
    pub fn keep(&self, key: Key, kept: Arc<T>, outdated: impl FnOnce() -> bool) {
        if let Some(mut shard) = self.shard(&key)
            && !outdated()
        {
            self.put(&mut shard, key, kept);
        }
    }

    pub fn remove(&self, issuer: AuthorityName, serial: &[u8]) {
        for key in Form::ALL.into_iter().filter_map(|form| Key::new(issuer, form, serial)) {
            if let Some(mut shard) = self.shard(&key) {
                shard.young.remove(&key);
                shard.old.remove(&key);
            }
        }
    }

    pub fn clear(&self) {
        for shard in &self.shards {
            *shard.lock().unwrap_or_else(PoisonError::into_inner) = Generations::default();
        }
    }

    fn put(&self, shard: &mut Generations<T>, key: Key, kept: Arc<T>) {
        if self.most == 0 {
            return;
        }
        if shard.young.len() >= self.most {
            shard.old = std::mem::take(&mut shard.young);
        }
        shard.young.insert(key, kept);
    }

    fn shard(&self, key: &Key) -> Option<std::sync::MutexGuard<'_, Generations<T>>> {
        let shard = self.shards.get(key.shard())?;
        Some(shard.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::authority::Role;
    use crate::config::Algorithms;

    const ISSUER: AuthorityName = Role::Qsig.of(Algorithms::Ec);

    fn key(number: u32) -> Key {
        // As serial numbers are: their last octet is random.
        let serial = [&[1; 13][..], &number.to_be_bytes()].concat();
        Key::new(ISSUER, Form::Sha1, &serial).unwrap()
    }

    fn size(cache: &Cache<u32>) -> usize {
        let generations = cache.shards.iter().map(|shard| shard.lock().unwrap());
        generations.map(|shard| shard.young.len() + shard.old.len()).sum()
    }

    #[test]
    fn memory_is_bounded_and_what_is_asked_for_stays() {
        let cache = Cache::<u32>::new(1);
        let most = 1_000_000 / OCTETS_EACH;
        for number in 0..20_000 {
            cache.keep(key(number), Arc::new(number), || false);
            assert_eq!(cache.get(&key(7)).is_some(), number >= 7, "asked for all the time");
        }
        assert!((most / 2..=most).contains(&size(&cache)), "{}", size(&cache));
        assert!(cache.get(&key(8)).is_none());
        assert_eq!(Cache::<u32>::new(0).most, 0);
    }

    #[test]
    fn what_has_changed_is_taken_out_of_both_generations_and_not_put_back() {
        let cache = Cache::<u32>::new(1);
        for number in 0..1_200 {
            cache.keep(key(number), Arc::new(number), || false);
        }
        for number in 0..1_200 {
            cache.remove(ISSUER, key(number).serial());
            assert!(cache.get(&key(number)).is_none());
        }
        cache.keep(key(1), Arc::new(1), || true);
        assert!(cache.get(&key(1)).is_none());
    }

    #[test]
    fn serial_numbers_of_other_lengths_are_other_questions() {
        let of = |serial: &[u8]| Key::new(ISSUER, Form::Sha256, serial);
        assert!(of(&[1]).unwrap() != of(&[1, 0]).unwrap());
        assert!(of(&[0; 21]).is_none());
    }
}
