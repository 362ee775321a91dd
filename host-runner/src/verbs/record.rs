//! `countersign record`: what tools wrote becomes evidence that is bound to what it is about (EV1).

use std::path::{Component, Path, PathBuf};

use serde_json::{Value, json};

use super::Common;
use crate::clock::Clock;
use crate::exchanges::Host;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::inventory::git::Repository;
use crate::refusal::Refusal;
use crate::settings;

/// Characters that make a path a glob.
const GLOB: [char; 5] = ['*', '?', '[', '{', '\\'];

/// Arguments of `record`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The reports, as the tools wrote them; globs in quotes are read here. Without any, and without an outcome: what the
    /// policy collects.
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// The check, such as `unit-tests`. Needed where neither the policy nor the tool says it.
    #[arg(long)]
    pub check: Option<String>,
    /// The tool. Default: what the report says, or its format.
    #[arg(long)]
    pub tool: Option<String>,
    /// How the check ended. Default: what the report says.
    #[arg(long, value_enum)]
    pub outcome: Option<Outcome>,
    /// Output to keep beside the record, without the secrets in it.
    #[arg(long, value_name = "FILE")]
    pub log: Option<PathBuf>,
    /// What the check was about.
    #[command(flatten)]
    pub about: About,
    /// The run that made the reports. Default: the entry's CI run, or GitHub's run.
    #[arg(long, value_name = "ID")]
    pub run: Option<String>,
    /// Which attempt of the run; a later one supersedes an earlier one.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub attempt: u32,
    /// When it was made, as RFC 3339 in UTC. Default: now.
    #[arg(long, value_name = "TIME")]
    pub date: Option<String>,
    /// The policy, for what it collects. Default: `.countersign.yaml` here.
    #[arg(long, value_name = "FILE", env = "COUNTERSIGN_POLICY")]
    pub policy: Option<PathBuf>,
    /// The folder of evidence.
    #[arg(long, value_name = "DIR", env = "COUNTERSIGN_EVIDENCE")]
    pub into: PathBuf,
    /// A variable whose value is a secret: it is taken out of the log. Can be given several times.
    #[arg(long = "secret-env", value_name = "NAME")]
    pub secret_env: Vec<String>,
}

/// What a check was about: one of these. Default: the commit that GitHub says.
#[derive(Debug, clap::Args)]
pub struct About {
    /// An entry of the inventory: its artifact.
    #[arg(long, value_name = "NAME", requires = "inventory")]
    pub entry: Option<String>,
    /// The inventory that has the entry.
    #[arg(long, value_name = "DIR", env = "COUNTERSIGN_INVENTORY")]
    pub inventory: Option<PathBuf>,
    /// The inventory branch that has the entry.
    #[arg(long, default_value = "dev")]
    pub branch: String,
    /// A source commit.
    #[arg(long, value_name = "SHA")]
    pub commit: Option<String>,
    /// An image.
    #[arg(long, value_name = "DIGEST")]
    pub image: Option<String>,
    /// Anything else.
    #[arg(long, value_name = "URI")]
    pub uri: Option<String>,
}

/// How a check ended. Only `success` is success.
#[derive(Clone, Copy, Debug, Eq, PartialEq, clap::ValueEnum, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
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

/// Records what the tools wrote.
pub(super) fn run(args: &Args, common: &Common) -> Result<Exit, Refusal> {
    let clock = Clock::from_environment()?;
    let mut host = Host::new(&clock, settings::secrets(&args.secret_env, []))?;
    host.places.insert("reports".to_owned(), PathBuf::from("."));
    host.places.insert("evidence".to_owned(), args.into.clone());
    let reports: Vec<Value> = args
        .files
        .iter()
        .enumerate()
        .map(|(number, file)| reports(&mut host, number, file))
        .collect::<Result<_, _>>()?;
    let command = json!({
        "command": "record",
        "reports": reports,
        "check": args.check,
        "tool": args.tool,
        "outcome": args.outcome,
        "log": settings::located(&mut host, "log/record", args.log.as_deref())?,
        "about": args.about.told(&mut host)?,
        "run": args.run,
        "this_run": variable("GITHUB_RUN_ID"),
        "attempt": args.attempt,
        "date": args.date,
        "policy": settings::located(&mut host, "policy", args.policy.as_deref())?,
    });
    common.drive(&mut host, &clock, &command, None)
}

/// A path or a glob as the engine is told of it: the folders before the first `*` and its like become a place.
fn reports(host: &mut Host<'_>, number: usize, path: &Path) -> Result<Value, Failure> {
    let parts: Vec<Component<'_>> = path.components().collect();
    let is_glob = |part: &Component<'_>| part.as_os_str().to_str().is_none_or(|text| text.contains(GLOB));
    let literal = parts.iter().position(is_glob).unwrap_or(parts.len()).min(parts.len().saturating_sub(1));
    let (folder, files) = parts.split_at(literal);
    let files = files.iter().collect::<PathBuf>();
    let files = files.to_str().filter(|files| !files.is_empty()).ok_or_else(|| {
        Failure::usage(format!("`{}` is not the name of a file", path.display())).help("give the path of a report")
    })?;
    let folder = if folder.is_empty() { PathBuf::from(".") } else { folder.iter().collect() };
    let place = format!("reports/{}", number + 1);
    host.places.insert(place.clone(), folder);
    Ok(json!({ "place": place, "files": files }))
}

impl About {
    /// What the engine is told of it.
    fn told(&self, host: &mut Host<'_>) -> Result<Value, Failure> {
        match (&self.entry, &self.commit, &self.image, &self.uri) {
            (Some(name), None, None, None) => {
                let folder = self.inventory.as_deref().unwrap_or(Path::new("."));
                host.inventory = Repository::at(folder);
                host.places.insert("inventory".to_owned(), folder.to_owned());
                let kind = if host.inventory.is_some() { "git" } else { "folder" };
                Ok(json!({ "kind": "entry", "name": name, "inventory": kind, "branch": self.branch }))
            }
            (None, Some(sha), None, None) => Ok(json!({ "kind": "commit", "sha": sha })),
            (None, None, Some(digest), None) => Ok(json!({ "kind": "image", "digest": digest })),
            (None, None, None, Some(uri)) => Ok(json!({ "kind": "uri", "uri": uri })),
            (None, None, None, None) => match variable("GITHUB_SHA") {
                Some(sha) => Ok(json!({ "kind": "commit", "sha": sha })),
                None => Err(Failure::usage("nothing says what the evidence is about")
                    .help("give one of `--entry`, `--commit`, `--image` and `--uri`")),
            },
            _ => Err(Failure::usage("the evidence is about several things")
                .help("give one of `--entry`, `--commit`, `--image` and `--uri`")),
        }
    }
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
