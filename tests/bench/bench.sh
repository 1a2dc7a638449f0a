#!/bin/sh
# make bench: the way from `indyno run` to the first line of the command's output, and the whole of a run.
#
# Two tables of medians from interleaved runs, each against a peer: an empty dyno against bubblewrap with the same
# namespaces and the same view of the host; a dyno with Postgres 16 and Redis against what people do by hand, initdb, a
# started server, and redis-server. Then the times of the launch's own steps; and what the system-call filter costs a call,
# and Postgres, against none.
set -eu
: "${INDYNO:?}" "${BENCH:?}"
rounds=${ROUNDS:-60}
work=$(mktemp -d /tmp/indyno-bench.XXXXXX)
trap 'rm -rf "$work"' EXIT
mkdir "$work/app" "$work/hand"
chmod 755 "$work"

# The same view of the host as a dyno has.
set -- echo ready
for f in alternatives ssl/certs ld.so.cache ld.so.conf ld.so.conf.d nsswitch.conf localtime services protocols; do
    [ ! -e "/etc/$f" ] || set -- --ro-bind "/etc/$f" "/etc/$f" "$@"
done
for d in bin sbin lib lib32 lib64 libx32; do
    [ ! -L "/$d" ] || set -- --symlink "$(readlink "/$d")" "/$d" "$@"
done
set -- bwrap --unshare-user --unshare-all --uid 1000 --gid 1000 --clearenv --setenv PATH /usr/bin:/bin --new-session \
    --die-with-parent --ro-bind /usr /usr --proc /proc --dev /dev --tmpfs /tmp --tmpfs /run --tmpfs /var/tmp \
    --ro-bind "$work/app" /app --chdir /app "$@"

echo "An empty dyno"
(cd "$work" && "$BENCH/interleave" "$rounds" "indyno run" "$INDYNO" run -q "$work/app" -- echo ready , bubblewrap "$@")

cat >"$work/by-hand" <<'HAND'
#!/bin/sh
# As an unprivileged user, in an empty folder: a new cluster and a Redis, until both answer.
set -eu
dir=$(mktemp -d "$1/XXXXXX")
tree=$2 redis=$3
cd "$dir"
"$tree/bin/initdb" -D data -A trust -E UTF8 --locale=C.UTF-8 >/dev/null
"$tree/bin/pg_ctl" -D data -w -l log -o "-p 54329 -k $dir -c fsync=off" start >/dev/null
"$redis"/usr/lib/*-linux-gnu/ld-linux-*.so.2 --argv0 redis-server --library-path "$(echo "$redis"/usr/lib/*-linux-gnu)" \
    "$redis/usr/bin/redis-server" --port 0 --unixsocket "$dir/redis.sock" --save "" --daemonize yes --pidfile "$dir/redis.pid" >/dev/null
until [ -s redis.pid ]; do :; done
echo ready
"$tree/bin/pg_ctl" -D data -m immediate stop >/dev/null
kill "$(cat redis.pid)"
cd / && rm -rf "$dir"
HAND
chmod 755 "$work/by-hand" && chmod 777 "$work/hand"
tree=$("$INDYNO" image inspect postgresql:16 | jq -r '.path + "/" + .tree')
redis=$("$INDYNO" image inspect redis:7.0 | jq -r '.path + "/tree/root"')
set -- "$work/by-hand" "$work/hand" "$tree" "$redis"
[ "$(id -u)" != 0 ] || set -- setpriv --reuid 65534 --regid 65534 --clear-groups "$@"

echo
echo "Postgres 16 and Redis, both answering"
"$BENCH/interleave" "$((rounds / 6 + 1))" "indyno run --postgres --redis" \
    "$INDYNO" run -q --postgres=16 --redis=7.0 "$work/app" -- echo ready , "initdb, pg_ctl, redis-server" "$@"

echo
echo "The steps of one launch (ms since its start)"
"$INDYNO" run -q --status-fd 3 --postgres=16 --redis=7.0 "$work/app" -- true 3>"$work/status"
jq -r '.timings[] | "\(.step) \(.at_us / 1000)"' "$work/status" | while read -r name at; do
    printf '%-28s %9.2f ms\n' "$name" "$at"
done

echo
echo "The system-call filter"
"$BENCH/filter-cost" "$rounds"

# Transactions a second that a Postgres answers, with a program that only asks.
# shellcheck disable=SC2016 # the inner shell's
select_rate() { # INDYNO
    "$1" run -q --postgres=17 "$work/app" -- sh -c 'pgbench -i -q "$DATABASE_URL" >&2 && pgbench -S -n -t 20000 "$DATABASE_URL"' \
        2>"$work/log" | sed -n 's/^tps = \([0-9.]*\) .*/\1/p'
}

echo
echo "Postgres 17 under it: pgbench -S, one client"
INDYNO_STORE=$work/store "$INDYNO" image install postgresql:17 --from deb
export INDYNO_STORE="$work/store"
round=0
while [ "$round" -lt $((rounds / 4 + 1)) ]; do
    echo "$(select_rate "$INDYNO") $(select_rate "$BENCH/unfiltered")"
    round=$((round + 1))
done | awk '{ print $1 / $2, $1, $2 }' | sort -n | awk '{ line[NR] = $0 } END {
    split(line[int((NR + 1) / 2)], median)
    printf "%.0f a second, without a filter %.0f: ratio %.3f (median of %d, interleaved)\n", median[2], median[3], median[1], NR }'
