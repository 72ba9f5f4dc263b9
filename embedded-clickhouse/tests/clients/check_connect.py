"""Checks ClickHouse's official Python client against a running embedded-clickhouse.

    python -m venv venv && venv/bin/pip install -r requirements.txt
    venv/bin/python check_connect.py http://127.0.0.1:8123

Makes and drops a database of its own. Ends with 0 when every check has passed.
"""

import sys
import uuid
from datetime import datetime, timezone
from urllib.parse import urlsplit

import clickhouse_connect
from clickhouse_connect.driver.exceptions import DatabaseError

DATABASE = "check_connect_" + uuid.uuid4().hex[:8]
TABLE = f"{DATABASE}.alarms"
COLUMNS = ["id", "seen", "region", "tags", "score", "note"]


def connect(url, **more):
    parts = urlsplit(url)
    return clickhouse_connect.get_client(host=parts.hostname, port=parts.port, **more)


def rows_of(count):
    seen = datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=timezone.utc)
    return [[n, seen, f"区域\n\n{n % 7}", {"k": str(n)}, n / 8, None if n % 2 else "note"] for n in range(count)]


def check_insert_and_select(client):
    client.command(
        f"CREATE TABLE {TABLE} (id UInt64, seen DateTime64(3, 'UTC'), region LowCardinality(String), "
        "tags Map(String, String), score Float64, note Nullable(String)) ENGINE = MergeTree ORDER BY id"
    )
    client.insert(TABLE, rows_of(10_000), column_names=COLUMNS)
    result = client.query(f"SELECT * FROM {TABLE} ORDER BY id", query_tz="UTC", tz_mode="aware")
    assert [list(row) for row in result.result_rows] == rows_of(10_000)


def check_compressed_inserts(url, client):
    for method in ["lz4", "zstd", "gzip", False]:
        client.command(f"TRUNCATE TABLE {TABLE}")
        connect(url, compress=method).insert(TABLE, rows_of(1000), column_names=COLUMNS)
        assert client.query(f"SELECT count() FROM {TABLE}").first_row[0] == 1000, method


def check_parameters(client):
    sql = "SELECT {n:UInt32} + 1, {s:String}, {l:Array(String)}"
    row = client.query(sql, parameters={"n": 41, "s": "it's", "l": ["a", "b"]}).first_row
    assert tuple(row) == (42, "it's", ["a", "b"]), row


def check_settings_and_sessions(client):
    client.command("CREATE TEMPORARY TABLE seen (n UInt8) ENGINE = Memory")
    client.insert("seen", [[1]], column_names=["n"])
    assert client.query("SELECT n FROM seen").first_row[0] == 1
    value = client.query("SELECT getSetting('max_threads')", settings={"max_threads": 1}).first_row[0]
    assert int(value) == 1, value


def check_stream(client):
    total = 0
    with client.query_row_block_stream("SELECT number FROM system.numbers LIMIT 2000000") as stream:
        for block in stream:
            total += len(block)
    assert total == 2_000_000, total


def check_errors(client):
    for sql, code in [
        (f"SELECT * FROM {DATABASE}.nothing", "60"),
        ("SELECT throwIf(number = 3000000) FROM system.numbers LIMIT 4000000", "395"),
    ]:
        try:
            client.query(sql)
        except DatabaseError as error:
            assert code in str(error), error
        else:
            raise AssertionError(f"no error: {sql}")


def check_reader(url):
    reader = connect(url, username="reader")
    assert reader.query("SELECT count() FROM system.tables").first_row[0] > 0
    for sql in [f"SELECT * FROM {TABLE}", f"DROP TABLE {TABLE}", "SELECT file('/etc/hostname')"]:
        try:
            reader.command(sql)
        except DatabaseError:
            continue
        raise AssertionError(f"a reader was allowed to: {sql}")


def main(url):
    client = connect(url)
    client.command(f"CREATE DATABASE {DATABASE} ENGINE = Atomic")
    try:
        for name, check in [
            ("insert and select", lambda: check_insert_and_select(client)),
            ("compressed inserts", lambda: check_compressed_inserts(url, client)),
            ("parameters", lambda: check_parameters(client)),
            ("settings and sessions", lambda: check_settings_and_sessions(client)),
            ("stream of 2 million rows", lambda: check_stream(client)),
            ("errors", lambda: check_errors(client)),
            ("reading user", lambda: check_reader(url)),
        ]:
            check()
            print("ok:", name)
    finally:
        connect(url).command(f"DROP DATABASE {DATABASE}")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
