//! A process under supervision, as a service manager has it: started, and started again when it ends although it is
//! wanted. The experiment kills it, stops it, or lets it sleep.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{self, Command, Stdio};
use std::time::{Duration, Instant};

use system_tests::processes::signal;
use system_tests::{programs, wait_for};

/// Between an end and the next start, as `RestartSec` of a service manager.
const AGAIN_AFTER: Duration = Duration::from_millis(200);
/// An orderly end takes so long at most.
const STOPS_WITHIN: Duration = Duration::from_secs(60);
const READY_WITHIN: Duration = Duration::from_secs(120);

type Recipe = Box<dyn Fn() -> Command>;

pub(crate) struct Child {
    pub(crate) name: String,
    pub(crate) log: PathBuf,
    recipe: Recipe,
    env: Vec<(&'static str, PathBuf)>,
    running: Option<process::Child>,
    wanted: bool,
    started: Instant,
    /// Ends that nobody had asked for.
    pub(crate) own_ends: u32,
    /// Length of the log at the last start.
    log_before: u64,
}

impl Child {
    pub(crate) fn new(name: &str, dir: &Path, recipe: impl Fn() -> Command + 'static) -> Self {
        Self {
            name: name.to_owned(),
            log: dir.join(format!("{name}.log")),
            recipe: Box::new(recipe),
            env: Vec::new(),
            running: None,
            wanted: false,
            started: Instant::now(),
            own_ends: 0,
            log_before: 0,
        }
    }

    /// Of every start from now on.
    pub(crate) fn set_env(&mut self, env: Vec<(&'static str, PathBuf)>) {
        self.env = env;
    }

    pub(crate) fn start(&mut self) {
        self.wanted = true;
        let log = File::options().create(true).append(true).open(&self.log).expect("the log can be opened");
        self.log_before = log.metadata().map_or(0, |m| m.len());
        let out = log.try_clone().expect("a log can be shared");
        let mut command = (self.recipe)();
        command
            .stdin(Stdio::null())
            .stdout(out)
            .stderr(log)
            .env("NO_COLOR", "1")
            .envs(self.env.iter().cloned());
        self.running = Some(command.spawn().expect("it starts"));
        self.started = Instant::now();
    }

    /// What it said after `prefix` in this run, once it has.
    pub(crate) fn await_word(&self, prefix: &str) -> String {
        wait_for(&format!("{} says {prefix}", self.name), READY_WITHIN, || {
            let said = std::fs::read(&self.log).unwrap_or_default();
            let said = programs::text(said.get(self.log_before as usize..)?);
            let (line, _) = said.rsplit_once('\n')?;
            line.lines().find_map(|line| line.strip_prefix(prefix)).map(str::to_owned)
        })
    }

    /// As the kernel or a power cut would. It is still wanted.
    pub(crate) fn kill9(&mut self) {
        if let Some(mut running) = self.running.take() {
            running.kill().expect("it can be killed");
            running.wait().expect("it can be waited for");
            self.started = Instant::now();
        }
    }

    /// It is gone, by force, and stays away until it is started again.
    pub(crate) fn take_away(&mut self) {
        self.wanted = false;
        self.kill9();
    }

    /// In order, and it stays away.
    pub(crate) fn stop(&mut self) {
        self.wanted = false;
        let Some(mut running) = self.running.take() else { return };
        signal(running.id(), "TERM");
        wait_for(&format!("{} stops", self.name), STOPS_WITHIN, || {
            running.try_wait().expect("it is ours").map(drop)
        });
    }

    pub(crate) fn signal(&self, name: &str) {
        if let Some(running) = &self.running {
            signal(running.id(), name);
        }
    }

    /// Starts it again if it has ended and is wanted.
    pub(crate) fn tend(&mut self) {
        if let Some(running) = &mut self.running
            && running.try_wait().expect("it is ours").is_some()
        {
            self.running = None;
            self.own_ends += 1;
        }
        if self.wanted && self.running.is_none() && self.started.elapsed() >= AGAIN_AFTER {
            self.start();
        }
    }

    pub(crate) fn last_words(&self) -> String {
        let log = std::fs::read(&self.log).unwrap_or_default();
        let log = programs::text(&log);
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(12)..].join("\n")
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        self.take_away();
    }
}
