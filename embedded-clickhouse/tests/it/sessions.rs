//! Sessions keep what a statement does, and nothing of what an address says.

use crate::support::{shared, wait_until};

#[test]
fn temporary_tables_live_as_long_as_their_session() {
    let gateway = shared();
    let session = "session_id=temporary";
    gateway.post(session, "CREATE TEMPORARY TABLE seen (n UInt8)");
    gateway.post(session, "INSERT INTO seen VALUES (7)");
    assert_eq!(gateway.post(session, "SELECT n FROM seen").text(), "7\n");
    assert_eq!(gateway.post("session_id=another", "SELECT n FROM seen").code(), Some(60));
    assert_eq!(gateway.post("", "SELECT n FROM seen").code(), Some(60));
}

#[test]
fn a_session_survives_an_error_without_its_leftovers() {
    let gateway = shared();
    let session = "session_id=leftovers&wait_end_of_query=1";
    gateway.post(session, "CREATE TEMPORARY TABLE kept (n UInt8)");
    let failing =
        "SELECT throwIf(number = 50000) FROM system.numbers LIMIT 100000 SETTINGS max_block_size = 1000";
    assert_eq!(gateway.post(session, failing).code(), Some(395));
    assert_eq!(gateway.post(session, "SELECT count() FROM kept").text(), "0\n");
}

#[test]
fn settings_of_an_address_last_one_request_and_set_lasts() {
    let gateway = shared();
    let threads = "SELECT getSetting('max_threads'), currentDatabase()";
    gateway.post("session_id=settings", "SET max_threads = 3");
    let once = gateway.post("session_id=settings&max_threads=2&database=system", threads);
    assert_eq!(once.text(), "2\tsystem\n");
    assert_eq!(gateway.post("session_id=settings", threads).text(), "3\tdefault\n");
}

#[test]
fn a_session_is_checked_and_closed_on_request() {
    let gateway = shared();
    assert_eq!(gateway.post("session_id=closed&session_check=1", "SELECT 1").code(), Some(372));
    gateway.post("session_id=closed", "SELECT 1");
    assert_eq!(gateway.post("session_id=closed&session_check=1&close_session=1", "SELECT 1").text(), "1\n");
    assert_eq!(gateway.post("session_id=closed&session_check=1", "SELECT 1").code(), Some(372));
}

#[test]
fn a_session_serves_one_request_at_a_time() {
    let gateway = shared();
    let sleeping = std::thread::spawn(|| shared().post("session_id=busy", "SELECT sleep(2), 'busy session'"));
    let running = "SELECT count() FROM system.processes WHERE query LIKE '%busy session%' AND query NOT LIKE '%processes%'";
    wait_until("the session to be busy", || gateway.sql(running) != "0\n");
    assert_eq!(gateway.post("session_id=busy", "SELECT 1").code(), Some(373));
    assert_eq!(sleeping.join().expect("ends").status, 200);
}
