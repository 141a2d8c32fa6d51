//! signum-signer
