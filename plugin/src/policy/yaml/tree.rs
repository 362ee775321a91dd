//! The parser's events as one tree, with everything refused that a policy has no use for.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use granit_parser::{Event, Parser, ScalarStyle, Span};

use super::MAX_BYTES;
use super::fault::{Fault, Mark};
use super::scalar::{Identity, Scalar, Tag};
use crate::scalar::shorten;

/// How deep mappings and lists may stand inside each other, aliases followed.
const MAX_DEPTH: usize = 32;
/// How many values there may be, aliases followed.
const MAX_NODES: usize = 50_000;
/// How many bytes of text there may be, aliases followed.
const MAX_TEXT: usize = 4 * MAX_BYTES;
/// How many anchors there may be, and how many aliases.
const MAX_ANCHORS: usize = 100;
/// How many events aliases may repeat.
const MAX_REPEATED: usize = 10_000;

/// A value, and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Node<'a> {
    pub(super) at: Mark,
    pub(super) value: Rc<Value<'a>>,
    /// Whether an alias stands here: then everything below stands here too.
    pub(super) alias: bool,
}

/// What stands somewhere.
#[derive(Debug)]
pub(super) enum Value<'a> {
    Scalar(Scalar<'a>),
    List(Vec<Node<'a>>),
    /// Keys are scalars.
    Map(Vec<(Node<'a>, Node<'a>)>),
}

impl<'a> Node<'a> {
    /// The text of a scalar.
    pub(super) fn text(&self) -> Option<&str> {
        self.scalar().map(|scalar| &*scalar.text)
    }

    /// The scalar that stands here.
    pub(super) fn scalar(&self) -> Option<&Scalar<'a>> {
        match &*self.value {
            Value::Scalar(scalar) => Some(scalar),
            Value::List(_) | Value::Map(_) => None,
        }
    }
}

/// Reads the one document of a text.
pub(super) fn read(text: &str) -> Result<Node<'_>, Fault> {
    let options = granit_parser::options! {
        flow_nesting_limit: MAX_DEPTH,
        emit_comments: false,
    };
    let mut builder = Builder::default();
    let mut last = Mark { line: 1, column: 0 };
    for event in Parser::new_from_str_with_options(text, options) {
        let (event, span) = event.map_err(|error| {
            let mark = error.marker();
            let message = match error.kind() {
                granit_parser::ErrorKind::UnknownAnchor => "the alias names no anchor above it".to_owned(),
                _ => error.info(),
            };
            Fault::said(&message).at(Mark { line: mark.line(), column: mark.col() })
        })?;
        last = mark(&span);
        builder.take(event, last).map_err(|fault| fault.or_at(last))?;
    }
    let end = || Fault::new("the file ends too early", "a policy has at least `version: 1`").at(last);
    builder.root.ok_or_else(end)
}

fn mark(span: &Span) -> Mark {
    Mark { line: span.start.line(), column: span.start.col() }
}

/// What stands in the document so far.
#[derive(Default)]
struct Builder<'a> {
    root: Option<Node<'a>>,
    open: Vec<Open<'a>>,
    anchors: BTreeMap<usize, (Rc<Value<'a>>, Weight)>,
    defined: usize,
    aliases: usize,
    repeated: usize,
    nodes: usize,
    text: usize,
}

/// A mapping or list whose end has not come.
struct Open<'a> {
    at: Mark,
    anchor: usize,
    content: Content<'a>,
    weight: Weight,
}

enum Content<'a> {
    List(Vec<Node<'a>>),
    Map { entries: Vec<(Node<'a>, Node<'a>)>, keys: BTreeSet<Identity<'a>>, key: Option<Node<'a>> },
}

/// What following an alias to a value costs.
#[derive(Clone, Copy, Default)]
struct Weight {
    nodes: usize,
    events: usize,
    height: usize,
    text: usize,
}

impl Weight {
    fn add(&mut self, other: Self) {
        self.nodes = self.nodes.saturating_add(other.nodes);
        self.events = self.events.saturating_add(other.events);
        self.height = self.height.max(other.height.saturating_add(1));
        self.text = self.text.saturating_add(other.text);
    }
}

impl<'a> Builder<'a> {
    fn take(&mut self, event: Event<'a>, at: Mark) -> Result<(), Fault> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let tag = tag.as_deref().map_or(Ok(Tag::None), scalar_tag)?;
                self.scalar(Scalar { text, plain: style == ScalarStyle::Plain, tag }, anchor, at)
            }
            Event::SequenceStart(_, anchor, tag) => {
                only_tag(tag.as_deref(), "seq")?;
                self.start(Content::List(Vec::new()), anchor, at)
            }
            Event::MappingStart(_, anchor, tag) => {
                only_tag(tag.as_deref(), "map")?;
                self.start(Content::Map { entries: Vec::new(), keys: BTreeSet::new(), key: None }, anchor, at)
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(),
            Event::Alias(anchor) => self.alias(anchor, at),
            Event::StreamStart | Event::StreamEnd | Event::DocumentStart(..) | Event::DocumentEnd => Ok(()),
            _ => Err(Fault::malformed("the file is not valid YAML")),
        }
    }

    fn scalar(&mut self, scalar: Scalar<'a>, anchor: usize, at: Mark) -> Result<(), Fault> {
        self.first_document()?;
        let weight = Weight { nodes: 1, events: 1, height: 0, text: scalar.text.len() };
        self.charge(weight)?;
        let value = Rc::new(Value::Scalar(scalar));
        self.anchor(anchor, &value, weight)?;
        self.put(Node { at, value, alias: false }, weight)
    }

    fn start(&mut self, content: Content<'a>, anchor: usize, at: Mark) -> Result<(), Fault> {
        self.first_document()?;
        self.charge(Weight { nodes: 1, ..Weight::default() })?;
        if self.open.len() >= MAX_DEPTH {
            return Err(too_large());
        }
        let weight = Weight { nodes: 1, events: 2, height: 1, text: 0 };
        self.open.push(Open { at, anchor, content, weight });
        Ok(())
    }

    fn end(&mut self) -> Result<(), Fault> {
        let Some(Open { at, anchor, content, weight }) = self.open.pop() else {
            return Err(Fault::malformed("the file is not valid YAML"));
        };
        let value = Rc::new(match content {
            Content::List(items) => Value::List(items),
            Content::Map { entries, .. } => Value::Map(entries),
        });
        self.anchor(anchor, &value, weight)?;
        self.put(Node { at, value, alias: false }, weight)
    }

    fn alias(&mut self, anchor: usize, at: Mark) -> Result<(), Fault> {
        let Some((value, weight)) = self.anchors.get(&anchor).cloned() else {
            let help = "write the value out, without the alias";
            return Err(Fault::new("the alias stands inside of what it names", help));
        };
        self.aliases = self.aliases.saturating_add(1);
        self.repeated = self.repeated.saturating_add(weight.events);
        let depth = self.open.len().saturating_add(weight.height);
        if self.aliases > MAX_ANCHORS || self.repeated > MAX_REPEATED || depth > MAX_DEPTH {
            return Err(too_large());
        }
        self.charge(weight)?;
        self.put(Node { at, value, alias: true }, weight)
    }

    /// Remembers a value by its anchor, if it has one.
    fn anchor(&mut self, anchor: usize, value: &Rc<Value<'a>>, weight: Weight) -> Result<(), Fault> {
        if anchor == 0 {
            return Ok(());
        }
        self.anchors.insert(anchor, (Rc::clone(value), weight));
        self.defined = self.defined.saturating_add(1);
        if self.defined > MAX_ANCHORS { Err(too_large()) } else { Ok(()) }
    }

    /// Puts a complete value where it belongs.
    fn put(&mut self, node: Node<'a>, weight: Weight) -> Result<(), Fault> {
        let Some(parent) = self.open.last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        parent.weight.add(weight);
        match &mut parent.content {
            Content::List(items) => items.push(node),
            Content::Map { entries, keys, key } => match key.take() {
                Some(key) => entries.push((key, node)),
                None => *key = Some(checked_key(node, keys)?),
            },
        }
        Ok(())
    }

    fn first_document(&self) -> Result<(), Fault> {
        if self.open.is_empty() && self.root.is_some() {
            let message = "the file holds more than one YAML document";
            return Err(Fault::new(message, "keep one document, remove `---`"));
        }
        Ok(())
    }

    fn charge(&mut self, weight: Weight) -> Result<(), Fault> {
        self.nodes = self.nodes.saturating_add(weight.nodes);
        self.text = self.text.saturating_add(weight.text);
        if self.nodes > MAX_NODES || self.text > MAX_TEXT { Err(too_large()) } else { Ok(()) }
    }
}

/// A key that is a scalar, copies nothing, and stands in its mapping once.
fn checked_key<'a>(key: Node<'a>, keys: &mut BTreeSet<Identity<'a>>) -> Result<Node<'a>, Fault> {
    let Some(scalar) = key.scalar() else {
        return Err(Fault::expected("string scalar").at(key.at));
    };
    if scalar.is_merge_key() {
        let message = "merge keys (`<<`) are not read";
        return Err(Fault::new(message, "write the keys out where they are meant").at(key.at));
    }
    if !keys.insert(scalar.identity()) {
        let message = format!("the key `{}` stands here twice", shorten(&scalar.text));
        return Err(Fault::new(message, "keep one of them").at(key.at));
    }
    Ok(key)
}

fn scalar_tag(tag: &granit_parser::Tag) -> Result<Tag, Fault> {
    match tag.core_suffix() {
        Some("str") => Ok(Tag::Str),
        Some("int") => Ok(Tag::Int),
        Some("float") => Ok(Tag::Float),
        Some("bool") => Ok(Tag::Bool),
        Some("null") => Ok(Tag::Null),
        None if is_bare(tag) => Ok(Tag::Bare),
        _ => Err(unread_tag(tag)),
    }
}

/// A mapping or list may have only its own tag, which says nothing new.
fn only_tag(tag: Option<&granit_parser::Tag>, own: &str) -> Result<(), Fault> {
    match tag {
        Some(tag) if tag.core_suffix() != Some(own) && !is_bare(tag) => Err(unread_tag(tag)),
        Some(_) | None => Ok(()),
    }
}

fn is_bare(tag: &granit_parser::Tag) -> bool {
    tag.original() == "!"
}

fn unread_tag(tag: &granit_parser::Tag) -> Fault {
    Fault::new(format!("the tag `{}` is not read", shorten(&tag.original())), "write the value without a tag")
}

fn too_large() -> Fault {
    Fault::new(
        "the document is too large or too deeply nested, or its aliases multiply",
        "write it flatter, and without aliases",
    )
}
