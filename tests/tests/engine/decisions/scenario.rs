//! A change in the test's own terms: what it is, what is known of it, and what people do about it.

/// Minutes from the moment at which the first run begins.
pub(crate) type Minutes = i64;
/// The immutable id of a person.
pub(crate) type Person = u64;

pub(crate) const DAY: Minutes = 1440;

#[derive(Clone, Debug)]
pub(crate) struct Scenario {
    pub(crate) number: u64,
    pub(crate) production: bool,
    pub(crate) entries: Vec<Entry>,
    /// How many entries there are only in what was concluded last.
    pub(crate) gone: usize,
    /// Whether anything was concluded before.
    pub(crate) concluded: bool,
    pub(crate) force: bool,
    pub(crate) policy: Policy,
    pub(crate) promotion: Promotion,
    pub(crate) records: Vec<Record>,
    pub(crate) strays: Vec<Stray>,
    /// Whether a change on this target was unsuccessful five days ago.
    pub(crate) failed_before: bool,
    pub(crate) flow: Flow,
    /// What is in staging, where the policy demands that it was deployed and tested there.
    pub(crate) staging: Option<Staging>,
}

/// What staging proves.
#[derive(Clone, Debug)]
pub(crate) struct Staging {
    pub(crate) proof: Proof,
    /// What is there of each entry.
    pub(crate) there: Vec<Staged>,
}

/// How what is in staging got there.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Proof {
    Tested,
    Untested,
    /// By a change that is not the one in the journal.
    Other,
    /// Nothing is there.
    Absent,
}

/// An entry as it is in staging.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Staged {
    Same,
    /// The same artifact, in an entry that says something else about it.
    Rewritten,
    /// Another artifact.
    Other,
    Absent,
}

#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) before: Before,
    /// Numbers of its commit, image and CI run; entries may share them.
    pub(crate) commit: u32,
    pub(crate) image: u32,
    pub(crate) run: u32,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    Image,
    Chart,
    Terraform,
}

/// What was concluded last of an entry.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Before {
    Absent,
    Other,
    Same,
}

#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Level {
    Low,
    Moderate,
    High,
}

#[derive(Clone, Debug)]
pub(crate) struct Policy {
    /// The demands before deployment; absent: the built-in ones for production.
    pub(crate) before: Option<Vec<Demand>>,
    pub(crate) after: Vec<Demand>,
    pub(crate) judged: Vec<Judged>,
    pub(crate) waivers: Vec<Waiver>,
    pub(crate) skew_minutes: Minutes,
    /// Whether the shared workflow is trusted.
    pub(crate) trusts: bool,
    pub(crate) limit: Level,
    pub(crate) delta_entries: Option<usize>,
    pub(crate) unsuccessful_within_days: Option<i64>,
    pub(crate) outage_minutes: u32,
    pub(crate) standard: Pattern,
    pub(crate) high_risk: Pattern,
    pub(crate) security: Pattern,
    pub(crate) normal_approvals: Option<usize>,
    pub(crate) require_approvals: bool,
    pub(crate) tech_leads: Vec<Person>,
    pub(crate) security_team: Vec<Person>,
    pub(crate) emergency_label: &'static str,
    pub(crate) appliers: Vec<Person>,
    /// Whether a freeze holds until half a day after the first run.
    pub(crate) frozen: bool,
    pub(crate) tested: bool,
    pub(crate) rollback: bool,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Demand {
    pub(crate) check: &'static str,
    pub(crate) tool: Option<&'static str>,
    pub(crate) weight: Weight,
    pub(crate) scope: Scope,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Weight {
    Required,
    RequiredIfPresent,
    Recommended,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Scope {
    Every,
    Infrastructure,
    Images,
}

/// How the evidence of a check is judged.
#[derive(Clone, Debug)]
pub(crate) struct Judged {
    pub(crate) check: &'static str,
    pub(crate) max_age_hours: Option<i64>,
    pub(crate) fail_on: Option<Severity>,
}

#[derive(Clone, Debug)]
pub(crate) struct Waiver {
    pub(crate) check: &'static str,
    /// Absent: every entry.
    pub(crate) entry: Option<&'static str>,
    pub(crate) expires: Minutes,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Pattern {
    pub(crate) paths: Vec<Glob>,
    pub(crate) labels: Vec<&'static str>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Glob {
    Exactly(&'static str),
    Under(&'static str),
}

#[derive(Clone, Debug)]
pub(crate) struct Promotion {
    pub(crate) customer: &'static str,
    pub(crate) large: bool,
    pub(crate) declared: Option<Level>,
    /// A required field of the template is not filled in.
    pub(crate) incomplete: bool,
    pub(crate) labels: Vec<(&'static str, Option<Person>)>,
    /// The changed paths; absent: they were not read.
    pub(crate) paths: Option<Vec<&'static str>>,
    pub(crate) author: Person,
    pub(crate) committer: Person,
    pub(crate) co_author: Option<Person>,
    pub(crate) merger: Person,
    /// Whether all commits were read.
    pub(crate) commits_read: bool,
    pub(crate) reviews: Vec<Review>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Review {
    pub(crate) by: Person,
    pub(crate) word: Word,
    /// Whether it was given on the head commit.
    pub(crate) on_head: bool,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Word {
    Approves,
    Objects,
    Comments,
    Dismissed,
}

#[derive(Clone, Debug)]
pub(crate) struct Record {
    pub(crate) check: &'static str,
    /// Absent: the record names none.
    pub(crate) tool: Option<&'static str>,
    pub(crate) outcome: Outcome,
    pub(crate) assets: Vec<Asset>,
    pub(crate) run: Run,
    pub(crate) attempt: u32,
    pub(crate) date: Minutes,
    pub(crate) says: Says,
    /// Absent: nobody signed it.
    pub(crate) signed: Option<Signed>,
}

/// A signature that holds: what was built, and whose workflow signed.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct Signed {
    /// Whether the repository of the entries was built.
    pub(crate) own: bool,
    pub(crate) commit: u32,
    pub(crate) workflow: Workflow,
}

#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Workflow {
    /// One of the repository of the entries.
    Own,
    /// One that a policy may trust.
    Shared,
    Other,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Outcome {
    Success,
    Failure,
    Pending,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Asset {
    Image(u32),
    Commit(u32),
    /// The artifact of the entry of this name, by its URL.
    Artifact(&'static str),
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Run {
    Ci(u32),
    /// The run of the deployment pipeline with this number, from 1.
    Cd(usize),
}

/// What a record says besides its outcome.
#[derive(Clone, Debug)]
pub(crate) enum Says {
    Nothing,
    Report(Report),
    /// In IBM's form.
    Findings(Vec<Finding>),
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Report {
    Passed,
    Failed,
    Malformed,
    NotGiven,
    Bom,
}

#[derive(Clone, Debug)]
pub(crate) struct Finding {
    pub(crate) severity: Severity,
    pub(crate) exempt: bool,
    pub(crate) due: Option<Minutes>,
    pub(crate) first_found: Option<Minutes>,
}

#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Severity {
    Informational,
    Low,
    Medium,
    High,
    Critical,
}

/// A document that is not a sound record.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Stray {
    Truncated,
    Empty,
    OutcomeTwice,
    UnknownOutcome,
    NoAssets,
    NoCases,
    AllSkipped,
    /// A sound report that no record names.
    Unbound,
    /// A text that a record keeps for people.
    Kept,
}

impl Stray {
    pub(crate) const ALL: [Self; 9] = [
        Self::Truncated,
        Self::Empty,
        Self::OutcomeTwice,
        Self::UnknownOutcome,
        Self::NoAssets,
        Self::NoCases,
        Self::AllSkipped,
        Self::Unbound,
        Self::Kept,
    ];
}

/// What happens to a change from its first run on.
#[derive(Clone, Debug)]
pub(crate) struct Flow {
    /// Whether the change request was made by hand, and its id is given.
    pub(crate) supplied: bool,
    pub(crate) deploys: bool,
    pub(crate) passes: bool,
    pub(crate) rolls_back: bool,
    pub(crate) rounds: Vec<Round>,
}

/// What people do, and the run after that.
#[derive(Clone, Debug)]
pub(crate) struct Round {
    pub(crate) acts: Vec<Act>,
    pub(crate) actor: Person,
    /// Whether the run is given the id of the change request that an earlier run filed.
    pub(crate) by_id: bool,
}

#[derive(Clone, Debug)]
pub(crate) enum Act {
    Approve(Person),
    Reject(Person),
    /// The policy file is edited; it demands what it demanded.
    EditPolicy,
    /// Evidence comes in.
    Add(Vec<Record>),
    /// Somebody applies the emergency label.
    Label(Person),
    Wait(Minutes),
}
