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

    /// How many bytes the document has.
    pub(crate) fn len(&self) -> usize {
        self.text.len()
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

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Text<'_> {
    fn schema_name() -> Cow<'static, str> {
        "Text".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string" })
    }
}

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

#[cfg(test)]
mod tests {
    use super::super::json;
    use super::super::tests::wrong;

    #[test]
    fn t35_what_readers_read_differently_is_refused() {
        for (document, problem) in [
            ("", "line 1, column 1: the document is empty"),
            (" \n", "line 2, column 1: the document is empty"),
            ("\u{feff}{}", "line 1, column 1: the document begins with a byte order mark"),
            ("{} x", "line 1, column 4: something follows the end of the document: `x`"),
            (r#"{"a":1,"a":2}"#, "line 1, column 8: duplicate key `a`"),
            (r#"{"a":1,"\u0061":2}"#, "line 1, column 8: duplicate key `a`"),
            (r#"[0,{"b":{"c":1,"c":1}}]"#, "line 1, column 16: duplicate key `c` (at `/1/b`)"),
            (r#"{"a":"\ud800"}"#, "line 1, column 7: a string has half of a surrogate pair (at `/a`)"),
            (r#"{"a":"\udc00\ud800"}"#, "line 1, column 7: a string has half of a surrogate pair (at `/a`)"),
            (r#"["\x"]"#, "line 1, column 3: a string has an escape that JSON does not know (at `/0`)"),
            ("[\"\t\"]", "line 1, column 3: a string has a control character that is not escaped (at `/0`)"),
            (r#"{"a" 1}"#, "line 1, column 6: expected `:`, found `1` (at `/a`)"),
            ("{\"a\":1,\n}", "line 2, column 1: expected a key in quotes, found `}` (at `/a`)"),
            ("[1,]", "line 1, column 4: expected a value, found `]` (at `/1`)"),
            ("[1 2]", "line 1, column 4: expected `,` or `]`, found `2` (at `/0`)"),
            ("[tru", "line 1, column 5: the document ends in the middle of a value (at `/0`)"),
            (r#"{"a":["x"#, "line 1, column 9: the document ends in the middle of a value (at `/a/0`)"),
        ] {
            assert_eq!(wrong(json::check(document.as_bytes())), problem, "{document}");
        }
        assert_eq!(wrong(json::check(b"[\"a\n\xff\"]")), "line 2, column 1: the document is not valid UTF-8");
    }

    #[test]
    fn t35_duplicates_are_found_in_objects_of_any_size() {
        for keys in [2, 15, 16, 17, 18, 40, 1000] {
            let members: Vec<String> = (0..keys).map(|key| format!("\"k{key}\":{{}}")).collect();
            let sound = format!("{{{}}}", members.join(","));
            assert_eq!(json::check(sound.as_bytes()), Ok(()));
            for twin in [0, keys / 2, keys - 1] {
                let double = format!("{{{},\n\"k{twin}\":0}}", members.join(","));
                assert_eq!(wrong(json::check(double.as_bytes())), format!("line 2, column 1: duplicate key `k{twin}`"));
            }
        }
    }

    #[test]
    fn t36_numbers_are_exact_or_refused() {
        for number in ["0", "-0", "9223372036854775807", "-9223372036854775808", "18446744073709551615", "1.5e300"] {
            assert_eq!(json::check(number.as_bytes()), Ok(()), "{number}");
        }
        for number in ["18446744073709551616", "-9223372036854775809", "1e400", "-1e999999999"] {
            assert!(wrong(json::check(number.as_bytes())).ends_with("too large to be read exactly"), "{number}");
        }
        for number in ["01", "-", "1.", ".5", "+1", "1e", "0x10", "1.e1", "NaN", "Infinity"] {
            assert!(json::check(number.as_bytes()).is_err(), "{number}");
        }
    }

    #[test]
    fn t37_limits_hold() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert_eq!(json::check(nested(json::NESTING).as_bytes()), Ok(()));
        assert!(wrong(json::check(nested(json::NESTING + 1).as_bytes())).contains("nested more than 64 deep"));
        assert!(json::check("[".repeat(250_000).as_bytes()).is_err());
        let text = |length: usize| format!("\"{}\"", "x".repeat(length));
        assert_eq!(json::check(text(json::STRING_BYTES).as_bytes()), Ok(()));
        assert!(wrong(json::check(text(json::STRING_BYTES + 1).as_bytes())).contains("more than 1048576 bytes"));
    }

    #[test]
    fn strings_end_where_they_end_whatever_stands_beside() {
        for length in 0..40 {
            for tail in ["", "é", "\\\"", "\\\\", "\\u00e9", "\u{7f}", "😀"] {
                let document = format!("[\"{}{tail}\", \"{tail}\"]", "a".repeat(length));
                assert_eq!(json::check(document.as_bytes()), Ok(()), "{document}");
                let cut = &document.as_bytes()[..document.len() - 2];
                assert!(json::check(cut).is_err(), "{document}");
            }
        }
    }

    #[test]
    fn problems_of_types_have_their_place() {
        let answer = json::parse::<Vec<u8>>(b"[1,\n 300]");
        assert_eq!(wrong(answer), "line 2, column 4: invalid value: integer `300`, expected u8");
    }
}
