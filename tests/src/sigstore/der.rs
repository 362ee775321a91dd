//! As much of X.509 as a certificate of a workflow needs, written byte by byte.

use p256::ecdsa::SigningKey;

/// A value with its tag.
pub(super) fn tagged(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len();
    let mut all = vec![tag];
    match length {
        ..0x80 => all.push(length as u8),
        0x80..0x100 => all.extend([0x81, length as u8]),
        _ => all.extend([0x82, (length >> 8) as u8, (length & 0xff) as u8]),
    }
    all.extend(content);
    all
}

pub(super) fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    tagged(0x30, &parts.concat())
}

pub(super) fn octets(content: &[u8]) -> Vec<u8> {
    tagged(0x04, content)
}

pub(super) fn bits(content: &[u8]) -> Vec<u8> {
    tagged(0x03, &[&[0], content].concat())
}

pub(super) fn text(content: &str) -> Vec<u8> {
    tagged(0x0c, content.as_bytes())
}

/// An object identifier, written with dots.
pub(super) fn oid(dotted: &str) -> Vec<u8> {
    let numbers: Vec<u32> = dotted.split('.').map(|number| number.parse().unwrap_or_default()).collect();
    let mut content = vec![(numbers[0] * 40 + numbers[1]) as u8];
    for number in &numbers[2..] {
        let groups = (0..5).rev().map(|group| ((number >> (7 * group)) & 0x7f) as u8);
        let groups: Vec<u8> = groups.skip_while(|group| *group == 0).collect();
        let last = groups.len().saturating_sub(1);
        content.extend(groups.iter().take(last).map(|group| group | 0x80));
        content.push(groups.last().copied().unwrap_or_default());
    }
    tagged(0x06, &content)
}

/// ECDSA with SHA-256.
pub(super) fn algorithm() -> Vec<u8> {
    sequence(&[&oid("1.2.840.10045.4.3.2")])
}

/// The public half of a key, as certificates have it.
pub(super) fn public(key: &SigningKey) -> Vec<u8> {
    let curve = sequence(&[&oid("1.2.840.10045.2.1"), &oid("1.2.840.10045.3.1.7")]);
    sequence(&[&curve, &bits(key.verifying_key().to_encoded_point(false).as_bytes())])
}

/// What is signed of a certificate.
pub(super) fn certificate(
    issuer: &str,
    subject: Option<&str>,
    (begins, ends): (i64, i64),
    key: &[u8],
    extensions: &[Vec<u8>],
) -> Vec<u8> {
    let name = |name: &str| sequence(&[&tagged(0x31, &sequence(&[&oid("2.5.4.10"), &text(name)]))]);
    let time = |seconds: i64| {
        let time = jiff::Timestamp::from_second(seconds).unwrap_or_default();
        tagged(0x17, time.strftime("%y%m%d%H%M%SZ").to_string().as_bytes())
    };
    sequence(&[
        &tagged(0xa0, &[2, 1, 2]),
        &[2, 1, 1],
        &algorithm(),
        &name(issuer),
        &sequence(&[&time(begins), &time(ends)]),
        &subject.map_or_else(|| sequence(&[]), name),
        key,
        &tagged(0xa3, &sequence(&[&extensions.concat()])),
    ])
}
