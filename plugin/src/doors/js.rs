//! The JavaScript door: class `Engine`, for Node and browsers. `call` takes what `JSON.stringify` makes of an object, and
//! gives what `JSON.parse` would make of the answer of `callBytes`.

use std::cell::{Cell, RefCell};

use js_sys::{JSON, Uint8Array};
use serde::Serialize as _;
use serde_wasm_bindgen::Serializer;
use wasm_bindgen::prelude::{JsCast as _, JsError, JsValue, wasm_bindgen};

use crate::contract::v1::Response;
use crate::contract::{self, Session};
use crate::scalar::Digest;

super::carry_identity!("js");

thread_local! {
    /// Whether a call has begun and not ended. It stays so after a trap, and then nothing answers any more.
    static BUSY: Cell<bool> = const { Cell::new(false) };
}

/// The engine, and the documents that it was given.
#[wasm_bindgen]
#[derive(Debug, Default)]
pub struct Engine {
    session: RefCell<Session>,
}

#[wasm_bindgen]
impl Engine {
    /// An engine that holds no documents.
    #[wasm_bindgen(constructor)]
    pub fn new() -> Self {
        static HOOK: std::sync::Once = std::sync::Once::new();
        HOOK.call_once(|| std::panic::set_hook(Box::new(|panic| wasm_bindgen::throw_str(&panic.to_string()))));
        Self::default()
    }

    /// The contract that it speaks.
    #[wasm_bindgen(getter)]
    pub fn contract() -> String {
        contract::CONTRACT.to_owned()
    }

    /// Its version.
    #[wasm_bindgen(getter)]
    pub fn version() -> String {
        contract::identity().version
    }

    /// Takes a document, and answers with its digest as text.
    pub fn put(&self, bytes: &Uint8Array) -> Result<String, JsError> {
        copied(bytes).and_then(|bytes| self.whole(|session| session.put(bytes).to_string()))
    }

    /// The bytes with that digest, if there are any.
    pub fn take(&self, digest: &str) -> Result<Option<Vec<u8>>, JsError> {
        self.whole(|session| session.take(&digest.parse::<Digest>().ok()?).map(|bytes| bytes.to_vec()))
    }

    /// Answers one request.
    #[wasm_bindgen(unchecked_return_type = "v1.Response")]
    pub fn call(
        &self,
        #[wasm_bindgen(unchecked_param_type = "v1.Request")] request: &JsValue,
    ) -> Result<JsValue, JsValue> {
        let request = JSON::stringify(request)?.as_string().unwrap_or_default();
        self.whole(|session| object(&contract::respond(session, request.as_bytes())))?
    }

    /// Answers one request: JSON in, JSON out.
    #[wasm_bindgen(js_name = callBytes)]
    pub fn call_bytes(&self, request: &Uint8Array) -> Result<Vec<u8>, JsError> {
        copied(request).and_then(|request| self.whole(|session| contract::handle(session, &request)))
    }

    /// Does something as a whole. What panics or traps never ends, and no later call begins.
    fn whole<T>(&self, act: impl FnOnce(&mut Session) -> T) -> Result<T, JsError> {
        if BUSY.replace(true) {
            return Err(JsError::new("the engine failed in an earlier call: load the module again"));
        }
        let answer = act(&mut self.session.borrow_mut());
        BUSY.set(false);
        Ok(answer)
    }
}

/// A copy of bytes. Of anything else JavaScript would make bytes too, but not those that were meant.
fn copied(bytes: &Uint8Array) -> Result<Vec<u8>, JsError> {
    bytes.dyn_ref().map(Uint8Array::to_vec).ok_or_else(|| JsError::new("bytes are given as a `Uint8Array`"))
}

/// The response as an object, as JSON gives it. What the serializer refuses (a number over 2^53) or loses (a field
/// `__proto__`: an inventory entry may have that name) is read from JSON.
fn object(response: &Response) -> Result<JsValue, JsValue> {
    let text = serde_json::to_string(response).unwrap_or_default();
    let object = response.serialize(&Serializer::json_compatible()).ok();
    object.filter(|_| !text.contains("__proto__")).map_or_else(|| JSON::parse(&text), Ok)
}
