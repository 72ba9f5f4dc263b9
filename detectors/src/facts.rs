//! A case's facts as bytes: what a partition keeps of millions of cases, and reads in place.
//!
//! One fact is `length, time, rank, flags, source, id, [recorded], body`; numbers are LEB128 varints, times zigzag
//! milliseconds, names that recur are [`Symbols`]. Facts stand in canonical order.

use std::borrow::Cow;

use model::Instant;
use model::event::{Body, Decision, Discretion, Event, Field, Piece, Text};

use crate::history::History;
use crate::symbols::Symbols;

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
        let Some(place) = self.place_of(event, symbols) else { return false };
        let mut writer = Writer { bytes: symbols.lend_scratch(), symbols };
        writer.fact(event);
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
    fn place_of(&self, event: &Event<'_>, symbols: &Symbols) -> Option<usize> {
        let key = (event.time, event.body.rank(), &*event.source, &*event.id);
        let mut place = self.bytes.len();
        let mut reader = Reader { bytes: &self.bytes, at: 0 };
        while reader.at < self.bytes.len() {
            let start = reader.at;
            let head = reader.head(symbols);
            if *head.id == *event.id && *head.source == *event.source {
                return None;
            }
            if place == self.bytes.len() && (head.time, head.rank(), &*head.source, &*head.id) > key {
                place = start;
            }
            reader.at = head.end;
        }
        Some(place)
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

struct Writer<'s> {
    bytes: Vec<u8>,
    symbols: &'s mut Symbols,
}

impl Writer<'_> {
    fn fact(&mut self, event: &Event<'_>) {
        self.signed(event.time.0);
        self.bytes.push(event.body.rank() | if event.recorded.is_some() { RECORDED } else { 0 });
        self.name(&event.source);
        self.text(&event.id);
        if let Some(recorded) = event.recorded {
            self.signed(recorded.0 - event.time.0);
        }
        self.body(&event.body);
    }

    fn body(&mut self, body: &Body<'_>) {
        match body {
            Body::CaseAccepted { item, org, region, due } => {
                self.name(item);
                self.name(org);
                self.optional_name(region.as_deref());
                self.unsigned(due.len() as u64);
                for (limit, at) in due {
                    self.name(limit);
                    self.signed(at.0);
                }
            }
            Body::StepStarted { step, officers, due } => {
                self.name(step);
                self.texts(officers);
                self.optional_instant(*due);
            }
            Body::OfficersAuthorized { step, officers } => {
                self.name(step);
                self.texts(officers);
            }
            Body::StepCompleted { step, officers, fields } => {
                self.name(step);
                self.texts(officers);
                self.unsigned(fields.len() as u64);
                for field in fields {
                    self.name(&field.name);
                    self.bytes.push(u8::from(field.blank));
                }
            }
            Body::StepReturned { from, to } => {
                self.name(from);
                self.name(to);
            }
            Body::EvidenceUploaded { step, pieces } => {
                self.name(step);
                self.unsigned(pieces.len() as u64);
                for piece in pieces {
                    self.text(&piece.id);
                    self.name(&piece.kind);
                }
            }
            Body::EvidenceRemoved { step, ids } => {
                self.name(step);
                self.texts(ids);
            }
            Body::DecisionMade(decision) => self.decision(decision),
            Body::ChargeAdded { fen } => self.signed(*fen),
            Body::PenaltyExecuted { fen, has_voucher } => {
                self.signed(*fen);
                self.bytes.push(u8::from(*has_voucher));
            }
            Body::ClockSuspended { step } | Body::ClockResumed { step } => {
                self.optional_name(step.as_deref())
            }
            Body::LimitExtended { limit, days } => {
                self.name(limit);
                self.unsigned(u64::from(*days));
            }
            Body::CaseClosed | Body::CaseWithdrawn | Body::SourceHeartbeat { .. } => {}
        }
    }

    fn decision(&mut self, decision: &Decision<'_>) {
        self.name(&decision.step);
        self.name(&decision.decision);
        let flags = [
            decision.cites_basis,
            decision.has_reason,
            decision.fine_fen.is_some(),
            decision.discretion.is_some(),
        ];
        self.bytes.push((0..).zip(flags).map(|(i, flag)| u8::from(flag) << i).sum());
        if let Some(fen) = decision.fine_fen {
            self.signed(fen);
        }
        if let Some(discretion) = &decision.discretion {
            self.optional_name(discretion.standard.as_deref());
            self.optional_name(discretion.tier.as_deref());
            self.unsigned(discretion.circumstances.len() as u64);
            discretion.circumstances.iter().for_each(|c| self.name(c));
        }
    }

    fn unsigned(&mut self, n: u64) {
        write_varint(&mut self.bytes, n);
    }

    fn signed(&mut self, n: i64) {
        self.unsigned(zigzag(n));
    }

    /// A text of its own: officers, evidence, event ids.
    fn text(&mut self, text: &str) {
        self.unsigned(text.len() as u64);
        self.bytes.extend_from_slice(text.as_bytes());
    }

    fn texts(&mut self, texts: &[Text<'_>]) {
        self.unsigned(texts.len() as u64);
        texts.iter().for_each(|t| self.text(t));
    }

    /// A name that recurs: its number plus 2, or 1 and the text (0 is absence).
    fn name(&mut self, name: &str) {
        match self.symbols.number(name) {
            Some(number) => self.unsigned(u64::from(number) + 2),
            None => {
                self.unsigned(1);
                self.text(name);
            }
        }
    }

    fn optional_name(&mut self, name: Option<&str>) {
        match name {
            Some(name) => self.name(name),
            None => self.unsigned(0),
        }
    }

    fn optional_instant(&mut self, at: Option<Instant>) {
        self.bytes.push(u8::from(at.is_some()));
        if let Some(at) = at {
            self.signed(at.0);
        }
    }
}

/// Set in the tag of a fact that says when it was recorded; the rest is the rank.
const RECORDED: u8 = 0x80;

struct Head<'a> {
    time: Instant,
    tag: u8,
    source: Text<'a>,
    id: Text<'a>,
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
        let Head { time, tag, source, id, end } = self.head(symbols);
        let recorded = (tag & RECORDED != 0).then(|| time.plus_ms(self.signed()));
        let body = self.body(tag & !RECORDED, symbols);
        assert_eq!(self.at, end, "a fact of rank {} was not read to its end", tag & !RECORDED);
        Event { id, source, case: Cow::Borrowed(""), time, recorded, body }
    }

    /// What identifies and orders a fact.
    fn head(&mut self, symbols: &'a Symbols) -> Head<'a> {
        let length = self.unsigned() as usize;
        let end = self.at + length;
        Head {
            time: Instant(self.signed()),
            tag: self.byte(),
            source: self.name(symbols),
            id: self.text(),
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

    fn unsigned(&mut self) -> u64 {
        let (mut n, mut shift) = (0, 0);
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
        let length = self.unsigned() as usize;
        let text = &self.bytes[self.at..self.at + length];
        self.at += length;
        Cow::Borrowed(std::str::from_utf8(text).expect("texts were written as UTF-8"))
    }

    fn list<T>(&mut self, mut one: impl FnMut(&mut Self) -> T) -> Vec<T> {
        let length = self.unsigned();
        (0..length).map(|_| one(self)).collect()
    }

    fn name(&mut self, symbols: &'a Symbols) -> Text<'a> {
        self.optional_name(symbols).expect("a name that is required was written")
    }

    fn optional_name(&mut self, symbols: &'a Symbols) -> Option<Text<'a>> {
        match self.unsigned() {
            0 => None,
            1 => Some(self.text()),
            n => Some(Cow::Borrowed(symbols.word(n as u32 - 2).expect("symbols only grow"))),
        }
    }

    fn optional_instant(&mut self) -> Option<Instant> {
        (self.byte() != 0).then(|| Instant(self.signed()))
    }
}
