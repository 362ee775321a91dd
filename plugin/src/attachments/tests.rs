//! What is attached, and that foreign text cannot act in it.

use pulldown_cmark::{Event, Options, Parser, Tag};

use super::markdown::{self, Page, code, ours, prose};
use super::*;
use crate::change::event::{Conclusion, Ran, Step};
use crate::evidence::{Check, Evidence, Finding, Outcome, Severity};
use crate::fixtures::{self, facts};
use crate::policy::{Control, Profile, Waiver};

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
    assert!(page.contains("**Not ready.** 3 reasons block; 0 are noted."), "{page}");
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
            control("C", &["promotion"]),
            control("D", &["unit-tests", "promotion"]),
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
fn cr2_the_automations_section_says_the_verdict_first() {
    let mut facts = facts();
    fixtures::remove(&mut facts, "orders-api", "unit-tests");
    facts.promotion.repository = "shop/`inventory` @org".to_owned();
    let filed = fixtures::filed(&facts);
    let page = automation_section(&facts, &filed.opened, &filed.assessment);
    assert!(page.starts_with("**Not ready.** 1 reason blocks; 0 are noted.\n"), "{page}");
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
