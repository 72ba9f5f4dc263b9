//! Grafana's dashboards against a real site, with no Grafana: every query of every panel, as Grafana and the ClickHouse
//! plugin would send it, for several ranges of time and choices of the filters; every name of a metric; every link.

mod board;
mod expand;

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::time::{Duration, Instant};

use serde_json::Value;
use system_tests::site::Site;
use system_tests::{http, say};

use board::{Board, Panel, Variable};
pub(crate) use expand::percent;
use expand::{Choice, Range};

const DAY: i64 = 86_400;
/// Types that the plugin has converters for (its pkg/converters), as far as views have them.
const TYPES: [&str; 9] =
    ["String", "UInt", "Int", "Float", "DateTime", "Date", "Bool", "LowCardinality(", "Nullable("];
/// Variables that stand for a column.
const ONE_OF: [&str; 2] = ["axis", "by"];
const SLOW: Duration = Duration::from_secs(1);

pub(crate) fn check(site: &Site) {
    let boards = board::all();
    assert_eq!(boards.len(), 12, "six dashboards in two languages");
    let mut asked = Asked::default();
    for board in &boards {
        filled(site, board, &mut asked);
        metrics(site, board);
        // The other language asks the same in other words.
        if board.uid.ends_with("-zh") {
            every_range_and_choice(site, board, &mut asked);
            every_choice_of_one(site, board, &mut asked);
        }
    }
    same_but_for_words(&boards);
    let Asked { queries, slowest, slow, .. } = &asked;
    say(
        "grafana",
        &format!(
            "{queries} queries, {slow} of them over a second, the slowest {} ms: {}",
            slowest.0.as_millis(),
            slowest.1
        ),
    );
    // A machine that is busy with other things may be slow now and then; a dashboard is not.
    assert!(slow * 4 <= *queries, "{slow} of {queries} queries took more than a second");
}

/// Ranges and choices, each at least once; all of them together would ask the same again and again.
fn every_range_and_choice(site: &Site, board: &Board, asked: &mut Asked) {
    let choices = choices(&options(site, board, asked));
    for (range, choice) in Range::several().iter().zip(choices.iter().cycle().skip(1)) {
        for panel in board.panels() {
            asked.rows(site, panel, range, choice);
        }
    }
}

/// What was asked so far.
#[derive(Default)]
struct Asked {
    queries: usize,
    slow: usize,
    slowest: (Duration, String),
    /// A query that comes again, in the other language say, has its answer.
    known: BTreeMap<String, Answer>,
}

#[derive(Clone)]
struct Answer {
    /// Name and type.
    columns: Vec<(String, String)>,
    rows: Vec<Vec<Value>>,
}

impl Asked {
    /// As the plugin's client asks: the reading user, a limit of time, the format beside the query.
    fn ask(&mut self, site: &Site, what: &str, sql: &str) -> Answer {
        if let Some(answer) = self.known.get(sql) {
            return answer.clone();
        }
        let address =
            format!("{}/?user=reader&max_execution_time=60&default_format=JSONCompact", site.clickhouse);
        let began = Instant::now();
        let answer = http::post(&address, sql).unwrap_or_else(|e| panic!("{what}: {e}"));
        let took = began.elapsed();
        assert_eq!(answer.status, 200, "{what}: {}\n{sql}", answer.text());
        let body = answer.json();
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        let meta = body["meta"].as_array().expect("columns");
        let answer = Answer {
            columns: meta.iter().map(|c| (text(&c["name"]), text(&c["type"]))).collect(),
            rows: body["data"]
                .as_array()
                .expect("rows")
                .iter()
                .map(|r| r.as_array().expect("a row").clone())
                .collect(),
        };
        self.queries += 1;
        self.slow += usize::from(took > SLOW);
        if took > self.slowest.0 {
            self.slowest = (took, what.to_owned());
        }
        self.known.insert(sql.to_owned(), answer.clone());
        answer
    }

    /// The answer of a panel that asks ClickHouse; nothing for the others.
    fn rows(&mut self, site: &Site, panel: &Panel, range: &Range, choice: &Choice) -> Option<Answer> {
        let sql = expand::expand(panel.sql()?, range, choice);
        let answer = self.ask(site, &format!("{} ({range:?}, {choice:?})", panel.name), &sql);
        form(panel, &answer);
        Some(answer)
    }
}

/// What Grafana makes a picture of.
fn form(panel: &Panel, answer: &Answer) {
    let Answer { columns, rows } = answer;
    for (name, kind) in columns {
        let inner = kind.trim_start_matches("Nullable(").trim_start_matches("LowCardinality(");
        assert!(TYPES.iter().any(|known| inner.starts_with(known)), "{}: {name} is {kind}", panel.name);
    }
    let names: HashSet<&str> = columns.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names.len(), columns.len(), "{}: a column comes twice", panel.name);
    if panel.is_series() {
        let (name, kind) = &columns[0];
        assert!(name == "time" && kind.starts_with("DateTime"), "{}: {name} {kind}", panel.name);
        let (name, kind) = &columns[1];
        assert!(name == "series" && kind.contains("String"), "{}: {name} {kind}", panel.name);
        let times: Vec<&str> = rows.iter().filter_map(|row| row[0].as_str()).collect();
        assert!(times.is_sorted() && times.len() == rows.len(), "{}: time must rise", panel.name);
        let places: HashSet<_> = rows.iter().map(|row| (row[0].to_string(), row[1].to_string())).collect();
        assert_eq!(places.len(), rows.len(), "{}: a series has two values at one time", panel.name);
    }
}

/// The values that each variable offers.
fn options(site: &Site, board: &Board, asked: &mut Asked) -> Vec<(String, Vec<String>)> {
    let of = |variable: &Variable| {
        let values = match &variable.sql {
            None => variable.values.clone(),
            Some(sql) => {
                let answer = asked.ask(site, &format!("{}: ${}", board.uid, variable.name), sql);
                answer.rows.iter().map(|row| row[0].as_str().expect("a value is a text").to_owned()).collect()
            }
        };
        assert!(!values.is_empty(), "{}: ${} offers nothing", board.uid, variable.name);
        (variable.name.clone(), values)
    };
    board.variables.iter().map(of).collect()
}

/// All of each; the first of each; two of each. Of an axis or a group there is one.
fn choices(options: &[(String, Vec<String>)]) -> Vec<Choice> {
    let of = |pick: &dyn Fn(&[String]) -> Vec<String>| {
        let chosen = options.iter().map(|(name, values)| {
            let values = if ONE_OF.contains(&name.as_str()) { values[..1].to_vec() } else { pick(values) };
            (name.clone(), values)
        });
        Choice { chosen: chosen.collect() }
    };
    let first = |count: usize| move |values: &[String]| values.iter().take(count).cloned().collect();
    vec![of(&|_| vec!["$__all".to_owned()]), of(&first(1)), of(&first(2))]
}

/// Over all time and with all filters open, there is something in every panel; its links lead somewhere, and what it
/// says of columns and words is true.
fn filled(site: &Site, board: &Board, asked: &mut Asked) {
    let options = options(site, board, asked);
    let all = &choices(&options)[0];
    for panel in board.panels() {
        let Some(answer) = asked.rows(site, panel, &Range::whole(), all) else { continue };
        assert!(!answer.rows.is_empty(), "{} is empty", panel.name);
        let nothing = answer.rows.iter().flatten().all(Value::is_null);
        assert!(!nothing, "{} has nothing but nulls", panel.name);
        let names: Vec<&str> = answer.columns.iter().map(|(name, _)| name.as_str()).collect();
        for column in panel.columns() {
            let at = names.iter().position(|name| *name == column.name);
            let at = at.unwrap_or_else(|| panic!("{}: no column {} in {names:?}", panel.name, column.name));
            let values: BTreeSet<String> = answer.rows.iter().map(|row| shown(&row[at])).collect();
            if let Some(words) = &column.words {
                let unnamed: Vec<_> = values.iter().filter(|value| !words.contains(*value)).collect();
                assert!(unnamed.is_empty(), "{}: {} has no words for {unnamed:?}", panel.name, column.name);
            }
            let value = values.iter().rfind(|value| !value.is_empty()).cloned().unwrap_or_default();
            column.links.iter().for_each(|link| follow(site, panel, link, &value));
        }
        panel.links().iter().for_each(|link| follow(site, panel, link, ""));
    }
    board.links().iter().for_each(|link| follow(site, board.panels()[0], link, ""));
}

fn shown(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Links into the console are followed; those to dashboards must name one.
fn follow(site: &Site, panel: &Panel, link: &str, value: &str) {
    let filled = link.replace("${__value.raw:percentencode}", &expand::percent(value));
    if let Some(path) = filled.strip_prefix("${console:raw}") {
        let answer = site.get(path);
        assert_eq!(answer.status, 200, "{}: {path}: {}", panel.name, answer.text());
    } else {
        let rest =
            filled.strip_prefix("/d/").unwrap_or_else(|| panic!("{}: {link} leads nowhere", panel.name));
        let uid = rest.split('?').next().unwrap_or_default();
        assert!(
            board::all().iter().any(|board| board.uid == uid),
            "{}: there is no dashboard {uid}",
            panel.name
        );
    }
}

/// Each value of those variables of which one is chosen: axes and groups are columns.
fn every_choice_of_one(site: &Site, board: &Board, asked: &mut Asked) {
    let options = options(site, board, asked);
    let all = choices(&options).swap_remove(0);
    for (name, values) in options.iter().filter(|(name, _)| ONE_OF.contains(&name.as_str())) {
        for value in values {
            let mut choice = all.clone();
            choice.chosen.insert(name.clone(), vec![value.clone()]);
            for panel in board.panels() {
                let Some(answer) = asked.rows(site, panel, &Range::whole(), &choice) else { continue };
                assert!(!answer.rows.is_empty(), "{} is empty with {name} = {value}", panel.name);
            }
        }
    }
}

/// Every metric, and every label that is grouped by, is one that this process shows.
fn metrics(site: &Site, board: &Board) {
    let text = http::get(&format!("{}/metrics", site.metrics)).expect("metrics are served").text();
    let samples: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
    for panel in board.panels() {
        for expression in panel.promql() {
            let names = metric_names(expression);
            assert!(!names.is_empty(), "{}: {expression} names no metric", panel.name);
            for name in names {
                let of: Vec<&&str> =
                    samples.iter().filter(|s| s.split(['{', ' ']).next() == Some(name)).collect();
                assert!(!of.is_empty(), "{}: nothing on /metrics is called {name}", panel.name);
                for label in labels(expression) {
                    let marked = format!("{label}=\"");
                    assert!(
                        of.iter().all(|s| s.contains(&marked)),
                        "{}: {name} has no label {label}",
                        panel.name
                    );
                }
            }
        }
    }
}

/// Every PromQL expression of the dashboards, once.
pub(crate) fn promql_of_dashboards() -> BTreeSet<String> {
    let boards = board::all();
    let panels = boards.iter().flat_map(|board| board.panels());
    panels.flat_map(|panel| panel.promql()).map(str::to_owned).collect()
}

pub(crate) fn metric_names(expression: &str) -> Vec<&str> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    expression.split(|c| !is_name(c)).filter(|word| word.starts_with("xiezhi_")).collect()
}

fn labels(expression: &str) -> Vec<&str> {
    let groups = expression.split("by (").skip(1).filter_map(|rest| rest.split(')').next());
    groups.flat_map(|group| group.split(',').map(str::trim)).collect()
}

/// The two languages ask the same and stand at the same places.
fn same_but_for_words(boards: &[Board]) {
    for zh in boards.iter().filter(|board| board.uid.ends_with("-zh")) {
        let en = format!("{}-en", zh.uid.trim_end_matches("-zh"));
        let en = boards.iter().find(|board| board.uid == en).unwrap_or_else(|| panic!("{en} is missing"));
        let places = |board: &Board| board.panels().iter().map(|panel| panel.place()).collect::<Vec<_>>();
        assert_eq!(places(zh), places(en), "{}", zh.uid);
    }
}
