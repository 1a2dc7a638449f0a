# Sourced by what runs the attacks: makes the situation that they look for, in the folder scratch, for the program
# INSIDE; give is a command that gives files to whom the dyno is of.
# shellcheck shell=bash

# The app's folder with what root alone can put there: a set-user-ID program, one with a file capability, a device node.
# What cannot be made is not told of, and the attacks that need it are skipped. Sets attack_arguments to those of a run that
# show the attacks to the dyno.
# shellcheck disable=SC2034 # of whoever sources this
make_situation() {
    : "${scratch:?}" "${INSIDE:?}"
    app=$scratch/app bound=$scratch/bound written=$scratch/written
    attack_arguments=(--ro-bind "$scratch/inside:/inside" --ro-bind "$bound:/bound" -e "GIVEN=indyno-inside-secret")
    mkdir -p "$app" "$bound" "$written"
    cp "$INSIDE" "$scratch/inside"
    chmod 755 "$scratch/inside"
    give "$scratch"
    chmod 755 "$scratch"
    chmod 777 "$written" # as root, the step writes only where everybody may
    echo 'bound yes' >"$app/outside"
    [ "$(id -u)" = 0 ] || return 0
    install -m 4755 "$INSIDE" "$bound/set-id"
    install -m 4755 "$INSIDE" "$app/set-id"
    install -m 755 "$INSIDE" "$bound/capable"
    mknod -m 666 "$app/device" c 1 5
    mknod -m 666 "$bound/device" c 1 5
    printf 'set-id yes\ndevice yes\n' >>"$app/outside"
    setcap cap_sys_admin,cap_dac_override+ep "$bound/capable" && echo 'capable yes' >>"$app/outside"
}

# What else the host has that the dyno must not see: listening sockets, System V objects, files. Until end_outside.
start_outside() {
    mkfifo "$scratch/outside-in" "$scratch/outside-out"
    "$INSIDE" --outside "$app/outside" <"$scratch/outside-in" >"$scratch/outside-out" 3>&- &
    outside=$!
    exec 8>"$scratch/outside-in"
    read -r _ <"$scratch/outside-out"
    chmod a+r "$app/outside"
}

end_outside() {
    exec 8>&-
    wait "$outside"
}

# A file of bats': before each test, and after it.
set_up_attacks() {
    INSIDE=${abs_top_builddir:?}/tests/inside/inside
    setup_scratch
    make_situation
}

tear_down_attacks() {
    [ -z "${outside-}" ] || end_outside
    teardown_scratch
}

# A server's user attacks through Postgres.
# shellcheck disable=SC2034
as_server='psql -qAt -v ON_ERROR_STOP=1 -c "copy (select 1) to program '"'"'umask 022; /inside --server >/tmp/tap 2>&1; true'"'"'"; cat /tmp/tap; grep -q "^1\.\." /tmp/tap'

# Has Postgres' user leave a set-user-ID program where the step finds it.
# shellcheck disable=SC2034
leave_set_id='psql -qAt -v ON_ERROR_STOP=1 -c "copy (select 1) to program '"'"'cp /inside /tmp/set-id-of-server && chmod 4755 /tmp/set-id-of-server'"'"'"'

# What is not green of a run's TAP, and how many were skipped.
# shellcheck disable=SC2154 # output, stderr: bats sets them
is_green() { # SKIPPED
    grep '^not ok' <<<"$output" && return 1
    [ "$status" = 0 ] || { echo "status $status: $stderr"; return 1; }
    [ "$(grep -c '^ok' <<<"$output")" -ge 80 ] || { echo "$output"; return 1; }
    [ "$(grep -c '# SKIP' <<<"$output")" = "$1" ] || { grep '# SKIP' <<<"$output"; return 1; }
}

# What could not be prepared: what belongs to root, by others; and there is no folder of the host's to write to.
skipped() { # MORE
    if [ "$(id -u)" = 0 ]; then echo "$1"; else echo "$(($1 + 5))"; fi
}
