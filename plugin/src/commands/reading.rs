//! What a command reads before it judges: inventory, pointers, policy, promotion, evidence, and the journals of the ledger.

use std::collections::BTreeMap;

use super::{At, Folder, InventoryKind, Located, Promoted, Settings};
use crate::change::journal::Journal;
use crate::connectors::github::{self, Reviewed, Wanted};
use crate::connectors::{Pause, System, Talk};
use crate::facts::Target;
use crate::failure::{Code, Failure};
use crate::gather::{Named, Tree};
use crate::io::exchange::TreeFile;
use crate::io::{Fault, LEDGER};
use crate::policy::file::Environment;
use crate::policy::{self, Policy, Purpose};
use crate::problem::Problem;
use crate::scalar::{Commit, Name, shorten};

/// The names by which hosts know the inventory and its tags.
pub(super) const INVENTORY: &str = "inventory";
pub(super) const POINTERS: &str = "pointers";
/// Where a policy is looked for.
pub(super) const POLICY: &str = ".countersign.yaml";

/// The policy that applies, and where it was found.
#[derive(Debug)]
pub(super) struct Applied {
    pub(super) document: Option<Named>,
    /// For people.
    pub(super) source: String,
    pub(super) target: Target,
    pub(super) branch: Name,
    pub(super) staging: Option<Name>,
    pub(super) ignore_file: String,
}

pub(super) fn unavailable(what: &str, fault: Fault) -> Failure {
    let code = match fault {
        Fault::Broken(_) => Code::Unavailable,
        Fault::Overtaken(_) => Code::Held,
        Fault::NotTaken(_) => Code::WriteNotTaken,
        Fault::Unsupported(_) | Fault::Nonsense(_) => Code::BadAnswer,
    };
    Failure::all(code, None, vec![fault.problem(what)])
}

/// A file that the caller named: it must be there.
pub(super) async fn file(at: &At, located: &Located, what: &str) -> Result<Named, Failure> {
    let found = at.io.read_one(&located.place, &located.path).await.map_err(|fault| unavailable(what, fault))?;
    let found = found.ok_or_else(|| {
        let message = format!("there is no {what} `{}`", shorten(&located.path));
        Failure::one(Code::BadRequest, message, "give the path of an existing file")
    })?;
    let name = located.path.rsplit('/').next().unwrap_or(&located.path);
    Ok(Named { name: name.to_owned(), digest: found.digest })
}

/// The file of an environment, where the policy declares it.
fn declared<'p>(
    environments: &'p BTreeMap<Name, Environment>,
    settings: &Settings,
    document: &str,
) -> Result<Option<&'p Environment>, Failure> {
    let refuse = |message: String, help: String| {
        Failure::all(Code::Policy, Some(document), vec![Problem::new(message, help).at_pointer("/environments")])
    };
    let name = &settings.environment;
    match (environments.get(name), environments.is_empty()) {
        (None, true) => Ok(None),
        (None, false) => {
            let known: Vec<&str> = environments.keys().map(Name::as_str).collect();
            Err(refuse(format!("the environment `{name}` is unknown"), format!("it is one of {}", known.join(", "))))
        }
        (Some(declared), _) => {
            if settings.purpose.is_some_and(|claimed| claimed != declared.purpose) {
                let help = "leave the purpose out: the policy states it (PO6)".to_owned();
                return Err(refuse(format!("the policy states another purpose of `{name}`"), help));
            }
            match &settings.region {
                Some(region) if !declared.regions.is_empty() && !declared.regions.contains(region) => {
                    let known: Vec<&str> = declared.regions.iter().map(Name::as_str).collect();
                    let message = format!("the environment `{name}` has no region `{region}`");
                    Err(refuse(message, format!("it has {}", known.join(", "))))
                }
                None if !declared.regions.is_empty() => {
                    let known: Vec<&str> = declared.regions.iter().map(Name::as_str).collect();
                    let message = format!("the environment `{name}` has regions, and none is named");
                    Err(refuse(message, format!("name one of {}", known.join(", "))))
                }
                Some(_) | None => Ok(Some(declared)),
            }
        }
    }
}

/// Finds the policy, and what it says about the environment.
pub(super) async fn applied(at: &At, settings: &Settings) -> Result<Applied, Failure> {
    let (document, source) = match &settings.policy {
        Some(located) => (Some(file(at, located, "policy").await?), located.path.clone()),
        None => match found(at, settings).await? {
            Some((named, source)) => (Some(named), source),
            None => (None, "built-in".to_owned()),
        },
    };
    let (environments, rules) = match &document {
        None => (BTreeMap::new(), Policy::built_in(Purpose::Production)),
        Some(named) => {
            let bytes = at.documents.borrow().bytes(&named.name, &named.digest)?;
            let refuse = |problems| Failure::all(Code::Policy, Some(&named.name), problems);
            let environments = policy::environments(&bytes).map_err(refuse)?;
            (environments, policy::read(&bytes, Purpose::Production).map_err(refuse)?)
        }
    };
    let declared = declared(&environments, settings, &source)?;
    let purpose = declared.map(|environment| environment.purpose).or(settings.purpose).ok_or_else(|| {
        let message = format!("nobody says what the environment `{}` is for", settings.environment);
        Failure::one(Code::Policy, message, "declare it under `environments` in the policy, with its purpose")
    })?;
    let detail = declared.and_then(|environment| environment.detail.clone()).or_else(|| settings.detail.clone());
    let branch = settings.branch.clone().or_else(|| declared.and_then(|environment| environment.branch.clone()));
    let staging = settings.staging.clone().or_else(|| declared.and_then(|environment| environment.staging.clone()));
    let target = Target {
        environment: settings.environment.clone(),
        region: settings.region.clone(),
        purpose,
        detail: detail.unwrap_or_else(|| settings.environment.clone()),
    };
    Ok(Applied {
        document,
        source,
        target,
        branch: branch.unwrap_or_else(|| settings.environment.clone()),
        staging,
        ignore_file: settings.ignore_file.clone().unwrap_or(rules.inventory.ignore_file),
    })
}

/// The policy in the root of the inventory: of a repository, on the environment's branch.
async fn found(at: &At, settings: &Settings) -> Result<Option<(Named, String)>, Failure> {
    let refuse = |fault| unavailable("the policy", fault);
    match settings.inventory {
        InventoryKind::Folder => {
            let found = at.io.read_one(INVENTORY, POLICY).await.map_err(refuse)?;
            Ok(found.map(|file| {
                (Named { name: POLICY.to_owned(), digest: file.digest }, format!("{POLICY} of the inventory"))
            }))
        }
        InventoryKind::Git => {
            let branch = settings.branch.as_ref().unwrap_or(&settings.environment);
            let name = format!("refs/heads/{branch}");
            let Some(tip) = at.io.reference(INVENTORY, &name).await.map_err(refuse)? else { return Ok(None) };
            let files = at.io.tree(INVENTORY, &tip.commit).await.map_err(refuse)?;
            let Some(file) = files.into_iter().find(|file| file.path == POLICY && file.regular) else {
                return Ok(None);
            };
            let blobs = at.io.blobs(INVENTORY, std::slice::from_ref(&file.id)).await.map_err(refuse)?;
            let digest = blobs.get(&file.id).copied();
            let source = format!("{POLICY} of branch `{branch}` at {}", tip.commit);
            Ok(digest.map(|digest| (Named { name: POLICY.to_owned(), digest }, source)))
        }
    }
}

/// What is to be deployed: a commit, or the tip of the branch; of a plain folder, all of it.
pub(super) async fn current(
    at: &At,
    settings: &Settings,
    branch: &Name,
    commit: Option<&Commit>,
    ignore_file: &str,
) -> Result<Tree, Failure> {
    let refuse = |fault| unavailable("the inventory", fault);
    match settings.inventory {
        InventoryKind::Git => {
            let name = match commit {
                Some(commit) => commit.to_string(),
                None => format!("refs/heads/{branch}"),
            };
            let held = at.io.reference(INVENTORY, &name).await.map_err(refuse)?.ok_or_else(|| {
                let (message, help) = match commit {
                    Some(commit) => (
                        format!("the inventory has no commit {commit}"),
                        "check the inventory out with its whole past (`fetch-depth: 0`)",
                    ),
                    None => (format!("the inventory has no branch `{branch}`"), "name the branch that is deployed"),
                };
                Failure::one(Code::Inventory, message, help)
            })?;
            tree(at, held.commit, Some(ignore_file)).await
        }
        InventoryKind::Folder => {
            let (files, links) = at.io.list(INVENTORY).await.map_err(refuse)?;
            if let Some(link) = links.first() {
                return Err(irregular(link));
            }
            let read = at.io.read_all(INVENTORY, &files).await.map_err(refuse)?;
            let named = |file: crate::io::exchange::Named| Named { name: file.path, digest: file.digest };
            Ok(Tree { commit: None, files: read.into_iter().map(named).collect() })
        }
    }
}

/// The entries at the tip of a branch.
pub(super) async fn branch(at: &At, branch: &Name) -> Result<Tree, Failure> {
    let name = format!("refs/heads/{branch}");
    let held = at.io.reference(INVENTORY, &name).await.map_err(|fault| unavailable("the inventory", fault))?;
    let held = held.ok_or_else(|| {
        let help = "name the branches of the environments";
        Failure::one(Code::BadRequest, format!("the inventory has no branch `{branch}`"), help)
    })?;
    tree(at, held.commit, None).await
}

/// The entries of a commit, and one more file.
async fn tree(at: &At, commit: Commit, besides: Option<&str>) -> Result<Tree, Failure> {
    entries_at(at, &commit, |path| crate::facts::is_entry_path(path) || besides == Some(path)).await
}

/// Those files of a commit that are wanted.
pub(super) async fn entries_at(at: &At, commit: &Commit, wanted: impl Fn(&str) -> bool) -> Result<Tree, Failure> {
    let refuse = |fault| unavailable("the inventory", fault);
    let files = at.io.tree(INVENTORY, commit).await.map_err(refuse)?;
    let files: Vec<TreeFile> = files.into_iter().filter(|file| wanted(&file.path)).collect();
    if let Some(file) = files.iter().find(|file| !file.regular) {
        return Err(irregular(&file.path));
    }
    let mut ids: Vec<String> = files.iter().map(|file| file.id.clone()).collect();
    ids.sort();
    ids.dedup();
    let blobs = at.io.blobs(INVENTORY, &ids).await.map_err(refuse)?;
    let named = |file: TreeFile| Some(Named { name: file.path, digest: *blobs.get(&file.id)? });
    Ok(Tree { commit: Some(commit.clone()), files: files.into_iter().filter_map(named).collect() })
}

/// A link in an inventory may point anywhere, so nobody can say what it deploys.
pub(super) fn irregular(path: &str) -> Failure {
    let message = format!("`{}` in the inventory is not a regular file", shorten(path));
    Failure::one(Code::Inventory, message, "put the entry itself there: links and submodules are not followed")
}

/// The full name of a pointer's tag.
pub(super) fn tag(pointer: &str) -> String {
    format!("refs/tags/{pointer}")
}

/// Every file below the evidence folders. Of several folders the names say which.
pub(super) async fn evidence(at: &At, folders: &[Folder]) -> Result<Vec<Named>, Failure> {
    let mut evidence = Vec::new();
    for folder in folders {
        let what = format!("the evidence folder `{}`", shorten(&folder.name));
        let refuse = |fault| unavailable(&what, fault);
        let (files, links) = at.io.list(&folder.place).await.map_err(refuse)?;
        for link in &links {
            at.io.warn(format!("`{}` is a link; links are not followed", shorten(link)));
        }
        let read = at.io.read_all(&folder.place, &files).await.map_err(refuse)?;
        evidence.extend(read.into_iter().map(|file| {
            let name = match folders.len() {
                1 => file.path,
                _ => format!("{}/{}", folder.name, file.path),
            };
            Named { name, digest: file.digest }
        }));
    }
    Ok(evidence)
}

/// Where GitHub knows of promotions.
fn promotions(settings: &Settings) -> Option<&github::Place> {
    match (&settings.promotions, &settings.system) {
        (Some(place), _) | (None, System::Github(place)) => Some(place),
        (None, System::Ledger {}) => None,
    }
}

/// The promotion pull request: the file that was given, or what the change system has.
pub(super) async fn promotion(
    at: &At,
    settings: &Settings,
    promoted: &Promoted,
    applied: &Applied,
    commit: Option<&Commit>,
) -> Result<Named, Failure> {
    if let Some(located) = &promoted.promotion {
        return file(at, located, "promotion pull request").await;
    }
    let (Some(place), Some(commit)) = (promotions(settings), commit) else {
        let help = "give the pull request with `--promotion`; from GitHub it is read for an inventory in git";
        return Err(Failure::one(Code::Promotion, "nobody says which pull request promoted this", help));
    };
    let teams = match &applied.document {
        None => Default::default(),
        Some(named) => {
            let bytes = at.documents.borrow().bytes(&named.name, &named.digest)?;
            let policy = policy::read(&bytes, applied.target.purpose)
                .map_err(|problems| Failure::all(Code::Policy, Some(&named.name), problems))?;
            policy.process.teams().map(str::to_owned).collect()
        }
    };
    let wanted = Wanted { commit, number: promoted.number, branch: &applied.branch, teams };
    let read = github::promotion(&Talk::new(at.io.clone(), "github"), place, &wanted).await;
    let read = read.map_err(|pause| match pause {
        Pause::Trouble(trouble) => {
            let code = if trouble.code == "not-found" { Code::Promotion } else { Code::Unavailable };
            let help = "promote by merging a pull request, or give it with `--promotion`";
            Failure::one(code, trouble.message, trouble.help.unwrap_or_else(|| help.to_owned()))
        }
        Pause::Nonsense(problem) => Failure::all(Code::BadAnswer, None, vec![*problem]),
    })?;
    Ok(Named { name: read.name.to_owned(), digest: read.digest })
}

/// What GitHub itself knows of the entries that are not as they were; what cannot be read is missing, and told.
pub(super) async fn at_github(
    at: &At,
    settings: &Settings,
    current: &Tree,
    concluded: Option<&Tree>,
) -> Result<Vec<Named>, Failure> {
    let asked = [(settings.peer_review, "reviews"), (settings.attestations, "attestations")];
    let mut read = Vec::new();
    for (_, what) in asked.into_iter().filter(|(asked, _)| *asked) {
        let Some(place) = promotions(settings) else {
            let help = "give `--change-system github`, or hand them over as evidence files";
            return Err(Failure::one(Code::BadRequest, format!("{what} are read from GitHub only"), help));
        };
        let talk = Talk::new(at.io.clone(), "github");
        for file in current.files.iter().filter(|file| crate::facts::is_entry_path(&file.name)) {
            let before = concluded.and_then(|tree| tree.files.iter().find(|before| before.name == file.name));
            if before.is_some_and(|before| before.digest == file.digest) {
                continue;
            }
            let entry = at.documents.borrow_mut().entry(&file.name, &file.digest)?;
            let earlier = match before {
                Some(before) => Some(at.documents.borrow_mut().entry(&before.name, &before.digest)?),
                None => None,
            };
            let gathered = match what {
                "reviews" => {
                    let (before, run) = (earlier.as_deref(), &settings.run.id);
                    let reviewed = Reviewed { entry: &entry, before, now: at.io.now(), run };
                    github::reviews(&talk, place, &reviewed).await
                }
                _ => github::attestations(&talk, place, &entry).await,
            };
            match gathered {
                Ok(found) => {
                    let name = format!("github/{}/{}", file.name, found.name);
                    read.push(Named { name, digest: found.digest });
                }
                Err(Pause::Trouble(trouble)) => {
                    let name = shorten(&file.name);
                    at.io.warn(format!("the {what} of `{name}` cannot be read: {}", trouble.message));
                }
                Err(Pause::Nonsense(problem)) => return Err(Failure::all(Code::BadAnswer, None, vec![*problem])),
            }
        }
    }
    Ok(read)
}

/// The journals of all changes.
pub(super) async fn history(at: &At) -> Result<Vec<Named>, Failure> {
    journals_below(at, "changes/").await
}

/// The journals beside one change request.
pub(super) async fn journals_of(at: &At, id: &Name) -> Result<Vec<Journal>, Failure> {
    let named = journals_below(at, &format!("changes/{id}/")).await?;
    crate::gather::journals(&at.documents.borrow(), &named)
}

async fn journals_below(at: &At, folder: &str) -> Result<Vec<Named>, Failure> {
    let refuse = |fault| unavailable("the ledger", fault);
    let paths = at.io.paths(LEDGER, folder).await.map_err(refuse)?;
    let is_journal = |path: &String| {
        let file = path.rsplit('/').next().unwrap_or_default();
        file.starts_with("journal") && file.ends_with(".jsonl")
    };
    let paths: Vec<String> = paths.into_iter().filter(is_journal).collect();
    let found = at.io.stored(LEDGER, paths).await.map_err(refuse)?;
    Ok(found.into_iter().map(|(name, digest)| Named { name, digest }).collect())
}
