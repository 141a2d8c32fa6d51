//! ASN.1 of the time-stamp protocol (RFC 3161, RFC 5816).

pub mod gen_time;
pub mod request;
pub mod response;
pub mod signing_certificate;
pub mod verify;
