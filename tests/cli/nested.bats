# indyno inside another sandbox: bubblewrap, as CI systems use it, and a dyno of its own.

load helper

setup() {
    . "$abs_top_srcdir/tests/inside/situation.sh"
    set_up_attacks
    cp "$INDYNO" "$scratch/indyno" # which may be where only root can get at it
    nested_indyno=$scratch/indyno
    is_user && weaker=(--allow-weaker=ids) || weaker=()
}

teardown() {
    tear_down_attacks
}

# Runs indyno in bubblewrap, as the test's user.
nested() { # BWRAP'S ARGUMENT... -- INDYNO'S ARGUMENT...
    local bwrap=()
    while [ "$1" != -- ]; do
        bwrap+=("$1")
        shift
    done
    shift
    as_tester bwrap "${bwrap[@]}" "$nested_indyno" "$@"
}

# Sets sandbox to how an ordinary CI sandbox of this user's is made: all of the host is read-only, what the run needs is
# shown. As root it has no user namespace, and the host's /proc (see below).
set_sandbox() {
    sandbox=(--ro-bind / / --dev /dev --tmpfs /tmp --ro-bind "$INDYNO_STORE" "$INDYNO_STORE" --bind "$scratch" "$scratch")
    if [ -n "${INDYNO_CATALOG-}" ]; then sandbox+=(--ro-bind "$INDYNO_CATALOG" "$INDYNO_CATALOG"); fi
    if is_user; then
        sandbox+=(--unshare-user --unshare-pid --unshare-ipc --proc /proc)
    else
        mkdir -p /run/indyno
        sandbox+=(--bind /proc /proc --bind /run/indyno /run/indyno)
    fi
}

# That doctor finds PROBE missing because of CAUSE, and a run is refused for the same reason.
finds_nested() { # PROBE CAUSE BWRAP'S ARGUMENT... [-- RUN'S ARGUMENT...]
    local probe=$1 cause=$2 reason bwrap=() options=()
    shift 2
    while [ $# -gt 0 ] && [ "$1" != -- ]; do
        bwrap+=("$1")
        shift
    done
    [ $# = 0 ] || options=("${@:2}")
    run --separate-stderr nested "${bwrap[@]}" -- doctor --json "$app"
    reason=$(jq -er --arg probe "$probe" --arg cause "$cause" \
        '.probes[] | select(.name == $probe and .state == "missing" and .cause == $cause) | .reason' <<<"$output") ||
        { echo "$output $stderr"; return 1; }
    run -65 --separate-stderr nested "${bwrap[@]}" -- run "${options[@]}" "$app" -- true
    [[ "$stderr" == *"$reason"* ]] || { echo "$stderr"; return 1; }
    remedy=$(sed -n 's/^  //p' <<<"$stderr")
    [ -n "$remedy" ]
}

@test "bubblewrap: both databases, the exit status, nothing left" {
    local sandbox words=(run --postgres=16 --redis "${weaker[@]}" "$app" -- sh -c
        'psql -Atc "select 1" && redis-cli ping && [ "$(id -un)" = dyno ] && exit 3')
    set_sandbox
    run -3 --separate-stderr nested "${sandbox[@]}" -- "${words[@]}"
    [ "$output" = "$(printf '1\nPONG')" ] || { echo "$output $stderr"; return 1; }
    run -3 --separate-stderr nested --dev-bind / / -- "${words[@]}"
    [ "$output" = "$(printf '1\nPONG')" ] || { echo "$output $stderr"; return 1; }
    await_nothing_left
}

@test "bubblewrap: what the app's folder has stays as it is, and a signal is passed on" {
    local sandbox
    set_sandbox
    run -137 nested "${sandbox[@]}" -- run -q "${weaker[@]}" "$app" -- sh -c 'echo >new && kill -KILL $$'
    [ ! -e "$app/new" ]
}

@test "bubblewrap: its end is the dyno's" {
    local sandbox line
    set_sandbox
    mkfifo "$scratch/up"
    give "$scratch/up"
    nested "${sandbox[@]}" --die-with-parent -- run -q "${weaker[@]}" "$app" -- sh -c 'echo up && exec sleep 1000' >"$scratch/up" 3>&- &
    read -r line <"$scratch/up"
    [ "$line" = up ]
    kill -KILL "$(descendant "$!" bwrap | head -n 1)"
    status_of "$!" 137
    await_nothing_left
}

@test "bubblewrap: attacks from the tests" {
    local sandbox
    set_sandbox
    start_outside
    is_user && role=(--single) || role=()
    run --separate-stderr as_tester bwrap "${sandbox[@]}" "$scratch/inside" --odd "$nested_indyno" run -q --postgres=16 --redis "${weaker[@]}" "${attack_arguments[@]}" "$app" -- /inside "${role[@]}"
    is_green "$(skipped 3)"
    await_nothing_left
}

@test "bubblewrap, as a user: subordinate ids are not mapped there" {
    is_user || skip "a root has none"
    local sandbox
    set_sandbox
    finds_nested ids subordinate-ids-not-mapped "${sandbox[@]}"
    [[ "$remedy" == *--allow-weaker=ids* ]]
    await_nothing_left
}

@test "bubblewrap, as root: its fresh /proc is covered in parts, a whole one beside it is enough" {
    ! is_user || skip "bubblewrap covers nothing of a user's /proc"
    [ "$(id -u)" = 0 ] || skip "only root has no user namespace made"
    local covered=() place
    # Not / whole: the host's /proc would be beneath the fresh one, which was enough on 6.1.
    for place in /*; do [ "$place" = /proc ] || covered+=(--dev-bind "$place" "$place"); done
    covered+=(--unshare-pid --proc /proc)
    finds_nested proc proc-over-mounted "${covered[@]}"
    [[ "$remedy" == *"bwrap as root: "*"--bind /proc DIR"* ]]
    run -3 nested "${covered[@]}" --bind /proc /mnt -- run -q --postgres=16 "$app" -- sh -c 'psql -c "select 1" && exit 3'
    run -3 nested --dev-bind / / -- run -q "$app" -- sh -c 'exit 3'
    await_nothing_left
}

@test "bubblewrap: a /proc of another pid namespace" {
    local probe=ids
    if is_user; then probe=tmpfs; fi # of a single id's run
    finds_nested "$probe" proc-foreign --dev-bind / / --unshare-pid -- "${weaker[@]}"
    [[ "$remedy" == *"bwrap: --proc /proc"* ]]
    await_nothing_left
}

@test "bubblewrap: root of a user namespace" {
    finds_nested ids block-not-mapped --dev-bind / / --unshare-user --uid 0 --gid 0
    [[ "$remedy" == *"as an ordinary user"* ]]
}

@test "bubblewrap, as root: where runs claim their ids can be written" {
    ! is_user || skip "a user's are claimed in /tmp"
    [ "$(id -u)" = 0 ] || skip "as a user they are claimed in /tmp"
    run -125 --separate-stderr nested --dev-bind / / --ro-bind /run /run -- run "$app" -- true
    [[ "$stderr" == *"/run/indyno"*"--bind /run/indyno /run/indyno"* ]]
}

@test "a dyno within a dyno is refused, and why is said" {
    local userns
    for userns in "" --allow-userns; do
        # shellcheck disable=SC2086 # none or one
        run -65 --separate-stderr indyno run -q $userns --ro-bind "$nested_indyno:/indyno" "$app" -- /indyno run -- true
        [[ "$stderr" == *"a system-call filter over this process"*"if this is a dyno of indyno's"* ]] || { echo "$stderr"; return 1; }
        run -1 --separate-stderr indyno run -q $userns --ro-bind "$nested_indyno:/indyno" "$app" -- /indyno doctor --json
        jq -e '.probes[] | select(.name == "namespaces") | .state == "missing" and .cause == "seccomp"' <<<"$output"
    done
}
