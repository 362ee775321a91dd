//! Where the fields stand: tags and headings, outside of comments and code.

use super::lines::{self, Line, unindented};
use super::{FIELDS, Field, Given};
use crate::problem::Problem;
use crate::scalar::shorten;

/// How many unknown names are compared with the known ones.
const MAX_NEAR_MISSES: usize = 50;

/// Nothing longer between angle brackets is one of our tags, or meant to be.
const MAX_TAG: usize = 40;

/// The text in its parts.
#[derive(Debug)]
pub(super) struct Structure {
    pub(super) given: Vec<Given>,
    /// Fields that stand there more than once, which is already among the problems.
    pub(super) twice: Vec<&'static str>,
    pub(super) near_misses: Vec<NearMiss>,
    pub(super) problems: Vec<Problem>,
}

/// Something that is almost a field's tag or heading.
#[derive(Debug)]
pub(super) struct NearMiss {
    pub(super) field: &'static str,
    pub(super) line: u32,
    pub(super) text: String,
}

pub(super) fn of(body: &str) -> Structure {
    let (lines, open_comment) = lines::of(body);
    let mut structure =
        Structure { given: Vec::new(), twice: Vec::new(), near_misses: Vec::new(), problems: Vec::new() };
    if let Some(line) = open_comment {
        let problem =
            Problem::new("the comment is not closed, so that all text after it is hidden", "close it with `-->`");
        structure.problems.push(problem.at_line(line, 0));
    }
    let tokens = tokens(&lines);
    let tagged = structure.tags(&lines, &tokens);
    let sections = sections(&lines, &tagged, &tokens);
    structure.near_misses(&tokens, &sections);
    structure.decide(&lines, tagged, sections);
    structure
}

/// A line's index and a byte in it.
type Position = (usize, usize);

/// A tag that is, or could be meant to be, one of ours.
#[derive(Debug)]
struct Token {
    name: String,
    field: Option<&'static Field>,
    closes: bool,
    start: Position,
    end: Position,
    line: u32,
}

/// A field between its tags.
#[derive(Debug)]
struct Tagged {
    field: &'static Field,
    line: u32,
    start: Position,
    end: Position,
    value: String,
}

/// A heading outside of tags, and what stands under it.
#[derive(Debug)]
struct Section {
    field: Option<&'static Field>,
    title: String,
    level: usize,
    line: u32,
    /// Indices of its first line below the heading, and of the first line after it.
    body: (usize, usize),
}

fn tokens(lines: &[Line]) -> Vec<Token> {
    lines.iter().enumerate().flat_map(|(index, line)| line_tokens(index, line)).collect()
}

fn line_tokens(index: usize, line: &Line) -> Vec<Token> {
    let openings = line.text.match_indices('<').filter(|(start, _)| !line.is_code(*start));
    openings
        .filter_map(|(start, _)| {
            let inside = line.text.get(start.saturating_add(1)..)?;
            let closes = inside.starts_with('/');
            let name_and_rest = inside.strip_prefix('/').unwrap_or(inside);
            let length = name_and_rest.bytes().take(MAX_TAG).position(|byte| byte == b'>')?;
            let raw = name_and_rest.get(..length)?;
            let name = raw.trim_matches([' ', '\t']).to_ascii_lowercase();
            if name.is_empty() || !name.chars().all(|letter| letter.is_alphanumeric() || matches!(letter, '_' | '-')) {
                return None;
            }
            let end = start.saturating_add(length).saturating_add(if closes { 3 } else { 2 });
            Some(Token {
                field: FIELDS.iter().find(|field| field.tag == name),
                name,
                closes,
                start: (index, start),
                end: (index, end),
                line: line.number,
            })
        })
        .collect()
}

impl Structure {
    /// Pairs opening and closing tags.
    fn tags(&mut self, lines: &[Line], tokens: &[Token]) -> Vec<Tagged> {
        let mut tagged = Vec::new();
        let mut open: Option<(&'static Field, &Token)> = None;
        for token in tokens {
            let Some(field) = token.field else { continue };
            match open.take() {
                Some((opened, start)) if token.closes && opened == field => tagged.push(Tagged {
                    field,
                    line: start.line,
                    start: start.start,
                    end: token.end,
                    value: text_between(lines, start.end, token.start),
                }),
                Some((opened, start)) => {
                    self.unclosed(opened, start, Some(token));
                    if token.closes {
                        self.unopened(field, token);
                    } else {
                        open = Some((field, token));
                    }
                }
                None if token.closes => self.unopened(field, token),
                None => open = Some((field, token)),
            }
        }
        if let Some((opened, start)) = open {
            self.unclosed(opened, start, None);
        }
        tagged
    }

    fn unclosed(&mut self, field: &'static Field, start: &Token, before: Option<&Token>) {
        let tag = field.tag;
        let message = match before {
            Some(token) => {
                let slash = if token.closes { "/" } else { "" };
                format!("`<{tag}>` is not closed before `<{slash}{}>` in line {}", token.name, token.line)
            }
            None => format!("`<{tag}>` is not closed"),
        };
        let help =
            format!("close it with `</{tag}>`, outside of code and comments; put tags that are text into backticks");
        self.problems.push(Problem::new(message, help).at_line(start.line, 0));
        self.twice.push(field.name);
    }

    fn unopened(&mut self, field: &'static Field, token: &Token) {
        let tag = field.tag;
        let problem =
            Problem::new(format!("`</{tag}>` closes nothing"), format!("open it with `<{tag}>`, or remove it"));
        self.problems.push(problem.at_line(token.line, 0));
        self.twice.push(field.name);
    }

    fn near_misses(&mut self, tokens: &[Token], sections: &[Section]) {
        let tags = tokens.iter().filter(|token| token.field.is_none()).take(MAX_NEAR_MISSES);
        for token in tags {
            if let Some(field) = FIELDS.iter().find(|field| is_near(field.tag, &token.name)) {
                let text = format!("<{}>", token.name);
                self.near_misses.push(NearMiss { field: field.name, line: token.line, text });
            }
        }
        let headings = sections.iter().filter(|section| section.field.is_none()).take(MAX_NEAR_MISSES);
        for section in headings {
            let near = |heading: &str| is_near(&heading.to_ascii_lowercase(), &section.title.to_ascii_lowercase());
            if let Some(field) = FIELDS.iter().find(|field| field.headings.iter().any(|heading| near(heading))) {
                self.near_misses.push(NearMiss { field: field.name, line: section.line, text: section.title.clone() });
            }
        }
    }

    /// What each field's value is, or that it has more than one.
    fn decide(&mut self, lines: &[Line], tagged: Vec<Tagged>, sections: Vec<Section>) {
        for field in &FIELDS {
            let tags: Vec<&Tagged> = tagged.iter().filter(|tag| tag.field == field).collect();
            let headings: Vec<&Section> = sections.iter().filter(|section| section.field == Some(field)).collect();
            let mut places: Vec<u32> = Vec::new();
            if tags.len() > 1 {
                places.extend(tags.iter().map(|tag| tag.line));
            }
            if headings.len() > 1 {
                places.extend(headings.iter().map(|heading| heading.line));
            }
            match (tags.first(), headings.first()) {
                _ if !places.is_empty() => {}
                (Some(tag), Some(heading)) => {
                    let beside = beside_tags(lines, &tagged, heading.body);
                    let own = heading.body.0 <= tag.start.0.saturating_add(1) && tag.start.0 < heading.body.1;
                    if beside.is_empty() || (own && !is_value(field, &beside)) {
                        self.given.push(Given { field: field.name, line: tag.line, value: tag.value.clone() });
                    } else {
                        places = vec![heading.line, tag.line];
                    }
                }
                (Some(tag), None) => {
                    self.given.push(Given { field: field.name, line: tag.line, value: tag.value.clone() });
                }
                (None, Some(heading)) => {
                    let value = beside_tags(lines, &tagged, heading.body);
                    self.given.push(Given { field: field.name, line: heading.line, value });
                }
                (None, None) => {}
            }
            self.doubled(field, places);
        }
    }

    fn doubled(&mut self, field: &'static Field, mut places: Vec<u32>) {
        places.sort_unstable();
        let Some(last) = places.last().copied() else { return };
        let lines: Vec<String> = places.iter().map(u32::to_string).collect();
        let title = field.headings.first().copied().unwrap_or(field.name);
        let message = format!("`{title}` is given {} times, in lines {}", places.len(), shorten(&lines.join(", ")));
        self.problems.push(Problem::new(message, "keep one of them").at_line(last, 0));
        self.twice.push(field.name);
    }
}

/// Whether text beside a tag, under the same heading, could be read as the value: then nobody knows which one counts.
/// Anything else there is guidance.
fn is_value(field: &Field, text: &str) -> bool {
    match field.kind {
        super::Kind::Choice(choices) => choices.iter().any(|choice| text.eq_ignore_ascii_case(choice)),
        super::Kind::Email => text.contains('@'),
        super::Kind::Text => false,
    }
}

/// Headings outside of tags, each with its extent: up to the next field's heading, or one that is not below it.
fn sections(lines: &[Line], tagged: &[Tagged], tokens: &[Token]) -> Vec<Section> {
    let mut sections: Vec<Section> = Vec::new();
    let mut inside = tagged.iter().peekable();
    for (index, line) in lines.iter().enumerate() {
        while inside.next_if(|tag| tag.end.0 < index).is_some() {}
        let hidden = inside.peek().is_some_and(|tag| tag.start.0 < index);
        if hidden || line.fenced {
            continue;
        }
        let first_tag = first_field_tag(tokens, index);
        let Some((level, title)) = heading(&line.text, first_tag) else { continue };
        let field =
            FIELDS.iter().find(|field| field.headings.iter().any(|heading| title.eq_ignore_ascii_case(heading)));
        let start = index.saturating_add(1);
        sections.push(Section { field, title, level, line: line.number, body: (start, lines.len()) });
    }
    let mut end: Vec<(usize, usize)> = Vec::new();
    for section in sections.iter_mut().rev() {
        // `end` holds the following headings that can end a section, the nearest last.
        let first = end.iter().rev().find(|(level, _)| *level <= section.level);
        if let Some((_, index)) = first {
            section.body.1 = *index;
        }
        let level = if section.field.is_some() { 0 } else { section.level };
        end.retain(|(other, _)| *other < level);
        end.push((level, section.body.0.saturating_sub(1)));
    }
    sections
}

fn first_field_tag(tokens: &[Token], index: usize) -> Option<usize> {
    let from = tokens.partition_point(|token| token.start.0 < index);
    let on_line = tokens.iter().skip(from).take_while(|token| token.start.0 == index);
    on_line.filter(|token| token.field.is_some()).map(|token| token.start.1).next()
}

/// The level and title of an ATX heading; a tag that follows on the same line is not part of the title.
fn heading(line: &str, first_tag: Option<usize>) -> Option<(usize, String)> {
    let line = first_tag.and_then(|end| line.get(..end)).unwrap_or(line);
    let text = unindented(line)?;
    let title = text.trim_start_matches('#');
    let level = text.len().saturating_sub(title.len());
    if !(1..=6).contains(&level) || !(title.is_empty() || title.starts_with([' ', '\t'])) {
        return None;
    }
    let blank = |character: char| character.is_ascii_whitespace() || matches!(character, '#' | '*' | '_' | ':');
    let words: Vec<&str> = title.trim_matches(blank).split_ascii_whitespace().collect();
    Some((level, words.join(" ")))
}

fn text_between(lines: &[Line], start: Position, end: Position) -> String {
    let count = end.0.saturating_sub(start.0).saturating_add(1);
    let parts: Vec<&str> = lines
        .iter()
        .enumerate()
        .skip(start.0)
        .take(count)
        .filter_map(|(index, line)| {
            let from = if index == start.0 { start.1 } else { 0 };
            let to = if index == end.0 { end.1 } else { line.text.len() };
            line.text.get(from..to)
        })
        .collect();
    trimmed(&parts.join("\n"))
}

/// The text of the lines from `body.0` before `body.1` that is not in or between tags.
fn beside_tags(lines: &[Line], tagged: &[Tagged], body: (usize, usize)) -> String {
    let mut parts: Vec<String> = Vec::new();
    let mut from = (body.0, 0);
    let end = (body.1, 0);
    let below = from;
    for tag in tagged.iter().filter(|tag| tag.end > below && tag.start < end) {
        parts.push(text_between(lines, from, tag.start.max(from)));
        from = from.max(tag.end);
    }
    if from < end {
        let last = body.1.saturating_sub(1);
        let length = lines.get(last).map_or(0, |line| line.text.len());
        if from.0 <= last {
            parts.push(text_between(lines, from, (last, length)));
        }
    }
    trimmed(&parts.join("\n"))
}

fn trimmed(text: &str) -> String {
    text.trim_matches(|character: char| character.is_ascii_whitespace()).to_owned()
}

/// Whether the two differ by one or two edits; nothing of three letters is near to anything.
fn is_near(known: &str, other: &str) -> bool {
    let (known, other): (Vec<char>, Vec<char>) = (known.chars().collect(), other.chars().collect());
    if known.len() < 4 || known.len().abs_diff(other.len()) > 2 {
        return false;
    }
    let mut before: Vec<usize> = (0..=other.len()).collect();
    for (row, letter) in known.iter().enumerate() {
        let mut current = vec![row.saturating_add(1)];
        for (diagonal, candidate) in before.windows(2).zip(&other) {
            let [corner, above] = *diagonal else { continue };
            let left = current.last().copied().unwrap_or(usize::MAX);
            let replaced = corner.saturating_add(usize::from(letter != candidate));
            current.push(replaced.min(above.saturating_add(1)).min(left.saturating_add(1)));
        }
        before = current;
    }
    before.last().is_some_and(|distance| (1..=2).contains(distance))
}
