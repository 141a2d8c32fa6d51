//! signum-browser
