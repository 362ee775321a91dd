//! GitHub: an issue shows the change request, and people decide on it there by labels; the record is a ledger on a branch
//! of the same repository.
//!
//! So nothing that decides is read from text that people can edit, and whatever GitHub cannot do conditionally (an issue
//! has no version) rests on a store that can.

mod api;
mod attestations;
mod environment;
mod issue;
mod promotion;
mod reviews;

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::change::event::{Event, Observed, Status};
use crate::change::state::Life;
use crate::connectors::ledger::{self, Asked, Folder, Record};
use crate::connectors::talk::{mendable, trouble};
use crate::connectors::{Method, Pause, Talk};
use crate::effect::{Action, Effect};
use crate::inventory::Entry;
use crate::prepared::Prepared;
use crate::problem::Problem;
use crate::scalar::{Digest, Name, shorten};
use api::{Api, Written};
use issue::{Happened, Issue, State};

pub use attestations::attestations;
pub use environment::{Approvals, Environment};
pub use promotion::{Wanted, promotion};
pub use reviews::{Reviewed, reviews};

/// How often an issue that another run began to file is looked for, and how many seconds lie between.
const LOOKS: u32 = 6;
const BETWEEN: u32 = 10;
/// How often an issue is written until it shows what it has to.
const WRITINGS: usize = 2;
/// Where the id of a change request is found.
const SUPPLIED: &str =
    "give the id that stands in the title of the issue, or the number of an issue that was made by hand";
/// How often an issue is filed whose filing nobody answered.
const FILINGS: u32 = 4;

/// Where in GitHub.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Place {
    /// The repository: `owner/name`.
    pub repository: Repository,
    /// The branch that holds the records, for links to them.
    pub records: Segment,
    /// The run that asks: two runs never file the same issue.
    pub run: Name,
    /// Where repositories are seen. Default `https://github.com`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server: Option<String>,
    /// Whose reviews of a protected environment are decisions on change requests as well. Absent: nobody's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approvals: Option<Approvals>,
}

/// `owner/name`, with no character that means something in a path.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(try_from = "String")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Repository(String);

/// A name of letters, digits, `.`, `_` and `-`.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(try_from = "String")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Segment(String);

fn is_segment(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    !text.is_empty() && text.len() <= 100 && !text.starts_with('.') && text.bytes().all(allowed)
}

impl TryFrom<String> for Repository {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        match text.split_once('/') {
            Some((owner, name)) if is_segment(owner) && (is_segment(name) || name == ".github") => Ok(Self(text)),
            Some(_) | None => Err(format!("`{}` is not `owner/name`", shorten(&text))),
        }
    }
}

impl TryFrom<String> for Segment {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        match is_segment(&text) {
            true => Ok(Self(text)),
            false => Err(format!("`{}` is not a name of letters, digits, `.`, `_` and `-`", shorten(&text))),
        }
    }
}

/// The repository of an entry, if it is one of this GitHub.
fn repository_of(place: &Place, entry: &Entry) -> Result<Repository, Pause> {
    let url = entry.repository_url.trim_end_matches('/').trim_end_matches(".git");
    let server = place.server.as_deref().unwrap_or("https://github.com");
    let path = url.strip_prefix(server.trim_end_matches('/')).and_then(|path| path.strip_prefix('/'));
    path.and_then(|path| Repository::try_from(path.to_owned()).ok())
        .ok_or_else(|| trouble("not-found", format!("`{}` is no repository of `{}`", shorten(url), shorten(server))))
}

/// The issue as this run read it last, for the effect right after.
#[derive(Debug, Default)]
pub struct Seen(Option<Issue>);

/// Performs one effect: the event that answers it, or the pause before the next exchange.
pub async fn perform(
    talk: &Talk,
    place: &Place,
    effect: &Effect,
    life: &Life,
    folder: &mut Folder,
    seen: &mut Seen,
) -> Result<Event, Pause> {
    let before = seen.0.take();
    match &effect.action {
        Action::File(filing) => {
            ledger::perform(talk, effect, life, folder).await?;
            let url = publish(talk, place, life, folder).await?;
            Ok(Event::Filed { id: filing.suggested_id.clone(), url: Some(url) })
        }
        // The bytes are on the branch; the issue links them as soon as its state changes.
        Action::Attach { id, .. } => {
            adopt(talk, place, id, folder).await?;
            ledger::perform(talk, effect, life, folder).await
        }
        Action::Approve { id, .. } => {
            // Shown with what follows at once: that it is being implemented; or, where it stops here, by `catch_up`.
            undecided(talk, place, id, life, folder).await?;
            ledger::perform(talk, effect, life, folder).await
        }
        Action::RequestApproval { id, delta, policy, .. } => {
            let issue = undecided(talk, place, id, life, folder).await?;
            let asks = Asked { change: Some(effect.change), delta: Some(*delta), policy: Some(*policy) };
            let asked = folder.request()?.asked;
            let another = asked.change.is_some() && asked != asks && issue.has(issue::AUTHORIZE);
            if another {
                // Approvals count from the moment on at which this label was applied.
                unlabel(&api(talk, place), issue.number, issue::AUTHORIZE).await?;
            }
            let seen = (!another).then_some(issue);
            let (event, issue) = then_show(talk, place, effect, life, folder, seen).await?;
            let life = after(talk, life, &event)?;
            environment::note(talk, place, &life, folder, &issue).await?;
            Ok(event)
        }
        Action::Read { id } => {
            adopt(talk, place, id, folder).await?;
            folder.refresh(talk).await?;
            let (observed, issue) = observe(talk, place, life, folder).await?;
            seen.0 = Some(issue);
            Ok(Event::Observed(observed))
        }
        Action::Implement { id } | Action::Close { id, .. } | Action::LeaveOpen { id, .. } => {
            adopt(talk, place, id, folder).await?;
            then_show(talk, place, effect, life, folder, before).await.map(|(event, _)| event)
        }
        Action::Run { .. } | Action::Conclude { .. } | Action::Notify { .. } | Action::Wait { .. } => {
            ledger::perform(talk, effect, life, folder).await
        }
    }
}

/// Shows where the change stands, if the issue does not yet.
pub async fn catch_up(talk: &Talk, place: &Place, life: &Life, folder: &Folder) -> Result<(), Pause> {
    show(talk, place, life, folder, None).await.map(|_| ())
}

/// The life with what is about to be recorded: people see it at once.
fn after(talk: &Talk, life: &Life, event: &Event) -> Result<Life, Pause> {
    let nonsense = |error: crate::change::state::IllegalTransition| {
        Pause::Nonsense(Box::new(Problem::new(error.to_string(), "report this as a defect")))
    };
    life.clone().after(talk.now(), event.clone()).map_err(nonsense)
}

/// Files a change request that nobody's pipeline made yet, or finds it again; people decide on it (CR5, EX5).
pub async fn prepare(talk: &Talk, place: &Place, prepared: &Prepared) -> Result<Observed, Pause> {
    let life = Life::new();
    let (mut folder, _) = ledger::prepare(talk, prepared).await?;
    publish(talk, place, &life, &mut folder).await?;
    folder.show_beside(talk, &life).await?;
    show(talk, place, &life, &folder, None).await?;
    observe(talk, place, &life, &folder).await.map(|(observed, _)| observed)
}

fn api<'t>(talk: &'t Talk, place: &'t Place) -> Api<'t> {
    Api::new(talk, &place.repository.0)
}

/// Writes down what happens, and shows it where people see it.
async fn then_show(
    talk: &Talk,
    place: &Place,
    effect: &Effect,
    life: &Life,
    folder: &mut Folder,
    seen: Option<Issue>,
) -> Result<(Event, Issue), Pause> {
    let event = ledger::perform(talk, effect, life, folder).await?;
    let issue = show(talk, place, &after(talk, life, &event)?, folder, seen).await?;
    Ok((event, issue))
}

/// The folder of a change request. An issue that people made by hand gets one as soon as it is used (CR5).
async fn adopt(talk: &Talk, place: &Place, id: &Name, folder: &mut Folder) -> Result<(), Pause> {
    if !folder.is_there() {
        folder.refresh(talk).await?;
    }
    if folder.is_there() {
        return Ok(());
    }
    let number: u64 = match id.as_str().parse() {
        Ok(number) if id.as_str() == format!("{number}") => number,
        Ok(_) | Err(_) => return Err(absent(format!("there is no change request `{id}`"), SUPPLIED)),
    };
    let issue = find(&api(talk, place), number).await?;
    if let Some(other) = issue.shows().filter(|shown| *shown != id.as_str()) {
        let message = format!("issue `#{number}` shows the change request `{}`", shorten(other));
        return Err(absent(message, "give that id instead of the issue's number"));
    }
    ledger::adopt(talk, folder, issue.title, ledger::Issue { number, url: issue.html_url })
}

async fn find(api: &Api<'_>, number: u64) -> Result<Issue, Pause> {
    let issue: Option<Issue> = api.get(&format!("/issues/{number}")).await?;
    match issue {
        Some(issue) if issue.pull_request.is_none() && issue.number == number => Ok(issue),
        Some(_) => Err(absent(format!("`#{number}` is a pull request, and no issue"), SUPPLIED)),
        None => Err(absent(format!("there is no issue `#{number}`, or the token may not see it"), SUPPLIED)),
    }
}

/// Something that is not there, and what to look at.
fn absent(message: String, help: &str) -> Pause {
    mendable("not-found", message, help)
}

/// The issue of a change request; it has one from its filing on.
async fn issue_of(talk: &Talk, place: &Place, folder: &Folder) -> Result<Issue, Pause> {
    let request = folder.request()?;
    match &request.issue {
        Some(issue) => find(&api(talk, place), issue.number).await,
        None => Err(trouble("not-found", format!("`{}` has no issue yet", request.id))),
    }
}

/// What the change request shows: its record, and what people said about it.
async fn observe(talk: &Talk, place: &Place, life: &Life, folder: &Folder) -> Result<(Observed, Issue), Pause> {
    let (issue, record) = (issue_of(talk, place, folder).await?, folder.record(life)?);
    let path = format!("/issues/{}/timeline", issue.number);
    let events: Option<Vec<Happened>> = api(talk, place).list(&path).await?;
    let events = events.ok_or_else(|| trouble("not-found", format!("`{path}` is gone")))?;
    let mut decisions = issue::decisions(&record, &issue, &events);
    let reviewed = environment::decisions(talk, place, life, folder).await?;
    decisions.extend(reviewed.decisions);
    // A rejection stands until it is taken back: it is the last word of whoever gave it.
    decisions.sort_by_key(|decision| !decision.approves);
    let named = decisions.iter().any(|decision| !decision.approves);
    let refused = issue.is_refused(&record) && !named || reviewed.refused;
    let mut observed = folder.observed(life)?;
    observed.decisions.extend(decisions);
    if refused {
        observed.status = Status::Canceled;
    }
    Ok((observed, issue))
}

/// Nothing is written over the word of somebody who rejected the request, or closed it.
async fn undecided(talk: &Talk, place: &Place, id: &Name, life: &Life, folder: &mut Folder) -> Result<Issue, Pause> {
    adopt(talk, place, id, folder).await?;
    let issue = issue_of(talk, place, folder).await?;
    if issue.is_refused(&folder.record(life)?) {
        let message = format!("`{id}` was rejected or closed in between: run again to see by whom");
        return Err(trouble("conflict", message));
    }
    Ok(issue)
}

/// Files the issue of a change request, once, whatever gets lost (CR6): where to look at it.
async fn publish(talk: &Talk, place: &Place, life: &Life, folder: &mut Folder) -> Result<String, Pause> {
    let request = folder.request()?;
    if let Some(issue) = &request.issue {
        let url = issue.url.clone();
        issue_of(talk, place, folder).await?;
        return Ok(url);
    }
    let record = folder.record(life)?;
    let issue = match claim(talk, place, &record.id).await? {
        Some(issue) => issue,
        None => file(talk, place, &record).await?,
    };
    let (number, url) = (issue.number, issue.html_url);
    folder.edit(talk, |request| _ = request.issue.get_or_insert(ledger::Issue { number, url: url.clone() }))?;
    Ok(url)
}

/// Claims the filing of the issue: whoever makes the file files it. An issue that a claim led to is found.
async fn claim(talk: &Talk, place: &Place, id: &Name) -> Result<Option<Issue>, Pause> {
    let path = ledger::path_of(id, "", "issue-claim.json")?;
    let claim = json!({ "version": 1, "id": id, "run": place.run });
    let claim = talk.keep(claim.to_string().into_bytes());
    if talk.claim(&path, claim, None).await? {
        return Ok(None);
    }
    for look in 0..LOOKS {
        if let Some(issue) = look_for(talk, place, id).await? {
            return Ok(Some(issue));
        }
        match talk.get(&path).await? {
            Some((there, _)) if there == claim && look > 0 => return Ok(None),
            Some(_) | None => talk.wait(BETWEEN).await?,
        }
    }
    // The other run is gone: it sent nothing for longer than any request takes.
    let there = talk.get(&path).await?.map(|(digest, _)| digest);
    match talk.claim(&path, claim, there).await? {
        true => look_for(talk, place, id).await,
        false => Err(trouble("conflict", format!("another run files the issue of `{id}`"))),
    }
}

/// The issue of a change request, among all issues: lists are current where searches lag.
async fn look_for(talk: &Talk, place: &Place, id: &Name) -> Result<Option<Issue>, Pause> {
    let path = format!("/issues?labels={}&state=all&sort=created&direction=desc", issue::LABEL);
    let issues: Option<Vec<Issue>> = api(talk, place).list(&path).await?;
    let issues = issues.ok_or_else(|| no_issues(place))?;
    Ok(issues.into_iter().filter(|issue| issue.is_of(id)).min_by_key(|issue| issue.number))
}

async fn file(talk: &Talk, place: &Place, record: &Record) -> Result<Issue, Pause> {
    let labels: Vec<&str> = [issue::LABEL].into_iter().chain(issue::label_of(record.status)).collect();
    let body = issue::body(record, place, None);
    let filing = json!({ "title": issue::title(record), "body": body, "labels": labels });
    let mut last = String::new();
    for attempt in 0..FILINGS {
        match api(talk, place).make("/issues", &filing).await? {
            Written::Accepted(answer) => {
                // What GitHub says that it made is read again before anybody is asked to decide on it.
                if let Some(issue) = Api::now::<Issue>(&answer).filter(|issue| issue.is_of(&record.id)) {
                    return Ok(issue);
                }
            }
            Written::Missing => return Err(no_issues(place)),
            Written::Refused(why) => {
                return Err(trouble("write-not-taken", format!("GitHub does not take the issue: {why}")));
            }
            Written::Unknown(why) => last = why,
        }
        // Read back; and where nobody knows, look before it is sent again.
        if let Some(issue) = look_for(talk, place, &record.id).await? {
            return Ok(issue);
        }
        api(talk, place).pause(attempt, None).await?;
        if let Some(issue) = look_for(talk, place, &record.id).await? {
            return Ok(issue);
        }
    }
    Err(trouble("unavailable", format!("nobody knows whether the issue of `{}` was filed: {last}", record.id)))
}

fn no_issues(place: &Place) -> Pause {
    let repository = &place.repository.0;
    trouble("not-found", format!("`{repository}` has no issues, or the token may not see them"))
}

/// Makes the issue say what the record says, and reads it back (CR8): the issue that says it.
async fn show(
    talk: &Talk,
    place: &Place,
    life: &Life,
    folder: &Folder,
    mut seen: Option<Issue>,
) -> Result<Issue, Pause> {
    let record = folder.record(life)?;
    for _ in 0..WRITINGS {
        let issue = match seen.take() {
            Some(issue) => issue,
            None => issue_of(talk, place, folder).await?,
        };
        let wanted = Shown::of(&record, place, &issue);
        if wanted.is_shown_by(&issue) {
            return Ok(issue);
        }
        seen = wanted.write(&api(talk, place), &issue).await?;
    }
    let issue = match seen {
        Some(issue) => issue,
        None => issue_of(talk, place, folder).await?,
    };
    match Shown::of(&record, place, &issue).is_shown_by(&issue) {
        true => Ok(issue),
        false => Err(trouble("write-not-taken", format!("issue `#{}` was written, and reads otherwise", issue.number))),
    }
}

/// What an issue has to show.
struct Shown {
    body: String,
    label: Option<&'static str>,
    stale: Vec<String>,
    closed: bool,
}

impl Shown {
    fn of(record: &Record, place: &Place, issue: &Issue) -> Self {
        Self {
            body: issue::body(record, place, issue.body.as_deref()),
            label: issue::label_of(record.status),
            stale: issue.stale(record.status),
            closed: record.status == Status::Closed,
        }
    }

    fn is_shown_by(&self, issue: &Issue) -> bool {
        let said = issue.body.as_deref().unwrap_or_default();
        let closed = !self.closed || issue.state == State::Closed;
        let labelled = self.label.is_none_or(|label| issue.has(label));
        closed && self.stale.is_empty() && labelled && said.lines().eq(self.body.lines())
    }

    /// Writes it; the last write says what is there then.
    async fn write(&self, api: &Api<'_>, issue: &Issue) -> Result<Option<Issue>, Pause> {
        let path = format!("/issues/{}", issue.number);
        for stale in &self.stale {
            unlabel(api, issue.number, stale).await?;
        }
        let wanted = [issue::LABEL].into_iter().chain(self.label);
        let missing: Vec<&str> = wanted.filter(|label| !issue.has(label)).collect();
        if !missing.is_empty() {
            // Applying a label twice is applying it once.
            let labels = json!({ "labels": missing });
            accepted(api.change(Method::Post, &format!("{path}/labels"), Some(&labels)).await?)?;
        }
        let change = match self.closed && issue.state == State::Open {
            true => json!({ "body": self.body, "state": "closed", "state_reason": "completed" }),
            false => json!({ "body": self.body }),
        };
        match api.change(Method::Patch, &path, Some(&change)).await? {
            Written::Accepted(answer) => Ok(Api::now::<Issue>(&answer).filter(|now| now.number == issue.number)),
            written => accepted(written).map(|()| None),
        }
    }
}

async fn unlabel(api: &Api<'_>, number: u64, label: &str) -> Result<(), Pause> {
    match api.change(Method::Delete, &format!("/issues/{number}/labels/{label}"), None).await? {
        Written::Missing => Ok(()),
        written @ (Written::Accepted(_) | Written::Refused(_) | Written::Unknown(_)) => accepted(written),
    }
}

/// A write whose effect is read back afterwards: a lost answer says nothing against it.
fn accepted(written: Written) -> Result<(), Pause> {
    match written {
        Written::Accepted(_) | Written::Unknown(_) => Ok(()),
        Written::Missing => Err(trouble("not-found", "the issue is gone".to_owned())),
        Written::Refused(why) => Err(trouble("write-not-taken", format!("GitHub does not take the change: {why}"))),
    }
}

/// Bytes that an errand read, for the host to take.
#[derive(Debug)]
pub struct Gathered {
    /// The document's name.
    pub name: &'static str,
    /// The digest of its bytes.
    pub digest: Digest,
}
