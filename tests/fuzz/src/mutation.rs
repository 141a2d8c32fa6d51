//! How an object is changed: a value, a tag, a length, a node removed, doubled, moved, borrowed from another object, wrapped
//! a thousand times; and now and then plain octets.

use crate::random::Random;
use crate::tree::{Content, Node, count, encode, find, parse};

/// No protocol here takes longer messages.
const LONGEST: usize = 64 * 1024;

pub struct Mutator {
    random: Random,
    seeds: Vec<Vec<u8>>,
    /// Nodes of all seeds, to be put where they do not belong.
    donors: Vec<Node>,
}

/// Values that have broken parsers: empty, zero, signs, lengths just above what fits.
const CONTENTS: &[&[u8]] = &[
    b"",
    b"\0",
    b"\xff",
    b"\x7f\xff\xff\xff\xff\xff\xff\xff",
    b"\x80\0\0\0\0\0\0\0\0",
    b"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
    b"\x80\x80\x80\x80\x80\x01",
    b"\x8f\xff\xff\xff\x7f",
    b"99991231235959Z",
    b"00000000000000Z",
    b"20260230250000Z",
    b"700101000000-0000",
    b"*.",
    b"..",
    b"@",
    b"://",
    b"\xed\xa0\x80",
    b"\0\0\0\0\xff\0\xff\0",
];

/// In place of a right length: indefinite, not minimal, too long, far too long, reserved.
const LENGTHS: &[&[u8]] = &[
    &[0x80],
    &[0x81, 0],
    &[0x82, 0, 1],
    &[0x84, 0x7f, 0xff, 0xff, 0xff],
    &[0x84, 0xff, 0xff, 0xff, 0xff],
    &[0x88, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
    &[0xff],
    &[0x7f],
];

const TAGS: &[u8] = &[
    0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x0a, 0x0c, 0x13, 0x16, 0x17, 0x18, 0x1e, 0x30, 0x31, 0x80, 0x81, 0x82, 0xa0,
    0xa1, 0xa2, 0xa3, 0xa4, 0x1f, 0x3f, 0x00,
];

impl Mutator {
    pub fn new(seed: u64, seeds: Vec<Vec<u8>>) -> Self {
        let mut donors = Vec::new();
        for nodes in seeds.iter().filter_map(|der| parse(der)) {
            for number in 0..count(&nodes).min(400) {
                if let Some((row, place)) = find(&mut nodes.clone(), number) {
                    donors.extend(row.get(place).cloned());
                }
            }
        }
        Self {
            random: Random::from_seed(seed),
            seeds,
            donors,
        }
    }

    /// The next input: one of the seeds with one to four changes.
    pub fn next_input(&mut self) -> Vec<u8> {
        let seed = self.random.pick(&self.seeds).cloned().unwrap_or_default();
        let mut out = match parse(&seed) {
            Some(mut nodes) => {
                for _ in 0..=self.random.below(4) {
                    self.change(&mut nodes);
                }
                encode(&nodes)
            }
            None => seed,
        };
        if self.random.below(16) == 0 {
            self.change_octets(&mut out);
        }
        out.truncate(LONGEST);
        out
    }

    fn change(&mut self, nodes: &mut Vec<Node>) {
        let number = self.random.below(count(nodes));
        let kind = self.random.below(14);
        let Some((row, place)) = find(nodes, number) else {
            return;
        };
        let other = self.random.below(row.len());
        let Some(node) = row.get_mut(place) else {
            return;
        };
        match kind {
            0..=3 => self.change_content(node),
            4 => node.tag = self.random.pick(TAGS).copied().unwrap_or_default(),
            5 => node.tag ^= 1 << self.random.below(8),
            6 => self.change_length(node),
            7 => drop(row.remove(place)),
            8 => {
                let copy = node.clone();
                let times = if self.random.below(8) == 0 { 300 } else { 1 };
                row.splice(place..place, std::iter::repeat_n(copy, times));
            }
            9 => row.swap(place, other),
            10 | 11 => {
                if let Some(donor) = self.random.pick(&self.donors) {
                    *node = donor.clone();
                }
            }
            12 => {
                if let Some(donor) = self.random.pick(&self.donors) {
                    row.insert(place, donor.clone());
                }
            }
            _ => self.wrap(node),
        }
    }

    fn change_content(&mut self, node: &mut Node) {
        match &mut node.content {
            Content::Octets(octets) if !octets.is_empty() && self.random.below(2) == 0 => {
                let place = self.random.below(octets.len());
                let changed = self.random.octet();
                if let Some(octet) = octets.get_mut(place) {
                    *octet = if *octet == changed { changed ^ 1 } else { changed };
                }
            }
            Content::Octets(octets) if self.random.below(4) == 0 => {
                let times = self.random.below(600);
                let filler = self.random.octet();
                octets.extend(std::iter::repeat_n(filler, times));
            }
            _ => {
                let value = self.random.pick(CONTENTS).copied().unwrap_or_default();
                node.content = Content::Octets(value.to_vec());
            }
        }
    }

    fn change_length(&mut self, node: &mut Node) {
        let whole = node.encode();
        let length = self.random.pick(LENGTHS).copied().unwrap_or_default();
        // The octets after the tag and the shortest length: near enough where the length is longer.
        let content = whole.get(2..).unwrap_or_default();
        node.content = Content::Raw([length, content].concat());
    }

    /// The node inside itself, up to a few thousand deep.
    fn wrap(&mut self, node: &mut Node) {
        let depth = *self.random.pick(&[1, 2, 30, 200, 3000]).unwrap_or(&1);
        let tag = if self.random.below(2) == 0 {
            node.tag | 0x20
        } else {
            0x30
        };
        let mut inner = node.encode();
        for _ in 0..depth {
            if inner.len() > LONGEST {
                break;
            }
            inner = Node {
                tag,
                content: Content::Octets(inner),
            }
            .encode();
        }
        node.content = Content::Octets(inner);
        node.tag = tag;
    }

    fn change_octets(&mut self, out: &mut Vec<u8>) {
        match self.random.below(4) {
            0 => out.truncate(self.random.below(out.len())),
            1 => {
                for _ in 0..self.random.below(64) {
                    out.push(self.random.octet());
                }
            }
            2 => {
                let place = self.random.below(out.len());
                let value = self.random.octet();
                if let Some(octet) = out.get_mut(place) {
                    *octet = value;
                }
            }
            _ => {
                *out = (0..self.random.below(200)).map(|_| self.random.octet()).collect();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::*;

    fn some() -> Mutator {
        Mutator::new(7, vec![vec![0x30, 0x0c, 2, 1, 1, 4, 2, 5, 0, 3, 3, 0, 0x30, 0]])
    }

    #[test]
    fn the_same_seed_makes_the_same_inputs() {
        let (mut a, mut b) = (some(), some());
        assert!((0..1000).all(|_| a.next_input() == b.next_input()));
    }

    #[test]
    fn inputs_differ_and_most_are_still_der() {
        let mut mutator = some();
        let inputs: std::collections::BTreeSet<_> = (0..1000).map(|_| mutator.next_input()).collect();
        assert!(inputs.len() > 600, "{}", inputs.len());
        assert!(inputs.iter().filter(|input| parse(input).is_some()).count() * 2 > inputs.len());
        assert!(inputs.iter().all(|input| input.len() <= LONGEST));
    }
}
