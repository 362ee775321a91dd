//! Gathers the documents of a change and gives their bytes to the engine.

use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};

use serde_json::json;

use crate::change_system::ChangeSystem;
use crate::clock::Clock;
use crate::engine::Engine;
use crate::failure::Failure;
use crate::files;
use crate::inventory::{Inventory, Pointer, pointer_name};
use crate::records::journals;
use crate::refusal::Refusal;
use crate::settings::{Change, Subject};
use crate::text::guard;
use crate::wire::{Documents, Named, Tree};

/// From so many evidence files on, people are told that they are being read.
const MANY: usize = 500;

/// The documents of a change, and where its pointer stands.
#[derive(Debug)]
pub struct Gathered {
    /// The documents; the engine has their bytes.
    pub documents: Documents,
    /// The journals of all changes.
    pub history: Vec<Named>,
    /// The inventory.
    pub inventory: Inventory,
    /// The pointer to what was concluded last.
    pub pointer: Pointer,
}

/// Reads everything that a plan is made from.
pub fn gather(
    engine: &mut Engine,
    clock: &Clock,
    change: &Change,
    subject: Subject<'_>,
    system: &ChangeSystem,
) -> Result<Gathered, Refusal> {
    let ledger = &system.ledger;
    let inventory = Inventory::open(&change.inventory.folder, change.pointers()?)?;
    let target = change.target();
    let (branch, commit, promotion) = match subject {
        Subject::Promoted(promoted) => {
            (promoted.branch.as_deref(), promoted.commit.as_deref(), Some(promoted.promotion.as_ref()))
        }
        Subject::Restored { commit, .. } => (None, Some(commit), None),
    };
    let branch = branch.unwrap_or(&change.environment);
    let current = inventory.current(engine, branch, commit)?;
    let name = pointer_name(&target, &target.environment);
    let (pointer, concluded) = inventory.concluded(engine, ledger, &name)?;
    let staging = match &change.staging {
        Some(environment) => inventory.concluded(engine, ledger, &pointer_name(&target, environment))?.1,
        None => None,
    };
    let ignore_file = inventory.ignore_file(engine, &current, &change.ignore_file)?;
    let policy = optional(engine, change.policy.as_ref(), "policy")?;
    let mut evidence = evidence(engine, &change.evidence)?;
    evidence.extend(at_github(engine, clock, change, system, &current, concluded.as_ref())?);
    let documents = Documents {
        evidence_checks: optional(engine, change.evidence_checks.as_ref(), "evidence-checks config")?,
        promotion: match promotion {
            None => None,
            Some(Some(file)) => Some(self::file(engine, file, "promotion pull request")?),
            Some(None) => Some(merged(engine, clock, system, branch, current.commit.as_deref(), policy.as_ref())?),
        },
        policy,
        inventory: current,
        concluded,
        staging,
        ignore_file,
        evidence,
    };
    Ok(Gathered { documents, history: journals(engine, ledger)?, inventory, pointer })
}

/// Every file below the evidence folders. Of several folders the names say which.
pub fn evidence(engine: &mut Engine, folders: &[PathBuf]) -> Result<Vec<Named>, Refusal> {
    let mut given = Vec::new();
    for folder in folders {
        let found = files::below(folder, "evidence folder")?;
        for link in &found.links {
            eprintln!("warning: `{}` is a link; links are not followed", guard(link));
        }
        let tell = found.files.len() >= MANY && std::io::stderr().is_terminal();
        if tell {
            eprintln!("==> reading {} evidence files", found.files.len());
        }
        for (name, path) in found.files {
            let bytes = files::read(&path, "evidence file")?;
            let name = if folders.len() > 1 { format!("{}/{name}", folder.display()) } else { name };
            given.push(engine.give(name, &bytes)?);
        }
    }
    Ok(given)
}

/// What GitHub itself knows of the entries that are not as they were; what cannot be read is missing, and told.
fn at_github(
    engine: &mut Engine,
    clock: &Clock,
    change: &Change,
    system: &ChangeSystem,
    current: &Tree,
    concluded: Option<&Tree>,
) -> Result<Vec<Named>, Refusal> {
    let asked = [
        (change.peer_review, "reviews", "peer-review.json"),
        (change.attestations, "attestations", "attestations.jsonl"),
    ];
    let mut read = Vec::new();
    for (_, what, file) in asked.into_iter().filter(|(asked, ..)| *asked) {
        if !system.has_promotions() {
            return Err(Failure::usage(format!("{what} are read from GitHub only"))
                .help("give `--change-system github`, or hand them over as evidence files")
                .into());
        }
        for entry in &current.files {
            let before = concluded.and_then(|tree| tree.files.iter().find(|before| before.name == entry.name));
            if before.is_some_and(|before| before.digest == entry.digest) {
                continue;
            }
            let errand = match what {
                "reviews" => json!({ "errand": what, "entry": entry, "before": before, "now": clock.now() }),
                _ => json!({ "errand": what, "entry": entry }),
            };
            match system.read(engine, clock, &errand)? {
                Ok(Named { digest, .. }) => {
                    read.push(Named { name: format!("github/{}/{file}", entry.name), digest });
                }
                Err(why) => {
                    eprintln!("warning: the {what} of `{}` cannot be read: {}", guard(&entry.name), guard(&why))
                }
            }
        }
    }
    Ok(read)
}

/// The promotion pull request, as the change system has it.
fn merged(
    engine: &mut Engine,
    clock: &Clock,
    system: &ChangeSystem,
    branch: &str,
    commit: Option<&str>,
    policy: Option<&Named>,
) -> Result<Named, Refusal> {
    match commit.filter(|_| system.has_promotions()) {
        Some(commit) => system.promotion(engine, clock, commit, branch, policy),
        None => Err(Failure::usage("nobody says which pull request promoted this")
            .help("give it with `--promotion`; from GitHub it is read for an inventory in git")
            .into()),
    }
}

fn optional(engine: &mut Engine, path: Option<&PathBuf>, what: &str) -> Result<Option<Named>, Refusal> {
    path.map(|path| file(engine, path, what)).transpose()
}

/// A single document, called as its file is.
pub fn file(engine: &mut Engine, path: &Path, what: &str) -> Result<Named, Refusal> {
    let bytes = files::read(path, what)?;
    let name = path.file_name().and_then(|name| name.to_str()).ok_or_else(|| {
        Failure::usage(format!("the name of the {what} `{}` is not UTF-8", path.display())).help("rename it")
    })?;
    engine.give(name, &bytes)
}
