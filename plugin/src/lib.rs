//! Countersign: change management for CI/CD, decided by one pure function.
//!
//! The engine takes documents as bytes, a journal and the time, and says what must happen next. It performs no
//! input or output, knows no clock, and answers the same bytes for the same request on every host.
//! The modules stand in reading order: a module names only modules above it.

pub mod scalar;

pub mod glob;
mod order;
pub mod problem;

pub mod evidence;
pub mod inventory;

pub mod formats;

pub mod promotion;

pub mod calendar;
pub mod policy;

pub mod facts;

pub mod category;
pub mod readiness;
pub mod risk;

pub mod change;

pub mod closure;
pub mod gate;

pub mod obligations;

pub mod register;

pub mod history;

pub mod prepared;

pub mod effect;

pub mod sbom;

pub mod attachments;

pub mod failure;

pub mod io;

pub mod plan;

pub mod documents;

pub mod report;

pub mod survey;

pub mod gather;

pub mod connectors;

pub mod commands;

pub mod contract;

pub mod doors;

#[cfg(test)]
pub(crate) mod fixtures;
