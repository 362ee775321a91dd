//! Edits of documents: small, exact, and loud when they do not fit.

use countersign::scalar::Digest;
use serde::Deserialize;
use serde_json::Value;

use super::merge;

/// Edits of one document, in order; `null` removes it.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Edits {
    /// Several.
    All(Vec<Edit>),
    /// One, or none.
    One(Option<Edit>),
}

/// One edit.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) enum Edit {
    /// The whole content.
    Text(String),
    /// The whole content, as compact JSON.
    Json(Value),
    /// A JSON merge patch.
    Merge(Value),
    /// Text that is there exactly once, and what stands there instead.
    Replace(String, String),
    /// Text put before.
    Before(String),
    /// Text put after.
    After(String),
    /// Everything from this text on is cut off.
    CutAt(String),
    /// Only so many bytes are left.
    Cut(usize),
    /// The byte at the first place of this text is replaced by this one.
    Byte(String, u8),
    /// Text put so many times before, and after.
    Nest(usize, String, String),
    /// A line, counted from 1, is removed.
    RemoveLine(usize),
    /// Two lines change places.
    SwapLines(usize, usize),
    /// Every line's `prev` becomes the digest of the line before: the chain is whole again.
    Rechain {},
}

impl Edits {
    /// The bytes after all edits; none if the document is removed.
    pub(super) fn apply(&self, bytes: Option<Vec<u8>>) -> Result<Option<Vec<u8>>, String> {
        let edits = match self {
            Self::One(None) if bytes.is_none() => return Err("it is removed, and is not there".to_owned()),
            Self::One(None) => return Ok(None),
            Self::One(Some(edit)) => std::slice::from_ref(edit),
            Self::All(edits) => edits.as_slice(),
        };
        let mut bytes = bytes;
        for edit in edits {
            bytes = Some(edit.apply(bytes)?);
        }
        Ok(bytes)
    }
}

impl Edit {
    fn apply(&self, bytes: Option<Vec<u8>>) -> Result<Vec<u8>, String> {
        if let Self::Text(text) = self {
            return Ok(text.clone().into_bytes());
        }
        if let Self::Json(value) = self {
            return Ok(value.to_string().into_bytes());
        }
        let bytes = bytes.ok_or("it is edited, and is not there")?;
        if let Self::Cut(length) = self {
            let kept = bytes.get(..*length).ok_or_else(|| format!("it has only {} bytes", bytes.len()))?;
            return Ok(kept.to_vec());
        }
        let text = String::from_utf8(bytes).map_err(|_| "it is not UTF-8 before its last edit")?;
        let once = |wanted: &str| match text.matches(wanted).count() {
            1 => Ok(text.find(wanted).unwrap_or_default()),
            count => Err(format!("`{wanted}` is there {count} times, not once")),
        };
        Ok(match self {
            Self::Text(_) | Self::Json(_) | Self::Cut(_) => text.into_bytes(),
            Self::Merge(patch) => {
                let mut value: Value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
                merge(&mut value, patch);
                value.to_string().into_bytes()
            }
            Self::Replace(from, to) => {
                once(from)?;
                text.replace(from, to).into_bytes()
            }
            Self::Before(more) => format!("{more}{text}").into_bytes(),
            Self::After(more) => format!("{text}{more}").into_bytes(),
            Self::CutAt(wanted) => text.as_bytes()[..once(wanted)?].to_vec(),
            Self::Byte(wanted, byte) => {
                let at = once(wanted)?;
                let mut bytes = text.into_bytes();
                bytes[at] = *byte;
                bytes
            }
            Self::Nest(times, before, after) => {
                format!("{}{text}{}", before.repeat(*times), after.repeat(*times)).into_bytes()
            }
            Self::RemoveLine(number) => {
                let mut lines: Vec<&str> = text.split_inclusive('\n').collect();
                if *number == 0 || *number > lines.len() {
                    return Err(format!("it has {} lines", lines.len()));
                }
                lines.remove(number - 1);
                lines.concat().into_bytes()
            }
            Self::SwapLines(one, other) => {
                let mut lines: Vec<&str> = text.split_inclusive('\n').collect();
                if [*one, *other].iter().any(|number| *number == 0 || *number > lines.len()) {
                    return Err(format!("it has {} lines", lines.len()));
                }
                lines.swap(one - 1, other - 1);
                lines.concat().into_bytes()
            }
            Self::Rechain {} => rechained(&text).into_bytes(),
        })
    }
}

/// The lines of a journal, each with the digest of the line before.
fn rechained(text: &str) -> String {
    let mut head = Digest::of(b"").to_string();
    let mut whole = String::new();
    for line in text.split_inclusive('\n') {
        let line = match line.split_once(r#""prev":""#) {
            Some((before, rest)) => {
                let after = rest.split_once('"').map_or("", |(_, after)| after);
                format!(r#"{before}"prev":"{head}"{after}"#)
            }
            None => line.to_owned(),
        };
        head = Digest::of(line.as_bytes()).to_string();
        whole.push_str(&line);
    }
    whole
}
