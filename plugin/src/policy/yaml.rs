//! YAML, strictly: one document, bounded, no duplicate keys, no merge keys, no tags, no exploding aliases.

use std::fmt;

use serde::de::{DeserializeOwned, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_saphyr::options::{DuplicateKeyPolicy, MergeKeyPolicy};
use serde_saphyr::{Error, Spanned};

use crate::problem::Problem;
use crate::scalar::shorten;

/// The most bytes that a policy file may have.
pub const MAX_BYTES: usize = 256 * 1024;

/// Reads one YAML document as a `T`.
pub(crate) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let text = text(bytes)?;
    serde_saphyr::from_str_with_options(text, options()).map_err(|error| problem(text, &error))
}

/// The line and column of the value that a JSON Pointer names, both counted from 1.
///
/// Where the pointer leads nowhere (an absent key), the place of the last value on the way.
pub(super) fn locate(bytes: &[u8], pointer: &str) -> Option<(u32, u32)> {
    let text = text(bytes).ok()?;
    let root: Spanned<Tree> = serde_saphyr::from_str_with_options(text, options()).ok()?;
    let mut found = None;
    let mut node = &root;
    for step in pointer.split('/').skip(1) {
        let step = step.replace("~1", "/").replace("~0", "~");
        let Some(next) = node.value.child(&step) else { break };
        node = next;
        found = Some(node.referenced);
    }
    found.map(|location| place(text, location.line(), location.column()))
}

fn text(bytes: &[u8]) -> Result<&str, Problem> {
    if bytes.len() > MAX_BYTES {
        return Err(Problem::new(
            format!("the file has {} bytes", bytes.len()),
            format!("a policy has at most {MAX_BYTES} bytes"),
        ));
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let good = bytes.get(..error.valid_up_to()).unwrap_or_default();
        let line = good.iter().filter(|byte| **byte == b'\n').count().saturating_add(1);
        Problem::new("the file is not UTF-8", "save it as UTF-8").at_line(line.try_into().unwrap_or(u32::MAX), 0)
    })?;
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}

fn options() -> serde_saphyr::Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_events: 100_000,
            max_nodes: 50_000,
            max_depth: 32,
            flow_nesting_limit: 32,
            max_aliases: 100,
            max_anchors: 100,
            max_documents: 2,
            max_merge_keys: 0,
        },
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: 10_000,
            max_replay_stack_depth: 4,
        },
        duplicate_keys: DuplicateKeyPolicy::Error,
        merge_keys: MergeKeyPolicy::Error,
        strict_booleans: true,
        reject_unsupported_tags: true,
        with_snippet: false,
    }
}

/// What the YAML reader says, in our words.
fn problem(text: &str, error: &Error) -> Problem {
    let location = error.location();
    let mut cause = error;
    while let Error::AliasError { error, .. } | Error::WithSnippet { error, .. } = cause {
        cause = error;
    }
    let (message, help) = words(cause);
    let problem = Problem::new(message, help);
    match location {
        Some(location) => {
            let (line, column) = place(text, location.line(), location.column());
            problem.at_line(line, column)
        }
        None => problem,
    }
}

fn words(error: &Error) -> (String, String) {
    match error {
        Error::SerdeUnknownField { field, expected, .. } => {
            (format!("the key `{}` is unknown", shorten(field)), format!("known here: {}", list(expected)))
        }
        Error::SerdeUnknownVariant { variant, expected, .. } => (
            format!("`{}` is not a value that can stand here", shorten(variant)),
            format!("use one of {}", list(expected)),
        ),
        Error::SerdeMissingField { field, .. } => (format!("the key `{field}` is missing"), format!("add `{field}`")),
        Error::DuplicateMappingKey { key, .. } => (
            format!("the key `{}` stands here twice", shorten(key.as_deref().unwrap_or("?"))),
            "keep one of them".to_owned(),
        ),
        Error::MultipleDocuments { .. } => {
            ("the file holds more than one YAML document".to_owned(), "keep one document, remove `---`".to_owned())
        }
        Error::MergeKeyNotAllowed { .. } => {
            ("merge keys (`<<`) are not read".to_owned(), "write the keys out where they are meant".to_owned())
        }
        Error::UnsupportedTag { tag, .. } => {
            (format!("the tag `{}` is not read", shorten(tag)), "write the value without a tag".to_owned())
        }
        Error::Budget { .. }
        | Error::AliasReplayLimitExceeded { .. }
        | Error::AliasReplayStackDepthExceeded { .. }
        | Error::AliasExpansionLimitExceeded { .. } => (
            "the document is too large or too deeply nested, or its aliases multiply".to_owned(),
            "write it flatter, and without aliases".to_owned(),
        ),
        Error::SerdeInvalidType { unexpected, expected, .. }
        | Error::SerdeInvalidValue { unexpected, expected, .. } => (
            format!("{} stands where {} is expected", shorten(unexpected), shorten(expected)),
            "correct the value".to_owned(),
        ),
        Error::InvalidScalar { ty, .. } => (format!("the value is not {}", kind(ty)), "correct the value".to_owned()),
        Error::InvalidBooleanStrict { .. } => {
            ("the value is neither `true` nor `false`".to_owned(), "write `true` or `false`".to_owned())
        }
        Error::NullIntoString { .. } => {
            ("the value is empty".to_owned(), "write a value, or remove the key".to_owned())
        }
        Error::Eof { .. } => ("the file ends too early".to_owned(), "a policy has at least `version: 1`".to_owned()),
        Error::Message { msg, .. } | Error::ExternalMessage { msg, .. } | Error::SerdeVariantId { msg, .. } => {
            (first_lower(msg), "correct the value".to_owned())
        }
        other => {
            let rendered = other.to_string();
            let message = rendered.lines().next().unwrap_or_default();
            let message = message.split(" at line ").next().unwrap_or_default();
            (
                first_lower(message.trim_end_matches('.')),
                "the file must be one YAML mapping of the policy's keys".to_owned(),
            )
        }
    }
}

fn kind(ty: &str) -> String {
    match ty {
        "u8" | "u16" | "u32" | "u64" => "a whole number of zero or more that fits".to_owned(),
        other => format!("a valid {other}"),
    }
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

/// The reader counts columns in characters; places count bytes.
fn place(text: &str, line: u64, column: u64) -> (u32, u32) {
    let nth = |number: u64| usize::try_from(number.saturating_sub(1)).unwrap_or(usize::MAX);
    let before = text.lines().nth(nth(line)).unwrap_or_default().chars().take(nth(column));
    let bytes = before.map(char::len_utf8).fold(1_usize, usize::saturating_add);
    (u32::try_from(line).unwrap_or(u32::MAX), u32::try_from(bytes).unwrap_or(u32::MAX))
}

/// The shape of a document: where each value is, not what it is.
#[derive(Debug)]
enum Tree {
    Leaf,
    List(Vec<Spanned<Self>>),
    Map(Vec<(String, Spanned<Self>)>),
}

impl Tree {
    fn child(&self, step: &str) -> Option<&Spanned<Self>> {
        match self {
            Self::Leaf => None,
            Self::List(items) => items.get(step.parse::<usize>().ok()?),
            Self::Map(entries) => entries.iter().find(|(key, _)| key == step).map(|(_, value)| value),
        }
    }
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Shape)
    }
}

struct Shape;

impl<'de> Visitor<'de> for Shape {
    type Value = Tree;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_bool<E>(self, _: bool) -> Result<Tree, E> {
        Ok(Tree::Leaf)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Tree, E> {
        Ok(Tree::Leaf)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Tree, E> {
        Ok(Tree::Leaf)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Tree, E> {
        Ok(Tree::Leaf)
    }

    fn visit_str<E>(self, _: &str) -> Result<Tree, E> {
        Ok(Tree::Leaf)
    }

    fn visit_unit<E>(self) -> Result<Tree, E> {
        Ok(Tree::Leaf)
    }

    fn visit_none<E>(self) -> Result<Tree, E> {
        Ok(Tree::Leaf)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Tree, D::Error> {
        IgnoredAny::deserialize(deserializer).map(|_| Tree::Leaf)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Tree, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Tree::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Tree, A::Error> {
        let mut map = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            map.push(entry);
        }
        Ok(Tree::Map(map))
    }
}
