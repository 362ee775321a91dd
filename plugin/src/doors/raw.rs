//! The raw door: five exports over linear memory, no imports.
//!
//! `alloc(len)` gives a buffer that the host fills. `put`, `call` and `take` consume such a buffer and answer with a
//! region, packed as `pointer << 32 | length`, which stays valid until the next call of any export; -1 is none.
//! `fault` gives the text of a panic, after a trap.
#![expect(unsafe_code, reason = "the boundary passes raw pointers")]

use std::cell::RefCell;
use std::sync::Once;

use crate::contract::{self, Session};
use crate::scalar::Digest;

super::carry_identity!("raw");

thread_local! {
    static SESSION: RefCell<Session> = RefCell::default();
    static ANSWER: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    static FAULT: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// A buffer of `length` bytes that the host fills.
#[unsafe(no_mangle)]
extern "C" fn alloc(length: usize) -> *mut u8 {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        std::panic::set_hook(Box::new(|panic| {
            let _ = FAULT.try_with(|fault| *fault.borrow_mut() = panic.to_string().into_bytes());
        }));
    });
    Box::into_raw(vec![0_u8; length].into_boxed_slice()).cast()
}

/// Takes a document, and answers with its digest as text.
#[unsafe(no_mangle)]
extern "C" fn put(pointer: *mut u8, length: usize) -> u64 {
    let bytes = given(pointer, length);
    answer(SESSION.with_borrow_mut(|session| session.put(bytes)).to_string().into_bytes())
}

/// Answers one request.
#[unsafe(no_mangle)]
extern "C" fn call(pointer: *mut u8, length: usize) -> u64 {
    let request = given(pointer, length);
    answer(SESSION.with_borrow_mut(|session| contract::handle(session, &request)))
}

/// The bytes with the digest that the buffer holds as text, or -1.
#[unsafe(no_mangle)]
extern "C" fn take(pointer: *mut u8, length: usize) -> u64 {
    let text = String::from_utf8(given(pointer, length)).unwrap_or_default();
    let found = text
        .parse::<Digest>()
        .ok()
        .and_then(|digest| SESSION.with_borrow(|session| session.take(&digest).map(|bytes| bytes.to_vec())));
    found.map_or(u64::MAX, answer)
}

/// The text of the last panic, or -1.
#[unsafe(no_mangle)]
extern "C" fn fault() -> u64 {
    FAULT.with_borrow(|fault| if fault.is_empty() { u64::MAX } else { packed(fault) })
}

/// Takes back a buffer that `alloc` gave.
fn given(pointer: *mut u8, length: usize) -> Vec<u8> {
    // SAFETY: the host passes what `alloc` gave, with its length, once. In a sandbox it can only harm itself.
    unsafe { Box::from_raw(std::ptr::slice_from_raw_parts_mut(pointer, length)) }.into_vec()
}

/// Keeps the answer until the next call, and says where it is.
fn answer(bytes: Vec<u8>) -> u64 {
    ANSWER.with_borrow_mut(|answer| {
        *answer = bytes;
        packed(answer)
    })
}

fn packed(bytes: &[u8]) -> u64 {
    (bytes.as_ptr().addr() as u64) << 32 | bytes.len() as u64
}
