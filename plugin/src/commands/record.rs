//! `record`: what tools wrote becomes evidence, bound to what it is about (EV1).
//!
//! A failing check never stops CI: it is recorded, and judged later. Everything is read and judged before the first file
//! is written; a second report of a check is added to the first, and never written over it (EV3).

mod about;
mod collect;
mod shelf;

use serde::Deserialize;

use super::reading::{self, unavailable};
use super::{At, Located};
use crate::documents::Held;
use crate::evidence::{Check, Outcome as CheckOutcome, Report};
use crate::failure::{Code, Failure, Fault};
use crate::formats::record::{Draft, DraftFile};
use crate::plan::outcome::{Outcome, Stop};
use crate::problem::Problem;
use crate::report::{Ended, Found, Recorded, Table};
use crate::scalar::{Digest, Name, Timestamp, shorten};
use about::About;
use collect::Raw;
use shelf::Shelf;

/// Where records and the copies of their reports are put.
const EVIDENCE: &str = "evidence";
/// The tool of an outcome that no report shows.
const PIPELINE: &str = "pipeline";
/// Characters of a file's ending that are kept.
const ENDING_MAX: usize = 8;

/// What is recorded, and what it is about.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Recording {
    /// The reports. None, and no outcome: what the policy collects (`evidence.collect`).
    #[serde(default)]
    pub reports: Vec<Reports>,
    /// The check, where the reports do not say it themselves.
    #[serde(default)]
    pub check: Option<Check>,
    /// The tool. Absent: what the report says, or its format.
    #[serde(default)]
    pub tool: Option<Name>,
    /// How the check ended. Absent: what the report says.
    #[serde(default)]
    pub outcome: Option<Stated>,
    /// Output to keep beside the record, for people.
    #[serde(default)]
    pub log: Option<Located>,
    /// What the check was about.
    pub about: About,
    /// The run that made the reports. Absent: the run that built the entry, else `this_run`.
    #[serde(default)]
    pub run: Option<Name>,
    /// The run that asks.
    #[serde(default)]
    pub this_run: Option<Name>,
    /// Which attempt of the run; a later one supersedes an earlier one (EV3). Counted from 1.
    #[serde(default = "super::first")]
    pub attempt: u32,
    /// When it was made. Absent: now.
    #[serde(default)]
    pub date: Option<Timestamp>,
    /// The policy, for what it collects. Default: `.countersign.yaml` in the place `reports`.
    #[serde(default)]
    pub policy: Option<Located>,
}

/// Reports of one place.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Reports {
    /// The place.
    pub place: String,
    /// A path below it, or a glob over such paths.
    pub files: String,
    /// The check that they are about.
    #[serde(default)]
    pub check: Option<Check>,
}

/// How a check ended, in the words of CI systems. Only `success` is success.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Stated {
    /// It passed.
    Success,
    /// It did not.
    Failure,
    /// It has not ended.
    Pending,
    /// It was cancelled: recorded as a failure.
    Cancelled,
    /// It was skipped: recorded as a failure.
    Skipped,
}

impl Stated {
    fn outcome(self) -> CheckOutcome {
        match self {
            Self::Success => CheckOutcome::Success,
            Self::Failure | Self::Cancelled | Self::Skipped => CheckOutcome::Failure,
            Self::Pending => CheckOutcome::Pending,
        }
    }
}

/// What one record will say, and the files that lie beside it.
struct Judged {
    check: Check,
    tool: String,
    outcome: CheckOutcome,
    report: Option<Kept>,
    log: Option<Kept>,
}

/// A file that is kept beside a record.
struct Kept {
    digest: Digest,
    /// The ending of its name, with the dot.
    ending: String,
    /// Whether the outcome rests on it. What cannot be read proves nothing; it is kept for people.
    proves: bool,
}

/// Records what the tools wrote.
pub(super) async fn run(at: &At, recording: &Recording) -> Result<Ended, Failure> {
    let raw = collect::reports(at, recording).await?;
    let log = log(at, recording).await?;
    let judged = judged(at, recording, &raw, log)?;
    let bound = about::bind(at, &recording.about).await?;
    let run = recording.run.as_ref().map(Name::to_string).or_else(|| bound.run.clone());
    let run = run.or_else(|| recording.this_run.as_ref().map(Name::to_string)).ok_or_else(|| {
        let help = "name it with `--run`: evidence counts only for the run that built what it is about";
        Failure::one(Code::BadRequest, "nothing says which run made the evidence", help)
    })?;
    let mut shelf = Shelf::new(at, &bound.folder);
    for judged in judged {
        let Judged { check, tool, outcome, report, log } = judged;
        let draft = |stem: &str| {
            let files = |proves: bool| {
                let report = report.iter().filter(|kept| kept.proves == proves).map(|kept| kept.file(stem, "report"));
                let log = log.iter().filter(|kept| kept.proves == proves).map(|kept| kept.file(stem, "log"));
                report.chain(log).collect()
            };
            Draft {
                assets: vec![bound.asset.clone()],
                attachments: files(false),
                attempt: recording.attempt,
                check: check.clone(),
                date: recording.date.unwrap_or(at.io.now()),
                outcome,
                reports: files(true),
                run: run.clone(),
                tool: tool.clone(),
            }
        };
        shelf.add(&format!("{}.{}", plain(check.as_str()), plain(&tool)), draft).await?;
    }
    Ok(ended(shelf.write().await?))
}

fn ended(records: Vec<Recorded>) -> Ended {
    let message = match records.as_slice() {
        [one] => format!(
            "`{}` by `{}`: {}, in {}",
            shorten(one.check.as_str()),
            shorten(&one.tool),
            one.outcome,
            shorten(&one.record)
        ),
        all => format!("{} reports are recorded as evidence", all.len()),
    };
    let mut table = Table::new(&["RECORD", "CHECK", "TOOL", "OUTCOME"]);
    for Recorded { record, check, tool, outcome, .. } in records.iter().filter(|_| records.len() > 1) {
        table.row([record.clone(), check.to_string(), tool.clone(), outcome.to_string()]);
    }
    Ended::found(Stop::new(Outcome::Done, message), Found::Recorded { records }, Some(table))
}

/// The output that is kept beside the record.
async fn log(at: &At, recording: &Recording) -> Result<Option<Kept>, Failure> {
    let Some(located) = &recording.log else { return Ok(None) };
    let named = reading::file(at, located, "log").await?;
    Ok(Some(Kept { digest: named.digest, ending: ending(&named.name), proves: false }))
}

/// What each report says, or everything that is wrong with them.
fn judged(at: &At, recording: &Recording, raw: &[Raw], log: Option<Kept>) -> Result<Vec<Judged>, Failure> {
    let mut judged = Vec::new();
    let mut errors: Vec<Fault> = Vec::new();
    for raw in raw {
        match judge(at, recording, raw) {
            Ok(one) => judged.push(one),
            Err(failure) => errors.extend(failure.errors),
        }
    }
    if raw.is_empty() {
        judged.push(stated(recording)?);
    }
    match (judged.as_mut_slice(), log) {
        ([one], log @ Some(_)) => one.log = log,
        (_, Some(_)) => {
            let help = "record the reports apart, each with its own log";
            return Err(Failure::one(Code::BadRequest, "one log cannot be of several reports", help));
        }
        (_, None) => {}
    }
    if errors.is_empty() { Ok(judged) } else { Err(Failure { exit_code: 2, errors }) }
}

/// An outcome without a report: the caller's word alone.
fn stated(recording: &Recording) -> Result<Judged, Failure> {
    let (Some(check), Some(outcome)) = (recording.check.clone(), recording.outcome) else {
        let help = "name the check as well, such as `unit-tests`, or give its report";
        return Err(Failure::one(Code::BadRequest, "an outcome alone does not say which check ended so", help));
    };
    let tool = recording.tool.as_ref().map_or_else(|| PIPELINE.to_owned(), Name::to_string);
    Ok(Judged { check, tool, outcome: outcome.outcome(), report: None, log: None })
}

/// How the check ended: as the report says, unless the caller knows better. Findings are weighed by the policy.
fn judge(at: &At, recording: &Recording, raw: &Raw) -> Result<Judged, Failure> {
    let refuse = |problem: Problem| Failure::all(Code::Evidence, Some(&raw.path), vec![problem]);
    let (format, held) = {
        let mut documents = at.documents.borrow_mut();
        let (format, held) = documents.ingest(&raw.path, &raw.digest)?;
        (format.to_owned(), held)
    };
    let report: Result<&Report, &Problem> = match &held {
        Held::Evidence(_) => {
            let help = "put it into the folder of evidence as it is";
            return Err(refuse(Problem::new("this is evidence already", help)));
        }
        Held::Report(report) | Held::Bom(_, report) => report.as_ref().as_ref(),
        Held::Malformed(problem) => Err(problem),
    };
    let told = recording.outcome.map(Stated::outcome);
    let outcome = match (report, told) {
        (Err(problem), None | Some(CheckOutcome::Success)) => {
            let help = format!("{}; or record that the check failed: state the outcome `failure`", problem.help);
            let message = format!("the report cannot be read: {}", problem.message);
            return Err(refuse(Problem { place: problem.place.clone(), message, help }));
        }
        (Ok(_) | Err(_), Some(told)) => told,
        (Ok(Report::Tests(tests)), None) if tests.failed > 0 => CheckOutcome::Failure,
        (Ok(_), None) => CheckOutcome::Success,
    };
    let check = raw.check.as_ref().or(recording.check.as_ref());
    let check = match (check.cloned().or_else(|| report.ok().and_then(Report::certain_check)), report) {
        (Some(check), Ok(report)) if !report.can_answer(&check) => {
            let message = format!("`{}` is not answered by {}", shorten(check.as_str()), report.kind());
            return Err(refuse(Problem::new(message, "name the check that this report is about (EV9)")));
        }
        (Some(check), _) => check,
        (None, report) => {
            let what = report.map_or_else(|_| "a report that cannot be read".to_owned(), described);
            let message = format!("nothing says which check this is about: it is {what}");
            let help = "name the check with `--check`, or with `check` beside `files` in the policy";
            return Err(refuse(Problem::new(message, help)));
        }
    };
    let tool = match (&recording.tool, report) {
        (Some(tool), _) => tool.to_string(),
        (None, Ok(Report::Scan(scan))) if !scan.tool.is_empty() => scan.tool.clone(),
        (None, _) if format.is_empty() => "unknown".to_owned(),
        (None, _) => format.split(' ').next().unwrap_or_default().to_lowercase(),
    };
    let kept = Kept { digest: raw.digest, ending: ending(&raw.path), proves: report.is_ok() };
    Ok(Judged { check, tool, outcome, report: Some(kept), log: None })
}

/// A report in a few words.
fn described(report: &Report) -> String {
    match report {
        Report::Scan(scan) => format!("{} `{}`", report.kind(), shorten(&scan.tool)),
        Report::Tests(_) | Report::Bom(_) => report.kind().to_owned(),
    }
}

impl Kept {
    fn file(&self, stem: &str, role: &str) -> DraftFile {
        DraftFile { digest: self.digest, name: format!("{stem}.{role}{}", self.ending) }
    }
}

/// `text` as a part of a file's name.
fn plain(text: &str) -> String {
    let sound = |character: char| character.is_ascii_alphanumeric() || character == '_';
    let part: String = text.chars().map(|character| if sound(character) { character } else { '-' }).take(60).collect();
    if part.is_empty() { "-".to_owned() } else { part }
}

/// The ending of a file's name with its dot, if it is an ordinary one.
fn ending(path: &str) -> String {
    let name = path.rsplit('/').next().unwrap_or(path);
    match name.rsplit_once('.') {
        Some((stem, ending))
            if !stem.is_empty()
                && (1..=ENDING_MAX).contains(&ending.len())
                && ending.chars().all(|character| character.is_ascii_alphanumeric()) =>
        {
            format!(".{ending}")
        }
        Some(_) | None => String::new(),
    }
}
