//! Secrets, taken out of a stream whatever their disguise and wherever the stream is cut.

use std::collections::BTreeSet;

/// What stands in a secret's place.
pub const REDACTED: &[u8] = b"***";
/// A secret or a line of one that is shorter is looked for only as it is.
const DISGUISED_MIN: usize = 4;
/// A line of a longer secret is a secret of its own from this many bytes.
const LINE_MIN: usize = 8;

/// Finds the configured secrets: as they are, in base64 at any alignment (also inside a longer text, as
/// `user:password` is), hexadecimal, percent-encoded, and as a JSON string has them.
#[derive(Clone, Default)]
pub struct Secrets {
    /// The patterns by their first byte, longest first.
    patterns: Vec<Vec<Vec<u8>>>,
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secrets(***)")
    }
}

impl Secrets {
    /// These secrets; empty ones are passed over.
    pub fn new<S: AsRef<str>>(secrets: impl IntoIterator<Item = S>) -> Self {
        let mut all = BTreeSet::new();
        for secret in secrets {
            let secret = secret.as_ref().trim_matches(['\r', '\n']);
            disguises(secret.as_bytes(), &mut all);
            let lines =
                secret.lines().map(str::trim).filter(|line| line.len() >= LINE_MIN && line.len() < secret.len());
            lines.for_each(|line| disguises(line.as_bytes(), &mut all));
        }
        all.remove(&[][..]);
        let mut patterns = vec![Vec::new(); if all.is_empty() { 0 } else { 256 }];
        for pattern in all {
            patterns[usize::from(pattern[0])].push(pattern);
        }
        patterns.iter_mut().for_each(|bucket| bucket.sort_by_key(|pattern| std::cmp::Reverse(pattern.len())));
        Self { patterns }
    }

    fn at(&self, rest: &[u8], final_chunk: bool) -> Found {
        let Some(bucket) = rest.first().and_then(|first| self.patterns.get(usize::from(*first))) else {
            return Found::Nothing;
        };
        // Longest first: a pattern that may still come is waited for before a shorter one is taken.
        for pattern in bucket {
            if rest.starts_with(pattern) {
                return Found::Secret(pattern.len());
            }
            if !final_chunk && pattern.starts_with(rest) {
                return Found::Undecided;
            }
        }
        Found::Nothing
    }
}

enum Found {
    Nothing,
    Secret(usize),
    Undecided,
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
        self.pass(false)
    }

    /// The end of the stream.
    pub fn finish(&mut self) -> Vec<u8> {
        self.pass(true)
    }

    /// How many secrets were taken out.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.count
    }

    fn pass(&mut self, final_chunk: bool) -> Vec<u8> {
        let held = std::mem::take(&mut self.held);
        let mut out = Vec::with_capacity(held.len());
        let mut index = 0;
        while index < held.len() {
            match self.secrets.at(&held[index..], final_chunk) {
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

fn disguises(secret: &[u8], all: &mut BTreeSet<Vec<u8>>) {
    all.insert(secret.to_vec());
    if secret.len() < DISGUISED_MIN {
        return;
    }
    for alphabet in [STANDARD, URL_SAFE] {
        for offset in 0..3 {
            all.insert(base64_core(secret, offset, alphabet));
        }
    }
    let hex = |digits: &[u8; 16]| {
        secret
            .iter()
            .flat_map(|byte| [digits[usize::from(byte >> 4)], digits[usize::from(byte & 15)]])
            .collect::<Vec<u8>>()
    };
    all.insert(hex(LOWER));
    all.insert(hex(UPPER));
    all.insert(percent(secret, LOWER));
    all.insert(percent(secret, UPPER));
    if let Ok(text) = std::str::from_utf8(secret) {
        let json = serde_json::Value::from(text).to_string();
        all.insert(json.trim_matches('"').as_bytes().to_vec());
        all.insert(json.trim_matches('"').replace('/', "\\/").into_bytes());
    }
}

const STANDARD: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const URL_SAFE: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const LOWER: &[u8; 16] = b"0123456789abcdef";
const UPPER: &[u8; 16] = b"0123456789ABCDEF";

/// The characters of base64 that are the same whatever comes before (`offset` bytes past a multiple of three) and after.
fn base64_core(secret: &[u8], offset: usize, alphabet: &[u8; 64]) -> Vec<u8> {
    let mut bytes = vec![0; offset];
    bytes.extend_from_slice(secret);
    let whole = bytes.len() * 8 / 6;
    let mut encoded = Vec::with_capacity(whole);
    for index in 0..whole {
        let bit = index * 6;
        let high = u16::from(bytes[bit / 8]) << 8;
        let low = bytes.get(bit / 8 + 1).copied().map_or(0, u16::from);
        let sextet = ((high | low) >> (10 - bit % 8)) & 63;
        encoded.push(alphabet[usize::from(sextet)]);
    }
    encoded.split_off((offset * 8).div_ceil(6))
}

fn percent(secret: &[u8], digits: &[u8; 16]) -> Vec<u8> {
    let mut encoded = Vec::with_capacity(secret.len() * 3);
    for byte in secret {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            encoded.push(*byte);
        } else {
            encoded.extend([b'%', digits[usize::from(byte >> 4)], digits[usize::from(byte & 15)]]);
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "pa\"ss/wörd+1?";

    fn redact(secrets: &[&str], parts: &[&[u8]]) -> String {
        let secrets = Secrets::new(secrets);
        let mut redaction = Redaction::new(&secrets);
        let mut out: Vec<u8> = parts.iter().flat_map(|part| redaction.feed(part)).collect();
        out.extend(redaction.finish());
        String::from_utf8(out).unwrap()
    }

    /// As any encoder writes it: the core of the whole text, and what is left at its end.
    fn base64(text: &str) -> String {
        let padded = text.len().div_ceil(3) * 3;
        let mut bytes = text.as_bytes().to_vec();
        bytes.resize(padded, 0);
        String::from_utf8(base64_core(&bytes, 0, STANDARD)).unwrap()
    }

    #[test]
    fn base64_is_that_of_everybody() {
        assert_eq!(base64("any carnal pleas"), "YW55IGNhcm5hbCBwbGVhcwAA");
        assert_eq!(base64("sure."), "c3VyZS4A");
    }

    #[test]
    fn a_secret_is_found_in_every_disguise_at_every_cut() {
        let json = serde_json::to_string(SECRET).unwrap();
        let disguised = [
            SECRET.to_owned(),
            json.trim_matches('"').to_owned(),
            "pa%22ss%2Fw%C3%B6rd%2B1%3F".to_owned(),
            "pa%22ss%2fw%c3%b6rd%2b1%3f".to_owned(),
            SECRET.bytes().map(|byte| format!("{byte:02x}")).collect(),
            SECRET.bytes().map(|byte| format!("{byte:02X}")).collect(),
        ];
        for text in disguised {
            let whole = format!("before {text} after");
            for cut in 0..=whole.len() {
                let (one, two) = whole.as_bytes().split_at(cut);
                assert_eq!(redact(&[SECRET], &[one, two]), "before *** after", "{text} cut at {cut}");
            }
            let single: Vec<&[u8]> = whole.as_bytes().chunks(1).collect();
            assert_eq!(redact(&[SECRET], &single), "before *** after", "{text} byte by byte");
        }
    }

    #[test]
    fn a_secret_is_found_inside_of_a_longer_base64() {
        for user in ["", "u", "us", "use", "user:", "a-user:"] {
            for end in ["", "x", "xy", "xyz"] {
                let encoded = base64(&format!("{user}{SECRET}{end}"));
                let found = redact(&[SECRET], &[b"Basic ", encoded.as_bytes()]);
                assert!(found.contains("***"), "{user}{end}: {found}");
                assert!(found.len() < "Basic ".len() + 20, "{user}{end}: {found}");
            }
        }
    }

    #[test]
    fn the_longer_of_two_secrets_goes_first_and_lines_go_alone() {
        assert_eq!(redact(&["token", "token-long"], &[b"a token-lo", b"ng token b"]), "a *** *** b");
        assert_eq!(redact(&["token", "token-long"], &[b"a token-lo"]), "a ***-lo");
        assert_eq!(redact(&["first line\nsecond line\n"], &[b"| second line\n"]), "| ***\n");
        assert_eq!(redact(&["", "\n"], &[b"nothing\n"]), "nothing\n");
        assert_eq!(redact(&["x1"], &[b"x1 eDE="]), "*** eDE=");
        assert!(!format!("{:?}", Secrets::new([SECRET])).contains("pa"));
    }
}
