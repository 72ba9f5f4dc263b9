//! The API of a running site against its own OpenAPI document: schemathesis asks what the document allows and what it does
//! not, and judges every answer by it.

use std::time::Instant;

use system_tests::{programs, say};

/// Inputs for each address and phase: what a minute has room for.
const EXAMPLES: &str = "10";
/// The same requests every time.
const SEED: &str = "1";

/// `token` sees everything and may take part in reviews.
pub(crate) fn check(api: &str, token: &str) {
    let began = Instant::now();
    let mut command = programs::python();
    let program = std::path::Path::new(command.get_program()).with_file_name("st");
    command = std::process::Command::new(program);
    command.args(["run", &format!("{api}/api/v1/openapi.json"), "--no-color", "--request-timeout", "30"]);
    command.args(["--header", &format!("Authorization: Bearer {token}")]);
    command.args(["--seed", SEED, "--max-examples", EXAMPLES, "--generation-database", "none"]);
    command.args(["--phases", "examples,coverage,fuzzing"]);
    // Its answer has no end (reading.rs listens to it).
    command.args(["--exclude-path", "/api/v1/stream"]);
    // A schema cannot say which cursors, zones and keys there are: what it allows may be refused, as long as that is said well.
    command.args(["--exclude-checks", "positive_data_acceptance"]);
    let output = command.current_dir(std::env::temp_dir()).output().expect("schemathesis starts");
    let text = programs::text(&output.stdout);
    assert!(output.status.success(), "{text}\n{}", programs::text(&output.stderr));
    let count = text.lines().find(|line| line.contains(" generated, ")).unwrap_or_default().trim();
    say(
        "contract",
        &format!("schemathesis is content after {:.0} s: {count}", began.elapsed().as_secs_f64()),
    );
}
