#!/bin/bash
# make check-teeth: each protection is taken away, and the attacks that it holds must then succeed; with nothing taken
# away, none may. Prints TAP. Needs root, and the images of ./quickstart for the rows with Postgres.
#
# Where an attack is held by more than one layer, it is red only when all of them are taken away together: such rows
# name the layers with commas between, and each of the layers alone has a row of its own which says so ("-" before an
# attack: this must stay green).
set -euo pipefail
: "${abs_top_srcdir:?}" "${INSIDE:?}" "${SHIM:?}"
[ "$(id -u)" = 0 ] || { echo "1..0 # SKIP not root"; exit 0; }

# PROTECTIONS | HOW TO RUN | ATTACKS THAT MUST BE RED (-NAME: GREEN)
# How: step; user (the step of an unprivileged user's dyno); single (the same with one id); server (Postgres' user);
# left (the step, after Postgres' user left it a set-user-ID program); writes (the step, to a folder of the host's).
table='
                                          | step   |
                                          | server |
                                          | left   |
                                          | writes |
                                          | user   |
                                          | single |
filter                                    | step   | filtered denied-calls unknown-calls personalities netlink-protocols clone3-namespaces type-into-terminal use-keys -clone-namespaces -mount-over -remount -leave-by-chroot -raw-sockets -read-others -trace-others
filter                                    | server | filtered calls-denied-to-servers
user-namespaces                           | step   | allowed-namespaces -clone-namespaces -unshare-namespaces
filter,user-namespaces                    | step   | clone-namespaces unshare-namespaces
filter-outside                            | writes | set-id-outside set-id-outside-otherwise
no-new-privs,filter                       | step   | no-new-privileges -set-id-of-root -set-id-in-app -file-capability
no-new-privs,filter                       | left   | no-new-privileges -set-id-of-server
nosuid                                    | left   | set-id-mounts -set-id-of-server -set-id-of-root
nosuid,no-new-privs,filter                | left   | set-id-of-server -set-id-of-root -file-capability
ids                                       | step   | root-user root-group owner-of-usr owner-of-device -set-id-of-root
ids,nosuid,no-new-privs,filter            | step   | set-id-of-root -writable-proc
bounding                                  | step   | capabilities -take-capabilities -become-others -mount-over
capabilities                              | step   | -capabilities
capabilities                              | single | capabilities
capabilities,filter                       | single | mount-over remount
nodev                                     | step   | device-mounts brought-device bound-device
read-only                                 | step   | writable-mounts write-read-only write-trees write-own-files write-bind take-usr
dumpable                                  | step   | -other-processes -first-process -trace-others
dumpable                                  | single | -first-process
dumpable,capabilities                     | single | first-process
command-line                              | step   | secret-in-first-process
environment                               | step   | -environment
environment,command-line                  | step   | environment
net-namespace                             | step   | interfaces host-abstract-socket host-loopback listed-sockets
ipc-namespace                             | step   | shared-memory semaphores message-queue
uts-namespace                             | step   | host-name
cgroup-ns                                 | step   | own-cgroup
close-fds                                 | step   | descriptors
groups                                    | step   | groups
signals                                   | step   | signals
rlimits                                   | step   | privileged-limits low-limits core-limit more-limits
priority                                  | step   | priority
rlimits,priority                          | step   | more-priority
personality                               | step   | personality
umask                                     | step   | creation-mask
session                                   | step   | session
oom-score                                 | step   | oom-score escape-oom-killer
keyring                                   | step   | key-list
proc-keys                                 | user   | key-list
keyring                                   | user   | -key-list
keyring,filter                            | step   | key-list use-keys
'

work=$(mktemp -d /tmp/indyno-teeth.XXXXXX)
scratch=$work/scratch
outside=
# shellcheck disable=SC2317 # by the trap
finish() {
    [ -z "$outside" ] || end_outside
    rm -rf "$work"
}
trap finish EXIT
chmod 755 "$work"

build() {
    local build=$work/build
    mkdir "$build"
    (cd "$build" && "$abs_top_srcdir/configure" --quiet --enable-teeth --sysconfdir=/etc CFLAGS=-O0)
    make -s -C "$build" -j "$(nproc)" indyno >/dev/null
    cp "$build/indyno" "$work/indyno"
    INDYNO=$work/indyno
    . "$abs_top_srcdir/tests/cli/tree.sh"
    : "${INDYNO_STORE:=/var/lib/indyno}"
    export INDYNO_STORE
}

give() {
    :
}

# ---- The runs ----

as_stranger=(setpriv --reuid 65530 --regid 65530 --clear-groups env -i "PATH=$PATH" HOME=/ "INDYNO_LIBEXECDIR=$work/libexec"
    "INDYNO_CATALOG=$work/catalog.json" INDYNO_STORE=/var/lib/indyno)

attack() { # PROTECTIONS HOW: prints TAP
    local run=(run -q) rights=() command=(/inside)
    case $2 in
        user | single) rights=("${as_stranger[@]}") ;;&
        single) run+=(--allow-weaker=ids) ;;
        server | left) run+=(--postgres=16) ;;
    esac
    case $2 in
        server) command=(sh -c "$as_server") ;;
        writes) run+=(--bind "$written:/written") ;;
        left) command=(sh -c "$leave_set_id && /inside") ;;
    esac
    "${rights[@]}" env "INDYNO_TEETH_OUT=$1" "$INSIDE" --odd "$INDYNO" "${run[@]}" "${attack_arguments[@]}" "$app" -- "${command[@]}" 2>&1
}

# ---- The verdict ----

count=0
failed=0

verdict() { # OK DESCRIPTION
    count=$((count + 1))
    [ "$1" = yes ] || { failed=1; printf 'not '; }
    echo "ok $count - $2"
}

is_red() { # NAME TAP
    grep -q "^not ok [0-9]* - $1:" <<<"$2"
}

# All that is red, where nothing is out; else what the row names.
judge() { # PROTECTIONS HOW EXPECTED TAP
    local name wrong='' tap=$4
    grep -q '^1\.\.' <<<"$tap" || wrong='the attacks did not run to their end'
    if [ -z "$1" ]; then
        wrong+=$(grep '^not ok' <<<"$tap" || true)
        verdict "$([ -z "$wrong" ] && echo yes)" "nothing taken away ($2): all green"
    else
        for name in $3; do
            case $name in
                -*) ! is_red "${name#-}" "$tap" || wrong+=" ${name#-} is red" ;;
                *) is_red "$name" "$tap" || wrong+=" $name is green" ;;
            esac
        done
        verdict "$([ -z "$wrong" ] && echo yes)" "without $1 ($2): $3"
    fi
    [ -z "$wrong" ] || { printf '# %s\n' "$wrong"; grep -v '^ok' <<<"$tap" | awk '{ print "#   " $0 }'; }
}

. "$abs_top_srcdir/tests/inside/situation.sh"
build
mkdir "$scratch"
make_situation
chmod 755 "$scratch"
start_outside
set_run_arguments

while IFS='|' read -r protections how expected; do
    [ -n "$how" ] || continue
    protections=${protections// /} how=${how// /}
    judge "$protections" "$how" "$expected" "$(attack "$protections" "$how" || true)"
    find "$written" -mindepth 1 -delete
done <<<"$table"
echo "1..$count"
exit "$failed"
