//! Requests and responses of contract v1.

use std::collections::BTreeMap;
use std::rc::Rc;

use serde::{Deserialize, Serialize};

use crate::change::event::Engine;
use crate::change::journal::{self, Entry, Journal};
use crate::change::state::Change;
use crate::commands::{Begin, Command, Running, Settings, Turn};
use crate::contract::Session;
use crate::contract::known::Known;
use crate::contract::pure::{self, JudgeRequest, Judged, Meaning, MergeRequest, Merged, PolicyRequest};
use crate::contract::{CONTRACT, identity};
use crate::documents::{Documents, Held, MAX_DOCUMENT_BYTES, MAX_TOTAL_BYTES};
use crate::effect::Effect;
use crate::evidence::{Check, Outcome as CheckOutcome, Report, Severity};
use crate::facts::{Run, Target};
use crate::failure::{Code, Failure};
use crate::gather::{self, Asked, Named, Rollback, Sources};
use crate::io::exchange::{Exchange as Performs, Response as Given};
use crate::io::{MAX_EXCHANGES, Told};
use crate::plan::outcome::{Outcome, Stop};
use crate::plan::{self, Answer, Drive, World};
use crate::problem::Problem;
use crate::promotion::{Fields, template};
use crate::report::{DeltaSummary, End, Ended, Judgement};
use crate::scalar::{Commit, Digest, Name, Timestamp};

/// A request.
#[derive(Debug, Deserialize)]
#[serde(tag = "call", rename_all = "kebab-case", deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Request {
    /// What this engine is.
    Describe {
        /// The contract that the host speaks.
        contract: String,
    },
    /// What one evidence document says.
    Ingest {
        /// The contract that the host speaks.
        contract: String,
        /// The document.
        document: Named,
    },
    /// What is wrong with the text of a promotion pull request (PR4).
    Lint {
        /// The contract that the host speaks.
        contract: String,
        /// The pull request as JSON, or its text alone.
        document: Named,
        /// Names of optional fields that are required.
        #[serde(default)]
        required_fields: Vec<String>,
    },
    /// What a policy means for one environment.
    Policy(Box<PolicyRequest>),
    /// What documents come to, for whoever has all of them at hand. Nothing is recorded.
    Judge(Box<JudgeRequest>),
    /// One bill of materials of several (AT2).
    Merge(Box<MergeRequest>),
    /// Begin a command. Answered by `turn`.
    Begin(Box<BeginRequest>),
    /// Go on with the answer to the exchange of the last turn. Answered by `turn`.
    Answer {
        /// The contract that the host speaks.
        contract: String,
        /// The host's clock.
        now: Timestamp,
        /// What the host did.
        response: Given,
    },
    /// What must happen next to a change.
    Plan(Box<PlanRequest>),
    /// Where a change stands, from its journal alone.
    Status {
        /// The contract that the host speaks.
        contract: String,
        /// The journal.
        journal: Named,
    },
}

/// A request to begin a command. An instance runs one command.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct BeginRequest {
    /// The contract that the host speaks.
    pub contract: String,
    /// The host's clock.
    pub now: Timestamp,
    /// What is asked for.
    pub command: Command,
    /// What the host is configured for; needed by commands about a change.
    #[serde(default)]
    pub settings: Option<Settings>,
}

/// What is asked of the plan.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Mode {
    /// Take the next step.
    #[default]
    Act,
    /// Say what a whole run would do, and how it would end. Nothing is recorded.
    Preview,
    /// Say whether the change is ready. Nothing is recorded.
    Assess,
}

/// A plan request.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PlanRequest {
    /// The contract that the host speaks.
    pub contract: String,
    /// What is asked.
    #[serde(default)]
    pub mode: Mode,
    /// The host's clock.
    pub now: Timestamp,
    /// The host's clock when this run began: what was read before is stale (GA3).
    pub started: Timestamp,
    /// Where.
    pub target: Target,
    /// Who asks.
    pub run: Run,
    /// The documents.
    pub documents: Sources,
    /// A change request that was made by hand (EX1); absent: one is filed.
    #[serde(default)]
    pub change_request_id: Option<Name>,
    /// Which attempt at the same change, counted from 1.
    #[serde(default = "first_attempt")]
    pub attempt: u32,
    /// Whether entries that did not change are deployed again (IN2).
    #[serde(default)]
    pub force_redeploy: bool,
    /// The full rollback that is asked for (FR1); absent: an ordinary change.
    #[serde(default)]
    pub rollback: Option<Rollback>,
    /// The journals of all changes that the host knows of: what failed, what was proved, what is owed. Also for the
    /// call that asks which journal is needed; whether this change's own is among them does not matter.
    #[serde(default)]
    pub history: Vec<Named>,
    /// The journal; absent: the answer says only which journal is needed.
    #[serde(default)]
    pub journal: Option<Named>,
    /// The answer to the effect that the last plan named.
    #[serde(default)]
    pub answer: Option<Answer>,
    /// Who performs which commands.
    #[serde(default)]
    pub drive: Drive,
}

fn first_attempt() -> u32 {
    1
}

/// A response.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Response {
    /// What a command does next.
    Turn(Box<TurnResponse>),
    /// What this engine is.
    Description(Description),
    /// What a document says.
    Ingested(Ingested),
    /// What a policy means for one environment.
    Policy(Box<Meaning>),
    /// What documents come to.
    Judged(Box<Judged>),
    /// One bill of materials.
    Merged(Merged),
    /// What is wrong with a promotion text.
    Lint {
        /// Its fields, if nothing is wrong.
        fields: Option<Box<Fields>>,
        /// Everything that is wrong.
        problems: Vec<Problem>,
    },
    /// Which journal is needed.
    Recall {
        /// The change's key (CR6).
        key: Digest,
        /// The id under which a system that lets us choose keeps its change request.
        id: Name,
        /// The name of the journal beside that change request: one that was made by hand may serve several changes.
        journal: String,
    },
    /// What must happen next.
    Plan(Box<PlanResponse>),
    /// Where a change stands.
    Status(Box<Standing>),
    /// Nothing can be decided.
    Failure(Failure),
}

/// What a command does next: it asks the host for one exchange, or it has ended.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TurnResponse {
    /// Lines for people and machines since the last turn.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub told: Vec<Told>,
    /// What the host is to do, and to answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exchange: Option<Performs>,
    /// What the command came to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end: Option<Ended>,
}

impl TurnResponse {
    fn of(told: Vec<Told>, turn: Turn) -> Response {
        let (exchange, end) = match turn {
            Turn::Asks(exchange) => (Some(exchange), None),
            Turn::Ended(end) => (None, Some(end)),
        };
        Response::Turn(Box::new(Self { told, exchange, end }))
    }
}

/// What this engine is.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Description {
    /// The contract that it speaks.
    pub contract: String,
    /// Its version and sources.
    pub engine: Engine,
    /// Its limits, by name.
    pub limits: BTreeMap<String, u64>,
    /// The exit code of each outcome.
    pub outcomes: BTreeMap<Outcome, u8>,
}

/// What one evidence document says.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Ingested {
    /// The document.
    pub document: Named,
    /// The format that was recognised.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<String>,
    /// The records in it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub records: Vec<RecordSummary>,
    /// Test cases passed, failed, skipped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tests: Option<crate::evidence::Tests>,
    /// Findings by severity, exempt ones apart.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scan: Option<ScanSummary>,
    /// The bill of materials.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bom: Option<crate::evidence::BomSummary>,
    /// Why it cannot be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<Problem>,
}

/// One record of a document.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RecordSummary {
    /// The check.
    pub check: Check,
    /// The tool.
    pub tool: String,
    /// The recorded outcome.
    pub outcome: CheckOutcome,
    /// The assets.
    pub assets: Vec<crate::evidence::Asset>,
    /// The date.
    pub date: Timestamp,
    /// The run, as its CI system writes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
    /// The reports that it rests on.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub reports: Vec<crate::evidence::Attachment>,
    /// Who signed it, where the engine verified a signature.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signer: Option<crate::evidence::Signer>,
}

/// What a scanner found.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ScanSummary {
    /// The scanner.
    pub tool: String,
    /// Findings that stand, by severity.
    pub findings: BTreeMap<Severity, u32>,
    /// Findings that are exempt.
    pub exempt: u32,
}

/// What must happen next.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PlanResponse {
    /// The change's key.
    pub key: Digest,
    /// The change request's id, or the one that it will have where the system lets us choose.
    pub id: Name,
    /// The state (CR7).
    pub state: String,
    /// The journal to make durable before anything else; absent if nothing is recorded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub journal: Option<Head>,
    /// Its new lines.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub appended: Vec<Entry>,
    /// What to do next.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effect: Option<Box<Effect>>,
    /// What a whole run would do (preview).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub would: Vec<Effect>,
    /// How it ended; absent while there is an effect.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end: Option<End>,
    /// What the judgement found (preview, assess).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub judgement: Option<Box<Judgement>>,
    /// What is deployed; with the end of a run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delta: Option<Box<DeltaSummary>>,
}

/// A journal: where to take it, and what it ends with.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Head {
    /// The digest of its bytes, which `take` gives.
    pub digest: Digest,
    /// How many lines it has.
    pub entries: u32,
    /// The digest of its last line.
    pub head: Digest,
}

impl PlanResponse {
    fn new(key: Digest, id: Name, state: &str) -> Self {
        Self {
            key,
            id,
            state: state.to_owned(),
            journal: None,
            appended: Vec::new(),
            effect: None,
            would: Vec::new(),
            end: None,
            judgement: None,
            delta: None,
        }
    }

    fn ended(key: Digest, id: Name, stop: Stop) -> Self {
        Self { end: Some(End::from(stop)), ..Self::new(key, id, Change::New.name()) }
    }
}

/// Where a change stands, from its journal alone.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Standing {
    /// The key, once the change was opened.
    pub key: Option<Digest>,
    /// The change request's id, once there is one.
    pub id: Option<Name>,
    /// The state.
    pub state: String,
    /// Where.
    pub target: Option<Target>,
    /// The inventory commit that is deployed.
    pub commit: Option<Commit>,
    /// An effect that was begun and whose outcome is not known.
    pub pending: Option<String>,
    /// The digest of the last line.
    pub head: Digest,
    /// All lines.
    pub entries: Vec<Entry>,
}

/// The name of a change's journal beside its change request.
const JOURNAL: &str = "journal.jsonl";

/// Answers a request that was read.
pub(super) fn answer(session: &mut Session, request: Request) -> Result<Response, Failure> {
    speaks(request.contract())?;
    let request = match request {
        Request::Begin(request) => return begin(session, *request),
        Request::Answer { now, response, .. } => return go_on(session, now, response),
        request => request,
    };
    let documents = &mut *session.documents.borrow_mut();
    match request {
        Request::Begin(_) | Request::Answer { .. } => {
            Err(Failure::one(Code::Internal, "a command is begun twice", "report this as a defect"))
        }
        Request::Describe { .. } => Ok(Response::Description(describe())),
        Request::Ingest { document, .. } => ingest(documents, document),
        Request::Lint { document, required_fields, .. } => lint(documents, &document, &required_fields),
        Request::Policy(request) => pure::policy(documents, *request),
        Request::Judge(request) => pure::judge(documents, &request),
        Request::Merge(request) => pure::merge(documents, &request),
        Request::Plan(request) => plan(documents, *request),
        Request::Status { journal, .. } => status(documents, &journal),
    }
}

impl Request {
    /// The contract that the host speaks.
    fn contract(&self) -> &str {
        match self {
            Self::Describe { contract }
            | Self::Ingest { contract, .. }
            | Self::Lint { contract, .. }
            | Self::Status { contract, .. }
            | Self::Answer { contract, .. } => contract,
            Self::Policy(request) => &request.contract,
            Self::Judge(request) => &request.contract,
            Self::Merge(request) => &request.contract,
            Self::Begin(request) => &request.contract,
            Self::Plan(request) => &request.contract,
        }
    }
}

/// Begins a command, in an instance that runs none.
fn begin(session: &mut Session, request: BeginRequest) -> Result<Response, Failure> {
    if session.running.is_some() {
        let help = "answer its exchanges to its end, or take another instance";
        return Err(Failure::one(Code::BadAnswer, "a command runs already", help));
    }
    let BeginRequest { now, command, settings, .. } = request;
    let begin = Begin { command, settings, now };
    let (running, told, turn) = Running::begin(Rc::clone(&session.documents), begin);
    session.running = matches!(turn, Turn::Asks(_)).then_some(running);
    Ok(TurnResponse::of(told, turn))
}

/// Goes on with the command that runs.
fn go_on(session: &mut Session, now: Timestamp, response: Given) -> Result<Response, Failure> {
    let Some(mut running) = session.running.take() else {
        return Err(Failure::one(Code::BadAnswer, "no command runs", "begin one first"));
    };
    let (told, turn) = running.answer(now, response)?;
    session.running = matches!(turn, Turn::Asks(_)).then_some(running);
    Ok(TurnResponse::of(told, turn))
}

fn speaks(contract: &str) -> Result<(), Failure> {
    if contract == CONTRACT {
        return Ok(());
    }
    Err(Failure::one(
        Code::OtherContract,
        format!("the host speaks `{}`, and this engine speaks `{CONTRACT}`", crate::scalar::shorten(contract)),
        "use a host and an engine of the same major version",
    ))
}

fn describe() -> Description {
    let limits = [
        ("document-bytes", MAX_DOCUMENT_BYTES),
        ("total-bytes", MAX_TOTAL_BYTES),
        ("documents", gather::MAX_DOCUMENTS),
        ("history", gather::MAX_HISTORY),
        ("journal-entries", journal::MAX_ENTRIES),
        ("exchanges", usize::try_from(MAX_EXCHANGES).unwrap_or(usize::MAX)),
        ("json-nesting", crate::formats::json::NESTING),
        ("bundles", crate::formats::sigstore::MAX_BUNDLES),
        ("bundle-bytes", crate::formats::sigstore::MAX_BUNDLE_BYTES),
    ];
    Description {
        contract: CONTRACT.to_owned(),
        engine: identity(),
        limits: limits.map(|(name, limit)| (name.to_owned(), u64::try_from(limit).unwrap_or(u64::MAX))).into(),
        outcomes: Outcome::ALL.map(|outcome| (outcome, outcome.exit_code())).into(),
    }
}

fn ingest(documents: &mut Documents, document: Named) -> Result<Response, Failure> {
    let (format, held) = documents.ingest(&document.name, &document.digest)?;
    let format = (!format.is_empty()).then(|| format.to_owned());
    let mut ingested =
        Ingested { document, format, records: Vec::new(), tests: None, scan: None, bom: None, problem: None };
    match held {
        Held::Malformed(problem) => ingested.problem = Some(problem),
        Held::Evidence(records) => ingested.records = records.iter().map(|record| summarize(record)).collect(),
        Held::Report(report) | Held::Bom(_, report) => match &*report {
            Ok(Report::Tests(tests)) => ingested.tests = Some(tests.clone()),
            Ok(Report::Scan(scan)) => ingested.scan = Some(count(scan)),
            Ok(Report::Bom(bom)) => ingested.bom = Some(bom.clone()),
            Err(problem) => ingested.problem = Some(problem.clone()),
        },
    }
    Ok(Response::Ingested(ingested))
}

fn summarize(record: &crate::evidence::Evidence) -> RecordSummary {
    RecordSummary {
        check: record.check.clone(),
        tool: record.tool.clone(),
        outcome: record.outcome,
        assets: record.assets.clone(),
        date: record.date,
        run: record.origin.run.clone(),
        reports: record.reports.clone(),
        signer: record.signer.clone(),
    }
}

fn count(scan: &crate::evidence::Scan) -> ScanSummary {
    let mut summary = ScanSummary { tool: scan.tool.clone(), findings: BTreeMap::new(), exempt: 0 };
    for finding in &scan.findings {
        let count =
            if finding.exempt { &mut summary.exempt } else { summary.findings.entry(finding.severity).or_default() };
        *count = count.saturating_add(1);
    }
    summary
}

fn lint(documents: &mut Documents, document: &Named, required: &[String]) -> Result<Response, Failure> {
    let bytes = documents.bytes(&document.name, &document.digest)?;
    let text = match crate::promotion::github::read(&bytes) {
        Ok(promotion) => promotion.body,
        Err(problem) if bytes.trim_ascii_start().first() == Some(&b'{') => {
            return Ok(Response::Lint { fields: None, problems: vec![problem] });
        }
        Err(_) => match std::str::from_utf8(&bytes) {
            Ok(text) => text.to_owned(),
            Err(_) => {
                let problem = Problem::new("the text is not UTF-8", "save it as UTF-8");
                return Ok(Response::Lint { fields: None, problems: vec![problem] });
            }
        },
    };
    Ok(match template::parse(&text, required) {
        Ok(fields) => Response::Lint { fields: Some(Box::new(fields)), problems: Vec::new() },
        Err(problems) => Response::Lint { fields: None, problems },
    })
}

fn id_of(key: &Digest) -> Result<Name, Failure> {
    format!("CR-{}", key.short())
        .parse()
        .map_err(|error| Failure::one(Code::Internal, format!("no id: {error}"), "report this as a defect"))
}

fn plan(documents: &mut Documents, mut request: PlanRequest) -> Result<Response, Failure> {
    let supplied = request.change_request_id.as_ref();
    let own = request.journal.as_ref().map(|journal| journal.digest);
    let known = Known::of(documents, &request.history, &request.target, &request.documents)?;
    let asked = Asked {
        now: request.now,
        target: &request.target,
        run: &request.run,
        sources: &request.documents,
        before_merge: request.mode == Mode::Assess,
        change_request_id: request.change_request_id.as_ref(),
        attempt: request.attempt,
        force_redeploy: request.force_redeploy,
        rollback: request.rollback.as_ref(),
        here: &known.here,
        staging: &known.staging,
        restored: request.rollback.as_ref().and_then(|rollback| known.of_request(&rollback.change_request_id)),
        shares_request: supplied.is_some_and(|supplied| known.shares(supplied, own)),
    };
    let mut facts = gather::facts(documents, &asked)?;
    let key = facts.key();
    let id = id_of(&key)?;
    let recall = |journal: String| {
        let id = request.change_request_id.clone().unwrap_or_else(|| id.clone());
        Ok(Response::Recall { key, id, journal })
    };
    let Some(named) = &request.journal else { return recall(JOURNAL.to_owned()) };
    let journal = Journal::read(&documents.bytes(&named.name, &named.digest)?)
        .map_err(|problem| Failure::all(Code::Journal, Some(&named.name), vec![problem]))?;
    if let Some(other) = journal.life.change.opened().filter(|opened| opened.key != key) {
        // Made for another change: nothing of it is reused, and this one has a journal of its own beside it (EX3).
        if other.target.pointer() != facts.target.pointer() && facts.policy.block_target_mismatch {
            let id = request.change_request_id.as_ref().unwrap_or(&id);
            let stop = plan::target_mismatch(id, &other.target, &facts.target);
            return Ok(Response::Plan(Box::new(PlanResponse::ended(key, id.clone(), stop))));
        }
        return recall(format!("journal-{}.jsonl", key.short()));
    }
    if let Some(checks) = &request.documents.evidence_checks {
        let bytes = documents.bytes(&checks.name, &checks.digest)?;
        documents.made().insert(checks.digest, bytes);
    }
    let answer = request.answer.take();
    let engine = identity();
    plan::same_engine(&journal, &engine)
        .map_err(|problem| Failure::all(Code::Journal, Some(&named.name), vec![problem]))?;
    let mut made = documents.made();
    let mut world =
        World { facts: &mut facts, drive: &request.drive, started: request.started, engine: &engine, blobs: &mut made };
    let mut response = PlanResponse::new(key, id, journal.life.change.name());
    let refuse = |problem: Problem| Failure::all(Code::BadAnswer, None, vec![problem]);
    match request.mode {
        Mode::Act => {
            let plan = plan::plan(&mut world, journal, answer).map_err(refuse)?;
            let skip = usize::try_from(plan.journal.len().saturating_sub(plan.appended)).unwrap_or(usize::MAX);
            let bytes = plan.journal.text().as_bytes().to_vec();
            let entries = journal::entries(&bytes).map_err(refuse)?;
            response.appended = entries.skip(skip).collect::<Result<_, _>>().map_err(refuse)?;
            let digest = Digest::of(&bytes);
            if !bytes.is_empty() {
                response.journal = Some(Head { digest, entries: plan.journal.len(), head: plan.journal.head() });
                made.insert(digest, Rc::new(bytes));
            }
            if let Some(filed) = plan.journal.life.change.filed() {
                response.id = filed.id.clone();
            }
            response.state = plan.journal.life.change.name().to_owned();
            response.effect = plan.effect.map(Box::new);
            response.end = plan.stop.map(End::from);
            response.delta = response.end.as_ref().map(|_| Box::new(DeltaSummary::of(&facts)));
        }
        Mode::Assess => {
            let judged = plan::judge(&world, &journal);
            response.end = Some(End::from(judged.stop.clone()));
            response.judgement = Some(Box::new(Judgement::of(&facts, judged)));
        }
        Mode::Preview => {
            let judged = plan::judge(&world, &journal);
            let preview = plan::preview(&mut world, journal).map_err(refuse)?;
            response.judgement = Some(Box::new(Judgement::of(&facts, judged)));
            response.would = preview.effects;
            response.end = Some(End::from(preview.stop));
        }
    }
    Ok(Response::Plan(Box::new(response)))
}

fn status(documents: &mut Documents, named: &Named) -> Result<Response, Failure> {
    let refuse = |problem: Problem| Failure::all(Code::Journal, Some(&named.name), vec![problem]);
    let bytes = documents.bytes(&named.name, &named.digest)?;
    let journal = Journal::read(&bytes).map_err(refuse)?;
    let entries = journal::entries(&bytes).map_err(refuse)?.collect::<Result<Vec<_>, _>>().map_err(refuse)?;
    let change: &Change = &journal.life.change;
    Ok(Response::Status(Box::new(Standing {
        key: change.opened().map(|opened| opened.key),
        id: change.filed().map(|filed| filed.id.clone()),
        state: change.name().to_owned(),
        target: change.opened().map(|opened| opened.target.clone()),
        commit: change.opened().and_then(|opened| opened.commit.clone()),
        pending: journal.life.pending.clone(),
        head: journal.head(),
        entries,
    })))
}
