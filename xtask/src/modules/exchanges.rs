//! Rust types of what the engine asks for, from its JSON Schema, for the command line. They are lenient: what an engine says
//! beyond them is ignored, so that a newer one can be read.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::{Map, Value};

use super::types;
use crate::Outcome;

/// Where the types are, below the root.
pub(crate) const FILE: &str = "host-runner/src/exchanges/wire.rs";
/// The schema of an exchange, which leads to all others.
const ROOT: &str = "SessionExchange";

const HEAD: &str = "\
//! The exchanges as they travel: lenient about what is new, so that an engine may say more.
//!
//! Written by `cargo xtask types` from `plugin/schemas/v1`; a test says when it is stale.

use std::collections::BTreeMap;

use serde::Deserialize;
";

/// The file of the types, from the schemas in `folder`.
pub(crate) fn file(folder: &Path) -> Outcome<String> {
    let schema = types::read(folder, "response.schema.json")?;
    let definitions = schema["$defs"].as_object().ok_or("the schema of responses has no `$defs`")?;
    let mut writer = Writer { definitions, written: BTreeMap::new() };
    writer.declare(ROOT)?;
    Ok(writer.written.values().fold(HEAD.to_owned(), |text, declared| text + "\n" + declared))
}

/// Writes schemas as types.
struct Writer<'a> {
    definitions: &'a Map<String, Value>,
    /// What is declared so far, by the name of its schema.
    written: BTreeMap<&'a str, String>,
}

impl<'a> Writer<'a> {
    /// Declares a schema, and all that it leads to.
    fn declare(&mut self, name: &'a str) -> Outcome {
        if self.written.contains_key(name) {
            return Ok(());
        }
        self.written.insert(name, String::new());
        let schema = self.definitions.get(name).ok_or_else(|| format!("the schema has no `{name}`"))?;
        let text = match schema["oneOf"].as_array() {
            Some(variants) => self.variants(schema, name, variants)?,
            None => format!(
                "{}#[derive(Debug, Deserialize)]\npub struct {} {{\n{}}}\n",
                comment(schema, name, ""),
                rust(name),
                self.fields(schema, None, "    ", "pub ")?
            ),
        };
        self.written.insert(name, text);
        Ok(())
    }

    fn variants(&mut self, schema: &'a Value, name: &str, variants: &'a [Value]) -> Outcome<String> {
        let tag = variants.first().and_then(tag).map_or("", |(tag, _)| tag);
        let mut text = comment(schema, name, "");
        text += &format!("#[derive(Debug, Deserialize)]\n#[serde(tag = \"{tag}\", rename_all = \"kebab-case\")]\n");
        text += &format!("pub enum {} {{\n", rust(name));
        for variant in variants {
            let Some((tag, value)) = self::tag(variant) else { continue };
            let fields = self.fields(variant, Some(tag), "        ", "")?;
            text += &format!("{}    {} {{\n{fields}    }},\n", comment(variant, value, "    "), pascal(value));
        }
        Ok(text + "    /// What only a newer engine asks for.\n    #[serde(other)]\n    Unknown,\n}\n")
    }

    fn fields(&mut self, schema: &'a Value, tag: Option<&str>, indent: &str, before: &str) -> Outcome<String> {
        let required: BTreeSet<&str> =
            schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let properties = schema["properties"].as_object().into_iter().flatten();
        let mut text = String::new();
        for (name, property) in properties.filter(|(name, _)| tag != Some(name.as_str())) {
            text += &comment(property, name, indent);
            let mut kind = self.of(property)?;
            if !required.contains(name.as_str()) {
                let empty = ["Option<", "Vec<", "BTreeMap<"].iter().any(|known| kind.starts_with(known));
                kind = if empty { kind } else { format!("Option<{kind}>") };
                text += &format!("{indent}#[serde(default)]\n");
            }
            text += &format!("{indent}{before}{name}: {kind},\n");
        }
        Ok(text)
    }

    /// The type of a schema; text that has a form of its own is text.
    fn of(&mut self, schema: &'a Value) -> Outcome<String> {
        if let Some(name) = schema["$ref"].as_str().and_then(|name| name.strip_prefix("#/$defs/")) {
            let known = self.definitions.get_key_value(name);
            let (name, referred) = known.ok_or_else(|| format!("the schema has no `{name}`"))?;
            if !is_compound(referred) {
                return self.of(referred);
            }
            self.declare(name)?;
            return Ok(rust(name).to_owned());
        }
        let either = schema["anyOf"].as_array().or(schema["oneOf"].as_array());
        if let Some(either) = either {
            let others: Vec<&Value> = either.iter().filter(|variant| variant["type"] != "null").collect();
            return match others.as_slice() {
                [other] if others.len() < either.len() => Ok(format!("Option<{}>", self.of(other)?)),
                _ if others.iter().all(|variant| variant["const"].is_string()) => Ok("String".to_owned()),
                _ => Err(format!("no type is known for {schema}")),
            };
        }
        match &schema["type"] {
            Value::Array(kinds) => {
                let kind = kinds.iter().find(|kind| *kind != "null").and_then(Value::as_str).unwrap_or_default();
                Ok(format!("Option<{}>", self.plain(kind, schema)?))
            }
            kind => self.plain(kind.as_str().unwrap_or_default(), schema),
        }
    }

    fn plain(&mut self, kind: &str, schema: &'a Value) -> Outcome<String> {
        Ok(match (kind, schema["format"].as_str()) {
            ("string", _) => "String".to_owned(),
            ("boolean", _) => "bool".to_owned(),
            ("integer", Some("uint8" | "uint16" | "uint32")) => "u32".to_owned(),
            ("integer", _) => "u64".to_owned(),
            ("array", _) => format!("Vec<{}>", self.of(&schema["items"])?),
            ("object", _) => format!("BTreeMap<String, {}>", self.of(&schema["additionalProperties"])?),
            (_, _) => return Err(format!("no type is known for {schema}")),
        })
    }
}

/// The property that says which variant it is, and what it says.
fn tag(variant: &Value) -> Option<(&str, &str)> {
    let properties = variant["properties"].as_object()?;
    properties.iter().find_map(|(name, property)| Some((name.as_str(), property["const"].as_str()?)))
}

/// Whether a schema has fields, itself or in its variants.
fn is_compound(schema: &Value) -> bool {
    let variants = schema["oneOf"].as_array().into_iter().flatten();
    schema["properties"].is_object() || variants.into_iter().any(|variant| variant["properties"].is_object())
}

/// What a schema is called in the command line.
fn rust(name: &str) -> &str {
    match name {
        ROOT => "Exchange",
        "HttpRequest" => "Http",
        name => name,
    }
}

fn pascal(kebab: &str) -> String {
    let word = |word: &str| word[..1].to_uppercase() + &word[1..];
    kebab.split('-').map(word).collect()
}

fn comment(schema: &Value, name: &str, indent: &str) -> String {
    let text = schema["description"].as_str().map_or_else(|| format!("`{name}`."), str::to_owned);
    text.lines().map(|line| format!("{indent}/// {line}\n")).collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use serde_json::json;

    use super::{FILE, Writer, file};

    #[test]
    fn the_exchanges_of_the_command_line_are_those_of_the_schema() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let fresh = file(&root.join("plugin/schemas/v1")).expect("types");
        let there = std::fs::read_to_string(root.join(FILE)).expect("the file");
        assert!(there == fresh, "{FILE} is stale: run `cargo xtask types`");
    }

    #[test]
    fn what_may_be_absent_has_a_default() {
        let schema = json!({
            "properties": {
                "a": { "type": "string" },
                "b": { "type": ["string", "null"] },
                "c": { "type": "array", "items": { "type": "boolean" } },
                "d": { "type": "integer", "format": "uint32" },
                "e": { "anyOf": [{ "type": "string" }, { "type": "null" }] },
            },
            "required": ["a"],
        });
        let definitions = serde_json::Map::new();
        let mut writer = Writer { definitions: &definitions, written: std::collections::BTreeMap::new() };
        let text = writer.fields(&schema, None, "", "").expect("fields");
        let fields: Vec<&str> = text.lines().filter(|line| !line.starts_with("///")).collect();
        let default = "#[serde(default)]";
        assert_eq!(
            fields,
            [
                "a: String,",
                default,
                "b: Option<String>,",
                default,
                "c: Vec<bool>,",
                default,
                "d: Option<u32>,",
                default,
                "e: Option<String>,"
            ]
        );
    }
}
