//! The fault matrix: what each fault of a module or of its storage does to a service that signs through real workers.
//!
//! For every row: the caller gets the named error before its deadline, no wrong signature ever leaves, the service resumes
//! by itself where it can and raises an alarm where it cannot. Times are printed, never asserted.

mod alarms;
mod churn;
mod disk;
mod files;
mod misuse;
mod module;
mod overload;
pub mod patient;
mod pin;
mod sessions;
