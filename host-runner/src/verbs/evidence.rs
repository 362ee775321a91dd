//! `countersign evidence`: raw files of tools become records that are bound to what they are about.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Common;
use crate::clock::{self, Clock};
use crate::engine::Engine;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::files;
use crate::inventory::Inventory;
use crate::inventory::git::entry_path;
use crate::refusal::Refusal;
use crate::table::Table;
use crate::text::{excerpt, guard};
use crate::wire::{Ingested, Named};

/// Characters of a file's ending that are kept.
const ENDING_MAX: usize = 8;

/// What to do with evidence.
#[derive(Debug, clap::Subcommand)]
pub enum Verb {
    /// Make a record of a tool's raw file, and put both into a folder of evidence.
    Import(Box<Import>),
    /// Show what each document of a folder says.
    List(List),
}

/// Arguments of `evidence import`.
#[derive(Debug, clap::Args)]
pub struct Import {
    /// The raw file, as the tool wrote it.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// The check, such as `unit-tests`.
    #[arg(long)]
    pub check: String,
    /// The tool. Default: what the file says, or its format.
    #[arg(long)]
    pub tool: Option<String>,
    /// How the check ended. Default: what the file says.
    #[arg(long, value_enum)]
    pub outcome: Option<Outcome>,
    /// What the check was about.
    #[command(flatten)]
    pub about: About,
    /// The run that made the file. Default: the entry's CI run, or GitHub's run.
    #[arg(long, value_name = "ID")]
    pub run: Option<String>,
    /// Which attempt of the run; a later one supersedes an earlier one.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub attempt: u32,
    /// When it was made, as RFC 3339 in UTC. Default: now.
    #[arg(long, value_name = "TIME")]
    pub date: Option<String>,
    /// The folder of evidence.
    #[arg(long, value_name = "DIR", env = "COUNTERSIGN_EVIDENCE")]
    pub into: PathBuf,
}

/// What a check was about: one of these.
#[derive(Debug, clap::Args)]
pub struct About {
    /// An entry of the inventory: its artifact.
    #[arg(long, value_name = "NAME", required_unless_present_any = ["commit", "image", "uri"], requires = "inventory")]
    pub entry: Option<String>,
    /// The inventory that has the entry.
    #[arg(long, value_name = "DIR", env = "COUNTERSIGN_INVENTORY")]
    pub inventory: Option<PathBuf>,
    /// The inventory branch that has the entry.
    #[arg(long, default_value = "dev")]
    pub branch: String,
    /// A source commit.
    #[arg(long, value_name = "SHA", conflicts_with = "entry")]
    pub commit: Option<String>,
    /// An image.
    #[arg(long, value_name = "DIGEST", conflicts_with = "entry")]
    pub image: Option<String>,
    /// Anything else.
    #[arg(long, value_name = "URI", conflicts_with = "entry")]
    pub uri: Option<String>,
}

/// How a check ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq, clap::ValueEnum)]
pub enum Outcome {
    /// It passed.
    Success,
    /// It did not.
    Failure,
    /// It has not ended.
    Pending,
}

impl Outcome {
    const fn word(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failure => "failure",
            Self::Pending => "pending",
        }
    }
}

/// Arguments of `evidence list`.
#[derive(Debug, clap::Args)]
pub struct List {
    /// The folder of evidence.
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
}

pub(super) fn run(verb: &Verb, common: &Common) -> Result<Exit, Refusal> {
    match verb {
        Verb::Import(args) => import(args, common),
        Verb::List(args) => list(args, common),
    }
}

/// What of an entry is needed to bind evidence to it.
#[derive(Deserialize)]
struct Entry {
    artifact: String,
    #[serde(default)]
    sha256: Option<String>,
    #[serde(default)]
    provenance: Option<String>,
    pipeline_run_id: String,
}

/// What evidence is bound to: the assets, their run if they have one, and the folder for them.
struct Bound {
    assets: Vec<Value>,
    run: Option<String>,
    folder: String,
}

#[derive(Serialize)]
struct Imported {
    check: String,
    tool: String,
    outcome: String,
    record: PathBuf,
    raw: PathBuf,
}

impl fmt::Display for Imported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { check, tool, outcome, record, .. } = self;
        let record = record.display().to_string();
        write!(f, "{}: `{}` by `{}`: {outcome}", guard(&record), guard(check), guard(tool))
    }
}

fn import(args: &Import, common: &Common) -> Result<Exit, Refusal> {
    let clock = Clock::from_environment()?;
    let mut engine = common.engine()?;
    let raw = files::read(&args.file, "report")?;
    let original = args.file.file_name().and_then(|name| name.to_str()).unwrap_or("report");
    let said = {
        let given = engine.give(original, &raw)?;
        engine.ingest(&given)?
    };
    let bound = bind(&args.about)?;
    let run = args.run.clone().or(bound.run).or_else(|| std::env::var("GITHUB_RUN_ID").ok());
    let run = run.filter(|run| !run.is_empty()).ok_or_else(|| {
        Failure::usage("nothing says which run made the file")
            .help("name it with `--run`: evidence counts only for the run that built what it is about")
    })?;
    let date = match &args.date {
        None => clock.now(),
        Some(date) if clock::parse(date).is_some() => date.clone(),
        Some(date) => {
            return Err(Failure::usage(format!("`{}` is not a time", excerpt(date, 80)))
                .help("write it as `2030-01-02T03:04:05Z`")
                .into());
        }
    };
    let outcome = outcome(&said, args.outcome, original)?;
    let tool = args.tool.clone().unwrap_or_else(|| tool(&said));
    let stem = format!("{}.{}", plain(&args.check), plain(&tool));
    let raw_name = format!("{stem}.report{}", ending(&args.file));
    // A file that cannot be read proves nothing; it is kept for people.
    let role = if said.problem.is_none() { "reports" } else { "attachments" };
    let record = json!({
        "check": args.check, "tool": tool, "outcome": outcome, "assets": bound.assets,
        "run": run, "attempt": args.attempt, "date": date,
        role: [{ "name": raw_name, "digest": said.document.digest }],
    });
    let folder = args.into.join(&bound.folder);
    let (record_path, raw_path) = (folder.join(format!("{stem}.json")), folder.join(&raw_name));
    let text = readable(&mut engine, &record, &record_path)?;
    files::write(&raw_path, &raw)?;
    files::write(&record_path, text.as_bytes())?;
    common.tell(&Imported { check: args.check.clone(), tool, outcome, record: record_path, raw: raw_path })?;
    Ok(Exit::Done)
}

/// The record's text, if the engine reads it as one.
fn readable(engine: &mut Engine, record: &Value, path: &Path) -> Result<String, Refusal> {
    let text = format!("{record:#}\n");
    let given = engine.give(path.display().to_string(), text.as_bytes())?;
    match engine.ingest(&given)?.problem {
        None => Ok(text),
        Some(problem) => {
            Err(Failure::usage(format!("this makes no record: {}", problem.message)).help(problem.help).into())
        }
    }
}

/// How the check ended: as the file says, unless the user knows better. Findings of a scan are weighed by the policy.
fn outcome(said: &Ingested, told: Option<Outcome>, name: &str) -> Result<String, Refusal> {
    let name = excerpt(name, 200);
    if !said.records.is_empty() {
        return Err(Failure::usage(format!("`{name}` is evidence already"))
            .help("put it into the folder of evidence as it is")
            .into());
    }
    match (&said.problem, told) {
        (Some(problem), None | Some(Outcome::Success)) => {
            let place = problem.place.as_ref().map(|place| format!(", {place}")).unwrap_or_default();
            Err(Failure::usage(format!("`{name}`{place} cannot be read: {}", problem.message))
                .help(format!("{}; or record that the check failed with `--outcome failure`", problem.help))
                .into())
        }
        (Some(_) | None, Some(told)) => Ok(told.word().to_owned()),
        (None, None) if said.tests.as_ref().is_some_and(|tests| tests.failed > 0) => Ok("failure".to_owned()),
        (None, None) => Ok("success".to_owned()),
    }
}

fn bind(about: &About) -> Result<Bound, Refusal> {
    let chosen = [&about.entry, &about.commit, &about.image, &about.uri].into_iter().flatten().count();
    if chosen != 1 {
        return Err(Failure::usage("the evidence is about several things")
            .help("give one of `--entry`, `--commit`, `--image` and `--uri`")
            .into());
    }
    let one = |asset: Value, folder: String| Ok(Bound { assets: vec![asset], run: None, folder });
    match (&about.entry, &about.commit, &about.image, &about.uri) {
        (Some(name), _, _, _) => bind_entry(about, name),
        (_, Some(commit), _, _) => {
            one(json!({ "kind": "commit", "sha": commit }), format!("commit-{}", plain(first(commit))))
        }
        (_, _, Some(image), _) => {
            let hex = image.strip_prefix("sha256:").unwrap_or(image);
            one(json!({ "kind": "image", "digest": image }), format!("image-{}", plain(first(hex))))
        }
        (_, _, _, Some(uri)) => {
            let digest = crate::module::digest(uri.as_bytes());
            one(json!({ "kind": "generic", "uri": uri }), format!("uri-{}", &digest["sha256:".len()..][..12]))
        }
        (None, None, None, None) => Err(Failure::usage("the evidence is about nothing").into()),
    }
}

/// Evidence for an entry is bound to its artifact alone: other entries may come from the same commit and run.
fn bind_entry(about: &About, name: &str) -> Result<Bound, Refusal> {
    let name = entry_path(name)?;
    let missing = || Failure::usage(format!("the inventory has no entry `{name}`")).help("list its files");
    let bytes = match Inventory::open(about.inventory.as_deref().unwrap_or(Path::new(".")))? {
        Inventory::Git(repository) => repository.file(&repository.branch(&about.branch)?, name)?.ok_or_else(missing)?,
        Inventory::Folder(folder) => files::read(&folder.join(name), "inventory entry")?,
    };
    let entry: Entry = serde_json::from_slice(&bytes).map_err(|error| {
        Failure::usage(format!("the inventory entry `{name}` cannot be read: {error}"))
            .help("write entries with `countersign inventory add`")
    })?;
    let digest = entry.sha256.or_else(|| entry.artifact.rsplit_once('@').map(|(_, digest)| digest.to_owned()));
    let asset = match digest {
        Some(digest) => json!({ "kind": "image", "digest": digest }),
        None => json!({ "kind": "generic", "uri": entry.provenance.unwrap_or(entry.artifact) }),
    };
    Ok(Bound { assets: vec![asset], run: Some(entry.pipeline_run_id), folder: name.to_owned() })
}

/// The tool that a file names, or the file's format.
fn tool(said: &Ingested) -> String {
    let scanner = said.scan.as_ref().map(|scan| scan.tool.clone()).filter(|tool| !tool.is_empty());
    let format = || said.format.as_deref().unwrap_or("unknown").split(' ').next().unwrap_or_default().to_lowercase();
    scanner.unwrap_or_else(format)
}

/// As much of a digest as tells it from others, for people.
fn first(hex: &str) -> &str {
    hex.get(..12).unwrap_or(hex)
}

/// `text` as a part of a file's name.
fn plain(text: &str) -> String {
    let part: String = text
        .chars()
        .map(|character| if character.is_ascii_alphanumeric() || character == '_' { character } else { '-' })
        .take(60)
        .collect();
    if part.is_empty() { "-".to_owned() } else { part }
}

/// The ending of a file's name with its dot, if it is an ordinary one.
fn ending(path: &Path) -> String {
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    let ordinary = (1..=ENDING_MAX).contains(&ending.len()) && ending.chars().all(|c| c.is_ascii_alphanumeric());
    if ordinary { format!(".{ending}") } else { String::new() }
}

#[derive(Serialize)]
struct Listed {
    documents: Vec<Ingested>,
}

impl fmt::Display for Listed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.documents.is_empty() {
            return f.write_str("there is no evidence");
        }
        let mut table = Table::new(["DOCUMENT", "FORMAT", "SAYS"]);
        for document in &self.documents {
            let Ingested { document: Named { name, .. }, format, records, .. } = document;
            let format = format.as_deref().unwrap_or("");
            match (&document.problem, records.is_empty()) {
                (Some(problem), _) => {
                    let place = problem.place.as_ref().map(|place| format!("{place}: ")).unwrap_or_default();
                    table.row([name, "unreadable", &format!("{place}{}", problem.message)]);
                    table.under(&format!("help: {}", problem.help));
                }
                (None, true) => table.row([name, format, &raw(document)]),
                (None, false) => {
                    for record in records {
                        let run = record.run.as_deref().unwrap_or("no run");
                        let (check, tool, outcome) = (&record.check, &record.tool, &record.outcome);
                        table.row([name, format, &format!("{check} by {tool}: {outcome}, {run}, {}", record.date)]);
                    }
                }
            }
        }
        table.fmt(f)
    }
}

/// What a raw file says.
fn raw(document: &Ingested) -> String {
    if let Some(tests) = &document.tests {
        return format!("{} passed, {} failed, {} skipped", tests.passed, tests.failed, tests.skipped);
    }
    if let Some(scan) = &document.scan {
        let found: Vec<String> = scan.findings.iter().map(|(severity, count)| format!("{count} {severity}")).collect();
        let found = if found.is_empty() { "nothing found".to_owned() } else { found.join(", ") };
        return format!("{found}, {} exempt, by {}", scan.exempt, scan.tool);
    }
    document.bom.as_ref().map(|bom| format!("{} components", bom.components)).unwrap_or_default()
}

fn list(args: &List, common: &Common) -> Result<Exit, Refusal> {
    let mut engine = common.engine()?;
    let mut documents = Vec::new();
    for (name, path) in files::below(&args.folder, "evidence folder")?.files {
        let given = engine.give(name, &files::read(&path, "evidence file")?)?;
        documents.push(engine.ingest(&given)?);
    }
    common.tell(&Listed { documents })?;
    Ok(Exit::Done)
}
