//! What is attached, and that foreign text cannot act in it.

use pulldown_cmark::{Event, Options, Parser, Tag};

use super::markdown::{self, Page, code, ours, prose};
use super::*;
use crate::change::event::{Basis, Closure, Conclusion, Event as Happened, Observed, Status, Step};
use crate::change::journal::Journal;
use crate::effect::Action;
use crate::evidence::{Check, Evidence, Finding, Outcome, Severity};
use crate::fixtures::{self, facts};
use crate::plan::{self, Drive};
use crate::policy::{Control, Profile, Stage, Waiver};
use crate::readiness;

/// The files before the deployment, as text.
fn before(facts: &Facts) -> BTreeMap<String, String> {
    let readiness = fixtures::assess(facts);
    let assessment = fixtures::assessment(facts, &readiness);
    text(before_deployment(facts, &readiness, &assessment, None))
}

fn text(files: Files) -> BTreeMap<String, String> {
    files.into_iter().map(|(name, bytes)| (name, String::from_utf8(bytes).unwrap())).collect()
}

fn json(text: &str) -> serde_json::Value {
    assert!(text.ends_with("}\n"), "{text}");
    serde_json::from_str(text).unwrap()
}

/// The text of a page outside of code; fails if anything in it is active.
fn inert(page: &str) -> String {
    let mut outside = String::new();
    for event in Parser::new_ext(page, Options::all()) {
        match event {
            Event::Start(Tag::Link { .. } | Tag::Image { .. } | Tag::HtmlBlock | Tag::FootnoteDefinition(_))
            | Event::Html(_)
            | Event::InlineHtml(_)
            | Event::FootnoteReference(_)
            | Event::TaskListMarker(_)
            | Event::InlineMath(_)
            | Event::DisplayMath(_)
            | Event::Rule => panic!("{event:?} in\n{page}"),
            Event::Text(text) => outside.push_str(&text),
            Event::SoftBreak | Event::HardBreak => outside.push(' '),
            _ => {}
        }
    }
    outside
}

#[test]
fn t63_what_nobody_sees_is_shown() {
    let mut page = Page::default();
    page.paragraph([code("a\u{202e}b\u{7}c"), ours(" "), prose("d\u{200b}e")]);
    assert_eq!(page.finish(), "`a\u{fffd}b\u{fffd}c` `d\u{fffd}e`\n");
}

#[test]
fn prose_reads_like_prose() {
    let check = |text: &str, expected: &str| {
        let mut page = Page::default();
        page.paragraph([prose(text)]);
        assert_eq!(page.finish(), format!("{expected}\n"));
    };
    check("the check `unit-tests` for `api` is missing", "the check `unit-tests` for `api` is missing");
    check(
        "it may stand until 2026-03-02T10:00:00Z, then mend it",
        "it may stand until `2026-03-02T10:00:00Z,` then mend it",
    );
    check("ping @org/team or see #12 now", "ping `@org/team` or see `#12` now");
    check("older than 24 hours (really)", "older than 24 hours (really)");
    check("one ` two", "one `` ` `` two");
    check("die Prüfung schlägt fehl", "die Prüfung schlägt fehl");
}

#[test]
fn at1_a_ready_change_is_shown_as_ready() {
    let files = before(&facts());
    let names: Vec<&str> = files.keys().map(String::as_str).collect();
    assert_eq!(names, ["delta-summary.json", "delta-summary.md", "deployment-bom.json", "deployment-bom.md"]);
    let summary = json(&files["delta-summary.json"]);
    assert_eq!(summary["format"], "countersign/delta-summary/v1");
    assert_eq!(summary["ready"], true);
    assert_eq!(summary["assessed_at"], "2026-03-02T10:00:00Z");
    let components = summary["components"].as_array().unwrap();
    assert_eq!(components.len(), 2);
    for component in components {
        let demands = component["demands"].as_array().unwrap();
        assert_eq!(demands.len(), 8);
        for demand in demands {
            assert_eq!(demand["standing"], "success", "{demand}");
            let evidence = &demand["evidence"][0];
            assert!(evidence["document"].as_str().unwrap().ends_with(".json"));
            assert!(evidence["digest"].as_str().unwrap().starts_with("sha256:"));
            assert!(evidence["run"].as_str().unwrap().starts_with("ci-"));
        }
    }
    let second_line = files["delta-summary.md"].lines().nth(2).unwrap();
    assert!(second_line.starts_with("**Ready.**"), "{second_line}");
}

#[test]
fn at1_the_deployment_bom_lists_what_is_deployed_removed_and_hidden() {
    let mut facts = facts();
    let gone = fixtures::entry("gone", 1);
    let before_it = fixtures::inventory('a', [fixtures::entry("payments-api", 11), gone.clone()]);
    facts.concluded = Some(before_it);
    facts.delta.removed.insert("gone".to_owned());
    facts.delta.hidden.insert("docs".to_owned(), "ignore file: docs/".to_owned());
    let bom = json(&before(&facts)["deployment-bom.json"]);
    assert_eq!(bom["entries"][1]["name"], "payments-api");
    assert_eq!(bom["entries"][1]["difference"], "changed");
    assert_eq!(bom["entries"][1]["type"], "image");
    assert_eq!(bom["entries"][1]["previous"]["version"], "1.11.0");
    assert_eq!(bom["entries"][1]["signature"], "c2lnbmF0dXJl");
    assert_eq!(bom["entries"][1]["pipeline_run_id"], "ci-payments-api-12");
    assert_eq!(bom["removed"][0]["name"], "gone");
    assert_eq!(bom["removed"][0]["version"], "1.1.0");
    assert_eq!(bom["hidden"][0]["by"], "ignore file: docs/");
}

#[test]
fn rd3_every_reason_is_in_the_delta_summary_with_its_remedy() {
    let mut facts = facts();
    fixtures::remove(&mut facts, "payments-api", "unit-tests");
    fixtures::remove(&mut facts, "orders-api", "unit-tests");
    let failed = fixtures::record(&fixtures::entry("orders-api", 3), "secret-scan");
    fixtures::add(&mut facts, "orders-api", Evidence { outcome: Outcome::Failure, ..failed });
    let files = before(&facts);
    let summary = json(&files["delta-summary.json"]);
    assert_eq!(summary["ready"], false);
    let reasons = summary["reasons"].as_array().unwrap();
    assert_eq!(reasons.len(), 3);
    for reason in reasons {
        for key in ["code", "rule", "entry", "check", "message", "help"] {
            assert!(reason[key].as_str().is_some_and(|text| !text.is_empty()), "{key} of {reason}");
        }
    }
    let needed = summary["needed"].as_array().unwrap();
    assert_eq!(needed.len(), 2);
    let page = &files["delta-summary.md"];
    assert!(page.contains("**Not ready.** 3 reasons block, 0 more noted."), "{page}");
    assert!(page.contains("`unit-tests` for `orders-api`, `payments-api`"), "{page}");
    inert(page);
}

#[test]
fn po5_ev7_waivers_and_tolerated_findings_stay_visible() {
    let mut facts = facts();
    fixtures::remove(&mut facts, "payments-api", "unit-tests");
    facts.policy.waivers.push(Waiver {
        check: Check::named("unit-tests"),
        entries: "payments-*".to_owned(),
        owner: "ada@example.com".parse().unwrap(),
        reason: "the runner <b>burnt</b> @down".to_owned(),
        expires: fixtures::now().plus_seconds(86_400),
    });
    let exempt = Finding {
        severity: Severity::High,
        id: "CVE-2026-1".to_owned(),
        place: None,
        exempt: true,
        due: None,
        first_found: None,
    };
    let scan = fixtures::record(&fixtures::entry("orders-api", 3), "dependency-check");
    fixtures::add(&mut facts, "orders-api", Evidence { findings: vec![exempt], ..scan });
    let files = before(&facts);
    let summary = json(&files["delta-summary.json"]);
    assert_eq!(summary["ready"], true);
    assert_eq!(summary["waivers"][0]["owner"], "ada@example.com");
    let codes: Vec<&str> =
        summary["reasons"].as_array().unwrap().iter().map(|reason| reason["code"].as_str().unwrap()).collect();
    assert!(codes.contains(&"waived") && codes.contains(&"finding-exempt"), "{codes:?}");
    let page = &files["delta-summary.md"];
    assert!(page.contains("`CVE-2026-1`") && page.contains("`<b>burnt</b> @down`"), "{page}");
    inert(page);
}

#[test]
fn at1_the_evidence_checks_config_is_attached_as_it_is() {
    let facts = facts();
    let readiness = fixtures::assess(&facts);
    let assessment = fixtures::assessment(&facts, &readiness);
    let config = b"{ \"as\":  \"it is\" }";
    let files = before_deployment(&facts, &readiness, &assessment, Some(config));
    assert_eq!(files["evidence-checks-config.json"], config);
}

#[test]
fn po4_each_control_of_the_profile_has_its_own_verdict() {
    let mut facts = facts();
    fixtures::remove(&mut facts, "orders-api", "secret-scan");
    let control = |id: &str, checks: &[&str]| Control {
        id: id.to_owned(),
        title: format!("what {id} demands"),
        checks: checks.iter().map(|check| Check::named(check)).collect(),
    };
    facts.policy.profile = Some(Profile {
        name: "OPS".to_owned(),
        version: Some("1".to_owned()),
        controls: vec![
            control("A", &["unit-tests"]),
            control("B", &["unit-tests", "secret-scan"]),
            control("C", &["penetration-test"]),
            control("D", &["unit-tests", "penetration-test"]),
            control("E", &["infrastructure-validation"]),
        ],
    });
    let files = before(&facts);
    let profile = json(&files["profile.json"]);
    let verdict = |number: usize| profile["controls"][number]["verdict"].as_str().unwrap().to_owned();
    assert_eq!(
        [verdict(0), verdict(1), verdict(2), verdict(3), verdict(4)],
        ["satisfied", "not-satisfied", "no-demand", "no-demand", "not-applicable"]
    );
    assert_eq!(profile["controls"][1]["checks"][1]["open"]["missing"][0], "orders-api");
    let page = &files["profile.md"];
    assert!(
        page.contains("| **not satisfied** | `unit-tests` satisfied; `secret-scan` missing for `orders-api` |"),
        "{page}"
    );
}

#[test]
fn po4_the_steps_of_ops_01_that_the_product_takes_itself_have_verdicts_of_their_own() {
    let ops_01 = |more: &str| {
        let policy = format!("version: 1\n{}{more}", crate::policy::OPS_01);
        let mut facts = facts();
        facts.policy = crate::policy::read(policy.as_bytes(), facts.target.purpose).unwrap();
        let profile = json(&before(&facts)["profile.json"]);
        let verdicts = profile["controls"].as_array().unwrap().iter();
        verdicts.map(|control| control["verdict"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let satisfied = "satisfied";
    assert_eq!(
        ops_01(""),
        [satisfied, satisfied, satisfied, "no-demand", "no-demand", satisfied, "no-demand", satisfied]
    );
    let strict = "staging: {environment: staging}\nprocess: {security-review: {paths: [\"**\"]}, security-team: [\"999\"]}\n\
                  deployment: {verification: {command: {run: [./watch]}}, acceptance: {none: never}}\n";
    assert_eq!(
        ops_01(strict),
        [satisfied, satisfied, satisfied, "not-satisfied", "not-satisfied", satisfied, "not-satisfied", satisfied]
    );
}

#[test]
fn cr2_the_automations_section_says_the_verdict_first() {
    let mut facts = facts();
    fixtures::remove(&mut facts, "orders-api", "unit-tests");
    facts.promotion.repository = "shop/`inventory` @org".to_owned();
    let filed = fixtures::filed(&facts);
    let page = automation_section(&facts, &filed.opened, &filed.assessment);
    assert!(page.starts_with("**Not ready.** 1 reason blocks, 0 more noted.\n"), "{page}");
    assert!(page.contains("- the change is not ready\n"), "{page}");
    assert!(!inert(&page).contains('@'));
}

#[test]
fn cr2_the_summary_is_one_line() {
    let mut facts = facts();
    assert_eq!(summary_of(&facts.delta), "orders-api and payments-api");
    facts.delta.removed.insert("old".to_owned());
    assert_eq!(summary_of(&facts.delta), "orders-api and payments-api; without old");
    let (difference, entry) = facts.delta.entries["orders-api"].clone();
    for name in ["a", "b", "c\nd"] {
        facts.delta.entries.insert(name.to_owned(), (difference, entry.clone()));
    }
    assert_eq!(summary_of(&facts.delta), "a, b and 3 more; without old");
}

#[test]
fn t74_a_page_is_bounded_and_says_how_much_more_there_is() {
    let mut facts = facts();
    let (difference, entry) = facts.delta.entries["orders-api"].clone();
    for number in 0..600 {
        let name = format!("{}-{number}", "component-with-a-long-name".repeat(8));
        facts.delta.entries.insert(name, (difference, entry.clone()));
    }
    facts.locker = crate::facts::Locker::default();
    let mut files = before(&facts);
    let filed = fixtures::filed(&facts);
    files.insert("section.md".to_owned(), automation_section(&facts, &filed.opened, &filed.assessment));
    for (name, text) in files.iter().filter(|(name, _)| name.ends_with(".md")) {
        assert!(text.len() <= markdown::MAX_BYTES, "{name} has {} bytes", text.len());
        assert!(text.contains(" more in `"), "{name}");
        inert(text);
    }
    let summary = json(&files["delta-summary.json"]);
    assert_eq!(summary["components"].as_array().unwrap().len(), 602);
    assert_eq!(summary["reasons"].as_array().unwrap().len(), 4_816);
}

#[test]
fn at4_the_same_facts_make_the_same_bytes() {
    assert_eq!(before(&facts()), before(&facts()));
}

#[test]
fn at4_what_did_not_change_is_not_attached_again() {
    let mut later = facts();
    later.now = later.now.plus_seconds(60);
    let (first, second) = (before(&facts()), before(&later));
    assert_eq!(first["deployment-bom.json"], second["deployment-bom.json"]);
    assert_eq!(first["deployment-bom.md"], second["deployment-bom.md"]);
    assert_ne!(first["delta-summary.json"], second["delta-summary.json"]);
}

/// The files at closing time, as text.
fn after(facts: &mut Facts, steps: &[(Step, bool)], conclusion: Conclusion) -> BTreeMap<String, String> {
    let filed = fixtures::filed(facts);
    let work = fixtures::work(steps.iter().copied());
    let basis = fixtures::by_people();
    let runs = fixtures::runs(facts);
    let readiness = readiness::assess(facts, Stage::PostDeployment, &runs);
    let assessment = fixtures::assessment(facts, &readiness);
    let whole = fixtures::whole(facts);
    let ended = Ended {
        readiness: &readiness,
        assessment: &assessment,
        whole: &whole,
        filed: &filed,
        basis: &basis,
        work: &work,
        conclusion,
        runs: &runs,
    };
    text(at_closing(facts, &ended))
}

const DONE: [(Step, bool); 2] = [(Step::Deploy, true), (Step::Accept, true)];
const UNDONE: [(Step, bool); 3] = [(Step::Deploy, true), (Step::Accept, false), (Step::Rollback, true)];

#[test]
fn at2_the_closing_summary_is_about_the_whole_inventory() {
    let files = after(&mut facts(), &DONE, Conclusion::Succeeded);
    let names: Vec<&str> = files.keys().map(String::as_str).collect();
    assert_eq!(names, ["closing-summary.json", "closing-summary.md", "merged-sbom.json", "merged-sbom.md"]);
    let summary = json(&files["closing-summary.json"]);
    let components = summary["components"].as_array().unwrap();
    let entries: Vec<&str> = components.iter().map(|component| component["entry"].as_str().unwrap()).collect();
    assert_eq!(entries, ["ledger", "orders-api", "payments-api"]);
    assert_eq!(components[0].get("difference"), None);
    assert_eq!(components[0]["demands"].as_array().unwrap().len(), 8);
    assert_eq!(components[2]["difference"], "changed");
    assert_eq!(summary["category"], "successful");
    assert_eq!(summary["conclusion"], "succeeded");
    assert_eq!(summary["approval"]["basis"], "people");
    assert_eq!(summary["approval"]["approvers"][0]["login"], "dee");
    assert_eq!(summary["readiness"]["before"]["ready"], true);
    assert_eq!(summary["readiness"]["at_closing"]["ready"], true);
    assert_eq!(summary["commands"][0]["exit_code"], 0);
    assert!(summary["commands"][1]["log"].as_str().unwrap().starts_with("sha256:"));
    assert_eq!(summary["reviews"][0]["of_head"], true);
    let page = &files["closing-summary.md"];
    let verdict = page.lines().nth(2).unwrap();
    assert_eq!(verdict, "**Deployed and tested.** The change request is closed as `successful`.");
    inert(page);
}

#[test]
fn at3_after_a_rollback_the_record_is_about_what_runs() {
    let files = after(&mut facts(), &UNDONE, Conclusion::RolledBack);
    let summary = json(&files["closing-summary.json"]);
    assert_eq!(summary["category"], "unsuccessful");
    assert_eq!(summary["rollback"]["events"][0]["step"], "rollback");
    assert_eq!(summary["running_commit"], "a".repeat(40));
    let page = &files["closing-summary.md"];
    assert!(page.contains("**The deployment failed and was rolled back.** The change request stays open;"), "{page}");
    let sbom = &files["merged-sbom.md"];
    assert!(sbom.contains("| `payments-api` | `1.11.0` |") && !sbom.contains("orders-api"), "{sbom}");
    assert!(files["merged-sbom.json"].contains("1.11.0"));
}

#[test]
fn at2_a_component_without_a_bill_of_materials_is_named() {
    let mut facts = facts();
    let runs = fixtures::runs(&facts);
    assert_eq!(components_without_bom(&facts, &runs, Conclusion::Succeeded), Vec::<String>::new());
    // Unreadable, of another run, and gone.
    let readable = facts.locker.boms.clone();
    facts.locker.boms.clear();
    assert_eq!(components_without_bom(&facts, &runs, Conclusion::Succeeded).len(), 3);
    facts.locker.boms = readable;
    let mut other = fixtures::record(&fixtures::entry("orders-api", 3), "sbom");
    other.reports = facts
        .locker
        .evidence
        .iter()
        .find(|from| &*from.document == "orders-api/sbom.json")
        .unwrap()
        .value
        .reports
        .clone();
    other.origin.scope = Some(crate::scalar::Digest::of(b"another run"));
    fixtures::add(&mut facts, "orders-api", other);
    fixtures::remove(&mut facts, "ledger", "sbom");
    assert_eq!(components_without_bom(&facts, &runs, Conclusion::Succeeded), ["ledger", "orders-api"]);
    let files = after(&mut facts, &DONE, Conclusion::Succeeded);
    assert!(files["merged-sbom.md"].contains("**Not complete.** 1 of 3 entries"), "{}", files["merged-sbom.md"]);
    assert!(files["closing-summary.md"].contains("**Without a bill of materials:** `ledger`, `orders-api`."));
    assert!(files["merged-sbom.json"].contains("missing"));
}

#[test]
fn at2_a_bill_of_materials_of_this_change_supersedes_that_of_the_build() {
    let mut facts = facts();
    let entry = fixtures::entry("orders-api", 3);
    let digest = crate::scalar::Digest::of(b"a newer bill of materials");
    let mut bom = fixtures::bom(&entry);
    bom.components[0].purl = Some("pkg:npm/left-pad@9.9.9".to_owned());
    facts.locker.boms.insert(digest, std::rc::Rc::new(bom));
    let mut newer = fixtures::record(&entry, "sbom");
    newer.attachments = vec![crate::evidence::Attachment { name: "bom.json".to_owned(), digest }];
    newer.origin.scope = Some(facts.run.scope());
    fixtures::add(&mut facts, "newer", newer);
    let files = after(&mut facts, &DONE, Conclusion::Succeeded);
    assert!(files["merged-sbom.json"].contains("9.9.9"));
}

#[test]
fn cr2_the_closing_notes_say_first_how_it_ended() {
    let facts = facts();
    let filed = fixtures::filed(&facts);
    let mut work = fixtures::work(UNDONE);
    work.ran[1].note = Some("killed <b>\n# Approved\n@org fixes #1".to_owned());
    let notes = closing_notes(&filed, &work, Conclusion::RolledBack, Closure::Unsuccessful);
    assert!(
        notes.starts_with("**The deployment failed and was rolled back.** The change request stays open;"),
        "{notes}"
    );
    assert!(notes.contains("| accept | **failed** | 1 | 42 s |"), "{notes}");
    let outside = inert(&notes);
    assert!(!outside.contains('@') && !outside.contains('#') && !outside.contains('<'), "{notes}");
}

#[test]
fn pages_read_as_they_should() {
    let mut facts = facts();
    fixtures::remove(&mut facts, "payments-api", "unit-tests");
    fixtures::remove(&mut facts, "orders-api", "unit-tests");
    let failed = fixtures::record(&fixtures::entry("orders-api", 3), "secret-scan");
    fixtures::add(&mut facts, "orders-api", Evidence { outcome: Outcome::Failure, ..failed });
    facts.delta.hidden.insert("docs".to_owned(), "ignore file: docs/".to_owned());
    facts.policy.profile = Some(Profile {
        name: "OPS-01".to_owned(),
        version: None,
        controls: vec![Control {
            id: "OPS-01.2".to_owned(),
            title: "Automated testing: all tests and scans pass before the merge".to_owned(),
            checks: vec![Check::named("unit-tests"), Check::named("static-analysis")],
        }],
    });
    let mut pages = before(&facts);
    let mut filed = fixtures::filed(&facts);
    let digest = |bytes: &String| crate::scalar::Digest::of(bytes.as_bytes());
    filed.assessment.attachments = pages.iter().map(|(name, text)| (name.clone(), digest(text))).collect();
    pages.insert("section.md".to_owned(), automation_section(&facts, &filed.opened, &filed.assessment));
    let work = fixtures::work(UNDONE);
    let notes = closing_notes(&filed, &work, Conclusion::RolledBack, Closure::Unsuccessful);
    pages.insert("closing-notes.md".to_owned(), notes);
    pages.extend(after(&mut facts, &UNDONE, Conclusion::RolledBack));
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/attachments");
    pages.remove("merged-sbom.json");
    let mut stale = Vec::new();
    for (name, text) in pages {
        let file = folder.join(&name);
        let expected = std::fs::read_to_string(&file).unwrap_or_default();
        if option_env!("UPDATE_EXPECT").is_some() {
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(&file, &text).unwrap();
        }
        if text != expected {
            stale.push(name);
        }
    }
    assert!(stale.is_empty(), "{stale:?}: built with UPDATE_EXPECT=1, the tests rewrite them");
}

/// Plans until nothing is left to do. All blobs are lost before each call; returns what was attached, by name.
fn drive(facts: &mut Facts) -> BTreeMap<String, String> {
    let engine = fixtures::opened(facts).engine;
    let mut drive = Drive::default();
    let mut attached = BTreeMap::new();
    let mut journal = Journal::read(b"").unwrap();
    let mut answer = None;
    loop {
        let mut blobs = plan::Blobs::new();
        let mut world =
            plan::World { started: facts.now, facts: &mut *facts, drive: &drive, engine: &engine, blobs: &mut blobs };
        let plan = plan::plan(&mut world, journal, answer).unwrap();
        journal = Journal::read(plan.journal.text().as_bytes()).unwrap();
        let Some(effect) = plan.effect else {
            let outcome = plan.stop.unwrap().outcome;
            if outcome == plan::outcome::Outcome::Cleared && drive.reports.is_empty() {
                drive.reports = fixtures::work(DONE).ran;
                answer = None;
                continue;
            }
            assert_eq!(outcome, plan::outcome::Outcome::Done);
            return attached;
        };
        let event = match effect.action {
            Action::File(filing) => Happened::Filed { id: filing.suggested_id, url: None },
            Action::Attach { name, digest, .. } => {
                let bytes = blobs.get(&digest).unwrap_or_else(|| panic!("the bytes of {name} are lost")).clone();
                attached.insert(name.clone(), String::from_utf8(bytes.to_vec()).unwrap());
                Happened::Attached { name, digest }
            }
            Action::Approve { .. } => Happened::Approved(Basis::Readiness {}),
            Action::Read { id } => Happened::Observed(Observed {
                id,
                status: Status::Scheduled,
                decisions: Vec::new(),
                change: None,
                target: None,
                planned_start: None,
                planned_end: None,
            }),
            Action::Implement { .. } => Happened::Implementing {},
            Action::Close { category, .. } => Happened::Closed { category },
            Action::Conclude { pointer, .. } => Happened::Concluded { pointer, deployed: None },
            other => panic!("{other:?}"),
        };
        answer = Some(plan::Answer { key: effect.key, event });
        facts.now = facts.now.plus_seconds(1);
    }
}

#[test]
fn at4_lost_attachments_are_made_again_with_the_same_bytes() {
    let attached = drive(&mut facts());
    let names: Vec<&str> = attached.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "closing-summary.json",
            "closing-summary.md",
            "delta-summary.json",
            "delta-summary.md",
            "deployment-bom.json",
            "deployment-bom.md",
            "merged-sbom.json",
            "merged-sbom.md"
        ]
    );
    let summary = json(&attached["closing-summary.json"]);
    assert_eq!(summary["approval"]["basis"], "readiness");
    assert_eq!(summary["attachments"].as_object().unwrap().len(), 4);
}
