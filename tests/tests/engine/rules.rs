//! Which tests hold which rule: every rule of sections 7 and 10 to 17 is named by one at least.
//!
//! A test names a rule with its id as a word, in its own name or in that of its case: `rb2_...`, `..._ex3_...`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use countersign_tests::depth::not_run;

/// The words of which a test that can fail has one.
const DEMANDS: [&str; 9] =
    ["assert", "panic!", "expect_err", "unwrap_err", "ends(", "check(", "survives(", "refused(", "agree"];

/// How many rules each area has. Held against the rules themselves where they are there.
const RULES: [(&str, u32); 16] = [
    ("ev", 10),
    ("in", 8),
    ("pr", 8),
    ("po", 8),
    ("rd", 4),
    ("rk", 2),
    ("pc", 9),
    ("cr", 9),
    ("at", 4),
    ("ga", 7),
    ("cl", 5),
    ("rb", 4),
    ("em", 8),
    ("fr", 4),
    ("ex", 5),
    ("au", 7),
];

/// The areas of sections 7 and 10 to 17.
const HELD: [&str; 8] = ["pc", "ga", "cl", "rb", "em", "fr", "ex", "au"];

/// Rules of these areas that are agreed and not built yet. One that a test names is taken off this list.
const PENDING: [&str; 11] = ["ga4", "ga5", "ga6", "ga7", "em7", "em8", "fr4", "au4", "au5", "au6", "au7"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        match path.is_dir() {
            true if path.ends_with("target") || path.ends_with("node_modules") => {}
            true => files(&path, found),
            false => found.push(path),
        }
    }
}

/// The names of all tests and cases.
fn names() -> BTreeSet<String> {
    let mut found = Vec::new();
    for folder in ["plugin/src", "host-runner/src", "host-runner/tests", "tests/tests", "tests/corpus"] {
        files(&root().join(folder), &mut found);
    }
    let mut names = BTreeSet::new();
    for path in found {
        if path.file_name().is_some_and(|name| name == "case.json") {
            names.extend(path.parent().and_then(Path::file_name).map(|name| name.to_string_lossy().into_owned()));
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            let text = fs::read_to_string(&path).expect("a source");
            for test in text.split("#[test]").skip(1) {
                let name = test.split_once("fn ").and_then(|(_, rest)| rest.split_once('('));
                let Some((name, body)) = name else { continue };
                let body = body.split("\n}\n").next().unwrap_or_default();
                // A test that demands nothing holds no rule, whatever its name.
                if DEMANDS.iter().any(|demand| body.contains(demand)) {
                    names.insert(name.to_owned());
                }
            }
        }
    }
    names
}

#[test]
fn every_rule_of_the_process_is_named_by_a_test() {
    let names = names();
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for (area, count) in RULES {
        for number in 1..=count {
            let id = format!("{area}{number}");
            let named = names.iter().filter(|name| name.split('_').any(|word| word == id)).count();
            counts.insert(id, named);
        }
    }
    for (area, count) in RULES {
        let each = (1..=count).map(|number| format!("{area}{number}: {}", counts[&format!("{area}{number}")]));
        println!("{}", each.collect::<Vec<_>>().join("  ").to_uppercase());
    }
    let unnamed: Vec<&String> = counts.iter().filter(|(_, named)| **named == 0).map(|(id, _)| id).collect();
    println!("{} tests and cases; no test names {unnamed:?}", names.len());
    let missing: Vec<&str> = unnamed.iter().map(|id| id.as_str()).filter(|id| HELD.contains(&&id[..2])).collect();
    let (mut missing, mut pending) = (missing, PENDING.to_vec());
    missing.sort_unstable();
    pending.sort_unstable();
    assert_eq!(missing, pending, "rules of the process that no test names, and those that are not built yet");
}

#[test]
fn the_list_of_rules_is_the_one_that_was_agreed() {
    let shared = std::env::var_os("COUNTERSIGN_SHARED").map_or_else(|| root().join("../shared"), PathBuf::from);
    let Ok(text) = fs::read_to_string(shared.join("RULES.md")) else {
        not_run("the rules are not here, so the list of them is not compared: COUNTERSIGN_SHARED names their folder");
        return;
    };
    let mut agreed: BTreeMap<String, u32> = BTreeMap::new();
    for line in text.lines().filter_map(|line| line.strip_prefix("- ")) {
        let id = line.split_whitespace().next().unwrap_or_default().to_lowercase();
        let (area, number) = id.split_at(id.find(|letter: char| letter.is_ascii_digit()).unwrap_or(0));
        if let (2, Ok(number)) = (area.len(), number.parse::<u32>()) {
            let most = agreed.entry(area.to_owned()).or_default();
            *most = number.max(*most);
        }
    }
    let listed: BTreeMap<String, u32> = RULES.iter().map(|(area, count)| ((*area).to_owned(), *count)).collect();
    assert_eq!(agreed, listed);
}
