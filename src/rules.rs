//! The desk of a process that serves the API: rules on their way, and lint over them.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use dashboard_api::{Connection, Rules};
use desk::{KafkaLog, Metrics, Service};
use model::catalogue::Problem;
use model::{Catalogue, Instant};
use prometheus::Registry;
use rdkafka::config::ClientConfig;
use serde_json::{Value, json};
use workflow::InFlight;

use crate::enact::Enactor;
use crate::live::Live;
use crate::wall;

/// Starts the desk; rules are served once it has read the log, and what is approved is published.
pub(crate) fn start(
    client: &ClientConfig,
    live: &Arc<Live>,
    (catalogue, history): (&Path, &Connection),
    registry: &Registry,
) -> anyhow::Result<(Rules, Enactor)> {
    let base = client.clone();
    let open = move || KafkaLog::open(&base, ingest::topics::WORKFLOW);
    let desk =
        Service::start(open, wall::now, Metrics::new(registry)?).context("the desk cannot be started")?;
    let (desk, live): (Arc<Service>, _) = (Arc::new(desk), Arc::clone(live));
    let enactor = Enactor::new(Arc::clone(&desk), client.clone(), Arc::clone(&live), registry)?;
    let lint = move |object: &str, content: &Value| findings(&live.files(), object, content);
    let dry_run = crate::dry_run::over_clickhouse(client.clone(), catalogue.to_owned(), history.clone());
    let rules = Rules::new(desk, Arc::new(lint), wall::now).with_dry_runs(Arc::new(dry_run));
    Ok((rules, enactor))
}

/// What lint says of an object's content in the place where it will stand: in the catalogue of the last edition.
fn findings(files: &BTreeMap<String, String>, object: &str, content: &Value) -> Vec<Problem> {
    let known = Catalogue::inspect_files(files.clone());
    let today = known.catalogue.as_ref().map(|catalogue| catalogue.calendar.day_of(wall::now()));
    let (file, item) = placed(files, object, content);
    let drafted =
        files.clone().into_iter().filter(|(name, _)| *name != file).chain([(file.clone(), item.to_string())]);
    let inspection = Catalogue::inspect_files(drafted);
    let findings = inspection.findings(today.unwrap_or_default());
    // What others wrote is not what this draft is judged by.
    findings.into_iter().filter(|finding| finding.file == file).collect()
}

/// The file that an object's content goes into, and the item that stands in it then: YAML takes JSON as it is.
pub(crate) fn placed(files: &BTreeMap<String, String>, object: &str, content: &Value) -> (String, Value) {
    let (code, point) = object.split_once('#').map_or((object, None), |(code, point)| (code, Some(point)));
    let item = |text: &str| serde_saphyr::from_str::<Value>(text).ok();
    let is_of_code = |text: &str| item(text).is_some_and(|item| item["code"] == code);
    let mut items = files.iter().filter(|(name, _)| name.starts_with("items/"));
    let own = items.find(|(_, text)| is_of_code(text));
    let file = own.map_or_else(|| "items/draft.yaml".to_owned(), |(name, _)| name.clone());
    let Some(point) = point else { return (file, content.clone()) };
    let mut whole = own.and_then(|(_, text)| item(text)).unwrap_or_else(|| serde_json::json!({"code": code}));
    if let Some(points) = whole["points"].as_array_mut() {
        points.retain(|old| old["id"] != point);
        points.push(content.clone());
    }
    (file, whole)
}

/// A catalogue's files with a version of a rule in its place, under the version's name.
pub(crate) fn with_version(
    files: &BTreeMap<String, String>,
    (rule, name): (&str, &str),
    content: &Value,
    (in_flight, shadow_until): (InFlight, Option<Instant>),
) -> BTreeMap<String, String> {
    let (file, mut item) = placed(files, rule, content);
    item["in_flight"] = json!(in_flight);
    let point = rule.split_once('#').map(|(_, point)| point);
    set_trial(&mut item, point.filter(|_| in_flight == InFlight::Pin), shadow_until);
    let settings = files.get("catalogue.yaml").map_or("", String::as_str);
    let mut settings = serde_saphyr::from_str::<Value>(settings).unwrap_or_default();
    if !settings.is_object() {
        settings = json!({});
    }
    settings["version"] = name.into();
    let changed = [(file, item.to_string()), ("catalogue.yaml".to_owned(), settings.to_string())];
    files.clone().into_iter().chain(changed).collect()
}

/// Puts an item on trial, or one point of it, as the approval says and nothing else: trials that the content speaks of are none.
/// The item's own, and other points', go on beside a point's version; with a whole new version, and where cases go over, they end.
fn set_trial(item: &mut Value, point: Option<&str>, until: Option<Instant>) {
    let set = |on: &mut Value| match (on.as_object_mut(), until) {
        (Some(on), Some(until)) => drop(on.insert("shadow_until".to_owned(), until.to_string().into())),
        (Some(on), None) => drop(on.remove("shadow_until")),
        (None, _) => {}
    };
    let clear = |on: &mut Value| on.as_object_mut().and_then(|on| on.remove("shadow_until"));
    let points = item.get_mut("points").and_then(Value::as_array_mut);
    let mut points: Vec<&mut Value> = points.into_iter().flatten().collect();
    if let Some(point) = point {
        points.iter_mut().filter(|own| own["id"] == point).for_each(|own| set(own));
        return;
    }
    points.iter_mut().for_each(|own| drop(clear(own)));
    set(item);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By file, what is said of trials: of the item, and of its points `p` and `q`.
    #[test]
    fn a_trial_is_the_approvals_and_of_what_was_approved() {
        let text =
            "code: A\nshadow_until: item\npoints: [{id: p, shadow_until: old}, {id: q, shadow_until: own}]\n";
        let files = BTreeMap::from([("items/a.yaml".to_owned(), text.to_owned())]);
        let until = Instant(0);
        let marks = |rule: &str, content: &Value, in_flight, until| {
            let files = with_version(&files, (rule, "n"), content, (in_flight, until));
            let item: Value = serde_json::from_str(&files["items/a.yaml"]).expect("JSON");
            let of_point = |id| {
                let mut points = item["points"].as_array().into_iter().flatten();
                points.find(|point| point["id"] == id).map(|point| point["shadow_until"].clone())
            };
            (item["shadow_until"].clone(), of_point("p"), of_point("q"))
        };
        let (point, at) = (json!({"id": "p", "shadow_until": "never"}), json!(until.to_string()));
        let own = Some(json!("own"));
        let pinned = marks("A#p", &point, InFlight::Pin, Some(until));
        assert_eq!(pinned, (json!("item"), Some(at.clone()), own.clone()), "the others go on");
        let tried = marks("A#p", &point, InFlight::Pin, None);
        assert_eq!(tried, (json!("item"), Some(Value::Null), own));
        let over = marks("A#p", &point, InFlight::Migrate, None);
        assert_eq!(over, (Value::Null, Some(Value::Null), Some(Value::Null)), "no case goes over to a trial");
        let whole =
            json!({"code": "A", "shadow_until": "never", "points": [{"id": "p", "shadow_until": "never"}]});
        let anew = marks("A", &whole, InFlight::Pin, Some(until));
        assert_eq!(anew, (at, Some(Value::Null), None), "as approved, whatever the content says");
    }

    /// A point on a step that came with an edition: in the files of the start there is no such step.
    #[test]
    fn a_draft_is_checked_in_the_place_where_it_will_stand() {
        let item = |steps: &str| {
            let text = format!(
                "code: A\nname: a\ncategory: other\nsteps: [{steps}]\nlimits: [{{id: t, scope: case, days: 5, unit: calendar_day}}]\n\
                 points: [{{id: p, kind: time_limit, limit: t}}]\n"
            );
            BTreeMap::from([("items/a.yaml".to_owned(), text)])
        };
        let (start, edition) = (item("{id: s}"), item("{id: s, next: [two]}, {id: two}"));
        let content = json!({"id": "q", "kind": "evidence", "step": "two", "required": [{"kind": "photo"}]});
        let errors = |files: &BTreeMap<String, String>| {
            findings(files, "A#q", &content).into_iter().filter(Problem::is_error).count()
        };
        assert_eq!((errors(&start), errors(&edition)), (1, 0));
    }
}
