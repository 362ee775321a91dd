//! `record`: what tools wrote becomes evidence, whatever host asks for it.

use countersign_tests::documents;
use countersign_tests::places::Places;
use serde_json::{Value, json};

const TESTS: &str = "<testsuite><testcase name='a'/></testsuite>";
const FAILED: &str = "<testsuite><testcase name='a'><failure/></testcase></testsuite>";
const SHA: &str = "1111111111111111111111111111111111111111";

fn sarif(tool: &str) -> String {
    let driver = json!({ "name": tool });
    json!({ "version": "2.1.0", "runs": [{ "tool": { "driver": driver }, "results": [] }] }).to_string()
}

/// A command that records `reports` about a commit, with more of it.
fn command(reports: &[&str], more: &Value) -> Value {
    let reports: Vec<Value> = reports.iter().map(|files| json!({ "place": "reports", "files": files })).collect();
    let mut command = json!({ "command": "record", "reports": reports, "this_run": "ci-1",
        "about": { "kind": "commit", "sha": SHA } });
    for (key, value) in more.as_object().into_iter().flatten() {
        command[key] = value.clone();
    }
    command
}

/// What is refused: the document and the words of each error.
fn refused(end: &Value) -> Vec<String> {
    assert_eq!((&end["outcome"], &end["exit_code"]), (&json!("refused"), &json!(2)), "{end}");
    let errors = end["errors"].as_array().cloned().unwrap_or_default();
    let words = |error: &Value| match error["document"].as_str() {
        Some(document) => format!("{document}: {}", error["message"].as_str().unwrap_or_default()),
        None => error["message"].as_str().unwrap_or_default().to_owned(),
    };
    errors.iter().map(words).collect()
}

#[test]
fn ev1_a_report_becomes_a_record_with_its_copy_beside_it() {
    let mut places = Places::default().with("reports", "target/junit.xml", TESTS);
    let end = places.run(&command(&["target/junit.xml"], &json!({ "check": "unit-tests" })));
    assert_eq!((&end["outcome"], &end["exit_code"]), (&json!("done"), &json!(0)), "{end}");
    assert_eq!(end["message"], "`unit-tests` by `junit`: success, in commit-111111111111/unit-tests.junit.json");
    let folder = "commit-111111111111";
    let paths = [format!("{folder}/unit-tests.junit.report.xml"), format!("{folder}/unit-tests.junit.json")];
    assert_eq!(places.written, paths, "a record comes after what it names");
    assert_eq!(places.folders["evidence"][&paths[0]], TESTS.as_bytes());
    let record = String::from_utf8_lossy(&places.folders["evidence"][&paths[1]]).into_owned();
    let digest = countersign::scalar::Digest::of(TESTS.as_bytes());
    let expected = json!({
        "assets": [{ "kind": "commit", "sha": SHA }], "attempt": 1, "check": "unit-tests",
        "date": "2026-03-02T12:00:00Z", "outcome": "success",
        "reports": [{ "digest": digest.to_string(), "name": "unit-tests.junit.report.xml" }],
        "run": "ci-1", "tool": "junit",
    });
    assert_eq!(record, format!("{expected:#}\n"), "the bytes that version 1 wrote");
}

#[test]
fn ev2_evidence_for_an_entry_is_bound_to_its_artifact_and_its_run() {
    let entry = documents::entry("payments-api");
    let about = json!({ "kind": "entry", "name": "payments-api", "inventory": "git", "branch": "dev" });
    let more = json!({ "check": "unit-tests", "about": about });
    let mut places = Places::default().on("dev", "payments-api", entry.to_string()).with("reports", "a.xml", TESTS);
    let end = places.run(&command(&["a.xml"], &more));
    assert_eq!(end["records"][0]["record"], "payments-api/unit-tests.junit.json", "{end}");
    let record = places.json("evidence", "payments-api/unit-tests.junit.json");
    assert_eq!(record["assets"], json!([{ "kind": "image", "digest": entry["sha256"] }]));
    assert_eq!(record["run"], "ci-payments-api", "the entry's run, not the one that asks");
    for (name, words) in [("other", "the inventory has no entry `other`"), ("../x", "`../x` is not a path of")] {
        let mut more = more.clone();
        more["about"]["name"] = json!(name);
        let words_said = refused(&places.run(&command(&["a.xml"], &more)));
        assert!(words_said[0].starts_with(words), "{words_said:?}");
    }
}

#[test]
fn ev3_a_second_report_is_added_to_the_first_and_the_same_one_only_once() {
    let mut places = Places::default().with("reports", "a.xml", FAILED).with("reports", "b.xml", TESTS);
    let check = json!({ "check": "unit-tests" });
    let first = places.run(&command(&["a.xml"], &check));
    let second = places.run(&command(&["b.xml"], &check));
    assert_eq!(first["records"][0]["record"], "commit-111111111111/unit-tests.junit.json");
    assert_eq!(second["records"][0]["record"], "commit-111111111111/unit-tests.junit.2.json");
    assert_eq!(second["records"][0]["report"], "commit-111111111111/unit-tests.junit.2.report.xml");
    let before = places.folders["evidence"].clone();
    let again = places.run(&command(&["*.xml"], &check));
    assert_eq!(again["records"].as_array().map(Vec::len), Some(2), "{again}");
    assert_eq!(places.folders["evidence"], before);
    assert_eq!(places.json("evidence", "commit-111111111111/unit-tests.junit.json")["outcome"], "failure");
}

#[test]
fn ev5_nothing_is_written_before_everything_was_read() {
    let mut places = Places::default();
    for (path, text) in [("a.xml", TESTS), ("b.xml", "<testsuites/>"), ("c.sarif", "{"), ("d.xml", "")] {
        places.put("reports", path, text);
    }
    let end = places.run(&command(&["*"], &json!({ "check": "unit-tests" })));
    let words = refused(&end);
    assert_eq!(words.len(), 3, "all at once: {words:?}");
    for (words, file) in words.iter().zip(["b.xml", "c.sarif", "d.xml"]) {
        assert!(words.starts_with(&format!("{file}: the report cannot be read: ")), "{words}");
    }
    assert!(places.written.is_empty());
    let claimed = places.run(&command(&["b.xml"], &json!({ "check": "unit-tests", "outcome": "success" })));
    assert_eq!(refused(&claimed).len(), 1, "what cannot be read is no success");
    let failed = places.run(&command(&["b.xml"], &json!({ "check": "unit-tests", "outcome": "failure" })));
    assert_eq!(failed["records"][0]["outcome"], "failure", "{failed}");
    let record = places.json("evidence", "commit-111111111111/unit-tests.unknown.json");
    assert_eq!(record["attachments"][0]["name"], "unit-tests.unknown.report.xml");
    assert!(record["reports"].is_null());
}

#[test]
fn ev9_the_check_follows_from_the_tool_where_that_is_certain_and_is_asked_for_elsewhere() {
    let mut places = Places::default().with("reports", "a.xml", TESTS);
    for tool in ["Semgrep OSS", "gitleaks", "Trivy"] {
        places.put("reports", &format!("{tool}.sarif"), sarif(tool));
    }
    let end = places.run(&command(&["Semgrep OSS.sarif", "gitleaks.sarif"], &json!({})));
    let checks: Vec<&Value> = end["records"].as_array().into_iter().flatten().map(|one| &one["check"]).collect();
    assert_eq!(checks, ["static-analysis", "secret-scan"], "{end}");
    assert_eq!(end["records"][0]["record"], "commit-111111111111/static-analysis.Semgrep-OSS.json");
    let words = refused(&places.run(&command(&["a.xml", "Trivy.sarif"], &json!({}))));
    assert_eq!(words[0], "a.xml: nothing says which check this is about: it is test cases");
    assert_eq!(
        words[1],
        "Trivy.sarif: nothing says which check this is about: it is the findings of a scanner `Trivy`"
    );
    let words = refused(&places.run(&command(&["a.xml"], &json!({ "check": "dependency-check" }))));
    assert_eq!(words, ["a.xml: `dependency-check` is not answered by test cases"]);
}

#[test]
fn ev1_an_outcome_is_recorded_without_a_report_and_only_success_is_success() {
    let mut places = Places::default().with("log/record", "build.log", "it went well");
    let log = json!({ "place": "log/record", "path": "build.log" });
    for (stated, recorded) in
        [("success", "success"), ("cancelled", "failure"), ("skipped", "failure"), ("pending", "pending")]
    {
        places.folders.remove("evidence");
        let end = places.run(&command(&[], &json!({ "check": "image-signing", "outcome": stated, "log": log })));
        assert_eq!(end["records"][0]["outcome"], recorded, "{end}");
        let record = places.json("evidence", "commit-111111111111/image-signing.pipeline.json");
        assert_eq!(record["attachments"][0]["name"], "image-signing.pipeline.log.log");
    }
    let words = refused(&places.run(&command(&[], &json!({ "outcome": "success" }))));
    assert_eq!(words, ["an outcome alone does not say which check ended so"]);
}

#[test]
fn ev1_without_arguments_what_the_policy_names_is_collected() {
    let policy = "version: 1\nevidence:\n  collect:\n    - {files: \"**/junit*.xml\", check: unit-tests}\n    - {files: \"**/*.sarif\"}\n    - {files: \"*.none\"}\n";
    let mut places = Places::default().with("reports", ".countersign.yaml", policy);
    for path in ["api/junit-1.xml", "api/junit-2.xml", "other.xml"] {
        places.put("reports", path, format!("<testsuite><testcase name='{path}'/></testsuite>"));
    }
    places.put("reports", "scan.sarif", sarif("CodeQL"));
    let end = places.run(&command(&[], &json!({})));
    let records: Vec<&str> =
        end["records"].as_array().into_iter().flatten().filter_map(|one| one["record"].as_str()).collect();
    let folder = "commit-111111111111";
    let expected = ["unit-tests.junit.json", "unit-tests.junit.2.json", "static-analysis.CodeQL.json"];
    assert_eq!(records, expected.map(|name| format!("{folder}/{name}")), "{end}");
    assert_eq!(end["told"][0]["words"], "no file matches `*.none` of the policy");
    assert_eq!(end["table"]["rows"].as_array().map(Vec::len), Some(3));
    // Evidence that lies among the reports is not collected again.
    for (path, bytes) in places.folders["evidence"].clone() {
        places.put("reports", &format!("evidence/{path}"), bytes);
    }
    let again = places.run(&command(&[], &json!({})));
    assert_eq!(again["records"].as_array().map(Vec::len), Some(3), "{again}");
    places.put("reports", ".countersign.yaml", "version: 1\n");
    assert_eq!(refused(&places.run(&command(&[], &json!({})))), ["nothing says what is to be recorded"]);
    places.put("reports", ".countersign.yaml", "version: 1\nevidence: {collect: [{files: \"[\"}]}\n");
    assert!(refused(&places.run(&command(&[], &json!({}))))[0].contains("`[` is not a glob"));
}

#[test]
fn ev1_what_is_missing_or_is_evidence_already_is_refused_by_name() {
    let record = documents::record("payments-api", "unit-tests", "success");
    let mut places = Places::default().with("reports", "a.json", record.to_string()).with("reports", "a.xml", TESTS);
    assert_eq!(refused(&places.run(&command(&["a.json"], &json!({})))), ["a.json: this is evidence already"]);
    assert_eq!(refused(&places.run(&command(&["b.xml"], &json!({})))), ["there is no file `b.xml`"]);
    let nobody = json!({ "check": "unit-tests", "this_run": null });
    assert_eq!(refused(&places.run(&command(&["a.xml"], &nobody))), ["nothing says which run made the evidence"]);
    places.read_only = true;
    let words = refused(&places.run(&command(&["a.xml"], &json!({ "check": "unit-tests" }))));
    assert!(words[0].ends_with("cannot be written: the disk is read-only"), "{words:?}");
}
