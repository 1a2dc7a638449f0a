#!/bin/bash
# make bench-fairness: what nine equal dynos at once get of the processors, and what a ninth's tests take beside eight that
# fork, fill memory and hammer system calls, against beside eight that only compute. Two tables of ratios. Takes cgroups.
# shellcheck disable=SC2016 # commands of the dynos' shells
set -euo pipefail
: "${INDYNO:?}"
seconds=${SECONDS_EACH:-8} rounds=${ROUNDS:-3} neighbours=8
work=$(mktemp -d /tmp/indyno-fairness.XXXXXX)
trap 'stop_neighbours; rm -rf "$work"' EXIT
mkdir "$work/app"
chmod 755 "$work"
cpus=$(nproc)
pids=()

# A loop on each processor. (--cpu-time, below, has the cgroups count what it uses, on version 1 too.)
compute='for i in $(seq '"$cpus"'); do while :; do :; done & done; wait'

# In place of this shell, so that a signal to it is one to indyno.
become() { # NAME INDYNO'S ARGUMENT...
    exec "$INDYNO" run -q --size=standard-2x --cpu-weight=100 --name "$1" --report "$work/$1.json" "${@:2}" >/dev/null 2>&1
}

stop_neighbours() {
    [ "${#pids[@]}" = 0 ] || { kill "${pids[@]}" || true; wait "${pids[@]}" || true; } 2>/dev/null
    pids=()
}

# ---- Equal parts ----

echo "Nine dynos that compute for $seconds s on $cpus processors: of a ninth of it all, each had"
for n in $(seq 9); do
    become "equal-$n" --cpu-time=1h --timeout="${seconds}s" -k 100ms "$work/app" -- bash -c "$compute" &
    pids+=($!)
done
wait "${pids[@]}" || true
pids=()
for n in $(seq 9); do jq '.usage[0].CPUUsageNSec' "$work/equal-$n.json"; done | awk '
    { ns[NR] = $1; sum += $1 }
    END {
        for (i = 1; i <= NR; i++) {
            part = ns[i] / (sum / NR)
            printf "  dyno %d  %5.2f\n", i, part
            off = part > 1 ? part - 1 : 1 - part
            if (off > most) most = off
        }
        printf "  at most %.3f off\n", most
    }'

# ---- Beside neighbours ----

# What a tenant's tests do: a process a test, queries, files.
cat >"$work/app/suite" <<'SUITE'
set -e
psql -qc "create table t as select i, md5(i::text) m from generate_series(1, 100000) i"
for i in $(seq 30); do
    python3 -c 'import hashlib; [hashlib.sha256(b"%d" % i).digest() for i in range(100000)]'
    psql -qAtc "select count(*) from t where m < '8'" >/dev/null
    cp -r /etc/ssl "/tmp/copy-$i"
done
SUITE

hostile=(
    'while :; do (:) & (:) & (:) & wait; done'
    ':(){ :|:& }; while :; do :; sleep 0.1; done'
    'while :; do python3 -c "x = bytearray(1 << 31)"; done'
    'while :; do dd if=/dev/zero of=/tmp/big bs=1M count=2000; rm -f /tmp/big; done'
    'for i in 1 2 3 4; do dd if=/dev/zero of=/dev/null bs=1 & done; wait'
    'while :; do for i in $(seq 2000); do : >/tmp/f$i; done; rm -f /tmp/f*; done'
    'exec python3 -c "
import os, threading
def hammer():
    while True: os.close(os.open(\"/proc/self/status\", os.O_RDONLY))
for i in range(8): threading.Thread(target=hammer).start()"'
    'while :; do find / -xdev >/dev/null 2>&1; done'
)

# Who is killed for what it does comes back.
neighbour() { # NAME COMMAND
    trap 'kill $! 2>/dev/null || true; wait; exit' TERM
    while :; do
        become "$1" --timeout=30m -k 100ms "$work/app" -- bash -c "$2" &
        wait $! || true
    done
}

start_neighbours() { # computing|hostile
    local i command=$compute
    for i in $(seq 0 $((neighbours - 1))); do
        [ "$1" = computing ] || command=${hostile[$i]}
        neighbour "$1-$i" "$command" &
        pids+=($!)
    done
}

time_suite() {
    local from=$EPOCHREALTIME
    (become suite --postgres=16 "$work/app" -- bash suite) || { jq .message "$work/suite.json" >&2; return 1; }
    awk -v from="$from" -v to="$EPOCHREALTIME" 'BEGIN { printf "%.2f\n", to - from }'
}

median() {
    sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}

echo
echo "A suite of tests beside eight dynos (s, medians of $rounds)"
for kind in computing hostile; do
    start_neighbours "$kind"
    for _ in $(seq "$rounds"); do time_suite; done | median >"$work/$kind"
    stop_neighbours
    echo "  $kind  $(cat "$work/$kind")"
done
awk -v a="$(cat "$work/hostile")" -v b="$(cat "$work/computing")" 'BEGIN { printf "  ratio  %.2f\n", a / b }'
