//! Other people's text, made safe for a terminal and a CI log.
//!
//! `tests/data/safe-text.json` has what could do harm; `actions/lib/text.js` is the same in JavaScript.

use std::fmt::Write as _;

/// `text` with everything that could steer a terminal or reorder what is read written as `\u{..}`; tabs stay.
///
/// Escaped are the C0 and C1 controls, delete, the bidirectional controls, and what nobody sees. Line ends are escaped too: one
/// text is one line.
#[must_use]
pub fn guard(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        if steers(character) {
            let _ = write!(safe, "\\u{{{:x}}}", u32::from(character));
        } else {
            safe.push(character);
        }
    }
    safe
}

/// Text in which no two `#` stand side by side: CI systems take `##[` for a command (T62).
#[must_use]
pub fn apart(text: &str) -> String {
    text.replace("##", "# #").replace("##", "# #")
}

/// A line of our own log: no CI system takes it for a command, whatever is in it (T62).
#[must_use]
pub fn log_line(text: &str) -> String {
    format!("==> {}", apart(&guard(text)))
}

/// `text` guarded and cut to so many characters, for a place inside a message.
#[must_use]
pub fn excerpt(text: &str, limit: usize) -> String {
    match text.char_indices().nth(limit) {
        Some((end, _)) => format!("{}…", guard(&text[..end])),
        None => guard(text),
    }
}

/// One line of a command's output as it is shown: set off from our own, without colours, and no command to any CI system.
///
/// GitHub reads `::` at the beginning of a line; it, Azure and TeamCity read `##[` and `##word[` anywhere in it.
#[must_use]
pub fn quoted_line(line: &str) -> String {
    let plain = guard(&without_colours(line));
    let mut safe = String::with_capacity(plain.len() + 4);
    safe.push_str("  | ");
    let mut rest = plain.as_str();
    while let Some(at) = rest.find("##") {
        let (before, after) = rest.split_at(at + 1);
        safe.push_str(before);
        if after[1..].starts_with(|next: char| next == '[' || next.is_ascii_alphabetic()) {
            safe.push(' ');
        }
        rest = after;
    }
    safe.push_str(rest);
    safe
}

/// `line` without the sequences `ESC [ … letter`.
fn without_colours(line: &str) -> String {
    let mut parts = line.split("\u{1b}[");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find(|character: char| !matches!(character, ' '..='?'));
        match end.map(|end| part.split_at(end)) {
            Some((_, rest)) if rest.starts_with(|last: char| matches!(last, '@'..='~')) => plain.push_str(&rest[1..]),
            _ => {
                plain.push_str("\u{1b}[");
                plain.push_str(part);
            }
        }
    }
    plain
}

fn steers(character: char) -> bool {
    (character.is_control() && character != '\t')
        || matches!(character, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{feff}')
        || matches!(character, '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{fff9}'..='\u{fffb}')
        || matches!(character, '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::{excerpt, guard, log_line, quoted_line};

    fn table(part: &str) -> Vec<Value> {
        let text = include_str!("../../tests/data/safe-text.json");
        serde_json::from_str::<Value>(text).unwrap()[part].as_array().unwrap().clone()
    }

    #[test]
    fn t62_t63_what_steers_a_terminal_or_a_ci_system_is_shown_instead() {
        for case in table("cases") {
            let text = case["text"].as_str().unwrap();
            assert_eq!(guard(text), case["guarded"], "{}", case["name"]);
            assert_eq!(log_line(text), case["line"], "{}", case["name"]);
            let quoted = quoted_line(text);
            assert!(quoted.starts_with("  | ") && guard(&quoted) == quoted, "{}", case["name"]);
            assert!(!quoted.contains("##[") && !quoted.contains("##v") && !quoted.contains("##t"), "{}", case["name"]);
        }
    }

    #[test]
    fn a_line_of_output_is_no_command() {
        assert_eq!(quoted_line("::error::x"), "  | ::error::x");
        assert_eq!(quoted_line("a ###[error]b ##vso[c"), "  | a ## #[error]b # #vso[c");
        assert_eq!(quoted_line("#\u{1b}[1m#\u{1b}[0m[error]"), "  | # #[error]");
        assert_eq!(quoted_line("### heading \u{1b}[x"), "  | ### heading ");
        assert_eq!(quoted_line("cut \u{1b}[1;"), "  | cut \\u{1b}[1;");
    }

    #[test]
    fn a_long_text_is_cut_at_a_character() {
        for case in table("excerpts") {
            let limit = usize::try_from(case["limit"].as_u64().unwrap()).unwrap();
            assert_eq!(excerpt(case["text"].as_str().unwrap(), limit), case["expected"], "{case}");
        }
    }
}
