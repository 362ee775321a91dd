//! `countersign inventory`: entries are added by CI, compared, and promoted from one environment to the next.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::{Value, json};

use super::change::Ended;
use super::{Common, reconcile};
use crate::clock::Clock;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::files;
use crate::inventory::Inventory;
use crate::inventory::git::{Author, Commit, Edit, Repository, entry_path};
use crate::refusal::Refusal;
use crate::settings::InventoryAt;
use crate::table::Table;
use crate::text::guard;

/// What to do with an inventory.
#[derive(Debug, clap::Subcommand)]
pub enum Verb {
    /// Write an entry: one deployable artifact.
    Add(Box<Add>),
    /// Show how two environments, or two commits, differ.
    Delta(Delta),
    /// Carry entries from one environment to the next.
    Promote(Promote),
    /// Show which entries are not the same in several environments.
    Reconcile(reconcile::Args),
}

/// Arguments of `inventory add`.
#[derive(Debug, clap::Args)]
pub struct Add {
    /// Where the inventory is.
    #[command(flatten)]
    pub inventory: InventoryAt,
    /// Commit to this branch; without it, the file is written into the folder.
    #[arg(long)]
    pub branch: Option<String>,
    /// The entry's name: its path in the inventory.
    #[arg(long)]
    pub name: String,
    /// What is deployed: an image as `<name>[:<tag>]@sha256:<digest>`.
    #[arg(long)]
    pub artifact: String,
    /// `image`, `deployment`, `helm-chart`, `terraform`, or anything else.
    #[arg(long = "type", default_value = "image")]
    pub kind: String,
    /// The version.
    #[arg(long = "entry-version", value_name = "VERSION")]
    pub version: String,
    /// The artifact's digest, where the artifact does not say it.
    #[arg(long, value_name = "DIGEST")]
    pub sha256: Option<String>,
    /// The full URL of the artifact. Default: the artifact.
    #[arg(long, value_name = "URL")]
    pub provenance: Option<String>,
    /// The artifact's signature.
    #[arg(long)]
    pub signature: Option<String>,
    /// Where the source is.
    #[arg(long, value_name = "URL")]
    pub repository_url: String,
    /// The source commit.
    #[arg(long, value_name = "SHA")]
    pub commit_sha: String,
    /// The CI build.
    #[arg(long, value_name = "N")]
    pub build_number: u64,
    /// The CI run whose evidence counts for this entry.
    #[arg(long = "pipeline-run-id", value_name = "ID")]
    pub run: String,
    /// How the CI run ended.
    #[arg(long, value_enum, default_value_t = Ended::Success)]
    pub ci_outcome: Ended,
    /// Add no entry for a CI run that failed. Without a value, or with any but `0` and nothing: on (IN4).
    #[arg(
        long,
        value_name = "VALUE",
        num_args = 0..=1,
        default_missing_value = "1",
        env = "COUNTERSIGN_SKIP_INVENTORY_UPDATE_ON_FAILURE"
    )]
    pub skip_inventory_update_on_failure: Option<String>,
}

impl Add {
    /// Whether nothing is added, because the CI run failed and nobody wants its entry (IN4).
    fn is_skipped(&self) -> bool {
        let set = self.skip_inventory_update_on_failure.as_deref().is_some_and(|value| !matches!(value, "" | "0"));
        self.ci_outcome == Ended::Failure && set
    }
}

/// Arguments of `inventory delta`.
#[derive(Debug, clap::Args)]
pub struct Delta {
    /// Where the inventory is; not needed to compare two folders.
    #[arg(long, value_name = "DIR", env = "COUNTERSIGN_INVENTORY")]
    pub inventory: Option<PathBuf>,
    /// A branch, a tag or a commit; or a folder.
    #[arg(long, value_name = "BRANCH")]
    pub from: String,
    /// A branch, a tag or a commit; or a folder.
    #[arg(long, value_name = "BRANCH")]
    pub to: String,
}

/// Arguments of `inventory promote`.
#[derive(Debug, clap::Args)]
pub struct Promote {
    /// Where the inventory is; not needed to copy from one folder to another.
    #[arg(long, value_name = "DIR", env = "COUNTERSIGN_INVENTORY")]
    pub inventory: Option<PathBuf>,
    /// The branch, or folder, that has the entries.
    #[arg(long, value_name = "BRANCH")]
    pub from: String,
    /// The branch, or folder, that gets them.
    #[arg(long, value_name = "BRANCH")]
    pub to: String,
    /// An entry to promote. Can be given several times; without it, all that differ are.
    #[arg(long = "entry", value_name = "NAME")]
    pub entries: Vec<String>,
    /// Take away entries that are no longer there. Without it they stay.
    #[arg(long, conflicts_with = "entries")]
    pub prune: bool,
    /// The commit's message.
    #[arg(long, value_name = "TEXT")]
    pub message: Option<String>,
}

pub(super) fn run(verb: &Verb, common: &Common) -> Result<Exit, Refusal> {
    match verb {
        Verb::Add(args) => add(args, common),
        Verb::Delta(args) => delta(args, common),
        Verb::Promote(args) => promote(args, common),
        Verb::Reconcile(args) => reconcile::run(args, common),
    }
}

#[derive(Serialize)]
struct Added {
    entry: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    commit: Option<String>,
}

impl fmt::Display for Added {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "added {}", guard(&self.entry))?;
        match &self.commit {
            Some(commit) => write!(f, ": commit {commit}"),
            None => Ok(()),
        }
    }
}

#[derive(Serialize)]
struct Skipped {
    entry: String,
    skipped: &'static str,
}

impl fmt::Display for Skipped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is not added: {}", guard(&self.entry), self.skipped)
    }
}

fn add(args: &Add, common: &Common) -> Result<Exit, Refusal> {
    let name = entry_path(&args.name)?.to_owned();
    if args.is_skipped() {
        common.tell(&Skipped {
            entry: name,
            skipped: "its CI run failed, and `skip-inventory-update-on-failure` is set",
        })?;
        return Ok(Exit::Done);
    }
    let mut entry = json!({
        "name": name, "artifact": args.artifact, "type": args.kind, "version": args.version,
        "provenance": args.provenance.as_ref().unwrap_or(&args.artifact), "repository_url": args.repository_url,
        "commit_sha": Commit::parse(&args.commit_sha)?.as_str(), "build_number": args.build_number,
        "pipeline_run_id": args.run,
    });
    let pinned = args.artifact.rsplit_once('@').map(|(_, digest)| digest.to_owned());
    for (key, value) in [("sha256", args.sha256.clone().or(pinned)), ("signature", args.signature.clone())] {
        if let Some(value) = value {
            entry[key] = value.into();
        }
    }
    let text = format!("{entry:#}\n");
    let commit = match (&args.branch, Inventory::open(&args.inventory.folder)?) {
        (Some(branch), Inventory::Git(repository)) => {
            let edits = [Edit::Write(name.clone(), text.into_bytes())];
            Some(repository.commit(branch, &edits, &format!("Add {name} {}\n", args.version), &author()?)?.to_string())
        }
        (Some(_), Inventory::Folder(_)) => {
            return Err(Failure::usage("a plain folder has no branches").help("leave `--branch` out").into());
        }
        (None, _) if !args.inventory.folder.join("HEAD").is_file() => {
            files::write(&args.inventory.folder.join(&name), text.as_bytes())?;
            None
        }
        (None, _) => {
            return Err(Failure::usage("the inventory has no work tree").help("name a branch with `--branch`").into());
        }
    };
    common.tell(&Added { entry: name, commit })?;
    Ok(Exit::Done)
}

/// How one entry differs.
#[derive(Serialize)]
struct Difference {
    change: &'static str,
    entry: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<String>,
}

#[derive(Serialize)]
struct Differences {
    differences: Vec<Difference>,
}

impl fmt::Display for Differences {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.differences.is_empty() {
            return f.write_str("nothing differs");
        }
        let mut table = Table::new(["", "ENTRY", "FROM", "TO"]);
        for Difference { change, entry, from, to } in &self.differences {
            table.row([*change, entry.as_str(), from.as_deref().unwrap_or(""), to.as_deref().unwrap_or("")]);
        }
        table.fmt(f)
    }
}

/// One side of a comparison: its files, each with what tells it from others.
enum Side {
    Git(Repository, BTreeMap<String, String>),
    Folder(PathBuf, BTreeMap<String, String>),
}

impl Side {
    fn at(inventory: Option<&Path>, name: &str) -> Result<Self, Refusal> {
        match inventory.map(Inventory::open).transpose()? {
            Some(Inventory::Git(repository)) => {
                let commit = revision(&repository, name)?;
                let files = repository.files(&commit)?;
                Ok(Self::Git(repository, files))
            }
            Some(Inventory::Folder(_)) | None => {
                let folder = PathBuf::from(name);
                let mut found = BTreeMap::new();
                for (name, path) in files::below(&folder, "inventory")?.files {
                    found.insert(name, crate::module::digest(&files::read(&path, "inventory entry")?));
                }
                Ok(Self::Folder(folder, found))
            }
        }
    }

    const fn files(&self) -> &BTreeMap<String, String> {
        match self {
            Self::Git(_, files) | Self::Folder(_, files) => files,
        }
    }

    fn bytes(&self, name: &str) -> Result<Option<Vec<u8>>, Refusal> {
        let Some(id) = self.files().get(name) else { return Ok(None) };
        Ok(Some(match self {
            Self::Git(repository, _) => repository.blob(id, name)?,
            Self::Folder(folder, _) => files::read(&folder.join(name), "inventory entry")?,
        }))
    }

    /// The version of an entry, if the file is one.
    fn version(&self, name: &str) -> Result<Option<String>, Refusal> {
        let Some(bytes) = self.bytes(name)? else { return Ok(None) };
        let version = serde_json::from_slice::<Value>(&bytes)
            .ok()
            .and_then(|entry| entry.get("version").and_then(Value::as_str).map(str::to_owned));
        Ok(Some(version.unwrap_or_else(|| "no version".to_owned())))
    }
}

/// A commit by its id, or the tip of a branch, or a tag.
fn revision(repository: &Repository, name: &str) -> Result<Commit, Failure> {
    if let Ok(commit) = Commit::parse(name) {
        return Ok(commit);
    }
    match repository.find_branch(name)? {
        Some(commit) => Ok(commit),
        None => match repository.tag(name)? {
            Some(tag) => Ok(tag.commit),
            None => repository.branch(name),
        },
    }
}

fn compare(from: &Side, to: &Side) -> Result<Vec<Difference>, Refusal> {
    let names: BTreeSet<&String> = from.files().keys().chain(to.files().keys()).collect();
    let mut differences = Vec::new();
    for name in names {
        let change = match (from.files().get(name), to.files().get(name)) {
            (Some(old), Some(new)) if old == new => continue,
            (Some(_), Some(_)) => "changed",
            (None, _) => "added",
            (Some(_), None) => "removed",
        };
        let (from, to) = (from.version(name)?, to.version(name)?);
        differences.push(Difference { change, entry: name.clone(), from, to });
    }
    Ok(differences)
}

fn delta(args: &Delta, common: &Common) -> Result<Exit, Refusal> {
    let inventory = args.inventory.as_deref();
    let differences = compare(&Side::at(inventory, &args.from)?, &Side::at(inventory, &args.to)?)?;
    common.tell(&Differences { differences })?;
    Ok(Exit::Done)
}

#[derive(Serialize)]
struct Promoted {
    from: String,
    to: String,
    promoted: Vec<Difference>,
    #[serde(skip_serializing_if = "Option::is_none")]
    commit: Option<String>,
}

impl fmt::Display for Promoted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { from, to, promoted, commit } = self;
        let (from, to) = (guard(from), guard(to));
        if promoted.is_empty() {
            return write!(f, "nothing to promote from {from} to {to}");
        }
        for Difference { change, entry, from, to } in promoted {
            let versions = [from.as_deref(), to.as_deref()].into_iter().flatten().map(guard).collect::<Vec<_>>();
            writeln!(f, "{change} {} ({})", guard(entry), versions.join(" -> "))?;
        }
        match commit {
            Some(commit) => write!(f, "promoted from {from} to {to}: commit {commit}"),
            None => write!(f, "promoted from {from} to {to}"),
        }
    }
}

fn promote(args: &Promote, common: &Common) -> Result<Exit, Refusal> {
    let inventory = args.inventory.as_deref();
    let from = Side::at(inventory, &args.from)?;
    for name in &args.entries {
        if !from.files().contains_key(name) {
            return Err(Failure::usage(format!("`{}` has no entry `{}`", guard(&args.from), guard(name))).into());
        }
    }
    let to = match (&from, inventory) {
        (Side::Git(repository, _), Some(path)) if repository.find_branch(&args.to)?.is_none() => {
            Side::Git(Repository::at(path).ok_or_else(|| Failure::usage("the inventory is gone"))?, BTreeMap::new())
        }
        (Side::Folder(..), _) if !Path::new(&args.to).exists() => {
            Side::Folder(PathBuf::from(&args.to), BTreeMap::new())
        }
        _ => Side::at(inventory, &args.to)?,
    };
    let wanted = |difference: &Difference| {
        (args.entries.is_empty() || args.entries.contains(&difference.entry))
            && (args.prune || difference.change != "removed")
    };
    // What is new in `from` is added to `to`.
    let promoted: Vec<Difference> = compare(&to, &from)?.into_iter().filter(wanted).collect();
    let mut commit = None;
    if !promoted.is_empty() {
        commit = match &to {
            Side::Git(repository, _) => Some(commit_to(repository, &from, args, &promoted)?),
            Side::Folder(folder, _) => {
                copy(folder, &from, &promoted)?;
                None
            }
        };
    }
    common.tell(&Promoted { from: args.from.clone(), to: args.to.clone(), promoted, commit })?;
    Ok(Exit::Done)
}

fn commit_to(repository: &Repository, from: &Side, args: &Promote, promoted: &[Difference]) -> Result<String, Refusal> {
    let edit = |difference: &Difference| match from.files().get(&difference.entry) {
        Some(object) => Edit::Copy(difference.entry.clone(), object.clone()),
        None => Edit::Remove(difference.entry.clone()),
    };
    let edits: Vec<Edit> = promoted.iter().map(edit).collect();
    let message = args.message.clone().unwrap_or_else(|| format!("Promote from {} to {}", args.from, args.to));
    Ok(repository.commit(&args.to, &edits, &format!("{message}\n"), &author()?)?.to_string())
}

fn copy(folder: &Path, from: &Side, promoted: &[Difference]) -> Result<(), Refusal> {
    for difference in promoted {
        let path = folder.join(entry_path(&difference.entry)?);
        match from.bytes(&difference.entry)? {
            Some(bytes) => files::write(&path, &bytes)?,
            None => std::fs::remove_file(&path)
                .map_err(|error| Failure::usage(format!("`{}` cannot be removed: {error}", path.display())))?,
        }
    }
    Ok(())
}

/// Who commits: as git's own variables say, else this program.
fn author() -> Result<Author, Failure> {
    let variable = |name: &str, otherwise: &str| {
        std::env::var(name).ok().filter(|value| !value.is_empty()).unwrap_or_else(|| otherwise.to_owned())
    };
    Ok(Author {
        name: variable("GIT_AUTHOR_NAME", "countersign"),
        email: variable("GIT_AUTHOR_EMAIL", "countersign@localhost"),
        date: Clock::from_environment()?.now(),
    })
}
