//! Start and stop: the order in which things begin, and that everything ends.
//!
//! Start: arguments, listener, data directory, engine, then the line that says it is ready. Stop: no new requests,
//! running ones may finish, the rest is killed, every connection is closed, because exiting with one open can crash.

use std::fs::{File, TryLockError};
use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::serve::ListenerExt;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use crate::config::args::Args;
use crate::config::{EngineConfig, library};
use crate::exec::Engine;
use crate::policy::Users;
use crate::{ffi, http};

/// How long running requests may go on after the signal to stop.
const STOP_GRACE: Duration = Duration::from_secs(30);
/// How long killed statements may take to end.
const KILL_GRACE: Duration = Duration::from_secs(5);
const SESSION_SWEEP: Duration = Duration::from_secs(10);
const PARENT_CHECK: Duration = Duration::from_millis(250);
/// Threads besides those of the slots: for killing and sweeping.
const SPARE_THREADS: usize = 16;

/// Why the program ended other than by being asked to; each has an exit code of its own.
#[derive(Debug)]
pub enum Failure {
    Arguments(String),
    Library(String),
    Data(String),
    Listen(String),
    Serve(String),
}

impl Failure {
    pub fn exit_code(&self) -> i32 {
        match self {
            Failure::Serve(_) => 1,
            Failure::Arguments(_) => 2,
            Failure::Library(_) => 3,
            Failure::Data(_) => 4,
            Failure::Listen(_) => 5,
        }
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (Failure::Arguments(text)
        | Failure::Library(text)
        | Failure::Data(text)
        | Failure::Listen(text)
        | Failure::Serve(text)) = self;
        f.write_str(text)
    }
}

impl std::error::Error for Failure {}

/// Serves until it is told to stop.
pub fn run(args: &Args) -> Result<(), Failure> {
    let users = args.users(|name| std::env::var(name).ok()).map_err(Failure::Arguments)?;
    args.check_exposure(&users).and_then(|()| args.check_read_grants()).map_err(Failure::Arguments)?;
    let ready_file = args.ready_file.as_deref().map(std::path::absolute).transpose();
    let ready_file = ready_file.map_err(|error| Failure::Arguments(error.to_string()))?;
    let library =
        library::locate(args.library.as_deref(), |name| std::env::var_os(name)).map_err(Failure::Library)?;
    let runtime = runtime(args).map_err(|error| Failure::Serve(error.to_string()))?;
    let listener = runtime
        .block_on(TcpListener::bind(args.listen))
        .map_err(|error| Failure::Listen(format!("cannot listen on {}: {error}", args.listen)))?;
    let data = DataDirectory::take(&args.path)?;
    ffi::load(&library)
        .map_err(|error| Failure::Library(format!("cannot load {}: {error}", library.display())))?;
    let engine = open_engine(args, data.path.clone())?;
    let outcome = runtime.block_on(serve(args, listener, Arc::clone(&engine), users, ready_file.as_deref()));
    runtime.shutdown_timeout(KILL_GRACE);
    engine.close();
    ffi::shut_down();
    drop(data);
    outcome
}

fn runtime(args: &Args) -> std::io::Result<tokio::runtime::Runtime> {
    let slots = usize::from(args.max_concurrent_queries);
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .max_blocking_threads(2 * slots + SPARE_THREADS)
        .build()
}

fn open_engine(args: &Args, data_directory: PathBuf) -> Result<Arc<Engine>, Failure> {
    let failed =
        |error: &dyn std::fmt::Display| Failure::Data(format!("{}: {error}", data_directory.display()));
    let config = EngineConfig {
        data_directory: data_directory.clone(),
        memory_bytes: args.max_memory_mib << 20,
        read_grants: args.read_grant.clone(),
    };
    config.write_files().map_err(|error| failed(&error))?;
    // Whatever the engine still takes from the working directory must be ours.
    std::env::set_current_dir(&data_directory).map_err(|error| failed(&error))?;
    let engine = Engine::open(config.connect_arguments(), args.max_concurrent_queries);
    engine.map(Arc::new).map_err(|exception| failed(&exception.text))
}

/// The data directory, held by one process at a time.
struct DataDirectory {
    path: PathBuf,
    _lock: File,
}

impl DataDirectory {
    fn take(path: &Path) -> Result<Self, Failure> {
        let failed = |error: std::io::Error| Failure::Data(format!("{}: {error}", path.display()));
        std::fs::create_dir_all(path).map_err(failed)?;
        let path = path.canonicalize().map_err(failed)?;
        let lock = File::create(path.join("lock")).map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => Ok(DataDirectory { path, _lock: lock }),
            Err(TryLockError::WouldBlock) => {
                Err(Failure::Data(format!("another embedded-clickhouse uses {}", path.display())))
            }
            Err(TryLockError::Error(error)) => Err(failed(error)),
        }
    }
}

async fn serve(
    args: &Args,
    listener: TcpListener,
    engine: Arc<Engine>,
    users: Users,
    ready_file: Option<&Path>,
) -> Result<(), Failure> {
    let address = listener.local_addr().map_err(|error| Failure::Listen(error.to_string()))?;
    // Small answers must not wait for the client's acknowledgement of the last one.
    let listener = listener.tap_io(|stream| {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "TCP_NODELAY");
        }
    });
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let router = http::router(Arc::clone(&engine), users);
    let server = axum::serve(listener, router).with_graceful_shutdown(until(stopped));
    let server = tokio::spawn(async move { server.await });
    let sweeper = tokio::spawn(sweep(Arc::clone(&engine)));
    announce(address, &engine.version, ready_file).map_err(|error| Failure::Serve(error.to_string()))?;
    let reason = asked_to_stop(args.parent_pid).await.map_err(|error| Failure::Serve(error.to_string()))?;
    tracing::info!(reason, "stopping");
    stop.send_replace(true);
    sweeper.abort();
    wait_for_requests(server, &engine).await;
    Ok(())
}

async fn until(mut stopped: tokio::sync::watch::Receiver<bool>) {
    // A sender that is gone is a stop, too.
    drop(stopped.wait_for(|stopped| *stopped).await);
}

async fn sweep(engine: Arc<Engine>) {
    loop {
        tokio::time::sleep(SESSION_SWEEP).await;
        let engine = Arc::clone(&engine);
        tokio::task::spawn_blocking(move || engine.sweep_sessions());
    }
}

/// The file for those that cannot read our output, then the line that scripts wait for.
fn announce(address: SocketAddr, version: &str, ready_file: Option<&Path>) -> std::io::Result<()> {
    let url = format!("http://{address}");
    if let Some(file) = ready_file {
        let mut partial = file.as_os_str().to_owned();
        partial.push(".partial");
        std::fs::write(&partial, format!("{url}\n"))?;
        std::fs::rename(&partial, file)?;
    }
    tracing::info!(url, version, "ready");
    let mut out = std::io::stdout().lock();
    writeln!(out, "listening on {url}")?;
    out.flush()
}

async fn asked_to_stop(parent: Option<u32>) -> std::io::Result<&'static str> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(tokio::select! {
        _ = terminate.recv() => "terminated",
        _ = interrupt.recv() => "interrupted",
        () = parent_gone(parent) => "the parent process has ended",
    })
}

/// Never resolves without a parent to watch.
async fn parent_gone(parent: Option<u32>) {
    let Some(pid) = parent else { return std::future::pending().await };
    let born = birth(pid);
    while born.is_some() && birth(pid) == born {
        tokio::time::sleep(PARENT_CHECK).await;
    }
}

/// When a live process started: a number alone may be given to another process later.
fn birth(pid: u32) -> Option<u64> {
    birth_in(&std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

/// State and start time stand 1st and 20th after the name, which is in brackets and may contain anything.
fn birth_in(stat: &str) -> Option<u64> {
    let (_, fields) = stat.rsplit_once(") ")?;
    let mut fields = fields.split(' ');
    let state = fields.next()?;
    if matches!(state, "Z" | "X") { None } else { fields.nth(18)?.parse().ok() }
}

async fn wait_for_requests(server: tokio::task::JoinHandle<std::io::Result<()>>, engine: &Engine) {
    let abort = server.abort_handle();
    let all_ended = async {
        if let Ok(Err(error)) = server.await {
            tracing::warn!(%error, "the listener failed");
        }
        engine.all_ended().await;
    };
    if tokio::time::timeout(STOP_GRACE, all_ended).await.is_ok() {
        return;
    }
    tracing::warn!("requests are still running after {} s and are killed", STOP_GRACE.as_secs());
    abort.abort();
    engine.kill_everything();
    if tokio::time::timeout(KILL_GRACE, engine.all_ended()).await.is_err() {
        tracing::warn!("some statements did not end");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_told_by_its_start() {
        let fields: Vec<String> = (4..=30).map(|n| n.to_string()).collect();
        let stat = |state: &str| format!("7 (odd) name) {state} {}", fields.join(" "));
        assert_eq!(birth_in(&stat("S")), Some(22));
        assert_eq!(birth_in(&stat("Z")), None);
        assert_eq!(birth(std::process::id()), birth(std::process::id()));
        assert!(birth(std::process::id()).is_some());
    }

    #[test]
    fn every_failure_has_its_own_code() {
        let all = [Failure::Serve, Failure::Arguments, Failure::Library, Failure::Data, Failure::Listen];
        let codes: Vec<i32> = all.iter().map(|failure| failure(String::new()).exit_code()).collect();
        assert_eq!(codes, [1, 2, 3, 4, 5]);
    }
}
