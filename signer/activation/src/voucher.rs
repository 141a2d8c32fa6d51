//! Vouchers: two different registration officers say by their gestures that this authenticator is this person's
//! (ARCHITECTURE, section "Trust").

use sha2::{Digest, Sha256};
use signum_gesture::{Authenticator, assertion};

use crate::encoding::{Fields, authenticator as encode};
use crate::officer::Officer;
use crate::protocol::{Refusal, Voucher};

/// First octets of the encoding.
const DOMAIN: &[u8] = b"signum-voucher-v1";
const VOUCHERS_DOMAIN: &[u8] = b"signum-vouchers-v1";

/// What an officer's gesture is over: `SHA-256(domain ‖ lp(person) ‖ lp(authenticator) ‖ lp(credential) ‖ lp(SHA-256(pkcs10)))`.
pub fn voucher_challenge(
    person: &[u8; 32],
    authenticator: &Authenticator,
    credential: &[u8; 16],
    pkcs10: &[u8],
) -> [u8; 32] {
    let covered = Fields::of(DOMAIN)
        .field(person)
        .field(&encode(authenticator))
        .field(credential)
        .field(&Sha256::digest(pkcs10))
        .bytes();
    Sha256::digest(covered).into()
}

/// Checks that exactly two officers of the list, different in name and in authenticator, agreed to `challenge`.
///
/// Returns SHA-256 over what was accepted. A voucher's challenge names one credential and request, so its counter is held
/// against the pinned one only.
pub fn verify_vouchers(officers: &[Officer], challenge: &[u8; 32], vouchers: &[Voucher]) -> Result<[u8; 32], Refusal> {
    let [first, second] = vouchers else {
        return Err(refused("two are needed"));
    };
    let (a, b) = (
        verify(officers, challenge, first)?,
        verify(officers, challenge, second)?,
    );
    let same_device = a.authenticator.credential_id == b.authenticator.credential_id
        || a.authenticator.cose_key == b.authenticator.cose_key;
    if a.id == b.id || same_device {
        return Err(refused("the two must come from different officers"));
    }
    let mut covered = Fields::of(VOUCHERS_DOMAIN).field(challenge);
    for voucher in vouchers {
        covered = covered
            .field(voucher.officer.as_bytes())
            .field(&voucher.assertion.credential_id)
            .field(&voucher.assertion.client_data_json)
            .field(&voucher.assertion.authenticator_data)
            .field(&voucher.assertion.signature);
    }
    Ok(Sha256::digest(covered.bytes()).into())
}

fn verify<'a>(officers: &'a [Officer], challenge: &[u8; 32], voucher: &Voucher) -> Result<&'a Officer, Refusal> {
    let officer = officers
        .iter()
        .find(|officer| officer.id == voucher.officer)
        .ok_or_else(|| refused("not an officer of the pinned list"))?;
    let pinned = &officer.authenticator;
    assertion::verify(
        &voucher.assertion,
        pinned,
        &officer.relying_party,
        challenge,
        pinned.counter,
    )
    .map_err(|error| refused(&error.to_string()))?;
    Ok(officer)
}

fn refused(why: &str) -> Refusal {
    Refusal::Voucher(why.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commitment::person_reference;

    /// Computed by a few lines of Python from the comments above, not by this code.
    #[test]
    fn challenge_is_what_the_encoding_in_words_gives() {
        let authenticator = Authenticator {
            credential_id: vec![1; 16],
            cose_key: b"cose".to_vec(),
            aaguid: [9; 16],
            backup_eligible: false,
            counter: 7,
        };
        let person = person_reference("PNOXK-1000000001");
        let challenge = voucher_challenge(&person, &authenticator, &[2; 16], b"pkcs10");
        let expected = "72ab1e19ac30d3ef526041a2117bab92dc1e2a6231044ac21acbae740de2de37";
        assert_eq!(hex::encode(challenge), expected);
    }
}
