//! Values out of the tree: the one deserializer that everything written in YAML is read with.

use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, MapAccess, SeqAccess, Unexpected, VariantAccess,
    Visitor,
};

use super::fault::{Fault, Mark};
use super::scalar::{Resolved, Scalar, Tag};
use super::tree::{Node, Value};

/// Reads a tree as a `T`.
pub(super) fn read<T: DeserializeOwned>(root: &Node<'_>) -> Result<T, Fault> {
    let reader = Reader { node: root, alias: None };
    T::deserialize(reader).map_err(|fault| fault.or_at(root.at))
}

/// One value of the tree, about to be read.
#[derive(Clone, Copy)]
struct Reader<'t, 'a> {
    node: &'t Node<'a>,
    /// The alias through which this value is reached: what is wrong with it is said there.
    alias: Option<Mark>,
}

impl<'t, 'a> Reader<'t, 'a> {
    fn at(self) -> Mark {
        self.alias.unwrap_or(self.node.at)
    }

    fn child(self, node: &'t Node<'a>) -> Self {
        Self { node, alias: self.alias.or(node.alias.then_some(node.at)) }
    }

    fn is_null(self) -> bool {
        self.node.scalar().is_some_and(Scalar::is_null)
    }

    fn scalar(self) -> Result<&'t Scalar<'a>, Fault> {
        self.node.scalar().ok_or_else(|| Fault::expected("string scalar").at(self.at()))
    }

    /// The scalar, if it is untagged or has the tag of what is expected.
    fn tagged(self, tag: Tag, name: &str) -> Result<&'t Scalar<'a>, Fault> {
        let scalar = self.scalar()?;
        match scalar.tag {
            Tag::None | Tag::Bare => Ok(scalar),
            other if other == tag => Ok(scalar),
            _ => Err(self.is_not(name)),
        }
    }

    fn is_not(self, what: &str) -> Fault {
        Fault::new(format!("the value is not {what}"), "correct the value").at(self.at())
    }

    #[inline(never)]
    fn unsigned<T: TryFrom<u128>>(self) -> Result<T, Fault> {
        const WHOLE: &str = "a whole number of zero or more that fits";
        self.tagged(Tag::Int, WHOLE)?.unsigned().ok_or_else(|| self.is_not(WHOLE))
    }

    #[inline(never)]
    fn signed<T: TryFrom<i128>>(self) -> Result<T, Fault> {
        const WHOLE: &str = "a whole number that fits";
        self.tagged(Tag::Int, WHOLE)?.signed().ok_or_else(|| self.is_not(WHOLE))
    }

    fn float(self) -> Result<f64, Fault> {
        const NUMBER: &str = "a number that fits";
        let value = self.tagged(Tag::Float, NUMBER)?.float();
        value.filter(|value| value.is_finite()).ok_or_else(|| self.is_not(NUMBER))
    }

    #[inline(never)]
    fn boolean(self) -> Result<bool, Fault> {
        let boolean = self.tagged(Tag::Bool, "a valid boolean")?.boolean();
        let wrong = || Fault::new("the value is neither `true` nor `false`", "write `true` or `false`").at(self.at());
        boolean.ok_or_else(wrong)
    }

    #[inline(never)]
    fn text(self) -> Result<&'t str, Fault> {
        let scalar = self.scalar()?;
        if scalar.is_null() {
            return Err(Fault::new("the value is empty", "write a value, or remove the key").at(self.at()));
        }
        match scalar.tag {
            Tag::None | Tag::Bare | Tag::Str => Ok(&scalar.text),
            Tag::Int | Tag::Float | Tag::Bool | Tag::Null => {
                Err(Fault::malformed("cannot deserialize tagged scalar into string").at(self.at()))
            }
        }
    }

    /// The items of a list; null is an empty one.
    #[inline(never)]
    fn items(self) -> Result<&'t [Node<'a>], Fault> {
        match &*self.node.value {
            Value::List(items) => Ok(items),
            Value::Scalar(_) if self.is_null() => Ok(&[]),
            Value::Scalar(_) | Value::Map(_) => Err(Fault::expected("sequence start").at(self.at())),
        }
    }

    /// The entries of a mapping; null is an empty one.
    #[inline(never)]
    fn entries(self) -> Result<&'t [(Node<'a>, Node<'a>)], Fault> {
        match &*self.node.value {
            Value::Map(entries) => Ok(entries),
            Value::Scalar(_) if self.is_null() => Ok(&[]),
            Value::Scalar(_) | Value::List(_) => Err(Fault::expected("mapping start").at(self.at())),
        }
    }

    /// A scalar of which nothing says what it should be.
    fn visit_scalar<'de, V: Visitor<'de>>(self, scalar: &Scalar<'a>, visitor: V) -> Result<V::Value, Fault> {
        match (scalar.tag, scalar.resolve()) {
            (Tag::Bool, _) => visitor.visit_bool(self.boolean()?),
            (Tag::Int, _) => match scalar.unsigned::<u64>() {
                Some(value) => visitor.visit_u64(value),
                None => visitor.visit_i64(self.signed()?),
            },
            (Tag::Float, _) => visitor.visit_f64(self.float()?),
            (_, Resolved::Null) => visitor.visit_unit(),
            (_, Resolved::Bool(value)) => visitor.visit_bool(value),
            (_, Resolved::Unsigned(value)) => visitor.visit_u64(value),
            (_, Resolved::Signed(value)) => visitor.visit_i64(value),
            (_, Resolved::Float(value)) if value.is_finite() => visitor.visit_f64(value),
            (_, Resolved::Float(_)) => Err(self.is_not("a number that fits")),
            (_, Resolved::Text) => visitor.visit_str(&scalar.text),
        }
    }
}

/// The methods that read one kind of scalar and hand it on.
macro_rules! scalars {
    ($($method:ident => $visit:ident($read:ident);)+) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
            visitor.$visit(self.$read()?)
        }
    )+};
}

impl<'de> Deserializer<'de> for Reader<'_, '_> {
    type Error = Fault;

    scalars! {
        deserialize_bool => visit_bool(boolean);
        deserialize_i8 => visit_i8(signed);
        deserialize_i16 => visit_i16(signed);
        deserialize_i32 => visit_i32(signed);
        deserialize_i64 => visit_i64(signed);
        deserialize_u8 => visit_u8(unsigned);
        deserialize_u16 => visit_u16(unsigned);
        deserialize_u32 => visit_u32(unsigned);
        deserialize_u64 => visit_u64(unsigned);
        deserialize_f32 => visit_f64(float);
        deserialize_f64 => visit_f64(float);
        deserialize_char => visit_str(text);
        deserialize_str => visit_str(text);
        deserialize_string => visit_str(text);
        deserialize_identifier => visit_str(text);
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match &*self.node.value {
            Value::Scalar(scalar) => self.visit_scalar(scalar, visitor),
            Value::List(_) => self.deserialize_seq(visitor),
            Value::Map(_) => self.deserialize_map(visitor),
        }
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        Err(serde::de::Error::invalid_type(Unexpected::Other("YAML"), &visitor))
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.deserialize_bytes(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        if self.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        if !self.is_null() {
            return Err(Fault::malformed("unexpected value for unit").at(self.at()));
        }
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Fault> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        let mut items = Items { reader: self, left: self.items()?.iter() };
        let value = visitor.visit_seq(&mut items)?;
        match items.left.next() {
            Some(more) => Err(Fault::expected("sequence end").at(self.child(more).at())),
            None => Ok(value),
        }
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Fault> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        let mut entries = Entries { reader: self, left: self.entries()?.iter(), value: None, key: self.at() };
        let value = visitor.visit_map(&mut entries).map_err(|fault| fault.or_either(entries.key, self.at()))?;
        match entries.left.next() {
            Some((more, _)) => Err(Fault::expected("mapping end").at(self.child(more).at())),
            None => Ok(value),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.deserialize_map(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        let variant = match &*self.node.value {
            Value::Scalar(_) => Variant { name: self, value: None },
            Value::Map(entries) => match entries.as_slice() {
                [(name, value)] => Variant { name: self.child(name), value: Some(self.child(value)) },
                _ => return Err(Fault::malformed("expected one key, which names the variant").at(self.at())),
            },
            Value::List(_) => {
                return Err(Fault::malformed("externally tagged enum expected scalar or mapping").at(self.at()));
            }
        };
        visitor.visit_enum(variant)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_unit()
    }
}

struct Items<'t, 'a> {
    reader: Reader<'t, 'a>,
    left: std::slice::Iter<'t, Node<'a>>,
}

impl<'de> SeqAccess<'de> for Items<'_, '_> {
    type Error = Fault;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Fault> {
        let Some(item) = self.left.next() else { return Ok(None) };
        let item = self.reader.child(item);
        seed.deserialize(item).map(Some).map_err(|fault| fault.or_at(item.at()))
    }
}

struct Entries<'t, 'a> {
    reader: Reader<'t, 'a>,
    left: std::slice::Iter<'t, (Node<'a>, Node<'a>)>,
    value: Option<&'t Node<'a>>,
    /// Where the key stands that was read last.
    key: Mark,
}

// Not inlined: the code of the two below is compiled for every field of every type.
impl<'t, 'a> Entries<'t, 'a> {
    #[inline(never)]
    fn next(&mut self) -> Option<Reader<'t, 'a>> {
        let (key, value) = self.left.next()?;
        let key = self.reader.child(key);
        self.value = Some(value);
        self.key = key.at();
        Some(key)
    }

    #[inline(never)]
    fn value(&mut self) -> Result<Reader<'t, 'a>, Fault> {
        let early = || Fault::malformed("value requested before key").at(self.key);
        self.value.take().map(|value| self.reader.child(value)).ok_or_else(early)
    }
}

impl<'de> MapAccess<'de> for Entries<'_, '_> {
    type Error = Fault;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Fault> {
        let Some(key) = self.next() else { return Ok(None) };
        seed.deserialize(key).map(Some).map_err(|fault| fault.or_at(key.at()))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Fault> {
        let value = self.value()?;
        seed.deserialize(value).map_err(|fault| fault.or_either(self.key, value.at()))
    }
}

/// One variant of an enum: a word, or a mapping of one key.
struct Variant<'t, 'a> {
    name: Reader<'t, 'a>,
    value: Option<Reader<'t, 'a>>,
}

impl<'t, 'a> Variant<'t, 'a> {
    fn value(&self) -> Result<Reader<'t, 'a>, Fault> {
        self.value.ok_or_else(|| Fault::expected("mapping start").at(self.name.at()))
    }
}

impl<'de> EnumAccess<'de> for Variant<'_, '_> {
    type Error = Fault;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), Fault> {
        let at = self.name.at();
        let name = serde::de::value::StrDeserializer::new(&self.name.scalar()?.text);
        let variant = seed.deserialize(name).map_err(|fault: Fault| fault.or_at(at))?;
        Ok((variant, self))
    }
}

impl<'de> VariantAccess<'de> for Variant<'_, '_> {
    type Error = Fault;

    fn unit_variant(self) -> Result<(), Fault> {
        match self.value {
            Some(value) if !value.is_null() => {
                Err(Fault::malformed("unexpected value for unit enum variant").at(value.at()))
            }
            Some(_) | None => Ok(()),
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Fault> {
        let value = self.value()?;
        seed.deserialize(value).map_err(|fault| fault.or_at(value.at()))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Fault> {
        self.value()?.deserialize_seq(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(self, _: &'static [&'static str], visitor: V) -> Result<V::Value, Fault> {
        self.value()?.deserialize_map(visitor)
    }
}
