//! The contract: JSON in, JSON out. The only place that knows the host's JSON.
//!
//! A session holds the bytes that the host gave, what was parsed of them, and the blobs that the engine made. Meaning
//! never depends on it: a fresh session that is given the same bytes answers the same bytes.

mod known;
pub mod pure;
#[cfg(feature = "schema")]
pub mod schemas;
mod session;
pub mod v1;

pub use crate::documents::{MAX_DOCUMENT_BYTES, MAX_TOTAL_BYTES};
pub use crate::failure;
pub use session::Session;

use crate::change::event::Engine;
use crate::failure::Failure;
use crate::formats::json;

/// The version of the contract that this engine speaks.
pub const CONTRACT: &str = "countersign/v1";

/// What every build carries, readable before it is compiled: contract, door, engine.
#[must_use]
pub fn identity() -> Engine {
    Engine::this()
}

/// Answers one request. Total: whatever the bytes are, the answer is JSON.
#[must_use]
pub fn handle(session: &mut Session, request: &[u8]) -> Vec<u8> {
    serde_json::to_vec(&respond(session, request)).unwrap_or_else(|error| {
        let text = format!("the answer cannot be written: {error}");
        serde_json::to_vec(&v1::Response::Failure(Failure::one(
            failure::Code::Internal,
            text,
            "report this as a defect",
        )))
        .unwrap_or_default()
    })
}

/// Answers one request, for a door that does not want the answer as JSON.
#[must_use]
pub fn respond(session: &mut Session, request: &[u8]) -> v1::Response {
    match json::parse::<v1::Request>(request) {
        Ok(request) => v1::answer(session, request).unwrap_or_else(v1::Response::Failure),
        Err(problem) => v1::Response::Failure(Failure::request(problem)),
    }
}
