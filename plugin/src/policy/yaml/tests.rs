//! The YAML reader against `serde-saphyr`, which read policies before: the same value, or both refuse.

use std::collections::BTreeMap;
use std::fmt::Debug;

use proptest::prelude::*;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_saphyr::options::{DuplicateKeyPolicy, MergeKeyPolicy};

use super::Document;
use crate::policy::file::File;
use crate::problem::Problem;

/// How policies were read.
fn other<T: DeserializeOwned>(text: &str) -> Result<T, serde_saphyr::Error> {
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_events: 100_000,
            max_nodes: 50_000,
            max_depth: 32,
            flow_nesting_limit: 32,
            max_aliases: 100,
            max_anchors: 100,
            max_documents: 2,
            max_merge_keys: 0,
        },
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: 10_000,
            max_replay_stack_depth: 4,
        },
        duplicate_keys: DuplicateKeyPolicy::Error,
        merge_keys: MergeKeyPolicy::Error,
        strict_booleans: true,
        reject_unsupported_tags: true,
        with_snippet: false,
    };
    serde_saphyr::from_str_with_options(text.strip_prefix('\u{feff}').unwrap_or(text), options)
}

fn own<T: DeserializeOwned>(text: &str) -> Result<T, Problem> {
    Document::read(text.as_bytes())?.typed()
}

/// What only this reader refuses, on purpose: tags beyond the core schema, an empty document, anything but blanks after
/// `...`, and infinity.
fn is_stricter(text: &str, problem: &Problem) -> bool {
    problem.message.starts_with("the tag `")
        || problem.message == "the file ends too early"
        || problem.message == "the value is not a number that fits"
        || text.lines().any(|line| line.starts_with("..."))
}

fn agree<T: DeserializeOwned + Debug>(text: &str) -> Result<(), TestCaseError> {
    match (own::<T>(text), other::<T>(text)) {
        (Ok(own), Ok(other)) => prop_assert_eq!(format!("{own:?}"), format!("{other:?}"), "{}", text),
        (Err(_), Err(_)) => {}
        (Err(problem), Ok(_)) if is_stricter(text, &problem) => {}
        (own, other) => prop_assert!(false, "{:?}\n{:?} here\n{:?} there", text, own, other),
    }
    Ok(())
}

/// One field of each kind that policies have.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[expect(dead_code, reason = "what is read is compared through `Debug`")]
struct Kinds {
    #[serde(default)]
    flag: bool,
    #[serde(default)]
    small: u32,
    large: Option<u64>,
    signed: Option<i64>,
    number: Option<f64>,
    word: Option<String>,
    words: Option<Vec<String>>,
    by_word: Option<BTreeMap<String, Value>>,
    choice: Option<Choice>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(dead_code, reason = "what is read is compared through `Debug`")]
enum Choice {
    None,
    Limit(u32),
    Both { one: bool, other: String },
}

fn scalar() -> impl Strategy<Value = String> {
    let words = vec![
        "",
        "~",
        "null",
        "NULL",
        "Null",
        "nUll",
        "true",
        "True",
        "TRUE",
        "false",
        "yes",
        "no",
        "on",
        "y",
        "0",
        "-0",
        "+0",
        "00",
        "07",
        "0o17",
        "0O17",
        "0x1F",
        "0X1f",
        "0b101",
        "0b2",
        "1_000",
        "1__0",
        "_1",
        "1_",
        "-5",
        "+5",
        "--5",
        "+-5",
        "-0x10",
        "0x",
        "0x_1",
        "4294967295",
        "4294967296",
        "18446744073709551615",
        "18446744073709551616",
        "-9223372036854775808",
        "-9223372036854775809",
        "1.5",
        "1.",
        ".5",
        "-.5",
        "1e3",
        "1e999",
        "-1e999",
        ".inf",
        "-.inf",
        ".nan",
        "inf",
        "nan",
        "infinity",
        "e5",
        ".",
        "-",
        "1:30",
        "2030-01-01",
        "2030-01-01T00:00:00Z",
        "a b",
        "é",
        "a: b",
        "a #b",
        "<<",
        "=",
        "!x",
        "!!str 5",
        "!!int 5",
        "!!int '5'",
        "!!int x",
        "!!bool 'true'",
        "!!null x",
        "!!float 5",
        "!!str",
        "! 5",
        "!int 5",
        "!!binary YQ==",
        "none",
        "limit",
        "'5'",
        "'it''s'",
        "\"a\\n\\u00e9\"",
        "'null'",
        "\"\"",
        "''",
        "' 5 '",
        "\" true\"",
        "|\n    a\n    b",
        ">-\n    a\n    b",
        "|+\n    5\n",
        "'a\n    b'",
        "a\n    b",
        "&a 5",
        "*a",
        "[]",
        "{}",
        "[1, a, ~]",
        "[a, [b]]",
        "{a: 1, b: [x]}",
        "{limit: 5}",
        "{limit: x}",
        "{none: ~}",
        "{none: 1}",
        "{both: {one: true, other: x}}",
        "{a: 1, a: 2}",
        "{1: a, 0x1: b}",
        "{1: a, '1': b}",
        "{~: a}",
        "{[a]: b}",
        "{? a, b}",
        "[a: b]",
        "[,]",
        "{a}",
        "&a [x, x]",
        "[*a, *a]",
        "{*a : b}",
        "&b {c: *a}",
        "*b",
        "[",
        "\"",
        "@",
        "`",
        "%",
    ];
    prop::sample::select(words).prop_map(str::to_owned)
}

fn document() -> impl Strategy<Value = String> {
    let keys = vec![
        "flag",
        "small",
        "large",
        "signed",
        "number",
        "word",
        "words",
        "by-word",
        "choice",
        "other",
        "'flag'",
        "? flag\n",
        "\"small\"",
        "!!str small",
        "&k word",
    ];
    let entry = (prop::sample::select(keys), scalar());
    let entry = entry.prop_map(|(key, value)| format!("{key}: {value}\n"));
    (prop::sample::select(&["", "---\n", "# what\n", "%YAML 1.2\n---\n"]), prop::collection::vec(entry, 0..5))
        .prop_map(|(head, entries)| head.to_owned() + &entries.concat())
}

fn policies() -> impl Iterator<Item = String> {
    let corpus = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/corpus");
    let mut folders = vec![std::path::PathBuf::from(corpus)];
    let mut found = vec![crate::policy::TEMPLATE.to_owned(), format!("version: 1\n{}", crate::policy::OPS_01)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "json") {
                let text = std::fs::read_to_string(path).unwrap();
                // Corpora are JSON; some files of theirs are deliberately none.
                if let Ok(value) = serde_json::from_str(&text) {
                    texts(&value, &mut found);
                }
            }
        }
    }
    found.sort();
    found.dedup();
    found.into_iter()
}

/// Every text in a case that looks like a policy.
fn texts(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) if text.contains("version:") => found.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| texts(item, found)),
        Value::Object(entries) => entries.values().for_each(|value| texts(value, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
fn po1_every_policy_of_the_corpus_is_read_as_before() {
    let policies: Vec<String> = policies().collect();
    assert!(policies.len() > 40, "{} policies", policies.len());
    for policy in policies {
        agree::<File>(&policy).unwrap();
        agree::<Value>(&policy).unwrap();
    }
}

#[test]
fn po1_what_is_stricter_than_before_is_refused() {
    let refused = |text: &str| own::<Value>(text).unwrap_err().message;
    assert_eq!(refused("a: !!binary YQ=="), "the tag `!!binary` is not read");
    assert_eq!(refused("a: !int 5"), "the tag `!int` is not read");
    assert_eq!(refused("# nothing"), "the file ends too early");
    assert!(other::<Value>("a: 1\n...\n@").is_ok() && own::<Value>("a: 1\n...\n@").is_err());
}

#[test]
fn po1_aliases_are_bounded() {
    let large = |problem: Problem| problem.message.starts_with("the document is too large");
    let text = format!("a: &a {}\nb: [{}]", "x".repeat(100_000), "*a,".repeat(20));
    assert!(large(own::<Value>(&text).unwrap_err()));
    let text = format!("a: &a [{}]\nb: [{}]", "x,".repeat(200), "*a,".repeat(60));
    assert!(large(own::<Value>(&text).unwrap_err()));
    let text = format!("a: &a {}x{}\nb: [*a]", "[".repeat(30), "]".repeat(30));
    assert!(own::<Value>(&text.replace("b: [*a]", "b: *a")).is_ok());
    assert!(large(own::<Value>(&text.replace("[*a]", "[[*a]]")).unwrap_err()));
    let text: String = (0..101).map(|number| format!("a{number}: &a{number} x\n")).collect();
    assert!(large(own::<Value>(&text).unwrap_err()));
    let text = format!("a: &a x\nb: [{}]", "*a,".repeat(101));
    assert!(large(own::<Value>(&text).unwrap_err()));
    let text = format!("[{}]", "x,".repeat(50_000));
    assert!(large(own::<Value>(&text).unwrap_err()));
    assert_eq!(own::<Value>("a: &a [*a]").unwrap_err().message, "the alias stands inside of what it names");
    assert_eq!(own::<Value>("a: *a").unwrap_err().message, "the alias names no anchor above it");
}

#[test]
fn what_is_wrong_inside_of_an_alias_is_said_at_the_alias() {
    let text = "version: 1\nrequired-fields: &a [é, 5]\nwaivers: *a";
    let problem = own::<File>(text).unwrap_err();
    assert_eq!(problem.place, Some(crate::problem::Place::Line { line: 3, column: 10 }));
    let document = Document::read(text.as_bytes()).unwrap();
    assert_eq!(document.locate("/required-fields/1"), Some((2, 26)));
    assert_eq!(document.locate("/waivers/1"), Some((3, 10)));
    assert_eq!(document.locate("/absent"), None);
}

/// What a slip of the hand leaves behind.
fn damage() -> impl Strategy<Value = &'static str> {
    prop::sample::select(&[
        "", " ", "\n", "- ", ": ", "[", "}", ",", "'", "\"", "#", "&a ", "*a", "!", "---\n", "|", "~", "\t",
    ])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn serde_saphyr_agrees_on_scalars(value in scalar()) {
        agree::<Value>(&format!("a: {value}\n"))?;
        agree::<Value>(&format!("- {value}\n"))?;
        agree::<BTreeMap<String, String>>(&format!("{value}: x\n"))?;
    }

    #[test]
    fn serde_saphyr_agrees_on_documents(text in document()) {
        agree::<Value>(&text)?;
        agree::<Kinds>(&text)?;
    }

    #[test]
    fn serde_saphyr_agrees_on_damaged_policies(
        at in any::<prop::sample::Index>(),
        length in 0..4_usize,
        put in damage(),
        shipped in any::<bool>(),
    ) {
        let policy = if shipped { crate::policy::TEMPLATE } else { crate::policy::OPS_01 };
        let policy = policy.replace("\n# ", "\n").replace("\n#", "\n");
        let letters: Vec<char> = policy.chars().collect();
        let at = at.index(letters.len());
        let (before, after) = (letters[..at].iter(), letters.iter().skip(at.saturating_add(length)));
        let text: String = before.copied().chain(put.chars()).chain(after.copied()).collect();
        agree::<Value>(&text)?;
        agree::<File>(&text)?;
    }
}
