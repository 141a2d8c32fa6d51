//! How a message of text is changed (forms, cookies, headers, JWTs): a piece between separators is removed, doubled, exchanged,
//! replaced, cut, or, where it is base64url, changed inside and encoded again.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as B64};

use crate::random::Random;

/// What parts the protocols' pieces.
const SEPARATORS: &[u8] = b"&=.;,:{}[]\" %+/?#|~";
/// No request line or body here is longer.
const LONGEST: usize = 64 * 1024;

/// Pieces that have broken readers of text.
const PIECES: &[&str] = &[
    "",
    "%",
    "%00",
    "%0d%0aSet-Cookie:x=y",
    "%ff%fe",
    "%C0%AF",
    "+",
    "null",
    "true",
    "{}",
    "[]",
    "-1",
    "1e999",
    "9007199254740993",
    "99999999999999999999",
    "0x10",
    "\u{202e}",
    "\u{0}",
    "\r\n",
    "\t",
    "..;/",
    "//evil.example",
    "javascript:alert(1)",
    "<script>",
    "none",
    "HS256",
    "RS256",
    "ES256",
    "crit",
    "b64",
    "jwk",
    "kid",
    "alg",
    "typ",
    "eyJhbGciOiJub25lIn0",
    "urn:ietf:params:oauth:request_uri:",
    "openid",
    "client_id",
    "code",
];

pub struct Words {
    random: Random,
    seeds: Vec<Vec<u8>>,
}

impl Words {
    pub fn new(seed: u64, seeds: Vec<Vec<u8>>) -> Self {
        Self {
            random: Random::from_seed(seed),
            seeds,
        }
    }

    /// The next input: one of the seeds with one to four changes.
    pub fn next_input(&mut self) -> Vec<u8> {
        let mut text = self.random.pick(&self.seeds).cloned().unwrap_or_default();
        for _ in 0..=self.random.below(4) {
            self.change(&mut text, 0);
        }
        text
    }

    fn change(&mut self, text: &mut Vec<u8>, depth: usize) {
        let (from, to) = self.piece(text);
        let piece = text.get(from..to).unwrap_or_default().to_vec();
        let instead: Vec<u8> = match self.random.below(10) {
            0 => Vec::new(),
            1 => [piece.clone(), piece].concat(),
            2 => self
                .random
                .pick(PIECES)
                .copied()
                .unwrap_or_default()
                .as_bytes()
                .to_vec(),
            3 => self.borrowed(),
            4 => {
                let most = (LONGEST / piece.len().max(1)).min(300);
                piece.repeat(self.random.below(most + 1))
            }
            5 => self.flipped(piece),
            6 => piece
                .iter()
                .flat_map(|octet| format!("%{octet:02x}").into_bytes())
                .collect(),
            7 => {
                let kept = self.random.below(piece.len() + 1);
                piece.get(..kept).unwrap_or_default().to_vec()
            }
            _ => self.inside(piece, depth),
        };
        text.splice(from..to, instead);
        text.truncate(LONGEST);
    }

    /// The place of a piece between two separators, or with them.
    fn piece(&mut self, text: &[u8]) -> (usize, usize) {
        let at = self.random.below(text.len());
        let separates = |octet: &u8| SEPARATORS.contains(octet);
        let before = text.get(..at).unwrap_or_default();
        let from = before.iter().rposition(separates).map_or(0, |found| found + 1);
        let after = text.get(at..).unwrap_or_default();
        let to = at + after.iter().position(separates).unwrap_or(after.len());
        let with_separator = usize::from(self.random.below(4) == 0 && to < text.len());
        (from, to + with_separator)
    }

    fn borrowed(&mut self) -> Vec<u8> {
        let other = self.random.pick(&self.seeds).cloned().unwrap_or_default();
        let (from, to) = self.piece(&other);
        other.get(from..to).unwrap_or_default().to_vec()
    }

    fn flipped(&mut self, mut piece: Vec<u8>) -> Vec<u8> {
        let at = self.random.below(piece.len());
        let octet = self.random.octet();
        if let Some(place) = piece.get_mut(at) {
            *place = octet;
        }
        piece
    }

    /// What base64url hides is changed there; other pieces are flipped.
    fn inside(&mut self, piece: Vec<u8>, depth: usize) -> Vec<u8> {
        match B64.decode(&piece) {
            Ok(mut hidden) if depth < 2 && hidden.len() > 2 => {
                self.change(&mut hidden, depth + 1);
                B64.encode(hidden).into_bytes()
            }
            _ => self.flipped(piece),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Words;

    #[test]
    fn the_same_seed_makes_the_same_changed_messages() {
        let seeds = vec![b"client_id=a&scope=openid&request=eyJhbGciOiJFUzI1NiJ9.e30.c2ln".to_vec()];
        let (mut one, mut other) = (Words::new(7, seeds.clone()), Words::new(7, seeds.clone()));
        let mut changed = 0;
        for _ in 0..1_000 {
            let input = one.next_input();
            assert_eq!(input, other.next_input());
            changed += usize::from(!seeds.contains(&input));
        }
        assert!(changed > 900, "{changed}");
    }
}
