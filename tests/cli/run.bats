# indyno run: the contract of exit statuses, streams and signals.

load helper

@test "the command's exit status is indyno's own" {
    run -42 indyno run "$app" -- sh -c 'exit 42'
    run -0 indyno run "$app" -- true
    run -1 indyno run "$app" -- false
}

@test "a command ended by signal N gives 128+N" {
    run -143 indyno run "$app" -- sh -c 'kill -TERM $$'
    run -137 indyno run "$app" -- sh -c 'kill -KILL $$'
}

@test "a command that is not there: 127; that cannot be executed: 126" {
    run -127 indyno run "$app" -- no-such-command
    [[ "$output" == *"no-such-command"* ]]
    echo text >"$app/plain"
    give "$app"
    run -126 indyno run "$app" -- ./plain
}

@test "wrong usage: 64, and what is wrong with it" {
    run -64 indyno run --no-such-option "$app"
    run -64 indyno run "$app"
    run -64 indyno run "$app" pytest
    [[ "$output" == *" -- "* ]]
    run -64 indyno run --memory=lots "$app" -- true
    [[ "$output" == *"lots"* ]]
    run -64 indyno run --timeout=-1 "$app" -- true
    run -64 indyno run --env=1A=b "$app" -- true
    run -64 indyno run --network=host "$app" -- true
    run -64 indyno frobnicate
}

@test "a folder that is not there: 65" {
    run -65 indyno run "$scratch/nowhere" -- true
    [[ "$output" == *"$scratch/nowhere"* ]]
}

@test "stdout and stderr pass through untouched, and stdin reaches a COMMAND" {
    [ "$(printf 'a\0b\n' | indyno run -q "$app" -- cat | od -c)" = "$(printf 'a\0b\n' | od -c)" ]
    [ "$(indyno run -q "$app" -- sh -c 'echo out; echo err >&2' 2>/dev/null)" = out ]
    [ "$(indyno run -q "$app" -- sh -c 'echo out; echo err >&2' 2>&1 >/dev/null)" = err ]
}

@test "scripts of app.json run by bash in /app, their stdin is empty" {
    write_app <<'J'
{"environments": {"test": {"scripts": {
    "test-setup": "pwd > where; [[ -z $(cat) ]] && echo set-up > marker; sleep 1000 & until pgrep -x sleep; do :; done > /dev/null",
    "test": "cat where marker; pgrep -x sleep >/dev/null && echo still there; exit 3"}}}}
J
    run -3 --separate-stderr indyno run "$app" </dev/zero
    [ "${lines[0]}" = /app ]
    [ "${lines[1]}" = set-up ]
    [ "${lines[2]}" = "still there" ]
    [ ! -e "$app/marker" ]
}

@test "test-setup failing: 125, the test does not run" {
    write_app <<'J'
{"environments": {"test": {"scripts": {"test-setup": "exit 7", "test": "echo ran"}}}}
J
    run -125 indyno run "$app"
    [[ "$output" != *ran* ]]
    [[ "$output" == *test-setup* ]]
}

@test "a COMMAND takes the place of the scripts" {
    write_app <<'J'
{"environments": {"test": {"scripts": {"test-setup": "exit 7", "test": "exit 8"}}}}
J
    run -0 indyno run "$app" -- true
}

@test "--timeout: 124, TERM first, then the end" {
    run -124 indyno run --timeout=300ms -k 100ms "$app" -- sleep 60
    run -124 indyno run --timeout=4s -k 500ms "$app" -- sh -c 'trap "echo got TERM" TERM; sleep 60 & wait; sleep 60'
    [[ "$output" == *"got TERM"* ]]
    await_nothing_left
}

@test "signals reach the step, and the run is cancelled" {
    for signal in INT TERM HUP; do
        mkfifo "$scratch/ready"
        give "$scratch"
        start_indyno run -q --report "$scratch/report" "$app" -- \
            sh -c "trap 'echo caught $signal; exit 0' $signal; echo up; while :; do sleep 0.1; done" >"$scratch/ready" 2>"$scratch/err" &
        local pid=$!
        exec 8<"$scratch/ready"
        read -r -u 8 line
        [ "$line" = up ]
        kill -"$signal" "$pid"
        read -r -u 8 line
        [ "$line" = "caught $signal" ]
        status_of "$pid" $((128 + $(kill -l "$signal")))
        exec 8<&-
        rm "$scratch/ready"
        [ "$(jq -r .verdict "$scratch/report")" = cancelled ]
        rm -f "$scratch/report"
    done
    await_nothing_left
}

@test "a step that does not stop for a signal: the dyno ends after --kill-after" {
    mkfifo "$scratch/ready"
    give "$scratch"
    start_indyno run -q -k 200ms --report "$scratch/report" "$app" -- \
        sh -c "trap '' TERM; echo up; while :; do sleep 60; done" >"$scratch/ready" 2>"$scratch/err" &
    local pid=$! line
    read -r line <"$scratch/ready"
    [ "$line" = up ]
    kill -TERM "$pid"
    status_of "$pid" 143
    [ "$(jq -r .verdict "$scratch/report")" = cancelled ]
    await_nothing_left
}

@test "nohup's SIGHUP stays ignored" {
    mkfifo "$scratch/ready" "$scratch/go"
    give "$scratch"
    local rights line
    set_rights
    "${rights[@]}" env --default-signal=INT,QUIT --ignore-signal=HUP "$INDYNO" run -q --bind "$scratch/go:/tmp/go" "$app" -- \
        sh -c 'echo up; cat /tmp/go; exit 7' >"$scratch/ready" 2>"$scratch/err" 3>&- &
    local pid=$!
    read -r line <"$scratch/ready"
    kill -HUP "$pid"
    echo >"$scratch/go"
    status_of "$pid" 7
}

@test "the report is JSON, in a file and on a descriptor" {
    run -5 indyno run -q --report "$scratch/report" "$app" -- sh -c 'exit 5'
    [ "$(jq -r .verdict "$scratch/report")" = failed ]
    [ "$(jq -r .exit_status "$scratch/report")" = 5 ]
    indyno run -q --status-fd 9 "$app" -- true 9>"$scratch/status"
    [ "$(jq -r .verdict "$scratch/status")" = succeeded ]
    [ "$(jq -r .app_view "$scratch/status")" = overlay ]
    [ "$(jq '.timings | length > 5' "$scratch/status")" = true ]
}

@test "--env and --env-file" {
    printf '# comment\nA=from file\n\nB=2\n' >"$scratch/env"
    give "$scratch"
    run -0 --separate-stderr indyno run -q --env-file "$scratch/env" -e B=3 --env "C=x y" "$app" -- sh -c 'echo "$A|$B|$C"'
    [ "$output" = "from file|3|x y" ]
}

@test "nothing of the caller's environment or descriptors" {
    SECRET_OF_CALLER=1 run -0 --separate-stderr indyno run -q "$app" -- env
    [[ "$output" != *SECRET_OF_CALLER* ]]
    run -0 --separate-stderr indyno run -q "$app" -- sh -c 'ls /proc/self/fd | wc -l' 5</etc/hostname 6</etc/hostname
    [ "$output" = 4 ] # 0, 1, 2 and the one of ls itself
}

@test "DIR stays as it was" {
    echo original >"$app/file"
    mkdir "$app/folder"
    give "$app"
    run -0 indyno run "$app" -- sh -c 'echo changed > file; rm -r folder; mv file other; mkdir -p new/deep; ls'
    [ "$(cat "$app/file")" = original ]
    [ -d "$app/folder" ]
    [ ! -e "$app/new" ]
}

@test "--artifact takes files out, and a missing one is an error" {
    cd "$scratch"
    run -0 indyno run --artifact result.txt --artifact logs:collected "$app" -- sh -c 'echo r > result.txt; mkdir logs; echo l > logs/one'
    [ "$(cat "$scratch/indyno-out/result.txt")" = r ]
    [ "$(cat "$scratch/indyno-out/collected/one")" = l ]
    run -125 indyno run --artifact missing.txt "$app" -- true
    [[ "$output" == *missing.txt* ]]
}

@test "--artifact: what says that it is large, or is too many, is an error by name; any name goes through" {
    cd "$scratch"
    run -125 indyno run -q --artifact sparse "$app" -- truncate -s 1T sparse
    [[ "$output" == *"artifact sparse: artifacts are larger than 4294967296 bytes"* ]]
    [ ! -e indyno-out/sparse ]
    run -125 indyno run -q --artifact many "$app" -- \
        python3 -c 'import os; os.mkdir("many"); [open("many/%d" % n, "w").close() for n in range(100001)]'
    [[ "$output" == *"artifacts are more than 100000 files"* ]]
    rm -rf indyno-out/many
    run -0 indyno run -q --artifact odd "$app" -- sh -c 'mkdir odd && cd odd && touch "$(printf "a\nb")" "$(printf "\033[2J")" -- "-rf"'
    [ "$(find indyno-out/odd -type f | wc -c)" -gt 0 ]
    [ -e "indyno-out/odd/a
b" ]
    run -125 indyno run -q --artifact odd "$app" -- sh -c 'mkdir odd && cd odd && printf x >"$(printf "\033[2J\n")" && chmod 0 *'
    [[ "$output" != *$'\033'* ]]
}

@test "--ro-bind and --bind" {
    mkdir "$scratch/tool" "$scratch/cache"
    echo tool >"$scratch/tool/file"
    chmod 777 "$scratch/cache"
    give "$scratch"
    run -0 --separate-stderr indyno run -q --ro-bind "$scratch/tool:/opt/tool" "$app" -- cat /opt/tool/file
    [ "$output" = tool ]
    run ! indyno run --ro-bind "$scratch/tool:/opt/tool" "$app" -- sh -c 'echo x > /opt/tool/file'
    run -0 indyno run --bind "$scratch/cache" "$app" -- sh -c "echo kept > $scratch/cache/file"
    [ "$(cat "$scratch/cache/file")" = kept ]
}

@test "--bind as root: what a folder's owner has is the step's, and what it makes is the owner's" {
    ! is_user || skip "a user's binds are the user's own"
    mkdir "$scratch/cache" "$scratch/closed"
    echo old >"$scratch/cache/old"
    chown -R 4711:4712 "$scratch/cache"
    mkdir "$scratch/closed/tool"
    echo tool >"$scratch/closed/tool/file"
    chmod 700 "$scratch/closed" # as a home is
    run -0 --separate-stderr indyno run -q --bind "$scratch/cache:/cache" --ro-bind "$scratch/closed/tool:/opt/tool" "$app" -- \
        sh -c 'stat -c %U /cache/old; echo new >/cache/new; echo changed >/cache/old; chmod 4755 /cache/new; cat /opt/tool/file'
    [ "$output" = "$(printf 'dyno\ntool')" ]
    [ "$(stat -c %u:%g "$scratch/cache/new")" = 4711:4712 ]
    [ "$(cat "$scratch/cache/old")" = changed ]
}

# Without sudo itself: what it tells a program is in the environment.
@test "under sudo nothing counts that is not the caller's" {
    ! is_user || skip "only root can act for somebody else"
    mkdir "$scratch/theirs" "$scratch/secret"
    echo KEY=root >"$scratch/secret/env"
    chmod 700 "$scratch/secret"
    chmod 755 "$scratch"
    chown 4711:4712 "$app" "$scratch/theirs"
    export SUDO_UID=4711 SUDO_GID=4712
    INDYNO_STORE=$scratch/theirs run -77 indyno run "$app" -- true
    [[ "$output" == *"not taken from sudo's caller"* ]]
    forget_variables
    run -0 indyno run "$app" -- true
    run -77 indyno run "$scratch" -- true
    run -77 indyno run --env-file "$scratch/secret/env" "$app" -- true
    [[ "$output" != *root* ]]
    run -77 indyno run --env-file /etc/environment "$app" -- true
    run -65 indyno run --ro-bind "$scratch/secret/env" "$app" -- true
    run ! indyno run --ro-bind "$scratch/secret:/secret" "$app" -- ls /secret
    run -65 indyno run --ro-bind "$scratch/secret:/secret" "$app" -- true
    mkdir -m 700 "$scratch/other"
    echo private >"$scratch/other/file"
    chown -R 1234:1234 "$scratch/other"
    run -65 indyno run --bind "$scratch/other:/other" "$app" -- true
    chmod 755 "$scratch/other"
    run -77 indyno run --bind "$scratch/other:/other" "$app" -- true
    run -77 indyno run --report /etc/indyno-report "$app" -- true
    [ ! -e /etc/indyno-report ]
    cd "$scratch"
    run -125 indyno run --artifact a "$app" -- touch a
    [ ! -e "$scratch/indyno-out" ]
    cd "$scratch/theirs"
    run -0 indyno run --artifact a "$app" -- touch a
    [ "$(stat -c %u "$scratch/theirs/indyno-out/a")" = 4711 ]
}

@test "kill -9 of indyno at any instant leaves nothing" {
    for delay in 0 0.002 0.005 0.01 0.02 0.05 0.2; do
        start_indyno run -q "$app" -- sleep 1000 &
        local pid=$!
        sleep "$delay"
        kill -9 "$pid"
        status_of "$pid" 137
        await_nothing_left
    done
    run ! pgrep -f '^sleep 1000$'
}

@test "where the janitor was killed, too, the next run sweeps" {
    mkfifo "$scratch/up"
    give "$scratch"
    start_indyno run -q "$app" -- sh -c 'echo up; sleep 1000' >"$scratch/up" &
    local pid=$! line janitor init step
    read -r line <"$scratch/up"
    janitor=$(descendant "$pid" indyno-janitor)
    init=$(descendant "$pid" indyno-init)
    step=$(descendant "$pid" sleep)
    kill -9 "$janitor" "$pid"
    status_of "$pid" 137
    await_gone "$step"
    await_gone "$init"
    run -0 indyno run -q "$app" -- true
    await_nothing_left
}

@test "many at once share nothing" {
    local i pids=() tries=0
    mkfifo "$scratch/go"
    give "$scratch"
    exec 8<>"$scratch/go"
    for i in $(seq 12); do
        start_indyno run -q --ro-bind "$scratch/go:/tmp/go" "$app" -- \
            sh -c 'cat /proc/self/uid_map; read -r go </tmp/go' >"$scratch/map.$i" 2>&1 8>&- &
        pids+=($!)
    done
    until [ "$(find "$scratch" -name 'map.*' -size +0 | wc -l)" = 12 ] || [ "$((tries += 1))" = 600 ]; do sleep 0.1; done
    if ! is_user; then
        [ "$(cat "$scratch"/map.* | awk '$1 == 0 {print $2}' | sort -u | wc -l)" = 12 ]
        [ "$(cat "$scratch"/map.* | awk '$2 == 0' | wc -l)" = 0 ]
    fi
    printf '\n\n\n\n\n\n\n\n\n\n\n\n' >&8 # a line for each
    for i in "${pids[@]}"; do status_of "$i" 0; done
    exec 8>&-
    await_nothing_left
}
