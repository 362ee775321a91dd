//! What the journals say that a request names: the registers of its target and of its staging, as a fold of them.

use crate::change::journal::Journal;
use crate::documents::Documents;
use crate::facts::Target;
use crate::failure::{Code, Failure};
use crate::gather::{self, Named, Sources, Tree};
use crate::register::{self, Register};
use crate::scalar::{Digest, Name};

/// The past of a change, from journals.
pub(super) struct Known {
    /// The target's register.
    pub(super) here: Register,
    /// Those of its staging.
    pub(super) staging: Vec<Register>,
    journals: Vec<(Named, Journal)>,
}

impl Known {
    /// Reads the journals.
    pub(super) fn of(
        documents: &Documents,
        history: &[Named],
        target: &Target,
        sources: &Sources,
    ) -> Result<Self, Failure> {
        let read = gather::journals(documents, history)?;
        let named: Vec<(String, Journal)> = history.iter().map(|named| named.name.clone()).zip(read).collect();
        let pointer = |tree: &Option<Tree>| tree.as_ref().and_then(|tree| tree.commit.clone());
        let here = register::adopted(target, &named, pointer(&sources.concluded).as_ref());
        let staging = staging(documents, target, sources)?.map_or_else(Vec::new, |environment| {
            let at = |region| Target { environment: environment.clone(), region, ..target.clone() };
            let pointer = pointer(&sources.staging);
            [target.region.clone(), None].map(|region| register::adopted(&at(region), &named, pointer.as_ref())).into()
        });
        let journals = history.iter().cloned().zip(named.into_iter().map(|(_, journal)| journal)).collect();
        Ok(Self { here, staging, journals })
    }

    /// The journal of a change request.
    pub(super) fn of_request(&self, id: &Name) -> Option<&Journal> {
        self.journals.iter().map(|(_, journal)| journal).find(|journal| is_of(journal, id))
    }

    /// Whether another journal than this one has the change request.
    pub(super) fn shares(&self, id: &Name, own: Option<Digest>) -> bool {
        self.journals.iter().any(|(named, journal)| Some(named.digest) != own && is_of(journal, id))
    }
}

fn is_of(journal: &Journal, id: &Name) -> bool {
    journal.life.change.filed().is_some_and(|filed| filed.id == *id)
}

/// The staging environment that the policy names for the target.
fn staging(documents: &Documents, target: &Target, sources: &Sources) -> Result<Option<Name>, Failure> {
    let Some(named) = &sources.policy else { return Ok(None) };
    let bytes = documents.bytes(&named.name, &named.digest)?;
    let refuse = |problems| Failure::all(Code::Policy, Some(&named.name), problems);
    let policy = crate::policy::read(&bytes, target.purpose).map_err(refuse)?;
    let declared = crate::policy::environments(&bytes).map_err(refuse)?;
    let declared = declared.get(&target.environment).and_then(|declared| declared.staging.clone());
    Ok(policy.staging.map(|staging| staging.environment).or(declared))
}
