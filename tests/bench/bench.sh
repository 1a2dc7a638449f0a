#!/bin/sh
# make bench: the way from `indyno run` to the first line of the command's output, and the whole of a run.
#
# Two tables of medians from interleaved runs, each against a peer: an empty dyno against bubblewrap with the same
# namespaces and the same view of the host; a dyno with Postgres 16 and Redis against what people do by hand, initdb, a
# started server, and redis-server. Then the times of the launch's own steps.
set -eu
: "${INDYNO:?}" "${INTERLEAVE:?}"
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
(cd "$work" && "$INTERLEAVE" "$rounds" "indyno run" "$INDYNO" run -q "$work/app" -- echo ready , bubblewrap "$@")

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
"$INTERLEAVE" "$((rounds / 6 + 1))" "indyno run --postgres --redis" \
    "$INDYNO" run -q --postgres=16 --redis=7.0 "$work/app" -- echo ready , "initdb, pg_ctl, redis-server" "$@"

echo
echo "The steps of one launch (ms since its start)"
"$INDYNO" run -q --status-fd 3 --postgres=16 --redis=7.0 "$work/app" -- true 3>"$work/status"
jq -r '.timings[] | "\(.step) \(.at_us / 1000)"' "$work/status" | while read -r name at; do
    printf '%-28s %9.2f ms\n' "$name" "$at"
done
