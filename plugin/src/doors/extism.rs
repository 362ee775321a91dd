//! The Extism door: the same calls as plugin functions. It imports only what Extism's kernel offers: no WASI, no HTTP.

use std::cell::RefCell;

use extism_pdk::{FnResult, plugin_fn};

use crate::contract::{self, Session};
use crate::scalar::Digest;

super::carry_identity!("extism");

thread_local! {
    static SESSION: RefCell<Session> = RefCell::default();
}

/// Takes a document, and answers with its digest as text.
#[plugin_fn]
pub fn put(bytes: Vec<u8>) -> FnResult<String> {
    let digest = SESSION.with_borrow_mut(|session| session.put(bytes));
    Ok(digest.to_string())
}

/// Answers one request.
#[plugin_fn]
pub fn call(request: Vec<u8>) -> FnResult<Vec<u8>> {
    let answer = SESSION.with_borrow_mut(|session| contract::handle(session, &request));
    Ok(answer)
}

/// The bytes with the digest that is given as text; empty if there are none.
#[plugin_fn]
pub fn take(digest: String) -> FnResult<Vec<u8>> {
    let bytes = digest
        .parse::<Digest>()
        .ok()
        .and_then(|digest| SESSION.with_borrow(|session| session.take(&digest).map(|bytes| bytes.to_vec())));
    Ok(bytes.unwrap_or_default())
}
