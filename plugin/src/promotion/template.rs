//! The template's fields, read from the text of a promotion pull request (PR1..PR5).
//!
//! Two forms are read, also mixed: tags (`<priority>High</priority>`) and headings (`# Priority`, then the value).
//! Names and choices are compared without ASCII case and otherwise exactly. HTML comments are not text; code is text,
//! but no structure. Each field stands there once: a second tag or heading is an error, never a choice (T65).

mod lines;
mod structure;
#[cfg(test)]
mod tests;

use crate::order;
use crate::problem::Problem;
use crate::promotion::{CustomerImpact, DeploymentImpact, Fields, Priority, RiskLevel};
use crate::scalar::{Email, shorten};

/// The pull request template that the product ships (PR7).
pub const TEMPLATE: &str = include_str!("../../templates/pull_request_template.md");

/// The most bytes that the text may have; GitHub allows 65536 characters.
pub const MAX_BYTES: usize = 256 * 1024;

/// What the template leaves in a free text for its author to replace.
const PLACEHOLDER: &str = "PROVIDE INFORMATION";

/// One field of the template.
#[derive(Debug, Eq, PartialEq)]
struct Field {
    /// Its name in [`Fields`].
    name: &'static str,
    /// Its tag.
    tag: &'static str,
    /// Its headings; the first is the template's.
    headings: &'static [&'static str],
    kind: Kind,
}

#[derive(Debug, Eq, PartialEq)]
enum Kind {
    /// One of these; always required unless it is the risk.
    Choice(&'static [&'static str]),
    /// One e-mail address; always required.
    Email,
    /// Free text; required only if the policy says so.
    Text,
}

const FIELDS: [Field; 12] = [
    field("priority", "priority", &["Priority"], Kind::Choice(&["critical", "high", "moderate", "low", "planning"])),
    field("assignee", "assignedto", &["Change Request assignee"], Kind::Email),
    field(
        "customer_impact",
        "customerimpact",
        &["Customer Impact"],
        Kind::Choice(&["critical", "high", "moderate", "low", "no_impact"]),
    ),
    field("deployment_impact", "deploymentimpact", &["Deployment Impact"], Kind::Choice(&["small", "large"])),
    field("declared_risk", "risk", &["Risk Assessment"], Kind::Choice(&["low", "medium", "high"])),
    field("description", "description", &["Additional Description"], Kind::Text),
    field("purpose", "purpose", &["Purpose/Goal"], Kind::Text),
    field("impact", "impact", &["Explanation of Impact"], Kind::Text),
    field("backout_plan", "backoutplan", &["Backout Plan", "Rollback Plan"], Kind::Text),
    field("business_justification", "businessjustification", &["Business Justification"], Kind::Text),
    field("testing_performed", "testing", &["Testing Performed"], Kind::Text),
    field("security_considerations", "security", &["Security Considerations"], Kind::Text),
];

const fn field(name: &'static str, tag: &'static str, headings: &'static [&'static str], kind: Kind) -> Field {
    Field { name, tag, headings, kind }
}

/// The names of all fields, as in [`Fields`].
pub fn field_names() -> impl Iterator<Item = &'static str> {
    FIELDS.iter().map(|field| field.name)
}

/// Whether the template has a field of this name, as in [`Fields`].
#[must_use]
pub fn is_field(name: &str) -> bool {
    field_names().any(|known| known == name)
}

/// Reads the fields. `required` names optional fields that the policy requires (PR2).
///
/// # Errors
///
/// Every problem of the text, in the order of its lines; fields that are nowhere come last (PR4).
pub fn parse(body: &str, required: &[String]) -> Result<Fields, Vec<Problem>> {
    if body.len() > MAX_BYTES {
        let help = format!("shorten it to at most {MAX_BYTES} bytes");
        return Err(vec![Problem::new(format!("the text has {} bytes", body.len()), help)]);
    }
    let mut reading = Reading::of(body, required);
    let priority = reading.choice("priority", priority);
    let assignee = reading.email("assignee");
    let customer_impact = reading.choice("customer_impact", customer_impact);
    let deployment_impact = reading.choice("deployment_impact", deployment_impact);
    let declared_risk = reading.choice("declared_risk", declared_risk);
    let [description, purpose, impact, backout_plan] =
        ["description", "purpose", "impact", "backout_plan"].map(|name| reading.text(name));
    let [business_justification, testing_performed, security_considerations] =
        ["business_justification", "testing_performed", "security_considerations"].map(|name| reading.text(name));
    let problems = reading.problems();
    match (priority, assignee, customer_impact, deployment_impact) {
        (Some(priority), Some(assignee), Some(customer_impact), Some(deployment_impact)) if problems.is_empty() => {
            Ok(Fields {
                priority,
                assignee,
                customer_impact,
                deployment_impact,
                declared_risk,
                description,
                purpose,
                impact,
                backout_plan,
                business_justification,
                testing_performed,
                security_considerations,
            })
        }
        _ => Err(problems),
    }
}

/// What [`parse`] has to complain about.
#[must_use]
pub fn lint(body: &str, required: &[String]) -> Vec<Problem> {
    parse(body, required).err().unwrap_or_default()
}

fn priority(text: &str) -> Option<Priority> {
    Some(match text {
        "critical" => Priority::Critical,
        "high" => Priority::High,
        "moderate" => Priority::Moderate,
        "low" => Priority::Low,
        "planning" => Priority::Planning,
        _ => return None,
    })
}

fn customer_impact(text: &str) -> Option<CustomerImpact> {
    Some(match text {
        "critical" => CustomerImpact::Critical,
        "high" => CustomerImpact::High,
        "moderate" => CustomerImpact::Moderate,
        "low" => CustomerImpact::Low,
        "no_impact" => CustomerImpact::NoImpact,
        _ => return None,
    })
}

fn deployment_impact(text: &str) -> Option<DeploymentImpact> {
    Some(match text {
        "small" => DeploymentImpact::Small,
        "large" => DeploymentImpact::Large,
        _ => return None,
    })
}

/// S2 says `medium` where the product says `moderate`.
fn declared_risk(text: &str) -> Option<RiskLevel> {
    Some(match text {
        "low" => RiskLevel::Low,
        "medium" | "moderate" => RiskLevel::Moderate,
        "high" => RiskLevel::High,
        _ => return None,
    })
}

/// A field's value and the line where it starts.
#[derive(Debug)]
struct Given {
    field: &'static str,
    line: u32,
    value: String,
}

/// The text in its parts, and what was wrong with them so far.
struct Reading<'a> {
    given: Vec<Given>,
    twice: Vec<&'static str>,
    near_misses: Vec<structure::NearMiss>,
    required: &'a [String],
    problems: Vec<Problem>,
}

impl<'a> Reading<'a> {
    fn of(body: &str, required: &'a [String]) -> Self {
        let structure::Structure { given, twice, near_misses, problems } = structure::of(body);
        let mut reading = Self { given, twice, near_misses, required, problems };
        for name in required.iter().filter(|name| !is_field(name)) {
            reading.problems.push(Problem::new(
                format!("the policy requires the field `{}`, which the template does not have", shorten(name)),
                "correct `required-fields` in the policy",
            ));
        }
        reading
    }

    fn choice<T>(&mut self, name: &'static str, known: fn(&str) -> Option<T>) -> Option<T> {
        let (line, value) = self.value(name)?;
        let choice = known(&value.to_ascii_lowercase());
        if choice.is_none() {
            let message = format!("`{}` is not a value of {}", shorten(&value), title(name));
            self.problems.push(Problem::new(message, help(name)).at_line(line, 0));
        }
        choice
    }

    fn email(&mut self, name: &'static str) -> Option<Email> {
        let (line, value) = self.value(name)?;
        match value.parse() {
            Ok(email) => Some(email),
            Err(invalid) => {
                let message = format!("{invalid}, as {} must be", title(name));
                self.problems.push(Problem::new(message, help(name)).at_line(line, 0));
                None
            }
        }
    }

    fn text(&mut self, name: &'static str) -> Option<String> {
        self.value(name).map(|(_, value)| value)
    }

    /// The value, if there is one; if there must be one and is not, that is a problem.
    fn value(&mut self, name: &'static str) -> Option<(u32, String)> {
        if self.twice.contains(&name) {
            return None;
        }
        let given = self.given.iter().find(|given| given.field == name);
        let fault = match given {
            None => "is missing",
            Some(given) if is_blank(&given.value) => "is empty",
            Some(given) if is_placeholder(&given.value) => "still holds the template's placeholder",
            Some(given) if is_choice(name) && given.value.contains('|') => "still lists the choices",
            Some(given) => return Some((given.line, given.value.clone())),
        };
        if self.is_required(name) {
            let problem = Problem::new(format!("{} {fault}", title(name)), self.help_with_hint(name, given.is_none()));
            self.problems.push(match given {
                Some(given) => problem.at_line(given.line, 0),
                None => problem,
            });
        }
        None
    }

    fn is_required(&self, name: &str) -> bool {
        matches!(name, "priority" | "assignee" | "customer_impact" | "deployment_impact")
            || self.required.iter().any(|required| required == name)
    }

    fn help_with_hint(&self, name: &'static str, absent: bool) -> String {
        let hint = self.near_misses.iter().find(|near| absent && near.field == name);
        match hint {
            Some(near) => {
                format!("{}; `{}` in line {} looks like it, but is not", help(name), shorten(&near.text), near.line)
            }
            None => help(name),
        }
    }

    /// Ordered by line; what has no line comes last, in the template's order.
    fn problems(self) -> Vec<Problem> {
        let mut problems = self.problems;
        let line = |problem: &Problem| match problem.place {
            Some(crate::problem::Place::Line { line, .. }) => line,
            Some(crate::problem::Place::Pointer { .. }) | None => u32::MAX,
        };
        order::sort_by(&mut problems, |a, b| line(a).cmp(&line(b)));
        problems
    }
}

fn known(name: &str) -> Option<&'static Field> {
    FIELDS.iter().find(|field| field.name == name)
}

fn is_choice(name: &str) -> bool {
    known(name).is_some_and(|field| matches!(field.kind, Kind::Choice(_)))
}

fn title(name: &str) -> String {
    let heading = known(name).and_then(|field| field.headings.first());
    format!("`{}`", heading.copied().unwrap_or(name))
}

fn help(name: &str) -> String {
    let Some(field) = known(name) else { return String::new() };
    let tag = field.tag;
    match field.kind {
        Kind::Choice(choices) => {
            let choices: Vec<String> = choices.iter().map(|choice| format!("`{choice}`")).collect();
            format!("write one of {} between `<{tag}>` and `</{tag}>`, or under the heading", choices.join(", "))
        }
        Kind::Email => format!("write one e-mail address between `<{tag}>` and `</{tag}>`, or under the heading"),
        Kind::Text => format!("write it between `<{tag}>` and `</{tag}>`, or under the heading"),
    }
}

/// Nothing that a reader could see.
fn is_blank(text: &str) -> bool {
    text.chars().all(|character| {
        character.is_whitespace()
            || character.is_control()
            || matches!(character,
                '\u{ad}' | '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{180e}' | '\u{200b}'..='\u{200f}'
                | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}'
                | '\u{feff}' | '\u{ffa0}')
    })
}

/// The placeholder, also as GitHub shows it: without its underscores.
fn is_placeholder(text: &str) -> bool {
    text.trim_matches(|character: char| character == '_' || character == '*' || character.is_ascii_whitespace())
        .eq_ignore_ascii_case(PLACEHOLDER)
}
