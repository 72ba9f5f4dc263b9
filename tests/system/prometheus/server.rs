//! A real Prometheus, a real Alertmanager: with the rules and routes that are checked in, in a hurry.

use std::fs::File;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command};

use serde_json::Value;
use system_tests::site::Scratch;
use system_tests::{PATIENCE, http, programs, wait_for};

/// A target where nobody listens: port 1 is nobody's.
pub(super) const NOBODY: &str = "127.0.0.1:1";

pub(crate) struct Server {
    /// Without a scheme.
    pub(crate) address: String,
    child: Child,
}

impl Server {
    /// Two targets: the site, and nobody. The rules as they are, but that nothing waits before it fires.
    pub(super) fn prometheus(program: &Path, scratch: &Scratch, metrics: &str, alertmanager: &str) -> Self {
        let rules = ["recording.yml", "alerts.yml"].map(|name| {
            let text = std::fs::read_to_string(programs::root().join("deploy/prometheus/rules").join(name));
            let text = text.expect("the rules can be read");
            let hurried = text.lines().filter(|line| !line.trim().starts_with("for: "));
            scratch.lines(name, hurried)
        });
        let site = metrics.trim_start_matches("http://");
        let config = format!(
            "global: {{scrape_interval: 1s, evaluation_interval: 1s}}\n\
             rule_files: [\"{}\", \"{}\"]\n\
             alerting: {{alertmanagers: [{{static_configs: [{{targets: [\"{alertmanager}\"]}}]}}]}}\n\
             scrape_configs: [{{job_name: xiezhi, static_configs: [{{targets: [\"{site}\", \"{NOBODY}\"]}}]}}]",
            rules[0], rules[1]
        );
        let config = scratch.lines("prometheus.yml", [config]);
        let address = free_address();
        let mut command = programs::tied_to_us(program);
        command.args([
            format!("--config.file={config}"),
            format!("--storage.tsdb.path={}", scratch.path("tsdb")),
            format!("--web.listen-address={address}"),
            // What fires before Alertmanager is found is told again.
            "--rules.alert.resend-delay=1s".to_owned(),
        ]);
        Self::start(command, address, scratch, "prometheus.log")
    }

    /// The routes as they are; the web hooks lead here.
    pub(super) fn alertmanager(program: &Path, scratch: &Scratch, hook: &str) -> Self {
        let text = std::fs::read_to_string(programs::root().join("deploy/alertmanager/alertmanager.yml"));
        let here = text
            .expect("it can be read")
            .replace("127.0.0.1:9095", hook)
            .replace("group_wait: 10s", "group_wait: 0s");
        Self::alertmanager_with(program, scratch, &here)
    }

    pub(crate) fn alertmanager_with(program: &Path, scratch: &Scratch, config: &str) -> Self {
        let config = scratch.lines("alertmanager.yml", [config]);
        let address = free_address();
        let mut command = programs::tied_to_us(program);
        command.args([
            format!("--config.file={config}"),
            format!("--storage.path={}", scratch.path("alertmanager")),
            format!("--web.listen-address={address}"),
            "--cluster.listen-address=".to_owned(),
        ]);
        Self::start(command, address, scratch, "alertmanager.log")
    }

    fn start(mut command: Command, address: String, scratch: &Scratch, log: &str) -> Self {
        let path = scratch.path(log);
        let log = File::create(&path).expect("a log can be made");
        let errors = log.try_clone().expect("a handle more");
        let child = command.stdout(log).stderr(errors).spawn().expect("it starts");
        let mut server = Self { address, child };
        wait_for(&format!("{command:?} is ready"), PATIENCE, || {
            if let Some(status) = server.child.try_wait().expect("it is ours") {
                panic!(
                    "{command:?} ended with {status}: {}",
                    std::fs::read_to_string(&path).unwrap_or_default()
                );
            }
            http::get(&format!("http://{}/-/ready", server.address))
                .ok()
                .filter(|answer| answer.status == 200)
        });
        server
    }

    pub(crate) fn get(&self, path: &str) -> Value {
        http::get(&format!("http://{}{path}", self.address)).expect("it answers").json()
    }

    pub(super) fn query(&self, promql: &str) -> Value {
        self.get(&format!("/api/v1/query?query={}", crate::grafana::percent(promql)))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if self.child.kill().is_err() || self.child.wait().is_err() {
            system_tests::say("harness", "a server could not be killed");
        }
    }
}

fn free_address() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    listener.local_addr().expect("it has an address").to_string()
}
