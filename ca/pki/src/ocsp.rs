//! ASN.1 of the online certificate status protocol (RFC 6960 section 4, RFC 9654).

pub mod cert_id;
pub mod nonce;
pub mod request;
pub mod response;
pub mod verify;
