# What a crash in a dyno tells the host: nothing. For virtual machines only (guest.sh): who is told is the whole machine's
# setting.

load ../cli/helper

setup() {
    setup_scratch
    told=$TMPDIR/told
    printf '#!/bin/sh\ncat >/dev/null\necho "$1" >>%s\n' "$told" >"$TMPDIR/handler"
    chmod 755 "$TMPDIR/handler"
    pattern=$(cat /proc/sys/kernel/core_pattern)
    echo "|$TMPDIR/handler %e" >/proc/sys/kernel/core_pattern
    rm -f "$told"
}

teardown() {
    echo "$pattern" >/proc/sys/kernel/core_pattern
    teardown_scratch
}

@test "a crash in a dyno does not call the host's handler, whatever the test does to its limits" {
    # The kernel waits for the handler before the process is gone: what was to be told is told then.
    run -139 sh -c 'ulimit -c 0; kill -SEGV $$'
    [ -s "$told" ]
    rm "$told"
    run -139 indyno run -q "$app" -- sh -c 'kill -SEGV $$'
    run -139 indyno run -q "$app" -- sh -c 'ulimit -c 0; kill -SEGV $$'
    run -139 indyno run -q "$app" -- sh -c 'ulimit -c unlimited; kill -SEGV $$'
    # A caller's hard limit of 0 only root can raise to the one that keeps the handler out.
    is_user || run -139 bash -c 'ulimit -Hc 0; exec "$@"' sh "$INDYNO" run -q "$app" -- sh -c 'kill -SEGV $$'
    [ ! -e "$told" ]
    [ -z "$(find "$app" "$scratch" -name 'core*')" ]
}
