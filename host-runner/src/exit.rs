//! How the process ends, the same numbers in every host.

use std::process::ExitCode;

/// An ending; the discriminant is the exit code.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
#[repr(u8)]
pub enum Exit {
    /// Done, or nothing to deploy.
    Done = 0,
    /// Internal error.
    Internal = 1,
    /// Bad usage, policy or input.
    Usage = 2,
    /// Awaiting approval.
    AwaitingApproval = 10,
    /// Not ready (assess).
    NotReady = 11,
    /// Rejected or cancelled.
    Rejected = 12,
    /// The wait for approval ran out.
    WaitRanOut = 13,
    /// Outside the allowed window.
    OutsideWindow = 14,
    /// Approval void: stale, or not independent.
    ApprovalVoid = 15,
    /// Another run holds this change.
    Held = 16,
    /// Deployment or tests failed, not rolled back.
    Failed = 20,
    /// Failed, rolled back.
    RolledBack = 21,
    /// Failed, rollback failed.
    RollbackFailed = 22,
    /// Outcome of a user command unknown.
    OutcomeUnknown = 23,
    /// Deployed, closing not finished.
    ClosingUnfinished = 24,
    /// Change system unavailable.
    Unavailable = 30,
    /// A write did not take.
    WriteLost = 31,
    /// Replay or journal does not verify.
    NotVerified = 40,
    /// Obligations overdue.
    Overdue = 41,
}

impl Exit {
    /// Every ending, in the order of its code.
    pub const ALL: [Self; 19] = [
        Self::Done,
        Self::Internal,
        Self::Usage,
        Self::AwaitingApproval,
        Self::NotReady,
        Self::Rejected,
        Self::WaitRanOut,
        Self::OutsideWindow,
        Self::ApprovalVoid,
        Self::Held,
        Self::Failed,
        Self::RolledBack,
        Self::RollbackFailed,
        Self::OutcomeUnknown,
        Self::ClosingUnfinished,
        Self::Unavailable,
        Self::WriteLost,
        Self::NotVerified,
        Self::Overdue,
    ];

    /// The number that the process exits with.
    #[must_use]
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// The ending with this number, when there is one.
    #[must_use]
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|exit| exit.code() == code)
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use super::Exit;

    #[test]
    fn every_code_names_one_ending() {
        let codes: Vec<u8> = Exit::ALL.iter().map(|exit| exit.code()).collect();
        assert_eq!(codes, [0, 1, 2, 10, 11, 12, 13, 14, 15, 16, 20, 21, 22, 23, 24, 30, 31, 40, 41]);
        for exit in Exit::ALL {
            assert_eq!(Exit::from_code(exit.code()), Some(exit));
        }
        assert_eq!(Exit::from_code(3), None);
    }
}
