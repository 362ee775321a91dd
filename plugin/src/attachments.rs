//! What is attached to a change request (AT1..AT4): JSON for machines, Markdown for people.
//!
//! Both are made from the same structure. The same facts make the same bytes, so that an attachment that is lost in a
//! crash can be made again.

mod automation;
mod closing_summary;
mod delta_summary;
mod deployment_bom;
mod json;
pub mod markdown;
mod merged_sbom;
mod posture;
mod profile;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use crate::change::event::Assessment;
use crate::facts::Facts;
use crate::readiness::Readiness;

pub use automation::{automation_section, closing_notes, summary_of};
pub use closing_summary::Ended;
pub use merged_sbom::components_without_bom;

use closing_summary::ClosingSummary;
use delta_summary::DeltaSummary;
use deployment_bom::DeploymentBom;
use merged_sbom::MergedSbom;

/// Attachments by name.
pub type Files = BTreeMap<String, Vec<u8>>;

/// The attachments made right after filing (AT1). `checks_config`: the bytes of the evidence-checks config, if there
/// is one.
#[must_use]
pub fn before_deployment(
    facts: &Facts,
    readiness: &Readiness,
    assessment: &Assessment,
    checks_config: Option<&[u8]>,
) -> Files {
    let mut files = Files::new();
    let bom = DeploymentBom::of(facts);
    add(&mut files, "deployment-bom", json::print(&bom), bom.page(facts));
    let summary = DeltaSummary::of(facts, readiness, assessment);
    add(&mut files, "delta-summary", json::print(&summary), summary.page(facts, assessment));
    if let Some(bytes) = checks_config {
        files.insert("evidence-checks-config.json".to_owned(), bytes.to_vec());
    }
    if let Some(profile) = &facts.policy.profile {
        let report = profile::Report::of(facts, profile, readiness);
        add(&mut files, "profile", json::print(&report), report.page());
    }
    files
}

/// The attachments made at closing time (AT2, AT3).
#[must_use]
pub fn at_closing(facts: &Facts, ended: &Ended<'_>) -> Files {
    let mut files = Files::new();
    let sbom = MergedSbom::of(facts, ended.runs, ended.conclusion);
    let summary = ClosingSummary::of(facts, ended, sbom.missing());
    add(&mut files, "closing-summary", json::print(&summary), summary.page(facts, ended));
    add(&mut files, "merged-sbom", sbom.bytes(facts, ended.conclusion), sbom.page(facts, ended.conclusion));
    files
}

fn add(files: &mut Files, name: &str, json: Vec<u8>, page: String) {
    files.insert(format!("{name}.json"), json);
    files.insert(format!("{name}.md"), page.into_bytes());
}

/// The media type of an attachment, by its name's ending.
#[must_use]
pub fn media_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, ending)| ending) {
        Some("json") => "application/json",
        Some("md") => "text/markdown; charset=utf-8",
        Some("yaml") => "application/yaml",
        _ => "text/plain; charset=utf-8",
    }
}
