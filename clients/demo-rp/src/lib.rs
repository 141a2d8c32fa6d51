//! signum-demo-rp
