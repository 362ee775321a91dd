//! What a verb about a change is told: flags first, then variables `COUNTERSIGN_*`, then what GitHub sets.

use std::env;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::api::Api;
use crate::clock::Clock;
use crate::command::Secrets;
use crate::exchanges::Host;
use crate::failure::Failure;
use crate::inventory::git::Repository;
use crate::ledger::Ledger;
use crate::refusal::Refusal;
use crate::remote::Remote;
use crate::webhook::Webhooks;
use crate::wire::{Person, Run};

/// Where change requests are.
#[derive(Clone, Debug, clap::Args)]
pub struct LedgerAt {
    /// The ledger: a folder, or `git+URL#BRANCH` for a branch of a remote repository.
    #[arg(id = "ledger", long, value_name = "DIR", env = "COUNTERSIGN_LEDGER", default_value = ".countersign")]
    pub place: String,
    /// The change system. For GitHub the ledger is a branch of the repository, and people see and decide issues.
    #[arg(long, value_name = "SYSTEM", env = "COUNTERSIGN_CHANGE_SYSTEM", value_enum, default_value_t = SystemName::Ledger)]
    pub change_system: SystemName,
    /// The repository at GitHub that has the issues: `owner/name`. Default: GitHub's own variable.
    #[arg(long, value_name = "OWNER/NAME", env = "COUNTERSIGN_REPOSITORY")]
    pub repository: Option<String>,
    /// The branch of that repository that holds the ledger.
    #[arg(long, value_name = "BRANCH", env = "COUNTERSIGN_RECORDS_BRANCH", default_value = "countersign")]
    pub records_branch: String,
    /// The variable that holds the token for GitHub, or for a remote ledger.
    #[arg(long, value_name = "NAME", default_value = "GITHUB_TOKEN")]
    pub token_env: String,
}

/// A change system.
#[derive(Clone, Copy, Debug, Eq, PartialEq, clap::ValueEnum)]
pub enum SystemName {
    /// The ledger alone.
    Ledger,
    /// Issues of a GitHub repository, over a ledger on one of its branches.
    Github,
}

impl LedgerAt {
    /// The ledger, made if it is missing.
    pub fn open(&self) -> Result<Ledger, Refusal> {
        if self.change_system == SystemName::Github {
            let repository = Remote::new(&self.repository_url()?, self.token())?;
            return Ledger::remote(repository, &self.records_branch);
        }
        match self.place.strip_prefix("git+") {
            Some(place) => {
                let (url, branch) = place.split_once('#').unwrap_or((place, &self.records_branch));
                Ledger::remote(Remote::new(url, self.token())?, branch)
            }
            None => Ok(Ledger::open(Path::new(&self.place))?),
        }
    }

    /// The ledger, which must be there: a name that leads nowhere is no ledger in which nothing is owed.
    pub fn existing(&self) -> Result<Ledger, Refusal> {
        let github = self.change_system == SystemName::Github;
        if github || self.place.starts_with("git+") || Path::new(&self.place).is_dir() {
            let ledger = self.open()?;
            if ledger.is_there() {
                return Ok(ledger);
            }
        }
        let missing = match github {
            true => Failure::usage(format!("`{}` has no branch `{}`", self.repository()?, self.records_branch))
                .help("name the branch of the records with `--records-branch`; the first change makes it"),
            false => Failure::usage(format!("there is no ledger at `{}`", self.place))
                .help("give its folder, or its repository and branch, with `--ledger`; the first change makes it"),
        };
        Err(missing.into())
    }

    /// The change system as the engine is told of it; reviews of the environment `approvals` are decisions there as well.
    pub fn system(&self, run: &str, approvals: Option<&str>) -> Result<Value, Failure> {
        match (self.change_system, approvals) {
            (SystemName::Ledger, None) => Ok(json!({ "system": "ledger" })),
            (SystemName::Ledger, Some(_)) => Err(Failure::usage(
                "`--approval-environment` is for change requests at GitHub, and these are in a ledger",
            )
            .help("leave it out, or add `--change-system github`")),
            (SystemName::Github, _) => Ok(json!({
                "system": "github", "repository": self.repository()?, "records": self.records_branch, "run": run,
                "server": server(), "approvals": approvals.map(reviewed).transpose()?,
            })),
        }
    }

    /// The API of the change system, where it has one.
    pub fn api(&self) -> Result<Option<Api>, Failure> {
        match self.change_system {
            SystemName::Ledger => Ok(None),
            SystemName::Github => {
                let base = variable("GITHUB_API_URL").unwrap_or_else(|| "https://api.github.com".to_owned());
                Api::new(&base, &self.token().unwrap_or_default()).map(Some)
            }
        }
    }

    /// The token, which is taken out of all output.
    #[must_use]
    pub fn token(&self) -> Option<String> {
        variable(&self.token_env)
    }

    fn repository(&self) -> Result<String, Failure> {
        self.repository.clone().or_else(|| variable("GITHUB_REPOSITORY")).ok_or_else(|| {
            Failure::usage("nobody says which repository has the issues").help("give `--repository owner/name`")
        })
    }

    fn repository_url(&self) -> Result<String, Failure> {
        Ok(format!("{}/{}.git", server(), self.repository()?))
    }
}

/// Where the inventory is.
#[derive(Clone, Debug, clap::Args)]
pub struct InventoryAt {
    /// The inventory: the folder of a git repository, or a plain folder.
    #[arg(id = "inventory", long, value_name = "DIR", env = "COUNTERSIGN_INVENTORY")]
    pub folder: PathBuf,
}

/// What a verb about a change is told.
#[derive(Clone, Debug, clap::Args)]
pub struct Change {
    /// The policy file, from the protected branch. Default: `.countersign.yaml` in the inventory, else the built-in policy.
    #[arg(long, value_name = "FILE", env = "COUNTERSIGN_POLICY")]
    pub policy: Option<PathBuf>,
    /// An evidence-checks config in IBM's format, which replaces the policy's requirements.
    #[arg(long, value_name = "FILE", env = "COUNTERSIGN_EVIDENCE_CHECKS")]
    pub evidence_checks: Option<PathBuf>,
    /// A folder of evidence; every file below it counts, except hidden ones. Can be given several times.
    #[arg(long, value_name = "DIR", env = "COUNTERSIGN_EVIDENCE", required = true)]
    pub evidence: Vec<PathBuf>,
    /// Read at GitHub, for each entry to deploy, whether somebody else reviewed its commits since it was deployed last; what
    /// it says is evidence of this run.
    #[arg(long, env = "COUNTERSIGN_PEER_REVIEW")]
    pub peer_review: bool,
    /// Read at GitHub, for each entry to deploy, the attestations of its artifact; their signatures are verified in the
    /// sandbox, and those that hold are evidence of the entry's CI run.
    #[arg(long, env = "COUNTERSIGN_ATTESTATIONS")]
    pub attestations: bool,
    /// The environment in GitHub Actions whose reviewers decide on the change request as well: their review of this workflow
    /// run counts once people were asked. It needs `actions: read`.
    #[arg(long, value_name = "NAME", env = "COUNTERSIGN_APPROVAL_ENVIRONMENT")]
    pub approval_environment: Option<String>,
    /// Where the inventory is.
    #[command(flatten)]
    pub inventory: InventoryAt,
    /// The repository whose tags are the pointers, when they are not in the inventory's folder. With GitHub as the change
    /// system: its repository.
    #[arg(long, value_name = "URL", env = "COUNTERSIGN_INVENTORY_REMOTE")]
    pub inventory_remote: Option<String>,
    /// The ignore file, a path in the inventory. Default: what the policy says, else `.inventoryignore`.
    #[arg(long, value_name = "PATH", env = "COUNTERSIGN_IGNORE_FILE")]
    pub ignore_file: Option<String>,
    /// The environment to deploy to.
    #[arg(long, value_name = "NAME", env = "COUNTERSIGN_ENVIRONMENT")]
    pub environment: String,
    /// The region to deploy to.
    #[arg(long, value_name = "NAME", env = "COUNTERSIGN_REGION")]
    pub region: Option<String>,
    /// What the environment is for: production or pre_prod. Needed only where the policy does not declare the environment.
    #[arg(long, value_name = "PURPOSE", env = "COUNTERSIGN_PURPOSE")]
    pub purpose: Option<String>,
    /// The environment in words, for the change request. Default: what the policy says, else its name.
    #[arg(long, value_name = "TEXT", env = "COUNTERSIGN_DETAIL")]
    pub detail: Option<String>,
    /// The pre-production environment whose last concluded deployment proves the staging (PC4). Default: the policy's.
    #[arg(long, value_name = "NAME", env = "COUNTERSIGN_STAGING")]
    pub staging: Option<String>,
    /// Where the ledger is.
    #[command(flatten)]
    pub ledger: LedgerAt,
    /// Who asks.
    #[command(flatten)]
    pub caller: Caller,
    /// Where a notification channel of the policy leads: a variable that holds its URL. Can be given several times.
    #[arg(long = "webhook", value_name = "CHANNEL=VARIABLE")]
    pub webhooks: Vec<String>,
    /// Which attempt at the same change; a new attempt files a new change request.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub attempt: u32,
}

/// What is promoted, and the change request that exists already, if one does.
#[derive(Clone, Debug, clap::Args)]
pub struct Promoted {
    /// The inventory branch to deploy, when it is not called as the environment is.
    #[arg(long, value_name = "BRANCH", env = "COUNTERSIGN_BRANCH")]
    pub branch: Option<String>,
    /// The inventory commit to deploy, when it is not the tip of the branch.
    #[arg(long, value_name = "SHA", env = "COUNTERSIGN_COMMIT_TO_DEPLOY")]
    pub commit: Option<String>,
    /// The promotion pull request, as GitHub's API gives it. With GitHub as the change system it is read there.
    #[arg(long, value_name = "FILE", env = "COUNTERSIGN_PROMOTION")]
    pub promotion: Option<PathBuf>,
    /// A change request that was made by hand.
    #[arg(long, value_name = "ID", env = "COUNTERSIGN_CHANGE_REQUEST_ID")]
    pub change_request_id: Option<String>,
    /// The file of prepared change requests, from which the one of this target is taken.
    #[arg(long, value_name = "FILE", env = "COUNTERSIGN_PREPARED", conflicts_with = "change_request_id")]
    pub prepared: Option<PathBuf>,
    /// Deploy entries again that did not change.
    #[arg(long)]
    pub force_redeploy: bool,
}

/// Who asks.
#[derive(Clone, Debug, clap::Args)]
pub struct Caller {
    /// The id of this run of the pipeline. Default: GitHub's, or a new local one.
    #[arg(long, value_name = "ID", env = "COUNTERSIGN_RUN_ID")]
    pub run_id: Option<String>,
    /// Where to look at this run. Default: GitHub's.
    #[arg(long, value_name = "URL", env = "COUNTERSIGN_RUN_URL")]
    pub run_url: Option<String>,
    /// Who triggered this run, by immutable id. Default: GitHub's actor.
    #[arg(long, value_name = "ID[:LOGIN]", env = "COUNTERSIGN_ACTOR")]
    pub actor: Option<String>,
}

/// How commands of the policy are run.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Commands {
    /// Where the policy's commands run. Default: here.
    #[arg(long, value_name = "DIR", env = "COUNTERSIGN_DIRECTORY")]
    pub directory: Option<PathBuf>,
    /// A variable whose value is a secret: it is taken out of all output. Can be given several times.
    #[arg(long = "secret-env", value_name = "NAME")]
    pub secret_env: Vec<String>,
}

/// A bounded wait for approval.
#[derive(Clone, Debug, clap::Args)]
pub struct Patience {
    /// Wait so long for approval; without it, end at once when the change request is not approved.
    #[arg(long, value_name = "SECONDS", env = "COUNTERSIGN_WAIT")]
    pub wait: Option<u32>,
    /// Look again after so many seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 15)]
    pub wait_interval: u32,
}

impl Patience {
    /// What the engine is told of it.
    #[must_use]
    pub fn told(&self) -> Value {
        self.wait.map_or(Value::Null, |seconds| json!({ "seconds": seconds, "interval_seconds": self.wait_interval }))
    }
}

impl Change {
    /// `environment` or `environment in region`, for people.
    #[must_use]
    pub fn label(&self) -> String {
        match self.region() {
            Some(region) => format!("{} in {region}", self.environment),
            None => self.environment.clone(),
        }
    }

    fn region(&self) -> Option<&str> {
        self.region.as_deref().filter(|region| !region.is_empty())
    }

    /// A host for this change, and the settings that the engine is told.
    pub fn host<'c>(
        &self,
        clock: &'c Clock,
        commands: &Commands,
        branch: Option<&str>,
    ) -> Result<(Host<'c>, Value), Refusal> {
        let run = self.caller.run(clock)?;
        let webhooks = Webhooks::new(&self.webhooks)?;
        let secrets = secrets(&commands.secret_env, webhooks.secrets().chain(self.ledger.token()));
        let mut host = Host::new(clock, secrets)?;
        host.webhooks = webhooks;
        host.directory.clone_from(&commands.directory);
        host.ledger = Some(self.ledger.open()?);
        host.api = self.ledger.api()?;
        host.inventory = Repository::at(&self.inventory.folder);
        host.pointers = self.pointers()?;
        if host.inventory.is_none() && !self.inventory.folder.is_dir() {
            return Err(Failure::usage(format!("there is no inventory at `{}`", self.inventory.folder.display()))
                .help("give the folder of a git repository, or a plain folder of entries")
                .into());
        }
        host.places.insert("inventory".to_owned(), self.inventory.folder.clone());
        let mut evidence = Vec::new();
        for (number, folder) in self.evidence.iter().enumerate() {
            let place = format!("evidence/{}", number + 1);
            evidence.push(json!({ "place": place, "name": folder.display().to_string() }));
            host.places.insert(place, folder.clone());
        }
        let settings = json!({
            "environment": self.environment,
            "region": self.region(),
            "purpose": self.purpose,
            "detail": self.detail,
            "branch": branch,
            "staging": self.staging,
            "policy": located(&mut host, "policy", self.policy.as_deref())?,
            "evidence_checks": located(&mut host, "evidence-checks", self.evidence_checks.as_deref())?,
            "ignore_file": self.ignore_file,
            "evidence": evidence,
            "inventory": if host.inventory.is_some() { "git" } else { "folder" },
            "system": self.ledger.system(&run.id, self.approvals())?,
            "run": run,
            "peer_review": self.peer_review,
            "attestations": self.attestations,
        });
        Ok((host, settings))
    }
}

/// A file that the user named, as the engine is told of it: its folder becomes a place of the host.
pub fn located(host: &mut Host<'_>, place: &str, path: Option<&Path>) -> Result<Value, Failure> {
    let Some(path) = path else { return Ok(Value::Null) };
    let name = path.file_name().and_then(|name| name.to_str()).ok_or_else(|| {
        Failure::usage(format!("`{}` is not the name of a file", path.display())).help("give the path of a file")
    })?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    host.places.insert(place.to_owned(), folder.to_owned());
    Ok(json!({ "place": place, "path": name }))
}

impl Change {
    /// The environment whose reviews are decisions, if one is named.
    #[must_use]
    pub fn approvals(&self) -> Option<&str> {
        self.approval_environment.as_deref().filter(|name| !name.is_empty())
    }

    /// Where the pointers are, when not in the inventory's own folder: GitHub's repository has them itself.
    pub fn pointers(&self) -> Result<Option<Remote>, Failure> {
        let url = match (&self.inventory_remote, self.ledger.change_system) {
            (Some(url), _) => url.clone(),
            (None, SystemName::Github) => self.ledger.repository_url()?,
            (None, SystemName::Ledger) => return Ok(None),
        };
        Remote::new(&url, self.ledger.token()).map(Some)
    }
}

impl Promoted {
    /// What the engine is told of it.
    pub fn told(&self, host: &mut Host<'_>, attempt: u32) -> Result<Value, Failure> {
        Ok(json!({
            "commit": self.commit,
            "promotion": located(host, "promotion", self.promotion.as_deref())?,
            "change_request_id": self.change_request_id,
            "prepared": located(host, "prepared", self.prepared.as_deref())?,
            "force_redeploy": self.force_redeploy,
            "attempt": attempt,
        }))
    }
}

impl Caller {
    /// The run that asks.
    pub fn run(&self, clock: &Clock) -> Result<Run, Failure> {
        let github = variable("GITHUB_RUN_ID");
        let run_url = || {
            let (server, repository) = (variable("GITHUB_SERVER_URL")?, variable("GITHUB_REPOSITORY")?);
            Some(format!("{server}/{repository}/actions/runs/{}", github.as_deref()?))
        };
        let actor = || {
            let (id, login) = (variable("GITHUB_ACTOR_ID")?, variable("GITHUB_ACTOR")?);
            Some(Person { id, login })
        };
        Ok(Run {
            url: self.run_url.clone().or_else(run_url),
            actor: self.actor.as_deref().map(person).transpose()?.or_else(actor),
            pipeline: variable("GITHUB_WORKFLOW"),
            pipeline_version: variable("GITHUB_WORKFLOW_SHA"),
            id: match (&self.run_id, github) {
                (Some(id), _) => id.clone(),
                (None, Some(id)) => id,
                (None, None) => format!("local-{}-{}", clock.milliseconds(), std::process::id()),
            },
        })
    }
}

/// Somebody from `ID` or `ID:LOGIN`.
pub fn person(text: &str) -> Result<Person, Failure> {
    let (id, login) = text.split_once(':').unwrap_or((text, text));
    if id.is_empty() || login.is_empty() || text.chars().any(char::is_control) {
        return Err(Failure::usage(format!("`{}` names nobody", crate::text::excerpt(text, 80)))
            .help("give the immutable id, and the login for people: `1234:octocat`"));
    }
    Ok(Person { id: id.to_owned(), login: login.to_owned() })
}

/// The values of these variables, and `more`, which are taken out of output. One that is not set is told: its secret is elsewhere.
#[must_use]
pub fn secrets(names: &[String], more: impl IntoIterator<Item = String>) -> Secrets {
    let value = |name: &String| {
        let value = env::var_os(name).map(|value| value.to_string_lossy().into_owned());
        if value.is_none() {
            eprintln!("warning: `--secret-env {}` names a variable that is not set", crate::text::guard(name));
        }
        value
    };
    Secrets::new(names.iter().filter_map(value).chain(more))
}

/// The environment whose reviews count, in this workflow run of GitHub Actions.
fn reviewed(environment: &str) -> Result<Value, Failure> {
    let run = variable("GITHUB_RUN_ID").and_then(|id| id.parse::<u64>().ok()).ok_or_else(|| {
        Failure::usage("`--approval-environment` is given, and this is no workflow run of GitHub Actions")
            .help("leave it out here: people approve by labels")
    })?;
    if environment.trim().is_empty() || environment.chars().any(char::is_control) {
        return Err(Failure::usage("`--approval-environment` names no environment").help("name one, or leave it out"));
    }
    Ok(json!({ "environment": environment, "run": run, "repository": variable("GITHUB_REPOSITORY") }))
}

/// Where GitHub's repositories are.
fn server() -> String {
    let server = variable("GITHUB_SERVER_URL").unwrap_or_else(|| "https://github.com".to_owned());
    server.trim_end_matches('/').to_owned()
}

fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}
