//! What is asked: an OCSPRequest that may be answered (RFC 6960 section 4.1, RFC 9654), and the plain ones known by their octets.

use const_oid::ObjectIdentifier;
use der::asn1::{Null, OctetString};
use der::{Decode, Encode};
use signum_pki::ocsp::cert_id::{CertId, IssuerHashes};
use signum_pki::ocsp::request::OcspRequest;
use signum_pki::oid;
use spki::AlgorithmIdentifierOwned;
use x509_cert::Certificate;
use x509_cert::ext::Extension;

use crate::tlv::{INTEGER, SEQUENCE};

/// Longer requests are not for one relying party's one question.
const MOST_QUESTIONS: usize = 10;

/// The hash by which a CertID names the issuer; answers are signed in advance for both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Form {
    Sha1,
    Sha256,
}

impl Form {
    pub const ALL: [Self; 2] = [Self::Sha1, Self::Sha256];

    const fn oid(self) -> ObjectIdentifier {
        match self {
            Self::Sha1 => oid::SHA1,
            Self::Sha256 => oid::SHA256,
        }
    }

    /// The form that `id` has, and whether it is written as ours is: parameters NULL, as nearly everybody writes it, and
    /// not left out. RFC 5754 section 2 knows no others.
    pub fn of(id: &CertId) -> Option<(Self, bool)> {
        let form = Self::ALL.into_iter().find(|form| form.oid() == id.hash_algorithm.oid)?;
        match &id.hash_algorithm.parameters {
            None => Some((form, false)),
            Some(parameters) if *parameters == Null.into() => Some((form, true)),
            Some(_) => None,
        }
    }

    /// The CertID of one of `hashes`' certificates.
    pub fn cert_id(self, hashes: &IssuerHashes, serial: &[u8]) -> der::Result<CertId> {
        Ok(CertId {
            hash_algorithm: AlgorithmIdentifierOwned {
                oid: self.oid(),
                parameters: Some(Null.into()),
            },
            issuer_name_hash: OctetString::new(hashes.name.as_slice())?,
            issuer_key_hash: OctetString::new(hashes.key.as_slice())?,
            serial_number: der::asn1::Uint::new(serial)?.into(),
        })
    }
}

/// A request that may be answered.
pub(super) struct Question {
    pub ids: Vec<CertId>,
    pub nonce: Option<Extension>,
}

impl Question {
    pub fn read(request: &[u8]) -> Option<Self> {
        let request = OcspRequest::from_der(request).ok()?;
        let tbs = request.tbs;
        if tbs.version != 0 || tbs.request_list.is_empty() || tbs.request_list.len() > MOST_QUESTIONS {
            return None;
        }
        let mut nonce = None;
        for extension in tbs.extensions.into_iter().flatten() {
            if extension.extn_id == oid::OCSP_NONCE {
                let octets = OctetString::from_der(extension.extn_value.as_bytes()).ok()?;
                // RFC 9654 section 2.1.
                if nonce.is_some() || !(1..=128).contains(&octets.as_bytes().len()) {
                    return None;
                }
                nonce = Some(Extension {
                    critical: false,
                    ..extension
                });
            } else if extension.critical {
                return None;
            }
        }
        let singles = tbs.request_list.iter();
        let mut single_extensions = singles.flat_map(|one| one.extensions.iter().flatten());
        if single_extensions.any(|extension| extension.critical) {
            return None;
        }
        let ids = tbs.request_list.into_iter().map(|r| r.cert_id).collect();
        Some(Self { ids, nonce })
    }
}

/// How the plain requests for an issuer's certificates begin: one CertID, nothing else. What fits is read by comparing octets.
pub(super) struct Plain {
    pub hashes: [IssuerHashes; 2],
    heads: [(Form, Vec<u8>); 2],
}

impl Plain {
    pub fn of(issuer: &Certificate) -> der::Result<Self> {
        let hashes = |form: Form| IssuerHashes::of(issuer, form.oid()).ok_or(der::Error::from(der::ErrorKind::Failed));
        let hashes = [hashes(Form::Sha1)?, hashes(Form::Sha256)?];
        let head = |form: Form, hashes: &IssuerHashes| -> der::Result<(Form, Vec<u8>)> {
            let id = form.cert_id(hashes, &[1])?;
            let mut head = id.hash_algorithm.to_der()?;
            head.extend(id.issuer_name_hash.to_der()?);
            head.extend(id.issuer_key_hash.to_der()?);
            Ok((form, head))
        };
        let [sha1, sha256] = &hashes;
        Ok(Self {
            heads: [head(Form::Sha1, sha1)?, head(Form::Sha256, sha256)?],
            hashes,
        })
    }

    pub fn hashes(&self, form: Form) -> &IssuerHashes {
        let [sha1, sha256] = &self.hashes;
        match form {
            Form::Sha1 => sha1,
            Form::Sha256 => sha256,
        }
    }

    /// Form and serial number, when `request` is exactly OCSPRequest { tbsRequest { requestList { Request { CertID }}}} for this
    /// issuer, every length in one octet.
    pub fn recognise<'a>(&self, request: &'a [u8]) -> Option<(Form, &'a [u8])> {
        let mut rest = request;
        for _ in 0..5 {
            let (head, inner) = rest.split_at_checked(2)?;
            let length = u8::try_from(inner.len()).ok().filter(|length| *length < 0x80)?;
            if head != [SEQUENCE, length] {
                return None;
            }
            rest = inner;
        }
        let (form, rest) = self
            .heads
            .iter()
            .find_map(|(form, head)| Some((*form, rest.strip_prefix(head.as_slice())?)))?;
        let (head, serial) = rest.split_at_checked(2)?;
        let length = u8::try_from(serial.len())
            .ok()
            .filter(|length| (1..=20).contains(length))?;
        (head == [INTEGER, length]).then_some((form, serial))
    }
}
