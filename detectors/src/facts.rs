//! A case's facts as bytes: what a partition keeps of millions of cases, and reads in place.
//!
//! One fact is `length, time, rank, flags, source, id, [recorded], body`; numbers are LEB128 varints, times zigzag
//! milliseconds, names that recur are [`Symbols`]. Facts stand in canonical order.

mod write;

use std::borrow::Cow;

use model::Instant;
use model::event::{Body, Decision, Discretion, Event, Field, Piece, Text};

use crate::history::History;
use crate::symbols::Symbols;
use write::Writer;

/// Encoded facts of one case, canonical order, no two of one (source, id).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    bytes: Box<[u8]>,
}

impl Facts {
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Bytes held on the heap.
    pub fn heap_bytes(&self) -> usize {
        self.bytes.len()
    }

    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// What [`Self::as_bytes`] gave, with the symbols of then.
    pub(crate) fn of_bytes(bytes: &[u8]) -> Self {
        Self { bytes: bytes.into() }
    }

    /// Puts a fact in its place. `false`, and nothing changed, if one of its (source, id) is there already.
    pub fn insert(&mut self, event: &Event<'_>, symbols: &mut Symbols) -> bool {
        let source = Name::of(&event.source, symbols);
        let Some(place) = self.place_of(event, source, symbols) else { return false };
        let mut writer = Writer { bytes: symbols.lend_scratch(), symbols };
        writer.fact(event, source);
        let fact = writer.bytes;
        let mut bytes = std::mem::take(&mut self.bytes).into_vec();
        let behind = bytes.len() - place;
        // Exactly: a partition holds millions of these.
        bytes.reserve_exact(fact.len() + varint_length(fact.len() as u64));
        write_varint(&mut bytes, fact.len() as u64);
        bytes.extend_from_slice(&fact);
        bytes[place..].rotate_left(behind);
        self.bytes = bytes.into_boxed_slice();
        symbols.take_scratch(fact);
        true
    }

    /// Where a fact belongs; `None` if one of its (source, id) is there already.
    fn place_of(&self, event: &Event<'_>, source: Name<'_>, symbols: &Symbols) -> Option<usize> {
        let (key, id) = ((event.time, event.body.rank()), event.id.as_bytes());
        let mut place = None;
        let mut reader = Reader { bytes: &self.bytes, at: 0 };
        while reader.at < self.bytes.len() {
            let start = reader.at;
            let head = reader.head();
            if head.id == id && head.source == source {
                return None;
            }
            let order = || {
                let by_source = || head.source.bytes(symbols).cmp(source.bytes(symbols));
                (head.time, head.rank()).cmp(&key).then_with(by_source).then_with(|| head.id.cmp(id))
            };
            if place.is_none() && order().is_gt() {
                place = Some(start);
            }
            reader.at = head.end;
        }
        Some(place.unwrap_or(self.bytes.len()))
    }

    /// The facts, borrowed from the bytes and the symbols.
    pub fn history<'a>(&'a self, symbols: &'a Symbols) -> History<'a> {
        let mut reader = Reader { bytes: &self.bytes, at: 0 };
        let mut events = Vec::with_capacity(self.bytes.len() / 32 + 1);
        while reader.at < self.bytes.len() {
            events.push(reader.fact(symbols));
        }
        History::of_canonical(events)
    }
}

const fn varint_length(n: u64) -> usize {
    (70 - (n | 1).leading_zeros() as usize) / 7
}

fn write_varint(out: &mut Vec<u8>, mut n: u64) {
    while n >= 0x80 {
        out.push(n as u8 | 0x80);
        n >>= 7;
    }
    out.push(n as u8);
}

const fn zigzag(n: i64) -> u64 {
    ((n << 1) ^ (n >> 63)) as u64
}

const fn unzigzag(n: u64) -> i64 {
    (n >> 1) as i64 ^ -((n & 1) as i64)
}

/// A name as it is written: the same name always has the same form, for the table of words only grows until it is full.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Name<'a> {
    Absent,
    Symbol(u32),
    Text(&'a [u8]),
}

impl<'a> Name<'a> {
    fn of(name: &'a str, symbols: &mut Symbols) -> Self {
        symbols.number(name).map_or(Self::Text(name.as_bytes()), Self::Symbol)
    }

    fn bytes(self, symbols: &'a Symbols) -> &'a [u8] {
        match self {
            Self::Absent => &[],
            Self::Symbol(number) => symbols.word(number).expect("symbols only grow").as_bytes(),
            Self::Text(text) => text,
        }
    }

    fn text(self, symbols: &'a Symbols) -> Option<Text<'a>> {
        match self {
            Self::Absent => None,
            Self::Symbol(number) => Some(Cow::Borrowed(symbols.word(number).expect("symbols only grow"))),
            Self::Text(text) => Some(text_of(text)),
        }
    }
}

/// Set in the tag of a fact that says when it was recorded; the rest is the rank.
const RECORDED: u8 = 0x80;

/// What a required name that is absent would break.
const REQUIRED: &str = "a name that is required was written";

struct Head<'a> {
    time: Instant,
    tag: u8,
    source: Name<'a>,
    id: &'a [u8],
    /// Behind the fact.
    end: usize,
}

impl Head<'_> {
    fn rank(&self) -> u8 {
        self.tag & !RECORDED
    }
}

/// Reads what [`Writer`] wrote. The bytes are our own, so a misfit is a bug and stops the partition.
struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn fact(&mut self, symbols: &'a Symbols) -> Event<'a> {
        let Head { time, tag, source, id, end } = self.head();
        let (source, id) = (source.text(symbols).expect(REQUIRED), text_of(id));
        let recorded = (tag & RECORDED != 0).then(|| time.plus_ms(self.signed()));
        let body = self.body(tag & !RECORDED, symbols);
        assert_eq!(self.at, end, "a fact of rank {} was not read to its end", tag & !RECORDED);
        Event { id, source, case: Cow::Borrowed(""), time, recorded, body }
    }

    /// What identifies and orders a fact.
    fn head(&mut self) -> Head<'a> {
        let length = self.unsigned() as usize;
        let end = self.at + length;
        Head {
            time: Instant(self.signed()),
            tag: self.byte(),
            source: self.written_name(),
            id: self.text_bytes(),
            end,
        }
    }

    fn body(&mut self, rank: u8, symbols: &'a Symbols) -> Body<'a> {
        match rank {
            0 => Body::CaseAccepted {
                item: self.name(symbols),
                org: self.name(symbols),
                region: self.optional_name(symbols),
                due: self.list(|r| (r.name(symbols), Instant(r.signed()))),
            },
            1 => Body::StepStarted {
                step: self.name(symbols),
                officers: self.list(Self::text),
                due: self.optional_instant(),
            },
            2 => Body::OfficersAuthorized { step: self.name(symbols), officers: self.list(Self::text) },
            3 => Body::StepCompleted {
                step: self.name(symbols),
                officers: self.list(Self::text),
                fields: self.list(|r| Field { name: r.name(symbols), blank: r.byte() != 0 }),
            },
            4 => Body::StepReturned { from: self.name(symbols), to: self.name(symbols) },
            5 => Body::EvidenceUploaded {
                step: self.name(symbols),
                pieces: self.list(|r| Piece { id: r.text(), kind: r.name(symbols) }),
            },
            6 => Body::EvidenceRemoved { step: self.name(symbols), ids: self.list(Self::text) },
            7 => Body::DecisionMade(self.decision(symbols)),
            8 => Body::ChargeAdded { fen: self.signed() },
            9 => Body::PenaltyExecuted { fen: self.signed(), has_voucher: self.byte() != 0 },
            10 => Body::ClockSuspended { step: self.optional_name(symbols) },
            11 => Body::ClockResumed { step: self.optional_name(symbols) },
            12 => Body::LimitExtended { limit: self.name(symbols), days: self.unsigned() as u32 },
            13 => Body::CaseClosed,
            14 => Body::CaseWithdrawn,
            _ => unreachable!("rank {rank} was never written"),
        }
    }

    fn decision(&mut self, symbols: &'a Symbols) -> Decision<'a> {
        let (step, decision) = (self.name(symbols), self.name(symbols));
        let flags = self.byte();
        let flag = |i: u8| flags >> i & 1 == 1;
        let fine_fen = flag(2).then(|| self.signed());
        let discretion = flag(3).then(|| Discretion {
            standard: self.optional_name(symbols),
            tier: self.optional_name(symbols),
            circumstances: self.list(|r| r.name(symbols)),
        });
        Decision { step, decision, cites_basis: flag(0), has_reason: flag(1), fine_fen, discretion }
    }

    fn byte(&mut self) -> u8 {
        self.at += 1;
        self.bytes[self.at - 1]
    }

    #[inline]
    fn unsigned(&mut self) -> u64 {
        match self.byte() {
            // As most lengths and names are.
            byte @ ..0x80 => u64::from(byte),
            byte => self.unsigned_behind(byte),
        }
    }

    fn unsigned_behind(&mut self, first: u8) -> u64 {
        let (mut n, mut shift) = (u64::from(first & 0x7f), 7);
        loop {
            let byte = self.byte();
            n |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return n;
            }
            shift += 7;
        }
    }

    fn signed(&mut self) -> i64 {
        unzigzag(self.unsigned())
    }

    fn text(&mut self) -> Text<'a> {
        text_of(self.text_bytes())
    }

    #[inline]
    fn text_bytes(&mut self) -> &'a [u8] {
        let length = self.unsigned() as usize;
        let text = &self.bytes[self.at..self.at + length];
        self.at += length;
        text
    }

    fn list<T>(&mut self, mut one: impl FnMut(&mut Self) -> T) -> Vec<T> {
        let length = self.unsigned();
        (0..length).map(|_| one(self)).collect()
    }

    fn name(&mut self, symbols: &'a Symbols) -> Text<'a> {
        self.optional_name(symbols).expect(REQUIRED)
    }

    fn optional_name(&mut self, symbols: &'a Symbols) -> Option<Text<'a>> {
        self.written_name().text(symbols)
    }

    #[inline]
    fn written_name(&mut self) -> Name<'a> {
        match self.unsigned() {
            0 => Name::Absent,
            1 => Name::Text(self.text_bytes()),
            n => Name::Symbol(n as u32 - 2),
        }
    }

    fn optional_instant(&mut self) -> Option<Instant> {
        (self.byte() != 0).then(|| Instant(self.signed()))
    }
}

fn text_of(bytes: &[u8]) -> Text<'_> {
    Cow::Borrowed(std::str::from_utf8(bytes).expect("texts were written as UTF-8"))
}
