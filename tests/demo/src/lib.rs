//! signum-demo
