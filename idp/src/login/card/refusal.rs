//! Why a card logs nobody in: one code for the audit log, and what its holder is told, so that they know what to do next.

use super::super::LoginError;

/// The audit log has the code. The page has [`told`](Self::told): the holder learns what they can do something about, and nobody
/// learns which of the rest it was, so that a card tells nothing of who is known here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    TokenLength,
    TokenMalformed,
    TokenFormat,
    Algorithm,
    /// The algorithm is not one of the key's.
    KeyType,
    /// Used, expired or never given.
    NoChallenge,
    CertificateMalformed,
    /// keyUsage is missing or does not allow to sign a challenge.
    KeyUsage,
    /// The certificate for signing documents.
    SigningCertificate,
    ExtendedKeyUsage,
    Policies,
    PolicyUnknown,
    PolicyDisallowed,
    NotYetValid,
    Expired,
    Untrusted,
    Revoked,
    StatusUnknown,
    /// The responder does not answer, or what it says cannot be believed.
    StatusUnavailable,
    StatusUnbelieved,
    Signature,
    /// Of the signing certificates beside the authentication certificate.
    SigningMissing,
    SigningMalformed,
    SigningAlgorithms,
    SigningSubject,
    SigningIssuer,
    SigningValidity,
    SigningKeyUsage,
    SigningUntrusted,
    UnknownPerson,
    Suspended,
    /// A proxy that saw no certificate.
    NoCertificate,
    /// The errand over the port of the cards was done before, has expired or was never begun.
    NoErrand,
    /// It was shown in the TLS handshake for a log-in in which the PIN has to be typed.
    PinNotTyped,
}

/// What the holder is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    /// The attempt is over; another one may do.
    Again,
    /// It is not the certificate for log-in of a card that is accepted here.
    OtherCard,
    /// The card is too old, or not valid yet.
    Validity,
    /// The card was blocked.
    Revoked,
    /// Nobody can say at the moment whether the card is good.
    Later,
    /// Only a way in which the PIN is typed will do.
    Pin,
    Refused,
}

impl Refusal {
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::TokenLength => "token_length",
            Self::TokenMalformed => "token_malformed",
            Self::TokenFormat => "token_format",
            Self::Algorithm => "algorithm",
            Self::KeyType => "key_type",
            Self::NoChallenge => "no_challenge",
            Self::CertificateMalformed => "certificate_malformed",
            Self::KeyUsage => "key_usage",
            Self::SigningCertificate => "signing_certificate",
            Self::ExtendedKeyUsage => "extended_key_usage",
            Self::Policies => "policies",
            Self::PolicyUnknown => "policy_unknown",
            Self::PolicyDisallowed => "policy_disallowed",
            Self::NotYetValid => "not_yet_valid",
            Self::Expired => "expired",
            Self::Untrusted => "untrusted",
            Self::Revoked => "revoked",
            Self::StatusUnknown => "status_unknown",
            Self::StatusUnavailable => "status_unavailable",
            Self::StatusUnbelieved => "status_unbelieved",
            Self::Signature => "bad_signature",
            Self::SigningMissing => "signing_missing",
            Self::SigningMalformed => "signing_malformed",
            Self::SigningAlgorithms => "signing_algorithms",
            Self::SigningSubject => "signing_subject",
            Self::SigningIssuer => "signing_issuer",
            Self::SigningValidity => "signing_validity",
            Self::SigningKeyUsage => "signing_key_usage",
            Self::SigningUntrusted => "signing_untrusted",
            Self::UnknownPerson => "unknown_person",
            Self::Suspended => "suspended",
            Self::NoCertificate => "no_certificate",
            Self::NoErrand => "no_errand",
            Self::PinNotTyped => "pin_not_typed",
        }
    }

    pub(crate) const fn told(self) -> Told {
        match self {
            Self::NoChallenge | Self::NoErrand => Told::Again,
            Self::CertificateMalformed
            | Self::KeyUsage
            | Self::SigningCertificate
            | Self::ExtendedKeyUsage
            | Self::Policies
            | Self::PolicyUnknown
            | Self::PolicyDisallowed
            | Self::Untrusted
            | Self::NoCertificate => Told::OtherCard,
            Self::NotYetValid | Self::Expired => Told::Validity,
            Self::Revoked => Told::Revoked,
            Self::PinNotTyped => Told::Pin,
            Self::StatusUnknown | Self::StatusUnavailable | Self::StatusUnbelieved => Told::Later,
            Self::TokenLength
            | Self::TokenMalformed
            | Self::TokenFormat
            | Self::Algorithm
            | Self::KeyType
            | Self::Signature
            | Self::SigningMissing
            | Self::SigningMalformed
            | Self::SigningAlgorithms
            | Self::SigningSubject
            | Self::SigningIssuer
            | Self::SigningValidity
            | Self::SigningKeyUsage
            | Self::SigningUntrusted
            | Self::UnknownPerson
            | Self::Suspended => Told::Refused,
        }
    }
}

impl Told {
    pub(crate) const ALL: [Self; 7] = [
        Self::Again,
        Self::OtherCard,
        Self::Validity,
        Self::Revoked,
        Self::Later,
        Self::Pin,
        Self::Refused,
    ];

    /// The problem's code, and the end of the page's parameter `refused`.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Again => "card_again",
            Self::OtherCard => "card_other",
            Self::Validity => "card_validity",
            Self::Revoked => "card_revoked",
            Self::Later => "card_later",
            Self::Pin => "card_pin",
            Self::Refused => "card_refused",
        }
    }

    /// The key of its words.
    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::Again => "card-told-again",
            Self::OtherCard => "card-told-other",
            Self::Validity => "card-told-validity",
            Self::Revoked => "card-told-revoked",
            Self::Later => "card-told-later",
            Self::Pin => "card-told-pin",
            Self::Refused => "card-told-refused",
        }
    }
}

/// Why a log-in with a card did not come about.
#[derive(Debug)]
pub(crate) enum CardError {
    /// Recorded already.
    Refused(Told),
    /// By the code that is the same for all means, or by our own fault.
    Login(LoginError),
}

impl From<LoginError> for CardError {
    fn from(error: LoginError) -> Self {
        Self::Login(error)
    }
}

impl From<signum_core::DbError> for CardError {
    fn from(error: signum_core::DbError) -> Self {
        Self::Login(error.into())
    }
}
