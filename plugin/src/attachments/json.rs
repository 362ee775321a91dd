//! JSON for machines: indented, ended by a new line, the same bytes for the same value.

use serde::Serialize;

/// The bytes of `value`.
pub(super) fn print(value: &impl Serialize) -> Vec<u8> {
    let mut bytes = serde_json::to_vec_pretty(value).unwrap_or_default();
    bytes.push(b'\n');
    bytes
}
