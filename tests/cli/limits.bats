# Limits: each is run into from the inside, beside both databases, which go on; and the verdict says which it was.

load helper

setup() {
    setup_scratch
    mkdir "$app/out"
    give "$app"
}

# A run beside both databases, with a report.
limited() { # STATUS INDYNO'S ARGUMENT...
    run "-$1" --separate-stderr indyno run -q --postgres=16 --redis --report "$scratch/report" "${@:2}"
}

# What the report says of it: "failed memory-limit".
is_verdict() { # VERDICT CAUSE
    [ "$(jq -r '.verdict + " " + .cause' "$scratch/report")" = "$*" ] || { cat "$scratch/report"; return 1; }
}

servers_are_well() {
    [ "$(jq -r '[.services[].state] | join(" ")' "$scratch/report")" = "running running" ]
}

@test "--memory: the step dies, the servers do not" {
    with_cgroups
    limited 137 --memory=256M "$app" -- python3 -c 'x=bytearray(1<<30)'
    is_verdict failed memory-limit
    servers_are_well
    [[ "$stderr" =~ "the memory limit of 256 MiB killed "[12]" process"(es)?" of the leaf cgroup step" ]] || { echo "$stderr"; return 1; }
    [ "$(jq '.limits.MemoryMax' "$scratch/report")" = 268435456 ]
    [ "$(jq '.usage[] | select(.leaf == "dyno") | .MemoryPeak <= 268435456 and .MemoryPeak > 200000000' "$scratch/report")" = true ]
}

@test "--memory: swap counts, and so do files" {
    with_cgroups
    limited 137 --memory=256M "$app" -- sh -c 'exec tail -f /dev/zero'
    is_verdict failed memory-limit
    run indyno run -q --memory=128M --disk=1G --report "$scratch/report" "$app" -- dd if=/dev/zero of=/tmp/big bs=1M count=400
    [ "$status" != 0 ]
    is_verdict failed memory-limit
}

@test "--memory: a server that takes it all is the one that is blamed, with the end of its log" {
    with_cgroups
    limited 125 --memory=300M "$app" -- psql -qAtc \
        "select length(string_agg(repeat(md5(i::text), 32768), '')) from generate_series(1, 900) i"
    is_verdict errored service
    [ "$(jq -r .service "$scratch/report")" = postgres ]
    [[ "$stderr" == *"postgres: "*"the memory limit of 300 MiB"* ]] # which kills the step first, and then often Postgres, too
    [ -n "$(jq -r '.services[0].log_tail // empty' "$scratch/report")" ]
}

@test "--pids-limit contains a fork bomb" {
    with_cgroups
    run indyno run --pids-limit=64 --timeout=3s -k 100ms "$app" -- bash -c ':(){ :|:& };: ; sleep 1'
    await_nothing_left
}

@test "--pids-limit: threads count, all of the dyno's, and the verdict says how many were had" {
    with_cgroups
    limited 3 --pids-limit=60 "$app" -- python3 -c '
import sys, threading
stay = threading.Event()
try:
    for i in range(100): threading.Thread(target=stay.wait, daemon=True).start()
except RuntimeError: sys.exit(3)'
    is_verdict failed pids-limit
    servers_are_well
    [[ "$stderr" == *"the limit of processes refused "*" (limit 60"* ]]
}

@test "--disk: every writable place is full at once, and says so" {
    for place in /app /tmp /run /dev/shm /var/tmp; do
        limited 1 --disk=200M "$app" -- dd if=/dev/zero "of=$place/big" bs=1M count=300
        is_verdict failed disk-full
        [[ "$stderr" == *"No space left on device"* ]]
        [[ "$stderr" == *"what the dyno may write was full, all 200 MiB"* ]]
    done
    limited 0 --disk=200M "$app" -- sh -c 'dd if=/dev/zero of=/tmp/big bs=1M count=300; rm /tmp/big'
    is_verdict succeeded exit
}

@test "--disk: a Postgres that cannot write lives on" {
    limited 1 --disk=200M "$app" -- sh -c \
        'psql -qc "create table t as select md5(i::text) a, md5((-i)::text) b from generate_series(1, 3000000) i" || { psql -Atc "select 1"; exit 1; }'
    [ "$output" = 1 ]
    servers_are_well
}

@test "--inodes: so many files and no more" {
    limited 3 --inodes=5000 "$app" -- python3 -c '
import sys
try:
    for i in range(6000): open("/tmp/%d" % i, "w").close()
except OSError as error:
    print(error.strerror); sys.exit(3)'
    is_verdict failed disk-full
    [ "$output" = "No space left on device" ]
    [[ "$stderr" == *"full, all 5000 inodes"* ]]
}

# Loop devices that have a file without a name.
scratches() {
    losetup --list --noheadings --output BACK-FILE | grep -c "^$scratch/" || true
}

@test "--scratch: on disk, held to --disk and --inodes, and nothing of it stays" {
    ! is_user || skip "a user is refused: the next test"
    mkdir "$scratch/disk"
    limited 1 "--scratch=$scratch/disk" --disk=100M "$app" -- dd if=/dev/zero of=/tmp/big bs=1M count=200
    is_verdict failed disk-full
    servers_are_well
    [ "$(jq -r .scratch "$scratch/report")" = "$scratch/disk" ]
    limited 0 "--scratch=$scratch/disk" --memory=200M "$app" -- sh -c '
        dd if=/dev/zero of=/tmp/big bs=1M count=400 2>/dev/null; stat -f -c %T /tmp; stat -c %s /tmp/big; echo x >/app/file; cat /app/file'
    [ "$output" = "$(printf 'ext2/ext3\n419430400\nx')" ]
    limited 3 "--scratch=$scratch/disk" --disk=100M --inodes=3000 "$app" -- \
        sh -c 'mkdir /tmp/d; i=0; while [ $i -lt 3500 ]; do true >/tmp/d/$i || exit 3; i=$((i+1)); done'
    is_verdict failed disk-full
    cd "$scratch"
    run -0 indyno run -q "--scratch=$scratch/disk" --artifact out "$app" -- sh -c 'echo taken >out/file'
    [ "$(cat "$scratch/indyno-out/out/file")" = taken ]
    start_up run -q "--scratch=$scratch/disk" "$app" -- sh -c 'echo up; exec sleep 100'
    [ "$(scratches)" = 1 ]
    kill -9 "$dyno"
    await_nothing_left
    local tries
    for ((tries = 0; tries < 100; tries++)); do [ "$(scratches)" != 0 ] || break; sleep 0.01; done
    [ "$(scratches)" = 0 ]
    [ -z "$(ls -A "$scratch/disk")" ]
}

@test "--scratch: what cannot be had is refused" {
    mkdir "$scratch/disk"
    give "$scratch"
    if is_user; then
        run -65 indyno run "--scratch=$scratch/disk" "$app" -- true
        [[ "$output" == *"a loop device, which is root's"* ]]
    else
        run -75 indyno run "--scratch=$scratch/disk" --disk=900T "$app" -- true
        [[ "$output" == *"has room for "*", not for "*"--disk"* ]]
        run -65 indyno run "--scratch=$scratch/none" "$app" -- true
        [[ "$output" == *"--scratch $scratch/none: "* ]]
    fi
}

@test "--open-files and --file-size: of each process of the step, and not of the servers" {
    limited 0 --open-files=40 --file-size=1M "$app" -- bash -c '
        ulimit -n; ulimit -Hn; ulimit -n 41 2>/dev/null || echo kept
        (trap "" XFSZ; dd if=/dev/zero of=/tmp/f bs=1M count=2 2>&1 | grep -o "File too large"; stat -c %s /tmp/f)
        psql -qAtc "create table t as select repeat(md5(i::text), 100) from generate_series(1, 2000) i" -c "select pg_relation_size(\$\$t\$\$) > 0"'
    [ "$output" = "$(printf '40\n40\nkept\nFile too large\n1048576\nt')" ]
}

@test "--cpu-time: all processes of the dyno together" {
    with_cgroups
    limited 124 --cpu-time=1500ms "$app" -- sh -c 'for i in 1 2 3; do (while :; do :; done) & done; wait'
    is_verdict timed-out cpu-time
    [[ "$stderr" == *"the limit of 1.5 s of processor time was reached"* ]]
    limited 0 --cpu-time=1h "$app" -- true
}

@test "--cpu-time: waiting costs none" {
    with_cgroups
    run -0 indyno run -q --cpu-time=2s --timeout=1m "$app" -- sleep 3
}

@test "--output-size: what fits is handed on in order, and no byte more" {
    limited 137 --output-size=1000 "$app" -- sh -c 'exec yes 2>&1'
    is_verdict failed output-limit
    [ "${#output}" = 999 ] # and the line break that bats takes away
    [[ "$stderr" == *"the output was more than 1000 bytes"* ]]
    servers_are_well || [ "$(jq -r '.services[0].state' "$scratch/report")" = running ]
    run -7 indyno run -q --output-size=1M "$app" -- sh -c 'for i in 1 2 3; do echo "out $i"; echo "err $i" >&2; done; exit 7'
    [ "$output" = "$(printf 'out 1\nerr 1\nout 2\nerr 2\nout 3\nerr 3')" ]
    limited 0 --output-size=1000 "$app" -- python3 -c 'import sys; sys.stdout.write("x" * 500); sys.stderr.write("y" * 500)'
    [ "${#output} ${#stderr}" = "500 500" ]
    await_nothing_left
}

@test "--output-size: a reader that goes ends the step by SIGPIPE, and kill -9 leaves no relay" {
    indyno run -q --output-size=1G --report "$scratch/report" "$app" -- yes | head -n 1
    [ "$(jq -c '[.steps[0].state, .steps[0].signal]' "$scratch/report")" = '["signaled",13]' ]
    start_up run -q --output-size=1G "$app" -- sh -c 'echo up; exec sleep 100'
    local relay
    relay=$(descendant "$dyno" 'indyno-relay')
    kill -9 "$dyno"
    await_nothing_left
    await_gone "$relay"
}

@test "--output-size: the excess counts that comes just before the end" {
    local i
    for i in $(seq 10); do
        limited 137 --output-size=1000 "$app" -- head -c 2000 /dev/zero
        is_verdict failed output-limit
    done
}

@test "--output-size: who does not read keeps nobody from ending the run" {
    mkfifo "$scratch/output"
    give "$scratch/output"
    exec 9<>"$scratch/output" # a reader that does not read
    run -1 dd if=/dev/zero of="$scratch/output" bs=4096 count=1000 oflag=nonblock # and that is full
    start_indyno run -q --output-size=10M -k 100ms "$app" -- sh -c 'echo started >&2; exec head -c 1000000 /dev/zero' >"$scratch/output" 2>"$scratch/err" 9>&- &
    local run=$!
    until grep -qs started "$scratch/err"; do sleep 0.01; done
    kill -TERM "$run"
    status_of "$run" 143
    # What waits keeps nothing from the other reader. And where all is written, and waits in the pipes:
    start_indyno run -q --output-size=10M "$app" -- sh -c 'echo a line; echo again >&2; exec head -c 60000 /dev/zero' >"$scratch/output" 2>"$scratch/err" 9>&- &
    run=$!
    until grep -qs again "$scratch/err" && [ -z "$(descendant "$run" head)" ]; do sleep 0.01; done
    kill -TERM "$run"
    status_of "$run" 143
    await_nothing_left
    # Nor is it waited for when the run's time is over.
    local status=0
    indyno run -q --output-size=10M --timeout=1s "$app" -- echo a line >"$scratch/output" 2>"$scratch/err" 9>&- || status=$?
    [ "$status" = 124 ]
    await_nothing_left
    # And a launcher that is killed leaves none that waits.
    start_indyno run -q --output-size=10M "$app" -- sh -c 'echo third >&2; exec head -c 1000000 /dev/zero' >"$scratch/output" 2>"$scratch/err" 9>&- &
    run=$!
    until grep -qs third "$scratch/err"; do sleep 0.01; done
    local relay
    relay=$(descendant "$run" indyno-relay)
    kill -9 "$run"
    await_gone "$relay"
    exec 9>&-
    await_nothing_left
}

@test "--cpus: who wants more is throttled" {
    with_cgroups
    limited 0 --cpus=0.2 "$app" -- sh -c '
        set -- $(ls /sys/fs/cgroup/cpu/cpu.stat /sys/fs/cgroup/cpu.stat 2>/dev/null)
        while ! grep -q "^nr_throttled [1-9]" "$1"; do :; done; echo throttled'
    [ "$output" = throttled ]
}

@test "--cpuset-cpus: the processors that programs see" {
    with_cgroups
    limited 0 --cpuset-cpus=0 "$app" -- nproc
    [ "$output" = 1 ]
    limited 65 --cpuset-cpus=4000 "$app" -- true
    [[ "$stderr" == *"set the cpuset limit: write 4000"* ]]
}

@test "limits that the host cannot enforce are refused, or left out when told so" {
    ! has_cgroups || skip "limits can be enforced here; a user's run without a delegated group shows it"
    run -65 indyno run --memory=256M "$app" -- true
    [[ "$output" == *allow-weaker=limits* ]]
    run -0 indyno run -q --memory=256M --allow-weaker=limits --report "$scratch/report" "$app" -- true
    [ "$(jq -c .weaker "$scratch/report")" = '["limits"]' ]
}

# The first on version 1 of the cgroups, else the second.
version() {
    if [ -e /sys/fs/cgroup/cgroup.controllers ]; then echo "$2"; else echo "$1"; fi
}

# The value of a limit in the group of the run named "limited", or in a leaf of it ("/step").
limit() { # LEAF CONTROLLER VERSION-1-FILE VERSION-2-FILE
    local group
    group=$(find "/sys/fs/cgroup/$2/" -name 'indyno.limited.*' 2>/dev/null | head -n 1)
    if [ -n "$group" ]; then
        cat "$group$1/$3"
    else
        cat "$(find /sys/fs/cgroup -name 'indyno.limited.*' | head -n 1)$1/$4"
    fi
}

@test "limits are on the run's group, memory on the step's leaf too, and each service has a leaf" {
    with_cgroups
    mkfifo "$scratch/up" "$scratch/go"
    give "$scratch"
    start_indyno run -q --name limited --postgres=16 --redis --memory=512M --cpus=0.5 --cpu-weight=50 --cpuset-cpus=0 \
        --pids-limit=100 --report "$scratch/report" --ro-bind "$scratch/go:/tmp/go" "$app" -- sh -c 'echo up; read -r go </tmp/go' >"$scratch/up" &
    local pid=$! line
    read -r line <"$scratch/up"
    [ "$(limit '' memory memory.limit_in_bytes memory.max)" = 536870912 ]
    [ "$(limit /step memory memory.limit_in_bytes memory.max)" = 536870912 ]
    [ "$(limit '' pids pids.max pids.max)" = 100 ]
    [[ "$(limit '' cpu cpu.cfs_quota_us cpu.max)" =~ ^50000( 100000)?$ ]]
    [ "$(limit '' cpu cpu.shares cpu.weight)" = "$(version 512 50)" ]
    [ "$(limit '' cpuset cpuset.cpus cpuset.cpus)" = 0 ]
    echo >"$scratch/go"
    status_of "$pid" 0
    [ "$(jq -r '[.usage[].leaf] | join(" ")' "$scratch/report")" = "dyno postgres redis step" ]
    [ "$(jq '[.usage[].MemoryPeak > 0] | all' "$scratch/report")" = true ]
    # What version 1 does not count is null.
    [ "$(jq -r '.usage[0].CPUUsageNSec | type' "$scratch/report")" = "$(version null number)" ]
    [ "$(jq -r '.usage[0].IOReadBytes | type' "$scratch/report")" = "$(version null number)" ]
}

@test "sizes: by name, by app.json, by default; the tests see how large the dyno is" {
    local size
    run -0 --separate-stderr indyno run -q --size=standard-2X --report "$scratch/report" "$app" -- sh -c 'echo "$DYNO_RAM $WEB_CONCURRENCY"' || [ "$status" = 65 ]
    if has_cgroups; then
        [ "$output" = "1024 2" ]
        [ "$(jq -c '[.size, .limits.MemoryMax, .limits.TasksMax, .limits.CPUWeight]' "$scratch/report")" = '["standard-2x",1073741824,512,17]' ]
    else
        [[ "$stderr" == *"limits cannot be enforced here"* ]] # it was asked for
    fi
    write_app <<'J'
{"environments": {"test": {"formation": {"test": {"quantity": 1, "size": "Standard-1X"}}, "scripts": {"test": "echo $DYNO_RAM $WEB_CONCURRENCY"}}}}
J
    run -0 --separate-stderr indyno run -q --report "$scratch/report" "$app"
    [ "$output" = "512 1" ]
    [ "$(jq -r .size "$scratch/report")" = standard-1x ]
    echo '{"environments": {"test": {"formation": {"test": {"size": "giant"}}, "scripts": {"test": "echo $DYNO_RAM"}}}}' | write_app
    run -0 --separate-stderr indyno run "$app"
    [ "$output" = 2560 ]
    [[ "$stderr" == *"formation.test.size: giant is not known; taken is performance-m"* ]]
    run -0 --separate-stderr indyno run "$app" --memory=300M -e WEB_CONCURRENCY=9 -- sh -c 'echo "$DYNO_RAM $WEB_CONCURRENCY"' || [ "$status" = 65 ]
    ! has_cgroups || [ "$output" = "300 9" ]
    run -64 indyno run --size=huge "$app"
    [[ "$output" == *"--size takes standard-1x, "* ]]
}

@test "a size larger than the host is cut to it, and that is said" {
    has_cgroups || skip "a size that is asked for takes cgroups"
    run -0 indyno run -q --size=performance-2xl --report "$scratch/report" "$app" -- true
    [ "$(jq .limits.MemoryMax "$scratch/report")" -le "$(($(getconf _PHYS_PAGES) * $(getconf PAGESIZE)))" ]
    [[ "$(jq -r '.notes[0]' "$scratch/report")" == "performance-2xl: its 129024 MiB of memory are cut to the "*" MiB that the host has" ]]
}
