# --network: none is nothing but loopback, outbound is pasta.

load helper

public='198.51.100.7 2001:db8::7 64:ff9b::198.51.100.7'
private='10.9.9.9 172.16.9.9 192.168.9.9 100.64.9.9 fd00:9::9 64:ff9b::10.9.9.9'
hosts='192.0.2.10 203.0.113.99 10.1.1.1 127.0.0.1 0.0.0.0 255.255.255.255 192.0.2.255 ::1 :: ::ffff:192.0.2.10 2001:db8:1::10 2001:db8:99::99'
nobodys='169.254.169.254 169.254.1.1 fd69:6e64:796e::53 224.0.0.251 192.0.0.1 fe80::1%outside ff02::1%outside 64:ff9b::169.254.169.254'

setup() {
    [ "$(id -u)" = 0 ] || skip "only root can make the namespaces that stand for the outside"
    setup_scratch
    set_rights
    cp "$abs_top_srcdir/tests/cli/reach.py" "$app"
}

outside() {
    "$abs_top_srcdir/tests/cli/outside.sh" "${rights[@]}" "$INDYNO" "$@"
}

reach() { # ADDRESSES: the step's words
    echo "python3 /app/reach.py $*"
}

# The addresses that reach.py has reached, of its output.
reached() {
    cut -d ' ' -f 1 <<<"$output" | sort -u | tr '\n' ' '
}

sorted() { # WORD...
    printf '%s\n' "$@" | sort | tr '\n' ' '
}

@test "outbound reaches the outside by TCP and UDP, IPv4 and IPv6; none does not" {
    # shellcheck disable=SC2086 # several
    run -0 --separate-stderr outside run -q --network=outbound "$app" -- sh -c "$(reach $public)"
    for address in $public; do
        [[ "$output" == *"$address tcp plain: far away"* && "$output" == *"$address udp plain: far away"* ]]
    done
    # shellcheck disable=SC2086
    run -0 --separate-stderr outside run -q "$app" -- sh -c "$(reach $public)"
    [ "$output" = nothing ]
    await_nothing_left
}

@test "outbound reaches no address of the host's, no metadata, no group and no private network, whatever the way" {
    local words
    # shellcheck disable=SC2086
    words=$(reach $public $private $hosts $nobodys)
    run -0 --separate-stderr outside run -q --network=outbound "$app" -- sh -c "$words"
    # shellcheck disable=SC2086
    [ "$(reached)" = "$(sorted $public)" ]
    run -0 --separate-stderr outside run -q --network=outbound --postgres=16 "$app" -- \
        psql -qAt -v ON_ERROR_STOP=1 -c "copy (select 1) to program '$words >/tmp/reached'" -c "select pg_read_file('/tmp/reached')"
    output=$(sed '/^$/d' <<<"$output")
    # shellcheck disable=SC2086
    [ "$(reached)" = "$(sorted $public)" ]
}

@test "outbound,private reaches private networks too, and still nothing of the host's" {
    # shellcheck disable=SC2086
    run -0 --separate-stderr outside run -q --network=outbound,private "$app" -- sh -c "$(reach $public $private $hosts $nobodys)"
    # shellcheck disable=SC2086
    [ "$(reached)" = "$(sorted $public $private)" ]
}

@test "outbound: names, by the host's name server; databases as ever" {
    run -0 --separate-stderr outside run -q --network=outbound --postgres=16 "$app" -- \
        sh -c 'cat /etc/resolv.conf; psql -Atc "select 1"; getent ahostsv4 far.example | grep -m 1 STREAM'
    [ "${lines[0]}" = 'nameserver 169.254.1.1' ]
    [ "${lines[1]}" = 'nameserver fd69:6e64:796e::53' ]
    [ "${lines[2]}" = 1 ]
    [[ "${lines[3]}" == 198.51.100.7\ * ]]
}

@test "outbound: neither the step nor Postgres' user changes routes, rules, neighbours or the interface" {
    # shellcheck disable=SC2016 # the step's
    local attempts='for what in "route del default" "route add 10.9.9.9 dev outside" "rule del pref 200" "-6 rule del pref 200" "link set outside down" "link set outside multicast off" "neigh add 10.9.9.9 dev outside lladdr 02:69:6e:64:79:6e" "address add 10.9.9.8/8 dev outside"; do ip $what && echo "done: $what"; done 2>&1 | grep -v "Operation not permitted"; echo tried'
    run -0 --separate-stderr outside run -q --network=outbound "$app" -- sh -c "$attempts"
    [ "$output" = tried ]
    echo "$attempts" >"$app/attempts"
    run -0 --separate-stderr outside run -q --network=outbound --postgres=16 "$app" -- \
        psql -qAt -v ON_ERROR_STOP=1 -c "copy (select 1) to program 'sh /app/attempts >/tmp/tried 2>&1'" -c "select pg_read_file('/tmp/tried')"
    [ "${lines[0]}" = tried ]
}

@test "outbound: an address that the host gets during the run is out of reach" {
    cat >"$scratch/beside" <<'SH'
fifo=$1
shift
"$@" &
run=$!
read -r _ <"$fifo.up"
ip address add 203.0.113.98/32 dev lo
ip address add 2001:db8:98::98/128 dev lo nodad
ip address add 203.0.113.97/32 dev up0
echo go >"$fifo"
wait "$run"
SH
    mkfifo "$scratch/fifo" "$scratch/fifo.up"
    chmod 666 "$scratch"/fifo*
    run -0 --separate-stderr "$abs_top_srcdir/tests/cli/outside.sh" sh "$scratch/beside" "$scratch/fifo" \
        "${rights[@]}" "$INDYNO" run -q --network=outbound --bind "$scratch/fifo:/fifo" --bind "$scratch/fifo.up:/fifo.up" "$app" -- \
        sh -c "echo up >/fifo.up; read -r _ </fifo; $(reach 203.0.113.98 2001:db8:98::98 203.0.113.97)"
    [ "$output" = nothing ]
}

phases() { # NETWORKS: a run whose setup leaves a connection open
    cat >"$app/stay.py" <<'PY'
import socket

heard = open("/tmp/heard", "w", buffering=1)
connection = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
connection.connect(("198.51.100.7", 8080))
connection.settimeout(1)
open("/tmp/connected", "w").write("connected\n")
for _ in range(3):
    open("/tmp/say").read()
    try:
        connection.send(b"still there?")
        heard.write(connection.recv(100).decode())
    except OSError as error:
        heard.write(f"{error.strerror or error}\n")
    open("/tmp/said", "w").write("said\n")
PY
    write_app <<'JSON'
{"environments": {"test": {"scripts": {
    "test-setup": "mkfifo /tmp/connected /tmp/say /tmp/said; python3 /app/stay.py & read x </tmp/connected; echo >/tmp/say; read x </tmp/said; python3 /app/reach.py 198.51.100.7 2001:db8::7 | grep plain >/tmp/setup; true",
    "test": "echo >/tmp/say; read x </tmp/said; sed 's/^/setup: /' /tmp/setup; python3 /app/reach.py 198.51.100.7 2001:db8::7 | grep -e plain -e nothing; cat /tmp/heard; ls /sys/class/net 2>/dev/null || ip -br link | cut -d' ' -f1"}}}}
JSON
    run -0 --separate-stderr outside run -q --report="$scratch/report" "--network=$1" "$app"
}

four='198.51.100.7 tcp plain: far away
198.51.100.7 udp plain: far away
2001:db8::7 tcp plain: far away
2001:db8::7 udp plain: far away'

@test "setup:outbound,test:none: the way out ends with setup, for what it left running as well" {
    phases setup:outbound,test:none
    [ "$output" = "setup: ${four//$'\n'/$'\n'setup: }
nothing
far away
Network is unreachable
lo" ]
    [ "$(jq -r '.verdict, .network, .steps[].network' "$scratch/report" | tr '\n' ' ')" = 'succeeded setup:outbound,test:none outbound none ' ]
    await_nothing_left
}

@test "setup:none,test:outbound: the way out begins with the test" {
    cat >"$app/app.json" <<'JSON'
{"environments": {"test": {"scripts": {
    "test-setup": "python3 /app/reach.py 198.51.100.7 2001:db8::7 169.254.1.1 10.9.9.9 192.0.2.10; ! getent hosts far.example",
    "test": "python3 /app/reach.py 198.51.100.7 2001:db8::7 10.9.9.9 | grep plain; getent ahostsv4 far.example | grep -c STREAM"}}}}
JSON
    run -0 --separate-stderr outside run -q --network=setup:none,test:outbound "$app"
    [ "$output" = "$(printf 'nothing\n%s\n1' "$four")" ]
}

@test "a network of setup's alone is not a command's" {
    run -0 --separate-stderr outside run -q --network=setup:outbound "$app" -- sh -c "cat /etc/resolv.conf; $(reach 198.51.100.7)"
    [ "$output" = nothing ]
}

@test "plan says which network a phase has" {
    write_app <<'JSON'
{"environments": {"test": {"scripts": {"test-setup": "true", "test": "true"}}}}
JSON
    run -0 --separate-stderr indyno plan --network=setup:outbound,private,test:none "$app"
    [[ "$output" == *"network             setup:outbound,private,test:none"* ]]
    run -0 --separate-stderr indyno plan --json --network=setup:outbound,test:none "$app"
    [ "$(jq -r '.network, .steps[].network' <<<"$output" | tr '\n' ' ')" = 'setup:outbound,test:none outbound none ' ]
}

@test "outbound: ports are the dyno's own: two dynos listen on the same, and nobody on the host" {
    cat >"$scratch/two" <<'SH'
fifo=$1
shift
dyno() { # FIFO COMMAND [ARG...]
    fifo=$1
    shift
    exec "$@" --bind "$fifo:/fifo" "$app" -- python3 /app/listen.py
}
app=$1
shift
dyno "$fifo.1" "$@" &
one=$!
dyno "$fifo.2" "$@" &
two=$!
read -r _ <"$fifo.1"
read -r _ <"$fifo.2"
ss -Hltun | grep -e ':5000 ' -e ':5432 ' && echo "on the host"
echo go >"$fifo.1"
echo go >"$fifo.2"
wait "$one" && wait "$two" && echo both
SH
    cat >"$app/listen.py" <<'PY'
import socket

server = socket.create_server(("0.0.0.0", 5000))
open("/fifo", "w").write("up\n")
open("/fifo").read()
socket.create_connection(("127.0.0.1", 5000)).send(b"mine")
assert server.accept()[0].recv(10) == b"mine"
PY
    mkfifo "$scratch/fifo.1" "$scratch/fifo.2"
    chmod 666 "$scratch"/fifo*
    run -0 "$abs_top_srcdir/tests/cli/outside.sh" sh "$scratch/two" "$scratch/fifo" \
        "$app" "${rights[@]}" timeout 60 "$INDYNO" run -q --network=outbound --postgres=16
    [ "$output" = both ]
}

@test "outbound on a host without a way out is refused" {
    run -125 unshare --net "${rights[@]}" "$INDYNO" run --network=outbound "$app" -- true
    [[ "$output" == *"--network=outbound: this host has no default route"* ]]
    await_nothing_left
}

@test "outbound on a host with IPv4 alone: IPv6 is unreachable at once" {
    # shellcheck disable=SC2016 # the inner shell's
    run -0 --separate-stderr "$abs_top_srcdir/tests/cli/outside.sh" sh -c 'ip -6 route del default; exec "$@"' sh \
        "${rights[@]}" "$INDYNO" run -q --network=outbound "$app" -- sh -c "$(reach 198.51.100.7 2001:db8::7); ip -6 route show default"
    [ "$(reached)" = '198.51.100.7 ' ]
}

@test "outbound on a host with IPv6 alone" {
    # shellcheck disable=SC2016
    run -0 --separate-stderr "$abs_top_srcdir/tests/cli/outside.sh" sh -c 'ip route del default; echo nameserver 2001:db8::7 >/etc/resolv.conf; exec "$@"' sh \
        "${rights[@]}" "$INDYNO" run -q --network=outbound "$app" -- sh -c "getent hosts far.example | wc -l; $(reach 198.51.100.7 2001:db8::7)"
    [ "${lines[0]}" = 1 ]
    [[ "$output" == *'2001:db8::7 tcp plain: far away'* && "$output" != *198.51.100.7* ]]
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

@test "outbound: a run that loses pasta is errored" {
    mkfifo "$scratch/up"
    give "$scratch"
    "$abs_top_srcdir/tests/cli/outside.sh" "${rights[@]}" "$INDYNO" run --network=outbound "$app" -- \
        sh -c 'echo up; sleep 1000' >"$scratch/up" 2>"$scratch/said" 3>&- &
    local outside=$! launcher
    read -r _ <"$scratch/up"
    launcher=$(descendant "$outside" indyno)
    kill "$(descendant "$launcher" 'pas[st]*')"
    local status=0
    wait "$outside" || status=$?
    [ "$status" = 125 ]
    grep -F -- '--network=outbound: pasta: it ended by itself' "$scratch/said"
    await_nothing_left
}
