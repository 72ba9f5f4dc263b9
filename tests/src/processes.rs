//! Processes that a test has started, found again by the test's own directory on their command line.

use std::path::Path;
use std::process::Command;

/// Ids of the living processes that name the directory on their command line.
pub fn of(directory: &Path) -> Vec<u32> {
    let name = directory.as_os_str().as_encoded_bytes();
    let entries = std::fs::read_dir("/proc").expect("there is /proc").flatten();
    let ids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let names_it = |id: &u32| {
        // A process that has ended meanwhile has no command line any more.
        let line = std::fs::read(format!("/proc/{id}/cmdline")).unwrap_or_default();
        line.windows(name.len()).any(|part| part == name)
    };
    ids.filter(names_it).filter(|id| *id != std::process::id()).collect()
}

pub fn signal(id: u32, name: &str) {
    let sent = Command::new("kill").args([&format!("-{name}"), &id.to_string()]).status();
    assert!(sent.is_ok(), "kill cannot be run: {sent:?}");
}
