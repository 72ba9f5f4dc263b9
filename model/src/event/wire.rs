//! The record's JSON as serde sees it. Whatever does not fit here goes to [`mod@super::decode`]'s diagnosis, which finds
//! the words for it.

use std::borrow::Cow;
use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// A string that borrows from the input wherever it has no escapes (serde does so for `Cow` at the top level only).
#[derive(Debug)]
pub(super) struct Str<'a>(pub(super) Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Str<'a> {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct V;
        impl<'de> Visitor<'de> for V {
            type Value = Str<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }
            fn visit_borrowed_str<E>(self, s: &'de str) -> Result<Str<'de>, E> {
                Ok(Str(Cow::Borrowed(s)))
            }
            fn visit_str<E>(self, s: &str) -> Result<Str<'de>, E> {
                Ok(Str(Cow::Owned(s.to_owned())))
            }
        }
        d.deserialize_str(V)
    }
}

/// An object as a list of its members, in order of appearance.
#[derive(Debug)]
pub(super) struct Members<'a, T>(pub(super) Vec<(Str<'a>, T)>);

impl<T> Default for Members<'_, T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de: 'a, 'a, T: Deserialize<'de>> Deserialize<'de> for Members<'a, T> {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct V<T>(std::marker::PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for V<T> {
            type Value = Members<'de, T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    members.push(entry);
                }
                Ok(Members(members))
            }
        }
        d.deserialize_map(V(std::marker::PhantomData))
    }
}

/// A struct that stands as an object: a derived one would take an array of its members' values as well.
#[derive(Debug)]
pub(super) struct Object<T>(pub(super) T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct V<T>(std::marker::PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for V<T> {
            type Value = Object<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(Object)
            }
        }
        d.deserialize_map(V(std::marker::PhantomData))
    }
}

macro_rules! wire {
    ($($name:ident { $($(#[$attr:meta])* $field:ident : $type:ty,)* })*) => {
        $(#[derive(Debug, serde::Deserialize)]
        #[allow(dead_code, reason = "members that are only read to check their type")]
        pub(super) struct $name<'a> { $(#[serde(borrow)] $(#[$attr])* pub(super) $field: $type,)* })*
    };
}

type Maybe<'a> = Option<Str<'a>>;
type MaybeList<T> = Option<Vec<T>>;

wire! {
    Envelope {
        specversion: Str<'a>,
        id: Str<'a>,
        source: Str<'a>,
        #[serde(rename = "type")] kind: Str<'a>,
        subject: Str<'a>,
        time: Str<'a>,
        recordedtime: Maybe<'a>,
        data: &'a RawValue,
    }
    Accepted {
        item: Str<'a>,
        org: Str<'a>,
        region: Maybe<'a>,
        title: Maybe<'a>,
        channel: Maybe<'a>,
        due: Option<Members<'a, Maybe<'a>>>,
    }
    Started { step: Str<'a>, officers: MaybeList<Str<'a>>, due: Maybe<'a>, }
    Authorized { step: Str<'a>, officers: Vec<Str<'a>>, }
    Completed { step: Str<'a>, officers: MaybeList<Str<'a>>, fields: Option<Members<'a, Maybe<'a>>>, }
    Returned { from: Str<'a>, to: Str<'a>, reason: Maybe<'a>, }
    Uploaded { step: Str<'a>, evidence: Vec<Object<WirePiece<'a>>>, }
    WirePiece { id: Str<'a>, kind: Str<'a>, name: Maybe<'a>, sha256: Maybe<'a>, }
    Removed { step: Str<'a>, ids: Vec<Str<'a>>, reason: Maybe<'a>, }
    Made {
        step: Str<'a>,
        decision: Str<'a>,
        basis: MaybeList<Object<Basis<'a>>>,
        reason: Maybe<'a>,
        #[serde(default)]
        fine_fen: Number<'a>,
        discretion: Option<Object<WireDiscretion<'a>>>,
    }
    Basis { law: Maybe<'a>, }
    WireDiscretion { standard: Maybe<'a>, tier: Maybe<'a>, circumstances: MaybeList<Str<'a>>, }
    Charged { amount_fen: Number<'a>, reason: Maybe<'a>, }
    Executed { fine_fen: Number<'a>, vouchers: MaybeList<Object<Voucher<'a>>>, }
    Voucher { id: Str<'a>, sha256: Maybe<'a>, }
    Suspended { reason: Str<'a>, step: Maybe<'a>, }
    Resumed { step: Maybe<'a>, }
    Extended { scope: Str<'a>, days: Number<'a>, document: Maybe<'a>, }
    Closed { outcome: Maybe<'a>, }
    Withdrawn { reason: Maybe<'a>, }
}

/// An integer; the lifetime only serves the macro above.
#[derive(Debug, Default)]
pub(super) struct Number<'a>(pub(super) Option<i64>, std::marker::PhantomData<&'a ()>);

impl<'de: 'a, 'a> Deserialize<'de> for Number<'a> {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        Ok(Self(Option::deserialize(d)?, std::marker::PhantomData))
    }
}

#[derive(Debug, serde::Deserialize)]
pub(super) struct Heartbeat {
    pub(super) home: Option<bool>,
}
