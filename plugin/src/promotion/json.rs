//! JSON of others, read as a type. One place, so that the strict reader of the formats can take over.

use serde::Deserialize;

use crate::problem::Problem;

/// Reads one JSON document.
pub(crate) fn parse<'de, T: Deserialize<'de>>(bytes: &'de [u8]) -> Result<T, Problem> {
    serde_json::from_slice(bytes).map_err(|error| {
        let text = error.to_string();
        let message = text.split(" at line ").next().unwrap_or_default();
        let clip = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        Problem::new(message, "give a JSON document of this format").at_line(clip(error.line()), clip(error.column()))
    })
}
