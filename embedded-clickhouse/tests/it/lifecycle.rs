//! Starting, being asked to stop, and refusing to start.

use std::process::{Command, Stdio};

use crate::support::{Gateway, Scratch, command, library, wait_until};

#[test]
fn a_signal_lets_the_running_statement_finish_and_exits_with_0() {
    let data = Scratch::new();
    let mut gateway = Gateway::start(data.path(), &[]);
    let url = gateway.url.clone();
    let running = std::thread::spawn(move || {
        Command::new("curl")
            .args(["-sS", "-d", "SELECT sleep(2), 'last one'", &url])
            .output()
            .expect("curl can be run")
    });
    let processes =
        "SELECT count() FROM system.processes WHERE query LIKE '%last one%' AND query NOT LIKE '%processes%'";
    wait_until("the statement to run", || gateway.sql(processes) != "0\n");
    gateway.signal("-TERM");
    assert_eq!(String::from_utf8_lossy(&running.join().expect("ends").stdout), "0\tlast one\n");
    assert_eq!(gateway.child.wait().expect("ends").code(), Some(0));
}

#[test]
fn data_outlives_a_restart_with_views_sessions_and_dictionaries_open() {
    let data = Scratch::new();
    let mut gateway = Gateway::start(data.path(), &[]);
    gateway.sql("CREATE DATABASE kept ENGINE = Atomic");
    gateway.sql("CREATE TABLE kept.t (id UInt64, name String) ENGINE = MergeTree ORDER BY id");
    gateway.sql("CREATE VIEW kept.v AS SELECT * FROM kept.t");
    gateway.sql(
        "CREATE DICTIONARY kept.d (id UInt64, name String) PRIMARY KEY id \
         SOURCE(CLICKHOUSE(DB 'kept' TABLE 't')) LAYOUT(HASHED()) LIFETIME(0)",
    );
    gateway.sql("INSERT INTO kept.t VALUES (1, 'a')");
    assert_eq!(gateway.sql("SELECT dictGet('kept.d', 'name', 1::UInt64)"), "a\n");
    gateway.post("session_id=open", "CREATE TEMPORARY TABLE x (a Int8)");
    gateway.signal("-INT");
    assert_eq!(gateway.child.wait().expect("ends").code(), Some(0));
    let again = Gateway::start(data.path(), &[]);
    assert_eq!(again.sql("SELECT name, dictGet('kept.d', 'name', id) FROM kept.v"), "a\ta\n");
}

#[test]
fn a_data_directory_serves_one_process() {
    let data = Scratch::new();
    let _first = Gateway::start(data.path(), &[]);
    let second = command(data.path(), &[]).output().expect("the program runs");
    assert_eq!(second.status.code(), Some(4));
    assert!(String::from_utf8_lossy(&second.stderr).contains("another embedded-clickhouse"));
}

#[test]
fn refusals_to_start_have_a_code_and_a_reason() {
    let data = Scratch::new();
    let run = |more: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_embedded-clickhouse"));
        command.arg("--path").arg(data.path()).args(more).env_remove("LIBCHDB_PATH");
        let output = command.output().expect("the program runs");
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (code, text) = run(&["--library", "/nowhere/libchdb.so"]);
    assert!(code == Some(3) && text.contains("deploy/clickhouse/fetch-libchdb.sh"), "{code:?} {text}");
    let (code, text) = run(&["--listen", "0.0.0.0:0"]);
    assert!(code == Some(2) && text.contains("--allow-remote"), "{code:?} {text}");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    let (code, text) = run(&["--listen", &address, "--library", &library().display().to_string()]);
    assert!(code == Some(5) && text.contains(&address), "{code:?} {text}");
}

#[test]
fn the_ready_file_holds_the_url() {
    let (data, ready) = (Scratch::new(), Scratch::new());
    let gateway = Gateway::start(data.path(), &["--ready-file", &ready.path().display().to_string()]);
    assert_eq!(std::fs::read_to_string(ready.path()).expect("there").trim(), gateway.url);
    std::fs::remove_file(ready.path()).expect("removed");
}

#[test]
fn the_program_ends_with_the_process_it_watches() {
    let data = Scratch::new();
    let mut parent = Command::new("sleep").arg("600").spawn().expect("sleep can be run");
    let mut command = Command::new(env!("CARGO_BIN_EXE_embedded-clickhouse"));
    command.arg("--path").arg(data.path()).args(["--listen", "127.0.0.1:0", "--library"]).arg(library());
    command.args(["--parent-pid", &parent.id().to_string()]);
    let mut gateway = Gateway::of(command);
    parent.kill().expect("killed");
    // Not waited for yet: a dead child that nobody has asked about counts as ended, too.
    assert_eq!(gateway.child.wait().expect("ends").code(), Some(0));
    parent.wait().expect("ended");
}

#[test]
fn passwords_are_asked_for() {
    let data = Scratch::new();
    let mut command = command(
        data.path(),
        &["--write-password-env", "WRITER_PASSWORD", "--read-user", "grafana=READER_PASSWORD"],
    );
    command.env("WRITER_PASSWORD", "w").env("READER_PASSWORD", "r").stdin(Stdio::null());
    let gateway = Gateway::of(command);
    assert_eq!(gateway.post("", "SELECT 1").code(), Some(516));
    assert_eq!(gateway.post("user=default&password=w", "SELECT 1").text(), "1\n");
    assert_eq!(gateway.post("user=grafana&password=w", "SELECT 1").code(), Some(516));
    assert_eq!(gateway.post("user=grafana&password=r", "SELECT 1").text(), "1\n");
    assert_eq!(gateway.post("user=reader", "SELECT 1").code(), Some(516));
}
