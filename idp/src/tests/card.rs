//! Log-in with the eID card: what logs in, and every way in which a card, its token or its status is wrong.

mod authority;
mod certificates;
mod desk;
mod logs_in;
mod responder;
mod signing_certificates;
mod status;
mod suspended;
mod tls;
mod token;
mod trouble;
