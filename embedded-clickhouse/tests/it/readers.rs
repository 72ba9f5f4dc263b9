//! The reading user: what it may do, and what it must not be able to.

use std::sync::OnceLock;

use crate::support::{Answer, Gateway, shared, standing};

/// An engine whose reader may read the views of `xiezhi` and no table.
fn with_views() -> &'static Gateway {
    static WITH_VIEWS: OnceLock<Gateway> = OnceLock::new();
    WITH_VIEWS.get_or_init(|| {
        let gateway = standing("views", &["--read-grant", "xiezhi.v_*"]);
        gateway.sql("CREATE DATABASE xiezhi ENGINE = Atomic");
        gateway.sql("CREATE TABLE xiezhi.alarms (id UInt32, secret String) ENGINE = MergeTree ORDER BY id");
        gateway.sql("INSERT INTO xiezhi.alarms VALUES (1, 'hidden')");
        gateway.sql(
            "CREATE VIEW xiezhi.v_alarms DEFINER = default SQL SECURITY DEFINER AS SELECT id FROM xiezhi.alarms",
        );
        gateway
    })
}

fn read(address: &str, sql: &str) -> Answer {
    with_views().post(&format!("user=reader&{address}"), sql)
}

#[test]
fn a_reader_reads_views_and_the_systems_tables() {
    assert_eq!(read("", "SELECT id FROM xiezhi.v_alarms").text(), "1\n");
    assert_eq!(read("database=xiezhi", "SELECT id FROM v_alarms FORMAT JSONEachRow").text(), "{\"id\":1}\n");
    assert_eq!(read("param_x=1", "SELECT {x:UInt8}").text(), "1\n");
    for sql in
        ["SELECT count() FROM system.tables", "SHOW TABLES FROM xiezhi", "DESCRIBE TABLE xiezhi.v_alarms"]
    {
        assert_eq!(read("", sql).status, 200, "{sql}");
    }
    assert_eq!(read("session_id=s&max_threads=1&max_execution_time=5", "SELECT 1").text(), "1\n");
}

#[test]
fn the_default_reader_reads_the_whole_of_its_database() {
    let gateway = shared();
    gateway.sql("CREATE DATABASE IF NOT EXISTS xiezhi ENGINE = Atomic");
    gateway.sql("CREATE TABLE xiezhi.t (id UInt32) ENGINE = Memory");
    assert_eq!(gateway.post("user=reader", "SELECT count() FROM xiezhi.t").text(), "0\n");
}

#[test]
fn nothing_beyond_the_views_can_be_read() {
    for sql in [
        "SELECT secret FROM xiezhi.alarms",
        "SELECT * FROM merge('xiezhi', '^alarms$')",
        "SELECT * FROM mergeTreeIndex(xiezhi, alarms)",
        "SELECT * FROM loop(xiezhi.alarms)",
        "SELECT * FROM remote('127.0.0.1', 'xiezhi.alarms')",
        "SELECT * FROM cluster('default', 'xiezhi.alarms')",
        "SELECT * FROM view(SELECT secret FROM xiezhi.alarms)",
        "SELECT * FROM eval('SELECT secret FROM xiezhi.alarms')",
        "SHOW CREATE TABLE xiezhi.alarms",
        "DESCRIBE TABLE xiezhi.alarms",
    ] {
        let answer = read("", sql);
        assert!(answer.status != 200 && !answer.text().contains("hidden"), "{sql}: {}", answer.text());
    }
}

#[test]
fn no_file_can_be_read_or_written() {
    let name = std::fs::read_to_string("/etc/passwd").expect("readable");
    let secret = name.lines().next().expect("a line");
    let statements = [
        "SELECT file('/etc/passwd')",
        "SELECT file /* */ ('/etc/passwd')",
        "SELECT `file`('/etc/passwd')",
        r"SELECT `\x66ile`('/etc/passwd')",
        r#"SELECT "\x66ile"('/etc/passwd')"#,
        "SELECT arrayMap(file, ['/etc/passwd'])",
        "SELECT arrayMap({f:Identifier}, ['/etc/passwd'])",
        "SELECT * APPLY file FROM (SELECT '/etc/passwd')",
        "SELECT b FROM values('a Int8, b String ALIAS file(\\'/etc/passwd\\')', (1))",
        "SELECT b FROM generateRandom('a Int8, b String ALIAS fi' || 'le(\\'/etc/passwd\\')') LIMIT 1",
        "SELECT * FROM file('/etc/passwd', 'LineAsString')",
        "SELECT * FROM filesystem('/etc')",
        "SELECT * FROM url('file:///etc/passwd', 'LineAsString')",
        "SELECT * FROM s3('http://127.0.0.1:1/x')",
        "SELECT * FROM executable('x', 'TSV', 'a Int8')",
        "DESCRIBE file('/etc/passwd')",
        "DESCRIBE url('http://127.0.0.1:1/x')",
        "EXPLAIN PLAN actions = 1 SELECT file('/etc/passwd')",
        "SELECT 1 INTO OUTFILE '/tmp/embedded-clickhouse-test'",
        "INSERT INTO FUNCTION file('x.csv') SELECT 1",
        "WITH file('/etc/passwd') AS x SELECT x",
    ];
    for sql in statements {
        let answer = read("param_f=file", sql);
        assert!(answer.code().is_some(), "{sql}: {}", answer.text());
        assert!(!answer.text().contains(secret), "{sql}");
    }
    assert!(!std::path::Path::new("/tmp/embedded-clickhouse-test").exists());
}

#[test]
fn nothing_can_be_changed_stopped_or_raised() {
    for sql in [
        "INSERT INTO xiezhi.alarms VALUES (2, 'x')",
        "INSERT INTO xiezhi.alarms FORMAT TSV\n2\tx\n",
        "INSERT INTO xiezhi.alarms SELECT 2, 'x'",
        "/* x */ INSERT INTO xiezhi.alarms VALUES (2, 'x')",
        "CREATE TABLE xiezhi.t (a Int8) ENGINE = Memory",
        "CREATE TEMPORARY TABLE t (a Int8)",
        "CREATE DATABASE d",
        "CREATE FUNCTION f AS (x) -> file(x)",
        "DROP TABLE xiezhi.alarms",
        "TRUNCATE TABLE xiezhi.alarms",
        "ALTER TABLE xiezhi.alarms DELETE WHERE 1",
        "DELETE FROM xiezhi.alarms WHERE 1",
        "OPTIMIZE TABLE xiezhi.alarms FINAL",
        "RENAME TABLE xiezhi.alarms TO xiezhi.b",
        "ATTACH TABLE xiezhi.b",
        "DETACH TABLE xiezhi.alarms",
        "BACKUP TABLE xiezhi.alarms TO Disk('default', 'x')",
        "GRANT SELECT ON *.* TO default",
        "SET readonly = 0",
        "SET max_execution_time = 0",
        "SET ROLE gateway_write",
        "SET ROLE ALL",
        "USE system",
        "KILL QUERY WHERE 1",
        "SYSTEM SHUTDOWN",
        "SYSTEM KILL",
        "SYSTEM STOP MERGES",
        "SYSTEM FLUSH LOGS",
        "SELECT 1 SETTINGS readonly = 0",
        "SELECT 1 SETTINGS max_execution_time = 0",
        "SELECT 1; DROP TABLE xiezhi.alarms",
        "SELECT 1; DROP TABLE xiezhi.alarms; nonsense here",
        "EXECUTE AS default SELECT 1",
        "BEGIN TRANSACTION",
    ] {
        let answer = read("", sql);
        assert!(answer.code().is_some(), "{sql}: {}", answer.text());
    }
    assert_eq!(with_views().sql("SELECT count(), any(secret) FROM xiezhi.alarms"), "1\thidden\n");
}

#[test]
fn settings_of_the_address_are_held_to_the_list() {
    for address in ["readonly=0&allow_ddl=1", "role=gateway_write", "max_memory_usage=0", "max_threads=x"] {
        assert!(read(address, "SELECT 1").code().is_some(), "{address}");
    }
    let seconds = "SELECT getSetting('max_execution_time'), getSetting('readonly')";
    assert_eq!(read("max_execution_time=600", seconds).text(), "30\t1\n");
    assert_eq!(read("readonly=0", seconds).text(), "30\t1\n");
}

#[test]
fn unknown_users_are_refused() {
    let gateway = with_views();
    assert_eq!(gateway.post("user=nobody", "SELECT 1").code(), Some(516));
    assert_eq!(gateway.post("user=nobody", "SELECT 1").status, 403);
}

#[test]
fn syntax_errors_are_explained_and_run_nothing() {
    let answer = read("", "SELEC 1");
    assert_eq!(answer.code(), Some(62));
    assert!(answer.text().contains("Syntax error"), "{}", answer.text());
}
