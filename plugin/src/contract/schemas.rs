//! JSON Schemas of everything that crosses the boundary, generated from the types themselves.

use std::collections::BTreeMap;

use schemars::Schema;

use crate::change::journal::Entry;
use crate::connectors::ledger::{self, Record};
use crate::contract::v1::{Request, Response};
use crate::formats::record::RawRecord;
use crate::policy::file::File;

/// All schemas, by the name of their file.
#[must_use]
pub fn all() -> BTreeMap<&'static str, Schema> {
    BTreeMap::from([
        ("evidence.schema.json", schemars::schema_for!(RawRecord<'_>)),
        ("journal-entry.schema.json", schemars::schema_for!(Entry)),
        ("ledger-record.schema.json", schemars::schema_for!(Record)),
        ("ledger-request.schema.json", schemars::schema_for!(ledger::Request)),
        ("policy.schema.json", schemars::schema_for!(File)),
        ("prepared.schema.json", schemars::schema_for!(crate::prepared::File)),
        ("request.schema.json", schemars::schema_for!(Request)),
        ("response.schema.json", schemars::schema_for!(Response)),
    ])
}
