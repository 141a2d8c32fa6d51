//! Why no path was accepted. The order is a rank: of several failed paths the later reason is told, since it belongs to the
//! path that came nearest.

/// In rising rank; `Budget` ends the search.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum ChainError {
    #[error("no path leads to a trusted root")]
    NoPath,
    #[error("the issuer's key identifier is another")]
    KeyIdentifier,
    #[error("a signature does not verify")]
    Signature,
    #[error("too many intermediate certificates")]
    TooLong,
    #[error("not a certificate of version 3 in DER: {0}")]
    Malformed(&'static str),
    #[error("a signature algorithm or key is not accepted: {0}")]
    Algorithm(&'static str),
    #[error("a critical extension is not understood")]
    UnknownCritical,
    #[error("extension {0} is malformed, doubled or of the wrong criticality")]
    Extension(&'static str),
    #[error("a certificate is not valid yet")]
    NotYetValid,
    #[error("a certificate has expired")]
    Expired,
    #[error("an issuer is no CA")]
    NotAuthority,
    #[error("the path is longer than an issuer allows")]
    PathLength,
    #[error("the key usage forbids it")]
    KeyUsage,
    #[error("the certificate is not for this purpose")]
    Purpose,
    #[error("an issuer's name constraints exclude a name")]
    NameConstraints,
    #[error("no acceptable certificate policy holds for the path")]
    Policy,
    #[error("the certificate is for another name")]
    Name,
    #[error("no valid revocation list covers a certificate")]
    RevocationUnknown,
    #[error("a certificate is revoked")]
    Revoked,
    #[error("the path cannot be found within bounds: too many {0}")]
    Budget(&'static str),
}
