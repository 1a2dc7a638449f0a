# --network: none is nothing but loopback, outbound is pasta.

load helper

ask='import socket; print(socket.create_connection(("198.51.100.7", 8080), 5).recv(100).decode(), end="")'

setup() {
    [ "$(id -u)" = 0 ] || skip "only root can make the namespaces that stand for the outside"
    setup_scratch
    set_rights
}

outside() {
    "$abs_top_srcdir/tests/cli/outside.sh" "${rights[@]}" "$INDYNO" "$@"
}

@test "outbound reaches the outside, none does not" {
    run -0 --separate-stderr outside run -q --network=outbound "$app" -- python3 -c "$ask"
    [ "$output" = "far away" ]
    run -1 outside run -q "$app" -- python3 -c "$ask"
    [[ "$output" == *"Network is unreachable"* ]]
    await_nothing_left
}

@test "outbound: a name server, no listening port on the host, databases as ever" {
    run -0 --separate-stderr outside run -q --network=outbound --postgres=16 "$app" -- \
        sh -c 'cat /etc/resolv.conf; psql -Atc "select 1"; python3 -c "$1"' sh "$ask"
    [ "$output" = "$(printf 'nameserver 169.254.1.1\n1\nfar away')" ]
    run -0 --separate-stderr outside run -q --network=outbound "$app" -- sh -c 'python3 -m http.server 8081 >/dev/null 2>&1 & sleep 1'
    ! pgrep '^pas[st]'
}

@test "outbound on a host without a way out: refused with pasta's reason" {
    run -125 unshare --net "${rights[@]}" "$INDYNO" run --network=outbound "$app" -- true
    [[ "$output" == *"--network=outbound: pasta: "* ]]
    await_nothing_left
}

@test "outbound: pasta has the dyno's ids, and ends with a kill -9" {
    mkfifo "$scratch/up"
    give "$scratch"
    "$abs_top_srcdir/tests/cli/outside.sh" "${rights[@]}" "$INDYNO" run -q --network=outbound "$app" -- \
        sh -c 'echo up; sleep 1000' >"$scratch/up" 3>&- &
    local outside=$! line launcher pasta
    read -r line <"$scratch/up"
    launcher=$(descendant "$outside" indyno)
    pasta=$(descendant "$launcher" 'pas[st]*') # pasta, passt.avx2
    [ -n "$pasta" ]
    [ "$(stat -c %u "/proc/$pasta")" != 0 ] || is_user
    kill -9 "$launcher"
    await_gone "$pasta"
    await_nothing_left
    wait "$outside" || true
}

@test "outbound: what listens on the host's loopback is out of reach" {
    mkfifo "$scratch/up"
    cat >"$scratch/beside-server" <<'SH'
/usr/bin/python3 -c 'import socket
server = socket.create_server(("127.0.0.1", 8090))
print("up", flush=True)
while True: server.accept()' >"$1" 3>&- &
server=$!
trap 'kill "$server"' EXIT
read -r _ <"$1"
shift
"$@"
SH
    run -0 --separate-stderr "$abs_top_srcdir/tests/cli/outside.sh" sh "$scratch/beside-server" "$scratch/up" \
        "${rights[@]}" "$INDYNO" run -q --network=outbound "$app" -- python3 -c '
import socket
for address in "127.0.0.1", "192.0.2.1", "192.0.2.10", "169.254.1.1":
    try: socket.create_connection((address, 8090), 1); print("reached", address)
    except OSError: pass
print("tried")'
    [ "$output" = tried ]
}
