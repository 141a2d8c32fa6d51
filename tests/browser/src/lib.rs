//! Headless Chromium over W3C WebDriver: virtual authenticators, page checks and screenshots.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

pub mod chromedriver;
pub mod commands;
pub mod page;
pub mod running;
pub mod session;
