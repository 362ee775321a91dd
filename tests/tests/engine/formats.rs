//! Real files: what `../shared/corpora` says about each, held against what the readers answer.

use std::fmt::Write as _;
use std::path::Path;

use countersign::evidence::{Report, Severity};
use countersign::formats::{self, Document, cyclonedx, json, sarif};
use countersign::problem::Place;

use crate::shared::{corpora, files};

/// JUnit files, and the passed, failed and skipped cases of each.
const JUNIT: [(&str, (u32, u32, u32)); 24] = [
    ("bazel/suite-logs.xml", (0, 1, 0)),
    ("empty-system-out-err.xml", (1, 0, 0)),
    ("jest/jest-junit.xml", (2, 0, 0)),
    ("junit.multiresult.xml", (1, 2, 1)),
    ("minimal-attributes.xml", (1, 2, 1)),
    ("mocha/latex-utensils.xml", (109, 0, 0)),
    ("no-attributes.xml", (1, 2, 1)),
    ("pytest/junit.fail.xml", (3, 1, 1)),
    ("pytest/junit.gloo.elastic.spark.tf.xml", (20, 0, 2)),
    ("pytest/junit.gloo.elastic.spark.torch.xml", (22, 0, 0)),
    ("pytest/junit.gloo.elastic.xml", (10, 0, 4)),
    ("pytest/junit.gloo.standalone.xml", (80, 0, 17)),
    ("pytest/junit.gloo.static.xml", (12, 0, 12)),
    ("pytest/junit.mpi.integration.xml", (3, 0, 0)),
    ("pytest/junit.mpi.standalone.xml", (96, 0, 1)),
    ("pytest/junit.mpi.static.xml", (24, 0, 0)),
    ("pytest/junit.spark.integration.1.xml", (33, 0, 2)),
    ("pytest/junit.spark.integration.2.xml", (33, 0, 2)),
    ("scalatest/TEST-uk.co.gresearch.spark.diff.DiffOptionsSuite.xml", (5, 0, 0)),
    ("testsuite-in-testsuite.xml", (5, 0, 0)),
    ("testsuite-root.xml", (5, 0, 0)),
    ("tst/disabled.xml", (6, 20, 5)),
    ("unsupported-unicode.xml", (1, 4, 2)),
    ("with-xml-entities.xml", (0, 2, 2)),
];

/// JUnit files that are no evidence, and the line of what is wrong with each.
const NOT_JUNIT: [(&str, Option<u32>); 5] = [
    ("no-cases-but-tests.xml", Some(1)),
    ("no-cases.xml", None),
    ("non-junit.xml", Some(2)),
    ("pytest/corrupt-xml.xml", Some(11)),
    // Its authors cut 171 of the 173 cases out of it.
    ("xunit/xunit.xml", Some(2)),
];

#[test]
fn ev5_real_junit_files_are_counted_or_malformed() {
    let Some(root) = corpora("junit") else { return };
    let mut ran = 0;
    for file in files(&root, "xml") {
        let name = file.strip_prefix(&root).unwrap().to_str().unwrap().replace('\\', "/");
        let answer = formats::read(&std::fs::read(&file).unwrap());
        match JUNIT.iter().find(|(known, _)| *known == name) {
            Some((_, counts)) => {
                let Ok(Document::Report(Report::Tests(tests))) = answer else { panic!("{name}: {answer:?}") };
                assert_eq!((tests.passed, tests.failed, tests.skipped), *counts, "{name}");
            }
            None => {
                let (_, line) = NOT_JUNIT.iter().find(|(known, _)| *known == name).expect(&name);
                let problem = answer.expect_err(&name);
                assert_eq!(problem.place.as_ref().map(line_of), *line, "{name}: {}", problem.message);
            }
        }
        ran += 1;
    }
    assert_eq!(ran, JUNIT.len() + NOT_JUNIT.len());
    println!("{ran} JUnit files");
}

/// SARIF logs that are no evidence.
const NOT_SARIF: [(&str, &str); 9] = [
    // Written against an older draft of the standard.
    ("appendix_k.sarif", "unknown variant `existing`, expected one of `new`, `unchanged`, `updated`, `absent`"),
    ("no_runs.sarif", "the log has no run"),
    ("spotbugs.sarif", "the scanner says that its run failed"),
    ("Catastrophic configuration error.sarif", "the scanner says that its run failed"),
    ("Catastrophic execution error.sarif", "the scanner says that its run failed"),
    ("Empty runs.sarif", "the log has no run"),
    ("No runs.sarif", "the log has no run"),
    ("Notifications.sarif", "the scanner says that its run failed"),
    ("One run no results.sarif", "the run has no `results`: it did not scan"),
];

#[test]
fn ev7_real_sarif_logs_give_findings_by_severity_or_are_malformed() {
    let Some(root) = corpora("sarif") else { return };
    let mut ran = 0;
    let mut all = files(&root, "sarif");
    all.extend(files(&root, "json"));
    for file in all {
        let name = file.file_name().unwrap().to_str().unwrap();
        let bytes = std::fs::read(&file).unwrap();
        ran += 1;
        match (sarif::read(&bytes), NOT_SARIF.iter().find(|(known, _)| *known == name)) {
            (Ok(scan), None) => {
                assert_eq!(formats::read(&bytes), Ok(Document::Report(Report::Scan(scan.clone()))));
                let counting = naive_sarif_count(&bytes);
                assert_eq!(scan.findings.len(), counting, "{name}");
            }
            (Err(problem), Some((_, message))) => assert_eq!(problem.message, *message, "{name}"),
            (answer, _) => panic!("{name}: {answer:?}"),
        }
    }
    let by_severity = |name: &str| {
        let scan = sarif::read(&std::fs::read(root.join(name)).unwrap()).unwrap();
        let count = |severity| scan.findings.iter().filter(|finding| finding.severity == severity).count();
        let exempt = scan.findings.iter().filter(|finding| finding.exempt).count();
        use Severity::{Critical, High, Informational, Low, Medium};
        ([Critical, High, Medium, Low, Informational].map(count), exempt)
    };
    for (name, counts) in SEVERITIES {
        assert_eq!(by_severity(name), counts, "{name}");
    }
    assert!(ran > 0);
    println!("{ran} SARIF logs, {} of them malformed", NOT_SARIF.len());
}

/// Findings from critical to informational, and how many of them are exempt.
const SEVERITIES: [(&str, ([usize; 5], usize)); 5] = [
    ("scans/cxf-3.4.6.sarif", ([1, 11, 4, 6, 0], 0)),
    ("scans/flawfinder.sarif", ([0, 2, 1, 50, 0], 0)),
    ("scans/mobsfscan.json", ([0, 1, 1, 7, 0], 0)),
    ("scans/suppression_test.sarif", ([0, 0, 5, 0, 0], 3)),
    ("tutorials/DefaultRuleConfiguration.sarif", ([0, 1, 1, 0, 0], 0)),
];

/// How many results say that something may be wrong, read without our types.
fn naive_sarif_count(bytes: &[u8]) -> usize {
    let log: serde_json::Value = serde_json::from_slice(bytes).unwrap();
    let runs = log["runs"].as_array().unwrap().iter();
    runs.flat_map(|run| run["results"].as_array().unwrap())
        .filter(|result| !matches!(result["kind"].as_str(), Some("pass" | "notApplicable" | "informational")))
        .filter(|result| result["baselineState"] != "absent")
        .count()
}

/// Files that the suite wants read, and that we refuse: readers differ about duplicate keys (T35).
const REFUSED: [&str; 2] = ["y_object_duplicated_key.json", "y_object_duplicated_key_and_value.json"];

#[test]
fn t35_the_json_suite_is_answered_as_it_says() {
    let Some(root) = corpora("json") else { return };
    let (mut ran, mut free) = (0, String::new());
    for file in files(&root, "json") {
        let name = file.file_name().unwrap().to_str().unwrap();
        let answer = json::check(&std::fs::read(&file).unwrap());
        ran += 1;
        match name.get(..2) {
            Some("y_") => assert_eq!(answer.is_err(), REFUSED.contains(&name), "{name}: {answer:?}"),
            Some("n_") => assert!(answer.is_err(), "{name}"),
            Some("i_") => {
                let answer = answer.map_or_else(|problem| problem.message, |()| "read".to_owned());
                writeln!(free, "{name}: {answer}").unwrap();
            }
            _ => panic!("{name} is of no kind"),
        }
    }
    assert!(ran > 300, "{ran}");
    pinned("json_i.txt", &free);
    println!("{ran} JSON documents, {} of them free", free.lines().count());
}

#[test]
fn t41_every_valid_bill_of_materials_is_read() {
    let Some(root) = corpora("cyclonedx") else { return };
    let (mut valid, mut answers) = (0, String::new());
    for file in files(&root, "json") {
        let name = file.file_name().unwrap().to_str().unwrap();
        let bytes = std::fs::read(&file).unwrap();
        let answer = cyclonedx::read_any(&bytes);
        if name.starts_with("valid-") {
            assert!(answer.is_ok(), "{name}: {answer:?}");
            valid += 1;
        } else {
            // Whether it is bound to be refused is not the schema's to say: a reader may do without what it lacks.
            let answer = answer.map_or_else(|problem| problem.message, |_| "read".to_owned());
            writeln!(answers, "{name}: {answer}").unwrap();
        }
    }
    assert!(valid > 0);
    pinned("cyclonedx_invalid.txt", &answers);
    let read = answers.lines().filter(|line| line.ends_with(": read")).count();
    println!("{valid} valid bills of materials read, and {read} of {} invalid ones", answers.lines().count());
}

fn line_of(place: &Place) -> u32 {
    match place {
        Place::Line { line, .. } => *line,
        Place::Pointer { pointer } => panic!("a pointer {pointer} into XML"),
    }
}

/// Compares with a committed file. With `UPDATE_EXPECT` it is rewritten as well: what was rewritten is not compared with itself.
fn pinned(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name);
    let before = std::fs::read_to_string(&path).unwrap_or_default();
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(&path, text).unwrap();
    }
    assert_eq!(text, before, "{name}: UPDATE_EXPECT=1 rewrites it");
}
