//! What each reader takes and refuses, in the smallest documents that show it.

use super::{Document, cyclonedx, ibm, junit, read, sarif};
use crate::evidence::{Outcome, Report, Severity};
use crate::problem::{Place, Problem};
use crate::scalar::Digest;

/// The place and message of the problem that `bytes` are.
pub(super) fn wrong<T: std::fmt::Debug>(answer: Result<T, Problem>) -> String {
    let problem = answer.expect_err("a problem");
    match problem.place {
        Some(place) => format!("{place}: {}", problem.message),
        None => problem.message,
    }
}

mod detection {
    use super::*;

    #[test]
    fn ev4_the_content_says_the_format() {
        for (bytes, format) in [
            ("\u{feff}<testsuite><testcase/></testsuite>", "JUnit XML"),
            (r#"{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"t"}},"results":[]}]}"#, "SARIF 2.1.0"),
            (
                r#"{"bomFormat":"CycloneDX","specVersion":"1.5","components":[{"type":"library","name":"a"}]}"#,
                "CycloneDX 1.5",
            ),
            (super::records::RECORD, "evidence"),
            (super::records::EVIDENCE, "evidence"),
        ] {
            assert_eq!(read(bytes.as_bytes()).map(|document| document.format().into_owned()).as_deref(), Ok(format));
        }
    }

    #[test]
    fn ev5_what_nobody_understands_is_malformed() {
        for (bytes, problem) in [
            ("", "the file is empty"),
            (" \n\t", "the file is empty"),
            ("PASS", "the file is neither JSON nor XML"),
            ("{}", "the JSON document is of no format that is understood"),
            ("[]", "the JSON document is of no format that is understood"),
            (r#"{"bomFormat":"CycloneDX","runs":[]}"#, "the JSON document has the signs of several formats"),
            (r#"{"$schema":"https://example.org/sarif-2.1.0.json"}"#, "/version: missing required field `version`"),
            ("<html/>", "line 1, column 1: the root element is `html`, not `testsuites` or `testsuite`"),
        ] {
            assert_eq!(wrong(read(bytes.as_bytes())), problem);
        }
        let help = read(b"{}").expect_err("unknown").help;
        for format in ["JUnit", "SARIF", "CycloneDX", "IBM", "`check`"] {
            assert!(help.contains(format), "{help}");
        }
    }
}

mod records {
    use super::*;

    pub(super) const RECORD: &str = r#"{"check":"unit-tests","tool":"nextest","outcome":"success","run":"17",
        "attempt":2,"date":"2026-03-02T10:11:12Z","assets":[
        {"kind":"commit","sha":"0123456789012345678901234567890123456789"},
        {"kind":"image","digest":"sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","uri":"i"},
        {"kind":"generic","uri":"https://example.org/a"}],"attachments":[{"name":"junit.xml",
        "digest":"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"}]}"#;

    pub(super) const EVIDENCE: &str = r#"{"version":"2","date":"2026-03-02T10:11:12.000Z","extra":{"a":[1]},
        "evidence_type_id":"com.ibm.cloud.image_vulnerability_scan","evidence_type_version":"1.0.0",
        "details":{"result":"failure","tool":"va","more":"x"},"origin":{"pipeline_run_id":"17"},
        "assets":[{"hash":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","uri":"docker://x","url":"u"},
        "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"],
        "findings":[{"id":"CVE-1","severity":"high","due_date":"2026-04-01","first_found":"2026-03-02",
        "url":"https://example.org/7","found_status":"new","has_exempt":true},{"id":"CVE-2","severity":"low","due_date":"n/a"}],
        "attachments":[{"hash":"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb",
        "url":"https://locker/a/report.json","label":""}]}"#;

    fn digest(digit: &str) -> Digest {
        Digest::parse_bare(&digit.repeat(64)).expect("a digest")
    }

    #[test]
    fn ev1_a_record_names_check_tool_outcome_assets_run_and_date() {
        let evidence = ibm::record(RECORD.as_bytes()).expect("sound");
        assert_eq!((evidence.check.as_str(), evidence.tool.as_str()), ("unit-tests", "nextest"));
        assert_eq!((evidence.outcome, evidence.origin.attempt), (Outcome::Success, 2));
        let ids: Vec<Digest> = evidence.assets.iter().map(|asset| asset.id).collect();
        let commit = Digest::of(b"0123456789012345678901234567890123456789");
        assert_eq!(ids, [commit, digest("a"), Digest::of(b"https://example.org/a")]);
        assert_eq!(evidence.origin.scope, Some(Digest::of(b"17")));
        assert_eq!(evidence.attachments[0].digest, digest("b"));
    }

    #[test]
    fn ev4_v2_evidence_is_read_in_both_shapes() {
        let evidence = ibm::evidence(EVIDENCE.as_bytes()).expect("sound");
        assert_eq!(evidence.check.as_str(), "image-vulnerability-scan");
        assert_eq!((evidence.assets[0].id, evidence.assets[1].id), (digest("a"), digest("c")));
        assert_eq!(evidence.attachments[0].name, "report.json");
        assert_eq!(evidence.origin.scope, Some(Digest::of(b"17")));
        let old = EVIDENCE.split("\"attachments\"").next().expect("a head").to_owned();
        let old =
            old + r#""attachments":{"a.xml":"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"}}"#;
        let old = ibm::evidence(old.as_bytes()).expect("sound");
        assert_eq!((old.attachments[0].name.as_str(), old.attachments[0].digest), ("a.xml", digest("b")));
    }

    #[test]
    fn ev7_findings_carry_severity_due_date_and_exemption() {
        let findings = ibm::evidence(EVIDENCE.as_bytes()).expect("sound").findings;
        assert_eq!((findings[0].severity, findings[0].exempt), (Severity::High, true));
        assert_eq!(findings[0].due.map(|due| due.to_string()).as_deref(), Some("2026-04-01T23:59:59.999Z"));
        assert_eq!(findings[0].first_found.map(|day| day.to_string()).as_deref(), Some("2026-03-02T00:00:00Z"));
        assert_eq!((findings[1].due, findings[1].exempt), (None, false));
    }

    #[test]
    fn ev5_a_field_that_is_wrong_is_named() {
        for (from, to, problem) in [
            ("\"failure\"", "\"FAILURE\"", "/details/result: `FAILURE` is not an outcome"),
            ("\"failure\"", "\"success \"", "/details/result: `success ` is not an outcome"),
            ("\"result\":\"failure\",", "", "/details/result: missing required field `result`"),
            ("\"version\":\"2\"", "\"version\":1", "/version: the record's version is not `2`"),
            ("\"high\"", "\"High\"", "/findings/0/severity: `High` is not a severity"),
            ("2026-04-01", "2026-04-31", "/findings/0/due_date: `2026-04-31` is not a day such as `2026-03-02`"),
            (
                "com.ibm.cloud.image_vulnerability_scan",
                "",
                "/evidence_type_id: `` is not a name of 1 to 256 characters \
              without control characters or blanks at its ends",
            ),
            ("\"extra\"", "\"date\"", "line 1, column 50: duplicate key `date`"),
        ] {
            let document = EVIDENCE.replacen(from, to, 1);
            assert_eq!(wrong(read(document.as_bytes())), problem);
        }
        for (from, to, problem) in [
            ("\"outcome\":\"success\"", "\"outcome\":\"ok\"", "/outcome: `ok` is not an outcome"),
            ("\"run\":\"17\"", "\"run\":\"\"", "/run: missing required field `run`"),
            ("\"sha\"", "\"digest\"", "/assets/0: a commit has `sha` alone"),
            (
                "\"tool\"",
                "\"tol\"",
                "line 1, column 27: unknown field `tol`, expected one of `check`, `tool`, `outcome`, \
              `assets`, `run`, `attempt`, `url`, `date`, `reports`, `attachments`",
            ),
        ] {
            let document = RECORD.replacen(from, to, 1);
            assert_eq!(wrong(read(document.as_bytes())), problem);
        }
    }

    #[test]
    fn ev4_a_summary_is_all_of_its_records_or_a_problem() {
        let summary = |records: &str| format!(r#"{{"version":"2.0","evidences":[{records}]}}"#);
        let Ok(Document::Evidence(all)) = read(summary(&format!("{EVIDENCE},{EVIDENCE}")).as_bytes()) else {
            panic!("a summary is evidence")
        };
        assert_eq!(all.len(), 2);
        assert_eq!(wrong(read(summary("").as_bytes())), "/evidences: the summary holds no evidence");
        let broken = EVIDENCE.replace("failure", "fine");
        let answer = read(summary(&format!("{EVIDENCE},{broken},{EVIDENCE}")).as_bytes());
        assert_eq!(wrong(answer), "/evidences/1/details/result: `fine` is not an outcome");
        let old = summary(EVIDENCE).replace("2.0", "1.0");
        assert_eq!(wrong(read(old.as_bytes())), "/version: the summary's version is not `2.0`");
    }
}

mod entries {
    use super::*;

    const ENTRY: &str = r#"{"name":"auth/api","artifact":"icr.example/api:1@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "type":"image","version":"1","sha256":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "repository_url":"https://git.example/api","commit_sha":"0123456789012345678901234567890123456789",
        "build_number":"33","pipeline_run_id":"17","app_artifacts":{"signature":"c2ln","provenance":"icr.example/api","app":1}}"#;

    #[test]
    fn in1_an_entry_is_read_in_the_old_shape_too() {
        let entry = ibm::entry("auth/api", ENTRY.as_bytes()).expect("sound");
        assert_eq!((entry.signature.as_deref(), entry.provenance.as_str()), (Some("c2ln"), "icr.example/api"));
        assert_eq!((entry.build_number, entry.sha256.is_some()), (33, true));
        let plain = ENTRY.replace("\"33\"", "33").replace("\"sha256\":\"aa", "\"sha256\":\"sha256:aa");
        assert_eq!(ibm::entry("auth/api", plain.as_bytes()), Ok(entry));
    }

    #[test]
    fn in1_an_entry_that_is_wrong_says_where() {
        assert_eq!(
            wrong(ibm::entry("auth/ui", ENTRY.as_bytes())),
            "/name: the entry is called `auth/api` but its path is `auth/ui`"
        );
        for (from, to, problem) in [
            ("\"version\":\"1\",", "", "/version: missing required field `version`"),
            ("\"17\"", "\" \"", "/pipeline_run_id: ` ` is empty"),
            (
                "@sha256:aaaa",
                "@sha256:bbbb",
                "/sha256: `sha256` is aaaaaaaaaaaa but `artifact` is pinned to bbbbaaaaaaaa",
            ),
            ("\"33\"", "\"x\"", "line 4, column 26: `x` is not a build number"),
            (
                "0123456789012345678901234567890123456789",
                "main",
                "/commit_sha: `main` is not a commit of 40 lower-case hex digits",
            ),
        ] {
            let document = ENTRY.replacen(from, to, 1);
            assert_eq!(wrong(ibm::entry("auth/api", document.as_bytes())), problem);
        }
        let unpinned = ENTRY.replace("@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "");
        assert!(ibm::entry("auth/api", unpinned.as_bytes()).is_ok(), "the digest is in `sha256`");
        let bare =
            unpinned.replace("\"sha256\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\",", "");
        assert_eq!(wrong(ibm::entry("auth/api", bare.as_bytes())), "/artifact: an image needs a digest");
    }
}

mod tests_in_xml {
    use super::*;

    fn counts(xml: &str) -> Result<(u32, u32, u32), Problem> {
        junit::read(xml.as_bytes()).map(|tests| (tests.passed, tests.failed, tests.skipped))
    }

    #[test]
    fn t39_cases_are_counted_by_ourselves() {
        for (xml, expected) in [
            ("<testsuite><testcase/><testcase><failure/></testcase></testsuite>", (1, 1, 0)),
            ("<testsuite><testcase/><testcase><error/><skipped/></testcase></testsuite>", (1, 1, 0)),
            ("<testsuite><testcase><rerunFailure/><flakyFailure/></testcase></testsuite>", (1, 0, 0)),
            ("<testsuite><testcase/><error message='teardown'/></testsuite>", (1, 1, 0)),
            ("<testsuites><testsuite><error/></testsuite></testsuites>", (0, 1, 0)),
            ("<testsuite><testcase status='failed'/><testcase status='disabled'/></testsuite>", (0, 1, 1)),
            (
                "<testsuite tests='2' failures='1' errors='0'><testcase/><testcase><error/></testcase></testsuite>",
                (1, 1, 0),
            ),
            ("<testsuite tests='1'><testcase/><testcase><skipped/></testcase></testsuite>", (1, 0, 1)),
            ("<testsuite tests='1'><testcase/><testsuite tests='1'><testcase/></testsuite></testsuite>", (2, 0, 0)),
            ("<testsuite><testcase><x><failure/></x></testcase></testsuite>", (0, 1, 0)),
        ] {
            assert_eq!(counts(xml), Ok(expected), "{xml}");
        }
    }

    #[test]
    fn ev5_empty_and_contradictory_files_are_malformed() {
        for (xml, problem) in [
            ("<testsuites/>", "the file has no test cases"),
            ("<testsuite><testcase><skipped/></testcase></testsuite>", "all 1 test cases were skipped"),
            ("<testsuite tests='3'>\n<testcase/></testsuite>", "line 1, column 1: `tests` says 3 but the cases show 1"),
            ("<testsuite tests='0'><testcase/></testsuite>", "line 1, column 1: `tests` says 0 but the cases show 1"),
            (
                "<testsuite failures='1'><testcase/></testsuite>",
                "line 1, column 1: `failures` says 1 but the cases show 0",
            ),
            (
                "<testsuite failures='0' errors='0'><testcase><failure/></testcase></testsuite>",
                "line 1, column 1: `failures` says 0 but the cases show 1",
            ),
            ("<testsuite errors='2'><testcase/></testsuite>", "line 1, column 1: `errors` says 2 but the cases show 0"),
            (
                "<testsuite tests='-1'><testcase/></testsuite>",
                "line 1, column 1: the total `tests` is `-1`, not a count",
            ),
            ("<testsuite>\n<testcase>", "line 2, column 11: the file ends while 2 elements are open"),
            (
                "<testsuite><properties><testcase/></properties></testsuite>",
                "line 1, column 24: `testcase` stands where no suite is",
            ),
        ] {
            assert_eq!(wrong(counts(xml)), problem, "{xml}");
        }
    }

    #[test]
    fn t40_document_types_and_bombs_are_refused() {
        let doctype = "<?xml version='1.0'?>\n<!DOCTYPE x [<!ENTITY a 'b'>]><testsuite><testcase/></testsuite>";
        assert_eq!(wrong(counts(doctype)), "line 2, column 1: the file has a document type declaration");
        let deep = format!("<testsuite>{}", "<a>".repeat(100_000));
        assert!(wrong(counts(&deep)).contains("more than 64 nested"));
        let many: String = (0..300).map(|number| format!(" a{number}=''")).collect();
        assert!(wrong(counts(&format!("<testsuite{many}/>"))).contains("more than 256 attributes"));
        for broken in [
            "<testsuite a='1' a='2'/>",
            "<testsuite>&lol;<testcase/></testsuite>",
            "<testsuite><testcase name='&lol;'/></testsuite>",
            "<testsuite><testcase></testsuite></testcase>",
            "<testsuite><testcase/></testsuite><testsuite/>",
            "<testsuite><testcase/></testsuite>text",
            "<?xml version='1.0' encoding='latin1'?><testsuite><testcase name='é'/></testsuite>",
        ] {
            assert!(counts(broken).is_err(), "{broken}");
        }
    }
}

mod scans {
    use super::*;

    fn scan(run: &str) -> Result<Vec<(Severity, String, bool)>, Problem> {
        let log = format!(r#"{{"version":"2.1.0","runs":[{{"tool":{{"driver":{{"name":"t",{run}]}}"#);
        let Document::Report(Report::Scan(scan)) = read(log.as_bytes())? else { panic!("a log is a scan") };
        Ok(scan.findings.into_iter().map(|finding| (finding.severity, finding.id, finding.exempt)).collect())
    }

    #[test]
    fn ev5_a_run_that_did_not_scan_is_malformed() {
        for (log, problem) in [
            (r#"{"version":"2.1.0","runs":[]}"#, "/runs: the log has no run"),
            (r#"{"version":"2.1.0","runs":null}"#, "/runs: the log has no run"),
            (r#"{"version":"2.0.0","runs":[]}"#, "/version: SARIF version `2.0.0` is not understood"),
            (
                r#"{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"t"}}}]}"#,
                "/runs/0: the run has no `results`: it did not scan",
            ),
            (
                r#"{"version":"2.1.0","runs":[{"tool":{"driver":{}},"results":[]}]}"#,
                "/runs/0/tool/driver/name: missing required field `name`",
            ),
            (
                r#"{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"t"}},"results":[],
                "invocations":[{"executionSuccessful":true},{"executionSuccessful":false}]}]}"#,
                "/runs/0/invocations/1/executionSuccessful: the scanner says that its run failed",
            ),
            (
                r#"{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"t"}},"results":[],
                "externalPropertyFileReferences":{"results":[{"location":{"uri":"x"}}]}}]}"#,
                "/runs/0/externalPropertyFileReferences/results: the results are in another file",
            ),
        ] {
            assert_eq!(wrong(sarif::read(log.as_bytes())), problem);
        }
    }

    #[test]
    fn t38_levels_kinds_suppressions_and_baselines_are_as_the_standard_says() {
        let run = r#""rules":[{"id":"n","defaultConfiguration":{"level":"note"}},{"id":"S",
            "properties":{"security-severity":"9.0"}},{"id":"low","properties":{"security-severity":0.05}}]},
            "extensions":[{"name":"x","rules":[{"id":"e","defaultConfiguration":{"level":"error"}}]}]},"results":[
            {"ruleId":"a"},{"ruleId":"b","level":"error"},{"ruleId":"c","level":"none"},{"ruleIndex":0},
            {"ruleId":"S","level":"note"},{"ruleId":"low"},{"ruleId":"n/7","kind":"review"},
            {"rule":{"id":"e","index":0,"toolComponent":{"index":0}}},
            {"ruleId":"k","kind":"pass"},{"ruleId":"k","kind":"notApplicable"},{"ruleId":"k","kind":"informational"},
            {"ruleId":"gone","baselineState":"absent"},{"ruleId":"old","baselineState":"unchanged"},
            {"ruleId":"s1","suppressions":[{"kind":"inSource"}]},{"ruleId":"s2","suppressions":[]},
            {"ruleId":"s3","suppressions":[{"kind":"external","status":"accepted"},{"kind":"external","status":"rejected"}]},
            {}]}"#;
        use Severity::{Critical, High, Informational, Low, Medium};
        let expected = [
            (Critical, "S", false),
            (High, "b", false),
            (High, "e", false),
            (Medium, "(no rule)", false),
            (Medium, "a", false),
            (Medium, "old", false),
            (Medium, "s1", true),
            (Medium, "s2", false),
            (Medium, "s3", false),
            (Low, "low", false),
            (Low, "n", false),
            (Low, "n/7", false),
            (Informational, "c", false),
        ];
        let found = scan(run).expect("sound");
        let found: Vec<_> = found.iter().map(|(severity, id, exempt)| (*severity, id.as_str(), *exempt)).collect();
        assert_eq!(found, expected);
        for word in
            [r#""level":"Error""#, r#""kind":"FAIL""#, r#""baselineState":"x""#, r#""suppressions":[{"status":"ok"}]"#]
        {
            assert!(scan(&format!("\"rules\":[]}}}},\"results\":[{{{word}}}]}}")).is_err(), "{word}");
        }
        let odd = scan(r#""rules":[]}},"results":[{"properties":{"security-severity":"high"}}]}"#);
        assert_eq!(wrong(odd), "/runs/0/results/0: a security severity is not a number");
    }
}

mod boms {
    use super::*;

    #[test]
    fn ev5_an_sbom_without_components_proves_nothing() {
        let empty = br#"{"bomFormat":"CycloneDX","specVersion":"1.6","components":[]}"#;
        assert_eq!(wrong(cyclonedx::read(empty)), "/components: the bill of materials has no components");
        assert_eq!(cyclonedx::read_any(empty).map(|bom| bom.count()), Ok(0));
    }

    #[test]
    fn t41_a_bill_of_materials_holds_together() {
        let bom = |rest: &str| format!(r#"{{"bomFormat":"CycloneDX","specVersion":"1.4",{rest}}}"#);
        let a = r#"{"type":"library","name":"a","bom-ref":"a"}"#;
        for (rest, problem) in [
            (r#""components":[{"name":"a"}]"#.to_owned(), "/components/0/type: missing required field `type`"),
            (
                r#""components":[{"type":"library","name":""}]"#.to_owned(),
                "/components/0/name: missing required field `name`",
            ),
            (
                r#""components":[{"type":"data","name":"a"}]"#.to_owned(),
                "/components/0/type: `data` is not a type of component",
            ),
            (
                format!(
                    r#""metadata":{{"component":{a}}},"components":[{{"type":"file","name":"f","components":[{a}]}}]"#
                ),
                "/components/0/components/0/bom-ref: the reference `a` is given twice",
            ),
            (
                format!(r#""components":[{a}],"dependencies":[{{"ref":"a","dependsOn":["b"]}}]"#),
                "/dependencies/0/dependsOn: the reference `b` is nobody's",
            ),
            (
                format!(r#""components":[{a}],"serialNumber":"urn:uuid:1""#),
                "/serialNumber: the serial number is not `urn:uuid:` and a UUID in lower case",
            ),
        ] {
            assert_eq!(wrong(cyclonedx::read(bom(&rest).as_bytes())), problem);
        }
        let other = bom(&format!(r#""components":[{a}]"#)).replace("1.4", "1.8");
        assert_eq!(wrong(read(other.as_bytes())), "/specVersion: CycloneDX version `1.8` is not understood");
        let nested = bom(&format!(r#""components":[{{"type":"file","name":"f","components":[{a}]}}]"#));
        assert_eq!(cyclonedx::read(nested.as_bytes()).map(|bom| bom.summary().components), Ok(2));
    }

    #[test]
    fn a_place_is_told_apart_from_a_message() {
        let problem = cyclonedx::read(b"{").expect_err("cut");
        assert_eq!(problem.place, Some(Place::Line { line: 1, column: 2 }));
    }
}
