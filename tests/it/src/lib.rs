//! signum-tests
