//! `xiezhi demo --exit`: status 0 only if every alarm was the expected one, and then nothing is left. It mostly waits for
//! deadlines of its own, so it may run beside another test.

use std::time::Instant;

use system_tests::site::Scratch;
use system_tests::{processes, programs, say};

/// The demonstration shows more; the kinds are all there with these.
const CASES: &str = "400";

#[test]
fn demo() {
    let scratch = Scratch::new("demo");
    let began = Instant::now();
    let mut demo = programs::tied("xiezhi");
    demo.args(["demo", "--exit", "--cases", CASES, "--api", "127.0.0.1:0", "--metrics", "127.0.0.1:0"]);
    // Its data are in the directory for temporary files.
    let output = programs::well(demo.env("TMPDIR", &scratch.0));
    let (said, left) = (programs::text(&output.stdout), processes::of(&scratch.0));
    assert!(said.contains("are equal to the stream's own known truth"), "{said}");
    assert!(left.is_empty(), "left running: {left:?}");
    let files: Vec<_> = std::fs::read_dir(&scratch.0).unwrap().flatten().map(|entry| entry.path()).collect();
    assert!(files.is_empty(), "left behind: {files:?}");
    say("demo", &format!("{CASES} cases, truth met, nothing left, {:.1} s", began.elapsed().as_secs_f64()));
}
