//! Evidence-checks files as IBM's pipelines use them.

use serde_json::{Value, json};

use super::*;
use crate::problem::Place;

/// The example of IBM's documentation.
const DOCUMENTED: &str = r#"{ "version": "2.0",
  "pre-deployment": [
    { "evidence_type_id": "com.ibm.unit_tests",
      "rules": [ { "asset_type": "commit",
        "source_environments": [ { "name": "ci-pipeline" }, { "name": "stage", "region": "us-south" } ],
        "target_environments": [ { "name": "$target" } ],
        "required":            [ { "name": "tool", "values": ["jest"], "description": "unit tests must pass" } ],
        "required_if_present": [ { "name": "tool", "values": ["*"] } ],
        "recommended":         [ { "name": "tool", "values": ["*"] } ] } ] } ],
  "post-deployment": [] }"#;

fn variables() -> BTreeMap<String, String> {
    BTreeMap::from([("target".to_owned(), "prod".to_owned()), ("target-region".to_owned(), "eu-de".to_owned())])
}

/// The demands as `stage check tool level scope`.
fn demands_for(text: &str, target: &str, region: Option<&str>, source: &str) -> Vec<String> {
    read(text.as_bytes(), target, region, source, &variables()).unwrap().iter().map(line).collect()
}

fn line(demand: &Requirement) -> String {
    let Requirement { stage, check, tool, level, scope, .. } = demand;
    format!("{stage:?} {check} {} {level:?} {scope:?}", tool.as_deref().unwrap_or("*"))
}

fn demands(document: &Value) -> Vec<String> {
    demands_for(&document.to_string(), "prod", Some("eu-de"), "stage:eu-de")
}

fn refused(document: &Value) -> String {
    let problem = read(document.to_string().as_bytes(), "prod", Some("eu-de"), "stage", &variables()).unwrap_err();
    assert!(!problem.help.is_empty());
    match problem.place {
        Some(Place::Pointer { pointer }) => format!("{pointer} {}", problem.message),
        Some(Place::Line { .. }) | None => problem.message,
    }
}

/// A configuration of one rule, with these keys set over the usual ones.
fn rule(keys: Value) -> Value {
    let mut rule = json!({"asset_type": "commit", "required": [{"name": "tool", "values": ["*"]}]});
    for (key, value) in keys.as_object().unwrap() {
        rule[key] = value.clone();
    }
    json!({"version": "2.0", "pre-deployment": [
        {"evidence_type_id": "com.ibm.detect_secrets", "rules": [{"required": [{"name": "tool", "values": ["*"]}]}]},
        {"evidence_type_id": "com.ibm.unit_tests", "rules": [rule]}
    ]})
}

/// Whether the one rule applies beside the one that always does.
fn applies(keys: Value) -> bool {
    demands(&rule(keys)).len() == 2
}

#[test]
fn po2_the_documented_example_is_used_as_it_is() {
    let demands = read(DOCUMENTED.as_bytes(), "prod", None, "stage", &variables()).unwrap();
    assert_eq!(
        demands.iter().map(line).collect::<Vec<_>>(),
        [
            "PreDeployment unit-tests * RequiredIfPresent Every",
            "PreDeployment unit-tests * Recommended Every",
            "PreDeployment unit-tests jest Required Every",
        ]
    );
    assert_eq!(demands[2].description.as_deref(), Some("unit tests must pass"));
}

#[test]
fn po2_a_rule_applies_to_its_target_environment_and_region() {
    assert!(applies(json!({})));
    assert!(applies(json!({"target_environments": []})));
    assert!(applies(json!({"target_environments": [{"name": "prod"}]})));
    assert!(applies(json!({"target_environments": [{"name": "*"}]})));
    assert!(applies(json!({"target_environments": [{"name": "$target", "region": "${target-region}"}]})));
    assert!(applies(json!({"target_environments": [{"name": "dev"}, {"name": "prod", "region": "*"}]})));
    assert!(!applies(json!({"target_environments": [{"name": "dev"}]})));
    assert!(!applies(json!({"target_environments": [{"name": "prod", "region": "us-south"}]})));
    let everywhere = rule(json!({"target_environments": [{"name": "prod", "region": "us-south"}]})).to_string();
    assert_eq!(demands_for(&everywhere, "prod", None, "stage").len(), 2, "a run without region is in all of them");
}

#[test]
fn po2_a_rule_applies_to_its_source_and_always_to_what_ci_made() {
    assert!(applies(json!({"source_environments": [{"name": "ci-pipeline"}]})));
    assert!(applies(json!({"source_environments": [{"name": "stage"}]})));
    assert!(applies(json!({"source_environments": [{"name": "stage", "region": "eu-de"}]})));
    assert!(!applies(json!({"source_environments": [{"name": "stage", "region": "us-south"}]})));
    assert!(!applies(json!({"source_environments": [{"name": "dev"}]})));
}

#[test]
fn po2_images_are_told_apart_and_every_tool_is_demanded() {
    let keys = json!({"asset_type": "image", "required": [{"name": "tool", "values": ["va", "sysdig"]}]});
    assert_eq!(
        demands(&rule(keys)),
        [
            "PreDeployment secret-scan * Required Every",
            "PreDeployment unit-tests sysdig Required Images",
            "PreDeployment unit-tests va Required Images",
        ]
    );
    for kind in ["commit", "artifact", "generic", "*"] {
        assert!(demands(&rule(json!({"asset_type": kind})))[1].ends_with("Every"), "{kind}");
    }
}

#[test]
fn po2_a_rule_without_lists_recommends() {
    let mut document = rule(json!({}));
    document["pre-deployment"][1]["rules"][0].as_object_mut().unwrap().remove("required");
    assert_eq!(demands(&document)[1], "PreDeployment unit-tests * Recommended Every");
}

#[test]
fn po2_version_one_is_read() {
    let document = json!({
        "pre-deployment": [{"asset_type": "commit", "evidences": [{"evidence_type_id": "com.ibm.unit_tests",
            "rules": {"required": [{"tool": "jest"}], "optional": [{"tool": "*"}], "ignore": [{"tool": "mocha"}]}}]}],
        "post-deployment": [{"asset_type": "image", "evidences": [
            {"evidence_type_id": "com.ibm.dynamic_scan", "rules": {"required": [{"tool": "*"}]}}]}]
    });
    assert_eq!(
        demands(&document),
        [
            "PreDeployment unit-tests * RequiredIfPresent Every",
            "PreDeployment unit-tests jest Required Every",
            "PostDeployment dynamic-scan * Required Images",
        ]
    );
}

#[test]
fn po3_a_configuration_that_requires_nothing_is_illegal() {
    let expected = "no check is required before a deployment from `stage` to `prod`";
    assert_eq!(refused(&json!({"version": "2.0"})), expected);
    assert_eq!(refused(&json!({})), expected);
    let mut elsewhere = rule(json!({"target_environments": [{"name": "dev"}]}));
    elsewhere["pre-deployment"].as_array_mut().unwrap().remove(0);
    assert_eq!(refused(&elsewhere), expected);
}

#[test]
fn po2_what_could_hide_a_demand_is_refused() {
    assert_eq!(refused(&json!({"version": "3.0"})), "/version version `3.0` of the evidence checks is unknown");
    assert!(refused(&rule(json!({"requird": []}))).starts_with("unknown field `requird`"));
    assert!(refused(&json!({"version": "2.0", "predeployment": []})).starts_with("unknown field `predeployment`"));
    assert_eq!(
        refused(&rule(json!({"required": [{"name": "severity", "values": ["high"]}]}))),
        "/pre-deployment/1/rules/0/required/0 `severity` is not a condition on one tool or more"
    );
    assert_eq!(
        refused(&rule(json!({"required": [{"name": "tool", "values": []}]}))),
        "/pre-deployment/1/rules/0/required/0 `tool` is not a condition on one tool or more"
    );
    assert_eq!(
        refused(&rule(json!({"target_environments": [{"name": "prod"}, {"name": "$nowhere"}]}))),
        "/pre-deployment/1/rules/0 the variable `$nowhere` has no value"
    );
    assert!(read(b"{\"version\":\"2.0\"} x", "prod", None, "stage", &variables()).is_err());
}
