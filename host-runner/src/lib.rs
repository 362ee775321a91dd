//! Countersign's command line: runs the engine's module in a sandbox and does what it asks for. Nothing here decides.

pub mod api;
pub mod clock;
pub mod command;
pub mod engine;
pub mod exchanges;
pub mod exit;
pub mod failure;
pub mod faults;
pub mod files;
pub mod inspect;
pub mod inventory;
mod judgement;
pub mod ledger;
pub mod module;
mod network;
pub mod place;
pub mod refusal;
pub mod remote;
pub mod sandbox;
pub mod session;
pub mod settings;
pub mod switches;
pub mod table;
pub mod text;
pub mod verbs;
pub mod webhook;
pub mod wire;
