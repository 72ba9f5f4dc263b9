//! Starting and stopping the program, and asking it with curl.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use clickhouse::Client;

/// The engine's library, fetched by the script operators use.
pub(crate) fn library() -> &'static Path {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/clickhouse/fetch-libchdb.sh");
        let output = Command::new(&script).stderr(Stdio::inherit()).output().expect("the script can be run");
        let path = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim());
        assert!(output.status.success() && path.is_file(), "{} gave no library, see above", script.display());
        path
    })
}

/// A directory that does not exist yet, removed on drop.
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        Scratch(Path::new(env!("CARGO_TARGET_TMPDIR")).join(name))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

/// Asks again and again; nothing here takes long.
pub(crate) fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < Duration::from_secs(30), "waited too long for {what}");
    }
}

/// A running program; killed on drop.
pub(crate) struct Gateway {
    pub(crate) child: Child,
    pub(crate) url: String,
    /// Kept open: the program may write to it.
    _stdout: BufReader<std::process::ChildStdout>,
}

pub(crate) fn command(data: &Path, more: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_embedded-clickhouse"));
    command.arg("--path").arg(data).args(["--listen", "127.0.0.1:0", "--library"]).arg(library());
    command.args(["--parent-pid", &std::process::id().to_string()]).args(more);
    command
}

impl Gateway {
    pub(crate) fn start(data: &Path, more: &[&str]) -> Self {
        Self::of(command(data, more))
    }

    pub(crate) fn of(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().expect("the program starts");
        let mut stdout = BufReader::new(child.stdout.take().expect("piped"));
        let mut line = String::new();
        stdout.read_line(&mut line).expect("text");
        let url = line.trim().strip_prefix("listening on ").expect("the ready line").to_owned();
        Gateway { child, url, _stdout: stdout }
    }

    pub(crate) fn client(&self) -> Client {
        Client::default().with_url(&self.url)
    }

    pub(crate) fn signal(&self, name: &str) {
        let status = Command::new("kill").args([name, &self.child.id().to_string()]).status();
        assert!(status.expect("kill can be run").success());
    }

    /// The answer to a statement sent as a POST body; `address` is the query string.
    pub(crate) fn post(&self, address: &str, body: impl AsRef<[u8]>) -> Answer {
        curl(&format!("{}/?{address}", self.url), &["--data-binary", "@-"], body.as_ref())
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        curl(&format!("{}{path}", self.url), &[], &[])
    }

    /// A statement that must succeed; its text.
    pub(crate) fn sql(&self, statement: &str) -> String {
        let answer = self.post("", statement);
        assert_eq!(answer.status, 200, "{statement}: {}", answer.text());
        answer.text()
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// An engine for the rest of this process, with which it ends. Its data stay for a look until the next run.
pub(crate) fn standing(name: &str, more: &[&str]) -> Gateway {
    let data = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    drop(std::fs::remove_dir_all(&data));
    Gateway::start(&data, more)
}

/// The engine that most tests share.
pub(crate) fn shared() -> &'static Gateway {
    static SHARED: OnceLock<Gateway> = OnceLock::new();
    SHARED.get_or_init(|| standing("shared", &[]))
}

/// The shared engine with a fresh database of this name.
pub(crate) fn shared_with(database: &str) -> &'static Gateway {
    let gateway = shared();
    gateway.sql(&format!("CREATE DATABASE {database} ENGINE = Atomic"));
    gateway
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: String,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.headers.lines().filter_map(|line| line.split_once(": "));
        lines.find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// The engine's error number, if this is an error.
    pub(crate) fn code(&self) -> Option<u32> {
        self.header("X-ClickHouse-Exception-Code")?.parse().ok()
    }
}

pub(crate) fn curl(url: &str, more: &[&str], input: &[u8]) -> Answer {
    let mut command = Command::new("curl");
    command.args(["-sS", "-i", "--globoff", "--max-time", "120", "-H", "Expect:"]).args(more).arg(url);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("curl can be run");
    let (mut stdin, mut stdout) = (child.stdin.take().expect("piped"), child.stdout.take().expect("piped"));
    let input = input.to_vec();
    // A refused request may not be read to its end.
    let writer = std::thread::spawn(move || drop(stdin.write_all(&input)));
    let mut bytes = Vec::new();
    stdout.read_to_end(&mut bytes).expect("readable");
    writer.join().expect("does not panic");
    assert!(child.wait().expect("ends").success(), "curl {url}");
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").expect("headers end");
    let headers = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let status = headers.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
    Answer { status, headers, body: bytes.split_off(end + 4) }
}
