//! The rules of `docs/RULES.md` and the threats of `docs/threats.md`, held against the tests that name them.
//!
//! A test names a rule or a threat with its id as a word, in its own name or in that of its case: `rb2_...`,
//! `..._ex3_...`, `t68_...`. The other way round, a row of the threats names its tests.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The areas of the process: sections 7 and 10 to 17. Each of their rules has a test.
const PROCESS: [&str; 8] = ["pc", "ga", "cl", "rb", "em", "fr", "ex", "au"];

/// Rules of the process that no test holds yet. A rule leaves this list with its first test.
const OPEN: [&str; 7] = ["au4", "au7", "em7", "em8", "fr4", "ga5", "ga7"];

/// A test that can fail has one of these words. They are asserted by themselves, or by what they call.
const DEMANDS: [&str; 11] = [
    "assert",
    "panic!",
    "expect_err",
    "unwrap_err",
    "ends(",
    "check",
    "survives(",
    "refused(",
    "agree",
    "at_every_change",
    "hangs_together",
];

/// Where tests are, below the root.
const FOLDERS: [&str; 8] = [
    "plugin/src",
    "plugin/tests",
    "host-runner/src",
    "host-runner/tests",
    "tests/tests",
    "tests/corpus",
    "actions/test",
    "xtask/src",
];

/// A test, as `docs/threats.md` names it: its file and its function, or the folder of its case.
#[derive(Debug, Eq, Ord, PartialEq, PartialOrd)]
struct Test {
    place: String,
    name: String,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn document(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let path = entry.expect("an entry").path();
        match path.is_dir() {
            true if path.ends_with("target") || path.ends_with("node_modules") => {}
            true => files(&path, found),
            false => found.push(path),
        }
    }
}

/// All tests that are run and all cases that are compared.
fn tests() -> BTreeSet<Test> {
    let mut found = Vec::new();
    for folder in FOLDERS {
        files(&root().join(folder), &mut found);
    }
    let mut tests = BTreeSet::new();
    for path in found {
        let within = path.strip_prefix(root()).expect("below the root").to_string_lossy().into_owned();
        let named = |name: String| Test { place: format!("{within}::{name}"), name };
        if within.ends_with("/case.json") {
            let folder = within.trim_end_matches("/case.json");
            let name = folder.rsplit('/').next().unwrap_or_default().to_owned();
            assert!(path.with_file_name("response.json").is_file(), "{folder} has no response to compare");
            tests.insert(Test { place: folder.to_owned(), name });
        } else if within.ends_with(".rs") {
            tests.extend(in_rust(&document(&within)).into_iter().map(named));
        } else if within.ends_with(".test.js") {
            tests.extend(in_javascript(&document(&within)).into_iter().map(named));
        }
    }
    tests
}

/// The functions of a source that are tests. One that is ignored, or demands nothing, holds nothing whatever its name.
fn in_rust(source: &str) -> Vec<String> {
    let functions = source.split("#[test]").skip(1).filter_map(|test| {
        let (attributes, function) = test.split_once("fn ")?;
        let (name, body) = function.split_once('(')?;
        let body = body.split("\n}\n").next().unwrap_or_default();
        let can_fail = DEMANDS.iter().any(|demand| body.contains(demand));
        (can_fail && !attributes.contains("#[ignore")).then(|| name.to_owned())
    });
    functions.collect()
}

/// The names of the tests of a file for `node --test`. One that is skipped is none: it is not called `test`.
fn in_javascript(source: &str) -> Vec<String> {
    let named = source.lines().filter_map(|line| line.trim_start().strip_prefix("test("));
    let names = named.filter_map(|rest| {
        let quote = rest.chars().next().filter(|first| ['\'', '"', '`'].contains(first))?;
        rest[1..].split_once(quote).map(|(name, _)| name.to_owned())
    });
    names.collect()
}

/// The ids of the rules, in lower case and in their order.
fn rules() -> Vec<String> {
    let text = document("docs/RULES.md");
    let items = text.lines().filter_map(|line| line.strip_prefix("- <a id=\""));
    items.map(|item| item.split_once('"').expect("the end of the anchor").0.to_lowercase()).collect()
}

/// The rows of the threats: the id, and the tests that hold it or nothing.
fn threats() -> Vec<(String, Vec<String>)> {
    let text = document("docs/threats.md");
    let rows = text.lines().filter_map(|line| line.strip_prefix("| <a id=\""));
    rows.map(|row| {
        let (id, _) = row.split_once('"').expect("the end of the anchor");
        let held = row.trim_end_matches(" |").rsplit(" | ").next().expect("a last cell");
        let tests = held.split('`').skip(1).step_by(2).filter(|name| name.contains('/'));
        let tests: Vec<String> = tests.map(str::to_owned).collect();
        assert!(!tests.is_empty() || held.starts_with("open"), "{id} has neither a test nor `open`");
        (id.to_lowercase(), tests)
    })
    .collect()
}

/// Whether a word has the form of an id: letters, then digits.
fn area(word: &str) -> Option<&str> {
    let (letters, digits) = word.split_at(word.find(|letter: char| letter.is_ascii_digit())?);
    digits.chars().all(|digit| digit.is_ascii_digit()).then_some(letters)
}

fn words(name: &str) -> impl Iterator<Item = &str> {
    name.split(|letter: char| !letter.is_ascii_alphanumeric())
}

#[test]
fn every_rule_has_an_anchor_and_rules_are_counted_without_a_gap() {
    let text = document("docs/RULES.md");
    let mut last: BTreeMap<String, u32> = BTreeMap::new();
    for line in text.lines().filter(|line| line.starts_with("- ")) {
        let id = line.split("**").nth(1).unwrap_or_default();
        assert!(line.starts_with(&format!("- <a id=\"{id}\"></a>**{id}** ")), "{line}");
        let letters = area(id).unwrap_or_else(|| panic!("`{id}` is not an id"));
        let number = last.entry(letters.to_owned()).or_default();
        *number += 1;
        assert_eq!(id, format!("{letters}{number}"), "out of order");
    }
    let areas: Vec<String> = last.keys().map(|area| area.to_lowercase()).collect();
    let unknown: Vec<&&str> = PROCESS.iter().filter(|area| !areas.iter().any(|known| known == *area)).collect();
    assert!(unknown.is_empty(), "areas of the process without rules: {unknown:?}");
}

#[test]
fn every_id_in_the_name_of_a_test_is_a_rule_or_a_threat() {
    let mut known: BTreeSet<String> = rules().into_iter().collect();
    known.extend(threats().into_iter().map(|(id, _)| id));
    let areas: BTreeSet<String> = known.iter().filter_map(|id| area(id)).map(str::to_owned).collect();
    let tests = tests();
    let ids = tests.iter().flat_map(|test| words(&test.name).map(move |word| (test, word)));
    let wrong: Vec<&str> = ids
        .filter(|(_, word)| area(word).is_some_and(|area| areas.contains(area)) && !known.contains(*word))
        .map(|(test, _)| test.place.as_str())
        .collect();
    assert!(wrong.is_empty(), "these name a rule or a threat that does not exist: {wrong:#?}");
}

#[test]
fn every_rule_of_the_process_is_named_by_a_test() {
    let tests = tests();
    let named: BTreeSet<&str> = tests.iter().flat_map(|test| words(&test.name)).collect();
    let rules = rules();
    let unnamed: BTreeSet<&str> = rules.iter().map(String::as_str).filter(|id| !named.contains(id)).collect();
    println!("{} tests and cases; no test names {unnamed:?}", tests.len());
    let process = |id: &&str| area(id).is_some_and(|area| PROCESS.contains(&area));
    let missing: BTreeSet<&str> = unnamed.into_iter().filter(process).collect();
    assert_eq!(missing, OPEN.into(), "left: rules of the process without a test; right: those that `OPEN` lists");
}

#[test]
fn every_test_that_holds_a_threat_exists() {
    let tests = tests();
    let places: BTreeSet<&str> = tests.iter().map(|test| test.place.as_str()).collect();
    let threats = threats();
    assert!(threats.len() > 70, "{} threats", threats.len());
    let ids: BTreeSet<&str> = threats.iter().map(|(id, _)| id.as_str()).collect();
    assert_eq!(ids.len(), threats.len(), "an id is given twice");
    let gone: Vec<&String> =
        threats.iter().flat_map(|(_, held)| held).filter(|test| !places.contains(test.as_str())).collect();
    assert!(gone.is_empty(), "`docs/threats.md` names tests that do not exist, or demand nothing: {gone:#?}");
    for (id, _) in threats.iter().filter(|(_, held)| held.is_empty()) {
        let claims = tests.iter().find(|test| words(&test.name).any(|word| word == id));
        assert!(claims.is_none(), "{id} is open, and {claims:?} names it");
    }
}
