//! What is demanded when the policy does not say (PO3).

use super::{Level, Policy, Purpose, Requirement, Scope, Stage};
use crate::evidence::Check;

/// The built-in demands for production, and how much each weighs before production.
const BUILT_IN: [(&str, Scope, Level, &str); 9] = [
    ("unit-tests", Scope::Every, Level::Required, "unit tests pass"),
    ("integration-tests", Scope::Every, Level::Recommended, "integration tests pass"),
    ("static-analysis", Scope::Every, Level::Required, "static analysis finds nothing severe"),
    ("dependency-check", Scope::Every, Level::Required, "no dependency has a severe vulnerability"),
    ("secret-scan", Scope::Every, Level::Required, "no secret is in the source"),
    ("peer-review", Scope::Every, Level::Recommended, "somebody else than the author approved the commits"),
    ("artifact-signature", Scope::Every, Level::Recommended, "the artifact's signature is verified"),
    ("sbom", Scope::Every, Level::Required, "the bill of materials is there"),
    ("infrastructure-validation", Scope::Infrastructure, Level::Recommended, "the infrastructure's plan is valid"),
];

/// The demands that hold when the policy lists none: all `required` in production; in pre-production what can be
/// known of every build is required, and the rest is recommended (PO3).
#[must_use]
pub fn default_requirements(purpose: Purpose) -> Vec<Requirement> {
    BUILT_IN
        .into_iter()
        .map(|(check, scope, before_production, description)| Requirement {
            stage: Stage::PreDeployment,
            check: Check::named(check),
            tool: None,
            level: match purpose {
                Purpose::Production => Level::Required,
                Purpose::PreProd => before_production,
            },
            scope,
            description: Some(description.to_owned()),
        })
        .collect()
}

impl Policy {
    /// The policy of a repository that has no policy file.
    #[must_use]
    pub fn built_in(purpose: Purpose) -> Self {
        super::file::File::default().resolve(purpose)
    }
}
