//! The fields that records of evidence share, each parsed once.

use super::json::Text;
use crate::evidence::{Asset, Check, Outcome};
use crate::problem::Problem;
use crate::scalar::{Invalid, Name, Timestamp, shorten};

/// The tool of a record that names none.
pub const UNNAMED_TOOL: &str = "unspecified";

/// What is wrong with a record, at a pointer inside of it.
pub(super) struct Wrong {
    pointer: String,
    message: String,
    help: &'static str,
}

impl Wrong {
    pub(super) fn new(pointer: impl Into<String>, message: impl Into<String>, help: &'static str) -> Self {
        Self { pointer: pointer.into(), message: message.into(), help }
    }

    pub(super) fn missing(pointer: &'static str) -> Self {
        let name = pointer.rsplit('/').next().unwrap_or_default();
        Self::new(pointer, format!("missing required field `{name}`"), "add the field")
    }

    pub(super) fn inside(self, prefix: &str) -> Problem {
        Problem::new(self.message, self.help).at_pointer(format!("{prefix}{}", self.pointer))
    }
}

pub(super) fn check(pointer: &'static str, text: Option<Text<'_>>) -> Result<Check, Wrong> {
    let text = text.ok_or_else(|| Wrong::missing(pointer))?;
    match text.as_str().parse::<Name>() {
        Ok(_) => Ok(Check::named(text.as_str())),
        Err(invalid) => Err(Wrong::new(pointer, invalid.0, "name the check, such as `unit-tests`")),
    }
}

pub(super) fn tool(pointer: &'static str, text: Option<Text<'_>>) -> Result<String, Wrong> {
    match text {
        None => Ok(UNNAMED_TOOL.to_owned()),
        Some(text) => match text.as_str().parse::<Name>() {
            Ok(_) => Ok(text.into_string()),
            Err(invalid) => Err(Wrong::new(pointer, invalid.0, "name the tool, or leave the field out")),
        },
    }
}

pub(super) fn outcome(pointer: &'static str, text: Option<Text<'_>>) -> Result<Outcome, Wrong> {
    let word = text.ok_or_else(|| Wrong::missing(pointer))?;
    match word.as_str() {
        "success" => Ok(Outcome::Success),
        "failure" => Ok(Outcome::Failure),
        "pending" => Ok(Outcome::Pending),
        other => {
            let message = format!("`{}` is not an outcome", shorten(other));
            Err(Wrong::new(pointer, message, "write `success`, `failure` or `pending`, exactly"))
        }
    }
}

pub(super) fn date(pointer: &'static str, text: Option<Text<'_>>) -> Result<Timestamp, Wrong> {
    let text = text.ok_or_else(|| Wrong::missing(pointer))?;
    text.as_str()
        .parse()
        .map_err(|invalid: Invalid| Wrong::new(pointer, invalid.0, "write when the check ended, in RFC 3339"))
}

pub(super) fn some(assets: Vec<Asset>) -> Result<Vec<Asset>, Wrong> {
    if assets.is_empty() {
        let help = "name what was checked: a commit, an image, or anything else by its URI";
        return Err(Wrong::new("/assets", "the evidence is about no asset", help));
    }
    Ok(assets)
}

pub(super) fn asset_wrong(number: usize, message: String) -> Wrong {
    let help = "an asset is named by the digest that the format asks for";
    Wrong::new(format!("/assets/{number}"), message, help)
}
