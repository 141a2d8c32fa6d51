//! signum-idp
