//! Secrets, taken out of a stream however they are written and wherever the stream is cut.
//!
//! `tests/data/redaction.json` has the ways to write one; `actions/lib/redact.js` is the same in JavaScript.

mod token;

use std::collections::BTreeSet;

use token::{Break, Token, escapes, invisible, is_whole, line_break};

/// What stands in a secret's place.
pub const REDACTED: &[u8] = b"***";
/// A secret or a line of one that is shorter is looked for only as it is.
const DISGUISED_MIN: usize = 4;
/// A line of a longer secret is a secret of its own from this many bytes.
const LINE_MIN: usize = 8;
/// No escape and no colour code is longer.
const TOKEN_MAX: usize = 300;

/// Finds the configured secrets: as they are, escaped as JSON, shells, URLs and HTML do it, hexadecimal, and in base64 at any
/// alignment (also inside a longer text, as `user:password` is), with colour codes and line breaks in it.
#[derive(Clone, Default)]
pub struct Secrets {
    forms: Vec<Form>,
    /// The forms that can begin with a byte, by that byte.
    beginnings: Vec<Vec<usize>>,
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secrets(***)")
    }
}

/// Bytes to find, and how they may be written.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
struct Form {
    writing: Writing,
    bytes: Vec<u8>,
}

#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Writing {
    /// As it is.
    Exact,
    /// As text, in which characters may be escaped.
    Text,
    /// As digits of base64 of either alphabet, which may be wrapped.
    Base64,
    /// As hexadecimal digits, which may stand apart.
    Hex,
}

impl Secrets {
    /// These secrets; empty ones are passed over.
    pub fn new<S: AsRef<str>>(secrets: impl IntoIterator<Item = S>) -> Self {
        let mut all = BTreeSet::new();
        for secret in secrets {
            let secret = secret.as_ref().trim_matches(['\r', '\n']);
            let lines = secret.lines().map(str::trim).filter(|line| line.len() >= LINE_MIN);
            let parts = std::iter::once(secret).chain(lines).filter(|part| !part.trim().is_empty());
            parts.for_each(|part| disguises(part.as_bytes(), &mut all));
        }
        Self::of(all)
    }

    /// These secrets, and more.
    #[must_use]
    pub fn and<S: AsRef<str>>(&self, more: impl IntoIterator<Item = S>) -> Self {
        Self::of(self.forms.iter().cloned().chain(Self::new(more).forms).collect())
    }

    fn of(all: BTreeSet<Form>) -> Self {
        let forms: Vec<Form> = all.into_iter().collect();
        let mut beginnings = vec![Vec::new(); if forms.is_empty() { 0 } else { 256 }];
        for (number, form) in forms.iter().enumerate() {
            let begins = (0..=u8::MAX).filter(|byte| form.begins_with(*byte));
            begins.for_each(|byte| beginnings[usize::from(byte)].push(number));
        }
        Self { forms, beginnings }
    }

    /// The longest secret at the beginning of `rest`. One that may still come is waited for.
    fn at(&self, rest: &[u8], end: End) -> Found {
        let forms = rest.first().and_then(|first| self.beginnings.get(usize::from(*first)));
        let mut longest = Found::Nothing;
        for number in forms.into_iter().flatten() {
            match (self.forms[*number].at(rest, end), &longest) {
                (Found::Undecided, _) => return Found::Undecided,
                (Found::Secret(length), Found::Secret(before)) if length <= *before => {}
                (found @ Found::Secret(_), _) => longest = found,
                (Found::Nothing, _) => {}
            }
        }
        longest
    }
}

/// Whether more of the stream comes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum End {
    Here,
    Later,
}

#[derive(Debug)]
enum Found {
    Nothing,
    Secret(usize),
    Undecided,
}

impl Form {
    fn begins_with(&self, byte: u8) -> bool {
        let escaped = matches!(self.writing, Writing::Text | Writing::Base64) && escapes(byte);
        escaped || self.bytes.first().is_some_and(|first| self.writing.alike(*first, byte))
    }

    /// Follows every way to read `rest` as this form: what is written may be read in more ways than one.
    fn at(&self, rest: &[u8], end: End) -> Found {
        let plain = rest
            .iter()
            .zip(&self.bytes)
            .take_while(|(found, wanted)| !steers(**found) && self.writing.alike(**wanted, **found));
        let plain = plain.count();
        match rest.get(plain) {
            _ if plain == self.bytes.len() => return Found::Secret(plain),
            Some(other) if !steers(*other) => return Found::Nothing,
            Some(_) | None => {}
        }
        let mut found = Found::Nothing;
        // Where in the stream, and how much of the secret is before it. Those that are behind come first, so that none comes twice.
        let mut places = vec![(plain, plain)];
        while let Some(first) = (0..places.len()).min_by_key(|number| places[*number]) {
            let (at, done) = places.swap_remove(first);
            if done == self.bytes.len() {
                found = Found::Secret(at);
                continue;
            }
            if end == End::Later && rest.len() - at < TOKEN_MAX && self.may_grow(&rest[at..], done) {
                return Found::Undecided;
            }
            let mut go = |place| {
                if !places.contains(&place) {
                    places.push(place)
                }
            };
            if done > 0 {
                self.pauses(&rest[at..], done).into_iter().for_each(|length| go((at + length, done)));
            }
            for token in self.writing.tokens(&rest[at..]) {
                let wanted = &self.bytes[done..];
                let bytes = token.bytes();
                if bytes.len() <= wanted.len() && bytes.iter().zip(wanted).all(|(a, b)| self.writing.alike(*b, *a)) {
                    go((at + token.length, done + bytes.len()));
                }
            }
        }
        found
    }

    /// Lengths of what may stand between two parts of the secret and is none of it.
    fn pauses(&self, rest: &[u8], done: usize) -> Vec<usize> {
        let mut pauses: Vec<usize> = invisible(rest).into_iter().collect();
        let first = rest.first().copied();
        match self.writing {
            Writing::Exact => pauses.clear(),
            Writing::Text if first == Some(b'\r') && self.bytes.get(done) == Some(&b'\n') => pauses.push(1),
            Writing::Text => {}
            Writing::Base64 => pauses.extend(line_break(rest, Break::Escaped)),
            Writing::Hex if done.is_multiple_of(2) => {
                pauses.extend(line_break(rest, Break::Plain));
                pauses.extend(first.filter(|first| matches!(first, b' ' | b':')).map(|_| 1));
            }
            Writing::Hex => {}
        }
        pauses
    }

    /// Whether `rest`, the end of what came so far, could be read otherwise with more behind it.
    fn may_grow(&self, rest: &[u8], done: usize) -> bool {
        let blank = || done > 0 && rest.iter().all(u8::is_ascii_whitespace);
        match (self.writing, rest.first()) {
            (_, None) => true,
            (Writing::Exact, Some(_)) => false,
            (Writing::Text | Writing::Base64, Some(first)) if escapes(*first) => !is_whole(rest),
            (_, Some(b'\x1b')) => done > 0 && invisible(rest).is_none(),
            (Writing::Text, Some(b'\r')) | (Writing::Base64, Some(b'\r' | b'\n')) => blank(),
            (Writing::Hex, Some(b'\r' | b'\n')) => done.is_multiple_of(2) && blank(),
            (Writing::Text | Writing::Base64 | Writing::Hex, Some(_)) => false,
        }
    }
}

impl Writing {
    /// Whether `found` stands for the byte `wanted`.
    fn alike(self, wanted: u8, found: u8) -> bool {
        match (self, wanted, found) {
            (Self::Base64, b'+', b'-') | (Self::Base64, b'/', b'_') => true,
            (Self::Hex, _, _) => wanted.eq_ignore_ascii_case(&found),
            (Self::Exact | Self::Text | Self::Base64, _, _) => wanted == found,
        }
    }

    fn tokens(self, rest: &[u8]) -> Vec<Token> {
        match self {
            Self::Exact | Self::Hex => Token::plain(rest).into_iter().collect(),
            Self::Text | Self::Base64 => Token::all(rest),
        }
    }
}

/// Whether a byte may be more than what it is: the beginning of an escape, a colour code or a pause.
fn steers(byte: u8) -> bool {
    escapes(byte) || matches!(byte, b'\x1b' | b'\r' | b'\n' | b' ' | b':')
}

/// A stream from which secrets are taken.
#[derive(Debug)]
pub struct Redaction<'a> {
    secrets: &'a Secrets,
    held: Vec<u8>,
    count: u64,
}

impl<'a> Redaction<'a> {
    /// A stream that begins.
    #[must_use]
    pub const fn new(secrets: &'a Secrets) -> Self {
        Self { secrets, held: Vec::new(), count: 0 }
    }

    /// The next part of the stream; what comes out may lag behind by a part of a secret.
    pub fn feed(&mut self, chunk: &[u8]) -> Vec<u8> {
        self.held.extend_from_slice(chunk);
        self.pass(End::Later)
    }

    /// The end of the stream.
    pub fn finish(&mut self) -> Vec<u8> {
        self.pass(End::Here)
    }

    /// How many secrets were taken out.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.count
    }

    fn pass(&mut self, end: End) -> Vec<u8> {
        let held = std::mem::take(&mut self.held);
        let mut out = Vec::with_capacity(held.len());
        let mut index = 0;
        while index < held.len() {
            match self.secrets.at(&held[index..], end) {
                Found::Nothing => {
                    out.push(held[index]);
                    index += 1;
                }
                Found::Secret(length) => {
                    out.extend_from_slice(REDACTED);
                    self.count += 1;
                    index += length;
                }
                Found::Undecided => break,
            }
        }
        self.held = held[index..].to_vec();
        out
    }
}

fn disguises(secret: &[u8], all: &mut BTreeSet<Form>) {
    if secret.len() < DISGUISED_MIN {
        all.insert(Form { writing: Writing::Exact, bytes: secret.to_vec() });
        return;
    }
    all.insert(Form { writing: Writing::Text, bytes: secret.to_vec() });
    for offset in 0..3 {
        all.insert(Form { writing: Writing::Base64, bytes: base64_core(secret, offset) });
    }
    let digits = |byte: &u8| [HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]];
    all.insert(Form { writing: Writing::Hex, bytes: secret.iter().flat_map(digits).collect() });
}

const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const HEX: &[u8; 16] = b"0123456789abcdef";

/// The characters of base64 that are the same whatever comes before (`offset` bytes past a multiple of three) and after.
fn base64_core(secret: &[u8], offset: usize) -> Vec<u8> {
    let mut bytes = vec![0; offset];
    bytes.extend_from_slice(secret);
    let whole = bytes.len() * 8 / 6;
    let mut encoded = Vec::with_capacity(whole);
    for index in 0..whole {
        let bit = index * 6;
        let high = u16::from(bytes[bit / 8]) << 8;
        let low = bytes.get(bit / 8 + 1).copied().map_or(0, u16::from);
        let sextet = ((high | low) >> (10 - bit % 8)) & 63;
        encoded.push(BASE64[usize::from(sextet)]);
    }
    encoded.split_off((offset * 8).div_ceil(6))
}

#[cfg(test)]
mod tests;
