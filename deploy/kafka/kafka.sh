#!/usr/bin/env bash
# A real, single Apache Kafka broker on loopback, for the demonstration, the tests and a developer's desk.
#
# It does not install anything into the system: Maven fetches the jars that pom.xml names into the user's cache, every
# broker lives in a directory of its own, and two brokers never know of one another. It is no production set-up: one
# node, no TLS, no authentication.
#
# What must stay true: a process is signalled only after its command line has shown that it is the broker of that very
# directory; a directory keeps its ports and data for life; "ready" means that the broker itself has said so.
set -euo pipefail

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
readonly HERE
readonly READY_TIMEOUT_S=${XIEZHI_KAFKA_READY_TIMEOUT_S:-90}
readonly STOP_TIMEOUT_S=40

usage() {
    cat <<'TEXT'
usage: kafka.sh fetch                              fetch the jars (once per user); prints their directory
       kafka.sh start      --dir DIR [--port PORT] [--set KEY=VALUE]...
       kafka.sh foreground --dir DIR [--port PORT] [--set KEY=VALUE]... [--parent-pid PID]
       kafka.sh stop       --dir DIR               orderly; nothing to do is no error
       kafka.sh kill9      --dir DIR               as a power cut would
       kafka.sh restart    --dir DIR               stop if need be, then start: same ports, settings and data

start and foreground print one line, bootstrap=127.0.0.1:PORT, as soon as the broker answers. Without --port a free one
is chosen. DIR holds data/, kafka.log, pid, server.properties.
foreground ends when the broker ends, on SIGTERM or SIGINT, and when the process PID is gone. With --parent-pid it leaves
SIGINT to that process, so that a Ctrl-C in a terminal does not take the broker from under it.
TEXT
}

die() {
    echo "kafka.sh: $*" >&2
    exit 1
}

# ---------------------------------------------------------------------------------------------------------- the jars

kafka_version() {
    sed -n 's:.*<kafka\.version>\(.*\)</kafka\.version>.*:\1:p' "$HERE/pom.xml"
}

home_dir() {
    echo "${XDG_CACHE_HOME:-$HOME/.cache}/xiezhi/kafka/$(kafka_version)"
}

# Prints the broker's class path. In sorted order, because the archive of loaded classes fits only the very same path.
class_path() {
    local jars=("$(home_dir)"/jars/*.jar)
    (IFS=:; echo "${jars[*]}")
}

# The archive depends on the machine code of one Java build, so its name carries that build.
class_archive() {
    local build
    build=$(java -Xinternalversion 2>&1 | cksum | cut -d' ' -f1)
    echo "$(home_dir)/classes-$build.jsa"
}

# The digests in jars.sha256 are to the jars what Cargo.lock is to crates: a different byte is an error.
check_digests() {
    local directory=$1 found expected
    found=$(find "$directory" -name '*.jar' | wc -l)
    expected=$(wc -l <"$HERE/jars.sha256")
    [[ $found == "$expected" ]] || die "$found jars fetched, but jars.sha256 lists $expected: update it with pom.xml"
    (cd "$directory" && sha256sum --check --strict --quiet "$HERE/jars.sha256") >&2 ||
        die "a jar differs from jars.sha256: delete ~/.m2/repository/org/apache/kafka, or update the file with pom.xml"
}

fetch_jars() {
    local home=$1 partial=$1/jars.partial
    rm -rf "$partial"
    mvn --batch-mode --file "$HERE/pom.xml" dependency:copy-dependencies \
        -DincludeScope=runtime -DoutputDirectory="$partial" </dev/null >"$home/maven.log" 2>&1 || {
        tail -n 20 "$home/maven.log" >&2
        die "Maven could not fetch Kafka's jars; the log is $home/maven.log"
    }
    check_digests "$partial"
    mv "$partial" "$home/jars"
}

# Starts and stops a throw-away broker that notes which classes it loaded: later ones start from that archive.
archive_classes() {
    local archive=$1 dir
    dir=$(mktemp -d)
    if (start_broker "$dir" "" "-XX:ArchiveClassesAtExit=$archive.partial" >/dev/null && stop_broker "$dir"); then
        mv "$archive.partial" "$archive"
    else
        # The archive only saves time: a broker runs without it as well.
        echo "kafka.sh: no class archive was made; brokers will start more slowly" >&2
    fi
    rm -rf "$dir"
}

# One at a time, and whole or not at all: `jars` and the archive appear under their names only when complete.
fetch() {
    local home archive lock
    command -v java >/dev/null || die "java is missing: run deploy/setup.sh"
    home=$(home_dir)
    archive=$(class_archive)
    if [[ -d $home/jars && -e $archive ]]; then
        return
    fi
    command -v mvn >/dev/null || die "mvn is missing: run deploy/setup.sh"
    mkdir -p "$home"
    exec {lock}>"$home/lock"
    flock "$lock"
    [[ -d $home/jars ]] || fetch_jars "$home"
    [[ -e $archive ]] || archive_classes "$archive" {lock}>&-
    exec {lock}>&-
}

# ----------------------------------------------------------------------------------------------------- the directory

# Below the range from which the system takes ports for outgoing connections, so that none takes ours meanwhile.
free_port() {
    local port attempt
    for ((attempt = 0; attempt < 100; attempt++)); do
        port=$((10000 + RANDOM % 20000))
        if ! port_is_open "$port"; then
            echo "$port"
            return
        fi
    done
    die "no free port found between 10000 and 29999"
}

port_is_open() {
    (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

# A directory's ports are chosen once: clients that outlive a restart must find the broker where it was.
choose_ports() {
    local dir=$1 wanted=$2 broker controller
    if [[ -s $dir/ports ]]; then
        read -r broker controller <"$dir/ports"
        [[ -z $wanted || $wanted == "$broker" ]] || die "$dir has port $broker already; --port $wanted cannot change it"
        return
    fi
    broker=${wanted:-$(free_port)}
    controller=$broker
    while [[ $controller == "$broker" ]]; do
        controller=$(free_port)
    done
    echo "$broker $controller" >"$dir/ports"
}

refuse_taken_ports() {
    local port
    for port in $(<"$1/ports"); do
        ! port_is_open "$port" || die "port $port of $1 is taken by another program"
    done
}

broker_port() {
    cut -d' ' -f1 "$1/ports"
}

# Later lines win over earlier ones in a properties file, hence the caller's own settings come last.
write_properties() {
    local dir=$1 broker controller
    read -r broker controller <"$dir/ports"
    cat >"$dir/server.properties" <<PROPERTIES
process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers=127.0.0.1:$controller
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://127.0.0.1:$broker,CONTROLLER://127.0.0.1:$controller
advertised.listeners=PLAINTEXT://127.0.0.1:$broker,CONTROLLER://127.0.0.1:$controller
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs=$dir/data

# Topics are made by whoever owns them, with the partitions they need, never by a slip of the pen.
auto.create.topics.enable=false
unclean.leader.election.enable=false
min.insync.replicas=1
message.max.bytes=2097152
# The logs are the truth from which all state can be made again: nothing expires unless a topic says so.
log.retention.ms=-1
log.retention.bytes=-1

# One node: its own topics cannot have more replicas, and few partitions make for a quick start and recovery.
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
# Committed offsets do not expire either: a demonstration that slept for a month goes on where it stopped.
offsets.retention.minutes=2147483647
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
share.coordinator.state.topic.num.partitions=1
group.initial.rebalance.delay.ms=0
# After a kill -9 the controller holds the dead broker's place until its session ends: the default means 9 seconds of it.
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500

# Fits a small heap: the cleaner alone would take 128 MiB of it.
log.cleaner.dedupe.buffer.size=8388608
num.network.threads=2
num.io.threads=4
PROPERTIES
    if [[ -s $dir/settings ]]; then
        cat "$dir/settings" >>"$dir/server.properties"
    fi
}

# Formats the storage of a new directory; one that was formatted keeps its data.
format_storage() {
    local dir=$1
    [[ ! -e $dir/data/meta.properties ]] || return 0
    # What an interrupted formatting has left is in the way of the next one, and no broker has written to it.
    rm -rf "$dir/data"
    run_java "$dir" kafka.tools.StorageTool format --standalone \
        --cluster-id "$(cluster_id)" --config "$dir/server.properties" >"$dir/format.log" 2>&1 ||
        fail_with_log "$dir/format.log" "the storage in $dir could not be formatted"
}

# Kafka's own form of an id: 16 random bytes in URL-safe base64 without padding. A leading dash would read as an option.
cluster_id() {
    local id
    id=$(head -c 16 /dev/urandom | base64 | tr '+/' '-_' | tr -d '=')
    echo "x${id:1}"
}

prepare() {
    local dir=$1 port=$2
    choose_ports "$dir" "$port"
    write_properties "$dir"
    format_storage "$dir"
}

# ------------------------------------------------------------------------------------------------------- the process

# The marker by which a broker's process is known again.
marker() {
    echo "-Dxiezhi.kafka.dir=$1"
}

# Prints the options that every Java process of ours has. Serial collector: on one or two cores it starts fastest, takes
# the least memory, and the heap is small.
java_options() {
    local dir=$1 archive
    # Native libraries are unpacked beside the data, not in /tmp, where a killed broker would leave them.
    mkdir -p "$dir/tmp"
    printf '%s\n' "-Djava.io.tmpdir=$dir/tmp" -Xms128m -Xmx512m -XX:+UseSerialGC -XX:+ExitOnOutOfMemoryError -Djava.awt.headless=true \
        -Dorg.slf4j.simpleLogger.showDateTime=true "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSXXX" \
        -Dorg.slf4j.simpleLogger.log.org.apache.kafka.common.config=warn
    archive=$(class_archive)
    if [[ -e $archive ]]; then
        printf '%s\n' "-XX:SharedArchiveFile=$archive" -Xshare:auto
    fi
}

# run_java DIR [OPTION|CLASS|ARGUMENT]...: replaces a subshell, so that $! is the Java process itself.
run_java() {
    local dir=$1 options
    shift
    mapfile -t options < <(java_options "$dir")
    java "${options[@]}" -cp "$(class_path)" "$@"
}

# Prints the pid of the directory's broker if that very broker is alive. A pid file alone proves nothing: the number may
# belong to somebody else by now.
live_pid() {
    local dir=$1 pid
    [[ -s $dir/pid ]] || return 1
    pid=$(<"$dir/pid")
    [[ $pid =~ ^[0-9]+$ ]] || return 1
    grep --quiet --null-data --fixed-strings --line-regexp -- "$(marker "$dir")" "/proc/$pid/cmdline" 2>/dev/null ||
        return 1
    echo "$pid"
}

# Launches the broker in a session of its own: signals from the terminal are not for it. Sets BROKER_PID.
# launch DIR PREFIX [JAVA_OPTION]...; PREFIX is a command to run it under, or "".
launch() {
    local dir=$1 prefix=$2 options
    shift 2
    mapfile -t options < <(java_options "$dir")
    # shellcheck disable=SC2086 # the prefix is a few words on purpose
    $prefix setsid java "${options[@]}" "$@" "$(marker "$dir")" -cp "$(class_path)" kafka.Kafka "$dir/server.properties" \
        </dev/null >>"$dir/kafka.log" 2>&1 &
    BROKER_PID=$!
    echo "$BROKER_PID" >"$dir/pid"
}

# Asks for the cluster's metadata (version 4, no topics). The reply begins with its length, the request's number, a
# delay and the number of brokers, four bytes each; one broker takes 21 bytes here, then comes the cluster's id. A broker
# that is still fenced serves connections, but does not count itself: no topic can be made yet. And only the id tells
# this broker from a foreign one that happens to hold the port.
answers() {
    local port=$1 cluster=$2
    # shellcheck disable=SC2016 # expanded by the inner shell
    timeout 2 bash -c '
        exec 3<>"/dev/tcp/127.0.0.1/$1" || exit 1
        printf "\0\0\0\x0f\0\x03\0\x04\0\0\0\x01\xff\xff\0\0\0\0\0" >&3
        head=$(head -c 16 <&3 | od -An -v -tx1 | tr -d " \n")
        [[ ${#head} == 32 && ${head:24} == 00000001 ]] || exit 1
        [[ $(head -c 45 <&3 | tail -c 22 | tr -d "\0") == "$2" ]]' _ "$port" "$cluster" 2>/dev/null
}

await_ready() {
    local dir=$1 pid=$2 port cluster deadline
    port=$(broker_port "$dir")
    cluster=$(sed -n 's/^cluster\.id=//p' "$dir/data/meta.properties")
    deadline=$((SECONDS + READY_TIMEOUT_S))
    until answers "$port" "$cluster"; do
        kill -0 "$pid" 2>/dev/null || fail_with_log "$dir/kafka.log" "the broker ended before it was ready"
        ((SECONDS < deadline)) || fail_with_log "$dir/kafka.log" "the broker was not ready within $READY_TIMEOUT_S s"
        sleep 0.1
    done
}

# fail_with_log LOG MESSAGE: leaves no broker behind that never became ready.
fail_with_log() {
    tail -n 20 "$1" >&2
    [[ -z ${BROKER_PID:-} ]] || kill -KILL "$BROKER_PID" 2>/dev/null || true
    die "$2; the log is $1"
}

await_gone() {
    local dir=$1 deadline=$((SECONDS + $2))
    while live_pid "$dir" >/dev/null; do
        ((SECONDS < deadline)) || return 1
        sleep 0.05
    done
    rm -f "$dir/pid"
}

# -------------------------------------------------------------------------------------------------------- the commands

refuse_if_running() {
    local pid
    if pid=$(live_pid "$1"); then
        die "the broker of $1 runs already, pid $pid"
    fi
}

# start_broker DIR PORT [JAVA_OPTION]...
start_broker() {
    local dir=$1 port=$2
    shift 2
    refuse_if_running "$dir"
    prepare "$dir" "$port"
    refuse_taken_ports "$dir"
    launch "$dir" "nohup" "$@"
    await_ready "$dir" "$BROKER_PID"
    echo "bootstrap=127.0.0.1:$(broker_port "$dir")"
}

stop_broker() {
    local dir=$1 pid
    pid=$(live_pid "$dir") || return 0
    kill -TERM "$pid"
    await_gone "$dir" "$STOP_TIMEOUT_S" || die "the broker of $dir, pid $pid, did not stop within $STOP_TIMEOUT_S s"
}

kill9_broker() {
    local dir=$1 pid
    pid=$(live_pid "$dir") || die "no broker of $dir is running"
    kill -KILL "$pid"
    await_gone "$dir" 10 || die "the broker of $dir, pid $pid, is still there after SIGKILL"
}

# Java dies with this script, whatever ends the script, by the kernel's word; the script watches the parent. (Were Java
# a child of the parent itself, the kernel would tie it to the one thread that forked it.)
foreground() {
    local dir=$1 port=$2 parent=$3 watcher=() status=0
    refuse_if_running "$dir"
    trap 'stop_broker "$dir"; exit 0' TERM
    if [[ -n $parent ]]; then
        trap '' INT
    else
        trap 'stop_broker "$dir"; exit 0' INT
    fi
    prepare "$dir" "$port"
    refuse_taken_ports "$dir"
    launch "$dir" "setpriv --pdeathsig KILL"
    if [[ -n $parent ]]; then
        setpriv --pdeathsig KILL tail --pid="$parent" --sleep-interval=0.2 --follow /dev/null >/dev/null 2>&1 &
        watcher=("$!")
    fi
    await_ready "$dir" "$BROKER_PID"
    echo "bootstrap=127.0.0.1:$(broker_port "$dir")"
    wait -n "$BROKER_PID" "${watcher[@]}" || status=$?
    if live_pid "$dir" >/dev/null; then
        # It was the watcher that ended: the parent is gone.
        stop_broker "$dir"
        return
    fi
    rm -f "$dir/pid"
    # 143: somebody else has asked the broker to stop.
    [[ $status == 143 ]] || return "$status"
}

need_dir() {
    [[ -n $1 ]] || die "--dir is missing"
    [[ $2 == may-be-new || -s $1/ports ]] || die "$1 is no directory of a broker that kafka.sh started"
}

main() {
    local command=${1:-} dir="" port="" parent="" settings=()
    [[ $# -gt 0 ]] && shift
    while [[ $# -gt 0 ]]; do
        [[ $# -ge 2 ]] || die "$1 needs a value"
        case $1 in
            --dir) dir=$(realpath -m -- "$2") ;;
            --port) port=$2 ;;
            --set) settings+=("$2") ;;
            --parent-pid) parent=$2 ;;
            *) usage >&2; exit 2 ;;
        esac
        shift 2
    done
    [[ $port =~ ^[0-9]*$ && $parent =~ ^[0-9]*$ ]] || die "--port and --parent-pid take a number"
    case $command in
        fetch)
            fetch
            echo "$(home_dir)/jars"
            ;;
        start | foreground)
            need_dir "$dir" may-be-new
            fetch
            mkdir -p "$dir"
            ((${#settings[@]} == 0)) || printf '%s\n' "${settings[@]}" >"$dir/settings"
            if [[ $command == start ]]; then
                start_broker "$dir" "$port"
            else
                foreground "$dir" "$port" "$parent"
            fi
            ;;
        stop) need_dir "$dir" known && stop_broker "$dir" ;;
        kill9) need_dir "$dir" known && kill9_broker "$dir" ;;
        restart)
            need_dir "$dir" known
            fetch
            stop_broker "$dir"
            start_broker "$dir" ""
            ;;
        *)
            usage >&2
            exit 2
            ;;
    esac
}

main "$@"
