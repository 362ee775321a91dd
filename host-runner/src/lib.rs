//! Countersign's command line: runs the engine's module in a sandbox and does what it asks for. Nothing here decides.

pub mod command;
pub mod exit;
pub mod failure;
pub mod inspect;
pub mod ledger;
pub mod module;
pub mod sandbox;
pub mod text;
pub mod verbs;
