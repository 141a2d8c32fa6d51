//! signum-pki
