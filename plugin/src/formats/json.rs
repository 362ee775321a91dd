//! The one way in which the product reads JSON: strictly (T35, T36, T37).
//!
//! A single pass over the bytes proves that the document is plain JSON that every reader understands alike: valid
//! UTF-8 without byte order mark, no duplicate keys, no lone surrogates, no number that a reader would round, bounded
//! nesting, nothing behind the value. Only then are the bytes read into types.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Deserializer, de};

use super::strict;
use crate::problem::Problem;

/// The most bytes of one document.
pub const DOCUMENT_BYTES: usize = 256 * 1024 * 1024;

/// The most objects and arrays inside each other.
pub const NESTING: usize = 64;

/// The most bytes of one string, escapes as written.
pub const STRING_BYTES: usize = 1024 * 1024;

/// Reads a document into `T`: the strict pass, then its types.
pub fn parse<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, Problem> {
    Json::read(bytes)?.typed()
}

/// Whether the bytes are one strict JSON document.
pub fn check(bytes: &[u8]) -> Result<(), Problem> {
    Json::read(bytes).map(|_| ())
}

/// A document that passed the strict pass.
#[derive(Debug)]
pub(crate) struct Json<'a> {
    text: &'a str,
    keys: Vec<Cow<'a, str>>,
}

impl<'a> Json<'a> {
    pub(crate) fn read(bytes: &'a [u8]) -> Result<Self, Problem> {
        let text = utf8(bytes)?;
        Ok(Self { text, keys: strict::pass(text)? })
    }

    /// Whether the document is an object that has this key.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.keys.iter().any(|key| key == name)
    }

    /// Reads the document into `T`.
    pub(crate) fn typed<T: Deserialize<'a>>(&self) -> Result<T, Problem> {
        serde_json::from_str(self.text).map_err(|error| {
            let (line, column) = (saturated(error.line()), saturated(error.column()));
            let text = error.to_string();
            let place = format!(" at line {} column {}", error.line(), error.column());
            let message: String = text
                .strip_suffix(place.as_str())
                .unwrap_or(&text)
                .chars()
                .take(240)
                .map(|character| if character.is_control() { '\u{fffd}' } else { character })
                .collect();
            Problem::new(message, "give the value that the format asks for at this place").at_line(line, column)
        })
    }
}

/// A string that borrows from the document unless it has escapes.
#[derive(Clone, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct Text<'a>(pub(crate) Cow<'a, str>);

impl Text<'_> {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn into_string(self) -> String {
        self.0.into_owned()
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Text<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Borrowed(text)))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }

            fn visit_string<E: de::Error>(self, text: String) -> Result<Self::Value, E> {
                Ok(Text(Cow::Owned(text)))
            }
        }

        deserializer.deserialize_str(Visitor)
    }
}

/// The document as text, if it is not too long and valid UTF-8.
pub(crate) fn utf8(bytes: &[u8]) -> Result<&str, Problem> {
    if bytes.len() > DOCUMENT_BYTES {
        let message = format!("the document has {} bytes; at most {DOCUMENT_BYTES} are read", bytes.len());
        return Err(Problem::new(message, "split the document, or leave out what nobody judges"));
    }
    std::str::from_utf8(bytes).map_err(|error| {
        let (line, column) = line_and_column(bytes, error.valid_up_to());
        Problem::new("the document is not valid UTF-8", "save it as UTF-8").at_line(line, column)
    })
}

/// The line and column of a byte, both counted from 1.
pub(crate) fn line_and_column(bytes: &[u8], at: usize) -> (u32, u32) {
    let before = bytes.get(..at.min(bytes.len())).unwrap_or_default();
    let lines = before.iter().filter(|&&byte| byte == b'\n').count();
    let column = before.iter().rev().take_while(|&&byte| byte != b'\n').count();
    (saturated(lines.saturating_add(1)), saturated(column.saturating_add(1)))
}

fn saturated(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
