//! Structure-aware fuzzing of everything that reads DER from outside: real objects are changed at the level of their tags,
//! lengths and values, from a seed that makes each run repeatable, and each target is given them one after another.

mod mutation;
mod random;
mod run;
mod tree;

pub use mutation::Mutator;
pub use random::Random;
pub use run::{Figures, Finding, Take, Target, Verdict, run};
