//! The reports that the demo takes for evidence: real tools wrote them about this project, and no stub took their place.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use countersign::evidence::Report;
use countersign::formats::{self, Document};
use serde_json::Value;

const AGAIN: &str = "make the reports again: sh host-runner/demo/regenerate.sh";
/// How many tests a part has at least.
const TESTS: [(&str, u64); 4] = [
    ("engine.unit-tests.xml", 90),
    ("engine.integration-tests.xml", 50),
    ("runner.unit-tests.xml", 40),
    ("runner.integration-tests.xml", 15),
];
/// How many components a bill of materials has at least, and whose manifest says what must be among them.
const BILLS: [(&str, usize, &str); 2] = [("engine.cdx.json", 80, "plugin"), ("runner.cdx.json", 100, "host-runner")];
/// The binary carries them, and so does the repository.
const BYTES: u64 = 400 * 1024;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn text(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn raw(name: &str) -> String {
    text(&format!("host-runner/demo/raw/{name}"))
}

fn json(name: &str) -> Value {
    serde_json::from_str(&raw(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The packages of the lock file: name and version, and the digest of those that come from a registry.
fn locked() -> BTreeMap<(String, String), Option<String>> {
    let lock = text("Cargo.lock");
    let value = |package: &str, key: &str| {
        let line = package.lines().find_map(|line| line.strip_prefix(&format!("{key} = ")));
        line.map(|line| line.trim_matches('"').to_owned())
    };
    let packages = lock.split("[[package]]").skip(1).map(|package| {
        let of = |key: &str| value(package, key).unwrap_or_else(|| panic!("a package without `{key}`"));
        ((of("name"), of("version")), value(package, "checksum"))
    });
    packages.collect()
}

/// What a manifest depends on in every build.
fn dependencies(folder: &str) -> Vec<String> {
    let manifest = text(&format!("{folder}/Cargo.toml"));
    let (_, after) = manifest.split_once("\n[dependencies]\n").expect("dependencies");
    let lines = after.lines().take_while(|line| !line.starts_with('['));
    let needed = lines.filter(|line| line.contains('=') && !line.starts_with('#') && !line.contains("optional = true"));
    needed.map(|line| line.split(['.', ' ', '=']).next().unwrap_or_default().to_owned()).collect()
}

#[test]
fn tests_were_run_by_nextest_and_all_of_them_passed() {
    for (name, least) in TESTS {
        let report = raw(name);
        assert!(report.contains(r#"<testsuites name="nextest-run""#), "{name} is not of nextest. {AGAIN}");
        let Ok(Document::Report(Report::Tests(tests))) = formats::read(report.as_bytes()) else {
            panic!("{name} is no test report. {AGAIN}");
        };
        assert!(u64::from(tests.passed) >= least, "{name} has {} tests that passed", tests.passed);
        assert_eq!((tests.failed, tests.skipped), (0, 0), "{name}");
    }
}

#[test]
fn sources_were_checked_by_clippy_and_nothing_is_an_error() {
    for name in ["engine.clippy.sarif", "runner.clippy.sarif"] {
        let log = json(name);
        assert_eq!((&log["version"], log["runs"].as_array().map(Vec::len)), (&"2.1.0".into(), Some(1)), "{name}");
        let driver = &log["runs"][0]["tool"]["driver"];
        assert_eq!(driver["name"], "clippy", "{name}");
        assert_eq!(driver["informationUri"], "https://rust-lang.github.io/rust-clippy/", "{name}");
        let ids = |list: &Value, key: &str| -> BTreeSet<String> {
            let items = list.as_array().unwrap_or_else(|| panic!("{name} has no list. {AGAIN}"));
            items.iter().map(|item| item[key].as_str().expect("an id").to_owned()).collect()
        };
        let results = &log["runs"][0]["results"];
        assert_eq!(ids(results, "ruleId"), ids(&driver["rules"], "id"), "{name}: rules and results");
        assert!(results.as_array().is_some_and(|all| all.iter().all(|one| one["level"] != "error")), "{name}");
    }
}

#[test]
fn bills_of_materials_list_the_locked_dependencies_with_their_digests() {
    let locked = locked();
    for (name, least, folder) in BILLS {
        let bill = json(name);
        assert_eq!(bill["metadata"]["tools"][0]["name"], "cargo-cyclonedx", "{name}");
        assert_eq!(bill["bomFormat"], "CycloneDX", "{name}");
        let components = bill["components"].as_array().expect("components");
        assert!(components.len() >= least, "{name} has {} components", components.len());
        let mut names = BTreeSet::new();
        for component in components {
            let of = |key: &str| component[key].as_str().unwrap_or_default().to_owned();
            let Some(checksum) = locked.get(&(of("name"), of("version"))) else {
                panic!("{name}: Cargo.lock has no {} {}. {AGAIN} materials", of("name"), of("version"));
            };
            let digest = component["hashes"][0]["content"].as_str();
            assert_eq!(digest, checksum.as_deref(), "{name}: {}", of("name"));
            names.insert(of("name"));
        }
        let missing: Vec<String> = dependencies(folder).into_iter().filter(|name| !names.contains(name)).collect();
        assert!(missing.is_empty(), "{name} does not list {missing:?}. {AGAIN} materials");
    }
}

#[test]
fn reports_are_small_name_no_folder_of_a_machine_and_are_all_explained() {
    let readme = text("host-runner/demo/README.md");
    let mut bytes = 0;
    for entry in fs::read_dir(root().join("host-runner/demo/raw")).expect("the reports") {
        let name = entry.expect("an entry").file_name().into_string().expect("a name");
        let report = raw(&name);
        bytes += report.len() as u64;
        assert!(readme.contains(&format!("| `{name}` | ")), "the README says nothing of {name}");
        for place in report.split("file://").skip(1) {
            assert!(
                place.starts_with("/countersign") || place.starts_with('.'),
                "{name}: file://{}",
                &place[..place.len().min(40)]
            );
        }
        assert!(!report.contains("/home/") && !report.contains("/Users/"), "{name}");
    }
    assert!(bytes <= BYTES, "{bytes} bytes");
}

#[test]
fn the_readme_names_the_versions_that_the_script_installs() {
    let (script, readme) = (text("host-runner/demo/regenerate.sh"), text("host-runner/demo/README.md"));
    for (variable, tool) in
        [("nextest", "cargo-nextest"), ("clippy_sarif", "clippy-sarif"), ("cyclonedx", "cargo-cyclonedx")]
    {
        let line = script.lines().find_map(|line| line.strip_prefix(&format!("{variable}=")));
        let version = line.unwrap_or_else(|| panic!("the script pins no {variable}"));
        assert!(readme.contains(&format!("{tool} {version} |")), "the README does not say `{tool} {version}`");
    }
    let cyclonedx = &json("engine.cdx.json")["metadata"]["tools"][0]["version"];
    assert!(script.contains(&format!("\ncyclonedx={}\n", cyclonedx.as_str().expect("a version"))), "{cyclonedx}");
}
