//! Path validation (RFC 5280 section 6) by OpenSSL in its strict mode, at a given time.

use openssl::stack::Stack;
use openssl::x509::store::X509StoreBuilder;
use openssl::x509::verify::{X509VerifyFlags, X509VerifyParam};
use openssl::x509::{X509, X509PurposeId, X509StoreContext};

/// Why a path was not accepted.
#[derive(Debug, thiserror::Error, Clone, PartialEq, Eq)]
pub enum ChainError {
    #[error("not a certificate")]
    Malformed,
    #[error("path refused: {0}")]
    Refused(String),
}

/// What the end of the path must be good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    Any,
    TimeStamping,
}

/// Validates `leaf` up to one of `roots` over `intermediates` (all DER) at `now_seconds`; no revocation check.
pub fn verify_chain(
    leaf: &[u8],
    intermediates: &[Vec<u8>],
    roots: &[Vec<u8>],
    purpose: Purpose,
    now_seconds: i64,
) -> Result<(), ChainError> {
    let parse = |der: &[u8]| X509::from_der(der).map_err(|_| ChainError::Malformed);
    let leaf = parse(leaf)?;
    let intermediates = intermediates.iter().map(|c| parse(c)).collect::<Result<Vec<_>, _>>()?;
    let roots = roots.iter().map(|c| parse(c)).collect::<Result<Vec<_>, _>>()?;
    run(&leaf, intermediates, roots, purpose, now_seconds).map_err(|e| ChainError::Refused(e.to_string()))?
}

fn run(
    leaf: &X509,
    intermediates: Vec<X509>,
    roots: Vec<X509>,
    purpose: Purpose,
    now_seconds: i64,
) -> Result<Result<(), ChainError>, openssl::error::ErrorStack> {
    let mut param = X509VerifyParam::new()?;
    param.set_flags(X509VerifyFlags::X509_STRICT | X509VerifyFlags::CHECK_SS_SIGNATURE)?;
    param.set_time(now_seconds);
    if purpose == Purpose::TimeStamping {
        param.set_purpose(X509PurposeId::TIMESTAMP_SIGN)?;
    }
    let mut store = X509StoreBuilder::new()?;
    for root in roots {
        store.add_cert(root)?;
    }
    store.set_param(&param)?;
    let store = store.build();
    let mut stack = Stack::new()?;
    for certificate in intermediates {
        stack.push(certificate)?;
    }
    let mut context = X509StoreContext::new()?;
    context.init(&store, leaf, &stack, |c| {
        Ok(if c.verify_cert()? {
            Ok(())
        } else {
            Err(ChainError::Refused(c.error().error_string().to_owned()))
        })
    })
}
