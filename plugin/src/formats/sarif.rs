//! SARIF 2.1.0: what a scanner found, if it says that it ran (EV5, EV7, T38).

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, de};

use super::json::{Json, Text};
use crate::evidence::{Finding, Scan, Severity};
use crate::order;
use crate::problem::Problem;
use crate::scalar::shorten;

/// The name of a finding whose result names no rule.
const NO_RULE: &str = "(no rule)";

/// Reads the log of one or more runs.
pub fn read(bytes: &[u8]) -> Result<Scan, Problem> {
    from_json(&Json::read(bytes)?)
}

pub(super) fn from_json(json: &Json<'_>) -> Result<Scan, Problem> {
    let log: Log<'_> = json.typed().or_else(|problem| {
        // Of a log of another version, that is what is wrong with it.
        let head: Head<'_> = json.typed()?;
        supported(head.version.as_ref()).and(Err(problem))
    })?;
    supported(log.version.as_ref())?;
    let runs = log.runs.unwrap_or_default();
    if runs.is_empty() {
        let help = "run the scanner: a log without a run is never a pass";
        return Err(Problem::new("the log has no run", help).at_pointer("/runs"));
    }
    let mut scan = Scan::default();
    for (number, run) in runs.iter().enumerate() {
        let tool = run.tool(number)?;
        if !scan.tool.split(", ").any(|known| known == tool) {
            scan.tool = if scan.tool.is_empty() { tool.to_owned() } else { format!("{}, {tool}", scan.tool) };
        }
        run.findings(number, &mut scan.findings)?;
    }
    order::sort(&mut scan.findings);
    Ok(scan)
}

fn supported(version: Option<&Text<'_>>) -> Result<(), Problem> {
    let message = match version.map(Text::as_str) {
        Some("2.1.0") => return Ok(()),
        Some(other) => format!("SARIF version `{}` is not understood", shorten(other)),
        None => "missing required field `version`".to_owned(),
    };
    Err(Problem::new(message, "let the scanner write SARIF 2.1.0").at_pointer("/version"))
}

#[derive(Deserialize)]
struct Head<'a> {
    #[serde(borrow)]
    version: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct Log<'a> {
    #[serde(borrow)]
    version: Option<Text<'a>>,
    #[serde(borrow)]
    runs: Option<Vec<Run<'a>>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Run<'a> {
    #[serde(borrow)]
    tool: Option<Tool<'a>>,
    invocations: Option<Vec<Invocation>>,
    #[serde(borrow)]
    results: Option<Vec<SarifResult<'a>>>,
    #[serde(borrow)]
    artifacts: Option<Vec<Artifact<'a>>>,
    external_property_file_references: Option<External>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Invocation {
    execution_successful: Option<bool>,
}

#[derive(Deserialize)]
struct External {
    results: Option<de::IgnoredAny>,
}

#[derive(Deserialize)]
struct Tool<'a> {
    #[serde(borrow)]
    driver: Option<Component<'a>>,
    #[serde(borrow)]
    extensions: Option<Vec<Component<'a>>>,
}

#[derive(Deserialize)]
struct Component<'a> {
    #[serde(borrow)]
    name: Option<Text<'a>>,
    #[serde(borrow)]
    guid: Option<Text<'a>>,
    #[serde(borrow)]
    rules: Option<Vec<Rule<'a>>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Rule<'a> {
    #[serde(borrow)]
    id: Option<Text<'a>>,
    default_configuration: Option<Configuration>,
    properties: Option<Properties>,
}

#[derive(Deserialize)]
struct Configuration {
    level: Option<Level>,
}

#[derive(Deserialize)]
struct Properties {
    #[serde(rename = "security-severity")]
    security_severity: Option<Score>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Level {
    None,
    Note,
    Warning,
    Error,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Kind {
    #[default]
    Fail,
    Open,
    Review,
    Pass,
    NotApplicable,
    Informational,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Baseline {
    New,
    Unchanged,
    Updated,
    Absent,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Status {
    Accepted,
    UnderReview,
    Rejected,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SarifResult<'a> {
    #[serde(borrow)]
    rule_id: Option<Text<'a>>,
    rule_index: Option<i64>,
    #[serde(borrow)]
    rule: Option<RuleReference<'a>>,
    kind: Option<Kind>,
    level: Option<Level>,
    baseline_state: Option<Baseline>,
    suppressions: Option<Vec<Suppression>>,
    #[serde(borrow)]
    locations: Option<Vec<Location<'a>>>,
    properties: Option<Properties>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RuleReference<'a> {
    #[serde(borrow)]
    id: Option<Text<'a>>,
    index: Option<i64>,
    #[serde(borrow)]
    tool_component: Option<ComponentReference<'a>>,
}

#[derive(Deserialize)]
struct ComponentReference<'a> {
    index: Option<i64>,
    #[serde(borrow)]
    name: Option<Text<'a>>,
    #[serde(borrow)]
    guid: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct Suppression {
    status: Option<Status>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Location<'a> {
    #[serde(borrow)]
    physical_location: Option<PhysicalLocation<'a>>,
    #[serde(borrow)]
    logical_locations: Option<Vec<LogicalLocation<'a>>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PhysicalLocation<'a> {
    #[serde(borrow)]
    artifact_location: Option<ArtifactLocation<'a>>,
    region: Option<Region>,
}

#[derive(Deserialize)]
struct ArtifactLocation<'a> {
    #[serde(borrow)]
    uri: Option<Text<'a>>,
    index: Option<i64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: Option<u64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct LogicalLocation<'a> {
    #[serde(borrow)]
    fully_qualified_name: Option<Text<'a>>,
    #[serde(borrow)]
    name: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct Artifact<'a> {
    #[serde(borrow)]
    location: Option<ArtifactLocation<'a>>,
}

impl<'a> Run<'a> {
    /// The scanner's name, if the run is one that executed and whose results are here.
    fn tool(&self, number: usize) -> Result<&str, Problem> {
        let at = |pointer: &str| format!("/runs/{number}{pointer}");
        let driver = self.tool.as_ref().and_then(|tool| tool.driver.as_ref());
        let name = driver.and_then(|driver| driver.name.as_ref()).map(Text::as_str).filter(|name| !name.is_empty());
        let failed = self.invocations.iter().flatten().position(|run| run.execution_successful == Some(false));
        if let Some(position) = failed {
            let help = "mend the scanner's run: findings of a run that failed are not complete";
            let pointer = at(&format!("/invocations/{position}/executionSuccessful"));
            return Err(Problem::new("the scanner says that its run failed", help).at_pointer(pointer));
        }
        if self.external_property_file_references.as_ref().is_some_and(|external| external.results.is_some()) {
            let help = "let the scanner write its results into the log: other files are never read";
            let pointer = at("/externalPropertyFileReferences/results");
            return Err(Problem::new("the results are in another file", help).at_pointer(pointer));
        }
        if self.results.is_none() {
            let help = "run the scan: a clean one has `results` as an empty list";
            return Err(Problem::new("the run has no `results`: it did not scan", help).at_pointer(at("")));
        }
        name.ok_or_else(|| {
            let help = "let the scanner name itself";
            Problem::new("missing required field `name`", help).at_pointer(at("/tool/driver/name"))
        })
    }

    fn findings(&self, number: usize, findings: &mut Vec<Finding>) -> Result<(), Problem> {
        let rules = Rules::new(self);
        for (position, result) in self.results.iter().flatten().enumerate() {
            if !result.counts() {
                continue;
            }
            let rule = rules.find(result);
            let id = result.id().or_else(|| rule.and_then(|rule| rule.id.as_ref()).map(Text::as_str));
            let severity = result.severity(rule).ok_or_else(|| {
                let help = "write `security-severity` as a decimal number from `0.0` to `10.0`";
                Problem::new("a security severity is not a number", help)
                    .at_pointer(format!("/runs/{number}/results/{position}"))
            })?;
            findings.push(Finding {
                severity,
                id: id.unwrap_or(NO_RULE).to_owned(),
                place: result.place(self.artifacts.as_deref().unwrap_or_default()),
                exempt: result.suppressed(),
                due: None,
                first_found: None,
            });
        }
        Ok(())
    }
}

impl SarifResult<'_> {
    /// Whether the result says that something is, or may be, wrong with what was scanned.
    fn counts(&self) -> bool {
        let kind = match self.kind.unwrap_or_default() {
            Kind::Fail | Kind::Open | Kind::Review => true,
            Kind::Pass | Kind::NotApplicable | Kind::Informational => false,
        };
        let there = match self.baseline_state {
            None | Some(Baseline::New | Baseline::Unchanged | Baseline::Updated) => true,
            Some(Baseline::Absent) => false,
        };
        kind && there
    }

    /// Whether the file suppresses it, and nobody has rejected or still reviews that.
    fn suppressed(&self) -> bool {
        let suppressions = self.suppressions.as_deref().unwrap_or_default();
        let accepted = suppressions.iter().all(|suppression| match suppression.status {
            None | Some(Status::Accepted) => true,
            Some(Status::UnderReview | Status::Rejected) => false,
        });
        !suppressions.is_empty() && accepted
    }

    fn id(&self) -> Option<&str> {
        let own = self.rule_id.as_ref();
        own.or_else(|| self.rule.as_ref()?.id.as_ref()).map(Text::as_str).filter(|id| !id.is_empty())
    }

    /// The worse of the scores of the result and its rule; without a score, the level. `None`: a score is no number.
    fn severity(&self, rule: Option<&Rule<'_>>) -> Option<Severity> {
        let score = |properties: Option<&Properties>| {
            properties.and_then(|properties| properties.security_severity.as_ref()).map(Score::severity)
        };
        let own = score(self.properties.as_ref());
        match (own, score(rule.and_then(|rule| rule.properties.as_ref()))) {
            (Some(own), Some(rules)) => Some(own?.min(rules?)),
            (Some(score), None) | (None, Some(score)) => score,
            (None, None) => {
                let default = rule.and_then(|rule| rule.default_configuration.as_ref()?.level);
                Some(match self.level.or(default).unwrap_or(Level::Warning) {
                    Level::Error => Severity::High,
                    Level::Warning => Severity::Medium,
                    Level::Note => Severity::Low,
                    Level::None => Severity::Informational,
                })
            }
        }
    }

    fn place(&self, artifacts: &[Artifact<'_>]) -> Option<String> {
        let location = self.locations.as_deref()?.first()?;
        let physical = location.physical_location.as_ref();
        let uri = physical.and_then(|physical| {
            let artifact = physical.artifact_location.as_ref()?;
            let listed = || at(artifacts, artifact.index)?.location.as_ref()?.uri.as_ref();
            artifact.uri.as_ref().or_else(listed)
        });
        let line = physical.and_then(|physical| physical.region.as_ref()?.start_line);
        match (uri, line) {
            (Some(uri), Some(line)) => Some(format!("{}:{line}", uri.as_str())),
            (Some(uri), None) => Some(uri.as_str().to_owned()),
            (None, _) => {
                let logical = location.logical_locations.as_deref()?.first()?;
                logical.fully_qualified_name.as_ref().or(logical.name.as_ref()).map(|name| name.as_str().to_owned())
            }
        }
    }
}

/// The rules of a run's tool, by component and name.
struct Rules<'r, 'a> {
    driver: Option<&'r Component<'a>>,
    extensions: &'r [Component<'a>],
    by_id: BTreeMap<&'r str, &'r Rule<'a>>,
}

impl<'r, 'a> Rules<'r, 'a> {
    fn new(run: &'r Run<'a>) -> Self {
        let tool = run.tool.as_ref();
        let driver = tool.and_then(|tool| tool.driver.as_ref());
        let extensions = tool.and_then(|tool| tool.extensions.as_deref()).unwrap_or_default();
        let mut by_id = BTreeMap::new();
        for rule in driver.into_iter().chain(extensions).flat_map(|component| component.rules.iter().flatten()) {
            if let Some(id) = &rule.id {
                by_id.entry(id.as_str()).or_insert(rule);
            }
        }
        Self { driver, extensions, by_id }
    }

    /// The rule of a result: by index in the component that it names, else by id; `CA1000/1` is a case of `CA1000`.
    fn find(&self, result: &SarifResult<'_>) -> Option<&'r Rule<'a>> {
        let reference = result.rule.as_ref();
        let index = reference.and_then(|rule| rule.index).or(result.rule_index);
        let component = match reference.and_then(|rule| rule.tool_component.as_ref()) {
            None => self.driver,
            Some(component) => self.component(component),
        };
        let indexed = component.and_then(|component| at(component.rules.as_deref().unwrap_or_default(), index));
        let named = || {
            let id = result.id()?;
            let general = || self.by_id.get(id.rsplit_once('/')?.0);
            self.by_id.get(id).or_else(general).copied()
        };
        indexed.or_else(named)
    }

    fn component(&self, reference: &ComponentReference<'_>) -> Option<&'r Component<'a>> {
        let named = || {
            self.driver.into_iter().chain(self.extensions).find(|component| {
                let same = |a: &Option<Text<'_>>, b: &Option<Text<'_>>| a.is_some() && a == b;
                same(&component.guid, &reference.guid) || same(&component.name, &reference.name)
            })
        };
        at(self.extensions, reference.index).or_else(named)
    }
}

/// The item at an index as SARIF writes it: absent and -1 mean none.
fn at<T>(items: &[T], index: Option<i64>) -> Option<&T> {
    items.get(usize::try_from(index?).ok()?)
}

/// A CVSS score as decimal text.
struct Score(String);

impl Score {
    /// The severity of the score, read without rounding; `None` if it is no score.
    fn severity(&self) -> Option<Severity> {
        let (whole, fraction) = self.0.split_once('.').unwrap_or((&self.0, "0"));
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(whole) || !digits(fraction) {
            return None;
        }
        match whole.parse::<u8>().ok()? {
            9..=10 => Some(Severity::Critical),
            7..=8 => Some(Severity::High),
            4..=6 => Some(Severity::Medium),
            1..=3 => Some(Severity::Low),
            0 if fraction.bytes().any(|digit| digit != b'0') => Some(Severity::Low),
            0 => Some(Severity::Informational),
            11.. => None,
        }
    }
}

impl<'de> Deserialize<'de> for Score {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl de::Visitor<'_> for Visitor {
            type Value = Score;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a score, such as `9.8`")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Score, E> {
                Ok(Score(text.to_owned()))
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Score, E> {
                Ok(Score(number.to_string()))
            }

            fn visit_f64<E: de::Error>(self, number: f64) -> Result<Score, E> {
                Ok(Score(number.to_string()))
            }
        }

        deserializer.deserialize_any(Visitor)
    }
}
