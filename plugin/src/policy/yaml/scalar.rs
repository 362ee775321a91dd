//! What a scalar is: its text, how it is written, and what that makes of it in YAML 1.2.

use std::borrow::Cow;

/// A tag of YAML's core schema, the only ones that are read.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Tag {
    /// No tag: the way it is written decides.
    None,
    /// `!`: a word where nothing else is expected.
    Bare,
    /// `!!str`.
    Str,
    /// `!!int`.
    Int,
    /// `!!float`.
    Float,
    /// `!!bool`.
    Bool,
    /// `!!null`.
    Null,
}

/// One scalar.
#[derive(Clone, Debug)]
pub(super) struct Scalar<'a> {
    pub(super) text: Cow<'a, str>,
    /// Whether it is written without quotes and not as a block.
    pub(super) plain: bool,
    pub(super) tag: Tag,
}

/// What makes two keys the same: whole numbers by value, everything else by its text.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Identity<'a> {
    Whole(bool, u128),
    Other(Tag, Cow<'a, str>),
}

/// What an untagged word without a schema is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Resolved {
    Null,
    Bool(bool),
    Unsigned(u64),
    Signed(i64),
    Float(f64),
    Text,
}

impl<'a> Scalar<'a> {
    /// Whether it is null: so tagged, or written as nothing, `~` or `null`.
    pub(super) fn is_null(&self) -> bool {
        self.tag == Tag::Null || self.tag == Tag::None && self.is_nullish()
    }

    fn is_nullish(&self) -> bool {
        self.plain && (self.text.is_empty() || self.text == "~" || self.text.eq_ignore_ascii_case("null"))
    }

    /// `true` or `false`, in any case; the words of YAML 1.1 are not read.
    pub(super) fn boolean(&self) -> Option<bool> {
        let text = trim(&self.text);
        match (text.eq_ignore_ascii_case("true"), text.eq_ignore_ascii_case("false")) {
            (true, _) => Some(true),
            (false, true) => Some(false),
            (false, false) => None,
        }
    }

    /// A whole number that is not negative and fits.
    pub(super) fn unsigned<T: TryFrom<u128>>(&self) -> Option<T> {
        let text = trim(&self.text);
        if text.starts_with('-') {
            return None;
        }
        T::try_from(magnitude(text.strip_prefix('+').unwrap_or(text))?).ok()
    }

    /// A whole number that fits.
    pub(super) fn signed<T: TryFrom<i128>>(&self) -> Option<T> {
        let text = trim(&self.text);
        let (negative, digits) = match (text.strip_prefix('+'), text.strip_prefix('-')) {
            (Some(digits), _) => (false, digits),
            (None, Some(digits)) => (true, digits),
            (None, None) => (false, text),
        };
        let value = i128::try_from(magnitude(digits)?).ok()?;
        T::try_from(if negative { value.checked_neg()? } else { value }).ok()
    }

    /// A number with or without a fraction; `None` if it is none, infinite if it does not fit.
    pub(super) fn float(&self) -> Option<f64> {
        let text = trim(&self.text);
        match text.to_ascii_lowercase().as_str() {
            ".nan" | "+.nan" | "-.nan" => return Some(f64::NAN),
            ".inf" | "+.inf" => return Some(f64::INFINITY),
            "-.inf" => return Some(f64::NEG_INFINITY),
            _ => {}
        }
        let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
        let value = text.parse::<f64>().ok()?;
        // Rust also reads `inf` and `nan`, which are words in YAML.
        (value.is_finite() || digits.starts_with(|first: char| first.is_ascii_digit())).then_some(value)
    }

    /// What it is where nothing says what it should be.
    pub(super) fn resolve(&self) -> Resolved {
        if self.is_null() {
            return Resolved::Null;
        }
        if !self.plain || matches!(self.tag, Tag::Bare | Tag::Str) {
            return Resolved::Text;
        }
        if let Some(value) = self.boolean() {
            return Resolved::Bool(value);
        }
        if trim(&self.text).starts_with('-') {
            if let Some(value) = self.signed() {
                return Resolved::Signed(value);
            }
        } else if let Some(value) = self.unsigned() {
            return Resolved::Unsigned(value);
        }
        self.float().map_or(Resolved::Text, Resolved::Float)
    }

    /// What makes another key the same as this one.
    pub(super) fn identity(&self) -> Identity<'a> {
        if self.tag == Tag::Int || self.tag == Tag::None && self.plain {
            if let Some(value) = self.unsigned::<u128>() {
                return Identity::Whole(false, value);
            }
            if let Some(value) = self.signed::<i128>() {
                return Identity::Whole(value < 0, value.unsigned_abs());
            }
        }
        let tag = match self.tag {
            _ if self.is_null() => Tag::Null,
            Tag::None | Tag::Bare => Tag::Str,
            tag => tag,
        };
        Identity::Other(tag, self.text.clone())
    }

    /// The key of YAML 1.1 that copies another mapping's entries.
    pub(super) fn is_merge_key(&self) -> bool {
        self.plain && self.tag == Tag::None && self.text == "<<"
    }
}

/// The text without the blanks and line ends around it.
fn trim(text: &str) -> &str {
    text.trim_matches([' ', '\t', '\r', '\n'])
}

/// The number that these digits are, with their prefix but without a sign.
fn magnitude(digits: &str) -> Option<u128> {
    for (prefixes, radix) in [(["0x", "0X"], 16), (["0o", "0O"], 8), (["0b", "0B"], 2)] {
        if let Some(digits) = prefixes.iter().find_map(|prefix| digits.strip_prefix(prefix)) {
            return number(digits, radix);
        }
    }
    // `012` was octal once: whoever writes it may mean either.
    if digits.starts_with('0') && digits != "0" {
        return None;
    }
    number(digits, 10)
}

/// Digits, with single underscores between them.
fn number(digits: &str, radix: u32) -> Option<u128> {
    let mut value = 0_u128;
    for group in digits.split('_') {
        if group.is_empty() {
            return None;
        }
        for digit in group.chars() {
            value = value.checked_mul(radix.into())?.checked_add(digit.to_digit(radix)?.into())?;
        }
    }
    Some(value)
}
