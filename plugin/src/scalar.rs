//! The smallest values: parsed once, valid ever after.

use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sha2::{Digest as _, Sha256};

/// Why a text is not the value that it should be.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{0}")]
pub struct Invalid(pub String);

/// A SHA-256 digest; written `sha256:` and 64 lower-case hex digits.
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The digest of `bytes`.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// Parses 64 hex digits, with or without the `sha256:` prefix that foreign formats leave out.
    pub fn parse_bare(text: &str) -> Result<Self, Invalid> {
        let hex = text.strip_prefix("sha256:").unwrap_or(text);
        let invalid = || Invalid(format!("`{}` is not a SHA-256 digest of 64 hex digits", shorten(text)));
        if hex.len() != 64 {
            return Err(invalid());
        }
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(hex.as_bytes().chunks_exact(2)) {
            let &[high, low] = pair else { return Err(invalid()) };
            let (Some(high), Some(low)) = (nibble(high), nibble(low)) else { return Err(invalid()) };
            *byte = high << 4 | low;
        }
        Ok(Self(bytes))
    }

    /// The 32 bytes.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The 64 hex digits alone.
    #[must_use]
    pub fn hex(&self) -> String {
        self.digits().map(char::from).collect()
    }

    /// The first 12 hex digits, for people.
    #[must_use]
    pub fn short(&self) -> String {
        self.digits().take(12).map(char::from).collect()
    }

    /// The text of a digest, in bytes.
    fn text(&self) -> [u8; 71] {
        let mut text = *b"sha256:\
            0000000000000000000000000000000000000000000000000000000000000000";
        text.iter_mut().skip(7).zip(self.digits()).for_each(|(place, digit)| *place = digit);
        text
    }

    fn digits(&self) -> impl Iterator<Item = u8> {
        self.0.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 0xf)])
    }
}

/// The hex digit of a value below 16.
const fn digit(nibble: u8) -> u8 {
    match nibble {
        0..=9 => nibble.saturating_add(b'0'),
        _ => nibble.saturating_add(b'a' - 10),
    }
}

/// The value of a hex digit.
fn nibble(digit: u8) -> Option<u8> {
    NIBBLES.get(usize::from(digit)).copied().filter(|value| *value < 16)
}

/// The value of each byte as a hex digit; 16 for what is none.
#[expect(clippy::indexing_slicing, reason = "computed while compiling: a panic would be a compiler error")]
const NIBBLES: [u8; 256] = {
    let mut values = [16; 256];
    let mut value: u8 = 0;
    while value < 16 {
        let lower = digit(value);
        values[lower as usize] = value;
        values[lower.to_ascii_uppercase() as usize] = value;
        value = value.wrapping_add(1);
    }
    values
};

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(std::str::from_utf8(&self.text()).map_err(|_| fmt::Error)?)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Digest {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        match text.strip_prefix("sha256:") {
            Some(hex) if !hex.bytes().any(|digit| digit.is_ascii_uppercase()) => Self::parse_bare(text),
            _ => Err(Invalid(format!("`{}` is not `sha256:` and 64 lower-case hex digits", shorten(text)))),
        }
    }
}

/// An instant, to the millisecond; written as RFC 3339 in UTC.
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Timestamp(i64);

impl Timestamp {
    /// 1970-01-01T00:00:00Z.
    pub const EPOCH: Self = Self(0);

    /// The instant so many milliseconds after 1970-01-01T00:00:00Z, if it lies in the years 0 to 9999.
    #[must_use]
    pub fn from_millisecond(milliseconds: i64) -> Option<Self> {
        jiff::Timestamp::from_millisecond(milliseconds).ok().map(|_| Self(milliseconds))
    }

    /// Milliseconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub fn as_millisecond(self) -> i64 {
        self.0
    }

    /// This instant in jiff's terms.
    #[must_use]
    pub fn instant(self) -> jiff::Timestamp {
        jiff::Timestamp::from_millisecond(self.0).unwrap_or(jiff::Timestamp::MAX)
    }

    /// The instant `seconds` later (or earlier, if negative); saturates at the end of time.
    #[must_use]
    pub fn plus_seconds(self, seconds: i64) -> Self {
        let moved = self.0.saturating_add(seconds.saturating_mul(1000));
        Self::from_millisecond(moved).unwrap_or(self)
    }

    /// Whole seconds from `earlier` to this instant; negative if `earlier` is later.
    #[must_use]
    pub fn seconds_since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0).div_euclid(1000)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.instant(), f)
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Timestamp {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        text.parse::<jiff::Timestamp>().map(|instant| Self(instant.as_millisecond())).map_err(|_| {
            Invalid(format!("`{}` is not an RFC 3339 date and time such as `2026-03-02T10:11:12Z`", shorten(text)))
        })
    }
}

/// A name or id that people and systems use: 1 to 256 characters, none of them a control character,
/// no blanks at the ends.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Name(String);

impl Name {
    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Name {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let sound = !text.is_empty()
            && text.chars().count() <= 256
            && text.trim() == text
            && !text.chars().any(char::is_control);
        if sound {
            Ok(Self(text.to_owned()))
        } else {
            Err(Invalid(format!(
                "`{}` is not a name of 1 to 256 characters without control characters or blanks at its ends",
                shorten(text)
            )))
        }
    }
}

/// A git commit: 40 (SHA-1) or 64 (SHA-256) lower-case hex digits.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Commit(String);

impl Commit {
    /// The commit as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Commit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Commit {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let hex = text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
        if hex && (text.len() == 40 || text.len() == 64) {
            Ok(Self(text.to_owned()))
        } else {
            Err(Invalid(format!("`{}` is not a commit of 40 lower-case hex digits", shorten(text))))
        }
    }
}

/// One e-mail address: ASCII, at most 254 characters, one `@`, a dot in the domain (T94).
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Email(String);

impl Email {
    /// The address as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Email {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let invalid = || Invalid(format!("`{}` is not one e-mail address", shorten(text)));
        let (local, domain) = text.split_once('@').ok_or_else(invalid)?;
        let atom = |byte: u8| byte.is_ascii_alphanumeric() || b".!#$%&'*+/=?^_`{|}~-".contains(&byte);
        let label = |label: &str| {
            !label.is_empty()
                && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        let sound = text.len() <= 254
            && !local.is_empty()
            && local.len() <= 64
            && local.bytes().all(atom)
            && !local.starts_with('.')
            && !local.ends_with('.')
            && !local.contains("..")
            && domain.contains('.')
            && domain.split('.').all(label);
        if sound { Ok(Self(text.to_owned())) } else { Err(invalid()) }
    }
}

/// At most 60 characters of `text`, for messages.
#[must_use]
pub fn shorten(text: &str) -> String {
    if text.chars().count() <= 60 {
        text.chars().map(visible).collect()
    } else {
        text.chars().take(57).map(visible).chain("...".chars()).collect()
    }
}

/// Control and direction-changing characters shown as a replacement, so that no text can act on a terminal (T63).
fn visible(character: char) -> char {
    match character {
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => '\u{fffd}',
        character if character.is_control() => '\u{fffd}',
        character => character,
    }
}

/// Parses a string where it stands, without a copy.
pub(crate) struct Parsed<T>(PhantomData<T>);

impl<T> Parsed<T> {
    pub(crate) const VISITOR: Self = Self(PhantomData);
}

impl<T: FromStr<Err = Invalid>> de::Visitor<'_> for Parsed<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        text.parse().map_err(E::custom)
    }
}

/// Scalars are strings outside of this module.
macro_rules! text_in_serde {
    ($($scalar:ty => $pattern:literal),+ $(,)?) => {$(
        impl Serialize for $scalar {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $scalar {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_str(Parsed::<Self>::VISITOR)
            }
        }

        #[cfg(feature = "schema")]
        impl schemars::JsonSchema for $scalar {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($scalar).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({ "type": "string", "pattern": $pattern })
            }
        }
    )+};
}

text_in_serde! {
    Commit => "^([0-9a-f]{40}|[0-9a-f]{64})$",
    Digest => "^sha256:[0-9a-f]{64}$",
    Email => "^[^@]{1,64}@[^@]+$",
    Name => "^.{1,256}$",
    Timestamp => "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z$",
}
