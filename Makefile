# The commands a newcomer needs. `make demo` shows the product, `make test` proves it; both install what is missing.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help setup build demo test bench chaos lint docs clean

# One directory for all that is built, so that nothing is compiled twice.
TARGET := $(or $(CARGO_TARGET_DIR),target)

help:
	@echo "make demo           build, start Kafka, ClickHouse and the pipeline, publish a stream, show its alarms"
	@echo "make demo EXIT=1    the same, and stop by itself: status 0 only if every alarm was the expected one"
	@echo "make test           all tests, from units to the whole system on a real Kafka and an embedded ClickHouse"
	@echo "make chaos          kill, stop and cut off its processes, and compare what is left with the oracles (docs/reliability.md);"
	@echo "                    MINUTES=10 ONLY=C1,C4 RATE=1000 SEED=7 LANES=2"
	@echo "make bench          CPU time of the parts, and of a case as open cases grow to ten million (docs/performance.md);"
	@echo "                    ONLY=timers OPEN=1000000"
	@echo "make lint           form, lints, documentation, dependency rules: what cargo xtask ci checks"
	@echo "make docs           the code's documentation, in $(TARGET)/doc"
	@echo "make build          the release binaries, in $(TARGET)/release"
	@echo "make setup          only install what is missing (deploy/setup.sh)"
	@echo "make clean          remove what was built"

setup:
	@deploy/setup.sh

build: setup
	cargo xtask console
	cargo build --release --locked --package xiezhi --package embedded-clickhouse --bins

demo: build
	@exec $(TARGET)/release/xiezhi demo $(if $(EXIT),--exit)

test: setup
	@cargo xtask test

chaos: setup
	cargo build --release --locked --workspace --bins
	@exec $(TARGET)/release/chaos --punctual --out $(TARGET)/chaos $(if $(MINUTES),--seconds $$(($(MINUTES) * 60))) \
		$(if $(ONLY),--only $(ONLY)) $(if $(RATE),--rate $(RATE)) $(if $(SEED),--seed $(SEED)) $(if $(LANES),--lanes $(LANES))

bench: setup
	cargo bench --locked --package benchmarks --bench parts -- $(ONLY)
	$(if $(ONLY),,cargo bench --locked --package benchmarks --bench growth -- $(OPEN))

lint: setup
	@cargo xtask ci

docs:
	cargo doc --workspace --no-deps --locked

clean:
	cargo clean
