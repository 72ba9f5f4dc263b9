//! The interface byte by byte, as curl and simple clients see it.

use crate::support::{curl, shared, shared_with};

#[test]
fn ping_greeting_and_unknown_paths() {
    let gateway = shared();
    assert_eq!(gateway.get("/ping").text(), "Ok.\n");
    assert_eq!(gateway.get("/").text(), "Ok.\n");
    assert_eq!(gateway.get("/nothing").status, 404);
}

#[test]
fn get_reads_and_does_not_write() {
    let gateway = shared_with("curl_get");
    assert_eq!(gateway.get("/?query=SELECT%201%2B1").text(), "2\n");
    let refused = gateway.get("/?query=CREATE%20TABLE%20curl_get.t%20(a%20Int8)%20ENGINE=Memory");
    assert_eq!(refused.code(), Some(164), "{}", refused.text());
    assert!(refused.text().contains("POST"));
}

#[test]
fn headers_describe_the_answer() {
    let answer = shared().post("query_id=mine", "SELECT 1 FORMAT JSONEachRow");
    assert_eq!(answer.text(), "{\"1\":1}\n");
    assert_eq!(answer.header("Content-Type"), Some("application/x-ndjson; charset=UTF-8"));
    assert_eq!(answer.header("X-ClickHouse-Format"), Some("JSONEachRow"));
    assert_eq!(answer.header("X-ClickHouse-Query-Id"), Some("mine"));
    assert_eq!(answer.header("X-ClickHouse-Timezone"), Some("UTC"));
    assert!(
        answer
            .header("X-ClickHouse-Summary")
            .is_some_and(|summary| summary.contains("\"result_rows\":\"1\""))
    );
}

#[test]
fn errors_have_status_number_and_text() {
    let answer = shared().post("", "SELECT * FROM nothing_of_this_name");
    assert_eq!((answer.status, answer.code()), (404, Some(60)));
    assert!(
        answer.text().starts_with("Code: 60. DB::Exception:") && answer.text().ends_with("(embedded))\n")
    );
}

#[test]
fn the_zone_is_utc_and_select_is_not_implicit() {
    assert_eq!(
        shared().sql("SELECT timezone(), toDateTime('2026-01-01 00:00:00')::UInt32"),
        "Etc/UTC\t1767225600\n"
    );
    assert_eq!(shared().post("", "1 + 1").code(), Some(62));
}

#[test]
fn inserts_reach_the_disk_before_they_are_answered() {
    let sql = "SELECT count() FROM system.merge_tree_settings \
               WHERE name IN ('fsync_after_insert', 'fsync_part_directory') AND value = '1'";
    assert_eq!(shared().sql(sql), "2\n");
}

#[test]
fn several_statements_are_refused_and_none_runs() {
    let gateway = shared_with("curl_multi");
    for text in [
        "CREATE TABLE curl_multi.a (x Int8) ENGINE = Memory; SELECT 1",
        "SELECT 1; CREATE TABLE curl_multi.b (x Int8) ENGINE = Memory; nonsense here",
    ] {
        assert_eq!(gateway.post("", text).code(), Some(62), "{text}");
    }
    assert_eq!(gateway.sql("SELECT count() FROM system.tables WHERE database = 'curl_multi'"), "0\n");
    assert_eq!(gateway.sql("SELECT 1 ;\n"), "1\n");
}

#[test]
fn data_may_hold_blank_lines_and_any_byte() {
    let gateway = shared_with("curl_data");
    gateway.sql("CREATE TABLE curl_data.t (n UInt32, s String) ENGINE = MergeTree ORDER BY n");
    gateway.sql(
        "INSERT INTO curl_data.t FORMAT JSONEachRow\n{\"n\":1,\"s\":\"a\"}\n\n\n{\"n\":2,\"s\":\"b\"}\n",
    );
    gateway.sql("INSERT INTO curl_data.t (n, s) VALUES (3, 'x\n\ny'), (2+2, upper('z'))");
    let mut rows = b"INSERT INTO curl_data.t FORMAT RowBinary\n".to_vec();
    for n in 5..2_600u32 {
        rows.extend_from_slice(&n.to_le_bytes());
        rows.extend_from_slice(b"\x03\n\n;");
    }
    assert_eq!(gateway.post("", rows).status, 200);
    let summary =
        gateway.sql("SELECT count(), uniqExact(n), countIf(s = '\\n\\n;'), max(s) FROM curl_data.t");
    assert_eq!(summary, "2599\t2599\t2595\tx\\n\\ny\n");
}

#[test]
fn an_insert_in_the_address_takes_the_body_as_it_is() {
    let gateway = shared_with("curl_address");
    gateway.sql("CREATE TABLE curl_address.t (s String) ENGINE = MergeTree ORDER BY s");
    let answer = gateway.post("query=INSERT%20INTO%20curl_address.t%20FORMAT%20LineAsString", "\ta\n b\n");
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert!(answer.header("X-ClickHouse-Summary").is_some_and(|s| s.contains("\"written_rows\":\"2\"")));
    assert_eq!(
        gateway.sql("SELECT groupArray(s) FROM (SELECT s FROM curl_address.t ORDER BY s)"),
        "['\\ta',' b']\n"
    );
}

#[test]
fn repeated_headers_of_a_streamed_result_are_taken_out() {
    let gateway = shared();
    for (format, extra) in
        [("TSV", 0), ("TSVWithNames", 1), ("CSVWithNamesAndTypes", 2), ("JSONCompactEachRowWithNames", 1)]
    {
        let answer =
            gateway.sql(&format!("SELECT number AS n FROM system.numbers LIMIT 300000 FORMAT {format}"));
        assert_eq!(answer.lines().count(), 300_000 + extra, "{format}");
    }
    let binary = gateway
        .post("default_format=RowBinaryWithNames", "SELECT number AS n FROM system.numbers LIMIT 300000");
    assert_eq!(binary.body.len(), 3 + 300_000 * 8);
}

#[test]
fn formats_with_a_frame_come_in_one_piece_up_to_a_limit() {
    let gateway = shared();
    let json = gateway.sql("SELECT number FROM system.numbers LIMIT 200000 FORMAT JSON");
    assert_eq!(json.matches("\"meta\"").count(), 1);
    let large = "SELECT repeat(toString(number), 200) FROM system.numbers LIMIT 400000 FORMAT JSON";
    assert_eq!(gateway.post("", large).code(), Some(396));
}

#[test]
fn an_error_after_the_first_rows_is_marked_by_the_announced_tag() {
    let sql = "SELECT throwIf(number = 2000000) FROM system.numbers LIMIT 3000000 FORMAT TSV";
    let answer = shared().post("", sql);
    assert_eq!(answer.status, 200);
    let tag = answer.header("X-ClickHouse-Exception-Tag").expect("a tag");
    let end = format!(" {tag}\r\n__exception__\r\n");
    let text = answer.text();
    assert!(text.ends_with(&end) && text.contains("Code: 395."), "{}", &text[text.len() - 300..]);
    let whole = shared().post("wait_end_of_query=1", sql);
    assert_eq!((whole.status, whole.code()), (500, Some(395)));
}

#[test]
fn bodies_may_be_compressed_and_answers_on_request() {
    let gateway = shared_with("curl_gzip");
    gateway.sql("CREATE TABLE curl_gzip.t (s String) ENGINE = MergeTree ORDER BY s");
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut packer, b"INSERT INTO curl_gzip.t FORMAT CSV\na\nb\n").expect("in memory");
    let packed = packer.finish().expect("in memory");
    let url = format!("{}/", gateway.url);
    let more = ["--data-binary", "@-", "-H", "Content-Encoding: gzip"];
    assert_eq!(curl(&url, &more, &packed).status, 200);
    assert_eq!(curl(&url, &more, &packed[..packed.len() - 3]).code(), Some(271));
    assert_eq!(gateway.sql("SELECT count() FROM curl_gzip.t"), "2\n");
    let framed = gateway.post("compress=1", "SELECT 'hello'");
    assert_eq!(framed.body[16], 0x82);
}

#[test]
fn a_form_carries_the_query_and_its_parameters() {
    let url = format!("{}/", shared().url);
    let fields = ["-F", "query=SELECT {a:UInt8} + 1, {b:String}", "-F", "param_a=41", "-F", "param_b=it's"];
    assert_eq!(curl(&url, &fields, &[]).text(), "42\tit\\'s\n");
}

#[test]
fn what_would_reach_files_or_stop_the_engine_is_refused_to_the_writer() {
    let gateway = shared_with("curl_denied");
    gateway.sql("CREATE TABLE curl_denied.t (s String) ENGINE = Memory");
    for sql in [
        "SELECT 1 INTO OUTFILE 'x'",
        "INSERT INTO curl_denied.t FROM INFILE '/etc/hostname' FORMAT LineAsString",
        "INSERT INTO FUNCTION file('x.csv') SELECT 1",
        "SELECT * FROM file('/etc/hostname', 'LineAsString')",
        "SELECT * FROM url('http://127.0.0.1:1/', 'LineAsString')",
        "SYSTEM SHUTDOWN",
        "SYSTEM /* */ KILL",
    ] {
        assert_eq!(gateway.post("", sql).code(), Some(497), "{sql}");
    }
}

#[test]
fn the_reply_to_clickhouse_go_is_pinned() {
    let sql = "SELECT displayName(), version(), revision(), timezone()";
    let gateway = shared();
    let reply = gateway.post("client_protocol_version=54460&default_format=Native", sql);
    let version = gateway.sql("SELECT version()");
    let version = version.trim();
    let mut expected =
        b"\x01\x00\x02\xff\xff\xff\xff\x00\x04\x01\x0ddisplayName()\x06String\x00\x08embedded".to_vec();
    expected.extend_from_slice(b"\x09version()\x06String\x00");
    expected.push(version.len() as u8);
    expected.extend_from_slice(version.as_bytes());
    expected.extend_from_slice(b"\x0arevision()\x06UInt32\x00\x00\x00\x00\x00");
    expected.extend_from_slice(b"\x0atimezone()\x06String\x00\x03UTC");
    assert_eq!(reply.body, expected);
    assert_eq!(gateway.sql(sql).split('\t').count(), 4, "other clients are answered by the engine");
}
