# The documentation's own examples.

load helper

# The command lines of an mdoc page: one in .Dl, or several lines in .Bd.
commands_of() {
    sed -n -e 's/^\.Dl indyno /indyno /p' -e '/^\.Bd.*/,/^\.Ed/{/^indyno .*\\e$/{N;s/\\e\n */ /;p}}' "$abs_top_srcdir/man/$1"
}

# The JSON examples of an mdoc page, the Nth one.
json_of() {
    awk -v want="$2" '/^{$/ { n++; inside = 1 } inside && n == want { print } /^}$/ { inside = 0 }' "$abs_top_srcdir/man/$1"
}

@test "README's first app.json runs" {
    sed -n '/^## A first app.json/,/^## /{/^    {$/,/^    }$/p}' "$abs_top_srcdir/README.md" | write_app
    [ -s "$app/app.json" ]
    run -0 --separate-stderr indyno run "$app"
    [[ "$output" == *"INSERT 0 1"* ]]
    [[ "$output" == *PONG* ]]
}

@test "README's and indyno(1)'s command lines are understood" {
    local line words count=0
    mkdir "$scratch/my-app" "$scratch/checkout"
    echo '{"environments": {"test": {"scripts": {"test": "true"}}}}' | tee "$scratch/my-app/app.json" "$scratch/checkout/app.json" >"$scratch/app.json"
    give "$scratch"
    cd "$scratch"
    while read -r line; do
        read -ra words <<<"$line"
        [ "${words[1]}" != image ] || continue # they fetch: sources.bats
        [[ "$line" != *" --rootfs="* ]] || continue # of roots that are not here: rootfs.bats
        [ "${words[1]}" != doctor ] || continue # doctor.bats
        [ "${words[1]}" = plan ] || [ "${words[1]}" = run ]
        words[1]=plan
        run -0 indyno "${words[@]:1}"
        count=$((count + 1))
    done < <(commands_of indyno.1; grep -oE '^    indyno run .*' "$abs_top_srcdir/README.md")
    [ "$count" -ge 8 ]
}

@test "indyno-app.json(5)'s examples are understood" {
    json_of indyno-app.json.5 1 | write_app
    run -0 --separate-stderr indyno plan "$app"
    [[ "$output" == *pytest* ]]
    json_of indyno-app.json.5 2 | write_app
    run -65 indyno plan "$app"
    [[ "$output" == *API_TOKEN* ]]
    run -0 --separate-stderr indyno plan -e API_TOKEN=1 "$app"
    [[ "$output" == *STATS_URL* ]]
}

@test "indyno.conf(5)'s examples have no mistake, and the first is the one that is installed" {
    json_of indyno.conf.5 1 >"$scratch/1"
    json_of indyno.conf.5 2 >"$scratch/2"
    chmod 755 "$scratch"
    run -0 indyno config check "$scratch/1"
    run -0 indyno config check "$scratch/2"
    cmp "$scratch/1" "$abs_top_srcdir/packaging/indyno.conf"
    # every key is described
    for key in $(indyno config show --json | jq -r '.values[].key'); do
        grep -qE "^\.It Ic .*$key( |$)" "$abs_top_srcdir/man/indyno.conf.5" || { echo "$key"; return 1; }
    done
}

@test "help says what there is, and exits with 0" {
    for command in run plan doctor image config help; do
        run -0 --separate-stderr indyno help "$command"
        [[ "$output" == *"indyno $command"* ]]
    done
    run -0 --separate-stderr indyno --version
    [[ "$output" =~ ^indyno\ [0-9.]+$ ]]
    run -0 --separate-stderr indyno run --help
    [ "$(awk 'length > 80' <<<"$output")" = "" ]
}

@test "sandbox filter: a table with a column per role, and what the kernel takes" {
    run -0 --separate-stderr indyno sandbox filter
    [[ "${lines[0]}" =~ ^NUMBER\ CALL\ +step\ +postgres\ +redis\ +WHY$ ]]
    [[ "$(grep ' ptrace ' <<<"$output")" =~ allowed\ +EPERM\ +EPERM ]]
    [[ "$(grep ' mount ' <<<"$output")" =~ EPERM\ +EPERM\ +EPERM ]]
    run -0 --separate-stderr indyno sandbox filter --role=redis
    [[ "$(grep ' shmget ' <<<"$output")" =~ shmget\ +EPERM\ +System ]]
    run -64 indyno sandbox filter --role mysql
    run -64 indyno sandbox frobnicate
    # The kernel takes it: in the filter, mount(2) is not permitted, and a number of the future is not there.
    indyno sandbox filter --role step --bpf >"$scratch/step.bpf"
    run -0 python3 - "$scratch/step.bpf" <<'PY'
import ctypes, sys
libc = ctypes.CDLL(None, use_errno=True)
code = open(sys.argv[1], "rb").read()
class Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("code", ctypes.c_char_p)]
assert libc.prctl(38, 1, 0, 0, 0) == 0
assert libc.prctl(22, 2, ctypes.byref(Program(len(code) // 8, code))) == 0
for number, errno in ((165, 1), (999, 38), (39, 0)):
    ctypes.set_errno(0)
    libc.syscall(ctypes.c_long(number), None, None, None, 0, None)
    assert ctypes.get_errno() == errno, (number, ctypes.get_errno())
PY
}

@test "indyno-sandbox(7) names attacks and protections that there are" {
    local name names
    names=$(sed -n '/^.Sh WHAT SHOWS IT/,/^.El/p' "$abs_top_srcdir/man/indyno-sandbox.7" | sed -n '/^.Bl/,$p' |
        sed 's/^.It//; /^\./d; s/[,:;]/ /g')
    for name in $names; do
        grep -rqF "\"$name\"" "$abs_top_srcdir"/tests/inside/*.c "$abs_top_srcdir"/sandbox/*.c "$abs_top_srcdir"/runtime/*.c ||
            { echo "no $name"; return 1; }
    done
    [ "$(wc -w <<<"$names")" -ge 100 ]
}
