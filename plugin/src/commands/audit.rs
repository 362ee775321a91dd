//! `audit`: whether the records of a ledger hold together; makes a register again where its chain does, and takes over the records of
//! version 1 (AU5, AU7).

use std::collections::{BTreeMap, BTreeSet};

use super::{At, reading, registers};
use crate::change::journal::{Journal, Link};
use crate::change::state::Change;
use crate::connectors::ledger::Said;
use crate::facts::Target;
use crate::failure::{Code, Failure};
use crate::formats::json;
use crate::io::LEDGER;
use crate::io::exchange::Put;
use crate::plan::outcome::{Outcome, Stop};
use crate::promotion::Person;
use crate::register::chain::{self, Adopted, Found};
use crate::register::{self, Register};
use crate::report::{self, Ended, Table};
use crate::scalar::{Digest, Name};

/// What is asked for beside the audit.
#[derive(Clone, Debug)]
pub(super) enum Mend {
    /// Nothing.
    Nothing,
    /// Registers that are not what their chains come to are made again.
    Rebuild,
    /// The records of version 1 are taken over by this person.
    Adopt(Person),
}

/// Everything that the ledger has of a target.
#[derive(Default)]
struct OfTarget {
    target: Option<Target>,
    found: Vec<Found>,
}

/// All records of a ledger.
struct Records {
    paths: Vec<String>,
    journals: BTreeMap<String, Journal>,
    targets: BTreeMap<String, OfTarget>,
    wrong: Vec<String>,
    attached: u32,
}

pub(super) async fn run(at: &At, mend: Mend) -> Result<Ended, Failure> {
    let mut records = read(at).await?;
    if let Mend::Adopt(by) = mend {
        return adopt(at, records, by).await;
    }
    if !registers::is_marked(at).await? && !records.journals.is_empty() {
        let help = "take it over with `countersign audit --adopt`";
        return Err(Failure::one(Code::Journal, "the ledger was written by version 1", help));
    }
    let rebuild = matches!(mend, Mend::Rebuild);
    let mut table = Table::new(&["TARGET", "LINKS", "HEAD", "DEPLOYED BY", "OPEN", "RECORDS"]);
    let mut audited = Vec::new();
    let mut wrong = std::mem::take(&mut records.wrong);
    let mut rebuilt = 0_u32;
    for (key, known) in &records.targets {
        let Some(target) = &known.target else { continue };
        let path = register::path(&target.environment, target.region.as_ref());
        let stored = stored(at, &path).await?;
        let (standing, made) = audit(&records, target, &known.found, stored.as_ref(), rebuild);
        if let (Some(register), true) = (&made, rebuild && standing.is_err()) {
            let content = at.io.keep(register.text());
            at.io.stage(Put { path: path.clone(), content: Some(content), expected: stored.map(|(digest, _)| digest) });
            rebuilt = rebuilt.saturating_add(1);
        }
        let holds = match (&standing, rebuild && made.is_some()) {
            (Ok(()), _) => "hold together".to_owned(),
            (Err(_), true) => "the register was made again".to_owned(),
            (Err(what), false) => {
                wrong.push(format!("{}: {what}", target.label()));
                "do not hold together".to_owned()
            }
        };
        let register = made.unwrap_or_else(|| Register::new(target));
        table.row([
            target.label(),
            register.number.to_string(),
            register.head.map(|head| head.short()).unwrap_or_default(),
            register.deployed.as_ref().map(|deployed| deployed.by.to_string()).unwrap_or_default(),
            register.open.len().to_string(),
            holds.clone(),
        ]);
        let (number, head) = (register.number, register.head);
        audited.push(report::Audited { key: key.clone(), target: target.clone(), links: number, head, records: holds });
    }
    at.io.settle().await.map_err(|fault| reading::unavailable("the ledger", fault))?;
    let changes = records.journals.len();
    let stop = match (wrong.is_empty(), rebuilt) {
        (true, 0) => Stop::new(Outcome::Done, format!("the records of {changes} changes hold together")),
        (true, _) => Stop::new(Outcome::Done, format!("the records of {changes} changes hold together; {rebuilt} registers were made again")),
        (false, _) => Stop::new(Outcome::NotVerified, "the records do not hold together")
            .help("restore what is named from a copy of the ledger, then audit again; `--rebuild` makes registers again whose chain holds")
            .details(wrong),
    };
    let found = report::Found::Audited {
        targets: audited,
        changes: u32::try_from(changes).unwrap_or(u32::MAX),
        attached: records.attached,
    };
    Ok(Ended::found(stop, found, Some(table)))
}

/// Whether a register is what its chain comes to; and the register that the chain comes to.
fn audit(
    records: &Records,
    target: &Target,
    found: &[Found],
    stored: Option<&(Digest, Result<Register, String>)>,
    rebuild: bool,
) -> (Result<(), String>, Option<Register>) {
    let told = match stored {
        Some((_, Ok(register))) => Ok(register.tip()),
        Some((_, Err(what))) => Err(format!("the register cannot be read: {what}")),
        None => Err("there is no register".to_owned()),
    };
    let tip = match (&told, rebuild) {
        (Ok(tip), false) => *tip,
        (Ok(_) | Err(_), _) => match chain::head(found) {
            Ok(tip) => tip,
            Err(problem) => return (Err(problem.message), None),
        },
    };
    let made = chain::walk(found, tip).and_then(|chain| {
        let register = chain::fold(target, &chain.links, &records.journals)?;
        Ok((register, chain))
    });
    let (register, chain) = match made {
        Ok(made) => made,
        Err(problem) => return (Err(problem.message), None),
    };
    let stands_for: BTreeSet<String> = chain.links.iter().filter_map(|found| replaced(found)).collect();
    let ahead = chain.orphans.iter().find(|orphan| !stands_for.contains(&orphan.place()));
    let standing = match (told, stored, ahead) {
        (Err(what), ..) => Err(what),
        (Ok(_), Some((digest, _)), _) if *digest != Digest::of(&register.text()) => {
            Err("the register is not what its links come to".to_owned())
        }
        (Ok(_), _, Some(orphan)) => Err(format!("{} is a link of no chain", orphan.place())),
        (Ok(_), ..) => Ok(()),
    };
    (standing, Some(register))
}

/// The place of the line for which a link stands.
fn replaced(found: &Found) -> Option<String> {
    match found {
        Found::Line(path, line) => line.stands_for.map(|seq| format!("line {seq} of `{path}`")),
        Found::Decision(..) | Found::Adopted(..) => None,
    }
}

async fn stored(at: &At, path: &str) -> Result<Option<(Digest, Result<Register, String>)>, Failure> {
    let refuse = |fault| reading::unavailable("the ledger", fault);
    let found = at.io.stored(LEDGER, vec![path.to_owned()]).await.map_err(refuse)?;
    let Some(digest) = found.get(path).copied() else { return Ok(None) };
    let bytes = at.documents.borrow().bytes(path, &digest)?;
    Ok(Some((digest, Register::read(&bytes).map_err(|problem| problem.message))))
}

/// Reads all journals, decisions and lists, and looks whether what the journals name is there as they name it.
async fn read(at: &At) -> Result<Records, Failure> {
    let refuse = |fault| reading::unavailable("the ledger", fault);
    let mut paths = at.io.paths(LEDGER, "changes/").await.map_err(refuse)?;
    paths.extend(at.io.paths(LEDGER, "targets/").await.map_err(refuse)?);
    let (journals, targets, wrong) = (BTreeMap::new(), BTreeMap::new(), Vec::new());
    let mut records = Records { paths, journals, targets, wrong, attached: 0 };
    let is_journal = |path: &&String| path.ends_with(".jsonl") && path.starts_with("changes/");
    let journals: Vec<String> = records.paths.iter().filter(is_journal).cloned().collect();
    for batch in journals.chunks(64) {
        let found = at.io.stored(LEDGER, batch.to_vec()).await.map_err(refuse)?;
        for path in batch {
            let Some(digest) = found.get(path) else { continue };
            let bytes = at.documents.borrow().bytes(path, digest)?;
            match Journal::read(&bytes).and_then(|journal| Ok((journal.links(0)?, journal))) {
                Ok((links, journal)) => records.take(path, journal, links),
                Err(problem) => records.wrong.push(format!("{path}: {}", problem.message)),
            }
        }
        found.values().for_each(|digest| at.io.forget(digest));
    }
    beside(at, &mut records).await?;
    Ok(records)
}

impl Records {
    fn take(&mut self, path: &str, journal: Journal, links: Vec<crate::change::journal::Linked>) {
        if let Some(opened) = journal.life.change.opened() {
            let key = register::key(&opened.target.environment, opened.target.region.as_ref());
            let known = self.targets.entry(key).or_default();
            known.target.get_or_insert_with(|| opened.target.clone());
            known.found.extend(links.into_iter().map(|line| Found::Line(path.to_owned(), Box::new(line))));
        }
        self.journals.insert(path.to_owned(), journal);
    }

    /// The target of the change whose folder this is: of its first journal.
    fn target_of(&self, folder: &str) -> Option<&Target> {
        let journals = self.journals.iter().filter(|(path, _)| path.starts_with(folder));
        journals.filter_map(|(_, journal)| journal.life.change.opened()).map(|opened| &opened.target).next()
    }
}

/// Decisions, adopted journals and attachments, a change after the other.
async fn beside(at: &At, records: &mut Records) -> Result<(), Failure> {
    let refuse = |fault| reading::unavailable("the ledger", fault);
    let wanted = |path: &&String| {
        path.contains("/decisions/") || path.contains("/attachments/") || path.ends_with("/adopted.json")
    };
    let paths: Vec<String> = records.paths.iter().filter(wanted).cloned().collect();
    let mut there = BTreeMap::new();
    for batch in paths.chunks(64) {
        let found = at.io.stored(LEDGER, batch.to_vec()).await.map_err(refuse)?;
        for (path, digest) in &found {
            let bytes = || at.documents.borrow().bytes(path, digest);
            let read = match path.rsplit('/').nth(1) {
                Some("decisions") => decision(records, path, &bytes()?, *digest),
                Some("attachments") => Ok(()),
                Some(_) | None => adopted(records, path, &bytes()?, *digest),
            };
            records.wrong.extend(read.err().map(|what| format!("{path}: {what}")));
        }
        found.values().for_each(|digest| at.io.forget(digest));
        there.extend(found);
    }
    let mut attached = 0_u32;
    for (path, journal) in &records.journals {
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let named = journal.life.change.filed().map(|filed| filed.attached.clone()).unwrap_or_default();
        for (name, digest) in named {
            let place = format!("{folder}/attachments/{name}");
            match there.get(&place) {
                Some(found) if *found == digest => attached = attached.saturating_add(1),
                Some(_) => records.wrong.push(format!("{place}: it has other bytes than were attached")),
                None => records.wrong.push(format!("{place}: it is missing")),
            }
        }
    }
    records.attached = attached;
    Ok(())
}

fn decision(records: &mut Records, path: &str, bytes: &[u8], digest: Digest) -> Result<(), String> {
    let said: Said = json::parse(bytes).map_err(|problem| problem.message)?;
    let Some(link) = said.link else { return Ok(()) };
    let folder = path.split("decisions/").next().unwrap_or_default();
    let target = records.target_of(folder).ok_or("it is a link, and no journal is beside it")?;
    let key = register::key(&target.environment, target.region.as_ref());
    records.targets.entry(key).or_default().found.push(Found::Decision(path.to_owned(), link, digest));
    Ok(())
}

fn adopted(records: &mut Records, path: &str, bytes: &[u8], digest: Digest) -> Result<(), String> {
    let adopted: Adopted = json::parse(bytes).map_err(|problem| problem.message)?;
    let key = register::key(&adopted.target.environment, adopted.target.region.as_ref());
    let known = records.targets.entry(key).or_default();
    known.target.get_or_insert_with(|| adopted.target.clone());
    known.found.push(Found::Adopted(path.to_owned(), Box::new(adopted), digest));
    Ok(())
}

/// Takes over the records of version 1: the register of each target, with one link over its journals as they are.
async fn adopt(at: &At, records: Records, by: Person) -> Result<Ended, Failure> {
    if registers::is_marked(at).await? {
        return Err(Failure::one(Code::BadRequest, "the ledger is not of version 1", "audit it without `--adopt`"));
    }
    if let Some(what) = records.wrong.first() {
        let help = "restore it from a copy of the ledger, then take it over";
        return Err(Failure::one(Code::Journal, what.clone(), help));
    }
    let begun = records.journals.iter().find(|(_, journal)| match &journal.life.change {
        Change::Implement(..) | Change::Review(..) => true,
        Change::Closed(_, ending) => ending.conclusion.is_success() && journal.life.concluded_at.is_none(),
        _ => false,
    });
    if let Some((path, journal)) = begun {
        let message = format!("`{path}` is in the state `{}`: its deployment has begun", journal.life.change.name());
        return Err(Failure::one(Code::Journal, message, "finish it with version 1, then take the ledger over"));
    }
    registers::mark(at);
    let mut table = Table::new(&["TARGET", "CHANGES", "DEPLOYED BY"]);
    let mut audited = Vec::new();
    for (key, known) in &records.targets {
        let Some(target) = &known.target else { continue };
        let here: BTreeMap<String, Digest> = records
            .journals
            .iter()
            .filter(|(_, journal)| journal.life.change.opened().is_some_and(|opened| is_same(&opened.target, target)))
            .map(|(path, journal)| (path.clone(), journal.head()))
            .collect();
        let (link, now) = (Link { number: 1, prev: Digest::of(b"") }, at.io.now());
        let count = here.len();
        let adopted = Adopted { version: 1, link, by: by.clone(), at: now, target: target.clone(), journals: here };
        let mut bytes = serde_json::to_vec_pretty(&adopted).unwrap_or_default();
        bytes.push(b'\n');
        let content = at.io.keep(bytes);
        let path = format!("{}/adopted.json", register::folder(&target.environment, target.region.as_ref()));
        let register = chain::took_over(&adopted, &path, content, &records.journals)
            .map_err(|problem| Failure::all(Code::Journal, Some(&path), vec![problem]))?;
        at.io.stage(Put { path, content: Some(content), expected: None });
        let content = at.io.keep(register.text());
        let path = register::path(&target.environment, target.region.as_ref());
        at.io.stage(Put { path, content: Some(content), expected: None });
        let deployed = register.deployed.as_ref().map(|deployed| deployed.by.to_string());
        table.row([target.label(), count.to_string(), deployed.unwrap_or_default()]);
        let records = "taken over".to_owned();
        audited.push(report::Audited {
            key: key.clone(),
            target: target.clone(),
            links: 1,
            head: register.head,
            records,
        });
    }
    at.io.settle().await.map_err(|fault| reading::unavailable("the ledger", fault))?;
    let changes = u32::try_from(records.journals.len()).unwrap_or(u32::MAX);
    let stop = Stop::new(Outcome::Done, format!("the records of {changes} changes of version 1 were taken over"))
        .help("change requests that are open are tried again as another attempt (`--attempt 2`)");
    let found = report::Found::Audited { targets: audited, changes, attached: records.attached };
    Ok(Ended::found(stop, found, Some(table)))
}

fn is_same(one: &Target, other: &Target) -> bool {
    let place = |target: &Target| -> (Name, Option<Name>) { (target.environment.clone(), target.region.clone()) };
    place(one) == place(other)
}
