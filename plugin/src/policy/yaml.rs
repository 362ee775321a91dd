//! YAML, strictly: one document, bounded, no duplicate keys, no merge keys, no tags but YAML's own, no exploding aliases.
//!
//! The text becomes one tree that knows where everything stands. Values are typed from that tree, so that the
//! generic code of `serde` meets one small reader and not a whole parser.

use serde::de::DeserializeOwned;

use crate::problem::Problem;

mod fault;
mod scalar;
#[cfg(test)]
mod tests;
mod tree;
mod typed;

use fault::{Fault, Mark};
use tree::{Node, Value};

/// The most bytes that a policy file may have.
pub const MAX_BYTES: usize = 256 * 1024;

/// One YAML document, read once: it can be typed, and says where a value stands.
pub(crate) struct Document<'a> {
    text: &'a str,
    root: Node<'a>,
}

impl<'a> Document<'a> {
    /// Reads the one document that these bytes hold.
    pub(crate) fn read(bytes: &'a [u8]) -> Result<Self, Problem> {
        let text = text(bytes)?;
        let root = tree::read(text).map_err(|fault| problem(text, fault))?;
        Ok(Self { text, root })
    }

    /// The document as a `T`.
    pub(crate) fn typed<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        typed::read(&self.root).map_err(|fault| problem(self.text, fault))
    }

    /// The line and column of the value that a JSON Pointer names, both counted from 1.
    ///
    /// Where the pointer leads nowhere (an absent key), the place of the last value on the way. What an alias
    /// stands for is where the alias is.
    pub(super) fn locate(&self, pointer: &str) -> Option<(u32, u32)> {
        let mut found = None;
        let mut alias = None;
        let mut node = &self.root;
        for step in pointer.split('/').skip(1) {
            let step = step.replace("~1", "/").replace("~0", "~");
            let Some(next) = child(node, &step) else { break };
            node = next;
            alias = alias.or(node.alias.then_some(node.at));
            found = Some(alias.unwrap_or(node.at));
        }
        found.map(|mark| place(self.text, mark))
    }
}

/// Reads one YAML document as a `T`.
pub(crate) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    Document::read(bytes)?.typed()
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

fn child<'t, 'a>(node: &'t Node<'a>, step: &str) -> Option<&'t Node<'a>> {
    match &*node.value {
        Value::Scalar(_) => None,
        Value::List(items) => items.get(step.parse::<usize>().ok()?),
        Value::Map(entries) => entries.iter().find(|(key, _)| key.text() == Some(step)).map(|(_, value)| value),
    }
}

fn problem(text: &str, fault: Fault) -> Problem {
    let fault = fault.into_inner();
    let problem = Problem::new(fault.message, fault.help);
    match fault.at {
        Some(mark) => {
            let (line, column) = place(text, mark);
            problem.at_line(line, column)
        }
        None => problem,
    }
}

/// The parser counts columns in characters; places count bytes.
fn place(text: &str, mark: Mark) -> (u32, u32) {
    let before = text.lines().nth(mark.line.saturating_sub(1)).unwrap_or_default().chars().take(mark.column);
    let bytes = before.map(char::len_utf8).fold(1_usize, usize::saturating_add);
    (u32::try_from(mark.line).unwrap_or(u32::MAX), u32::try_from(bytes).unwrap_or(u32::MAX))
}
