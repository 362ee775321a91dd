//! The change request and its life: states, the events between them, and the journal that holds the events.

pub mod decision;
pub mod event;
pub mod journal;
pub mod obligation;
pub mod state;
