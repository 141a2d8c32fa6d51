//! Authenticator data (WebAuthn section 6.1): hash of the RP ID, flags, counter, and what follows them.

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::RelyingParty;
use crate::assertion::GestureError;
use crate::encoding::{AUTHENTICATOR_DATA_MAX, CREDENTIAL_ID_MAX, cbor_item, cbor_map};

const USER_PRESENT: u8 = 0x01;
const USER_VERIFIED: u8 = 0x04;
const BACKUP_ELIGIBLE: u8 = 0x08;
const BACKUP_STATE: u8 = 0x10;
const ATTESTED: u8 = 0x40;
const EXTENSIONS: u8 = 0x80;

/// Authenticator data whose every octet is accounted for.
pub(crate) struct AuthenticatorData<'a> {
    rp_id_hash: &'a [u8],
    flags: u8,
    pub counter: u32,
    pub attested: Option<Attested<'a>>,
}

/// Attested credential data (section 6.5.2).
pub(crate) struct Attested<'a> {
    pub aaguid: [u8; 16],
    pub credential_id: &'a [u8],
    pub cose_key: &'a [u8],
}

impl<'a> AuthenticatorData<'a> {
    pub fn parse(bytes: &'a [u8]) -> Result<Self, GestureError> {
        if bytes.len() > AUTHENTICATOR_DATA_MAX {
            return Err(GestureError::Malformed);
        }
        let (rp_id_hash, rest) = take(bytes, 32)?;
        let (flags, rest) = take_array::<1>(rest)?;
        let (counter, rest) = take_array::<4>(rest)?;
        let [flags] = flags;
        let (attested, rest) = if flags & ATTESTED == 0 {
            (None, rest)
        } else {
            let (attested, rest) = Attested::parse(rest)?;
            (Some(attested), rest)
        };
        let rest = if flags & EXTENSIONS == 0 {
            rest
        } else {
            let (map, _, rest) = cbor_item(rest)?;
            cbor_map(map)?;
            rest
        };
        if !rest.is_empty() {
            return Err(GestureError::Malformed);
        }
        Ok(Self {
            rp_id_hash,
            flags,
            counter: u32::from_be_bytes(counter),
            attested,
        })
    }

    /// The relying party and the user's part: present and verified, and a possible pair of backup flags.
    pub fn check(&self, rp: &RelyingParty) -> Result<(), GestureError> {
        if !bool::from(self.rp_id_hash.ct_eq(&Sha256::digest(rp.id.as_bytes()))) {
            return Err(GestureError::WrongRelyingParty);
        }
        if !self.has(USER_PRESENT) {
            return Err(GestureError::UserNotPresent);
        }
        if !self.has(USER_VERIFIED) {
            return Err(GestureError::UserNotVerified);
        }
        if self.backup_state() && !self.backup_eligible() {
            return Err(GestureError::Malformed);
        }
        Ok(())
    }

    pub fn backup_eligible(&self) -> bool {
        self.has(BACKUP_ELIGIBLE)
    }

    pub fn backup_state(&self) -> bool {
        self.has(BACKUP_STATE)
    }

    fn has(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }
}

impl<'a> Attested<'a> {
    fn parse(bytes: &'a [u8]) -> Result<(Self, &'a [u8]), GestureError> {
        let (aaguid, rest) = take_array::<16>(bytes)?;
        let (length, rest) = take_array::<2>(rest)?;
        let length = usize::from(u16::from_be_bytes(length));
        if length == 0 || length > CREDENTIAL_ID_MAX {
            return Err(GestureError::Malformed);
        }
        let (credential_id, rest) = take(rest, length)?;
        let (_, cose_key, rest) = cbor_item(rest)?;
        let attested = Self {
            aaguid,
            credential_id,
            cose_key,
        };
        Ok((attested, rest))
    }
}

fn take(bytes: &[u8], count: usize) -> Result<(&[u8], &[u8]), GestureError> {
    bytes.split_at_checked(count).ok_or(GestureError::Malformed)
}

fn take_array<const N: usize>(bytes: &[u8]) -> Result<([u8; N], &[u8]), GestureError> {
    bytes
        .split_first_chunk::<N>()
        .map(|(head, rest)| (*head, rest))
        .ok_or(GestureError::Malformed)
}
