# A user's limits on a host of systemd's, in no group that is delegated: a run has a scope of its own from the user's
# systemd. For a virtual machine only whose pid 1 is systemd (boot.sh, VM_SYSTEMD), with that user's manager running.

load ../cli/helper

setup() {
    setup_scratch
    session=/run/user/$(id -u "$INDYNO_TEST_USER")
}

# By which indyno finds the user's systemd. The processes are in the group of the tests', which is root's.
as_tester() {
    local rights
    set_rights
    "${rights[@]}" env "XDG_RUNTIME_DIR=$session" "$@"
}

start_indyno() {
    local rights
    set_rights
    exec "${rights[@]}" env "XDG_RUNTIME_DIR=$session" "$INDYNO" "$@" 3>&-
}

state_dir() {
    echo "$session/indyno"
}

scopes() {
    find /sys/fs/cgroup -name 'indyno-*.scope' -type d
    as_tester systemctl --user --all --plain --no-legend list-units 'indyno-*.scope'
}

await_no_scope() {
    local tries
    await_nothing_left
    for ((tries = 0; tries < 100; tries++)); do
        [ -n "$(scopes)" ] || return 0
        sleep 0.01
    done
    scopes
    return 1
}

@test "a scope: limits hold, and nothing of it stays" {
    run -137 --separate-stderr indyno run -q --memory=256M --report "$scratch/report" "$app" -- python3 -c 'x=bytearray(1<<30)'
    [ "$(jq -r '.verdict + " " + .cause' "$scratch/report")" = "failed memory-limit" ]
    jq -e '.cgroups and .notes == [] and .weaker == []' "$scratch/report"
    await_no_scope
    run -3 --separate-stderr indyno run -q --pids-limit=20 "$app" -- python3 -c '
import os, sys, time
try:
    for i in range(50):
        if os.fork() == 0: time.sleep(100)
except OSError as error:
    print(error.strerror); sys.exit(3)'
    [ "$output" = "Resource temporarily unavailable" ]
    await_no_scope
}

@test "a scope: the run is this process's: its words, input, descriptors and status" {
    as_tester bash -c 'echo input | "$1" run -q --memory=256M --status-fd 9 "$2" -- sh -c "cat; echo \"\$1\"; exit 42" sh "\$HOME %n" 9>"$2/status"' \
        sh "$INDYNO" "$app" >"$scratch/output" && status=0 || status=$?
    [ "$status" = 42 ]
    [ "$(cat "$scratch/output")" = "$(printf 'input\n$HOME %%n')" ]
    [ "$(jq .exit_status "$app/status")" = 42 ]
    await_no_scope
}

@test "a scope: told to stop, or killed, a run leaves nothing" {
    start_up run -q --memory=256M "$app" -- sh -c 'echo up; exec sleep 100'
    [[ "$(cat "/proc/$dyno/cgroup")" == 0::/user.slice/*/app.slice/indyno-*.scope/* ]] || { cat "/proc/$dyno/cgroup"; return 1; }
    kill -TERM "$dyno"
    status_of "$dyno" 143
    await_no_scope
    rm "$scratch/up"
    start_up run -q --memory=256M "$app" -- sh -c 'echo up; exec sleep 100'
    kill -9 "$dyno"
    await_no_scope
}

@test "a scope is made for limits alone, where no group is delegated" {
    local own
    own=$(cat /proc/self/cgroup)
    start_up run -q "$app" -- sh -c 'echo up; exec sleep 100'
    [ "$(cat "/proc/$dyno/cgroup")" = "$own" ]
    kill "$dyno"
    status_of "$dyno" 143
    run -0 indyno run -q --memory=256M --allow-weaker=limits --report "$scratch/report" "$app" -- true
    [ "$(jq -c .weaker "$scratch/report")" = '["limits"]' ]
    run -0 as_tester systemd-run --user --scope --quiet --collect --unit=outer.scope -p Delegate=yes \
        "$INDYNO" run -q --memory=256M "$app" -- cat /proc/self/cgroup
    run -0 as_tester systemd-run --user --scope --quiet --collect -p Delegate=yes "$INDYNO" plan --json --memory=256M "$app" -- true
    jq -e '.scope == false and .missing == []' <<<"$output"
}

@test "plan and doctor say that there would be one" {
    run -0 indyno plan --memory=256M "$app" -- true
    [[ "$output" == *"scope "*"one of the user's systemd is made for the run"* ]]
    run -0 --separate-stderr indyno plan --json --memory=256M "$app" -- true
    jq -e .scope <<<"$output"
    run -0 --separate-stderr indyno plan --json "$app" -- true
    jq -e '.scope | not' <<<"$output"
    [ -z "$(scopes)" ]
    run -0 --separate-stderr indyno doctor --json "$app"
    jq -e '[.probes[] | select(.name == "cgroups" or .name == "limited-dyno") | .state] == ["ok", "ok"]' <<<"$output"
    await_no_scope
}

refused() { # WHY
    rm -f "$scratch/report"
    run -65 --separate-stderr indyno run --memory=256M --report "$scratch/report" "$app" -- true
    [[ "$stderr" == *"limits cannot be enforced here: no group with the controllers memory, pids and cpu was delegated"*"$1"*"--allow-weaker=limits"* ]] ||
        { echo "$stderr"; return 1; }
    [ "$(jq -r '.verdict + " " + (.exit_status | tostring)' "$scratch/report")" = "errored 65" ]
    run -0 --separate-stderr indyno plan --json --memory=256M "$app" -- true
    jq -e '.scope | not' <<<"$output"
}

@test "where no scope is to be had, limits are refused, and why is said" {
    session='' refused "XDG_RUNTIME_DIR is not set"
    session=$scratch refused "connect to $scratch/systemd/private: No such file or directory"
}

@test "a scope without cpuset: that limit is refused, or left out" {
    refused_cpuset() {
        run -65 --separate-stderr "$@"
        [[ "$stderr" == *"set the cpuset limit: "*"leave that limit out"* ]] || { echo "$stderr"; return 1; }
    }
    refused_cpuset indyno run --cpuset-cpus=0 "$app" -- true
    refused_cpuset as_tester systemd-run --user --scope --quiet --collect -p Delegate=yes "$INDYNO" run --cpuset-cpus=0 "$app" -- true
    run -0 as_tester systemd-run --user --scope --quiet --collect -p Delegate=yes \
        "$INDYNO" run --cpuset-cpus=0 --allow-weaker=limits --report "$scratch/report" "$app" -- true
    [ "$(jq -c .weaker "$scratch/report")" = '["limits"]' ]
    await_no_scope
}

@test "a scope without a controller that limits take is no help" {
    local manager
    manager=user@$(id -u "$INDYNO_TEST_USER").service
    mkdir -p "/run/systemd/system/$manager.d"
    printf '[Service]\nDelegate=\nDelegate=pids memory\n' >"/run/systemd/system/$manager.d/less.conf"
    systemctl daemon-reload
    systemctl restart "$manager"
    run -65 --separate-stderr indyno run --memory=256M "$app" -- true
    rm -r "/run/systemd/system/$manager.d"
    systemctl daemon-reload
    systemctl restart "$manager"
    [[ "$stderr" == *"limits cannot be enforced here: no group "*"/app.slice/indyno-"*".scope)"* ]] || { echo "$stderr"; return 1; }
    await_no_scope
}
