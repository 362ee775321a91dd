//! One character as text may write it: plain, or escaped in one of the ways of JSON, shells, URLs and HTML.

/// More backslashes than an escape has that was escaped three times over.
const BACKSLASHES_MAX: usize = 15;
/// Digits of a character's number at most, with zeros before it.
const DIGITS_MAX: usize = 8;
/// Bytes of a sequence that a terminal does not show at most.
const INVISIBLE_MAX: usize = 256;

/// What one or more bytes of text stand for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Token {
    /// Bytes of text.
    pub(super) length: usize,
    bytes: [u8; 4],
    count: usize,
}

impl Token {
    /// What it stands for.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes[..self.count]
    }

    fn byte(length: usize, byte: u8) -> Self {
        Self { length, bytes: [byte, 0, 0, 0], count: 1 }
    }

    fn character(length: usize, number: u32) -> Option<Self> {
        let mut bytes = [0; 4];
        let count = char::from_u32(number)?.encode_utf8(&mut bytes).len();
        Some(Self { length, bytes, count })
    }

    /// The first byte as it is.
    pub(super) fn plain(text: &[u8]) -> Option<Self> {
        text.first().map(|first| Self::byte(1, *first))
    }

    /// All that the beginning of the text may stand for.
    pub(super) fn all(text: &[u8]) -> Vec<Self> {
        let mut all: Vec<Self> = Self::plain(text).into_iter().collect();
        match text.first() {
            Some(b'\\') => backslash(text, &mut all),
            Some(b'%') => percent(text, &mut all),
            Some(b'&') => entity(text, &mut all),
            Some(b'+') => all.push(Self::byte(1, b' ')),
            Some(quote @ (b'\'' | b'"')) => quoted(text, *quote, &mut all),
            Some(_) | None => {}
        }
        all
    }
}

/// Whether a longer token can begin with this byte.
pub(super) fn escapes(byte: u8) -> bool {
    matches!(byte, b'\\' | b'%' | b'&' | b'+' | b'\'' | b'"')
}

/// Whether the token at the beginning cannot be longer than it is, whatever comes after this text.
pub(super) fn is_whole(text: &[u8]) -> bool {
    let continues = |byte: &u8| match text.first() {
        Some(b'\\') => byte.is_ascii_hexdigit() || b"\\xuU{}[;?".contains(byte),
        Some(b'%') => byte.is_ascii_hexdigit() || *byte == b'u',
        Some(b'&') => byte.is_ascii_alphanumeric() || b"#;".contains(byte),
        Some(b'\'' | b'"') => b"\\'\"".contains(byte),
        Some(_) | None => false,
    };
    text.first() == Some(&b'+') || !text.iter().skip(1).all(continues)
}

/// `\n`, `\/`, `\xHH`, `\uHHHH`, `\UHHHHHHHH`, `\u{H}`, `\NNN`, and each of them escaped again.
fn backslash(text: &[u8], all: &mut Vec<Token>) {
    let run = text.iter().take(BACKSLASHES_MAX).take_while(|byte| **byte == b'\\').count();
    for before in 1..=run {
        let Some((letter, rest)) = text[before..].split_first() else { return };
        let letter_end = before + 1;
        all.push(Token::byte(letter_end, *letter));
        let named = match letter {
            b'n' => Some(b'\n'),
            b'r' => Some(b'\r'),
            b't' => Some(b'\t'),
            b'b' => Some(8),
            b'f' => Some(12),
            b'v' => Some(11),
            b'a' => Some(7),
            b'e' | b'E' => Some(27),
            _ => None,
        };
        all.extend(named.map(|byte| Token::byte(letter_end, byte)));
        match letter {
            b'x' => {
                if let Some(number) = hex(rest, 2) {
                    all.extend(u8::try_from(number).map(|byte| Token::byte(letter_end + 2, byte)));
                    all.extend(Token::character(letter_end + 2, number));
                }
            }
            b'u' => unicode(text, letter_end, before, all),
            b'U' => all.extend(hex(rest, 8).and_then(|number| Token::character(letter_end + 8, number))),
            b'0'..=b'7' => octal(&text[before..], before, all),
            _ => {}
        }
    }
}

/// What follows `\u`: four digits, or two such halves, or any number in braces.
fn unicode(text: &[u8], at: usize, backslashes: usize, all: &mut Vec<Token>) {
    let rest = &text[at..];
    if let Some((length, number)) = rest.strip_prefix(b"{").and_then(|digits| number(digits, 16))
        && rest.get(1 + length) == Some(&b'}')
    {
        all.extend(Token::character(at + length + 2, number));
    }
    let Some(first) = hex(rest, 4) else { return };
    all.extend(Token::character(at + 4, first));
    let again = at + 4 + backslashes;
    let next = text.get(at + 4..again).filter(|run| run.iter().all(|byte| *byte == b'\\'));
    let half = next.and_then(|_| text.get(again..)?.strip_prefix(b"u")).and_then(|digits| hex(digits, 4));
    if let (0xd800..0xdc00, Some(second @ 0xdc00..0xe000)) = (first, half) {
        let number = 0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00);
        all.extend(Token::character(again + 5, number));
    }
}

fn octal(digits: &[u8], at: usize, all: &mut Vec<Token>) {
    let mut number = 0u32;
    for (count, digit) in digits.iter().take(4).take_while(|digit| matches!(digit, b'0'..=b'7')).enumerate() {
        number = number * 8 + u32::from(digit - b'0');
        all.extend(u8::try_from(number).map(|byte| Token::byte(at + count + 1, byte)));
    }
}

/// `%HH` and `%uHHHH`, also where the `%` is written `%25`.
fn percent(text: &[u8], all: &mut Vec<Token>) {
    let mut at = 1;
    loop {
        let rest = &text[at..];
        if let Some(byte) = hex(rest, 2).and_then(|number| u8::try_from(number).ok()) {
            all.push(Token::byte(at + 2, byte));
        }
        if let Some(number) = rest.strip_prefix(b"u").and_then(|digits| hex(digits, 4)) {
            all.extend(Token::character(at + 5, number));
        }
        if at > 6 || !rest.starts_with(b"25") {
            return;
        }
        at += 2;
    }
}

/// `&name;`, `&#NNN;` and `&#xHH;`, also where the `&` is written `&amp;`.
fn entity(text: &[u8], all: &mut Vec<Token>) {
    let mut at = 1;
    loop {
        let rest = &text[at..];
        let known = |(name, byte): (&str, u8)| {
            let here = rest.get(..name.len()).is_some_and(|here| here.eq_ignore_ascii_case(name.as_bytes()));
            here.then(|| Token::byte(at + name.len(), byte))
        };
        let names = [("amp;", b'&'), ("lt;", b'<'), ("gt;", b'>'), ("quot;", b'"'), ("apos;", b'\'')];
        all.extend(names.into_iter().filter_map(known));
        let (skip, base) = if rest.starts_with(b"#x") || rest.starts_with(b"#X") { (2, 16) } else { (1, 10) };
        if let Some((length, number)) = rest.starts_with(b"#").then(|| number(&rest[skip..], base)).flatten() {
            let end = at + skip + length;
            let semicolon = usize::from(text.get(end) == Some(&b';'));
            all.extend(Token::character(end + semicolon, number));
        }
        if at > 8 || !rest.starts_with(b"amp;") {
            return;
        }
        at += 4;
    }
}

/// A quote inside quotes: twice as in YAML and SQL, or closed, escaped and opened again as in a shell.
fn quoted(text: &[u8], quote: u8, all: &mut Vec<Token>) {
    let ways: &[&[u8]] = if quote == b'\'' { &[b"''", b"'\\''", b"'\"'\"'"] } else { &[b"\"\"", b"\"'\"'\""] };
    all.extend(ways.iter().filter(|way| text.starts_with(way)).map(|way| Token::byte(way.len(), quote)));
}

/// Exactly so many hexadecimal digits.
fn hex(text: &[u8], count: usize) -> Option<u32> {
    let (length, number) = number(text.get(..count)?, 16)?;
    (length == count).then_some(number)
}

/// A number at the beginning, and how long it is.
fn number(text: &[u8], base: u32) -> Option<(usize, u32)> {
    let digits = text.iter().take(DIGITS_MAX).map_while(|byte| char::from(*byte).to_digit(base));
    let (length, number) =
        digits.fold((0, 0u64), |(length, number), digit| (length + 1, number * u64::from(base) + u64::from(digit)));
    (length > 0).then_some((length, u32::try_from(number).unwrap_or(u32::MAX)))
}

/// The length of a sequence at the beginning that steers a terminal, as colours do, and of which nothing is seen.
pub(super) fn invisible(text: &[u8]) -> Option<usize> {
    if !text.first().is_some_and(|first| matches!(first, b'\x1b' | b'\\')) {
        return None;
    }
    // In JSON the escape character is escaped itself.
    let escape = Token::all(text).into_iter().find(|token| token.bytes() == b"\x1b")?.length;
    let text = text.get(..text.len().min(escape + INVISIBLE_MAX))?;
    let (kind, rest) = text.get(escape..)?.split_first()?;
    let length = match kind {
        b'[' => {
            rest.iter().position(|byte| !matches!(byte, b' '..=b'?')).filter(|end| matches!(rest[*end], b'@'..=b'~'))?
        }
        b']' => rest.iter().position(|byte| *byte == 7 || *byte == b'\\')?,
        b' '..=b'/' => rest.iter().position(|byte| !matches!(byte, b' '..=b'/'))?,
        b'0'..=b'~' => return Some(escape + 1),
        _ => return None,
    };
    Some(escape + 1 + length + 1)
}

/// How line breaks are written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Break {
    /// As they are.
    Plain,
    /// Or escaped, as in JSON.
    Escaped,
}

/// The length of a line break at the beginning, with the blanks of the next line.
pub(super) fn line_break(text: &[u8], how: Break) -> Option<usize> {
    let tokens = match how {
        Break::Plain => Token::plain(text).into_iter().collect(),
        Break::Escaped => Token::all(text),
    };
    let end = tokens.iter().find(|token| matches!(token.bytes(), b"\n" | b"\r"))?.length;
    let blanks = text[end..].iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    Some(end + blanks)
}
