# Whose ids a dyno's are on the host: a block of its own as root, which nobody else has as long as one of its processes lives.

load helper

as_root_only() {
    ! is_user || skip "only root's dynos have blocks"
}

# Sets subids to the words before a command that has it see /etc/subuid and /etc/subgid with these lines; the host's are
# left alone.
set_subids() { # LINES
    local file
    file=$(mktemp "$scratch/subids.XXXXXX")
    printf '%b' "$1" >"$file"
    # shellcheck disable=SC2016 # expands in the other shell
    subids=(unshare -m bash -c
        'for file in subuid subgid; do mount --bind "$1" "/etc/$file" || exit 1; done; shift; exec "$@"' bash "$file")
}

with_subids() { # LINES COMMAND...
    local subids
    set_subids "$1"
    shift
    "${subids[@]}" "$@"
}

# Starts one with the options that follow, which runs until it is told to go on; sets launcher.
start_waiting() { # LINES OPTION...
    local line subids
    set_subids "$1"
    shift
    [ -p "$scratch/up" ] || mkfifo "$scratch/up" "$scratch/go"
    exec "${subids[@]}" "$INDYNO" run -q --ro-bind "$scratch/go:/tmp/go" "$@" "$app" -- \
        sh -c 'trap "" TERM INT HUP; echo up; read -r go </tmp/go' >"$scratch/up" 3>&- &
    launcher=$!
    read -r line <"$scratch/up"
    [ "$line" = up ]
}

@test "a full range: 75, and room again when the run has ended" {
    as_root_only
    local entry=indyno:1000000:256 launcher
    start_waiting "$entry\n"
    run -75 --separate-stderr with_subids "$entry\n" "$INDYNO" run -q "$app" -- true
    # shellcheck disable=SC2154 # bats sets stderr
    [[ "$stderr" == "indyno: no room for another dyno: all 1 are running (/run/indyno)"* ]]
    [[ "$stderr" == *"256 from 1000000 on"* ]]
    echo >"$scratch/go"
    status_of "$launcher" 0
    run -0 with_subids "$entry\n" "$INDYNO" run -q "$app" -- true
    await_nothing_left
}

@test "a range that is changed while a run goes on does not give its ids away" {
    as_root_only
    local launcher
    start_waiting "indyno:1000000:256\n"
    run -75 with_subids "indyno:999800:256\n" "$INDYNO" run -q "$app" -- true
    run -75 with_subids "indyno:1000255:256\n" "$INDYNO" run -q "$app" -- true
    run -0 --separate-stderr with_subids "indyno:999900:1024\n" "$INDYNO" run -q "$app" -- cat /proc/self/uid_map
    [ "$(awk '{print $2; exit}' <<<"$output")" = 1000412 ] # 999900 and 1000156 overlap
    run -0 with_subids "" "$INDYNO" run -q "$app" -- true
    echo >"$scratch/go"
    status_of "$launcher" 0
    await_nothing_left
}

@test "the launcher killed with -9: the block is the run's as long as the janitor has not ended" {
    as_root_only
    local entry=indyno:1000000:256 launcher janitor
    start_waiting "$entry\n"
    janitor=$(descendant "$launcher" indyno-janitor)
    kill -STOP "$janitor"
    kill -9 "$launcher"
    status_of "$launcher" 137
    run -75 with_subids "$entry\n" "$INDYNO" run -q "$app" -- true
    kill -CONT "$janitor"
    await_gone "$janitor"
    run -0 with_subids "$entry\n" "$INDYNO" run -q "$app" -- true
    await_nothing_left
}

# The step takes its time to die: the kernel has much of its memory to free.
@test "launcher and janitor killed with -9: the block is not free before the step is gone" {
    as_root_only
    local entry=indyno:1000000:256 subids launcher step line tries status
    set_subids "$entry\n"
    mkfifo "$scratch/up"
    for _ in 1 2 3; do
        exec "${subids[@]}" "$INDYNO" run -q "$app" -- \
            python3 -c 'x = b"x" * (400 << 20); print("up", flush=True); import time; time.sleep(1000)' >"$scratch/up" 3>&- &
        launcher=$!
        read -r line <"$scratch/up"
        step=$(descendant "$launcher" python3)
        kill -9 "$(descendant "$launcher" indyno-janitor)" "$launcher"
        for ((tries = 0; tries < 100; tries++)); do
            status=0
            with_subids "$entry\n" "$INDYNO" run -q "$app" -- true 2>"$scratch/why" || status=$?
            [ "$status" = 75 ] || break
        done
        [ "$status" = 0 ]
        run ! grep -qs '^State:.[^Z]' "/proc/$step/status"
        status_of "$launcher" 137
    done
    await_nothing_left
}

@test "what /etc/subuid says wrong is refused: file, line, value, remedy" {
    as_root_only
    run -65 --separate-stderr with_subids "alice:100000:65536\nindyno:0:65536\n" "$INDYNO" run "$app" -- true
    [[ "$stderr" == "indyno: /etc/subuid:2: indyno:0:65536: ids below 65536 are "* ]]
    [[ "${stderr_lines[1]}" == *"indyno:1879048192:1048576"* ]]
    run -65 --separate-stderr with_subids "alice:100000:65536\nindyno:165535:65536\n" "$INDYNO" run "$app" -- true
    [[ "$stderr" == "indyno: /etc/subuid:1: alice:100000:65536: somebody else's ids"* ]]
    [ -z "$(left_behind)" ]
}

@test "plan tells the range" {
    as_root_only
    run -0 --separate-stderr with_subids "indyno:1000000:600\n" "$INDYNO" plan "$app" -- true
    [[ "$output" == *"block: 256 host ids of 1000000 to 1000511, from /etc/subuid"* ]]
    run -0 --separate-stderr with_subids "" "$INDYNO" plan --json "$app" -- true
    [ "$(jq -c .id_range <<<"$output")" = '{"first":1879048192,"blocks":4096,"block_size":256,"source":null}' ]
}

@test "forty dynos at once: no two have a host id in common" {
    as_root_only
    local i pids=() line
    mkfifo "$scratch/up" "$scratch/go"
    exec 8<>"$scratch/go" 9<>"$scratch/up"
    for i in $(seq 40); do
        start_indyno run -q --ro-bind "$scratch/go:/tmp/go" "$app" -- \
            sh -c 'cat /proc/self/uid_map >&2; echo up; read -r go </tmp/go' >"$scratch/up" 2>"$scratch/map.$i" 8>&- 9>&- &
        pids+=($!)
    done
    for i in $(seq 40); do read -r line <&9; done
    # each id of each extent, of all maps: none twice, none the host's root
    cat "$scratch"/map.* | awk '{for (i = 0; i < $3; i++) print $2 + i}' | sort -n >"$scratch/ids"
    [ "$(wc -l <"$scratch/ids")" = $((40 * 256)) ]
    [ -z "$(uniq -d "$scratch/ids")" ]
    [ "$(head -n 1 "$scratch/ids")" != 0 ]
    for i in $(seq 40); do echo; done >&8
    for i in "${pids[@]}"; do status_of "$i" 0; done
    exec 8>&- 9>&-
    await_nothing_left
}

@test "seen from the host, no process of a dyno runs as root or has root in a map" {
    local launcher pid line count=0
    mkfifo "$scratch/up" "$scratch/go"
    give "$scratch"
    start_indyno run -q --postgres=16 --redis --ro-bind "$scratch/go:/tmp/go" "$app" -- \
        sh -c 'echo up; read -r go </tmp/go' >"$scratch/up" &
    launcher=$!
    read -r line <"$scratch/up"
    for pid in $(descendant "$launcher" indyno-init) $(descendant "$(descendant "$launcher" indyno-init)" '*'); do
        awk '$2 <= 0 && $2 + $3 > 0 {exit 1}' "/proc/$pid/uid_map" "/proc/$pid/gid_map"
        [ -z "$(awk '/^(Uid|Gid):/ && ($2 == 0 || $3 == 0 || $4 == 0 || $5 == 0)' "/proc/$pid/status")" ]
        [ "$(wc -l <"/proc/$pid/uid_map")" -ge 1 ]
        count=$((count + 1))
    done
    [ "$count" -ge 4 ] # init, Postgres, Redis, the step
    echo >"$scratch/go"
    status_of "$launcher" 0
    await_nothing_left
}

@test "files of other ids are nobody's" {
    as_root_only
    touch "$app/own" "$app/roots" "$app/others"
    chown 4711:4712 "$app" "$app/own"
    chown 5000:5000 "$app/others"
    chmod 600 "$app/roots" "$app/others"
    run -0 --separate-stderr indyno run -q "$app" -- stat -c '%u:%g %n' own roots others
    [ "$output" = "$(printf '%s\n' '1000:1000 own' '65534:65534 roots' '65534:65534 others')" ]
    run -0 --separate-stderr indyno run -q "$app" -- sh -c 'cat roots others 2>&1 | grep -c denied; stat -c %u:%g /usr'
    [ "$output" = "$(printf '2\n65534:65534')" ]
}
