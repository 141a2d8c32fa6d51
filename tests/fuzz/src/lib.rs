//! Structure-aware fuzzing of everything that reads DER from outside: real objects are changed at the level of their tags,
//! lengths and values, and each target is given them one after another. The same objects and seed make the same inputs; a CA made
//! for the run has new keys, so what is found is kept as a file.

mod mutation;
mod random;
mod run;
mod tree;
mod words;

pub use mutation::Mutator;
pub use random::Random;
pub use run::{Figures, Finding, Take, Target, Verdict, run, run_on};
pub use words::Words;
