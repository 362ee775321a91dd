//! What stands in the change request itself: its title, the automation's section, and the notes at its end (CR2).

use crate::attachments::markdown::{Inline, Most, Page, code, count, join, ours, prose, strong};
use crate::attachments::posture::{self, short};
use crate::change::event::{Assessment, Closure, Conclusion, Opened, Ran};
use crate::change::state::{Filed, Work};
use crate::closure::{self, Manner};
use crate::facts::Facts;
use crate::gate;
use crate::inventory::Delta;
use crate::risk::word;
use crate::scalar::shorten;

/// One line that says what is deployed, as plain text: `payments-api, orders-api and 3 more`.
#[must_use]
pub fn summary_of(delta: &Delta) -> String {
    let deployed = listed(delta.entries.keys().map(String::as_str).collect());
    let removed = listed(delta.removed.iter().map(String::as_str).collect());
    match (deployed, removed) {
        (Some(deployed), None) => deployed,
        (Some(deployed), Some(removed)) => format!("{deployed}; without {removed}"),
        (None, Some(removed)) => format!("nothing, and remove {removed}"),
        (None, None) => "nothing".to_owned(),
    }
}

/// Three names, or two and how many more.
fn listed(names: Vec<&str>) -> Option<String> {
    match names.as_slice() {
        [] => None,
        [one] => Some(shorten(one)),
        [one, two] => Some(format!("{} and {}", shorten(one), shorten(two))),
        [one, two, three] => Some(format!("{}, {} and {}", shorten(one), shorten(two), shorten(three))),
        [one, two, more @ ..] => Some(format!("{}, {} and {} more", shorten(one), shorten(two), more.len())),
    }
}

/// The automation's section of the change request's description (CR2), as Markdown.
#[must_use]
pub fn automation_section(facts: &Facts, opened: &Opened, assessment: &Assessment) -> String {
    let most = |rows, bytes| Most { rows, bytes, rest: "delta-summary.json" };
    let blocking = assessment.reasons.iter().filter(|reason| reason.blocking).count();
    let mut page = Page::default();
    posture::show_verdict(&mut page, assessment, blocking);
    let obstacles = gate::obstacles(opened.supplied.is_some(), assessment);
    if !obstacles.is_empty() {
        page.paragraph([ours("People have to approve it, because:")]);
        let items = obstacles.iter().map(|obstacle| ours(obstacle.words()));
        page.list(obstacles.len(), items, most(10, 1_000));
    }
    if blocking > 0 {
        page.heading(3, ours("What blocks"));
        let reasons = assessment.reasons.iter().filter(|reason| reason.blocking);
        posture::show_reasons(&mut page, reasons, blocking, most(20, 14_000));
    }
    if !assessment.needed.is_empty() {
        page.heading(3, ours("Evidence that would make it ready"));
        posture::show_needed(&mut page, &assessment.needed, most(20, 4_000));
    }
    page.heading(3, ours("Risk"));
    posture::show_risk(&mut page, &assessment.risk, most(20, 3_000));
    page.heading(3, ours("What is deployed"));
    show_delta(&mut page, &facts.delta);
    page.paragraph([
        ours("Promotion "),
        code(format!("{}#{}", opened.repository, opened.promotion)),
        ours(", run "),
        code(&opened.run.id),
        ours(", delta "),
        code(opened.delta.short()),
        ours(", policy "),
        code(assessment.policy.short()),
        ours("."),
    ]);
    page.finish()
}

fn show_delta(page: &mut Page, delta: &Delta) {
    let most = Most { rows: 20, bytes: 8_000, rest: "deployment-bom.json" };
    let deployed = delta.entries.iter().map(|(name, (difference, entry))| {
        [code(name), posture::difference(Some(*difference)), code(short(&entry.kind)), code(short(&entry.version))]
    });
    let removed = delta.removed.iter().map(|name| [code(name), ours("removed"), ours("-"), ours("-")]);
    let total = delta.entries.len().saturating_add(delta.removed.len());
    page.table(["Component", "Change", "Type", "Version"], total, deployed.chain(removed), most);
    if !delta.hidden.is_empty() {
        page.paragraph([
            count(delta.hidden.len(), "component"),
            ours(" hidden by the policy's patterns or the ignore file; the Deployment BOM lists them."),
        ]);
    }
}

/// Notes for people about how the change ended, as Markdown.
#[must_use]
pub fn closing_notes(filed: &Filed, work: &Work, conclusion: Conclusion, category: Closure) -> String {
    let mut page = Page::default();
    page.paragraph([outcome(conclusion), ours(" "), manner(filed, conclusion, category)]);
    show_commands(&mut page, &work.ran, Most { rows: 20, bytes: 8_000, rest: "closing-summary.json" });
    page.paragraph([prose("The closing summary has the evidence of every component of the inventory.")]);
    page.finish()
}

/// How the work on the target ended, in words.
pub(super) fn outcome(conclusion: Conclusion) -> Inline {
    match conclusion {
        Conclusion::Succeeded => strong("Deployed and tested."),
        Conclusion::SucceededUntested => strong("Deployed, not tested."),
        Conclusion::Failed => strong("The deployment failed and was not rolled back."),
        Conclusion::RolledBack => strong("The deployment failed and was rolled back."),
        Conclusion::RollbackFailed => strong("The deployment failed, and so did its rollback."),
    }
}

/// What becomes of the change request, in words.
pub(super) fn manner(filed: &Filed, conclusion: Conclusion, category: Closure) -> Inline {
    let verb = match (closure::manner(conclusion, filed.opened.supplied.is_some()), conclusion.is_success()) {
        (Manner::Close, _) => ours("The change request is closed as "),
        (Manner::LeaveOpen, true) => ours("The change request stays open; the proposed category is "),
        (Manner::LeaveOpen, false) => ours("The change request stays open; its category is "),
    };
    join([verb, code(word(&category)), ours(".")])
}

/// A table of the commands that ran.
pub(super) fn show_commands(page: &mut Page, ran: &[Ran], most: Most) {
    if ran.is_empty() {
        return;
    }
    let rows = ran.iter().map(|ran| {
        let code_of = ran.exit_code.map(prose);
        let seconds = ran.ended.zip(ran.started).map(|(ended, started)| ended.seconds_since(started));
        [
            ours(ran.step.word()),
            if ran.success { ours("succeeded") } else { strong("failed") },
            code_of.unwrap_or_else(|| ours("-")),
            seconds.map_or_else(|| ours("-"), |seconds| prose(format!("{seconds} s"))),
            ran.ended.map_or_else(|| ours("-"), code),
            ran.log.map_or_else(|| ours("-"), |log| code(log.short())),
            ran.note.as_ref().map_or_else(|| ours("-"), prose),
        ]
    });
    page.table(["Step", "Result", "Exit code", "Took", "Ended", "Log", "Note"], ran.len(), rows, most);
}
