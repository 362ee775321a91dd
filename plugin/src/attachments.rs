//! What is attached to a change request (AT1..AT4): JSON for machines, Markdown for people.

use std::collections::BTreeMap;

use crate::change::event::{Assessment, Closure, Conclusion, Opened};
use crate::change::state::{Filed, Work};
use crate::facts::Facts;
use crate::inventory::Delta;
use crate::readiness::Readiness;

/// The attachments made right after filing, by name (AT1).
#[must_use]
pub fn before_deployment(facts: &Facts, readiness: &Readiness, _assessment: &Assessment) -> BTreeMap<String, Vec<u8>> {
    let _ = (facts, readiness);
    BTreeMap::new()
}

/// The attachments made at closing time, by name (AT2, AT3).
#[must_use]
pub fn at_closing(
    _facts: &Facts,
    _readiness: &Readiness,
    _assessment: &Assessment,
    _filed: &Filed,
    _work: &Work,
    _conclusion: Conclusion,
) -> BTreeMap<String, Vec<u8>> {
    BTreeMap::new()
}

/// The entries of the whole inventory whose bill of materials is missing or unreadable (AT2).
#[must_use]
pub fn components_without_bom(_facts: &Facts, _conclusion: Conclusion) -> Vec<String> {
    Vec::new()
}

/// One line that says what is deployed.
#[must_use]
pub fn summary_of(delta: &Delta) -> String {
    format!("{} entries", delta.entries.len())
}

/// The automation's section of the change request's description (CR2), as Markdown.
#[must_use]
pub fn automation_section(_facts: &Facts, _opened: &Opened, _assessment: &Assessment) -> String {
    String::new()
}

/// Notes for people about how the change ended.
#[must_use]
pub fn closing_notes(_filed: &Filed, _work: &Work, _conclusion: Conclusion, _category: Closure) -> String {
    String::new()
}

/// The media type of an attachment, by its name's ending.
#[must_use]
pub fn media_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, ending)| ending) {
        Some("json") => "application/json",
        Some("md") => "text/markdown; charset=utf-8",
        Some("yaml") => "application/yaml",
        _ => "text/plain; charset=utf-8",
    }
}
