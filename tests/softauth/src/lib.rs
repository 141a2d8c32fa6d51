//! signum-softauth
