//! The PINs of a new card, drawn at random, and the letter that its owner gets. Nobody else keeps them.

use zeroize::Zeroizing;

use crate::pin::{Pin, PinRule, Secret};

/// PIN1, PIN2 and PUK of one card; wiped when dropped.
pub struct Letter {
    digits: [(Secret, Zeroizing<String>); 3],
}

impl Letter {
    /// Draws them; `fill` gives random octets.
    pub fn draw(mut fill: impl FnMut(&mut [u8])) -> Self {
        let digits = [(Secret::Pin1, 4), (Secret::Pin2, 5), (Secret::Puk, 8)];
        Self {
            digits: digits.map(|(secret, length)| (secret, drawn(length, &mut fill))),
        }
    }

    /// As the card takes it.
    pub fn pin(&self, secret: Secret) -> Option<Pin> {
        let (_, digits) = self.digits.iter().find(|(known, _)| *known == secret)?;
        let any = PinRule { fewest: 4, most: 12 };
        Pin::typed(digits, any).ok()
    }

    /// One line for each secret.
    pub fn text(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(64));
        for (secret, digits) in &self.digits {
            text.push_str(match secret {
                Secret::Pin1 => "PIN1  ",
                Secret::Pin2 => "PIN2  ",
                Secret::Puk => "PUK   ",
            });
            text.push_str(digits);
            text.push('\n');
        }
        text
    }
}

/// Octets from 250 on are thrown away: so each digit is as likely as another.
fn drawn(length: usize, fill: &mut impl FnMut(&mut [u8])) -> Zeroizing<String> {
    let mut digits = Zeroizing::new(String::with_capacity(length));
    while digits.len() < length {
        let mut octet = Zeroizing::new([0u8]);
        fill(octet.as_mut_slice());
        let [value] = *octet;
        if value < 250 {
            digits.push(char::from(b'0' + value % 10));
        }
    }
    digits
}
