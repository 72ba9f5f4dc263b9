//! An embedded ClickHouse of the test's own, ended with it.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

pub(crate) struct Engine {
    process: Child,
    directory: PathBuf,
    url: String,
}

impl Engine {
    /// Fails the test, with the engine's own words, where it cannot be had.
    pub(crate) fn start() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let directory = std::env::temp_dir().join(format!("xiezhi-api-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&directory).expect("a directory for the engine");
        let program = program();
        let mut process = Command::new(&program)
            .arg("--path")
            .arg(&directory)
            .args(["--listen", "127.0.0.1:0"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|e| panic!("cannot start {}: {e}", program.display()));
        let lines = BufReader::new(process.stdout.take().expect("its output")).lines();
        let url = lines
            .map_while(Result::ok)
            .find_map(|line| line.split_once("listening on ").map(|(_, url)| url.trim().to_owned()));
        let Some(url) = url else {
            let status = process.wait().expect("its status");
            panic!("the embedded ClickHouse ended with {status} before it listened; its reason is above");
        };
        Self { process, directory, url }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        let ended = self.process.kill().and_then(|()| self.process.wait().map(|_| ()));
        let removed = std::fs::remove_dir_all(&self.directory);
        if let Err(error) = ended.and(removed) {
            eprintln!("after the test: {error}");
        }
    }
}

/// The program named by EMBEDDED_CLICKHOUSE, or the workspace's own, built now.
fn program() -> PathBuf {
    if let Some(path) = std::env::var_os("EMBEDDED_CLICKHOUSE") {
        return path.into();
    }
    let built = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--package", "embedded-clickhouse"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .status()
        .expect("cargo runs");
    assert!(built.success(), "the embedded ClickHouse does not build");
    // …/target/<profile>/deps/<test>
    let test = std::env::current_exe().expect("the test's own path");
    let target = test.ancestors().nth(3).unwrap_or_else(|| Path::new("target"));
    target.join("debug/embedded-clickhouse")
}
