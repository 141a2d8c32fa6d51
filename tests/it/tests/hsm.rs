//! What operators and officers do with tokens, through the program itself.

mod pins;
mod rules;
