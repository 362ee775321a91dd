//! Risk: each factor yields a level, and the highest wins (RK1, RK2).

use serde::{Deserialize, Serialize};

use crate::facts::Facts;
use crate::policy::Category;
use crate::promotion::{CustomerImpact, DeploymentImpact, RiskLevel};

/// One thing that makes a change more or less risky.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Factor {
    /// What it is.
    pub factor: String,
    /// What was found.
    pub value: String,
    /// The level that this yields.
    pub level: RiskLevel,
}

/// The risk of a change, with every factor (RK1).
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Risk {
    /// The highest level of all factors.
    pub level: RiskLevel,
    /// The highest level that is approved automatically (RK2).
    pub limit: RiskLevel,
    /// All factors.
    pub factors: Vec<Factor>,
}

impl Risk {
    /// Whether the risk is within the acceptable limit.
    #[must_use]
    pub fn is_acceptable(&self) -> bool {
        self.level <= self.limit
    }
}

/// Weighs the risk of the change.
#[must_use]
pub fn weigh(facts: &Facts, category: Category) -> Risk {
    let policy = &facts.policy.risk;
    let mut factors = vec![
        factor("customer impact", word(&facts.fields.customer_impact), customer(facts.fields.customer_impact)),
        factor("deployment impact", word(&facts.fields.deployment_impact), deployment(facts.fields.deployment_impact)),
        outage(facts.policy.deployment.outage_minutes),
        factor(
            "category",
            word(&category),
            match category {
                Category::Standard | Category::Normal => RiskLevel::Low,
                Category::HighRisk => RiskLevel::High,
            },
        ),
    ];
    if let Some(declared) = facts.fields.declared_risk {
        factors.push(factor("declared risk", word(&declared), declared));
    }
    if let Some(most) = policy.delta_entries {
        let size = facts.delta.entries.len().saturating_add(facts.delta.removed.len());
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        let level = if size > most { RiskLevel::Moderate } else { RiskLevel::Low };
        factors.push(factor("entries in the delta", format!("{size} (moderate above {most})"), level));
    }
    if let Some(days) = policy.unsuccessful_within_days {
        let (value, level) = match facts.past.unsuccessful {
            true => (format!("one within {days} days"), RiskLevel::Moderate),
            false => (format!("none within {days} days"), RiskLevel::Low),
        };
        factors.push(factor("unsuccessful changes on the target", value, level));
    }
    let level = factors.iter().map(|factor| factor.level).max().unwrap_or(RiskLevel::High);
    Risk { level, limit: policy.limit, factors }
}

fn factor(name: &str, value: String, level: RiskLevel) -> Factor {
    Factor { factor: name.to_owned(), value, level }
}

/// The word that the template and the policy use for a value.
pub(crate) fn word(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    }
}

fn customer(impact: CustomerImpact) -> RiskLevel {
    match impact {
        CustomerImpact::NoImpact | CustomerImpact::Low => RiskLevel::Low,
        CustomerImpact::Moderate => RiskLevel::Moderate,
        CustomerImpact::High | CustomerImpact::Critical => RiskLevel::High,
    }
}

fn deployment(impact: DeploymentImpact) -> RiskLevel {
    match impact {
        DeploymentImpact::Small => RiskLevel::Low,
        DeploymentImpact::Large => RiskLevel::Moderate,
    }
}

fn outage(minutes: u32) -> Factor {
    let level = if minutes == 0 { RiskLevel::Low } else { RiskLevel::High };
    factor("outage", format!("{minutes} minutes"), level)
}
