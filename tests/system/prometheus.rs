//! The rules and alerts of deploy/prometheus: checked and unit-tested by promtool, each with its runbook; scraped from a
//! real site by a real Prometheus, delivered to a real Alertmanager and from there to a web hook.

mod hook;
mod server;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use system_tests::site::{Scratch, Site};
use system_tests::{PATIENCE, http, programs, say, wait_for};

use crate::grafana::{metric_names, promql_of_dashboards};
use hook::Hook;
pub(crate) use server::Server;

const TEST: &str = "prometheus";
const RULES: [&str; 2] = ["deploy/prometheus/rules/recording.yml", "deploy/prometheus/rules/alerts.yml"];
/// They come with their first incident or recipient only, so a healthy site does not show them.
const NOT_EVERYWHERE: [(&str, &str); 2] = [
    ("xiezhi_detect_incidents_total", "ledger/src/worker/metrics.rs"),
    ("xiezhi_notify_failing", "src/notify/metrics.rs"),
];
/// Alertmanager tells a web hook at once that the chain works, and of a process that is gone.
const HEARD_WITHIN: Duration = Duration::from_secs(60);

#[test]
fn rules() {
    let Some(promtool) = tool("promtool") else { return };
    let run = |arguments: &[&str]| {
        programs::text(
            &programs::well(Command::new(&promtool).args(arguments).current_dir(programs::root())).stdout,
        )
    };
    run(&["check", "config", "deploy/prometheus/prometheus.yml"]);
    let alerts = alerts();
    let tests: Vec<String> =
        alerts.iter().map(|alert| format!("deploy/prometheus/tests/{alert}.yml")).collect();
    let mut arguments = vec!["test", "rules"];
    arguments.extend(tests.iter().map(String::as_str));
    let said = run(&arguments);
    assert_eq!(said.matches("SUCCESS").count(), alerts.len(), "{said}");
    say(TEST, &format!("{} alerts fire and keep quiet as their tests say", alerts.len()));
    if let Some(amtool) = tool("amtool") {
        programs::well(
            Command::new(amtool).arg("check-config").arg(file("deploy/alertmanager/alertmanager.yml")),
        );
    }
}

/// For every alert there is a page that says what to do, and a test in which it fires and one in which it does not.
#[test]
fn runbooks() {
    let alerts = alerts();
    let text = read("deploy/prometheus/rules/alerts.yml");
    let index = read("docs/runbooks/README.md");
    for alert in &alerts {
        let page = read(&format!("docs/runbooks/{alert}.md"));
        for part in ["## What it means", "## Look at", "## Do"] {
            assert!(page.contains(part), "docs/runbooks/{alert}.md has no {part}");
        }
        assert!(
            text.contains(&format!("runbook: docs/runbooks/{alert}.md\n")),
            "{alert} does not name its page"
        );
        assert!(index.contains(&format!("]({alert}.md)")), "docs/runbooks/README.md does not list {alert}");
        let test = read(&format!("deploy/prometheus/tests/{alert}.yml"));
        assert!(
            test.contains("name: fires") && test.contains("exp_labels"),
            "{alert} never fires in its test"
        );
        assert!(
            test.contains("exp_alerts: []") || alert == "XiezhiDeadManSwitch",
            "{alert} is never quiet in its test"
        );
    }
    let pages = std::fs::read_dir(file("docs/runbooks")).unwrap().flatten().count();
    assert_eq!(pages, alerts.len() + 1, "a page in docs/runbooks is of no alert");
}

/// A real Prometheus scrapes the site, evaluates all rules and all panels, and has a real Alertmanager tell of it.
pub(crate) fn check(site: &Site) {
    names(site);
    let (Some(prometheus), Some(alertmanager)) = (tool("prometheus"), tool("alertmanager")) else { return };
    let scratch = Scratch::new("watching-prometheus");
    let hook = Hook::start();
    let alertmanager = Server::alertmanager(&alertmanager, &scratch, &hook.address);
    let prometheus = Server::prometheus(&prometheus, &scratch, &site.metrics, &alertmanager.address);
    let told = wait_for("Alertmanager tells what fires", HEARD_WITHIN, || {
        let told = hook.told();
        ["XiezhiDeadManSwitch", "XiezhiDown"].iter().all(|alert| told.contains_key(*alert)).then_some(told)
    });
    assert_eq!(told["XiezhiDeadManSwitch"]["path"], "/dead-man-switch");
    assert_eq!(told["XiezhiDown"]["path"], "/operators");
    assert_eq!(told["XiezhiDown"]["labels"]["instance"], server::NOBODY);
    assert_eq!(told["XiezhiDown"]["annotations"]["runbook"], "docs/runbooks/XiezhiDown.md");
    rules_are_well(&prometheus);
    let panels = panels_have_values(&prometheus);
    nothing_else_is_critical(&prometheus);
    say(TEST, &format!("scraped, evaluated, delivered; {panels} expressions of panels have values"));
}

/// What rules are made of stands on `/metrics`.
fn names(site: &Site) {
    let text = http::get(&format!("{}/metrics", site.metrics)).expect("metrics are served").text();
    let shown: BTreeSet<&str> = text
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split(['{', ' ']).next())
        .collect();
    let rules = RULES.map(read).concat();
    for name in metric_names(&rules) {
        match NOT_EVERYWHERE.iter().find(|(rare, _)| *rare == name) {
            Some((_, source)) => {
                assert!(read(source).contains(&format!("\"{name}\"")), "{source} has no {name}")
            }
            None => assert!(shown.contains(name), "rules name {name}, which is not on /metrics"),
        }
    }
}

fn rules_are_well(prometheus: &Server) {
    wait_for("every rule was evaluated", PATIENCE, || {
        let groups = prometheus.get("/api/v1/rules")["data"]["groups"].clone();
        let rules: Vec<_> = groups
            .as_array()?
            .iter()
            .flat_map(|group| group["rules"].as_array().cloned())
            .flatten()
            .collect();
        let bad: Vec<_> = rules.iter().filter(|rule| rule["health"] == "err").collect();
        assert!(bad.is_empty(), "{bad:?}");
        (!rules.is_empty() && rules.iter().all(|rule| rule["health"] == "ok")).then_some(())
    });
}

/// Every expression of the dashboards, with the window that Grafana would put in.
fn panels_have_values(prometheus: &Server) -> usize {
    let expressions = promql_of_dashboards();
    for expression in &expressions {
        let query = expression.replace("$__rate_interval", "1m");
        wait_for(&format!("{query} has a value"), PATIENCE, || {
            let answer = prometheus.query(&query);
            assert_eq!(answer["status"], "success", "{query}: {answer}");
            answer["data"]["result"].as_array().is_some_and(|values| !values.is_empty()).then_some(())
        });
    }
    expressions.len()
}

/// Of a site that is well, only what was planted: a target where nobody is.
fn nothing_else_is_critical(prometheus: &Server) {
    let firing = prometheus.query("ALERTS{alertstate=\"firing\",severity=\"critical\"}");
    let firing: BTreeSet<&str> = firing["data"]["result"]
        .as_array()
        .expect("alerts")
        .iter()
        .filter_map(|alert| alert["metric"]["alertname"].as_str())
        .collect();
    assert_eq!(firing, BTreeSet::from(["XiezhiDown"]));
}

fn alerts() -> Vec<String> {
    let text = read("deploy/prometheus/rules/alerts.yml");
    let names = text.lines().filter_map(|line| line.trim().strip_prefix("- alert: ").map(str::to_owned));
    let names: Vec<String> = names.collect();
    assert!(names.len() > 20, "{names:?}");
    names
}

fn file(path: &str) -> PathBuf {
    programs::root().join(path)
}

fn read(path: &str) -> String {
    std::fs::read_to_string(file(path)).unwrap_or_else(|e| panic!("{path}: {e}"))
}

/// A program that runs here; that there is none is told.
pub(crate) fn tool(name: &str) -> Option<PathBuf> {
    let runs =
        |path: &PathBuf| Command::new(path).arg("--version").output().is_ok_and(|said| said.status.success());
    let found = programs::of_prometheus(name).filter(runs);
    if found.is_none() {
        say(TEST, &format!("SKIPPED: there is no {name} that runs here; deploy/setup.sh brings it"));
    }
    found
}
