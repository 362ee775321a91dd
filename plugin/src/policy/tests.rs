//! What a policy file may say, and what it must not.

use super::*;

fn policy(text: &str) -> Policy {
    read(text.as_bytes(), Purpose::Production).unwrap()
}

/// The problems as `line:column message` or `pointer message`.
fn problems(text: &str) -> Vec<String> {
    let problems = read(text.as_bytes(), Purpose::Production).unwrap_err();
    problems
        .into_iter()
        .map(|problem| {
            assert!(!problem.help.is_empty(), "{problem:?}");
            assert!(!problem.message.ends_with('.') && !problem.message.contains("serde"), "{problem:?}");
            match problem.place {
                Some(crate::problem::Place::Line { line, column }) => format!("{line}:{column} {}", problem.message),
                Some(place) => format!("{place} {}", problem.message),
                None => problem.message,
            }
        })
        .collect()
}

fn check(text: &str, expected: &[&str]) {
    assert_eq!(problems(text), expected, "{text}");
}

/// What is behind `# ` in a shipped file; `##` explains.
fn uncommented(text: &str) -> String {
    text.lines()
        .map(|line| line.strip_prefix("# ").unwrap_or(line))
        .fold(String::new(), |text, line| text + line + "\n")
}

#[test]
fn po3_without_a_file_production_requires_the_whole_built_in_set() {
    let policy = Policy::built_in(Purpose::Production);
    assert_eq!(policy, self::policy("version: 1"));
    assert_eq!(policy.requirements.len(), 9);
    assert!(policy.requirements.iter().all(|demand| demand.level == Level::Required));
    assert!(policy.requirements.iter().all(|demand| demand.stage == Stage::PreDeployment));
    let infrastructure: Vec<&str> = policy
        .requirements
        .iter()
        .filter(|demand| demand.scope == Scope::Infrastructure)
        .map(|demand| demand.check.as_str())
        .collect();
    assert_eq!(infrastructure, ["infrastructure-validation"]);
}

#[test]
fn po3_before_production_less_is_required() {
    let policy = Policy::built_in(Purpose::PreProd);
    let required: Vec<&str> = policy
        .requirements
        .iter()
        .filter(|demand| demand.level == Level::Required)
        .map(|demand| demand.check.as_str())
        .collect();
    assert_eq!(required, ["unit-tests", "static-analysis", "dependency-check", "secret-scan", "sbom"]);
    assert_eq!(policy.requirements.len(), 9);
}

#[test]
fn po3_an_empty_required_set_is_illegal() {
    check("version: 1\nevidence:\n  pre-deployment: []", &["3:19 no check is required before deployment"]);
    check(
        "version: 1\nevidence:\n  pre-deployment:\n  - check: sbom\n    level: recommended",
        &["4:5 no check is required before deployment"],
    );
}

#[test]
fn po2_demands_are_required_of_every_entry_unless_they_say_otherwise() {
    let policy = policy(
        "version: 1
evidence:
  pre-deployment:
  - check: com.ibm.unit_tests
  - {check: dynamic-scan, tool: zap, level: required-if-present, entries: images, description: no hole}
  post-deployment:
  - {check: acceptance-tests, level: recommended}",
    );
    let [unit, scan, acceptance] = policy.requirements.as_slice() else { panic!("{policy:?}") };
    assert_eq!((unit.check.as_str(), unit.level, &unit.scope), ("unit-tests", Level::Required, &Scope::Every));
    assert_eq!(
        (scan.tool.as_deref(), scan.level, &scan.scope),
        (Some("zap"), Level::RequiredIfPresent, &Scope::Images)
    );
    assert_eq!((acceptance.stage, acceptance.level), (Stage::PostDeployment, Level::Recommended));
}

#[test]
fn po1_unknown_duplicate_and_mistyped_keys_are_refused_with_their_place() {
    check("version: 1\nriks:\n  limit: low", &["2:1 the key `riks` is unknown"]);
    check("version: 1\nrisk:\n  limit: low\n  limit: high", &["4:3 the key `limit` stands here twice"]);
    check("version: 1\nversion: 1", &["2:1 the key `version` stands here twice"]);
    check("version: 1\nrisk:\n  limit: none", &["3:10 `none` is not a value that can stand here"]);
    check("risk:\n  limit: low", &["1:1 the key `version` is missing"]);
    check("version: 2", &["1:10 version `2` is not known"]);
    check("version: one", &["1:10 the value is not a whole number of zero or more that fits"]);
    check("version: 1\nemergency: {overdue-blocks: yes}", &["2:29 the value is neither `true` nor `false`"]);
    check("version: 1\nemergency: {label: ~}", &["2:20 the value is empty"]);
    check(
        "version: 1\nevidence:\n  checks:\n    unit-tests: {}\n    com.ibm.unit_tests: {}",
        &["4:5 the check `unit-tests` stands here twice"],
    );
}

#[test]
fn po1_only_one_small_flat_document_without_tricks_is_read() {
    check("", &["1:1 the file ends too early"]);
    check("version: 1\n---\nversion: 1", &["3:1 the file holds more than one YAML document"]);
    check("version: 1\nrisk: &a {limit: low}\nemergency: {<<: *a}", &["3:13 merge keys (`<<`) are not read"]);
    check("version: !!int 1\nrisk: !python/object {}", &["2:22 the tag `!python/object` is not read"]);
    let mut bomb = "version: 1\na0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..8 {
        let previous = format!("*a{}, ", level - 1).repeat(10);
        bomb += &format!("a{level}: &a{level} [{previous}]\n");
    }
    assert_eq!(problems(&bomb).len(), 1);
    let bomb = format!("version: 1\nprofile: {{name: x, controls: {bomb}", bomb = "[".repeat(100));
    assert_eq!(problems(&bomb).len(), 1);
    assert_eq!(problems(&" ".repeat(MAX_BYTES + 1)), [format!("the file has {} bytes", MAX_BYTES + 1)]);
    let problem = read(b"version: 1\n\xff", Purpose::Production).unwrap_err();
    assert_eq!(problem[0].place, Some(crate::problem::Place::Line { line: 2, column: 0 }));
    assert_eq!(policy("\u{feff}version: 1\r\nrisk:\r\n  limit: low\r\n").risk.limit, RiskLevel::Low);
}

#[test]
fn po1_everything_that_a_policy_must_not_say_is_said_at_once() {
    check(
        "version: 1
evidence:
  pre-deployment:
  - check: sbom
  - check: sbom
  checks:
    sbom: {max-age-hours: 0}
waivers:
- {check: sbom, entries: '[', owner: a@example.com, reason: ' ', expires: 2030-01-01T00:00:00Z}
process: {standard-approvals: 0, high-risk-approvals: 1, require-approvals: true, security-review: {paths: [auth/**]}}
deployment:
  deploy: {run: []}
  acceptance: {none: ''}
  rollback: {run: [''], timeout-seconds: 0}
emergency: {label: 'EMERGENCY '}
profile: {name: P, controls: []}
inventory: {ignore-file: ../x, exclude: ['{']}
required-fields: [backout-plan, rollback]",
        &[
            "5:12 the check `sbom` is demanded twice",
            "7:27 evidence of `sbom` that is no hour old is none",
            "9:26 `[` is not a glob",
            "9:61 the waiver of `sbom` has no reason",
            "10:10 no member of the security team is named, so that no security review can be given",
            "10:31 `standard-approvals` is 0",
            "10:55 `high-risk-approvals` is 1",
            "12:17 the command names no program",
            "13:22 acceptance tests are left out without a reason",
            "14:19 the command names no program",
            "14:42 `timeout-seconds` is 0",
            "15:20 `EMERGENCY ` is not a label of 1 to 50 visible ASCII characters",
            "16:30 the profile has no control",
            "17:26 `../x` is not a path inside the inventory",
            "17:42 `{` is not a glob",
            "18:33 the template has no field `rollback`",
        ],
    );
}

#[test]
fn t42_a_trusted_signer_is_a_whole_workflow() {
    let signers = |signers: &str| format!("version: 1\nevidence: {{trusted-signers: [{signers}]}}");
    let workflow = "https://github.com/shop/builds/.github/workflows/image.yml";
    let listed = policy(&signers(&format!("{workflow}, '{workflow}@refs/tags/v1'"))).trusted_signers;
    assert_eq!(listed, [workflow.to_owned(), format!("{workflow}@refs/tags/v1")]);
    for signer in [
        "shop/builds/.github/workflows/image.yml",
        "https://github.com/shop/builds",
        "https://github.com/shop/builds/.github/workflows/",
        "https://github.com/shop/.github/workflows/image.yml",
        "https://github.com/.*/builds/x/.github/workflows/image.yml",
    ] {
        let told = crate::scalar::shorten(signer);
        check(&signers(&format!("'{signer}'")), &[format!("2:30 `{told}` is not a workflow").as_str()]);
    }
}

#[test]
fn pc2_approvals_can_be_raised_and_not_lowered() {
    assert_eq!(policy("version: 1\nprocess: {normal-approvals: 2}").process.normal_approvals, 2);
    check("version: 1\nprocess: {normal-approvals: 0}", &["2:29 `normal-approvals` is 0"]);
}

#[test]
fn t11_the_emergency_label_is_ascii() {
    assert_eq!(problems("version: 1\nemergency: {label: \"EMERG\u{415}NCY\"}").len(), 1);
    assert_eq!(policy("version: 1\nemergency: {label: hot fix}").emergency.label, "hot fix");
}

#[test]
fn pc6_a_calendar_is_checked_with_the_policy() {
    check(
        "version: 1\ncalendar:\n  zone: Europe/Berlin\n  windows:\n  - {days: [monday], from: 22:00, until: 02:00}",
        &["5:42 the window ends at `02:00`, not after its start `22:00`"],
    );
    check("version: 1\ncalendar: {zone: local}", &["2:18 `local` is not a time zone such as `Europe/Berlin`"]);
    check("version: 1\ncalendar: {}", &["2:11 the key `zone` is missing"]);
}

#[test]
fn a_numeric_id_is_a_name() {
    assert_eq!(policy("version: 1\nprocess: {tech-leads: [12345]}").process.tech_leads[0].as_str(), "12345");
}

#[test]
fn ex3_a_target_mismatch_blocks_only_if_the_policy_says_so() {
    assert!(!policy("version: 1").block_target_mismatch);
    assert!(policy("version: 1\nexisting-change-request: {target-mismatch: block}").block_target_mismatch);
}

#[test]
fn the_shipped_policy_file_is_the_built_in_policy() {
    assert_eq!(policy(TEMPLATE), Policy::built_in(Purpose::Production));
}

#[test]
fn the_shipped_policy_file_can_be_uncommented_and_shows_the_defaults() {
    let shown = policy(&uncommented(TEMPLATE));
    let built_in = Policy::built_in(Purpose::Production);
    let bare = |policy: &Policy| -> Vec<Requirement> {
        policy.requirements.iter().map(|demand| Requirement { description: None, ..demand.clone() }).collect()
    };
    assert_eq!(bare(&shown), bare(&built_in));
    assert_eq!(shown.risk.limit, built_in.risk.limit);
    assert_eq!(shown.process, built_in.process);
    assert_eq!(shown.emergency, built_in.emergency);
    assert_eq!(shown.grace_days, built_in.grace_days);
    assert_eq!(shown.clock_skew_seconds, built_in.clock_skew_seconds);
    assert!(!shown.trusted_signers.is_empty() && built_in.trusted_signers.is_empty(), "an example");
    assert_eq!(shown.inventory, built_in.inventory);
    assert_eq!(shown.block_target_mismatch, built_in.block_target_mismatch);
    assert_eq!(shown.deployment.outage_minutes, 0);
    assert!(shown.calendar.is_some() && shown.profile.is_some() && shown.staging.is_some());
}

#[test]
fn po4_the_shipped_profile_maps_the_eight_steps_of_ops_01() {
    let profile = policy(&format!("version: 1\n{OPS_01}")).profile.unwrap();
    let ids: Vec<String> = profile.controls.iter().map(|control| control.id.clone()).collect();
    assert_eq!(ids, (1..=8).map(|step| format!("OPS-01.{step}")).collect::<Vec<_>>());
}

#[test]
fn problems_count_columns_in_bytes() {
    check("version: 1\nprofile: {name: \"äö\", name: x}", &["2:25 the key `name` stands here twice"]);
}
