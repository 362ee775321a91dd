//! A change request as an issue: what people read there, and what they say by labels.

use serde::{Deserialize, Serialize};

use crate::attachments::markdown::{Inline, Page, code, join, link, ours, prose, strong};
use crate::change::event::{Closure, Decision, Kind, Status};
use crate::connectors::github::Place;
use crate::connectors::ledger::Record;
use crate::facts::Target;
use crate::promotion::{Fields, Person};
use crate::scalar::{Digest, Name, Timestamp};

/// The label of every change request.
pub(super) const LABEL: &str = "countersign";
/// The label with which people approve; a second person applies it with `_2` behind it.
const APPROVED: &str = "status_approved";
/// The label with which people reject.
const REJECTED: &str = "status_rejected";
/// How an issue's text of ours begins, with the id behind it.
const BEGIN: &str = "<!-- countersign:begin ";
/// Where an issue's text of ours ends.
const END: &str = "<!-- countersign:end -->";
/// GitHub takes 65 536 characters.
const MAX_BODY: usize = 60_000;
/// Characters of one field that are shown.
const MAX_FIELD: usize = 4_000;

/// An issue, as far as it matters.
#[derive(Debug, Deserialize)]
pub(super) struct Issue {
    pub(super) number: u64,
    pub(super) html_url: String,
    pub(super) state: State,
    pub(super) title: String,
    pub(super) body: Option<String>,
    pub(super) updated_at: Option<Timestamp>,
    labels: Vec<Label>,
    pub(super) pull_request: Option<serde::de::IgnoredAny>,
}

#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
pub(super) enum State {
    Open,
    Closed,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Label {
    Name(String),
    Object { name: String },
}

/// Something that happened to an issue. Only events about labels are read.
#[derive(Debug, Deserialize)]
pub(super) struct Happened {
    #[serde(default)]
    event: String,
    label: Option<LabelName>,
    actor: Option<Actor>,
    created_at: Option<Timestamp>,
}

#[derive(Debug, Deserialize)]
struct LabelName {
    name: String,
}

/// Somebody, or something.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Actor {
    pub(super) id: u64,
    login: String,
    #[serde(rename = "type")]
    kind: String,
}

impl Actor {
    /// Whether it is a person: nothing else approves.
    pub(super) fn is_person(&self) -> bool {
        self.kind == "User"
    }

    /// Whether it stands for accounts that were deleted.
    pub(super) fn is_gone(&self) -> bool {
        self.login == "ghost"
    }

    /// As decisions name it.
    pub(super) fn person(&self) -> Person {
        Person { id: self.id.to_string(), login: self.login.clone() }
    }
}

impl Issue {
    /// Its labels.
    pub(super) fn labels(&self) -> impl Iterator<Item = &str> {
        self.labels.iter().map(|label| match label {
            Label::Name(name) | Label::Object { name } => name.as_str(),
        })
    }

    /// Whether it has the label.
    pub(super) fn has(&self, label: &str) -> bool {
        self.labels().any(|name| name.eq_ignore_ascii_case(label))
    }

    /// Whether it was made for this change request.
    pub(super) fn is_of(&self, id: &Name) -> bool {
        self.pull_request.is_none() && self.body.as_deref().is_some_and(|body| body.starts_with(&begin(id)))
    }

    /// The id of the change request that it shows.
    pub(super) fn shows(&self) -> Option<&str> {
        let (_, after) = self.body.as_deref()?.split_once(BEGIN)?;
        after.split_once(" -->").map(|(id, _)| id)
    }

    /// Whether somebody refused the change request.
    pub(super) fn is_refused(&self, record: &Record) -> bool {
        self.has(REJECTED) || self.state == State::Closed && record.status != Status::Closed
    }

    /// The labels that say a state other than `status`.
    pub(super) fn stale(&self, status: Status) -> Vec<String> {
        let says = |name: &str, state: Status| label_of(state).is_some_and(|label| name.eq_ignore_ascii_case(label));
        let stale = |name: &&str| STATES.iter().any(|state| says(name, *state) && *state != status);
        self.labels().filter(stale).map(str::to_owned).collect()
    }
}

const STATES: [Status; 8] = [
    Status::New,
    Status::Assess,
    Status::Authorize,
    Status::Scheduled,
    Status::Implement,
    Status::Review,
    Status::Closed,
    Status::Canceled,
];

/// The label that asks people.
pub(super) const AUTHORIZE: &str = "status_authorize";

/// The label that shows a state (CR7); a request that is new has none.
pub(super) fn label_of(status: Status) -> Option<&'static str> {
    match status {
        Status::New => None,
        Status::Assess => Some("status_assess"),
        Status::Authorize => Some(AUTHORIZE),
        Status::Scheduled => Some("status_scheduled"),
        Status::Implement => Some("status_implement"),
        Status::Review => Some("status_review"),
        Status::Closed => Some("status_closed"),
        Status::Canceled => Some("status_canceled"),
    }
}

/// What people said, in order, by labels that are still there.
///
/// An approval is about what people were asked last, if it came after that. A machine's label approves nothing.
pub(super) fn decisions(record: &Record, issue: &Issue, events: &[Happened]) -> Vec<Decision> {
    let about = |event: &Happened, label: &str| {
        // GitHub keeps one label whatever its case, and shows it as whoever made it wrote it.
        event.label.as_ref().is_some_and(|named| named.name.eq_ignore_ascii_case(label))
    };
    let asked = |event: &Happened| event.event == "labeled" && about(event, AUTHORIZE);
    let (first, last) = (events.iter().position(asked), events.iter().rposition(asked));
    let mut decisions = Vec::new();
    for (place, event) in events.iter().enumerate() {
        let (Some(label), Some(actor), Some(at)) = (&event.label, &event.actor, event.created_at) else { continue };
        let name = label.name.to_ascii_lowercase();
        let approves = name == APPROVED || name.starts_with("status_approved_");
        let rejects = name == REJECTED;
        let applied = event.event == "labeled" && issue.has(&label.name);
        let later = events.iter().skip(place.saturating_add(1));
        let last_word = !later.clone().any(|later| about(later, &label.name));
        if !(approves && actor.is_person() || rejects) || !applied || !last_word {
            continue;
        }
        let by = actor.person();
        let (change, delta, policy) = match (first, last) {
            (_, Some(last)) if place > last => (record.about, record.delta, record.policy),
            // What they were asked then is not what they are asked now.
            (Some(first), _) if place > first => (record.about, Some(Digest::of(b"")), None),
            (_, _) => (None, None, None),
        };
        decisions.push(Decision {
            by,
            approves,
            withdraws: false,
            at,
            why: None,
            environment: None,
            change,
            delta,
            policy,
        });
    }
    decisions
}

/// The title of the issue.
pub(super) fn title(record: &Record) -> String {
    let title = record.filing.as_ref().map(|filing| &filing.title).or(record.title.as_ref());
    let title: String = title.map(String::as_str).unwrap_or_default().chars().filter(|c| !c.is_control()).collect();
    format!("[{}] {}", record.id, title.chars().take(200).collect::<String>())
}

fn begin(id: &Name) -> String {
    format!("{BEGIN}{id} -->")
}

/// The text of the issue: ours in its place, and whatever people wrote around it.
pub(super) fn body(record: &Record, place: &Place, there: Option<&str>) -> String {
    let ours = text(record, place);
    let there = there.unwrap_or_default();
    match (there.find(BEGIN), there.rfind(END)) {
        (Some(first), Some(last)) if first < last => {
            let before = there.get(..first).unwrap_or_default();
            let after = there.get(last.saturating_add(END.len())..).unwrap_or_default();
            format!("{before}{ours}{after}")
        }
        (_, _) if there.trim().is_empty() => ours,
        (_, _) => format!("{there}\n\n{ours}"),
    }
}

fn text(record: &Record, place: &Place) -> String {
    let mut page = Page::default();
    show_state(&mut page, record, place);
    if let Some(filing) = &record.filing {
        show_fields(&mut page, &filing.fields);
    }
    let mut end = Page::default();
    show_attachments(&mut end, record, &place.records.0);
    if let Some(notes) = &record.close_notes {
        end.heading(3, ours("How it ended"));
        end.made(notes);
    }
    let head = page.finish();
    let end = end.finish();
    let machine = machine_block(record);
    let room = MAX_BODY.saturating_sub(head.len()).saturating_sub(end.len()).saturating_sub(machine.len());
    let automation = record.filing.as_ref().map_or("", |filing| filing.automation.as_str());
    let mut found = Page::default();
    if !automation.is_empty() {
        found.heading(2, ours("What was found"));
        found.made(&whole_lines(automation, room));
    }
    let found = found.finish();
    format!("{}\n{head}\n{found}\n{end}\n{machine}{END}", begin(&record.id))
}

/// As many whole lines as there is room for.
fn whole_lines(text: &str, room: usize) -> String {
    let mut kept = String::new();
    for line in text.lines() {
        if kept.len().saturating_add(line.len()) > room {
            kept.push_str("\n... the rest is in the attachments\n");
            break;
        }
        kept.push_str(line);
        kept.push('\n');
    }
    kept
}

fn show_state(page: &mut Page, record: &Record, place: &Place) {
    let kind = match record.kind {
        Kind::Standard => ours("Standard change, "),
        Kind::Emergency => strong("Emergency change, "),
    };
    let target = record.filing.as_ref().map(|filing| &filing.target).or(record.target.as_ref());
    let target = target.map_or_else(|| ours("its target is not known yet"), |target| code(target.label()));
    page.paragraph([kind, target, ours(". State: "), state(record.status), ours(".")]);
    if record.status == Status::Authorize {
        page.paragraph([
            ours("**To approve it, apply the label** "),
            code(APPROVED),
            ours(" (a second person: "),
            code("status_approved_2"),
            ours("). To reject it, apply "),
            code(REJECTED),
            ours(" or close this issue. Whoever had a part in the change cannot approve it."),
        ]);
        if let Some(approvals) = &place.approvals {
            page.paragraph([
                ours("From now on a review of the environment "),
                code(approvals.environment.as_str()),
                ours(" in the workflow run counts as well: approving it approves, rejecting it rejects."),
            ]);
        }
        let why = record.asked.iter().map(prose);
        page.list(
            record.asked.len(),
            why,
            crate::attachments::markdown::Most { rows: 20, bytes: 4_000, rest: "record.json" },
        );
    }
    let Some(filing) = &record.filing else { return };
    let rows = [
        (ours("Ready"), if filing.ready { ours("yes") } else { strong("no") }),
        (ours("Risk"), code(crate::risk::word(&filing.risk))),
        (ours("Category"), code(crate::risk::word(&filing.category))),
        (ours("Planned start"), code(filing.planned_start)),
        (ours("Planned end"), code(filing.planned_end)),
        (ours("Outage"), join([code(filing.outage_minutes), ours(" minutes")])),
        (ours("Environment detail"), code(filing.target.detail.as_str())),
        (ours("Pipeline"), filing.pipeline.as_ref().map_or_else(|| ours("-"), code)),
        (ours("Pipeline version"), filing.pipeline_version.as_ref().map_or_else(|| ours("-"), code)),
        (ours("Validation record"), code(&filing.validation_record)),
    ];
    let restores = filing.restores.iter().map(|id| [ours("Restores"), code(id)]);
    let most = crate::attachments::markdown::Most { rows: 40, bytes: 8_000, rest: "record.json" };
    let methods = filing.methods.iter().map(|method| [ours("Method"), prose(method)]);
    let total = rows.len().saturating_add(filing.methods.len()).saturating_add(restores.len());
    page.table(
        ["Field", "Value"],
        total,
        rows.into_iter().map(|(name, value)| [name, value]).chain(restores).chain(methods),
        most,
    );
}

fn state(status: Status) -> Inline {
    code(crate::risk::word(&status))
}

/// What the author of the promotion wrote, fenced.
fn show_fields(page: &mut Page, fields: &Fields) {
    page.heading(2, ours("What its author says"));
    page.paragraph([
        ours("Priority "),
        code(crate::risk::word(&fields.priority)),
        ours(", assigned to "),
        code(fields.assignee.as_str()),
        ours(", customer impact "),
        code(crate::risk::word(&fields.customer_impact)),
        ours(", deployment impact "),
        code(crate::risk::word(&fields.deployment_impact)),
        ours("."),
    ]);
    let texts = [
        (ours("Description"), &fields.description),
        (ours("Purpose"), &fields.purpose),
        (ours("Impact"), &fields.impact),
        (ours("Backout plan"), &fields.backout_plan),
        (ours("Business justification"), &fields.business_justification),
        (ours("Testing performed"), &fields.testing_performed),
        (ours("Security considerations"), &fields.security_considerations),
    ];
    for (name, text) in texts {
        let Some(text) = text else { continue };
        page.heading(3, name);
        let cut: String = text.chars().take(MAX_FIELD).collect();
        page.block(&cut);
    }
}

fn show_attachments(page: &mut Page, record: &Record, records: &str) {
    if record.attachments.is_empty() {
        return;
    }
    page.heading(2, ours("Attachments"));
    let base = record.issue.as_ref().and_then(|issue| Some(issue.url.rsplit_once("/issues/")?.0));
    let items = record.attachments.iter().map(|(name, digest)| {
        let url = base.map(|base| format!("{base}/blob/{records}/changes/{}/attachments/{name}", record.id));
        let name = code(name);
        let name = url.map_or_else(|| name.clone(), |url| link(name.clone(), &url));
        join([name, ours(", SHA-256 "), code(digest.short())])
    });
    let most = crate::attachments::markdown::Most { rows: 40, bytes: 12_000, rest: "record.json" };
    page.list(record.attachments.len(), items, most);
}

/// What machines read: the same facts, as JSON in a fence.
#[derive(Serialize)]
struct Machine<'r> {
    version: u32,
    id: &'r Name,
    #[serde(skip_serializing_if = "Option::is_none")]
    change: Option<Digest>,
    status: Status,
    kind: Kind,
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<&'r Target>,
    #[serde(skip_serializing_if = "Option::is_none")]
    delta: Option<Digest>,
    #[serde(skip_serializing_if = "Option::is_none")]
    policy: Option<Digest>,
    #[serde(skip_serializing_if = "Option::is_none")]
    planned_start: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    planned_end: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    outage_minutes: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    close_category: Option<Closure>,
}

fn machine_block(record: &Record) -> String {
    let filing = record.filing.as_deref();
    let machine = Machine {
        version: 1,
        id: &record.id,
        change: record.key,
        status: record.status,
        kind: record.kind,
        target: filing.map(|filing| &filing.target).or(record.target.as_ref()),
        delta: record.delta,
        policy: record.policy,
        planned_start: filing.map(|filing| filing.planned_start).or(record.planned_start),
        planned_end: filing.map(|filing| filing.planned_end).or(record.planned_end),
        outage_minutes: filing.map(|filing| filing.outage_minutes).or(record.outage_minutes),
        close_category: record.close_category,
    };
    let json = serde_json::to_string_pretty(&machine).unwrap_or_default();
    format!("<details><summary>For machines</summary>\n\n```json\n{json}\n```\n\n</details>\n")
}
