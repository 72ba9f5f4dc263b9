-- Run before every migration, so each statement may be repeated.

CREATE DATABASE IF NOT EXISTS xiezhi {on_cluster} ENGINE = Atomic;

CREATE TABLE IF NOT EXISTS xiezhi.migrations {on_cluster}
(
    number UInt32,
    name String,
    hash String,
    applied_at DateTime64(3, 'UTC') DEFAULT now64(3)
)
ENGINE = {engine:ReplacingMergeTree()}
ORDER BY number
{settings};
