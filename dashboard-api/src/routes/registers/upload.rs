//! A table that is put in the place of a register: looked at, or published as an edition that names who did it.

use std::sync::{Arc, Mutex, PoisonError};

use axum::Json;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, header};
use identity::{Need, Scope};
use model::catalogue::{Bilingual, Edition, Proposal, Refused, Request, Shelf};
use model::hash::Hash;
use registers::{Imported, Mapping, Options, Register, Report, Table, Unusable};
use workflow::Refusal;

use super::key;
use crate::access::Access;
use crate::dto::{ReportBody, UploadAnswer};
use crate::error::{Problem, ProblemKind};
use crate::limits::MAX_UPLOAD_BYTES;
use crate::params::Params;
use crate::params::declared::UploadParams;
use crate::registers::{NotPublished, Registers};

/// What is asked for.
struct Upload {
    register: Register,
    tables: Vec<Table>,
    merge: bool,
    partial: bool,
    /// Whose officers may be changed.
    scope: Scope,
    /// Whose personal data may be shown.
    personal: Scope,
}

/// Who publishes it, and behind which editions.
struct Order {
    by: String,
    request: Request,
    expected: usize,
}

pub(super) async fn put(
    register: Register,
    registers: &Registers,
    access: &Access,
    params: &Params<UploadParams>,
    headers: &HeaderMap,
    body: Body,
) -> Result<Json<UploadAnswer>, Problem> {
    let need = if register == Register::Officers { Need::SetOfficers } else { Need::SetRegisters };
    let scope = access.scope(need)?;
    if register != Register::Officers && scope != Scope::Everywhere {
        let detail = format!("{} are the whole site's: that takes a grant everywhere", register.name());
        return Err(Problem::new(ProblemKind::Forbidden, detail));
    }
    let [dry_run, merge, partial] =
        [flag(params, "dry_run")?, flag(params, "merge")?, flag(params, "partial")?];
    let expected = expected(params)?;
    let bytes = to_bytes(body, MAX_UPLOAD_BYTES).await.map_err(|_| {
        Problem::new(ProblemKind::TooLarge, format!("a table has at most {MAX_UPLOAD_BYTES} bytes"))
    })?;
    let order = if dry_run {
        None
    } else {
        Some(order(access, headers, expected, content(register, merge, partial, &bytes))?)
    };
    let is_json = headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"));
    let (registers, personal) = (registers.clone(), access.personal());
    // Reading a table takes its time, and publishing waits for the log.
    let work = move || {
        let tables = if is_json {
            vec![registers::read_json("table", &bytes).map_err(unusable)?]
        } else {
            registers::read("table", &bytes).map_err(unusable)?
        };
        let upload = Upload { register, tables, merge, partial, scope, personal };
        match order {
            None => upload.look(&registers),
            Some(order) => upload.publish(&registers, &order),
        }
    };
    let done = tokio::task::spawn_blocking(work).await;
    done.map(|answer| answer.map(Json)).unwrap_or_else(|error| {
        tracing::error!(%error, "an upload ended by itself");
        Err(Problem::new(
            ProblemKind::Internal,
            "the table could not be read; the server's log has the reason",
        ))
    })
}

fn flag(params: &Params<UploadParams>, name: &str) -> Result<bool, Problem> {
    match params.one(name)? {
        None | Some("false") => Ok(false),
        Some("true") => Ok(true),
        Some(other) => {
            Err(Problem::parameter(name, format!("{name} is {other:?}; it must be true or false")))
        }
    }
}

fn expected(params: &Params<UploadParams>) -> Result<Option<usize>, Problem> {
    let number = |text: &str| {
        text.parse().map_err(|_| {
            Problem::parameter("expected", format!("expected is {text:?}; it must be a whole number from 0"))
        })
    };
    params.one("expected")?.map(number).transpose()
}

fn content(register: Register, merge: bool, partial: bool, bytes: &[u8]) -> Hash {
    let head = format!("{} {merge} {partial}\n", register.name());
    Hash::of(&[head.as_bytes(), bytes].concat())
}

fn order(
    access: &Access,
    headers: &HeaderMap,
    expected: Option<usize>,
    content: Hash,
) -> Result<Order, Problem> {
    let Access::Person(person, _) = access else {
        let detail = "to publish needs somebody who does it: configure an identity (docs/rights.md), or ask for dry_run=true";
        return Err(Problem::new(ProblemKind::Unauthenticated, detail));
    };
    let key = key(headers, person)?;
    let detail =
        "give expected, the number of editions that you saw (GET /api/v1/registers), or dry_run=true";
    let expected = expected.ok_or_else(|| Problem::parameter("expected", detail))?;
    Ok(Order { by: person.id.clone(), request: Request { key, content }, expected })
}

impl Upload {
    fn import(&self, files: &registers::Files) -> Result<Imported, Unusable> {
        let may = |org: &str| self.scope.covers_seat(org);
        let options = Options { merge: self.merge, partial: self.partial, may: &may };
        registers::import(self.register, &self.tables, &Mapping::default(), files, options)
    }

    fn report(&self, report: &Report) -> ReportBody {
        ReportBody::new(report, |org| self.personal.covers_seat(org))
    }

    fn look(&self, registers: &Registers) -> Result<UploadAnswer, Problem> {
        let standing = registers.source.standing();
        let imported = self.import(&standing.files).map_err(unusable)?;
        Ok(UploadAnswer {
            outcome: "looked",
            editions: standing.editions.len(),
            published: None,
            report: Some(self.report(&imported.report)),
        })
    }

    fn publish(&self, registers: &Registers, order: &Order) -> Result<UploadAnswer, Problem> {
        let standing = registers.source.standing();
        let report: Mutex<Option<Report>> = Mutex::new(None);
        let keep = |told: Report| *report.lock().unwrap_or_else(PoisonError::into_inner) = Some(told);
        let propose = |shelf: &Shelf| {
            if let Some(edition) = shelf.answered(&order.by, &order.request)? {
                return Ok(Proposal::Stands(Arc::clone(edition)));
            }
            let stands = shelf.editions().len();
            if stands != order.expected {
                return Err(Refused::Stale { expected: order.expected, stands });
            }
            let base = if stands == 0 { &*standing.files } else { shelf.files() };
            let mut imported = self.import(base).map_err(|error| match error {
                Unusable::Base(problems) => Refused::Problems(problems),
                // It was looked at before, against the same.
                Unusable::File { .. } => Refused::Problems(Vec::new()),
            })?;
            let taken = imported.report.taken;
            keep(imported.report);
            if !taken {
                let version = shelf.editions().last().map(|last| last.catalogue.version.clone());
                return Err(Refused::Unchanged { version: version.unwrap_or_default() });
            }
            registers::with_version(&mut imported.files, self.register, stands);
            let at = (registers.clock)();
            let mut record = shelf.propose(&imported.files, None, (at, &order.by))?;
            record.request = Some(order.request.clone());
            Ok(record.into())
        };
        // A table that cannot be read at all is told as such.
        self.import(&standing.files).map_err(unusable)?;
        let published = registers.source.publish(&propose);
        let report = report.into_inner().unwrap_or_else(PoisonError::into_inner);
        let edition = published.map_err(|error| not_published(error, report.as_ref()))?;
        Ok(self.answer(&edition, report.as_ref()))
    }

    fn answer(&self, edition: &Edition, report: Option<&Report>) -> UploadAnswer {
        UploadAnswer {
            outcome: "published",
            editions: usize::try_from(edition.seq).unwrap_or(usize::MAX).saturating_add(1),
            published: Some(edition.into()),
            report: report.map(|report| self.report(report)),
        }
    }
}

fn unusable(error: Unusable) -> Problem {
    let message = error.to_string();
    refused("unusable", Bilingual { zh: message.clone(), en: message })
}

fn not_published(error: NotPublished, report: Option<&Report>) -> Problem {
    let refusal = match error {
        NotPublished::Unavailable(reason) => {
            tracing::warn!(reason, "an upload was not published");
            let detail = "the log of editions does not answer; send the same request again under the same Idempotency-Key";
            return Problem::new(ProblemKind::Unavailable, detail);
        }
        NotPublished::Refused(refusal) => refusal,
    };
    let message = refusal.to_string();
    let same = || Bilingual { zh: message.clone(), en: message.clone() };
    match (&refusal, report.filter(|report| !report.taken)) {
        (_, Some(report)) if !report.refused.is_empty() => {
            let (count, first) = (report.refused.len(), &report.refused[0]);
            let (row, column) = (first.place.row, first.column.clone().unwrap_or_default());
            let (zh, en) = (&first.message.zh, &first.message.en);
            refused(
                "rows_refused",
                Bilingual {
                    zh: format!(
                        "{count} 处被拒绝，第一处在第 {row} 行 {column}：{zh}；dry_run=true 可列出全部"
                    ),
                    en: format!(
                        "{count} places are refused, the first in row {row} {column}: {en}; dry_run=true lists all of them"
                    ),
                },
            )
        }
        (Refused::Unchanged { .. }, _) => refused(
            "unchanged",
            Bilingual {
                zh: "与现行名册相同".to_owned(), en: "it says what stands already".to_owned()
            },
        ),
        (Refused::Stale { .. }, _) => Problem { kind: ProblemKind::Conflict, ..refused("stale", same()) },
        (Refused::KeyReused, _) => refused("key_reused", same()),
        _ => refused("not_published", same()),
    }
}

fn refused(code: &'static str, message: Bilingual) -> Problem {
    let detail = message.en.clone();
    Problem { refusal: Some(Refusal { code, message }), ..Problem::new(ProblemKind::Unprocessable, detail) }
}
