//! How a change request ends (CL2, CL3, CL4, RB2, EM3).

use crate::change::event::{Basis, Closure, Conclusion};

/// The category of a change that was deployed, or was meant to be.
#[must_use]
pub fn categorize(conclusion: Conclusion, basis: &Basis, ready_at_closing: bool) -> Closure {
    match (conclusion, basis, ready_at_closing) {
        (Conclusion::Failed | Conclusion::RolledBack | Conclusion::RollbackFailed, _, _) => Closure::Unsuccessful,
        (Conclusion::SucceededUntested, _, _) => Closure::SuccessfulIssues,
        (Conclusion::Succeeded, Basis::Emergency {}, _) => Closure::SuccessfulIssues,
        (Conclusion::Succeeded, Basis::Readiness {} | Basis::People { .. }, false) => Closure::SuccessfulIssues,
        (Conclusion::Succeeded, Basis::Readiness {} | Basis::People { .. }, true) => Closure::Successful,
    }
}

/// What becomes of the change request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Manner {
    /// It is closed.
    Close,
    /// It stays open for people to finish.
    LeaveOpen,
}

/// A request that was supplied stays open (CL3), and so does one whose deployment failed (RB2, RB3).
#[must_use]
pub fn manner(conclusion: Conclusion, supplied: bool) -> Manner {
    match (conclusion.is_success(), supplied) {
        (true, false) => Manner::Close,
        (true, true) | (false, _) => Manner::LeaveOpen,
    }
}
