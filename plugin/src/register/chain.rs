//! The chain of a target, walked from its head to its first link, and the register that it comes to.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Register, Tip};
use crate::change::journal::{Journal, Link, Linked};
use crate::facts::Target;
use crate::problem::Problem;
use crate::promotion::Person;
use crate::scalar::{Digest, Timestamp};

/// The first link of a target whose journals are of version 1: a person took them over as they were.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Adopted {
    /// The version of this format.
    pub version: u32,
    /// Its place in the chain: the first.
    pub link: Link,
    /// Who took them over.
    pub by: Person,
    /// When.
    pub at: Timestamp,
    /// The target.
    pub target: Target,
    /// The journals, and the digest of the last line of each.
    pub journals: BTreeMap<String, Digest>,
}

/// A link, wherever it stands.
#[derive(Clone, Debug)]
pub enum Found {
    /// A line of a journal.
    Line(String, Box<Linked>),
    /// A decision.
    Decision(String, Link, Digest),
    /// Journals of version 1 that were taken over.
    Adopted(String, Box<Adopted>, Digest),
}

impl Found {
    fn link(&self) -> Link {
        match self {
            Self::Line(_, line) => line.link,
            Self::Decision(_, link, _) => *link,
            Self::Adopted(_, adopted, _) => adopted.link,
        }
    }

    fn digest(&self) -> Digest {
        match self {
            Self::Line(_, line) => line.digest,
            Self::Decision(_, _, digest) | Self::Adopted(_, _, digest) => *digest,
        }
    }

    /// Where it stands, for people.
    #[must_use]
    pub fn place(&self) -> String {
        match self {
            Self::Line(path, line) => format!("line {} of `{path}`", line.seq),
            Self::Decision(path, ..) | Self::Adopted(path, ..) => format!("`{path}`"),
        }
    }
}

/// The links of a target from the first to the head, and those that are on no chain.
#[derive(Debug)]
pub struct Chain<'f> {
    /// In their order.
    pub links: Vec<&'f Found>,
    /// What was stored and overtaken, or is missing in between.
    pub orphans: Vec<&'f Found>,
}

/// Walks from a head to the first link.
pub fn walk(found: &[Found], head: Tip) -> Result<Chain<'_>, Problem> {
    let by_digest: BTreeMap<Digest, &Found> = found.iter().map(|found| (found.digest(), found)).collect();
    let mut links = Vec::new();
    let Tip { mut number, head: mut digest } = head;
    while number > 0 {
        let missing = || {
            Problem::new(
                format!("link {number} ({digest}) is missing"),
                "restore the records from a copy of the ledger that has it",
            )
        };
        let found =
            by_digest.get(&digest).copied().filter(|found| found.link().number == number).ok_or_else(missing)?;
        links.push(found);
        digest = found.link().prev;
        number = number.saturating_sub(1);
    }
    if digest != Digest::of(b"") {
        return Err(Problem::new(
            "the first link goes on from another",
            "restore the records from a copy of the ledger",
        ));
    }
    links.reverse();
    let on_it = |found: &&Found| !links.iter().any(|link| link.digest() == found.digest());
    let orphans = found.iter().filter(on_it).collect();
    Ok(Chain { links, orphans })
}

/// The head of the longest chain, where there is one and no other as long.
pub fn head(found: &[Found]) -> Result<Tip, Problem> {
    let most = found.iter().map(|found| found.link().number).max().unwrap_or(0);
    let mut heads = found.iter().filter(|found| found.link().number == most);
    let tips: Vec<Tip> = heads
        .by_ref()
        .map(|found| Tip { number: most, head: found.digest() })
        .filter(|tip| walk(found, *tip).is_ok())
        .collect();
    match (tips.as_slice(), most) {
        ([tip], _) => Ok(*tip),
        ([], 0) => Ok(Tip { number: 0, head: Digest::of(b"") }),
        ([], _) => {
            Err(Problem::new("no chain of links reaches its first", "restore the records from a copy of the ledger"))
        }
        (_, _) => Err(Problem::new(
            format!("two links have the number {most}"),
            "find out which of them the deployment followed, and restore the records as they were then",
        )),
    }
}

/// The register that the links of a chain come to.
pub fn fold(target: &Target, links: &[&Found], journals: &BTreeMap<String, Journal>) -> Result<Register, Problem> {
    let mut register = Register::new(target);
    for found in links {
        register = match found {
            Found::Line(path, line) => register.after(path, line)?,
            Found::Decision(path, link, digest) => register.decided(path, *link, *digest)?,
            Found::Adopted(path, adopted, digest) => took_over(adopted, path, *digest, journals)?,
        };
    }
    Ok(register)
}

/// The register of journals that were taken over, as they were then.
pub fn took_over(
    adopted: &Adopted,
    path: &str,
    digest: Digest,
    journals: &BTreeMap<String, Journal>,
) -> Result<Register, Problem> {
    let mut then = Vec::new();
    for (name, head) in &adopted.journals {
        let journal = journals.get(name).and_then(|journal| journal.until(head)).ok_or_else(|| {
            let message = format!("`{name}` is not as it was taken over");
            Problem::new(message, "restore it from a copy of the ledger")
        })?;
        then.push((name.clone(), journal));
    }
    super::adopted(&adopted.target, &then, None).decided(path, adopted.link, digest)
}
