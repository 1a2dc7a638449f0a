# indyno doctor, and what run says where the host refuses something. Each cause is made for real, in namespaces of the
# test's own. AppArmor's restriction cannot be: its explanation is tests/unit/test-cause.c's.

# shellcheck disable=SC2154 # scratch, app, output, stderr: helper.bash and bats set them
# shellcheck disable=SC2030,SC2031 # each test is a subshell
# shellcheck disable=SC2016 # variables for inner shells

load helper

setup() {
    setup_scratch
    set_rights
}

# For what only root can prepare, for itself or for the user.
need_root() {
    [ "$(id -u)" = 0 ] || skip "only root can prepare this"
}

# Runs COMMAND in a mount namespace in which SCRIPT ($1 is the scratch folder) was run.
in_mounts() { # SCRIPT COMMAND...
    local script=$1
    shift
    unshare --mount --propagation private sh -euc "prepare() { $script
}"' && prepare "$0" && exec "$@"' "$scratch" "$@"
}

# That doctor, run by the words before it, exits with STATUS and finds PROBE missing because of CAUSE.
finds() { # STATUS PROBE CAUSE COMMAND...
    local status=$1 probe=$2 cause=$3
    shift 3
    run "-$status" --separate-stderr "$@" doctor --json "$app"
    jq -e --arg probe "$probe" --arg cause "$cause" '.probes[] | select(.name == $probe) |
        .state == "missing" and .cause == $cause and (.remedy | length > 0) and (.cost | length > 0)' <<<"$output" ||
        { echo "$output"; return 1; }
}

# That run, by the words before it, fails with the same reason and remedy as doctor, which finds has just run.
run_says_the_same() { # PROBE COMMAND...
    local reason remedy probe=$1
    shift
    reason=$(jq -r --arg probe "$probe" '.probes[] | select(.name == $probe) | .reason // .tried' <<<"$output")
    remedy=$(jq -r --arg probe "$probe" '.probes[] | select(.name == $probe) | .remedy' <<<"$output")
    run --separate-stderr "$@" run "$app" -- true
    [[ $status != 0 && "$stderr" == *"$reason"* && "$stderr" == *"$remedy"* ]] || { echo "$status: $stderr"; return 1; }
}

@test "on this host runs work, and doctor leaves nothing" {
    run -0 --separate-stderr indyno doctor "$app"
    [ -z "$stderr" ]
    [[ "$output" == *"ok       namespaces "* && "$output" == *"ok       dyno "* && "$output" == *"runs work" ]]
    [[ "$output" == *"images in $INDYNO_STORE: "*postgresql:* ]]
    await_nothing_left
    [ -z "$(ls -A "$app")" ]
}

@test "--json: all probes, each with a state; nothing vital is missing" {
    run -0 --separate-stderr indyno doctor --json "$app"
    jq -e '.runs and .needs_weaker == [] and (.images | length > 0) and (.probes | length >= 12) and
        all(.probes[]; .state == "ok" or (.vital | not) or .state == "skipped")' <<<"$output"
}

@test "the words of doctor" {
    run -0 indyno doctor --help
    [ "$output" = "$(indyno help doctor)" ]
    run -64 indyno doctor --jsn
    run -64 indyno doctor "$app" "$app"
    run -65 indyno doctor "$app/none"
}

@test "cgroups: what doctor says of them agrees with a run that asks for limits" {
    run -0 --separate-stderr indyno doctor --json "$app"
    if has_cgroups; then
        jq -e '.probes[] | select(.name == "cgroups") | .state == "ok" and (.note | startswith("version "))' <<<"$output"
        jq -e '(.probes[] | select(.name == "cgroups").note) as $version |
            .probes[] | select(.name == "clone-into-cgroup").state == if $version | startswith("version 2") then "ok" else "skipped" end' <<<"$output"
        jq -e '.probes[] | select(.name == "limited-dyno").state == "ok"' <<<"$output"
        indyno run --pids-limit=50 "$app" -- true
    else
        jq -e '.probes[] | select(.name == "cgroups") | .state == "missing" and .cause == "not-delegated"' <<<"$output"
        run -65 indyno run --pids-limit=50 "$app" -- true
    fi
}

@test "user.max_user_namespaces is 0" {
    local limited=(as_tester unshare --user --map-current-user --keep-caps sh -c
        'echo 0 >/proc/sys/user/max_user_namespaces && exec setpriv --ambient-caps=-all --inh-caps=-all "$@"' sh "$INDYNO")
    finds 1 namespaces namespace-limit "${limited[@]}"
    if is_user; then # root of such a namespace cannot read with the rights of the app's owner
        run_says_the_same namespaces "${limited[@]}"
        [[ "$stderr" == *"user.max_user_namespaces is 0 here"* ]]
    fi
    run -1 "${limited[@]}" doctor "$app"
    [[ "$output" == *"no run works here" && "$output" == *"skipped  proc "* ]]
    await_nothing_left
}

@test "a limit of an enclosing user namespace" {
    mkfifo "$scratch/inside"
    give "$scratch"
    finds 1 namespaces namespace-limit-above as_tester unshare --user --map-root-user sh -c '
        unshare --user --map-root-user sh -c "read -r go <\"\$0\" && exec \"\$@\"" "$@" &
        exec 3>"$1" && echo 0 >/proc/sys/user/max_user_namespaces && echo go >&3 && wait "$!"' sh "$scratch/inside" "$INDYNO"
}

@test "ids that are not mapped in the caller's own user namespace" {
    finds 1 namespaces unmapped-id as_tester unshare --user "$INDYNO"
}

@test "root of a user namespace without the ids of dynos" {
    finds 1 ids block-not-mapped as_tester unshare --user --map-root-user "$INDYNO"
    jq -e '.probes[] | select(.name == "proc") | .state == "skipped"' <<<"$output"
}

# A root that has indyno, and proc where the test wants it.
plant_root() {
    mkdir -p "$scratch/root/proc" "$scratch/root/usr" "$scratch/root/etc" "$scratch/root/tmp" "$scratch/root/sys" "$scratch/root/run" "$scratch/root$app"
    chmod 1777 "$scratch/root/tmp"
    local link
    for link in bin sbin lib lib64; do [ ! -L "/$link" ] || cp -P "/$link" "$scratch/root/"; done
    cp /etc/passwd /etc/group /etc/subuid /etc/subgid "$scratch/root/etc/"
    cp "$INDYNO" "$scratch/root/indyno"
    give "$scratch/root$app"
}

@test "a chroot" {
    need_root
    plant_root
    local chrooted=(in_mounts 'mount --rbind /usr "$1/root/usr" && mount --rbind /proc "$1/root/proc"'
        chroot "$scratch/root" "${rights[@]}" /indyno)
    finds 1 namespaces chroot "${chrooted[@]}"
    run_says_the_same namespaces "${chrooted[@]}"
}

@test "a chroot to what is itself a mount, seen by where pid 1 has it" {
    need_root
    plant_root
    finds 1 namespaces chroot unshare --mount --pid --fork --mount-proc sh -euc 'mount --bind "$0" "$0"
        mount --rbind /usr "$0/usr" && mount --rbind /proc "$0/proc" && { chroot "$0" "$@" || exit $?; }' \
        "$scratch/root" "${rights[@]}" /indyno
}

@test "a chroot without /proc: that much is said" {
    need_root
    plant_root
    finds 1 namespaces chroot in_mounts 'mount --rbind /usr "$1/root/usr"' chroot "$scratch/root" "${rights[@]}" /indyno
}

@test "a container's system-call filter" {
    need_root
    local filtered=("$abs_top_builddir/tests/cli/deny" "${rights[@]}" "$INDYNO")
    finds 1 namespaces seccomp "${filtered[@]}"
    run_says_the_same namespaces "${filtered[@]}"
}

@test "a /proc that is mounted over, as in a container" {
    need_root
    local script covered
    for script in 'mount -t tmpfs none /proc/acpi' 'mount --bind /proc/sys /proc/sys && mount -o remount,bind,ro /proc/sys'; do
        covered=(in_mounts "$script" "${rights[@]}" "$INDYNO")
        finds 1 proc proc-over-mounted "${covered[@]}"
        [[ "$output" == *"over /proc/"[as]* ]]
        run_says_the_same proc "${covered[@]}"
    done
    await_nothing_left
}

@test "a /proc that is read-only" {
    need_root
    finds 1 ids proc-read-only in_mounts 'mount -o remount,bind,ro /proc' "${rights[@]}" "$INDYNO"
}

# ---- A user's ids ----

need_user() {
    is_user || skip "root needs no subordinate ids"
    need_root
    newuidmap=$(command -v newuidmap)
}

# That runs are refused because of CAUSE, and work with a single id; the words of in_mounts are the rest.
finds_no_ids() { # CAUSE SCRIPT
    local cause=$1 broken=(in_mounts "$2" "${rights[@]}" "$INDYNO")
    finds 0 ids "$cause" "${broken[@]}"
    jq -e '.runs and .needs_weaker == ["ids"]' <<<"$output"
    run_says_the_same ids "${broken[@]}"
    run -0 "${broken[@]}" run --allow-weaker=ids "$app" -- true
    run -0 "${broken[@]}" doctor "$app"
    [[ "$output" == *"runs work with --allow-weaker=ids only" ]]
}

@test "no newuidmap" {
    need_user
    finds_no_ids no-newuidmap "mount --bind /dev/null '$newuidmap'"
}

@test "a newuidmap without the rights to map" {
    need_user
    cp "$newuidmap" "$scratch/newuidmap"
    chmod 755 "$scratch/newuidmap"
    finds_no_ids newuidmap-not-set-uid "mount --bind \"\$1/newuidmap\" '$newuidmap'"
    finds_no_ids newuidmap-nosuid "mount --bind '$newuidmap' '$newuidmap' && mount -o remount,bind,nosuid '$newuidmap'"
}

@test "no range of subordinate ids" {
    need_user
    echo "somebody:100000:65536" >"$scratch/none"
    echo "$INDYNO_TEST_USER:100000:255" >"$scratch/small"
    finds_no_ids no-subordinate-uids 'mount --bind "$1/none" /etc/subuid'
    finds_no_ids no-subordinate-gids 'mount --bind "$1/small" /etc/subgid'
}

@test "no_new_privs: set-user-ID programs gain nothing" {
    is_user || skip "root needs no subordinate ids"
    finds 0 ids no-new-privs as_tester setpriv --no-new-privs "$INDYNO"
    run_says_the_same ids as_tester setpriv --no-new-privs "$INDYNO"
}

@test "a way out: a whole dyno of it is tried" {
    need_root
    run -0 --separate-stderr "$abs_top_srcdir/tests/cli/outside.sh" "${rights[@]}" "$INDYNO" doctor "$app"
    [[ "$output" == *"ok       outbound-dyno "* ]]
    run -0 --separate-stderr unshare --net "${rights[@]}" "$INDYNO" doctor "$app"
    [[ "$output" != *"ok       outbound-dyno "* && "$output" == *"runs work" ]]
    await_nothing_left
}

@test "the AppArmor profile is for the program that is installed" {
    grep -q "^profile indyno /.*/bin/indyno flags=(unconfined) {$" "$abs_top_builddir/packaging/apparmor/indyno"
    ! grep -q '@' "$abs_top_builddir/packaging/apparmor/indyno" || false
}
