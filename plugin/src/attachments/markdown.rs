//! Markdown in which foreign text cannot act (PR5, T63, T64).
//!
//! A page is made of [`Inline`] values only, and foreign text becomes one only here. It ends up in a code span, where
//! no renderer sees HTML, links, images, mentions, references or closing keywords, or as words of letters only.

use std::fmt::Display;

/// The most bytes of a page; change systems cut or refuse longer ones (T74).
pub const MAX_BYTES: usize = 60_000;

/// What may stand behind the last table of a page.
const RESERVE: usize = 4_000;

/// The most characters of one code span, and of one sentence.
const MAX_CODE: usize = 200;
const MAX_PROSE: usize = 600;

/// A piece of a line that is safe in any place of a page.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Inline(String);

/// Words of ours, written here in the source.
pub fn ours(text: &'static str) -> Inline {
    Inline(text.to_owned())
}

/// Words of ours, in bold.
pub fn strong(text: &'static str) -> Inline {
    Inline(format!("**{text}**"))
}

/// Foreign text that is a name or an id, as a code span.
pub fn code(text: impl Display) -> Inline {
    let text = cleaned(&text.to_string(), MAX_CODE);
    if text.is_empty() {
        return ours("(empty)");
    }
    let fence = "`".repeat(longest_run(&text).saturating_add(1));
    let pad = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    Inline(format!("{fence}{pad}{text}{pad}{fence}"))
}

/// A sentence with foreign text in it. What stands in backticks is code, and so is each word that could be more than a
/// word to a renderer.
pub fn prose(text: impl Display) -> Inline {
    let text = cleaned(&text.to_string(), MAX_PROSE);
    if text.is_empty() {
        return ours("(empty)");
    }
    let mut segments: Vec<&str> = text.split('`').collect();
    let quotes_nothing = segments.iter().skip(1).step_by(2).any(|quoted| quoted.trim().is_empty());
    if segments.len().is_multiple_of(2) || quotes_nothing {
        segments = vec![&text];
    }
    let mut line = Line::default();
    for (number, segment) in segments.into_iter().enumerate() {
        if number.is_multiple_of(2) {
            for (place, word) in segment.split(' ').enumerate() {
                line.space |= place > 0;
                line.push(word, is_plain(word));
            }
        } else {
            line.push(segment, false);
        }
    }
    line.finish()
}

/// Pieces, one behind the other.
pub fn join(pieces: impl IntoIterator<Item = Inline>) -> Inline {
    Inline(pieces.into_iter().map(|piece| piece.0).collect())
}

/// A link of ours. An address that is not plainly one is left out.
pub fn link(text: Inline, url: &str) -> Inline {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/?#@%&=+".contains(&byte);
    match url.starts_with("http") && url.bytes().all(plain) {
        true => Inline(format!("[{}]({url})", text.0)),
        false => text,
    }
}

/// Names as code spans: at most `most` of them, and how many more there are.
pub fn names<T: Display>(names: impl ExactSizeIterator<Item = T>, most: usize) -> Inline {
    let more = names.len().saturating_sub(most);
    let listed: Vec<String> = names.take(most).map(|name| code(name).0).collect();
    match more {
        0 => Inline(listed.join(", ")),
        more => Inline(format!("{} and {more} more", listed.join(", "))),
    }
}

/// So many of a thing, in words that fit: `1 reason`, `2 reasons`.
pub fn count(number: usize, thing: &'static str) -> Inline {
    Inline(format!("{number} {thing}{}", if number == 1 { "" } else { "s" }))
}

/// Foreign text of several lines, as a fenced block of its own.
#[must_use]
pub fn block(text: &str) -> String {
    let text: Vec<String> = text.lines().map(|line| line.chars().map(visible).collect()).collect();
    let text = text.join("\n");
    let fence = "`".repeat(longest_run(&text).saturating_add(1).max(3));
    format!("{fence}text\n{text}\n{fence}\n")
}

/// One line of at most `most` visible characters, without a bar, which is special in tables even inside of code.
fn cleaned(text: &str, most: usize) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let line = words.join(" ");
    let visible = |character| if character == '|' { '¦' } else { visible(character) };
    if line.chars().count() <= most {
        line.chars().map(visible).collect()
    } else {
        line.chars().take(most.saturating_sub(3)).map(visible).chain("...".chars()).collect()
    }
}

/// Control characters, those that change the direction, and those that nobody sees, shown as a replacement (T63).
fn visible(character: char) -> char {
    match character {
        '\t' => ' ',
        '\u{ad}'
        | '\u{61c}'
        | '\u{180e}'
        | '\u{200b}'
        | '\u{200e}'
        | '\u{200f}'
        | '\u{2028}'
        | '\u{2029}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{feff}'
        | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e0fff}' => '\u{fffd}',
        character if character.is_control() => '\u{fffd}',
        character => character,
    }
}

fn longest_run(text: &str) -> usize {
    text.split(|character| character != '`').map(str::len).max().unwrap_or(0)
}

/// Whether no renderer sees more than letters in the word: no mention, reference, address, list marker or emphasis.
fn is_plain(word: &str) -> bool {
    let core =
        word.trim_start_matches(['(', '"', '\'']).trim_end_matches([')', '"', '\'', ',', '.', ';', ':', '?', '!']);
    let letters = |part: &str| !part.is_empty() && part.chars().all(char::is_alphabetic);
    let count = |core: &str| core.len() <= 6 && core.bytes().all(|byte| byte.is_ascii_digit());
    let commit = |core: &str| core.len() >= 7 && core.bytes().all(|byte| byte.is_ascii_hexdigit());
    match core {
        "" => word.len() <= 2,
        core if commit(core) => false,
        core if count(core) => !word.ends_with(['.', ')']),
        core => core.split(['-', '\'', '/']).all(letters),
    }
}

/// A line of words and code spans in the making.
#[derive(Default)]
struct Line {
    text: String,
    /// The code that was not written yet, because more may follow.
    code: String,
    /// Whether a blank stands before what comes next.
    space: bool,
}

impl Line {
    fn push(&mut self, word: &str, plain: bool) {
        if word.is_empty() {
            return;
        }
        if plain {
            let space = std::mem::take(&mut self.space);
            self.flush();
            self.blank(space);
            self.text.push_str(word);
        } else if self.code.is_empty() {
            let space = std::mem::take(&mut self.space);
            self.blank(space);
            self.code.push_str(word);
        } else {
            if std::mem::take(&mut self.space) {
                self.code.push(' ');
            }
            self.code.push_str(word);
        }
    }

    fn blank(&mut self, space: bool) {
        if space && !self.text.is_empty() {
            self.text.push(' ');
        }
    }

    fn flush(&mut self) {
        let code = std::mem::take(&mut self.code);
        if !code.is_empty() {
            self.text.push_str(&self::code(code).0);
        }
    }

    fn finish(mut self) -> Inline {
        self.flush();
        Inline(self.text)
    }
}

/// How much of a table or list is shown, and where the rest is.
#[derive(Clone, Copy, Debug)]
pub struct Most {
    /// So many rows.
    pub rows: usize,
    /// So many bytes.
    pub bytes: usize,
    /// Which file holds all of them.
    pub rest: &'static str,
}

/// A page of at most [`MAX_BYTES`].
#[derive(Debug, Default)]
pub struct Page {
    text: String,
}

impl Page {
    /// A heading; level 1 is the page's title.
    pub fn heading(&mut self, level: usize, text: Inline) {
        self.apart();
        self.text.push_str(&"#".repeat(level.clamp(1, 6)));
        self.line(&format!(" {}", text.0));
    }

    /// A paragraph.
    pub fn paragraph(&mut self, pieces: impl IntoIterator<Item = Inline>) {
        self.apart();
        self.line(&join(pieces).0);
    }

    /// Foreign text, fenced.
    pub fn block(&mut self, text: &str) {
        self.apart();
        self.text.push_str(&block(text));
    }

    /// A part of a page that was made here before.
    pub fn made(&mut self, part: &str) {
        self.apart();
        self.text.push_str(part);
    }

    /// A list; `total` is how many items there are.
    pub fn list(&mut self, total: usize, items: impl Iterator<Item = Inline>, most: Most) {
        self.apart();
        self.rows(total, items.map(|item| format!("- {}", item.0)), most);
    }

    /// A table; `total` is how many rows there are.
    pub fn table<const N: usize>(
        &mut self,
        head: [&'static str; N],
        total: usize,
        rows: impl Iterator<Item = [Inline; N]>,
        most: Most,
    ) {
        self.apart();
        self.line(&format!("| {} |", head.join(" | ")));
        self.line(&format!("|{}", " --- |".repeat(N)));
        self.rows(total, rows.map(|cells| format!("| {} |", cells.map(|cell| cell.0).join(" | "))), most);
    }

    /// Lines as far as there is room, and how many more there are.
    fn rows(&mut self, total: usize, lines: impl Iterator<Item = String>, most: Most) {
        let room = MAX_BYTES.saturating_sub(RESERVE).saturating_sub(self.text.len()).min(most.bytes);
        let end = self.text.len().saturating_add(room);
        let mut shown: usize = 0;
        for line in lines.take(most.rows) {
            if self.text.len().saturating_add(line.len()) > end {
                break;
            }
            self.line(&line);
            shown = shown.saturating_add(1);
        }
        if let Some(more) = total.checked_sub(shown).filter(|more| *more > 0) {
            self.paragraph([Inline(format!("... and {more} more in ")), code(most.rest)]);
        }
    }

    /// The page's text.
    #[must_use]
    pub fn finish(self) -> String {
        self.text
    }

    fn apart(&mut self) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
    }

    fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }
}
