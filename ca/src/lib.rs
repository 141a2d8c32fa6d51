//! signum-ca
