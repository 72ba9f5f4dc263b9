//! Local parts: a real Kafka broker and the embedded ClickHouse as child processes, started again if they die, and gone
//! when we are gone.

use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context, bail};

/// Longest wait for a part to be ready.
const READY_WITHIN: Duration = Duration::from_secs(120);
/// How long a part may take to stop before it is killed.
const STOP_WITHIN: Duration = Duration::from_secs(20);

/// A child process under watch.
pub(crate) struct Part {
    name: &'static str,
    stopping: Arc<AtomicBool>,
    pid: Arc<Mutex<Option<u32>>>,
    watcher: Option<JoinHandle<()>>,
    /// What it said when it was ready.
    pub(crate) address: String,
}

/// How a part is started, and by which line it says that it is ready.
struct Recipe {
    name: &'static str,
    program: PathBuf,
    args: Vec<String>,
    ready: &'static str,
}

/// Starts a Kafka broker in `dir`, on a free port of loopback.
pub(crate) fn kafka(dir: &Path) -> anyhow::Result<Part> {
    let script = find("deploy/kafka/kafka.sh")?;
    let dir = absolute(dir)?;
    let args = ["foreground", "--dir", &dir, "--parent-pid", &std::process::id().to_string()];
    let args = args.map(str::to_owned).to_vec();
    Part::start(Recipe { name: "Kafka", program: script, args, ready: "bootstrap=" })
}

/// Starts the embedded ClickHouse in `dir`, on a free port of loopback.
pub(crate) fn clickhouse(dir: &Path) -> anyhow::Result<Part> {
    let own = std::env::current_exe().context("cannot tell where this program is")?;
    let program = own.with_file_name("embedded-clickhouse");
    if !program.is_file() {
        bail!(
            "{} is missing: build the package embedded-clickhouse, or set clickhouse.url",
            program.display()
        );
    }
    let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let (dir, listen, pid) = (absolute(dir)?, format!("127.0.0.1:{port}"), std::process::id().to_string());
    let args = ["--path", &dir, "--listen", &listen, "--read-user", "reader", "--parent-pid", &pid];
    let args = args.map(str::to_owned).to_vec();
    Part::start(Recipe { name: "ClickHouse", program, args, ready: "listening on " })
}

fn absolute(dir: &Path) -> anyhow::Result<String> {
    std::fs::create_dir_all(dir).with_context(|| format!("cannot make {}", dir.display()))?;
    Ok(dir.canonicalize()?.display().to_string())
}

/// A file of the checkout, looked for from the working directory and from the program upwards.
pub(crate) fn find(path: &str) -> anyhow::Result<PathBuf> {
    let here = std::env::current_dir().unwrap_or_default();
    let own = std::env::current_exe().unwrap_or_default();
    let roots = here.ancestors().chain(own.ancestors());
    roots.map(|root| root.join(path)).find(|p| p.exists()).with_context(|| {
        format!("{path} was not found above {} nor above the program; run from the checkout", here.display())
    })
}

impl Part {
    fn start(recipe: Recipe) -> anyhow::Result<Self> {
        let (name, stopping, pid) =
            (recipe.name, Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(None)));
        let (ready, address) = mpsc::channel();
        let watch = {
            let (stopping, pid) = (Arc::clone(&stopping), Arc::clone(&pid));
            move || watch(&recipe, &stopping, &pid, &ready)
        };
        let watcher = Some(std::thread::Builder::new().name(name.to_owned()).spawn(watch)?);
        let mut part = Self { name, stopping, pid, watcher, address: String::new() };
        part.address = match address.recv_timeout(READY_WITHIN) {
            Ok(Ok(address)) => address,
            Ok(Err(error)) => bail!("{name} did not start: {error}"),
            Err(_) => bail!("{name} was not ready within {} s", READY_WITHIN.as_secs()),
        };
        Ok(part)
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        self.stopping.store(true, Ordering::SeqCst);
        if let Some(pid) = *self.pid.lock().unwrap_or_else(PoisonError::into_inner) {
            signal(pid, libc::SIGTERM);
        }
        let Some(watcher) = self.watcher.take() else { return };
        let until = std::time::Instant::now() + STOP_WITHIN;
        while !watcher.is_finished() && std::time::Instant::now() < until {
            std::thread::park_timeout(Duration::from_millis(20));
        }
        if !watcher.is_finished()
            && let Some(pid) = *self.pid.lock().unwrap_or_else(PoisonError::into_inner)
        {
            tracing::warn!(part = self.name, "did not stop in time and is killed");
            signal(pid, libc::SIGKILL);
        }
        if watcher.join().is_err() {
            tracing::error!(part = self.name, "its watcher panicked");
        }
    }
}

/// Sends a signal to a child that has not been waited for, so the number is still its own.
fn signal(pid: u32, signal: i32) {
    // SAFETY: kill(2) has no memory effects; the pid is that of a child of ours that is not yet reaped.
    #[expect(unsafe_code, reason = "std has no way to send SIGTERM")]
    let sent = unsafe { libc::kill(pid as i32, signal) };
    if sent != 0 {
        tracing::debug!(pid, signal, "a signal found nobody");
    }
}

type Ready = mpsc::Sender<Result<String, String>>;

/// Runs the part until it is to stop; starts it again when it ends by itself.
fn watch(recipe: &Recipe, stopping: &AtomicBool, pid: &Mutex<Option<u32>>, ready: &Ready) {
    while !stopping.load(Ordering::SeqCst) {
        let mut child = match spawn(recipe) {
            Ok(child) => child,
            Err(error) => return tell(ready, Err(error.to_string())),
        };
        *pid.lock().unwrap_or_else(PoisonError::into_inner) = Some(child.id());
        let said = child.stdout.take().map(|out| await_ready(recipe, out, ready));
        // The child is reaped under the lock, so that no signal can go to a stranger with its number.
        let status = loop {
            let mut pid = pid.lock().unwrap_or_else(PoisonError::into_inner);
            match child.try_wait() {
                Ok(None) => drop(pid),
                done => {
                    *pid = None;
                    break done;
                }
            }
            std::thread::park_timeout(Duration::from_millis(50));
        };
        if !stopping.load(Ordering::SeqCst) {
            tracing::error!(part = recipe.name, ?status, "ended by itself; starting it again");
            if said != Some(true) {
                return tell(ready, Err(format!("it ended at once ({status:?}); see its log")));
            }
        }
    }
}

fn tell(ready: &Ready, word: Result<String, String>) {
    if ready.send(word).is_err() {
        tracing::debug!("nobody waits for this part any more");
    }
}

fn spawn(recipe: &Recipe) -> std::io::Result<Child> {
    // A process group of its own: Ctrl-C in a terminal is ours to pass on, in order. Parts say little unless asked to.
    let log = std::env::var("RUST_LOG").unwrap_or_else(|_| "warn".to_owned());
    Command::new(&recipe.program)
        .args(&recipe.args)
        .env("RUST_LOG", log)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .process_group(0)
        .spawn()
}

/// Reads lines until the one that says ready, then lets the rest of the output drain. `true` if it came.
fn await_ready(recipe: &Recipe, out: std::process::ChildStdout, ready: &Ready) -> bool {
    let mut out = BufReader::new(out);
    let mut line = String::new();
    while out.read_line(&mut line).is_ok_and(|n| n > 0) {
        if let Some(address) = line.trim().strip_prefix(recipe.ready) {
            tell(ready, Ok(address.to_owned()));
            let drain = move || out.read_to_end(&mut Vec::new()).map(drop);
            if let Err(error) = std::thread::Builder::new().spawn(drain) {
                tracing::warn!(%error, "the output of a part is not drained");
            }
            return true;
        }
        line.clear();
    }
    false
}
