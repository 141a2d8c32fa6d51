//! A CertificateList of any length in pieces (RFC 5280 section 5.1): entries are appended as they are read, the whole is
//! hashed piece by piece, and nothing is ever there twice.

use der::Encode;
use signum_core::Timestamp;
use spki::AlgorithmIdentifierOwned;
use x509_cert::ext::Extensions;
use x509_cert::ext::pkix::CrlReason;
use x509_cert::name::Name;

use crate::tbs::{generalized_time, time};
use crate::tlv::{self, BIT_STRING, CONTEXT_0, INTEGER, OCTET_STRING, SEQUENCE};

/// Octets of one piece, and of one row of the table.
pub(super) const PIECE: usize = 1 << 20;
/// Room in the first piece for what stands before the entries, so that they need no piece of their own.
const FRAME: usize = 4096;
/// OBJECT IDENTIFIER reasonCode (RFC 5280 section 5.3.1).
const REASON_CODE: [u8; 5] = [0x06, 0x03, 0x55, 0x1d, 0x15];
/// OBJECT IDENTIFIER invalidityDate (RFC 5280 section 5.3.2).
const INVALIDITY_DATE: [u8; 5] = [0x06, 0x03, 0x55, 0x1d, 0x18];
const ENUMERATED: u8 = 0x0a;
/// version v2.
const VERSION: [u8; 3] = [INTEGER, 0x01, 0x01];

/// revokedCertificates, entry by entry.
#[derive(Default)]
pub(crate) struct Entries {
    pieces: Vec<Vec<u8>>,
    octets: usize,
    pub count: u64,
}

impl Entries {
    /// Appends an entry; serial numbers come in their order.
    pub fn push(
        &mut self,
        serial: &[u8],
        since: Timestamp,
        reason: CrlReason,
        doubtful_since: Option<Timestamp>,
    ) -> der::Result<()> {
        let mut content = Vec::with_capacity(64);
        content.extend(der::asn1::Uint::new(serial)?.to_der()?);
        content.extend(time(since)?.to_der()?);
        let mut extensions = Vec::with_capacity(16);
        // Unspecified is told by silence (RFC 5280 section 5.3.1).
        if reason != CrlReason::Unspecified {
            let mut code = Vec::with_capacity(3);
            tlv::value(&mut code, ENUMERATED, &[reason as u8]);
            add(&mut extensions, &REASON_CODE, &code);
        }
        if let Some(doubtful_since) = doubtful_since {
            add(
                &mut extensions,
                &INVALIDITY_DATE,
                &generalized_time(doubtful_since)?.to_der()?,
            );
        }
        if !extensions.is_empty() {
            tlv::value(&mut content, SEQUENCE, &extensions);
        }
        let mut entry = Vec::with_capacity(content.len() + 4);
        tlv::value(&mut entry, SEQUENCE, &content);
        match self.pieces.last_mut() {
            Some(last) if last.len() + entry.len() <= PIECE - FRAME => last.extend_from_slice(&entry),
            _ => {
                let mut piece = Vec::with_capacity(if self.pieces.is_empty() { 4096 } else { PIECE });
                piece.extend_from_slice(&entry);
                self.pieces.push(piece);
            }
        }
        self.octets += entry.len();
        self.count += 1;
        Ok(())
    }
}

/// One crlEntryExtension, not critical.
fn add(extensions: &mut Vec<u8>, id: &[u8], value: &[u8]) {
    let mut extension = id.to_vec();
    tlv::value(&mut extension, OCTET_STRING, value);
    tlv::value(extensions, SEQUENCE, &extension);
}

/// What a list says beside its entries.
pub(crate) struct Frame<'a> {
    pub algorithm: &'a AlgorithmIdentifierOwned,
    pub issuer: &'a Name,
    pub this_update: Timestamp,
    pub next_update: Timestamp,
    pub extensions: Extensions,
}

/// A TBSCertList. Only [`Entries`] and a [`Frame`] make one.
pub(crate) struct ToBeSigned {
    pieces: Vec<Vec<u8>>,
    algorithm: Vec<u8>,
}

impl ToBeSigned {
    pub fn new(frame: &Frame<'_>, entries: Entries) -> der::Result<Self> {
        let algorithm = frame.algorithm.to_der()?;
        let mut first = VERSION.to_vec();
        first.extend_from_slice(&algorithm);
        first.extend(frame.issuer.to_der()?);
        first.extend(time(frame.this_update)?.to_der()?);
        first.extend(time(frame.next_update)?.to_der()?);
        // Absent rather than empty (RFC 5280 section 5.1.2.6).
        if entries.count > 0 {
            tlv::head(&mut first, SEQUENCE, entries.octets);
        }
        let mut last = Vec::new();
        tlv::value(&mut last, CONTEXT_0, &frame.extensions.to_der()?);
        let mut whole = Vec::with_capacity(first.len() + 8);
        tlv::head(&mut whole, SEQUENCE, first.len() + entries.octets + last.len());
        whole.extend(first);
        let pieces = std::iter::once(whole).chain(entries.pieces).chain([last]);
        Ok(Self {
            pieces: pieces.collect(),
            algorithm,
        })
    }

    /// The octets that are signed, in order.
    pub fn pieces(&self) -> impl Iterator<Item = &[u8]> {
        self.pieces.iter().map(Vec::as_slice)
    }

    /// The list with its signature, in parts of about [`PIECE`] octets.
    pub fn signed(self, signature: &[u8]) -> Vec<Vec<u8>> {
        let mut end = self.algorithm;
        tlv::head(&mut end, BIT_STRING, signature.len() + 1);
        end.push(0);
        end.extend_from_slice(signature);
        let length = self.pieces.iter().map(Vec::len).sum::<usize>() + end.len();
        let mut start = Vec::new();
        tlv::head(&mut start, SEQUENCE, length);
        let mut parts = vec![start];
        for piece in self.pieces.into_iter().chain([end]) {
            match parts.last_mut() {
                Some(last) if last.len() + piece.len() <= PIECE => last.extend(piece),
                _ => parts.push(piece),
            }
        }
        parts
    }
}
