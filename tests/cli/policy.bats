# The host's policy: what it forbids, what it leaves no room for, where it is only a default, and who is bound by it.

load helper

caller=4711

setup() {
    setup_scratch
    chmod 755 "$scratch"
    config=$scratch/config
    mkdir -m 755 "$config"
    export INDYNO_CONFIG_DIR=$config
    cd "$app" || return
}

# A dyno that a failed test leaves would be counted by the next.
teardown() {
    [ -z "${dyno-}" ] || ! kill "$dyno" 2>/dev/null || wait "$dyno" || true
    find /sys/fs/cgroup -maxdepth 2 -name "policy-test.$$" -exec rmdir {} + 2>/dev/null || true
    teardown_scratch
}

as_root_only() {
    ! is_user || skip "a policy binds root's runs"
}

policy() { # JSON
    echo "$1" >"$config/indyno.conf"
    chmod 644 "$config/indyno.conf"
}

# As sudo has it: the policy is where sudo's caller cannot say, the host's own folder. Has a mount namespace of its own, in
# which the policy is there.
by_sudo() { # INDYNO-ARGUMENT...
    chown -R "$caller:$caller" "$app"
    # shellcheck disable=SC2016 # expands in the other shell
    (
        forget_variables
        SUDO_UID=$caller SUDO_GID=$caller exec unshare -m bash -c '
            here=$(pwd) file=$2 hosts=$(env -u SUDO_UID "$3" config show | sed -n "1s/: .*//p")
            above=$(dirname "$(dirname "$hosts")") scratch=$1 && shift 2
            mkdir -p "$scratch/etc" "$scratch/work"
            mount -t tmpfs -o mode=755 tmpfs "$scratch/etc" && cp -a "$above/." "$scratch/etc/" || exit 99
            mkdir -p -m 755 "$scratch/etc/indyno" && cp "$file" "$scratch/etc/indyno/" || exit 99
            mount --bind "$scratch/etc" "$above" && cd "$here" && exec "$@"' bash \
            "$scratch" "$config/indyno.conf" "$INDYNO" "$@" 3>&-
    )
}

# By root, and by root for somebody else: 77, the key, and nothing made.
forbidden() { # KEY OPTION...
    local key=$1 as
    shift
    for as in indyno by_sudo; do
        run -77 --separate-stderr "$as" run --report "$app/report" "$@" "$app" -- true
        # shellcheck disable=SC2154 # bats sets stderr
        [[ "$stderr" == *": forbidden by $key of /"*"/indyno.conf"* ]] || { echo "$as: $stderr"; return 1; }
        [ "$(jq -r .verdict "$app/report")" = errored ] && [ "$(jq -r .cause "$app/report")" = refused ]
        run -77 "$as" plan "$@" "$app" -- true
    done
    [ -z "$(left_behind)" ]
}

allowed() { # OPTION...
    run -0 indyno run -q "$@" "$app" -- true
    run -0 by_sudo run -q "$@" "$app" -- true
}

@test "networks" {
    as_root_only
    policy '{"networks": ["none"]}'
    forbidden networks --network=outbound
    forbidden networks --network=setup:outbound,test:none
    policy '{"networks": ["outbound"]}'
    forbidden networks --network=outbound,private
    allowed --network=none
}

@test "largest size: more is refused, the default and app.json's are cut" {
    as_root_only
    policy '{"size": {"largest": "standard-2x", "cpus": 1.5}}'
    forbidden size.largest --size=performance-m
    forbidden size.largest --memory=1025M
    forbidden size.largest --pids-limit=513
    forbidden size.largest --cpu-weight=18
    forbidden size.largest --allow-weaker=limits
    forbidden size.cpus --cpus=2
    allowed --size=standard-2x
    allowed --memory=1024M --pids-limit=100 --cpu-weight=10 --cpus=1
    run -0 --separate-stderr indyno run --report report "$app" -- sh -c 'echo $DYNO_RAM'
    [ "$output" = 1024 ] && [[ "$stderr" != *cuts* ]]
    [ "$(jq -c '[.size, .limits.MemoryMax, .limits.TasksMax, .limits.CPUWeight, .limits.CPUQuota]' report)" = \
        '["standard-2x",1073741824,512,17,"150%"]' ] || { jq .limits report; return 1; }
    echo '{"formation": {"test": {"quantity": 1, "size": "performance-l"}}, "environments": {"test": {"scripts": {"test": "echo $DYNO_RAM"}}}}' >app.json
    run -0 --separate-stderr indyno run --report report "$app"
    [ "$output" = 1024 ]
    jq -e '.notes[] | select(test("performance-l: size.largest of .* cuts its memory to 1024 MiB"))' report
}

@test "what a run may have holds it, and is not left out where no cgroup does" {
    as_root_only
    policy '{"size": {"largest": "standard-1x"}}'
    run -137 indyno run -q --report report "$app" -- python3 -c 'x = bytearray(1 << 30)'
    [ "$(jq -r .cause report)" = memory-limit ]
    policy '{"cgroup_parent": "/indyno-there-is-none"}'
    run -65 indyno run "$app" -- true
    [[ "$output" == *"limits cannot be enforced here"*"/indyno-there-is-none"* ]]
    [ -z "$(left_behind)" ]
}

@test "default size: without --size, of users, too" {
    with_cgroups
    policy '{"size": {"default": "standard-1x"}}'
    run -0 --separate-stderr indyno run -q "$app" -- sh -c 'echo $DYNO_RAM'
    [ "$output" = 512 ]
    run -0 --separate-stderr indyno run -q --size=2x "$app" -- sh -c 'echo $DYNO_RAM'
    [ "$output" = 1024 ]
}

@test "binds: what is really opened counts" {
    as_root_only
    mkdir -p "$scratch/tools/in" "$scratch/toolsmith" "$app/own"
    echo x >"$scratch/tools/in/file"
    ln -s "$scratch/toolsmith" "$scratch/tools/link"
    ln -s "$scratch/tools/in" "$app/link"
    chown -h "$caller:$caller" "$scratch/toolsmith"
    chown -h "$caller:$caller" "$scratch/tools/link" "$app/link"
    policy "{\"binds\": {\"read_only\": [\"$scratch/tools\"], \"writable\": [\"$app/own\"]}}"
    forbidden binds.read_only --ro-bind /usr:/tmp/x
    forbidden binds.read_only --ro-bind "$scratch/toolsmith:/tmp/x"
    forbidden binds.read_only --ro-bind "$scratch/tools/link:/tmp/x"
    forbidden binds.read_only --ro-bind "$scratch/tools/../toolsmith:/tmp/x"
    forbidden binds.read_only --rootfs=/usr
    forbidden binds.writable --bind "$app:/tmp/x"
    forbidden binds.writable --app=rw
    allowed --ro-bind "$scratch/tools:/tmp/x" --ro-bind "$scratch/tools/in/file:/tmp/y"
    allowed --ro-bind "$app/own:/tmp/x" --bind "$app/own:/tmp/y"
    run -0 by_sudo run -q --ro-bind "$app/../tools/in:/tmp/x" "$app" -- cat /tmp/x/file
    policy '{"binds": {"read_only": [], "writable": []}}'
    forbidden binds.read_only --ro-bind /opt:/tmp/x
    allowed
}

@test "images: none is installed that may not be used" {
    as_root_only
    policy '{"images": ["postgresql:16", "valkey"]}'
    forbidden images --redis
    forbidden images --postgres=17
    run -0 indyno run -q --postgres=16 --redis=valkey "$app" -- true
    export INDYNO_STORE=$scratch/store
    run -77 indyno run --redis=7.0 --pull=missing "$app" -- true
    [[ "$output" == *"redis:7.0"*": forbidden by images of "* ]]
    policy '{"networks": []}'
    run -77 indyno run --redis=7.0 --pull=missing --network=outbound "$app" -- true
    [ ! -e "$scratch/store" ]
}

@test "weaker modes" {
    as_root_only
    policy '{"weaker": ["limits"]}'
    forbidden weaker --allow-userns
    forbidden weaker --allow-weaker=ids
    allowed --allow-weaker=limits
}

@test "totals: no room while another runs, and room again" {
    as_root_only
    local key totals second
    while read -r key totals second; do
        policy "{\"totals\": $totals}"
        rm -f "$scratch/up" "$scratch/go"
        mkfifo "$scratch/go"
        start_up run -q --ro-bind "$scratch/go:/tmp/go" --memory=200M --cpus=1 --pids-limit=50 "$app" -- \
            sh -c 'echo up; read -r go </tmp/go'
        for as in indyno by_sudo; do
            # shellcheck disable=SC2086 # a list of words
            run -75 --separate-stderr "$as" run -q $second "$app" -- true
            [[ "$stderr" == "indyno: no room for another dyno: totals.$key: "* ]] || { echo "$stderr"; return 1; }
        done
        echo >"$scratch/go"
        status_of "$dyno" 0
        # shellcheck disable=SC2086
        run -0 indyno run -q $second "$app" -- true
    done <<'ROWS'
runs {"runs":1}
memory {"memory":"300M"} --memory=101M
cpus {"cpus":1.5} --cpus=0.6
processes {"processes":99} --pids-limit=50
ROWS
    await_nothing_left
}

@test "totals: what one run can never have is forbidden" {
    as_root_only
    policy '{"totals": {"memory": "300M", "cpus": 2, "processes": 99}}'
    forbidden totals.memory --memory=301M
    forbidden totals.cpus --cpus=2.5
    forbidden totals.processes --pids-limit=100
    forbidden totals.memory --allow-weaker=limits
    run -0 indyno run -q --report report "$app" -- true
    [ "$(jq -c '[.limits.MemoryMax, .limits.TasksMax]' report)" = '[314572800,99]' ]
}

@test "totals: runs per caller of sudo's" {
    as_root_only
    local line
    policy '{"totals": {"runs_per_caller": 1}}'
    mkfifo "$scratch/go" "$scratch/up"
    by_sudo run -q --ro-bind "$app:/tmp/x" "$app" -- sh -c 'echo up; read -r go' <"$scratch/go" >"$scratch/up" &
    exec 9>"$scratch/go"
    read -r line <"$scratch/up"
    run -75 --separate-stderr by_sudo run -q "$app" -- true
    [[ "$stderr" == *"totals.runs_per_caller: 1 of 1 runs of this caller are taken"* ]]
    caller=4712
    run -0 by_sudo run -q "$app" -- true
    run -0 indyno run -q "$app" -- true
    echo >&9
    exec 9>&-
    status_of $! 0
    caller=4711
    run -0 by_sudo run -q "$app" -- true
}

@test "totals: a run that was killed with -9 has nothing" {
    as_root_only
    policy '{"totals": {"runs": 1, "memory": "300M"}}'
    start_up run -q --memory=200M "$app" -- sh -c 'echo up; exec sleep 1000'
    run -75 indyno run -q --memory=200M "$app" -- true
    kill -9 "$dyno"
    status_of "$dyno" 137
    await_nothing_left
    run -0 indyno run -q --memory=200M "$app" -- true
}

@test "totals: twenty at once are never more than three" {
    as_root_only
    local i pids=() status good=0
    policy '{"totals": {"runs": 3}}'
    mkfifo "$scratch/up" "$scratch/go"
    exec 8<>"$scratch/go" 9<>"$scratch/up"
    for i in $(seq 20); do
        { start_indyno run -q --ro-bind "$scratch/go:/tmp/go" "$app" -- sh -c 'echo up; read -r go </tmp/go' >"$scratch/up" 2>/dev/null 8>&- 9>&-; } &
        pids+=($!)
    done
    # those that were refused have ended; who runs goes on when all of them have
    for i in $(seq 17); do wait -n "${pids[@]}" || true; done
    for i in $(seq 20); do echo; done >&8
    for i in "${pids[@]}"; do
        status=0
        wait "$i" || status=$?
        [ "$status" = 75 ] || [ "$status" = 0 ]
        [ "$status" != 0 ] || good=$((good + 1))
    done
    [ "$good" -le 3 ]
    exec 8>&- 9>&-
    await_nothing_left
}

@test "ids: the policy's range" {
    as_root_only
    policy '{"ids": {"first": 3000000, "count": 300}}'
    run -0 --separate-stderr indyno run -q "$app" -- cat /proc/self/uid_map
    [ "$(awk 'NR == 1 {print $2}' <<<"$output")" = 3000000 ]
    run -0 indyno plan "$app" -- true
    [[ "$output" == *"block: 256 host ids of 3000000 to 3000255, from $config/indyno.conf"* ]]
    policy '{"ids": {"first": 99900, "count": 256}}'
    printf 'alice:100000:65536\n' >"$scratch/subuid"
    # shellcheck disable=SC2016 # expands in the other shell
    run -65 unshare -m sh -c 'mount --bind "$1" /etc/subuid && mount --bind "$1" /etc/subgid && shift && exec "$@"' sh \
        "$scratch/subuid" "$INDYNO" run -q "$app" -- true
    [[ "$output" == *"somebody else's ids, and they overlap"* ]]
}

make_groups() { # PARENT
    local folder
    folders=()
    for folder in /sys/fs/cgroup /sys/fs/cgroup/*/; do
        [ -e "$folder/cgroup.procs" ] && [ "$(basename "$folder")" != systemd ] && [ "$(basename "$folder")" != unified ] || continue
        [ ! -e /sys/fs/cgroup/cgroup.procs ] || [ "$folder" = /sys/fs/cgroup ] || continue
        mkdir -p "$folder$1"
        folders+=("$folder$1")
    done
}

@test "cgroup_parent: the run's groups are there and nowhere else" {
    as_root_only
    local parent=/policy-test.$$ step
    make_groups "$parent"
    policy "{\"cgroup_parent\": \"$parent\"}"
    start_up run -q --memory=100M "$app" -- sh -c 'echo up; exec sleep 1000'
    step=$(descendant "$dyno" sleep)
    grep -E ':(memory|pids|cpu,.*|.*,cpu|cpu|):' "/proc/$step/cgroup" | grep -v ^0::/$ >"$scratch/groups"
    [ -s "$scratch/groups" ]
    run ! grep -v ":$parent/indyno.dyno" "$scratch/groups"
    kill -TERM "$dyno"
    status_of "$dyno" 143
    [ -z "$(find "${folders[@]}" -mindepth 1 -type d)" ]
    rmdir "${folders[@]}"
}

@test "cgroup_parent: the memory that is short there is no limit of the run's" {
    as_root_only
    local parent=/policy-test.$$ folder=/sys/fs/cgroup limit=memory.max
    [ -e /sys/fs/cgroup/cgroup.procs ] || { folder=/sys/fs/cgroup/memory limit=memory.limit_in_bytes; }
    make_groups "$parent"
    echo 200M >"$folder$parent/$limit"
    [ ! -e "$folder$parent/memory.memsw.limit_in_bytes" ] || echo 200M >"$folder$parent/memory.memsw.limit_in_bytes"
    [ ! -e "$folder$parent/memory.swap.max" ] || echo 0 >"$folder$parent/memory.swap.max"
    policy "{\"cgroup_parent\": \"$parent\"}"
    run -125 --separate-stderr indyno run --memory=1G --report "$scratch/report" "$app" -- python3 -c 'x=bytearray(500<<20)'
    [ "$(jq -r '.verdict + " " + .cause' "$scratch/report")" = "errored host-memory" ]
    [[ "$stderr" == *"a lack of memory outside the dyno, not its own limit, killed "*" of the leaf cgroup step"*"run less beside it"* ]]
    await_nothing_left
    rmdir "${folders[@]}"
}

@test "scratch: the policy's folder, and no other" {
    as_root_only
    mkdir "$scratch/disk" "$scratch/other"
    policy "{\"scratch\": \"$scratch/disk\"}"
    forbidden scratch --scratch "$app"
    run -0 --separate-stderr indyno plan --json "$app" -- true
    [ "$(jq -r .scratch <<<"$output")" = "$scratch/disk" ]
    run -0 --separate-stderr by_sudo plan --json "$app" -- true
    [ "$(jq -r .scratch <<<"$output")" = "$scratch/disk" ]
    policy '{"scratch": "/nonexistent"}'
    run -65 indyno run "$app" -- true
    [[ "$output" == *"indyno.conf: scratch: /nonexistent: No such file or directory"* ]]
}

@test "store: in place of the host's, behind a user's own" {
    policy "{\"store\": \"$scratch/store\"}"
    unset INDYNO_STORE
    run -0 --separate-stderr as_tester env -u INDYNO_STORE "$INDYNO" image ls --json
    [ "$output" = "[]" ]
    run -0 --separate-stderr as_tester env -u INDYNO_STORE "$INDYNO" config show --json
    [[ "$(jq -r '.values[] | select(.key == "store").value' <<<"$output")" == *"$scratch/store" ]]
    [ "$(jq -r '.values[] | select(.key == "store").origin' <<<"$output")" = "$config/indyno.conf" ]
}

@test "a user is not bound, and is told so" {
    is_user || skip "root is bound"
    policy '{"networks": [], "size": {"largest": "standard-1x"}, "totals": {"runs": 1, "memory": "1M"}, "images": [],
        "binds": {"read_only": [], "writable": []}, "weaker": [], "cgroup_parent": "/indyno-there-is-none", "scratch": "/nonexistent"}'
    run -0 indyno run -q --postgres=16 --ro-bind /opt:/tmp/x --allow-weaker=limits --memory=2G "$app" -- true
    run -0 --separate-stderr indyno config show
    [[ "${lines[0]}" == *"a default for this user, whom the host's cgroups hold" ]]
    [[ "$output" == *"size.largest "*"standard-1x"*", for root's runs only"* ]]
}

@test "a policy that somebody else could have written is refused" {
    as_root_only
    policy '{}'
    run -0 indyno run -q "$app" -- true
    chmod 664 "$config/indyno.conf"
    run -65 indyno run "$app" -- true
    [[ "$output" == *"$config/indyno.conf: others than root can write to it"*"chmod 644 $config/indyno.conf"* ]]
    chmod 644 "$config/indyno.conf"
    chown "$caller" "$config/indyno.conf"
    run -65 indyno run "$app" -- true
    [[ "$output" == *"does not belong to root"* ]]
    policy '{}'
    chown 0 "$config/indyno.conf"
    chmod 777 "$config"
    run -65 indyno plan "$app" -- true
}

@test "a mistake: runs say the first, config check all" {
    policy '{"networks": ["wide"], "totals": {"run": 1}}'
    run -65 indyno run "$app" -- true
    [[ "$output" == *"$config/indyno.conf: networks[0]: not a value that it can have"* ]]
    [[ "$output" != *totals* ]]
    run -65 --separate-stderr indyno config check
    [ "${#lines[@]}" = 2 ]
    [[ "${lines[0]}" == "$config/indyno.conf: networks[0]: "* && "${lines[1]}" == "$config/indyno.conf: totals.run: no such key: known are: totals.runs, "* ]]
    cp "$config/indyno.conf" "$scratch/other.conf"
    policy '{}'
    run -0 indyno config check
    run -65 indyno config check "$scratch/other.conf"
    run -65 indyno config check "$scratch/none.conf"
    run -64 indyno config check a b
    run -64 indyno config frobnicate
    rm "$config/indyno.conf"
    run -0 indyno config check
    [[ "$output" == *"not there: there is no policy" ]]
}

@test "config show: each value, and where it comes from" {
    policy '{"size": {"default": "standard-1x"}, "networks": [], "totals": {"memory": "1G", "cpus": 1.5}}'
    run -0 --separate-stderr indyno config show
    [[ "${lines[0]}" == "$config/indyno.conf: "* ]]
    [[ "$output" =~ size.default\ +standard-1x\ +$config/indyno.conf ]]
    [[ "$output" =~ networks\ +none\ +$config/indyno.conf ]]
    [[ "$output" =~ size.largest\ +-\ +built\ in ]]
    [[ "$output" =~ store\ +[^\ ]*\ +INDYNO_STORE ]]
    run -0 --separate-stderr indyno config show --json
    [ "$(jq -c '.values[] | select(.key == "totals.memory") | [.value, .origin, .counts]' <<<"$output")" = \
        "[1073741824,\"$config/indyno.conf\",$(is_user && echo false || echo true)]" ]
    [ "$(jq '.values | length' <<<"$output")" = 18 ]
}

@test "sudo's caller cannot choose another policy" {
    as_root_only
    policy '{"networks": []}'
    chown -R "$caller:$caller" "$app"
    run -77 env SUDO_UID="$caller" SUDO_GID="$caller" INDYNO_CONFIG_DIR=/nonexistent "$INDYNO" run --network=outbound "$app" -- true
    [[ "$output" == *"INDYNO_"*": not taken from sudo's caller"* ]]
    mkdir "$app/etc"
    run -77 by_sudo run --network=outbound "$app" -- true
    [[ "$output" == *"forbidden by networks of /"* ]]
}
