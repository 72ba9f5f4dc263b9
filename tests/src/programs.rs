//! Where our programs are, and how to run one to its end.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// The repository, which is this package's parent where cargo has started us, else the working directory. Asked when it
/// runs: two clones may share what was built.
pub fn root() -> PathBuf {
    let package = std::env::var_os("CARGO_MANIFEST_DIR");
    let above = package.map(|package| Path::new(&package).parent().map(Path::to_path_buf));
    above.flatten().unwrap_or_else(|| std::env::current_dir().expect("there is a working directory"))
}

/// A program of ours: in the folder `XIEZHI_BIN` (from the repository's root) if that is set, else where cargo has built
/// it, beside us or, for tests, which are in target/PROFILE/deps, one folder above.
pub fn program(name: &str) -> PathBuf {
    let built = || {
        let own = std::env::current_exe().expect("this program has a path");
        let has = |folder: &&Path| folder.join(name).is_file();
        own.ancestors().skip(1).take(2).find(has).unwrap_or(Path::new("target")).to_path_buf()
    };
    let path = std::env::var_os("XIEZHI_BIN").map_or_else(built, |folder| root().join(folder)).join(name);
    assert!(path.is_file(), "{} is missing: cargo build --workspace --bins", path.display());
    path
}

/// `xiezhi` with these arguments, in the repository.
pub fn xiezhi<S: AsRef<std::ffi::OsStr>>(arguments: impl IntoIterator<Item = S>) -> Command {
    let mut command = Command::new(program("xiezhi"));
    command.current_dir(root()).stdin(Stdio::null()).args(arguments);
    command
}

/// A program of ours that the kernel kills when the thread that starts it is gone: nothing outlives a killed test.
pub fn tied(name: &str) -> Command {
    tied_to_us(&program(name))
}

/// The same for a program of others.
pub fn tied_to_us(program: &Path) -> Command {
    // Of util-linux, as deploy/setup.sh installs it.
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL", "--"]).arg(program).current_dir(root()).stdin(Stdio::null());
    command
}

/// Runs to the end, which must be a good one.
pub fn well(command: &mut Command) -> Output {
    let output = command.output().expect("the program starts");
    assert!(output.status.success(), "{command:?}: {}\n{}", output.status, text(&output.stderr));
    output
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn cache() -> PathBuf {
    std::env::var_os("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .unwrap_or_else(|| Path::new(&std::env::var_os("HOME").expect("HOME is set")).join(".cache"))
}

/// A program of Prometheus or Alertmanager: of the PATH, or as deploy/setup.sh has unpacked it; Debian gives some a longer
/// name. `None` where neither is: that is to be told.
pub fn of_prometheus(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let unpacked = cache().join("xiezhi/prometheus/usr/bin");
    let folders = std::env::split_paths(&path).chain([unpacked]);
    let places = folders.flat_map(|folder| [folder.join(name), folder.join(format!("prometheus-{name}"))]);
    places.into_iter().find(|place| place.is_file())
}

/// Python of the environment that deploy/setup.sh makes.
pub fn python() -> Command {
    let interpreter = cache().join("xiezhi/venv/bin/python");
    assert!(interpreter.exists(), "{} is missing: run deploy/setup.sh", interpreter.display());
    let mut command = Command::new(interpreter);
    command.current_dir(root()).stdin(Stdio::null());
    command
}
