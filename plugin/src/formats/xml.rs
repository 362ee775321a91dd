//! The one way in which the product reads XML: no document type, bounded, well-formed to the end (T40).

use std::borrow::Cow;

use quick_xml::Reader;
use quick_xml::events::{BytesDecl, BytesRef, BytesStart, Event};

use super::json::{line_and_column, utf8};
use crate::problem::Problem;
use crate::scalar::shorten;

/// The most elements inside each other.
pub const NESTING: usize = 64;

/// The most elements of one document.
pub const ELEMENTS: usize = 2_000_000;

/// The most attributes of one element.
pub const ATTRIBUTES: usize = 256;

/// An element begins, or the innermost one ends, or the document does.
#[derive(Debug)]
pub(crate) enum Step<'a> {
    Open(Element<'a>),
    Close,
    End,
}

/// An element's name and attributes.
#[derive(Debug)]
pub(crate) struct Element<'a> {
    start: BytesStart<'a>,
}

impl Element<'_> {
    pub(crate) fn name(&self) -> &str {
        self.start.name().0
    }

    /// The value of an attribute; all attributes are known to be sound.
    pub(crate) fn attribute(&self, name: &str) -> Option<Cow<'_, str>> {
        let attribute = self.start.try_get_attribute(name).ok().flatten()?;
        attribute.normalized_value(quick_xml::XmlVersion::Explicit1_0).ok()
    }
}

/// A document that is being read.
#[derive(Debug)]
pub(crate) struct Xml<'a> {
    text: &'a str,
    reader: Reader<&'a [u8]>,
    depth: usize,
    elements: usize,
    began: usize,
}

impl<'a> Xml<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Result<Self, Problem> {
        let text = utf8(bytes)?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut reader = Reader::from_str(text);
        reader.config_mut().expand_empty_elements = true;
        Ok(Self { text, reader, depth: 0, elements: 0, began: 0 })
    }

    /// Where the last step began, in bytes.
    pub(crate) fn at(&self) -> usize {
        self.began
    }

    /// A problem at a byte of the document.
    pub(crate) fn problem(&self, at: usize, message: impl Into<String>, help: &str) -> Problem {
        let (line, column) = line_and_column(self.text.as_bytes(), at);
        Problem::new(message, help).at_line(line, column)
    }

    pub(crate) fn step(&mut self) -> Result<Step<'a>, Problem> {
        loop {
            self.began = usize::try_from(self.reader.buffer_position()).unwrap_or(usize::MAX);
            let event = self.reader.read_event().map_err(|error| {
                let at = usize::try_from(self.reader.error_position()).unwrap_or(usize::MAX);
                self.broken(at, &error.to_string())
            })?;
            match event {
                Event::Start(start) | Event::Empty(start) => return self.open(start).map(Step::Open),
                Event::End(_) => {
                    self.depth = self.depth.saturating_sub(1);
                    return Ok(Step::Close);
                }
                Event::Text(text) if self.depth == 0 && !text.trim_ascii().is_empty() => {
                    return Err(self.broken(self.began, "text outside of the root element"));
                }
                Event::CData(_) if self.depth == 0 => {
                    return Err(self.broken(self.began, "text outside of the root element"));
                }
                Event::GeneralRef(reference) => self.reference(&reference)?,
                Event::Decl(declaration) => self.declaration(&declaration)?,
                Event::DocType(_) => {
                    let help = "write the file without `<!DOCTYPE`: no document type is ever read";
                    return Err(self.problem(self.began, "the file has a document type declaration", help));
                }
                Event::Text(_) | Event::CData(_) | Event::Comment(_) | Event::PI(_) => {}
                Event::Eof => return self.end(),
            }
        }
    }

    fn open(&mut self, start: BytesStart<'a>) -> Result<Element<'a>, Problem> {
        if self.depth == 0 && self.elements > 0 {
            return Err(self.broken(self.began, "a second root element"));
        }
        self.depth = self.depth.saturating_add(1);
        self.elements = self.elements.saturating_add(1);
        if self.depth > NESTING || self.elements > ELEMENTS {
            let message = format!("the file has more than {NESTING} nested or {ELEMENTS} elements");
            return Err(self.problem(self.began, message, "split the file, or check its producer"));
        }
        for (number, attribute) in start.attributes().enumerate() {
            let value = attribute.map_err(|error| error.to_string()).and_then(|attribute| {
                let version = quick_xml::XmlVersion::Explicit1_0;
                attribute.normalized_value(version).map(drop).map_err(|error| error.to_string())
            });
            if let Err(why) = value {
                return Err(self.broken(self.began, &why));
            }
            if number >= ATTRIBUTES {
                let message = format!("an element has more than {ATTRIBUTES} attributes");
                return Err(self.problem(self.began, message, "check the producer of the file"));
            }
        }
        Ok(Element { start })
    }

    fn reference(&self, reference: &BytesRef<'_>) -> Result<(), Problem> {
        let known = matches!(&**reference, "amp" | "lt" | "gt" | "quot" | "apos")
            || matches!(reference.resolve_char_ref(), Ok(Some(_)));
        match known && self.depth > 0 {
            true => Ok(()),
            false => Err(self.broken(self.began, &format!("unknown entity `{}`", shorten(reference)))),
        }
    }

    fn declaration(&self, declaration: &BytesDecl<'_>) -> Result<(), Problem> {
        let first = self.began == 0;
        let encoding = match declaration.encoding() {
            None => true,
            Some(Ok(name)) => {
                let utf8 = name.eq_ignore_ascii_case("utf-8") || name.eq_ignore_ascii_case("utf8");
                utf8 || self.text.is_ascii()
            }
            Some(Err(_)) => false,
        };
        match (first && declaration.version().is_ok(), encoding) {
            (true, true) => Ok(()),
            (false, _) => Err(self.broken(self.began, "the XML declaration is wrong, or not at the start")),
            (true, false) => Err(self.problem(self.began, "the file is not encoded as UTF-8", "save it as UTF-8")),
        }
    }

    fn end(&self) -> Result<Step<'a>, Problem> {
        let length = self.text.len();
        match (self.elements, self.depth) {
            (0, _) => Err(self.problem(length, "the file has no element", "write the file before it is handed over")),
            (_, 0) => Ok(Step::End),
            (_, open) => {
                let message = format!("the file ends while {open} elements are open");
                Err(self.problem(length, message, "it may be truncated: produce it again"))
            }
        }
    }

    fn broken(&self, at: usize, why: &str) -> Problem {
        let message: String = format!("the file is not well-formed XML: {why}").chars().take(240).collect();
        let message = message.chars().map(|character| if character.is_control() { ' ' } else { character });
        self.problem(at, message.collect::<String>(), "it may be truncated or edited: produce it again")
    }
}
