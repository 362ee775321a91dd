//! An honest store: what it answers in the first exchanges of a conversation.

use std::collections::BTreeMap;

use countersign::contract::{self, Session};
use countersign::scalar::Digest;
use serde_json::{Value, json};

use super::tree::Tree;

/// The folder of the tree that is the store at first.
const STORE: &str = "store/";

/// Makes the first `count` responses of the conversation, puts them before those of the request, and gives the bytes
/// that were read on the way.
pub(super) fn converse(tree: &mut Tree, request: &mut Value, count: usize) -> Result<Vec<Vec<u8>>, String> {
    let mut session = Session::new();
    let mut store: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    let mut responses: Vec<Value> = Vec::new();
    let mut read: Vec<Vec<u8>> = Vec::new();
    for _ in 0..count {
        let mut asked = request.clone();
        asked["responses"] = Value::Array(responses.clone());
        let asked = tree.resolve(&asked)?;
        for document in tree.given()? {
            session.put(document);
        }
        let answer = contract::handle(&mut session, asked.to_string().as_bytes());
        let answer: Value = serde_json::from_slice(&answer).map_err(|error| error.to_string())?;
        let path = answer["path"].as_str().unwrap_or_default().to_owned();
        let there = match store.get(&path) {
            Some(bytes) => Some(bytes.clone()),
            None => tree.document(&format!("{STORE}{path}"))?,
        };
        responses.push(match (answer["exchange"].as_str(), there) {
            (Some("get"), Some(bytes)) => {
                let digest = session.put(bytes.clone()).to_string();
                read.push(bytes);
                json!({ "response": "found", "digest": digest })
            }
            (Some("get"), None) => json!({ "response": "absent" }),
            (Some("put"), there) => {
                let expected = there.map(|bytes| Digest::of(&bytes).to_string());
                if expected.as_deref() == answer["expected"].as_str() {
                    let content = answer["content"].as_str().unwrap_or_default();
                    let content: Digest = content.parse().map_err(|error| format!("{error}"))?;
                    store.insert(path, session.take(&content).unwrap_or_default().to_vec());
                    json!({ "response": "stored" })
                } else {
                    json!({ "response": "conflict" })
                }
            }
            (_, _) => return Err(format!("the conversation ends early, with {answer}")),
        });
    }
    if let Some(more) = request["responses"].as_array() {
        responses.extend(more.iter().cloned());
    }
    request["responses"] = Value::Array(responses);
    Ok(read)
}
