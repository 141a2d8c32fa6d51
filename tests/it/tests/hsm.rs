//! What operators and officers do with tokens, through the program itself.

mod board;
mod own_user;
mod pins;
mod rewrap;
mod rules;
