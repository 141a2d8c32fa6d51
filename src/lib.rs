//! The wiring of `signum`: configuration, data folder, child processes, services. No domain logic.

pub mod app;
pub mod children;
pub mod commands;
pub mod config;
pub mod first_start;
pub mod layout;
pub mod operator;
pub mod remote;
