//! Other people's text, made safe for a terminal and a CI log.

use std::fmt::Write as _;

/// `text` with everything that could steer a terminal or reorder what is read written as `\u{..}`; tabs stay.
///
/// Escaped are the C0 and C1 controls, delete, and the bidirectional controls. Line ends are escaped too: one text is
/// one line.
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

/// `text` guarded and cut to about `limit` bytes, for a place inside a message.
#[must_use]
pub fn excerpt(text: &str, limit: usize) -> String {
    if text.len() <= limit {
        return guard(text);
    }
    let end = (0..=limit).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    format!("{}…", guard(&text[..end]))
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
        || matches!(character, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}' | '\u{2029}')
        || matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::{excerpt, guard, quoted_line};

    #[test]
    fn what_steers_a_terminal_is_shown_instead() {
        assert_eq!(guard("a\u{1b}[2Jb"), "a\\u{1b}[2Jb");
        assert_eq!(guard("one\ntwo\r"), "one\\u{a}two\\u{d}");
        assert_eq!(guard("x\u{202e}y\u{9b}z\u{2028}"), "x\\u{202e}y\\u{9b}z\\u{2028}");
        assert_eq!(guard("plain\ttext, ümläut, 漢字"), "plain\ttext, ümläut, 漢字");
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
        assert_eq!(excerpt("äöü", 3), "ä…");
        assert_eq!(excerpt("äöü", 6), "äöü");
    }
}
