//! The remote signature service: enrolment, the signing desk, PAdES, evidence (ARCHITECTURE "Enrol for signing", "Sign a PDF").

pub mod cms;
pub mod pades;

#[cfg(test)]
mod test_key;
