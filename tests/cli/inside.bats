# Attacks from inside the dyno (tests/inside), in the situation that each of them looks for.

load helper

setup() {
    . "$abs_top_srcdir/tests/inside/situation.sh"
    set_up_attacks
}

teardown() {
    tear_down_attacks
}

@test "attacks from the tests, whose caller hands on everything odd" {
    start_outside
    run --separate-stderr as_tester env INSIDE_REAL_TIME=1 "$scratch/inside" --odd "$INDYNO" run -q --postgres=16 --redis "${attack_arguments[@]}" "$app" -- \
        sh -c "$leave_set_id && /inside"
    is_green "$(skipped 2)"
    await_nothing_left
}

@test "attacks from a server's user, by COPY ... PROGRAM" {
    start_outside
    run --separate-stderr as_tester env INSIDE_REAL_TIME=1 "$scratch/inside" --odd "$INDYNO" run -q --postgres=16 --redis "${attack_arguments[@]}" "$app" -- \
        sh -c "$as_server"
    is_green "$(skipped 0)"
}

@test "attacks where a folder of the host can be written" {
    run --separate-stderr indyno run -q "${attack_arguments[@]}" --bind "$written:/written" "$app" -- \
        /inside set-id-outside set-id-outside-otherwise writable-mounts set-id-mounts device-mounts
    [ "$(grep -c '^ok' <<<"$output")" = 5 ] || { echo "$output"; return 1; }
    [[ "$output" != *SKIP* ]]
    [ -z "$(find "$written" -perm /6000)" ]
}

@test "attacks where the root is a folder, --rootfs" {
    mkdir -p "$scratch/root/bin" "$scratch/root/usr"
    cp /bin/busybox "$scratch/root/bin/sh"
    give "$scratch/root"
    start_outside
    run --separate-stderr as_tester "$scratch/inside" --odd "$INDYNO" run -q --rootfs="$scratch/root" --postgres=16 --redis \
        "${attack_arguments[@]}" "$app" -- /inside -owner-of-usr # who is the caller
    is_green "$(skipped 3)"
}

@test "attacks where the app is the folder itself, --app=rw" {
    is_user || chown -R 1234:1234 "$app"
    start_outside
    # The kernel tells everybody in mountinfo which folder a mount shows.
    run --separate-stderr as_tester "$scratch/inside" --odd "$INDYNO" run -q --app=rw --postgres=16 --redis \
        "${attack_arguments[@]}" "$app" -- /inside -host-path-in-mounts
    is_green "$(skipped 3)"
}

@test "attacks where user namespaces are allowed, from without and from within one" {
    local allowed=(-allowed-namespaces -clone-namespaces -unshare-namespaces -user-namespace)
    # What root of such a namespace may, and to nobody but itself.
    local within=(-capabilities -take-capabilities -leave-by-chroot -set-id-of-root -set-id-in-app -file-capability)
    start_outside
    run --separate-stderr as_tester "$scratch/inside" --odd "$INDYNO" run -q --allow-userns --postgres=16 --redis \
        "${attack_arguments[@]}" "$app" -- /inside "${allowed[@]}"
    is_green "$(skipped 3)"
    run --separate-stderr as_tester "$scratch/inside" --odd "$INDYNO" run -q --allow-userns --postgres=16 --redis \
        "${attack_arguments[@]}" "$app" -- unshare -Ur /inside "${allowed[@]}" "${within[@]}"
    is_green 3
}

@test "attacks where all processes share one id" {
    ! is_user || skip "as root: by somebody without any subordinate ids"
    [ "$(id -u)" = 0 ] || skip "only root can become somebody without subordinate ids"
    start_outside
    cp "$INDYNO" "$scratch/indyno" # which may be where only root can get at it
    run --separate-stderr setpriv --reuid 65530 --regid 65530 --clear-groups env -i "PATH=$PATH" HOME=/ "INDYNO_STORE=$INDYNO_STORE" \
        "$scratch/inside" --odd "$scratch/indyno" run -q --allow-weaker=ids "${attack_arguments[@]}" "$app" -- /inside --single
    is_green 4 # no server has a tree, or leaves a set-user-ID program, and no folder can be written
}

@test "descriptors 0, 1 and 2 that are closed are nothing in the dyno, and a folder is refused" {
    run -0 indyno run -q "${attack_arguments[@]}" --bind "$written:/written" "$app" -- sh -c '/inside standard-folder descriptors >/written/tap' <&- >&- 2>&-
    [ "$(grep -c '^ok' "$written/tap")" = 2 ]
    run -125 indyno run -q "$app" -- ls -l /proc/self/fd/0/ </
    [[ "$output" == *"descriptor 0 is a folder of the host"* ]]
}

@test "a step that kills all it can leaves the servers alive" {
    run -0 --separate-stderr indyno run -q --postgres=16 --redis "$app" -- bash -c 'kill -9 -1; psql -Atc "select 1" && redis-cli ping'
    [ "$output" = "$(printf '1\nPONG')" ]
}

@test "what a step leaves running ends with the dyno" {
    run -0 indyno run -q --bind "$written:/written" "$app" -- sh -c '
        setsid sh -c "trap \"\" TERM HUP INT; echo \$\$ >/written/there; exec sleep 1000" </dev/null >/dev/null 2>&1 &
        while [ ! -s /written/there ]; do :; done'
    await_nothing_left
    run ! pgrep -f '^sleep 1000$'
}

@test "two dynos at once see nothing of each other" {
    mkfifo "$scratch/up" "$scratch/go"
    give "$scratch/up" "$scratch/go"
    cat >"$scratch/serve" <<'PY'
import mmap, os, socket, subprocess
tcp = socket.create_server(("127.0.0.1", 5999)); un = socket.socket(socket.AF_UNIX); un.bind("\0indyno-other"); un.listen()
open("/tmp/other", "w").close(); open("/dev/shm/other", "w").close(); open("/run/other", "w").close()
subprocess.run(["ipcmk", "-M", "4096"], check=True, stdout=2)
print("up", flush=True); open("/tmp/go").read()
PY
    start_indyno run -q --name other --ro-bind "$scratch/go:/tmp/go" --ro-bind "$scratch/serve:/serve" "$app" -- \
        python3 /serve >"$scratch/up" &
    local other=$! line
    read -r line <"$scratch/up"
    [ "$line" = up ]
    run -0 --separate-stderr indyno run -q "$app" -- python3 -c '
import os, socket
def refused(make):
    try: make()
    except ConnectionRefusedError: return True
assert refused(lambda: socket.create_connection(("127.0.0.1", 5999)))
assert refused(lambda: socket.socket(socket.AF_UNIX).connect("\0indyno-other"))
for path in "/tmp/other", "/dev/shm/other", "/run/other": assert not os.path.exists(path), path
assert len(open("/proc/sysvipc/shm").readlines()) == 1
comms = [open(f"/proc/{p}/comm").read() for p in os.listdir("/proc") if p.isdigit()]
assert len(comms) <= 2, comms
print("alone")'
    echo go >"$scratch/go"
    status_of "$other" 0
    [ "$output" = alone ] || { echo "$stderr"; return 1; }
}

@test "no way to take protections away is in an ordinary build" {
    run ! grep -q -e INDYNO_TEETH -e teeth_out "$INDYNO"
    [[ "$(indyno --version)" =~ ^indyno\ [0-9.]+$ ]]
}
