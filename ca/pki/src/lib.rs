//! Path validation, OCSP and time-stamp types and checks that need no I/O: RFC 5280, RFC 6960, RFC 3161, EN 319 412-5.
//!
//! Every check takes the time as a parameter. Signatures are verified with OpenSSL over the octets as received.

pub mod certificate;
pub mod chain;
pub mod key_check;
pub mod key_origin;
pub mod ocsp;
pub mod oid;
pub mod qc;
pub mod signature;
pub mod tsp;

pub use chain::verify_chain;
pub use ocsp::nonce::{is_the_one_answer_to, ocsp_request_with_nonce};
pub use ocsp::request::ocsp_request;
pub use ocsp::verify::{CertStatus, OcspError, verify_ocsp};
pub use tsp::request::tsp_request;
pub use tsp::verify::{TimeStamp, TimeStampError, verify_time_stamp};
