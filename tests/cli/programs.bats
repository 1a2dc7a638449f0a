# Programs that people test with run in a dyno as they are, and all that they do there works: what the system-call filter
# denies they do not need. They come as Debian has them (build-programs.sh); what they do is in tests/programs.

load helper

# The store is in the build folder, which the test's user may not reach.
setup_file() {
    local folder=${INDYNO_TEST_PROGRAMS:-$abs_top_builddir/tests/cli/programs}
    "$abs_top_srcdir/tests/cli/build-programs.sh" "$folder" >&2
    export programs=$folder/store copied=
    if ! as_tester test -x "$programs/images"; then
        copied=$(mktemp -d "${TMPDIR:-/tmp}/indyno-programs.XXXXXX")
        chmod 755 "$copied"
        programs=$copied/store
        cp -a "$folder/store" "$programs"
    fi
}

teardown_file() {
    [ -z "$copied" ] || rm -rf "$copied"
}

setup() {
    setup_scratch
    cp -r "$abs_top_srcdir/tests/programs/." "$app"
    chmod -R u+w "$app"
    give "$app"
    given_store=$INDYNO_STORE
    export INDYNO_STORE=$programs
}

in_dyno() { # INDYNO'S OPTION... -- COMMAND...
    run --separate-stderr indyno run -q "$@"
    [ "$status" = 0 ] || { printf 'status %s\n%s\n%s\n' "$status" "$output" "$stderr"; return 1; }
}

in_root() { # COMMAND...
    in_dyno --rootfs=programs "$app" -- "$@"
}

# What was printed last.
ends_with() { # TEXT
    [[ "$output" == *"$1" ]] || { printf '%s\n%s\n' "$output" "$stderr"; return 1; }
}

contains() { # TEXT...
    for text in "$@"; do
        [[ "$output" == *"$text"* ]] || { printf 'no "%s" in\n%s\n%s\n' "$text" "$output" "$stderr"; return 1; }
    done
}

@test "the programs' processes are under the filter" {
    in_root grep -c -E '^(NoNewPrivs:.1|Seccomp:.2|Cap(Eff|Bnd):.0{16})$' /proc/self/status
    [ "$output" = 4 ]
}

@test "CPython: threads, multiprocessing, asyncio, sqlite, subprocess" {
    in_root python3 check.py
    [[ "$stderr" == *"OK"* ]]
}

@test "Node: worker threads, HTTP, children, watched folders" {
    in_root node check.js
    [ "$output" = "$(printf '%s\n' workers loopback children watching pool)" ]
}

@test "Ruby: threads, fork, sockets, a terminal" {
    in_root ruby check.rb
    [ "$output" = "$(printf '%s\n' threads fork TCP Unix children terminal timeouts)" ]
}

@test "Perl: fork, sockets, Storable, threads, System V IPC" {
    in_root perl check.pl
    [ "$output" = "$(printf '%s\n' fork sockets Storable threads 'System V' children)" ]
    [ "$stderr" = "" ]
}

@test "OpenJDK: a program is compiled, and uses threads, sockets, files in memory, children" {
    in_root sh -c 'PATH=$PATH:/usr/lib/jvm/default-java/bin; javac -d /tmp/classes Check.java && java -cp /tmp/classes Check'
    ends_with "$(printf '\n%s' channels 'a file in memory' files watching "a child's output" "a child's status")"
}

@test "Go: a program is compiled, and uses goroutines, sockets, children" {
    in_root sh -c 'CGO_ENABLED=0 go build check.go && ./check'
    [ "$output" = "$(printf '%s\n' goroutines tcp4 tcp6 unix "a child's output" "a child's status" signals 'a file in memory')" ]
}

@test "git: commits, worktrees, gc, clones, a push" {
    in_root sh check-git.sh
    [ "$output" = "$(printf '8\n5\nline 5')" ]
}

@test "gcc and make: a project is built in parallel, and run" {
    in_root make -s -j 4 -C project
    [ "$output" = '120 8000 3' ]
}

@test "gdb: a child is stopped, looked at, watched, and let go" {
    # Not every virtual machine has debug registers: gdb watches step by step.
    in_root sh -c 'cd project && make -s program && gdb -nx -batch -ex "set can-use-hw-watchpoints 0" -ex "break factorial if n == 3" \
        -ex run -ex backtrace -ex "frame function main" -ex "watch product if product == 120" -ex continue -ex delete -ex continue ./program 2>&1'
    contains 'Breakpoint 1, factorial (n=' 'in main (argc=' 'Watchpoint 2: product' 'New value = 120' '120 8000 3' 'exited normally]'
    [[ "$output" != *"disabling address space randomization"* ]]
}

@test "strace: a child and its children, by either way of following" {
    in_root sh -c 'cd project && make -s program && strace -f -o log ./program && cat log'
    contains '120 8000 3' 'execve("./program", ["./program"]' 'execve("./program", ["./program", "3"]' '+++ exited with 3 +++'
    in_root sh -c 'cd project && make -s program && strace -f --seccomp-bpf -e trace=execve,openat -o log ./program && cat log'
    contains 'execve("./program", ["./program", "3"]' 'openat(AT_FDCWD, "/etc/ld.so.cache"' '+++ exited with 3 +++'
}

@test "headless Chromium: a page in a file, one from loopback; with a sandbox of its own it does not start" {
    in_root chromium --headless --no-sandbox --dump-dom file:///app/page.html
    contains '<p id="text">counted 499500</p>'
    in_root node serve-page.js chromium --headless --no-sandbox --dump-dom
    contains '<p id="text">fetched 42</p>'
    run indyno run -q --rootfs=programs "$app" -- chromium --headless --dump-dom file:///app/page.html
    [ "$status" != 0 ]
    contains sandbox
}

@test "headless Chromium in its own sandbox, where user namespaces are allowed" {
    in_dyno --allow-userns --rootfs=programs "$app" -- chromium --headless --dump-dom file:///app/page.html
    contains '<p id="text">counted 499500</p>'
}

@test "OpenJDK sizes itself by the dyno's limits" {
    with_cgroups
    in_dyno --memory=600M --cpus=1 --rootfs=programs "$app" -- \
        sh -c '/usr/lib/jvm/default-java/bin/java -XshowSettings:system -version 2>&1'
    contains 'Provider: cgroup' 'Effective CPU Count: 1' 'Memory Limit: 600.00M'
}

# A table of two columns, and the settings for a plan of that kind whatever it costs.
parallel='SET max_parallel_workers_per_gather = 2; SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0;
    SET min_parallel_table_scan_size = 0; CREATE TABLE numbers AS SELECT n, n % 7 AS rest FROM generate_series(1, 200000) AS n;
    ANALYZE numbers;'

@test "Postgres: a query in parallel" {
    INDYNO_STORE=$given_store
    in_dyno --postgres=16 "$app" -- psql -X -At -c "$parallel" -c 'EXPLAIN (ANALYZE) SELECT sum(n), count(DISTINCT rest) FROM numbers' \
        -c 'EXPLAIN (ANALYZE) SELECT rest, sum(n) FROM numbers GROUP BY rest' -c 'SELECT sum(n) FROM numbers WHERE rest = 1'
    contains 'Workers Launched: 2'
    ends_with "$(printf '\n2857185714')"
}

@test "Postgres: code that is compiled at run time (JIT), in parallel too" {
    [ "$(indyno image inspect postgresql:17 | jq -r .features.jit)" = yes ]
    in_dyno --postgres=17 "$app" -- psql -X -At -c 'SET jit = on; SET jit_above_cost = 0; SET jit_inline_above_cost = 0;
        SET jit_optimize_above_cost = 0;' -c "$parallel" -c 'EXPLAIN (ANALYZE) SELECT rest, sum(n * 2) FROM numbers GROUP BY rest' \
        -c 'SELECT sum(n) FROM numbers WHERE rest = 1'
    contains 'Workers Launched: 2' 'JIT:' 'Options: Inlining true, Optimization true, Expressions true'
    ends_with "$(printf '\n2857185714')"
}
