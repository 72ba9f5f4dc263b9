//! Bytes to [`Event`]. [`super::scan`] takes nearly every good record; what it gives up is read by serde into
//! [`super::wire`], whose word is final; and what that refuses is read again member by member, so that the rejection
//! names the member and says what would be right.

mod schema;

use std::borrow::Cow;

use serde::Deserialize;

use super::scan::scan;
use super::wire::{self, Members, Number, Object, Str};
use super::{
    Body, Decision, Discretion, Event, Field, MAX_AHEAD_MS, MAX_DEPTH, MAX_EVENT_BYTES, MAX_EXTENSION_DAYS,
    MAX_FEN, MAX_ID_BYTES, Piece, Reason, Rejection, TYPES, Text,
};
use crate::time::Instant;

/// Reads one record. `clock` is the moment against which a `time` in the future is judged.
///
/// # Errors
/// The reason is the first of [`Reason::ALL`] that applies. `source_not_authorised` is not judged here.
pub fn decode(bytes: &[u8], clock: Instant) -> Result<Event<'_>, Rejection> {
    if bytes.len() > MAX_EVENT_BYTES {
        let sentence = format!("the record has {} bytes; at most {MAX_EVENT_BYTES} are taken", bytes.len());
        return Err(Rejection::new(Reason::Oversize, sentence));
    }
    let Ok(text) = simdutf8::basic::from_utf8(bytes) else { return Err(not_utf8(bytes)) };
    match scan(text) {
        Some(event) if in_time(&event, clock) => Ok(event),
        _ => decode_by_serde(text, clock),
    }
}

fn not_utf8(bytes: &[u8]) -> Rejection {
    let good = std::str::from_utf8(bytes).map_or_else(|e| e.valid_up_to(), str::len);
    Rejection::new(Reason::InvalidUtf8, format!("byte {good} is not UTF-8"))
}

/// The measure of what is taken, and of how it is read.
fn decode_by_serde(text: &str, clock: Instant) -> Result<Event<'_>, Rejection> {
    if too_deep(text.as_bytes()) {
        let sentence = format!("arrays and objects are nested deeper than {MAX_DEPTH}");
        return Err(Rejection::new(Reason::TooDeep, sentence));
    }
    match read_record(text) {
        Ok(event) if in_time(&event, clock) => Ok(event),
        Ok(_) => Err(schema::diagnose(text, clock, "time")),
        Err(misfit) => Err(schema::diagnose(text, clock, &misfit.0)),
    }
}

/// What serde says of a record that it cannot take; only read where the diagnosis finds nothing better.
pub(super) struct Misfit(String);

impl From<serde_json::Error> for Misfit {
    fn from(error: serde_json::Error) -> Self {
        Self(error.to_string())
    }
}

impl From<&str> for Misfit {
    fn from(member: &str) -> Self {
        Self(member.to_owned())
    }
}

fn in_time(event: &Event<'_>, clock: Instant) -> bool {
    let latest = clock.plus_ms(MAX_AHEAD_MS);
    let fits = |at: Instant| Instant::EARLIEST <= at && at <= latest;
    fits(event.time) && event.recorded.is_none_or(fits)
}

pub(super) fn read_record(text: &str) -> Result<Event<'_>, Misfit> {
    let envelope: wire::Envelope<'_> = read(text)?;
    if envelope.specversion.0 != "1.0" {
        return Err("specversion".into());
    }
    Ok(Event {
        id: id(envelope.id)?,
        source: id(envelope.source)?,
        case: id(envelope.subject)?,
        time: instant(&envelope.time)?,
        recorded: envelope.recordedtime.as_ref().map(instant).transpose()?,
        body: body(&envelope.kind.0, envelope.data.get())?,
    })
}

fn body<'a>(kind: &str, data: &'a str) -> Result<Body<'a>, Misfit> {
    let Some(rank) = TYPES.iter().position(|t| *t == kind) else { return Err("type".into()) };
    Ok(match rank {
        0 => accepted(read(data)?)?,
        1 => {
            let d: wire::Started<'_> = read(data)?;
            let due = d.due.as_ref().map(due).transpose()?;
            Body::StepStarted { step: id(d.step)?, officers: ids(d.officers)?, due }
        }
        2 => {
            let d: wire::Authorized<'_> = read(data)?;
            Body::OfficersAuthorized { step: id(d.step)?, officers: ids(Some(d.officers))? }
        }
        3 => {
            let d: wire::Completed<'_> = read(data)?;
            Body::StepCompleted { step: id(d.step)?, officers: ids(d.officers)?, fields: fields(d.fields) }
        }
        4 => {
            let d: wire::Returned<'_> = read(data)?;
            Body::StepReturned { from: id(d.from)?, to: id(d.to)? }
        }
        5 => uploaded(read(data)?)?,
        6 => {
            let d: wire::Removed<'_> = read(data)?;
            Body::EvidenceRemoved { step: id(d.step)?, ids: ids(Some(d.ids))? }
        }
        7 => Body::DecisionMade(made(read(data)?)?),
        8 => {
            let d: wire::Charged<'_> = read(data)?;
            Body::ChargeAdded { fen: fen(&d.amount_fen)?.ok_or("amount_fen")? }
        }
        9 => executed(read(data)?)?,
        10 => {
            let d: wire::Suspended<'_> = read(data)?;
            Body::ClockSuspended { step: d.step.map(id).transpose()? }
        }
        11 => {
            let d: wire::Resumed<'_> = read(data)?;
            Body::ClockResumed { step: d.step.map(id).transpose()? }
        }
        12 => extended(read(data)?)?,
        13 => read::<wire::Closed<'_>>(data).map(|_| Body::CaseClosed)?,
        14 => read::<wire::Withdrawn<'_>>(data).map(|_| Body::CaseWithdrawn)?,
        _ => {
            let d: wire::Heartbeat = read(data)?;
            Body::SourceHeartbeat { home: d.home.unwrap_or(false) }
        }
    })
}

fn read<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, Misfit> {
    let Object(value) = serde_json::from_str(text)?;
    Ok(value)
}

fn accepted(d: wire::Accepted<'_>) -> Result<Body<'_>, Misfit> {
    let mut dues = Vec::new();
    for (limit, at) in d.due.unwrap_or_default().0 {
        if let Some(at) = at {
            dues.push((id(limit)?, due(&at)?));
        }
    }
    let region = d.region.map(id).transpose()?;
    Ok(Body::CaseAccepted { item: id(d.item)?, org: id(d.org)?, region, due: dues })
}

fn uploaded(d: wire::Uploaded<'_>) -> Result<Body<'_>, Misfit> {
    let pieces = d.evidence.into_iter().map(|Object(p)| Ok(Piece { id: id(p.id)?, kind: id(p.kind)? }));
    Ok(Body::EvidenceUploaded { step: id(d.step)?, pieces: pieces.collect::<Result<_, Misfit>>()? })
}

fn made(d: wire::Made<'_>) -> Result<Decision<'_>, Misfit> {
    let cites =
        |Object(basis): &Object<wire::Basis<'_>>| basis.law.as_ref().is_some_and(|law| !blank(&law.0));
    let discretion = d.discretion.map(|Object(d)| -> Result<_, Misfit> {
        let (standard, tier) = (d.standard.map(id).transpose()?, d.tier.map(id).transpose()?);
        Ok(Discretion { standard, tier, circumstances: ids(d.circumstances)? })
    });
    Ok(Decision {
        step: id(d.step)?,
        decision: id(d.decision)?,
        cites_basis: d.basis.unwrap_or_default().iter().any(cites),
        has_reason: d.reason.is_some_and(|r| !blank(&r.0)),
        fine_fen: fen(&d.fine_fen)?,
        discretion: discretion.transpose()?,
    })
}

fn executed(d: wire::Executed<'_>) -> Result<Body<'_>, Misfit> {
    let fen = fen(&d.fine_fen)?.ok_or("fine_fen")?;
    let vouchers = d.vouchers.unwrap_or_default();
    let has_voucher = !vouchers.is_empty();
    vouchers.into_iter().try_for_each(|Object(v)| id(v.id).map(drop))?;
    Ok(Body::PenaltyExecuted { fen, has_voucher })
}

fn extended(d: wire::Extended<'_>) -> Result<Body<'_>, Misfit> {
    let days = d.days.0.and_then(|days| u32::try_from(days).ok());
    match days {
        Some(days @ 1..=MAX_EXTENSION_DAYS) => Ok(Body::LimitExtended { limit: id(d.scope)?, days }),
        _ => Err("days".into()),
    }
}

fn fields<'a>(members: Option<Members<'a, Option<Str<'a>>>>) -> Vec<Field<'a>> {
    let members = members.unwrap_or_default().0.into_iter();
    members.map(|(name, value)| Field { name: name.0, blank: value.is_none_or(|v| blank(&v.0)) }).collect()
}

/// Nothing but white space, U+3000 included.
pub(super) fn blank(text: &str) -> bool {
    text.chars().all(char::is_whitespace)
}

fn ids(list: Option<Vec<Str<'_>>>) -> Result<Vec<Text<'_>>, Misfit> {
    list.unwrap_or_default().into_iter().map(id).collect()
}

fn id(text: Str<'_>) -> Result<Cow<'_, str>, Misfit> {
    if is_id(&text.0) { Ok(text.0) } else { Err("id".into()) }
}

/// 1 to [`MAX_ID_BYTES`] bytes, NFC, no control characters.
pub(super) fn is_id(text: &str) -> bool {
    if text.is_empty() || text.len() > MAX_ID_BYTES {
        return false;
    }
    // Without an early way out the loop becomes a few vector instructions.
    if text.bytes().fold(true, |plain, b| plain & (0x20..0x7f).contains(&b)) {
        return true;
    }
    !text.chars().any(char::is_control) && unicode_normalization::is_nfc(text)
}

fn instant(text: &Str<'_>) -> Result<Instant, Misfit> {
    Instant::parse(&text.0).ok_or_else(|| "time".into())
}

fn due(text: &Str<'_>) -> Result<Instant, Misfit> {
    let at = instant(text)?;
    if in_due_range(at) { Ok(at) } else { Err("due".into()) }
}

pub(super) fn in_due_range(at: Instant) -> bool {
    (Instant::EARLIEST..=Instant::LATEST).contains(&at)
}

fn fen(amount: &Number<'_>) -> Result<Option<i64>, Misfit> {
    match amount.0 {
        Some(fen) if !(0..=MAX_FEN).contains(&fen) => Err("amount".into()),
        fen => Ok(fen),
    }
}

/// Whether brackets outside strings nest deeper than [`MAX_DEPTH`].
fn too_deep(bytes: &[u8]) -> bool {
    let opening = bytes.iter().filter(|b| matches!(b, b'{' | b'[')).count();
    if opening <= MAX_DEPTH {
        return false;
    }
    let (mut depth, mut in_string, mut escaped) = (0usize, false, false);
    for b in bytes {
        match b {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => depth += 1,
            b'}' | b']' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_DEPTH {
            return true;
        }
    }
    false
}

#[cfg(test)]
pub(super) mod tests;
