//! The shape of the engine: who may name whom, and how long a file may be.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The modules of the engine in reading order: a module names only modules above it, or beside it on its line.
const ORDER: [&[&str]; 27] = [
    &["scalar"],
    &["glob", "order", "problem"],
    &["evidence", "inventory"],
    &["formats"],
    &["promotion"],
    &["calendar"],
    &["policy"],
    &["sbom"],
    &["facts"],
    &["readiness", "category", "risk"],
    &["change"],
    &["closure", "gate"],
    &["obligations"],
    &["register"],
    &["history", "prepared"],
    &["effect"],
    &["attachments"],
    &["failure"],
    &["io"],
    &["plan"],
    &["documents"],
    &["report", "survey"],
    &["gather"],
    &["connectors"],
    &["commands"],
    &["contract"],
    &["doors"],
];

/// What may stand in any order although the list says otherwise, and why.
const EXCEPTIONS: [(&str, &str, &str); 2] = [
    ("promotion", "policy", "the template asks which optional fields exist; types only"),
    ("calendar", "policy", "tests only"),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Whether a file of the engine is tests alone.
fn is_test(relative: &Path) -> bool {
    relative.components().any(|part| matches!(part.as_os_str().to_str(), Some("tests" | "tests.rs" | "fixtures.rs")))
}

/// What a source says outside of its tests and its comments.
fn code(file: &Path) -> String {
    let text = fs::read_to_string(file).expect("a source");
    let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    code.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn a_module_names_only_modules_above_it() {
    let rank: BTreeMap<&str, usize> =
        ORDER.iter().enumerate().flat_map(|(rank, names)| names.iter().map(move |name| (*name, rank))).collect();
    let engine = root().join("plugin/src");
    let mut files = Vec::new();
    sources(&engine, &mut files);
    let mut wrong = Vec::new();
    for file in files {
        let relative = file.strip_prefix(&engine).expect("below the engine");
        let module = relative.components().next().map(|part| part.as_os_str().to_string_lossy().into_owned());
        let module = module.unwrap_or_default().trim_end_matches(".rs").to_owned();
        if module == "lib" || is_test(relative) {
            continue;
        }
        let own = *rank.get(module.as_str()).unwrap_or_else(|| panic!("`{module}` stands in no line of ORDER"));
        let text = code(&file);
        for named in text.split("crate::").skip(1) {
            let name: String = named.chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect();
            let excepted = EXCEPTIONS.iter().any(|(from, to, _)| *from == module && *to == name);
            match rank.get(name.as_str()) {
                Some(other) if *other > own && !excepted => wrong.push(format!("{module} names {name}")),
                Some(_) | None => {}
            }
        }
    }
    wrong.dedup();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_file_is_one_idea() {
    let mut files = Vec::new();
    for folder in ["plugin/src", "host-runner/src", "xtask/src", "tests/src", "tests/tests"] {
        sources(&root().join(folder), &mut files);
    }
    let long: Vec<String> = files
        .iter()
        .map(|file| (file, fs::read_to_string(file).expect("a source").lines().count()))
        .filter(|(file, lines)| *lines > 500 && !is_wire(file))
        .map(|(file, lines)| format!("{lines} {}", file.display()))
        .collect();
    assert!(long.is_empty(), "longer than 500 lines: {long:#?}");
}

/// Wire types are one table, and so are the tests of one module.
fn is_wire(file: &Path) -> bool {
    ["contract/v1.rs", "policy.rs", "host-runner/src/wire.rs", "attachments/tests.rs"]
        .iter()
        .any(|name| file.ends_with(name))
}

#[test]
fn unsafe_code_stands_in_the_doors_alone() {
    let engine = root().join("plugin/src");
    let mut files = Vec::new();
    sources(&engine, &mut files);
    for file in files.iter().filter(|file| !file.starts_with(engine.join("doors")) && !file.ends_with("doors.rs")) {
        let text = fs::read_to_string(file).expect("a source");
        assert!(!text.contains("unsafe "), "{}", file.display());
    }
}

/// Where floating point may be named: numbers of documents are read with it, and nothing is computed.
const FLOATS: [(&str, &str); 5] = [
    ("policy/yaml/scalar.rs", "a plain scalar may be a number"),
    ("policy/yaml/typed.rs", "serde is handed the number that was written"),
    ("formats/ibm.rs", "a version may be written as a number"),
    ("formats/sarif.rs", "a score may be written as a number"),
    ("formats/strict.rs", "a number that no reader can hold is refused"),
];

#[test]
fn the_engine_reads_no_clock_and_no_environment() {
    let engine = root().join("plugin/src");
    let mut files = Vec::new();
    sources(&engine, &mut files);
    let mut wrong = Vec::new();
    let mut floats = Vec::new();
    for file in &files {
        let relative = file.strip_prefix(&engine).expect("below the engine");
        if is_test(relative) {
            continue;
        }
        let code = code(file);
        for absent in ["SystemTime", "Instant::now", "std::env", "std::fs", "std::net", "std::process", "HashMap"] {
            if code.contains(absent) {
                wrong.push(format!("{absent} in {}", relative.display()));
            }
        }
        if ["f64", "f32"].iter().any(|float| code.contains(float)) {
            floats.push(relative.to_string_lossy().replace('\\', "/"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    floats.sort();
    let mut allowed: Vec<&str> = FLOATS.iter().map(|(file, _)| *file).collect();
    allowed.sort_unstable();
    assert_eq!(floats, allowed, "floating point is named elsewhere, or no longer there");
}
