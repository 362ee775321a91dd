//! What a host is told when nothing can be decided: a failure is never a verdict.

use serde::{Deserialize, Serialize};

use crate::problem::{Place, Problem};

/// A stable name for each kind of failure.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Code {
    /// The request is not one of the contract.
    BadRequest,
    /// The request speaks another contract.
    OtherContract,
    /// The request names a document whose bytes were not given.
    UnknownDocument,
    /// A document or a count is over a published limit.
    OverLimit,
    /// The policy cannot be read.
    Policy,
    /// The promotion pull request cannot be read, or lacks a required field (PR4).
    Promotion,
    /// The pull request is not the one that made what is deployed (IN5).
    WrongPromotion,
    /// The change request cannot be rolled back to (FR2).
    Rollback,
    /// What was prepared by hand cannot be read (EX5).
    Prepared,
    /// What is said to be done is not owed, or does not count (EM4).
    Obligation,
    /// An inventory entry cannot be read.
    Inventory,
    /// A report cannot be recorded as evidence (EV1).
    Evidence,
    /// The journal is damaged, or was begun by another engine.
    Journal,
    /// The answer or the response does not fit.
    BadAnswer,
    /// What has to be read cannot be reached.
    Unavailable,
    /// Something was written, and reads otherwise, or somebody else wrote in between.
    WriteNotTaken,
    /// Another run works on the same change.
    Held,
    /// The engine has a defect.
    Internal,
}

/// One thing that is wrong.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Fault {
    /// Its stable name.
    pub code: Code,
    /// The document that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<String>,
    /// Where in the document or the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    /// What is wrong.
    pub message: String,
    /// How to mend it.
    pub help: String,
}

/// Everything that is wrong, at once.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Failure {
    /// The exit code of a host: 2, or 1 for a defect, or 40 for a journal that does not verify.
    pub exit_code: u8,
    /// What is wrong. At least one.
    pub errors: Vec<Fault>,
}

impl Failure {
    /// One fault of the request as a whole.
    #[must_use]
    pub fn one(code: Code, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self::all(code, None, vec![Problem::new(message, help)])
    }

    /// A request that cannot be read.
    #[must_use]
    pub fn request(problem: Problem) -> Self {
        // Line 0: the reader had lost the place when it found the problem.
        let place = problem.place.filter(|place| !matches!(place, Place::Line { line: 0, .. }));
        let problem = Problem { message: format!("the request cannot be read: {}", problem.message), place, ..problem };
        Self::all(Code::BadRequest, None, vec![problem])
    }

    /// All problems of one document.
    #[must_use]
    pub fn all(code: Code, document: Option<&str>, problems: Vec<Problem>) -> Self {
        let exit_code = match code {
            Code::Internal => 1,
            Code::Journal => 40,
            Code::Unavailable => 30,
            Code::WriteNotTaken => 31,
            Code::Held => 16,
            Code::BadRequest
            | Code::OtherContract
            | Code::UnknownDocument
            | Code::OverLimit
            | Code::Policy
            | Code::Promotion
            | Code::WrongPromotion
            | Code::Rollback
            | Code::Prepared
            | Code::Obligation
            | Code::Inventory
            | Code::Evidence
            | Code::BadAnswer => 2,
        };
        let fault = |problem: Problem| Fault {
            code,
            document: document.map(str::to_owned),
            place: problem.place,
            message: problem.message,
            help: problem.help,
        };
        Self { exit_code, errors: problems.into_iter().map(fault).collect() }
    }
}
