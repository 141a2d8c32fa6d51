//! Tickets: a nonce and deadline of the module's own making, recognised by an HMAC under a key that lives as long as the process.

use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::pkey::PKey;
use openssl::sign::Signer;
use signum_hsm_shim::HsmError;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::encoding::Fields;
use crate::protocol::{Refusal, Ticket};

const DOMAIN: &[u8] = b"signum-ticket-v1";

/// Makes and recognises tickets; a restart of the module makes all of them void.
pub struct Tickets {
    key: Zeroizing<[u8; 32]>,
    seconds: i64,
}

impl Tickets {
    /// Tickets that live for `seconds`, under a fresh random key.
    pub fn new(seconds: i64) -> Result<Self, Refusal> {
        let mut key = Zeroizing::new([0; 32]);
        getrandom::fill(key.as_mut_slice()).map_err(|_| no_randomness())?;
        Ok(Self { key, seconds })
    }

    /// A fresh ticket at `now` (seconds since the Unix epoch).
    pub fn issue(&self, now: i64) -> Result<Ticket, Refusal> {
        let mut nonce = [0; 32];
        getrandom::fill(&mut nonce).map_err(|_| no_randomness())?;
        let deadline = now.saturating_add(self.seconds);
        let mac = self.mac(&nonce, deadline)?;
        Ok(Ticket { nonce, deadline, mac })
    }

    /// Refuses a ticket that is over, or that this process did not make.
    pub fn check(&self, ticket: &Ticket, now: i64) -> Result<(), Refusal> {
        if now > ticket.deadline {
            return Err(Refusal::Expired);
        }
        let expected = self.mac(&ticket.nonce, ticket.deadline)?;
        if bool::from(expected.ct_eq(&ticket.mac)) {
            Ok(())
        } else {
            Err(Refusal::Commitment("the ticket is not of this module's making".into()))
        }
    }

    fn mac(&self, nonce: &[u8; 32], deadline: i64) -> Result<[u8; 32], Refusal> {
        let covered = Fields::of(DOMAIN).field(nonce).field(&deadline.to_be_bytes()).bytes();
        let mac = || -> Result<Vec<u8>, ErrorStack> {
            let key = PKey::hmac(self.key.as_slice())?;
            Signer::new(MessageDigest::sha256(), &key)?.sign_oneshot_to_vec(&covered)
        };
        let failed = || Refusal::Hsm(HsmError::down("no HMAC"));
        mac().ok().and_then(|mac| mac.try_into().ok()).ok_or_else(failed)
    }
}

fn no_randomness() -> Refusal {
    Refusal::Hsm(HsmError::down("no randomness"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_ticket_is_taken_until_its_deadline_and_not_after() {
        let tickets = Tickets::new(300).unwrap();
        let ticket = tickets.issue(1_000).unwrap();
        assert_eq!(ticket.deadline, 1_300);
        assert_eq!(tickets.check(&ticket, 1_300), Ok(()));
        assert_eq!(tickets.check(&ticket, 1_301), Err(Refusal::Expired));
    }

    #[test]
    fn a_changed_ticket_or_one_of_another_process_is_refused() {
        let (tickets, another) = (Tickets::new(300).unwrap(), Tickets::new(300).unwrap());
        let ticket = tickets.issue(1_000).unwrap();
        assert!(matches!(another.check(&ticket, 1_000), Err(Refusal::Commitment(_))));
        let mut longer = ticket.clone();
        longer.deadline += 1;
        assert!(matches!(tickets.check(&longer, 1_000), Err(Refusal::Commitment(_))));
        let mut other = ticket;
        other.nonce = [0; 32];
        assert!(matches!(tickets.check(&other, 1_000), Err(Refusal::Commitment(_))));
    }
}
