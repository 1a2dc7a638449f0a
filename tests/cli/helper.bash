# Shared by the command-line tests: each runs real dynos, as root or (INDYNO_TEST_USER set) as that user.
# shellcheck shell=bash

bats_require_minimum_version 1.5.0

# A folder that the test's user can read and write; removed at the end.
setup_scratch() {
    scratch=$(mktemp -d "${TMPDIR:-/tmp}/indyno-test.XXXXXX")
    app=$scratch/app
    mkdir "$app"
    give "$scratch"
}

teardown_scratch() {
    rm -rf "$scratch"
    remove_scopes
}

# The groups of in-scope.sh: what a run has left in one keeps it from going.
remove_scopes() {
    local scope
    ! is_delegated || find /sys/fs/cgroup -depth -name 'test-scope.*' -type d 2>/dev/null | while read -r scope; do
        rmdir "$scope" || { ls -d "$scope"/*/; cat "$scope/cgroup.procs"; return 1; }
    done
}

setup() {
    setup_scratch
}

teardown() {
    teardown_scratch
}

is_user() {
    [ -n "${INDYNO_TEST_USER-}" ]
}

# Whether each run of the user's is in a cgroup that is delegated to it (in-scope.sh).
is_delegated() {
    [ -n "${INDYNO_TEST_DELEGATE-}" ]
}

# Whether limits can be enforced.
has_cgroups() {
    ! is_user || is_delegated
}

# Has the runs of this test's be where limits can be enforced.
with_cgroups() {
    has_cgroups && return
    [ "$(id -u)" = 0 ] || skip "nobody delegates a cgroup to this user here"
    INDYNO_TEST_DELEGATE=1
}

give() {
    if is_user; then chown -R "$INDYNO_TEST_USER:" "$@"; fi
}

# Sets rights to the words before a command that give it to the user under test, with a clean environment.
set_rights() {
    rights=()
    is_user || return 0
    local home
    home=$(getent passwd "$INDYNO_TEST_USER" | cut -d: -f6)
    rights=()
    ! is_delegated || rights=("$abs_top_srcdir/tests/cli/in-scope.sh" "$INDYNO_TEST_USER")
    rights+=(env -i "PATH=$PATH" "HOME=$home" "INDYNO_STORE=$INDYNO_STORE" "INDYNO_CATALOG=${INDYNO_CATALOG-}"
        "INDYNO_EXTENSIONS=${INDYNO_EXTENSIONS-}"
        "INDYNO_LIBEXECDIR=${INDYNO_LIBEXECDIR-}" "INDYNO_CONFIG_DIR=${INDYNO_CONFIG_DIR-}"
        "CONTAINERS_REGISTRIES_CONF=${CONTAINERS_REGISTRIES_CONF-}"
        "SECRET_OF_CALLER=${SECRET_OF_CALLER-}")
    [ "$(id -u)" != 0 ] || rights+=(setpriv --reuid "$(id -u "$INDYNO_TEST_USER")" --regid "$(id -g "$INDYNO_TEST_USER")"
        --init-groups)
}

as_tester() {
    local rights
    set_rights
    "${rights[@]}" "$@"
}

# Becomes indyno, in a background process: its id is indyno's, and signals that bash has it ignore have their defaults.
start_indyno() {
    local rights
    set_rights
    exec "${rights[@]}" env --default-signal=HUP,INT,QUIT "$INDYNO" "$@" 3>&-
}

# As sudo does to what it starts: no variable of indyno's is the caller's.
forget_variables() {
    unset "${!INDYNO_@}"
}

# Starts indyno, whose step is to print "up" and to stay; goes on when it has. Sets dyno, its id.
start_up() { # INDYNO'S ARGUMENT...
    local line
    mkfifo "$scratch/up"
    give "$scratch"
    start_indyno "$@" >"$scratch/up" &
    # shellcheck disable=SC2034 # the caller's
    dyno=$!
    read -r line <"$scratch/up"
    [ "$line" = up ]
}

# `indyno` as the test's user runs it.
indyno() {
    as_tester "$INDYNO" "$@"
}

write_app() {
    cat >"$app/app.json"
    give "$app"
}

# The number of things that runs have left on this host: processes, claims, cgroups, mounts.
left_behind() {
    local state=/run/indyno
    if is_user; then state=$(state_dir); fi
    {
        find "$state" -mindepth 1 2>/dev/null
        find /sys/fs/cgroup -name 'indyno.*' -type d 2>/dev/null
        # shellcheck disable=SC2009 # pgrep cannot leave zombies out
        ps -eo stat=,comm= | grep -E '^[^Z].* indyno-(init|janitor)'
        grep indyno /proc/self/mountinfo
    } | sort
}

state_dir() {
    echo "/tmp/indyno-$(id -u "$INDYNO_TEST_USER")"
}

# Waits, without a time assertion of its own, until nothing is left; the test's time limit is the judge.
await_nothing_left() {
    local tries
    for ((tries = 0; tries < 100; tries++)); do
        [ -z "$(left_behind)" ] && return 0
        sleep 0.01
    done
    left_behind
    return 1
}

# The processes whose names are like pattern $2 among the descendants of process $1.
descendant() {
    local pid=$1 pattern=$2 child children
    read -ra children <"/proc/$pid/task/$pid/children" || true
    for child in "${children[@]}"; do
        # shellcheck disable=SC2053 # a pattern
        if [[ $(cat "/proc/$child/comm") == $pattern ]]; then echo "$child"; fi
        descendant "$child" "$pattern"
    done
}

# Waits for a background process of this test's, whose status must be $2.
status_of() {
    local status=0
    wait "$1" || status=$?
    [ "$status" = "$2" ] || { echo "status $status, expected $2"; return 1; }
}

# Waits until a process is gone but for its reaping, which is up to the host's pid 1.
await_gone() { # PID
    local tries
    for ((tries = 0; tries < 100; tries++)); do
        grep -qs '^State:.[^Z]' "/proc/$1/status" || return 0
        sleep 0.01
    done
    return 1
}
