//! Notifications: who is told of what, when it happens. They never change an outcome (PC9).

use std::rc::Rc;

use serde::Serialize;

use crate::change::event::{Basis, Conclusion};
use crate::change::journal::Journal;
use crate::change::state::{Change, Filed};
use crate::effect::Action;
use crate::plan::World;
use crate::plan::decide::{Next, perform};
use crate::plan::outcome::{Outcome, Stop};
use crate::policy::{Channel, ChannelFormat, Moment};
use crate::scalar::Digest;

/// The notification that comes before `next`, if somebody is to be told of something now.
pub(super) fn first(world: &mut World<'_>, journal: &Journal, next: &Next) -> Option<Next> {
    let busy = journal.life.pending.as_ref().is_some_and(|effect| !effect.starts_with("notify/"));
    if busy || matches!(next, Next::Append(_)) || world.facts.policy.notifications.is_empty() {
        return None;
    }
    let (filed, moment) = moment(journal, next)?;
    let told = |channel: &&Channel| {
        let wanted = channel.moments.is_empty() || channel.moments.contains(&moment);
        wanted && !journal.life.notified.contains(&key(moment, channel))
    };
    let channel = world.facts.policy.notifications.iter().find(told)?;
    let bytes = body(world, filed, channel, moment, next);
    let (key, channel, body) = (key(moment, channel), channel.name.clone(), Digest::of(&bytes));
    world.blobs.insert(body, Rc::new(bytes));
    Some(perform(key, Action::Notify { channel, moment, body }))
}

fn key(moment: Moment, channel: &Channel) -> String {
    format!("notify/{}/{}", crate::risk::word(&moment), channel.name)
}

/// What is to be told of where the change stands, and of what comes next.
fn moment<'j>(journal: &'j Journal, next: &Next) -> Option<(&'j Filed, Moment)> {
    let held = matches!(next, Next::Stop(Stop { outcome: Outcome::AwaitingApproval | Outcome::ApprovalVoid, .. }));
    let waits = matches!(next, Next::Perform(_, action) if matches!(**action, Action::Wait { .. }));
    match &journal.life.change {
        Change::New | Change::Draft(_) | Change::Assess(..) | Change::Canceled(..) => None,
        Change::Authorize(filed) if held || waits => Some((filed, Moment::Held)),
        Change::Authorize(filed) => Some((filed, Moment::Filed)),
        Change::Scheduled(filed, Basis::Emergency {}) | Change::Implement(filed, Basis::Emergency {}, _) => {
            Some((filed, Moment::Emergency))
        }
        Change::Scheduled(..) | Change::Implement(..) | Change::Review(..) => None,
        Change::Closed(filed, ending) => Some((
            filed,
            match ending.conclusion {
                Conclusion::Succeeded | Conclusion::SucceededUntested => Moment::Closed,
                Conclusion::Failed => Moment::Failed,
                Conclusion::RolledBack | Conclusion::RollbackFailed => Moment::RolledBack,
            },
        )),
    }
}

/// What a generic webhook gets.
#[derive(Serialize)]
struct Generic<'a> {
    countersign: &'a str,
    moment: Moment,
    change_request_id: &'a str,
    title: String,
    environment: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<&'a str>,
    ready: bool,
    state: &'a str,
    text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    run_url: Option<&'a str>,
}

/// What a Slack-compatible webhook gets.
#[derive(Serialize)]
struct Slack {
    text: String,
}

fn body(world: &World<'_>, filed: &Filed, channel: &Channel, moment: Moment, next: &Next) -> Vec<u8> {
    let facts = &*world.facts;
    let text = words(world, filed, moment, next);
    let written = match channel.format {
        ChannelFormat::Slack => serde_json::to_vec(&Slack { text: plain(&text) }),
        ChannelFormat::Generic => serde_json::to_vec(&Generic {
            countersign: "notification/v1",
            moment,
            change_request_id: filed.id.as_str(),
            title: format!("{} to {}", crate::attachments::summary_of(&facts.delta), facts.target.label()),
            environment: facts.target.environment.as_str(),
            region: facts.target.region.as_ref().map(crate::scalar::Name::as_str),
            ready: filed.assessment.ready,
            state: match moment {
                Moment::Filed | Moment::Held => "authorize",
                Moment::Emergency => "scheduled",
                Moment::Failed | Moment::RolledBack => "review",
                Moment::Closed => "closed",
            },
            text,
            run_url: facts.run.url.as_deref(),
        }),
    };
    written.unwrap_or_default()
}

fn words(world: &World<'_>, filed: &Filed, moment: Moment, next: &Next) -> String {
    let place = world.facts.target.label();
    let id = &filed.id;
    let said = match next {
        Next::Stop(stop) => stop.message.as_str(),
        Next::Append(_) | Next::Perform(..) => "",
    };
    match moment {
        Moment::Filed => format!("change request {id} was filed: {place}"),
        Moment::Held => format!("change request {id} waits for approval: {place}"),
        Moment::Emergency => format!("emergency: change request {id} is deployed to {place} without approval"),
        Moment::Failed => format!("change request {id} failed in {place}, and was not rolled back"),
        Moment::RolledBack if said.is_empty() => format!("change request {id} failed in {place}, and was rolled back"),
        Moment::RolledBack => format!("{place}: {said}"),
        Moment::Closed => format!("change request {id} is deployed to {place}"),
    }
}

/// Text in which Slack finds no link, mention or markup.
fn plain(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut plain, character| {
        match character {
            '&' => plain.push_str("&amp;"),
            '<' => plain.push_str("&lt;"),
            '>' => plain.push_str("&gt;"),
            '*' | '_' | '~' | '`' => {}
            character if character.is_control() => plain.push(' '),
            character => plain.push(character),
        }
        plain
    })
}
