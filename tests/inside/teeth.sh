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
# How: step; resource, resource-server (the same, where root has CAP_SYS_RESOURCE); folder (a folder is standard input);
# user (the step of an unprivileged user's dyno); single (the same, with one id for all); server (Postgres' user);
# left (the step, after Postgres' user left it a set-user-ID program); writes (the step, to a folder of the host's);
# named (the step, with these attacks alone); shown (nothing is taken away, but the host's files are shown by --ro-bind);
# terminal (the step, of a caller with a terminal).
table='
                                        | step     |
                                        | server   |
                                        | left     |
                                        | writes   |
                                        | user     |
                                        | single   |
filter                                  | step     | filtered denied-calls unknown-calls i386 clone-namespaces unshare-namespaces clone3-namespaces
filter                                  | step     | socket-families pair-families netlink-protocols internet-protocols protocols-on-tcp sockets-with-high-bits personalities type-into-terminal use-keys
filter                                  | step     | -user-namespace -callers-key -mount-over -remount -leave-by-chroot -raw-sockets -trace-others -open-by-handle
filter                                  | server   | filtered denied-calls calls-denied-to-servers
user-namespaces                         | step     | allowed-namespaces -user-namespace
filter,user-namespaces                  | step     | user-namespace
filter-outside                          | writes   | set-id-outside set-id-outside-otherwise
no-new-privs,filter                     | left     | no-new-privileges -set-id-of-server -set-id-of-root -set-id-in-app -file-capability
nosuid                                  | left     | set-id-mounts -set-id-of-server -set-id-of-root -file-capability
nosuid,no-new-privs,filter              | left     | set-id-of-server -set-id-of-root -file-capability
nosuid,no-new-privs,filter,bounding     | step     | file-capability -set-id-of-root
bounding                                | step     | capabilities -take-capabilities -become-others -mount-over
bounding,capabilities,filter            | single   | capabilities -take-capabilities -mount-over -remount -pivot-root
ids                                     | step     | root-user root-group owner-of-usr owner-of-device -set-id-of-root
ids,nosuid,no-new-privs,filter          | step     | set-id-of-root -writable-proc
nodev                                   | step     | device-mounts brought-device bound-device
read-only                               | step     | writable-mounts write-read-only write-own-files write-bind take-usr
read-only                               | left     | write-trees
dumpable                                | step     | -other-processes -trace-others
dumpable                                | single   | first-process -trace-others
proc-mask                               | step     | settings machine-folders
command-line                            | step     | secret-in-first-process
environment                             | step     | environment
net-namespace                           | step     | host-abstract-socket host-loopback listed-sockets
ipc-namespace                           | step     | shared-memory semaphores message-queue
uts-namespace                           | step     | host-name
cgroup-ns                               | step     | own-cgroup
close-fds                               | step     | descriptors
standard-folders                        | folder   | standard-folder
groups                                  | step     | groups
signals                                 | step     | signals
filter                                  | step     | change-core-limit
rlimits                                 | step     | low-limits core-limit
rlimits                                 | resource | privileged-limits more-limits
rlimits                                 | resource | more-priority
priority                                | step     | priority
oom-score                               | resource | escape-oom-killer
oom-score                               | resource-server | oom-score
personality                             | step     | personality
umask                                   | step     | creation-mask
session                                 | step     | session
keyring                                 | step     | -callers-key -key-list
keyring,filter                          | step     | callers-key
proc-keys                               | user     | key-list
pid-namespace                           | step     | signal-outside find-outside
devices                                 | step     | device-list host-files
users                                   | named    | -writable-proc -take-groups -mount-over -raw-sockets -allow-namespaces
users,proc-mask                         | named    | writable-proc
users,ids                               | named    | machine-files change-device
users,ids                               | named    | -control-groups
users,ids,read-only                     | named    | control-groups
users,bounding,capabilities             | named    | -mount-over -remount -other-processes -low-port
users,bounding,capabilities,no-new-privs,filter | named | take-groups become-others take-capabilities give-away -allow-namespaces
users,bounding,capabilities,no-new-privs,filter,proc-mask | named | allow-namespaces
users,bounding,capabilities,no-new-privs,filter | named | low-port raw-sockets change-network leave-by-chroot
users,bounding,capabilities,no-new-privs,filter | named | remount remount-new mount-over
users,bounding,capabilities,no-new-privs,filter | named | bind-mount
users,bounding,capabilities,no-new-privs,filter | named | unmount
users,bounding,capabilities,no-new-privs,filter | named | signal-others change-others -other-processes -first-process -trace-others
users,bounding,capabilities,no-new-privs,filter,dumpable | named | other-processes first-process
users,bounding,capabilities,no-new-privs,filter,dumpable | named | read-others trace-others take-descriptors
                                        | shown    | hidden-paths host-files host-path-in-mounts
session                                 | terminal | controlling-terminal
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
    if [ -n "${INDYNO_WITH_TEETH-}" ]; then # where nothing can be compiled, as in tests/vm
        cp "$INDYNO_WITH_TEETH" "$work/indyno"
        return
    fi
    mkdir "$build"
    (cd "$build" && "$abs_top_srcdir/configure" --quiet --enable-teeth --sysconfdir=/etc CFLAGS=-O0)
    make -s -C "$build" -j "$(nproc)" sandbox/filter-data.h >/dev/null
    make -s -C "$build" -j "$(nproc)" indyno >/dev/null
    cp "$build/indyno" "$work/indyno"
}

use_build() {
    INDYNO=$work/indyno
    . "$abs_top_srcdir/tests/cli/tree.sh"
    : "${INDYNO_STORE:=/var/lib/indyno}"
    export INDYNO_STORE
}

give() {
    :
}

# ---- The runs ----

# shellcheck disable=SC2317 # in rights
as() { # UID COMMAND...
    local id=$1
    shift
    setpriv --reuid "$id" --regid "$id" --clear-groups env -i "PATH=$PATH" HOME=/ "INDYNO_STORE=$INDYNO_STORE" "$@"
}

has_resource_capability() {
    local capabilities
    capabilities=$(sed -n 's/^CapEff:\t*//p' /proc/self/status)
    (((16#$capabilities >> 24) & 1))
}

# shellcheck disable=SC2317 # in rights
on_terminal() { # COMMAND...
    script -qec "$(printf '%q ' "$@")" /dev/null | tr -d '\r'
}

# shellcheck disable=SC2054 # one argument with a comma in it
attack() { # PROTECTIONS HOW ATTACKS: prints TAP
    local names=" $3" run=(run -q) rights=() command=(/inside) input=/dev/null
    case $2 in
        user) rights=(as indynotest) ;;
        single) rights=(as 65530) run+=(--allow-weaker=ids) command+=(--single) ;;
        server | resource-server) run+=(--postgres=16) command=(sh -c "$as_server") ;;
        left) run+=(--postgres=16) command=(sh -c "$leave_set_id && /inside") ;;
        writes) run+=(--bind "$written:/written") ;;
        folder) input=/ ;;
        named) read -ra command <<<"/inside${names// -/ }" ;;
        shown) run+=(--ro-bind "$app:$app" --ro-bind /home) ;;
        terminal) rights=(on_terminal) ;;
    esac
    "${rights[@]}" env "INDYNO_TEETH_OUT=$1" "$INSIDE" --odd "$INDYNO" "${run[@]}" "${attack_arguments[@]}" "$app" -- "${command[@]}" \
        <"$input" 2>&1
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
    if [ -z "$1" ] && [ "$2" != shown ]; then
        wrong+=$(grep '^not ok' <<<"$tap" || true)
        verdict "$([ -z "$wrong" ] && echo yes)" "nothing taken away ($2): all green"
    else
        for name in $3; do
            case $name in
                -*) ! is_red "${name#-}" "$tap" || wrong+=" ${name#-} is red" ;;
                *) is_red "$name" "$tap" || [[ " $kernels " = *" $name "* ]] || wrong+=" $name is green" ;;
            esac
        done
        verdict "$([ -z "$wrong" ] && echo yes)" "without ${1:-files hidden} ($2): ${3# }"
    fi
    [ -z "$wrong" ] || { printf '# %s\n' "$wrong"; grep -v '^ok' <<<"$tap" | awk '{ print "#   " $0 }'; }
}

. "$abs_top_srcdir/tests/inside/situation.sh"
build
use_build
id indynotest >/dev/null 2>&1 || useradd --create-home --shell /bin/sh indynotest # with subordinate ids, as the tests as a user have
mkdir "$scratch"
make_situation
start_outside

# What the kernel holds by itself, on this one or on all: devices and handles are of no use to a user namespace, id maps
# are written once. set-id-in-app: what is in the app is the step's own or
# nobody's. own-walls is what is allowed.
kernels='make-block-device make-character-device open-by-handle own-maps pivot-root x32 set-id-in-app own-walls'
has_resource_capability || kernels+=' privileged-limits more-limits oom-score escape-oom-killer'
[ -n "$(find /sys/fs/cgroup -maxdepth 2 -name cgroup.procs -print -quit)" ] || kernels+=' control-groups' # the host has none
[ "$(wc -l </proc/net/route)" -gt 1 ] || kernels+=' interfaces routes connect-outside' # the host has no network
has_entries=$(find /proc/acpi /proc/asound /proc/scsi -mindepth 1 -print -quit 2>/dev/null || true)
[ -n "$has_entries" ] || kernels+=' machine-folders'
! "$INSIDE" i386 >/dev/null || kernels+=' i386' # a kernel without that ABI

while IFS='|' read -r protections how expected; do
    [ -n "$how" ] || continue
    protections=${protections// /} how=${how// /}
    if [[ $how = resource* ]] && ! has_resource_capability; then
        verdict yes "without $protections: $expected # SKIP root has no CAP_SYS_RESOURCE here"
        continue
    fi
    tap=$(attack "$protections" "$how" "$expected" || true)
    judge "$protections" "$how" "$expected" "$tap"
    sed -n 's/^not ok [0-9]* - \([a-z0-9-]*\):.*/\1/p' <<<"$tap" >>"$work/red"
    sed -n 's/^[no t]*ok [0-9]* - \([a-z0-9-]*\).*/\1/p' <<<"$tap" >>"$work/all"
    find "$written" -mindepth 1 -delete
done <<<"$table"
# The way out: what is reached of what must not be (tests/cli/reach.py), with "the host" and "far away" saying by whom.
# PROTECTIONS | ADDRESS, PROTOCOL AND WAY THAT MUST REACH SOMETHING
outbound_table='
                  |
unreachable-rules | 10.9.9.9 tcp plain, 169.254.169.254 tcp plain, 192.0.2.10 tcp plain, 203.0.113.99 udp plain, 2001:db8:99::99 tcp plain, 169.254.1.1 tcp plain, 64:ff9b::10.9.9.9 tcp plain
tap-filter        | 10.9.9.9 tcp bound, 169.254.169.254 udp by-interface, 192.0.2.10 tcp bound, 127.0.0.1 udp bound, 169.254.1.1 udp unicast-if, 224.0.0.251 udp multicast-if
'
forbidden='10.9.9.9 169.254.169.254 169.254.1.1 192.0.2.10 203.0.113.99 127.0.0.1 2001:db8:99::99 224.0.0.251 64:ff9b::10.9.9.9'

judge_outbound() { # PROTECTIONS EXPECTED WHAT WAS REACHED
    local way wrong='' rest=$2
    if [ -z "$1" ]; then
        verdict "$([ "$3" = nothing ] && echo yes)" "nothing taken away (outbound): nothing reached"
        return
    fi
    while [ -n "$rest" ]; do
        way=${rest%%, *}
        grep -q "^$way: " <<<"$3" || wrong+=" $way;"
        [ "$rest" != "$way" ] || break
        rest=${rest#*, }
    done
    verdict "$([ -z "$wrong" ] && echo yes)" "without $1 (outbound): $2"
    [ -z "$wrong" ] || printf '# not reached:%s\n' "$wrong"
}

if command -v pasta >/dev/null && [ -c /dev/net/tun ] && [ -x /usr/bin/python3 ]; then
    cp "$abs_top_srcdir/tests/cli/reach.py" "$app/"
    while IFS='|' read -r protections expected; do
        [ -n "$protections" ] || continue
        # shellcheck disable=SC2086 # several addresses
        reached=$(INDYNO_TEETH_OUT=${protections// /} "$abs_top_srcdir/tests/cli/outside.sh" "$INDYNO" run -q --network=outbound "$app" -- \
            python3 /app/reach.py $forbidden || true)
        judge_outbound "${protections// /}" "${expected# }" "$reached"
    done <<<"$outbound_table"
else
    verdict yes "the way out # SKIP no pasta, no /dev/net/tun or no Python here"
fi
tr ' ' '\n' <<<"$kernels" >>"$work/red"
never=$(comm -23 <(sort -u "$work/all") <(sort -u "$work/red") | tr '\n' ' ')
verdict "$([ -z "$never" ] && echo yes)" "each attack has been red: ${never:-all}"
echo "1..$count"
exit "$failed"
