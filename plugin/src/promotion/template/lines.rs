//! The text in lines: comments taken out, code marked.

use std::collections::BTreeMap;
use std::ops::Range;

/// One line of the text.
#[derive(Debug)]
pub(super) struct Line {
    /// Counted from 1.
    pub(super) number: u32,
    /// What remains of it without comments.
    pub(super) text: String,
    /// Whether all of it is code: a fence or what is between two.
    pub(super) fenced: bool,
    /// Code spans in it, as byte ranges of `text`, in order.
    spans: Vec<Range<usize>>,
}

impl Line {
    /// Whether the byte at `position` belongs to code.
    pub(super) fn is_code(&self, position: usize) -> bool {
        let before = self.spans.partition_point(|span| span.end <= position);
        self.fenced || self.spans.get(before).is_some_and(|span| span.contains(&position))
    }
}

/// The lines, and the number of the line with a comment that is never closed.
pub(super) fn of(body: &str) -> (Vec<Line>, Option<u32>) {
    let body = body.replace("\r\n", "\n").replace('\r', "\n");
    let mut lines = Vec::new();
    let mut comment = None;
    let mut fence: Option<Fence> = None;
    for (number, raw) in (1_u32..).zip(body.split('\n')) {
        let (line, open) = match (comment, &fence) {
            (None, Some(open)) => {
                let closes = open.is_closed_by(raw);
                if closes {
                    fence = None;
                }
                (Line { number, text: raw.to_owned(), fenced: true, spans: Vec::new() }, None)
            }
            (None, None) if Fence::opened_by(raw).is_some() => {
                fence = Fence::opened_by(raw);
                (Line { number, text: raw.to_owned(), fenced: true, spans: Vec::new() }, None)
            }
            (comment, _) => uncommented(number, raw, comment),
        };
        comment = open;
        lines.push(line);
    }
    (lines, comment)
}

/// A code fence: its character, and how many of them.
#[derive(Debug)]
struct Fence(char, usize);

impl Fence {
    fn opened_by(line: &str) -> Option<Self> {
        let text = unindented(line)?;
        let character = text.chars().next().filter(|character| matches!(character, '`' | '~'))?;
        let info = text.trim_start_matches(character);
        let length = text.len().saturating_sub(info.len());
        (length >= 3 && !(character == '`' && info.contains('`'))).then_some(Self(character, length))
    }

    fn is_closed_by(&self, line: &str) -> bool {
        let Some(text) = unindented(line) else { return false };
        let rest = text.trim_start_matches(self.0);
        text.len().saturating_sub(rest.len()) >= self.1 && rest.trim().is_empty()
    }
}

/// The line without up to three leading blanks; none if there are more: then it is text of another kind.
pub(super) fn unindented(line: &str) -> Option<&str> {
    let text = line.trim_start_matches(' ');
    (line.len().saturating_sub(text.len()) <= 3).then_some(text)
}

/// A line without its comments, and the line in which a comment is still open at its end.
fn uncommented(number: u32, raw: &str, mut comment: Option<u32>) -> (Line, Option<u32>) {
    let mut line = Line { number, text: String::new(), fenced: false, spans: Vec::new() };
    let spans = code_spans(raw);
    let mut rest = raw;
    while !rest.is_empty() {
        let position = raw.len().saturating_sub(rest.len());
        if comment.is_some() {
            let Some((_, after)) = rest.split_once("-->") else { break };
            comment = None;
            rest = after;
        } else if let Some(span) = spans.get(&position) {
            let (code, after) = rest.split_at_checked(*span).unwrap_or((rest, ""));
            let start = line.text.len();
            line.text.push_str(code);
            line.spans.push(start..line.text.len());
            rest = after;
        } else if let Some(inside) = rest.strip_prefix("<!--") {
            comment = Some(number);
            // `<!-->` and `<!--->` are whole comments.
            let closed = inside.strip_prefix('>').or_else(|| inside.strip_prefix("->"));
            if closed.is_some() {
                comment = None;
            }
            rest = closed.unwrap_or(inside);
        } else {
            let mut characters = rest.chars();
            let next = characters.next();
            line.text.extend(next);
            rest = characters.as_str();
        }
    }
    (line, comment)
}

/// Where code spans start in a line, and how many bytes they have. A span is opened and closed by as many backticks.
fn code_spans(line: &str) -> BTreeMap<usize, usize> {
    let mut runs: Vec<(usize, usize)> = Vec::new();
    let mut escaped = false;
    for (position, byte) in line.bytes().enumerate() {
        match (byte, runs.last_mut()) {
            (b'`', Some((start, length))) if start.saturating_add(*length) == position => {
                *length = length.saturating_add(1);
            }
            (b'`', _) if !escaped => runs.push((position, 1)),
            _ => {}
        }
        escaped = byte == b'\\' && !escaped;
    }
    let mut later: BTreeMap<usize, usize> = BTreeMap::new();
    let mut spans = BTreeMap::new();
    for (start, length) in runs.into_iter().rev() {
        if let Some(close) = later.insert(length, start) {
            spans.insert(start, close.saturating_add(length).saturating_sub(start));
        }
    }
    spans
}
