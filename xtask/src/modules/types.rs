//! TypeScript types of requests and responses, from their JSON Schemas.
//!
//! They stand in a namespace, because `Request` and `Response` are names of browsers too.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde_json::{Map, Value};

use crate::Outcome;

type Types<'a> = BTreeMap<&'a str, &'a Value>;

/// The namespace `v1`: all types of the schemas of requests and responses in `folder`.
///
/// Where a host may leave out what the engine always writes, the type as a host gives it is called `...Given`.
pub(super) fn of_contract(folder: &Path) -> Outcome<String> {
    let (request, response) = (read(folder, "request.schema.json")?, read(folder, "response.schema.json")?);
    let (given, written) = (types("Request", &request), types("Response", &response));
    let apart = apart(&given, &written);

    let mut text =
        "/**\n * Requests and responses of the contract `countersign/v1`.\n */\nexport namespace v1 {\n".to_owned();
    let shared = |name: &str| !apart.contains(name) && written.contains_key(name);
    for (name, schema) in given.iter().filter(|(name, _)| !shared(name)) {
        text += &declaration(&Writer { renamed: &apart }, name, schema);
    }
    let none = BTreeSet::new();
    for (name, schema) in &written {
        text += &declaration(&Writer { renamed: &none }, name, schema);
    }
    Ok(text + "}\n")
}

pub(super) fn read(folder: &Path, name: &str) -> Outcome<Value> {
    let path = folder.join(name);
    let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    serde_json::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))
}

/// All types of a schema by name; `root` is the name of the schema itself.
fn types<'a>(root: &'a str, schema: &'a Value) -> Types<'a> {
    let inner = schema["$defs"].as_object().into_iter().flatten().map(|(name, schema)| (name.as_str(), schema));
    inner.chain([(root, schema)]).collect()
}

/// The names that mean one thing in requests and another in responses, directly or by what they refer to.
fn apart<'a>(given: &Types<'a>, written: &Types<'a>) -> BTreeSet<&'a str> {
    let plain = Writer { renamed: &BTreeSet::new() };
    let text = |schema: &Value| plain.of(schema, "");
    let differs =
        |(name, schema): (&&'a str, &&Value)| written.get(name).is_some_and(|other| text(schema) != text(other));
    let mut apart: BTreeSet<&str> = given.iter().filter(|pair| differs(*pair)).map(|(name, _)| *name).collect();
    loop {
        let refers = |schema: &Value| {
            apart.iter().any(|name| Writer { renamed: &BTreeSet::from([*name]) }.of(schema, "") != text(schema))
        };
        let more: Vec<&str> = given
            .iter()
            .filter(|(name, schema)| written.contains_key(*name) && !apart.contains(*name) && refers(schema))
            .map(|(name, _)| *name)
            .collect();
        if more.is_empty() {
            return apart;
        }
        apart.extend(more);
    }
}

fn declaration(writer: &Writer, name: &str, schema: &Value) -> String {
    let (name, written) = (writer.name(name), writer.of(schema, "  "));
    let space = if written.starts_with('\n') { "" } else { " " };
    format!("{}  type {name} ={space}{written};\n", comment(schema, "  "))
}

/// Writes schemas as types.
struct Writer<'a> {
    /// The names that are written with `Given` behind them.
    renamed: &'a BTreeSet<&'a str>,
}

impl Writer<'_> {
    fn name(&self, name: &str) -> String {
        if self.renamed.contains(name) { format!("{name}Given") } else { name.to_owned() }
    }

    /// The type of a schema: all that its keywords say must hold together.
    fn of(&self, schema: &Value, indent: &str) -> String {
        let Some(keywords) = schema.as_object() else { return "unknown".to_owned() };
        let mut parts = Vec::new();
        if let Some(name) = keywords.get("$ref").and_then(Value::as_str) {
            parts.push(self.name(name.trim_start_matches("#/$defs/")));
        }
        for either in ["oneOf", "anyOf"].into_iter().filter_map(|keyword| keywords.get(keyword)?.as_array()) {
            parts.push(self.either(either, indent));
        }
        if let Some(all) = keywords.get("enum").and_then(Value::as_array) {
            parts.push(all.iter().map(Value::to_string).collect::<Vec<_>>().join(" | "));
        } else if let Some(only) = keywords.get("const") {
            parts.push(only.to_string());
        } else if let Some(kind) = keywords.get("type") {
            parts.extend(self.kind(kind, keywords, indent));
        }
        match parts.as_slice() {
            [] => "unknown".to_owned(),
            [part] => part.clone(),
            parts => parts.iter().map(|part| format!("({part})")).collect::<Vec<_>>().join(" & "),
        }
    }

    fn either(&self, variants: &[Value], indent: &str) -> String {
        let deeper = format!("{indent}  ");
        let nullable = variants.len() == 2 && variants.iter().any(|variant| variant["type"] == "null");
        let one = |variant: &Value| match variant.as_object() {
            // What is flattened and may be absent adds nothing.
            Some(keywords) if keywords.is_empty() => "{}".to_owned(),
            Some(_) | None => self.of(variant, &deeper),
        };
        let written = variants.iter().map(|variant| (comment(variant, &deeper), one(variant)));
        if nullable {
            return written.map(|(_, text)| text).collect::<Vec<_>>().join(" | ");
        }
        written.map(|(comment, text)| format!("\n{comment}{deeper}| {text}")).collect()
    }

    fn kind(&self, kind: &Value, keywords: &Map<String, Value>, indent: &str) -> Option<String> {
        if let Some(kinds) = kind.as_array() {
            let kinds: Vec<String> = kinds.iter().filter_map(|kind| self.kind(kind, keywords, indent)).collect();
            return Some(kinds.join(" | "));
        }
        match kind.as_str()? {
            "integer" => Some("number".to_owned()),
            "array" => Some(format!(
                "Array<{}>",
                keywords.get("items").map_or("unknown".to_owned(), |items| self.of(items, indent))
            )),
            "object" => self.object(keywords, indent),
            kind => Some(kind.to_owned()),
        }
    }

    /// An object; nothing where other keywords say what is in it.
    fn object(&self, keywords: &Map<String, Value>, indent: &str) -> Option<String> {
        let Some(properties) = keywords.get("properties").and_then(Value::as_object) else {
            let values = keywords.get("additionalProperties").filter(|values| values.is_object());
            return Some(format!(
                "Record<string, {}>",
                values.map_or("unknown".to_owned(), |values| self.of(values, indent))
            ));
        };
        let required: BTreeSet<&str> = keywords
            .get("required")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        let deeper = format!("{indent}  ");
        let fields = properties.iter().map(|(name, schema)| {
            let optional = if required.contains(name.as_str()) { "" } else { "?" };
            format!("{}{deeper}{}{optional}: {};\n", comment(schema, &deeper), key(name), self.of(schema, &deeper))
        });
        Some(format!("{{\n{}{indent}}}", fields.collect::<String>()))
    }
}

/// A property's name as TypeScript writes it.
fn key(name: &str) -> String {
    let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if plain { name.to_owned() } else { format!("{name:?}") }
}

/// What a schema says about itself, as a comment.
fn comment(schema: &Value, indent: &str) -> String {
    let Some(text) = schema["description"].as_str() else { return String::new() };
    let text = text.replace("*/", "* /");
    format!("{indent}/** {} */\n", text.replace('\n', &format!("\n{indent} * ")))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use serde_json::{Value, json};

    use super::{Writer, apart, of_contract, types};

    fn written(schema: &Value) -> String {
        Writer { renamed: &BTreeSet::new() }.of(schema, "")
    }

    #[test]
    fn a_schema_becomes_the_type_of_its_values() {
        assert_eq!(written(&json!({ "type": "integer", "minimum": 0 })), "number");
        assert_eq!(written(&json!({ "type": ["string", "null"] })), "string | null");
        assert_eq!(written(&json!({ "const": "plan", "type": "string" })), "\"plan\"");
        assert_eq!(written(&json!({ "enum": ["a", "b"], "type": "string" })), "\"a\" | \"b\"");
        assert_eq!(written(&json!({ "anyOf": [{ "$ref": "#/$defs/Name" }, { "type": "null" }] })), "Name | null");
        assert_eq!(written(&json!({ "anyOf": [{ "$ref": "#/$defs/Name" }, {}] })), "\n  | Name\n  | {}");
        assert_eq!(
            written(&json!({ "type": "array", "items": { "type": ["string", "null"] } })),
            "Array<string | null>"
        );
        assert_eq!(
            written(&json!({ "type": "object", "additionalProperties": { "type": "integer" } })),
            "Record<string, number>"
        );
        assert_eq!(
            written(&json!({
                "type": "object",
                "properties": { "a": { "type": "string" }, "b-c": { "type": "boolean", "description": "Why." } },
                "required": ["a"],
            })),
            "{\n  a: string;\n  /** Why. */\n  \"b-c\"?: boolean;\n}"
        );
    }

    #[test]
    fn what_a_host_may_leave_out_makes_a_type_of_its_own_and_so_does_what_refers_to_it() {
        let command = |required: Value| json!({ "type": "object", "properties": { "run": {} }, "required": required });
        let schema = |required: Value| {
            let effect = json!({ "type": "array", "items": { "$ref": "#/$defs/Command" } });
            json!({ "$defs": { "Command": command(required), "Effect": effect, "Name": { "type": "string" } } })
        };
        let (request, response) = (schema(json!([])), schema(json!(["run"])));
        let found = apart(&types("Request", &request), &types("Response", &response));
        assert_eq!(found.into_iter().collect::<Vec<_>>(), ["Command", "Effect"]);
    }

    #[test]
    fn every_type_of_the_contract_is_declared_once() {
        let schemas = Path::new(env!("CARGO_MANIFEST_DIR")).join("../plugin/schemas/v1");
        let text = of_contract(&schemas).expect("types");
        let declared: Vec<&str> =
            text.lines().filter_map(|line| line.strip_prefix("  type ")?.split(' ').next()).collect();
        let distinct: BTreeSet<&str> = declared.iter().copied().collect();
        assert_eq!(declared.len(), distinct.len());
        assert!(
            ["Request", "Response", "SessionResponse", "Effect"].iter().all(|name| distinct.contains(name)),
            "{declared:?}"
        );
        let unknown: Vec<&str> =
            text.lines().filter(|line| line.contains(" unknown") && !line.contains("/**")).collect();
        assert!(unknown.is_empty(), "a keyword is not understood: {unknown:?}");
    }
}
