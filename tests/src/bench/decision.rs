//! The decision, natively and in the module: a fresh session, every document, one call.

use countersign::contract::{self, Session};
use countersign_cli::sandbox::{Fault, Sandbox, Spent};

use crate::bench::load::{Load, Request, documents};

/// Decides natively. The session comes back too, so that taking it down is not measured.
#[must_use]
pub fn natively(documents: Vec<Vec<u8>>, request: &[u8]) -> (Vec<u8>, Session) {
    let mut session = Session::new();
    for bytes in documents {
        session.put(bytes);
    }
    (contract::handle(&mut session, request), session)
}

/// Decides in the module, and says what that took.
pub fn in_the_module(sandbox: &Sandbox, load: &Load) -> Result<(Vec<u8>, Spent), Fault> {
    let mut instance = sandbox.instantiate()?;
    for bytes in &load.documents {
        instance.put(bytes)?;
    }
    let answer = instance.call(&load.request)?;
    Ok((answer, instance.spent()))
}

/// Decides natively, holding no document twice: for measuring memory.
#[must_use]
pub fn natively_alone(components: u32) -> Vec<u8> {
    let mut session = Session::new();
    let mut request = Request::default();
    for document in documents(components) {
        request.name(&document);
        session.put(document.bytes);
    }
    contract::handle(&mut session, &request.assess())
}

/// Decides in the module, holding no document outside of it: for measuring memory.
pub fn in_the_module_alone(sandbox: &Sandbox, components: u32) -> Result<(Vec<u8>, Spent), Fault> {
    let mut instance = sandbox.instantiate()?;
    let mut request = Request::default();
    for document in documents(components) {
        request.name(&document);
        instance.put(&document.bytes)?;
    }
    let answer = instance.call(&request.assess())?;
    Ok((answer, instance.spent()))
}
