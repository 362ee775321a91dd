//! What needs the engine alone: no module is built for it, and no host.

mod attestations;
mod audit;
mod calendar;
mod corpus;
mod crash;
mod decisions;
mod demo;
mod entries;
mod flows;
mod flows_v1;
mod formats;
mod github;
mod laws;
mod ledger;
mod prepared;
mod record;
mod rules;
mod sbom;
mod schema;
mod shared;
mod sigstore;
mod tidy;
mod transitions;
