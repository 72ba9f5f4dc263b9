//! `data` by type: the members that rules need, and those whose type is judged although nobody reads them.

use super::super::decode::{blank, in_due_range};
use super::super::{Body, Decision, Discretion, Field, MAX_EXTENSION_DAYS, MAX_FEN, Piece, TYPES, Text};
use super::json::Json;
use super::{id, instant, once};
use crate::time::Instant;

/// Place in [`TYPES`].
#[derive(Clone, Copy)]
pub(super) struct Kind(usize);

impl Kind {
    pub(super) fn read(json: &mut Json<'_>) -> Option<Self> {
        let kind = json.text()?;
        TYPES.iter().position(|known| *known == kind).map(Self)
    }

    pub(super) fn body<'a>(self, json: &mut Json<'a>) -> Option<Body<'a>> {
        match self.0 {
            0 => accepted(json),
            1 => started(json),
            2 => authorized(json),
            3 => completed(json),
            4 => returned(json),
            5 => uploaded(json),
            6 => removed(json),
            7 => decision(json).map(Body::DecisionMade),
            8 => charged(json),
            9 => executed(json),
            10 => suspended(json),
            11 => resumed(json),
            12 => extended(json),
            13 => words_only(json, "outcome").map(|()| Body::CaseClosed),
            14 => words_only(json, "reason").map(|()| Body::CaseWithdrawn),
            _ => heartbeat(json),
        }
    }
}

fn ids<'a>(json: &mut Json<'a>) -> Option<Vec<Text<'a>>> {
    json.list(id)
}

fn maybe_ids<'a>(json: &mut Json<'a>) -> Option<Vec<Text<'a>>> {
    json.maybe(ids).map(Option::unwrap_or_default)
}

/// A text that nobody reads, or `null`.
fn words(json: &mut Json<'_>) -> Option<()> {
    json.maybe(Json::text).map(drop)
}

fn has_words(json: &mut Json<'_>) -> Option<bool> {
    json.maybe(Json::text).map(|text| text.is_some_and(|text| !blank(&text)))
}

fn fen(json: &mut Json<'_>) -> Option<i64> {
    json.whole().filter(|fen| *fen <= MAX_FEN)
}

fn due(json: &mut Json<'_>) -> Option<Instant> {
    instant(json).filter(|at| in_due_range(*at))
}

fn accepted<'a>(json: &mut Json<'a>) -> Option<Body<'a>> {
    let (mut item, mut org, mut region, mut dues) = (None, None, None, None);
    let (mut title, mut channel) = (None, None);
    json.object(|json, name| match name {
        "item" => once(&mut item, id(json)?),
        "org" => once(&mut org, id(json)?),
        "region" => once(&mut region, json.maybe(id)?),
        "title" => once(&mut title, words(json)?),
        "channel" => once(&mut channel, words(json)?),
        "due" => once(&mut dues, json.maybe(limit_dues)?),
        _ => json.skip(),
    })?;
    let due = dues.flatten().unwrap_or_default();
    Some(Body::CaseAccepted { item: item?, org: org?, region: region.flatten(), due })
}

fn limit_dues<'a>(json: &mut Json<'a>) -> Option<Vec<(Text<'a>, Instant)>> {
    let mut dues = Vec::new();
    json.entries(|json, limit| {
        if let Some(at) = json.maybe(due)? {
            dues.push((super::is_id(&limit).then_some(limit)?, at));
        }
        Some(())
    })?;
    Some(dues)
}

fn started<'a>(json: &mut Json<'a>) -> Option<Body<'a>> {
    let (mut step, mut officers, mut until) = (None, None, None);
    json.object(|json, name| match name {
        "step" => once(&mut step, id(json)?),
        "officers" => once(&mut officers, maybe_ids(json)?),
        "due" => once(&mut until, json.maybe(due)?),
        _ => json.skip(),
    })?;
    Some(Body::StepStarted { step: step?, officers: officers.unwrap_or_default(), due: until.flatten() })
}

fn authorized<'a>(json: &mut Json<'a>) -> Option<Body<'a>> {
    let (mut step, mut officers) = (None, None);
    json.object(|json, name| match name {
        "step" => once(&mut step, id(json)?),
        "officers" => once(&mut officers, ids(json)?),
        _ => json.skip(),
    })?;
    Some(Body::OfficersAuthorized { step: step?, officers: officers? })
}

fn completed<'a>(json: &mut Json<'a>) -> Option<Body<'a>> {
    let (mut step, mut officers, mut fields) = (None, None, None);
    json.object(|json, name| match name {
        "step" => once(&mut step, id(json)?),
        "officers" => once(&mut officers, maybe_ids(json)?),
        "fields" => once(&mut fields, json.maybe(form_fields)?),
        _ => json.skip(),
    })?;
    let (officers, fields) = (officers.unwrap_or_default(), fields.flatten().unwrap_or_default());
    Some(Body::StepCompleted { step: step?, officers, fields })
}

fn form_fields<'a>(json: &mut Json<'a>) -> Option<Vec<Field<'a>>> {
    let mut fields = Vec::new();
    json.entries(|json, name| {
        fields.push(Field { name, blank: !has_words(json)? });
        Some(())
    })?;
    Some(fields)
}

fn returned<'a>(json: &mut Json<'a>) -> Option<Body<'a>> {
    let (mut from, mut to, mut reason) = (None, None, None);
    json.object(|json, name| match name {
        "from" => once(&mut from, id(json)?),
        "to" => once(&mut to, id(json)?),
        "reason" => once(&mut reason, words(json)?),
        _ => json.skip(),
    })?;
    Some(Body::StepReturned { from: from?, to: to? })
}

fn uploaded<'a>(json: &mut Json<'a>) -> Option<Body<'a>> {
    let (mut step, mut pieces) = (None, None);
    json.object(|json, name| match name {
        "step" => once(&mut step, id(json)?),
        "evidence" => once(&mut pieces, json.list(piece)?),
        _ => json.skip(),
    })?;
    Some(Body::EvidenceUploaded { step: step?, pieces: pieces? })
}

fn piece<'a>(json: &mut Json<'a>) -> Option<Piece<'a>> {
    let (mut own, mut kind, mut label, mut sha256) = (None, None, None, None);
    json.object(|json, name| match name {
        "id" => once(&mut own, id(json)?),
        "kind" => once(&mut kind, id(json)?),
        "name" => once(&mut label, words(json)?),
        "sha256" => once(&mut sha256, words(json)?),
        _ => json.skip(),
    })?;
    Some(Piece { id: own?, kind: kind? })
}

fn removed<'a>(json: &mut Json<'a>) -> Option<Body<'a>> {
    let (mut step, mut pieces, mut reason) = (None, None, None);
    json.object(|json, name| match name {
        "step" => once(&mut step, id(json)?),
        "ids" => once(&mut pieces, ids(json)?),
        "reason" => once(&mut reason, words(json)?),
        _ => json.skip(),
    })?;
    Some(Body::EvidenceRemoved { step: step?, ids: pieces? })
}

fn decision<'a>(json: &mut Json<'a>) -> Option<Decision<'a>> {
    let (mut step, mut decision, mut basis, mut reason) = (None, None, None, None);
    let (mut fine, mut discretion) = (None, None);
    json.object(|json, name| match name {
        "step" => once(&mut step, id(json)?),
        "decision" => once(&mut decision, id(json)?),
        "basis" => once(&mut basis, json.maybe(|json| json.list(law))?),
        "reason" => once(&mut reason, has_words(json)?),
        "fine_fen" => once(&mut fine, json.maybe(fen)?),
        "discretion" => once(&mut discretion, json.maybe(used_discretion)?),
        _ => json.skip(),
    })?;
    Some(Decision {
        step: step?,
        decision: decision?,
        cites_basis: basis.flatten().unwrap_or_default().contains(&true),
        has_reason: reason.unwrap_or(false),
        fine_fen: fine.flatten(),
        discretion: discretion.flatten(),
    })
}

/// Whether a basis names a law.
fn law(json: &mut Json<'_>) -> Option<bool> {
    let mut law = None;
    json.object(|json, name| match name {
        "law" => once(&mut law, has_words(json)?),
        _ => json.skip(),
    })?;
    Some(law.unwrap_or(false))
}

fn used_discretion<'a>(json: &mut Json<'a>) -> Option<Discretion<'a>> {
    let (mut standard, mut tier, mut circumstances) = (None, None, None);
    json.object(|json, name| match name {
        "standard" => once(&mut standard, json.maybe(id)?),
        "tier" => once(&mut tier, json.maybe(id)?),
        "circumstances" => once(&mut circumstances, maybe_ids(json)?),
        _ => json.skip(),
    })?;
    let circumstances = circumstances.unwrap_or_default();
    Some(Discretion { standard: standard.flatten(), tier: tier.flatten(), circumstances })
}

fn charged<'a>(json: &mut Json<'a>) -> Option<Body<'a>> {
    let (mut amount, mut reason) = (None, None);
    json.object(|json, name| match name {
        "amount_fen" => once(&mut amount, fen(json)?),
        "reason" => once(&mut reason, words(json)?),
        _ => json.skip(),
    })?;
    Some(Body::ChargeAdded { fen: amount? })
}

fn executed<'a>(json: &mut Json<'a>) -> Option<Body<'a>> {
    let (mut fine, mut vouchers) = (None, None);
    json.object(|json, name| match name {
        "fine_fen" => once(&mut fine, fen(json)?),
        "vouchers" => once(&mut vouchers, json.maybe(|json| json.list(voucher))?),
        _ => json.skip(),
    })?;
    let has_voucher = vouchers.flatten().is_some_and(|vouchers| !vouchers.is_empty());
    Some(Body::PenaltyExecuted { fen: fine?, has_voucher })
}

fn voucher(json: &mut Json<'_>) -> Option<()> {
    let (mut own, mut sha256) = (None, None);
    json.object(|json, name| match name {
        "id" => once(&mut own, id(json).map(drop)?),
        "sha256" => once(&mut sha256, words(json)?),
        _ => json.skip(),
    })?;
    own
}

fn suspended<'a>(json: &mut Json<'a>) -> Option<Body<'a>> {
    let (mut step, mut reason) = (None, None);
    json.object(|json, name| match name {
        "step" => once(&mut step, json.maybe(id)?),
        "reason" => once(&mut reason, json.text().map(drop)?),
        _ => json.skip(),
    })?;
    reason?;
    Some(Body::ClockSuspended { step: step.flatten() })
}

fn resumed<'a>(json: &mut Json<'a>) -> Option<Body<'a>> {
    let mut step = None;
    json.object(|json, name| match name {
        "step" => once(&mut step, json.maybe(id)?),
        _ => json.skip(),
    })?;
    Some(Body::ClockResumed { step: step.flatten() })
}

fn extended<'a>(json: &mut Json<'a>) -> Option<Body<'a>> {
    let (mut limit, mut days, mut document) = (None, None, None);
    json.object(|json, name| match name {
        "scope" => once(&mut limit, id(json)?),
        "days" => once(&mut days, json.whole()?),
        "document" => once(&mut document, words(json)?),
        _ => json.skip(),
    })?;
    let days = u32::try_from(days?).ok().filter(|days| (1..=MAX_EXTENSION_DAYS).contains(days))?;
    Some(Body::LimitExtended { limit: limit?, days })
}

fn heartbeat<'a>(json: &mut Json<'a>) -> Option<Body<'a>> {
    let mut home = None;
    json.object(|json, name| match name {
        "home" => once(&mut home, json.maybe(Json::flag)?),
        _ => json.skip(),
    })?;
    Some(Body::SourceHeartbeat { home: home.flatten().unwrap_or(false) })
}

/// An object of which nothing is needed, with one text of which the type is judged.
fn words_only(json: &mut Json<'_>, known: &str) -> Option<()> {
    let mut seen = None;
    json.object(|json, name| if name == known { once(&mut seen, words(json)?) } else { json.skip() })
}
