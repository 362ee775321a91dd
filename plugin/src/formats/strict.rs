//! The strict pass over JSON: what every reader understands alike, and nothing else (T35, T36, T37).

use std::borrow::Cow;

use super::json::{NESTING, STRING_BYTES, line_and_column};
use crate::problem::Problem;
use crate::scalar::shorten;

/// Up to this many keys, an object's keys are compared one by one; beyond, they are sorted when the object ends.
const FEW_KEYS: usize = 16;

/// Proves that the text is one strict JSON document; the keys of the document itself, if it is an object.
pub(super) fn pass(text: &str) -> Result<Vec<Cow<'_, str>>, Problem> {
    let mut pass = Pass::new(text);
    match pass.document() {
        Ok(()) => Ok(pass.keys.into_iter().map(|key| key.text).collect()),
        Err(fault) => Err(pass.problem(&fault)),
    }
}

/// A key of an object that is still open, or of the document itself.
#[derive(Debug)]
struct Key<'a> {
    text: Cow<'a, str>,
    at: usize,
}

/// An object or array that is still open.
#[derive(Clone, Copy, Debug)]
struct Frame {
    kind: Kind,
    /// Where this object's keys begin among all keys.
    keys: usize,
    /// How many items of this array have ended.
    items: usize,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Kind {
    Object,
    Array,
}

/// What must come next.
#[derive(Clone, Copy)]
enum Next {
    Value,
    FirstItem,
    FirstKey,
    Key,
    After,
}

/// What is wrong at a byte of the document.
struct Fault {
    at: usize,
    what: What,
}

#[derive(Clone, Copy)]
enum What {
    Empty,
    Mark,
    Ends,
    Expected(&'static str),
    Trailing,
    Deep,
    Duplicate,
    Control,
    LongString,
    Escape,
    Surrogate,
    Number,
    LargeNumber,
}

/// The strict pass: a cursor and what is open.
struct Pass<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    open: Vec<Frame>,
    keys: Vec<Key<'a>>,
}

impl<'a> Pass<'a> {
    fn new(text: &'a str) -> Self {
        Self { text, bytes: text.as_bytes(), at: 0, open: Vec::new(), keys: Vec::new() }
    }

    fn document(&mut self) -> Result<(), Fault> {
        if self.bytes.starts_with(b"\xef\xbb\xbf") {
            return Err(self.fault(What::Mark));
        }
        self.blanks();
        if self.peek().is_none() {
            return Err(self.fault(What::Empty));
        }
        let mut next = Next::Value;
        loop {
            self.blanks();
            next = match (next, self.peek()) {
                (Next::Value, _) => self.value()?,
                (Next::FirstItem, Some(b']')) | (Next::FirstKey, Some(b'}')) => self.close()?,
                (Next::FirstItem, _) => self.value()?,
                (Next::FirstKey | Next::Key, _) => self.key()?,
                (Next::After, byte) => match (self.open.last_mut(), byte) {
                    (None, None) => return Ok(()),
                    (None, Some(_)) => return Err(self.fault(What::Trailing)),
                    (Some(Frame { kind: Kind::Object, .. }), Some(b'}')) => self.close()?,
                    (Some(Frame { kind: Kind::Array, .. }), Some(b']')) => self.close()?,
                    (Some(Frame { kind: Kind::Object, .. }), Some(b',')) => {
                        self.step();
                        Next::Key
                    }
                    (Some(Frame { kind: Kind::Array, items, .. }), Some(b',')) => {
                        *items = items.saturating_add(1);
                        self.step();
                        Next::Value
                    }
                    (Some(Frame { kind: Kind::Object, .. }), _) => return Err(self.expected("`,` or `}`")),
                    (Some(Frame { kind: Kind::Array, .. }), _) => return Err(self.expected("`,` or `]`")),
                },
            };
        }
    }

    fn value(&mut self) -> Result<Next, Fault> {
        match self.peek() {
            Some(b'"') => self.string().map(|_| Next::After),
            Some(b'{') => self.begin(Kind::Object, Next::FirstKey),
            Some(b'[') => self.begin(Kind::Array, Next::FirstItem),
            Some(b't') => self.word(b"true"),
            Some(b'f') => self.word(b"false"),
            Some(b'n') => self.word(b"null"),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => Err(self.expected("a value")),
        }
    }

    fn begin(&mut self, kind: Kind, next: Next) -> Result<Next, Fault> {
        if self.open.len() >= NESTING {
            return Err(self.fault(What::Deep));
        }
        self.open.push(Frame { kind, keys: self.keys.len(), items: 0 });
        self.step();
        Ok(next)
    }

    fn close(&mut self) -> Result<Next, Fault> {
        if let Some(Frame { kind: Kind::Object, keys, .. }) = self.open.last().copied() {
            let own = self.keys.get_mut(keys..).unwrap_or_default();
            if own.len() > FEW_KEYS {
                own.sort_unstable_by(|a, b| a.text.cmp(&b.text).then(a.at.cmp(&b.at)));
                let twins = own.iter().zip(own.iter().skip(1)).filter(|(first, second)| first.text == second.text);
                if let Some(at) = twins.map(|(_, second)| second.at).min() {
                    return Err(Fault { at, what: What::Duplicate });
                }
            }
            if self.open.len() > 1 {
                self.keys.truncate(keys);
            }
        }
        self.open.pop();
        self.step();
        Ok(Next::After)
    }

    fn key(&mut self) -> Result<Next, Fault> {
        let at = self.at;
        if self.peek() != Some(b'"') {
            return Err(self.expected("a key in quotes"));
        }
        let text = match self.string()? {
            (inner, false) => Cow::Borrowed(inner),
            (_, true) => {
                let quoted = self.text.get(at..self.at).unwrap_or_default();
                Cow::Owned(serde_json::from_str(quoted).map_err(|_| Fault { at, what: What::Escape })?)
            }
        };
        let first = self.open.last().map_or(0, |frame| frame.keys);
        let own = self.keys.get(first..).unwrap_or_default();
        if own.len() <= FEW_KEYS && own.iter().any(|key| key.text == text) {
            return Err(Fault { at, what: What::Duplicate });
        }
        self.keys.push(Key { text, at });
        self.blanks();
        if self.peek() != Some(b':') {
            return Err(self.expected("`:`"));
        }
        self.step();
        Ok(Next::Value)
    }

    /// Reads a string from its opening quote; its text as written, and whether that has escapes.
    fn string(&mut self) -> Result<(&'a str, bool), Fault> {
        let opening = self.at;
        self.step();
        let begin = self.at;
        let mut escaped = false;
        loop {
            self.plain_text();
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => {
                    escaped = true;
                    self.escape()?;
                }
                Some(_) => return Err(self.fault(What::Control)),
                None => return Err(self.fault(What::Ends)),
            }
        }
        let inner = self.text.get(begin..self.at).unwrap_or_default();
        if inner.len() > STRING_BYTES {
            return Err(Fault { at: opening, what: What::LongString });
        }
        self.step();
        Ok((inner, escaped))
    }

    /// Moves to the next quote, backslash or control character, eight bytes at a time.
    fn plain_text(&mut self) {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let mut skipped = 0_usize;
        let (eights, _) = rest.as_chunks::<8>();
        for eight in eights {
            let stops = stops(u64::from_le_bytes(*eight));
            if stops != 0 {
                let before = stops.trailing_zeros().wrapping_shr(3) as usize;
                self.at = self.at.wrapping_add(skipped).wrapping_add(before);
                return;
            }
            skipped = skipped.wrapping_add(8);
        }
        let tail = rest.get(skipped..).unwrap_or_default();
        let before = tail.iter().position(|&byte| byte < 0x20 || byte == b'"' || byte == b'\\').unwrap_or(tail.len());
        self.at = self.at.wrapping_add(skipped).wrapping_add(before);
    }

    fn escape(&mut self) -> Result<(), Fault> {
        let begin = self.at;
        self.step();
        match self.peek() {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => {
                self.step();
                Ok(())
            }
            Some(b'u') => match self.unit()? {
                0xd800..=0xdbff => {
                    let pair = self.bytes.get(self.at..).unwrap_or_default().starts_with(b"\\u");
                    let lone = Fault { at: begin, what: What::Surrogate };
                    if !pair {
                        return Err(lone);
                    }
                    self.step();
                    if matches!(self.unit()?, 0xdc00..=0xdfff) { Ok(()) } else { Err(lone) }
                }
                0xdc00..=0xdfff => Err(Fault { at: begin, what: What::Surrogate }),
                _ => Ok(()),
            },
            Some(_) => Err(Fault { at: begin, what: What::Escape }),
            None => Err(self.fault(What::Ends)),
        }
    }

    /// Reads `u` and four hex digits.
    fn unit(&mut self) -> Result<u32, Fault> {
        self.step();
        let mut unit = 0_u32;
        for _ in 0..4 {
            let digit = match self.peek() {
                Some(byte) => char::from(byte).to_digit(16).ok_or(Fault { at: self.at, what: What::Escape })?,
                None => return Err(self.fault(What::Ends)),
            };
            unit = unit.wrapping_shl(4) | digit;
            self.step();
        }
        Ok(unit)
    }

    /// Reads a number; an integer must fit 64 bits, any other must not become infinite.
    fn number(&mut self) -> Result<Next, Fault> {
        let begin = self.at;
        if self.peek() == Some(b'-') {
            self.step();
        }
        let whole = self.digits()?;
        let leading = self.bytes.get(whole.clone()).unwrap_or_default();
        if leading.len() > 1 && leading.first() == Some(&b'0') {
            return Err(Fault { at: begin, what: What::Number });
        }
        let mut integer = true;
        if self.peek() == Some(b'.') {
            integer = false;
            self.step();
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            integer = false;
            self.step();
            if let Some(b'+' | b'-') = self.peek() {
                self.step();
            }
            self.digits()?;
        }
        let text = self.text.get(begin..self.at).unwrap_or_default();
        let sound = match integer {
            true => text.len() <= 18 || text.parse::<i64>().is_ok() || text.parse::<u64>().is_ok(),
            false => text.parse::<f64>().is_ok_and(f64::is_finite),
        };
        if sound { Ok(Next::After) } else { Err(Fault { at: begin, what: What::LargeNumber }) }
    }

    /// Reads one digit or more.
    fn digits(&mut self) -> Result<std::ops::Range<usize>, Fault> {
        let begin = self.at;
        while let Some(b'0'..=b'9') = self.peek() {
            self.step();
        }
        match (self.at == begin, self.peek()) {
            (false, _) => Ok(begin..self.at),
            (true, None) => Err(self.fault(What::Ends)),
            (true, Some(_)) => Err(self.fault(What::Number)),
        }
    }

    fn word(&mut self, word: &'static [u8]) -> Result<Next, Fault> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        if rest.starts_with(word) {
            self.at = self.at.wrapping_add(word.len());
            Ok(Next::After)
        } else if word.starts_with(rest) {
            self.at = self.bytes.len();
            Err(self.fault(What::Ends))
        } else {
            Err(self.expected("a value"))
        }
    }

    fn blanks(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.peek() {
            self.step();
        }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn step(&mut self) {
        self.at = self.at.wrapping_add(1);
    }

    fn fault(&self, what: What) -> Fault {
        Fault { at: self.at, what }
    }

    fn expected(&self, what: &'static str) -> Fault {
        self.fault(if self.peek().is_none() { What::Ends } else { What::Expected(what) })
    }

    /// The JSON Pointer of the value that was being read in the innermost of so many open ones; empty for the document.
    fn pointer(&self, inside: usize) -> String {
        let mut pointer = String::new();
        for (depth, frame) in self.open.iter().enumerate().take(inside) {
            pointer.push('/');
            match frame.kind {
                Kind::Array => pointer.push_str(&frame.items.to_string()),
                Kind::Object => {
                    let after = self.open.get(depth.saturating_add(1)).map_or(self.keys.len(), |inner| inner.keys);
                    let own = self.keys.get(frame.keys..after).unwrap_or_default();
                    let Some(key) = own.iter().max_by_key(|key| key.at) else {
                        pointer.pop();
                        continue;
                    };
                    pointer.push_str(&key.text.replace('~', "~0").replace('/', "~1"));
                }
            }
        }
        pointer
    }

    fn problem(&self, fault: &Fault) -> Problem {
        let (message, help) = self.words(fault);
        let inside = match fault.what {
            What::Duplicate => self.open.len().saturating_sub(1),
            _ => self.open.len(),
        };
        let message = match self.pointer(inside).as_str() {
            "" => message,
            pointer => format!("{message} (at `{}`)", shorten(pointer)),
        };
        let (line, column) = line_and_column(self.bytes, fault.at);
        Problem::new(message, help).at_line(line, column)
    }

    fn words(&self, fault: &Fault) -> (String, &'static str) {
        let found = match self.text.get(fault.at..).and_then(|rest| rest.chars().next()) {
            Some(character) => format!("`{}`", shorten(&character.to_string())),
            None => "the end".to_owned(),
        };
        match fault.what {
            What::Empty => ("the document is empty".to_owned(), "write the document before it is handed over"),
            What::Mark => ("the document begins with a byte order mark".to_owned(), "save it as UTF-8 without BOM"),
            What::Ends => {
                ("the document ends in the middle of a value".to_owned(), "it may be truncated: produce it again")
            }
            What::Expected(what) => (format!("expected {what}, found {found}"), "correct the JSON at this place"),
            What::Trailing => {
                (format!("something follows the end of the document: {found}"), "hand over one JSON document per file")
            }
            What::Deep => (
                format!("objects and arrays are nested more than {NESTING} deep"),
                "no format that is understood needs this: check the producer",
            ),
            What::Duplicate => (
                format!("duplicate key {}", self.key_at(fault.at)),
                "keep one of them: readers differ in which one they believe",
            ),
            What::Control => (
                "a string has a control character that is not escaped".to_owned(),
                "escape it, such as `\\n` for a line break",
            ),
            What::LongString => {
                (format!("a string has more than {STRING_BYTES} bytes"), "attach long content by digest instead")
            }
            What::Escape => ("a string has an escape that JSON does not know".to_owned(), "correct the escape"),
            What::Surrogate => (
                "a string has half of a surrogate pair".to_owned(),
                "write both halves, or the character itself in UTF-8",
            ),
            What::Number => ("a number is not written as JSON demands".to_owned(), "correct the number"),
            What::LargeNumber => (
                "a number is too large to be read exactly".to_owned(),
                "write it as a string, or as an integer of at most 64 bits",
            ),
        }
    }

    /// The key that begins at `at`, for messages.
    fn key_at(&self, at: usize) -> String {
        let rest = self.text.get(at..).unwrap_or_default();
        let mut keys = serde_json::Deserializer::from_str(rest).into_iter::<String>();
        match keys.next() {
            Some(Ok(key)) => format!("`{}`", shorten(&key)),
            _ => String::new(),
        }
    }
}

/// A word with the high bit set in each byte that is a quote, a backslash or a control character; bits above the
/// lowest one that is set may be wrong.
const fn stops(word: u64) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGHS: u64 = 0x8080_8080_8080_8080;
    const QUOTES: u64 = 0x2222_2222_2222_2222;
    const BACKSLASHES: u64 = 0x5c5c_5c5c_5c5c_5c5c;
    const BLANKS: u64 = 0x2020_2020_2020_2020;
    let quotes = word ^ QUOTES;
    let backslashes = word ^ BACKSLASHES;
    let found = (quotes.wrapping_sub(ONES) & !quotes)
        | (backslashes.wrapping_sub(ONES) & !backslashes)
        | (word.wrapping_sub(BLANKS) & !word);
    found & HIGHS
}
