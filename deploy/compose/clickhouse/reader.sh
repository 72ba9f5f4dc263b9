#!/usr/bin/env bash
# Run once by ClickHouse's image, when its data are empty: the user of the API and of Grafana, who may only read.
set -euo pipefail
clickhouse-client --user "$CLICKHOUSE_USER" --password "$CLICKHOUSE_PASSWORD" --multiquery <<SQL
CREATE DATABASE IF NOT EXISTS xiezhi ENGINE = Atomic;
CREATE USER IF NOT EXISTS xiezhi_reader IDENTIFIED BY '$CLICKHOUSE_READER_PASSWORD'
    SETTINGS readonly = 2, max_execution_time = 60, max_memory_usage = 4000000000;
GRANT SELECT ON xiezhi.* TO xiezhi_reader;
SQL
