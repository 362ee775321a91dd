//! Licences in the words that CycloneDX 1.6 allows.

use std::collections::BTreeSet;

use super::wire;
use crate::formats::cyclonedx::License;

/// The ids that CycloneDX 1.6 knows, one a line, sorted.
const IDS: &str = include_str!("spdx-licenses.txt");

/// The known ids.
pub(super) struct Licenses {
    ids: BTreeSet<&'static str>,
}

impl Licenses {
    pub(super) fn new() -> Self {
        Self { ids: IDS.lines().collect() }
    }

    /// A component's licences: one expression alone, or ids and names; an id that is not known is a name.
    pub(super) fn of<'a>(&self, licenses: &'a [License]) -> Vec<wire::Choice<'a>> {
        if let [License::Expression(expression)] = licenses {
            return vec![wire::Choice::Expression { expression }];
        }
        let mut seen = BTreeSet::new();
        let new = licenses.iter().filter(|license| seen.insert(*license));
        new.map(|license| wire::Choice::License { license: self.one(license) }).collect()
    }

    fn one<'a>(&self, license: &'a License) -> wire::License<'a> {
        match license {
            License::Id(id) if self.ids.contains(id.as_str()) => wire::License::Id(id),
            License::Id(name) | License::Name(name) | License::Expression(name) => wire::License::Name(name),
        }
    }
}
