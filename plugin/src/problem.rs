//! What is wrong with a document, where, and how to mend it.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A place in a document.
#[derive(Clone, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(deny_unknown_fields, tag = "at", rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Place {
    /// A line and a column, both counted from 1; columns count bytes.
    Line {
        /// The line.
        line: u32,
        /// The column; 0 means the whole line.
        column: u32,
    },
    /// A JSON Pointer (RFC 6901) into the parsed document.
    Pointer {
        /// The pointer; empty is the whole document.
        pointer: String,
    },
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line { line, column: 0 } => write!(f, "line {line}"),
            Self::Line { line, column } => write!(f, "line {line}, column {column}"),
            Self::Pointer { pointer } if pointer.is_empty() => f.write_str("the whole document"),
            Self::Pointer { pointer } => f.write_str(pointer),
        }
    }
}

/// One thing that is wrong with one document. Bad evidence is a value, not an exception (EV5).
///
/// Messages are lower case, without full stop, the user's own text in backticks.
#[derive(Clone, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Problem {
    /// Where, if a place is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    /// What is wrong.
    pub message: String,
    /// How to mend it.
    pub help: String,
}

impl Problem {
    /// A problem of the document as a whole.
    #[must_use]
    pub fn new(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { place: None, message: message.into(), help: help.into() }
    }

    /// The same problem at a line and column, both counted from 1.
    #[must_use]
    pub fn at_line(self, line: u32, column: u32) -> Self {
        Self { place: Some(Place::Line { line, column }), ..self }
    }

    /// The same problem at a JSON Pointer.
    #[must_use]
    pub fn at_pointer(self, pointer: impl Into<String>) -> Self {
        Self { place: Some(Place::Pointer { pointer: pointer.into() }), ..self }
    }
}
