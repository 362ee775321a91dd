//! How links move a register.

use super::{Concluded, Deployed, Ended, KEPT, Open, Owed, RECENT, Register, Standing, Tip};
use crate::change::event::{Conclusion, Event};
use crate::change::journal::{Journal, Link, Linked};
use crate::change::state::{Change, Life};
use crate::facts::Target;
use crate::order;
use crate::problem::Problem;
use crate::scalar::{Commit, Digest, Timestamp};

/// Something that happened to a change, with what was known of it then.
struct Happened<'a> {
    journal: &'a str,
    number: u64,
    head: Digest,
    at: Timestamp,
    event: &'a Event,
    life: &'a Life,
}

impl Register {
    /// The register after a link of the journal at `path`.
    pub fn after(mut self, path: &str, line: &Linked) -> Result<Self, Problem> {
        let next = self.follows(line.link.number, line.link.prev)?;
        let happened = Happened {
            journal: path,
            number: next,
            head: line.digest,
            at: line.at,
            event: &line.event,
            life: &line.life,
        };
        self.happened(&happened);
        self.moved(next, line.digest, Standing { path: path.to_owned(), seq: line.seq });
        Ok(self)
    }

    /// The register after a decision, which a person stored at `path`.
    pub fn decided(mut self, path: &str, link: Link, digest: Digest) -> Result<Self, Problem> {
        let next = self.follows(link.number, link.prev)?;
        self.moved(next, digest, Standing { path: path.to_owned(), seq: 1 });
        Ok(self)
    }

    /// Whether a link follows from the last one.
    fn follows(&self, number: u64, prev: Digest) -> Result<u64, Problem> {
        let Tip { number: last, head } = self.tip();
        match number == last.saturating_add(1) && prev == head {
            true => Ok(number),
            false => Err(Problem::new(
                format!("link {number} does not follow from link {last} of the register"),
                "find out with `countersign audit` which record is missing",
            )),
        }
    }

    fn moved(&mut self, number: u64, head: Digest, at: Standing) {
        self.number = number;
        self.head = Some(head);
        self.at = Some(at);
        self.recent.push((number, head));
        keep_last(&mut self.recent, RECENT);
    }

    fn happened(&mut self, happened: &Happened<'_>) {
        let Happened { journal, number, head, at, event, life } = *happened;
        let Some(opened) = life.change.opened() else { return };
        let filed = life.change.filed();
        let id = filed.map(|filed| filed.id.clone());
        match event {
            Event::Opened(_) => {
                let journal = journal.to_owned();
                self.open.push(Open { journal, key: opened.key, id: None, number, head });
            }
            Event::Cleared { .. } => {
                if let Some(open) = self.open.iter_mut().find(|open| open.journal == journal) {
                    (open.id, open.number, open.head) = (id, number, head);
                }
                self.owes(life);
            }
            Event::Closed { category } | Event::LeftOpen { category } => {
                self.outcomes.push(Ended { key: opened.key, at, category: *category });
                keep_last(&mut self.outcomes, KEPT);
                let stands = matches!(&life.change, Change::Closed(_, ending) if ending.conclusion.is_success());
                if !stands {
                    self.open.retain(|open| open.journal != journal);
                }
            }
            Event::Rejected { .. } => self.open.retain(|open| open.journal != journal),
            Event::Fulfilled(fulfilment) => {
                self.obligations.retain(|owed| owed.key != opened.key || owed.id != fulfilment.obligation);
            }
            Event::Concluded { deployed, .. } => {
                self.open.retain(|open| open.journal != journal);
                let tested =
                    matches!(&life.change, Change::Closed(_, ending) if ending.conclusion == Conclusion::Succeeded);
                let Some(id) = id else { return };
                self.deployed = Some(Deployed { files: *deployed, commit: opened.commit.clone(), by: id.clone() });
                self.concluded.push(Concluded {
                    id,
                    journal: journal.to_owned(),
                    key: opened.key,
                    at,
                    commit: opened.commit.clone(),
                    tested,
                    restores: opened.restores.clone(),
                });
                keep_last(&mut self.concluded, KEPT);
            }
            _ => {}
        }
    }

    /// What the change owes from now on.
    fn owes(&mut self, life: &Life) {
        let (Some(opened), Some(filed)) = (life.change.opened(), life.change.filed()) else { return };
        let open = life.obligations.iter().filter(|(_, fulfilled)| fulfilled.is_none());
        self.obligations.extend(open.map(|(obligation, _)| Owed {
            change: filed.id.clone(),
            key: opened.key,
            id: obligation.id.clone(),
            what: obligation.what.clone(),
            due: obligation.due,
        }));
    }
}

fn keep_last<T>(list: &mut Vec<T>, most: usize) {
    let over = list.len().saturating_sub(most);
    list.drain(..over);
}

/// Whether the register knows this link: `None` where it is too old to tell.
#[must_use]
pub fn settled(register: &Register, number: u64, digest: Digest) -> Option<bool> {
    if number > register.number {
        return Some(false);
    }
    register.recent.iter().find(|(known, _)| *known == number).map(|(_, known)| *known == digest)
}

/// What the journals of a target come to that make no chain: those of version 1.
#[must_use]
pub fn adopted(target: &Target, journals: &[(String, Journal)], pointer: Option<&Commit>) -> Register {
    let mut register = Register::new(target);
    let here = |journal: &&(String, Journal)| {
        let there = journal.1.life.change.opened().map(|opened| &opened.target);
        there.is_some_and(|there| there.environment == target.environment && there.region == target.region)
    };
    let mut here: Vec<&(String, Journal)> = journals.iter().filter(here).collect();
    order::sort_by(&mut here, |a, b| (a.1.life.last_at, &a.0).cmp(&(b.1.life.last_at, &b.0)));
    let mut concluded: Vec<Concluded> = Vec::new();
    for (path, journal) in here {
        let life = &journal.life;
        let (Some(opened), Some(last)) = (life.change.opened(), life.last_at) else { continue };
        match &life.change {
            Change::Closed(_, ending) => {
                register.outcomes.push(Ended { key: opened.key, at: last, category: ending.category });
            }
            Change::Canceled(..) => {}
            _ => register.open.push(Open {
                journal: path.clone(),
                key: opened.key,
                id: life.change.filed().map(|filed| filed.id.clone()),
                number: 0,
                head: journal.head(),
            }),
        }
        register.owes(life);
        concluded.extend(concluded_of(path, journal, pointer));
    }
    order::sort_by(&mut concluded, |a, b| (a.at, &a.id).cmp(&(b.at, &b.id)));
    if let Some(last) = concluded.last() {
        register.deployed = Some(Deployed { files: None, commit: last.commit.clone(), by: last.id.clone() });
    }
    register.concluded = concluded;
    keep_last(&mut register.concluded, KEPT);
    keep_last(&mut register.outcomes, KEPT);
    register
}

/// The deployment of a journal of version 1, if it was concluded. A host that died while it moved the pointer could not write that
/// down: then the pointer tells.
fn concluded_of(path: &str, journal: &Journal, pointer: Option<&Commit>) -> Option<Concluded> {
    let Change::Closed(filed, ending) = &journal.life.change else { return None };
    let opened = &filed.opened;
    let moved = pointer.is_some() && opened.commit.as_ref() == pointer;
    let at = journal.life.concluded_at.or(journal.life.last_at.filter(|_| moved))?;
    ending.conclusion.is_success().then(|| Concluded {
        id: filed.id.clone(),
        journal: path.to_owned(),
        key: opened.key,
        at,
        commit: opened.commit.clone(),
        tested: ending.conclusion == Conclusion::Succeeded,
        restores: opened.restores.clone(),
    })
}
