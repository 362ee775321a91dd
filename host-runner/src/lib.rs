//! Countersign's command line: runs the engine's module in a sandbox and does what it asks for. Nothing here decides.

pub mod api;
pub mod change_system;
pub mod clock;
pub mod command;
pub mod drive;
pub mod engine;
pub mod exit;
pub mod failure;
pub mod files;
pub mod gather;
pub mod inspect;
pub mod inventory;
pub mod ledger;
pub mod module;
pub mod records;
pub mod refusal;
pub mod remote;
pub mod report;
pub mod sandbox;
pub mod settings;
pub mod table;
pub mod text;
pub mod verbs;
pub mod webhook;
pub mod wire;
