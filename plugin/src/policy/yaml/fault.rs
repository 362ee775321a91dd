//! What is wrong with a YAML document, in our words, and where it stands.

use std::fmt;

use serde::de::{Expected, Unexpected};

use crate::scalar::shorten;

/// A place as the parser counts it: lines from 1, columns in characters from 0.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Mark {
    pub(super) line: usize,
    pub(super) column: usize,
}

/// What is wrong, and how to mend it. Boxed, because it travels through the generic code of every type that is read.
#[derive(Debug)]
pub(super) struct Fault(Box<Wrong>);

#[derive(Debug)]
pub(super) struct Wrong {
    pub(super) at: Option<Mark>,
    pub(super) message: String,
    pub(super) help: String,
    /// Whether it is about the shape of a mapping: then it stands at the key, else at the value.
    pub(super) of_shape: bool,
}

impl Fault {
    /// A fault that has no place yet.
    pub(super) fn new(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self(Box::new(Wrong { at: None, message: message.into(), help: help.into(), of_shape: false }))
    }

    /// Something else stands where the document must have a mapping, a list or a word.
    pub(super) fn expected(what: &str) -> Self {
        Self::malformed(format!("expected {what}"))
    }

    /// The document has the wrong shape.
    pub(super) fn malformed(message: impl Into<String>) -> Self {
        Self::new(message, "the file must be one YAML mapping of the policy's keys")
    }

    /// What the parser or a value's own rules say.
    pub(super) fn said(message: &str) -> Self {
        Self::new(first_lower(message), "correct the value")
    }

    pub(super) fn at(mut self, mark: Mark) -> Self {
        self.0.at = Some(mark);
        self
    }

    /// The same fault at this place, unless its place is known.
    pub(super) fn or_at(self, mark: Mark) -> Self {
        self.or_either(mark, mark)
    }

    /// The same fault at the key or at the value, unless its place is known.
    #[cold]
    #[inline(never)]
    pub(super) fn or_either(mut self, key: Mark, value: Mark) -> Self {
        let mark = if self.0.of_shape { key } else { value };
        self.0.at.get_or_insert(mark);
        self
    }

    pub(super) fn into_inner(self) -> Wrong {
        *self.0
    }

    fn of_shape(mut self) -> Self {
        self.0.of_shape = true;
        self
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl std::error::Error for Fault {}

impl serde::de::Error for Fault {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::said(&message.to_string())
    }

    fn invalid_type(unexpected: Unexpected<'_>, expected: &dyn Expected) -> Self {
        stands_where(unexpected, expected)
    }

    fn invalid_value(unexpected: Unexpected<'_>, expected: &dyn Expected) -> Self {
        stands_where(unexpected, expected)
    }

    fn invalid_length(length: usize, expected: &dyn Expected) -> Self {
        Self::malformed(format!("invalid length {length}, expected {expected}")).of_shape()
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        Self::new(
            format!("`{}` is not a value that can stand here", shorten(variant)),
            format!("use one of {}", list(expected)),
        )
        .of_shape()
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        Self::new(format!("the key `{}` is unknown", shorten(field)), format!("known here: {}", list(expected)))
            .of_shape()
    }

    fn missing_field(field: &'static str) -> Self {
        Self::new(format!("the key `{field}` is missing"), format!("add `{field}`")).of_shape()
    }
}

fn stands_where(unexpected: Unexpected<'_>, expected: &dyn Expected) -> Fault {
    let (unexpected, expected) = (unexpected.to_string(), expected.to_string());
    let message = format!("{} stands where {} is expected", shorten(&unexpected), shorten(&expected));
    Fault::new(message, "correct the value").of_shape()
}

fn first_lower(message: &str) -> String {
    let mut letters = message.chars();
    match letters.next() {
        Some(first) => first.to_lowercase().chain(letters).collect(),
        None => "the file is not valid YAML".to_owned(),
    }
}

fn list(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    quoted.join(", ")
}
