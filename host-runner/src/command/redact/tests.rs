use serde::Deserialize;

use super::*;

#[derive(Deserialize)]
struct Table {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    secrets: Vec<String>,
    text: String,
    expected: String,
}

fn cases() -> Vec<Case> {
    let text = include_str!("../../../../tests/data/redaction.json");
    serde_json::from_str::<Table>(text).unwrap().cases
}

fn redact(secrets: &Secrets, parts: &[&[u8]]) -> String {
    let mut redaction = Redaction::new(secrets);
    let mut out: Vec<u8> = parts.iter().flat_map(|part| redaction.feed(part)).collect();
    out.extend(redaction.finish());
    String::from_utf8_lossy(&out).into_owned()
}

#[test]
fn t72_a_secret_is_found_however_it_is_written() {
    let wrong = cases().into_iter().filter_map(|case| {
        let found = redact(&Secrets::new(&case.secrets), &[case.text.as_bytes()]);
        (found != case.expected)
            .then(|| format!("{}: {:?} became {found:?}, not {:?}", case.name, case.text, case.expected))
    });
    let wrong: Vec<String> = wrong.collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn t72_a_secret_is_found_wherever_the_stream_is_cut() {
    for case in cases() {
        let secrets = Secrets::new(&case.secrets);
        let text = case.text.as_bytes();
        for cut in 0..=text.len() {
            let (one, two) = text.split_at(cut);
            assert_eq!(redact(&secrets, &[one, two]), case.expected, "{} cut at {cut}", case.name);
        }
        let single: Vec<&[u8]> = text.chunks(1).collect();
        assert_eq!(redact(&secrets, &single), case.expected, "{} byte by byte", case.name);
    }
}

#[test]
fn what_is_no_secret_comes_at_once() {
    let secrets = Secrets::new(["s3cret/token+42"]);
    for line in [
        "it's 100% done\n",
        "\"quoted\" \\n &amp; 1+1 \u{1b}[1mbold\u{1b}[0m\n",
        "cost: 5 & more;\r\n",
        "path C:\\x y\n",
    ] {
        assert_eq!(Redaction::new(&secrets).feed(line.as_bytes()), line.as_bytes(), "{line:?}");
    }
}

#[test]
fn a_stream_that_could_be_read_in_many_ways_is_read_in_time() {
    let secrets = Secrets::new(["\\".repeat(16), "%25".repeat(8), "a".repeat(2000)]);
    for text in ["\\".repeat(5000), "%25".repeat(2000), "a".repeat(20_000), "a\u{1b}[1m".repeat(2000)] {
        redact(&secrets, &[text.as_bytes()]);
    }
}

#[test]
fn nothing_shows_the_secrets() {
    let secrets = Secrets::new(["s3cret/token+42"]);
    assert_eq!(format!("{secrets:?}"), "Secrets(***)");
    let mut redaction = Redaction::new(&secrets);
    redaction.feed(b"s3cret/token+42");
    assert_eq!(redaction.count(), 1);
}
