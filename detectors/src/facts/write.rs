//! A fact as bytes: what [`super::Reader`] reads.

use model::Instant;
use model::event::{Body, Decision, Event, Text};

use super::{Name, RECORDED, write_varint, zigzag};
use crate::symbols::Symbols;

pub(super) struct Writer<'s> {
    pub(super) bytes: Vec<u8>,
    pub(super) symbols: &'s mut Symbols,
}

impl Writer<'_> {
    pub(super) fn fact(&mut self, event: &Event<'_>, source: Name<'_>) {
        self.signed(event.time.0);
        self.bytes.push(event.body.rank() | if event.recorded.is_some() { RECORDED } else { 0 });
        self.put(source);
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

    fn name(&mut self, name: &str) {
        let name = Name::of(name, self.symbols);
        self.put(name);
    }

    /// 0 is absence, 1 goes before a text, what is more is a symbol's number plus 2.
    fn put(&mut self, name: Name<'_>) {
        match name {
            Name::Absent => self.unsigned(0),
            Name::Symbol(number) => self.unsigned(u64::from(number) + 2),
            Name::Text(text) => {
                self.unsigned(1);
                self.unsigned(text.len() as u64);
                self.bytes.extend_from_slice(text);
            }
        }
    }

    fn optional_name(&mut self, name: Option<&str>) {
        match name {
            Some(name) => self.name(name),
            None => self.put(Name::Absent),
        }
    }

    fn optional_instant(&mut self, at: Option<Instant>) {
        self.bytes.push(u8::from(at.is_some()));
        if let Some(at) = at {
            self.signed(at.0);
        }
    }
}
