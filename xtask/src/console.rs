//! `cargo xtask console`: the web console, built by npm into console/dist/site, from where the next cargo build takes it
//! into the binary. What has not changed is not built again, so that cargo has nothing to do either.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::repository;

const FOLDER: &str = "console";
/// What the packages depend on, and what the bundle depends on besides.
const LOCK: &str = "console/package-lock.json";
const INPUTS: [&str; 8] = [
    LOCK,
    "console/package.json",
    "console/tsconfig.json",
    "console/vite.config.ts",
    "console/index.html",
    "console/src/",
    "console/public/",
    "dashboard-api/openapi.json",
];
/// Oldest release of Node.js that Vite runs on; the whole rule stands in console/package.json.
const NODE_MIN: (u32, u32) = (20, 19);

pub(crate) fn run() -> Result<bool> {
    let root = repository::root()?;
    packages(&root)?;
    let (stamp, wanted) = (root.join(FOLDER).join("dist/stamp"), inputs(&root)?);
    if is(&stamp, &wanted) && root.join(FOLDER).join("dist/site/index.html").is_file() {
        return Ok(true);
    }
    // Written last: half a bundle is built anew.
    std::fs::remove_file(&stamp).ok();
    let built = npm(&root, &["run", "build"])?;
    if built {
        std::fs::write(&stamp, wanted).with_context(|| format!("writing {}", stamp.display()))?;
    }
    Ok(built)
}

/// Installs exactly what the lock file says, unless it is there.
pub(crate) fn packages(root: &Path) -> Result<()> {
    check_node(root)?;
    let (stamp, wanted) = (root.join(FOLDER).join("node_modules/.stamp"), std::fs::read(root.join(LOCK))?);
    if !is(&stamp, &wanted) {
        ensure!(npm(root, &["ci"])?, "npm ci failed in {FOLDER}");
        std::fs::write(&stamp, wanted).with_context(|| format!("writing {}", stamp.display()))?;
    }
    Ok(())
}

/// A program of Node.js in the console's folder: the one that deploy/setup.sh fetched, where it had to.
pub(crate) fn node(root: &Path, program: &str) -> Result<Command> {
    let fetched = repository::cache()?.join("node/bin");
    let mut command = Command::new(program);
    command.current_dir(root.join(FOLDER));
    if fetched.join("npm").is_file() {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let path = std::env::join_paths(std::iter::once(fetched).chain(std::env::split_paths(&path)))?;
        command.env("PATH", path);
    }
    Ok(command)
}

fn is(path: &Path, wanted: &[u8]) -> bool {
    std::fs::read(path).is_ok_and(|found| found == wanted)
}

/// Every input's path and text, one after another.
fn inputs(root: &Path) -> Result<Vec<u8>> {
    let is_input = |path: &str| {
        INPUTS.iter().any(|input| if input.ends_with('/') { path.starts_with(input) } else { path == *input })
    };
    let files = repository::files(root)?;
    let inputs = files.iter().filter(|file| is_input(&file.path));
    Ok(inputs.flat_map(|file| [file.path.as_bytes(), b"\n", file.text.as_bytes()].concat()).collect())
}

fn npm(root: &Path, arguments: &[&str]) -> Result<bool> {
    let mut command = node(root, "npm")?;
    command.args(arguments);
    Ok(command.status().with_context(|| format!("running {command:?}"))?.success())
}

fn check_node(root: &Path) -> Result<()> {
    let output = node(root, "node")?.arg("--version").output();
    let output = output.context("node is missing: deploy/setup.sh says what to do")?;
    let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    let (major, minor) = NODE_MIN;
    ensure!(
        version(&text).is_some_and(|found| found >= NODE_MIN),
        "node is {text}; the console needs {major}.{minor} or newer: deploy/setup.sh says what to do"
    );
    Ok(())
}

/// Major and minor of `v20.20.2`.
fn version(text: &str) -> Option<(u32, u32)> {
    let mut parts = text.strip_prefix('v')?.split('.').map(|part| part.parse().ok());
    Some((parts.next()??, parts.next()??))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_of_node_are_compared_as_numbers() {
        assert_eq!(version("v20.20.2"), Some((20, 20)));
        assert!(version("v20.9.0") < Some(NODE_MIN) && version("v22.1.0") > Some(NODE_MIN));
        assert_eq!(version("node"), None);
    }
}
