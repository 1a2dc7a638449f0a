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

@test "help says what there is, and exits with 0" {
    for command in run plan doctor image help; do
        run -0 --separate-stderr indyno help "$command"
        [[ "$output" == *"indyno $command"* ]]
    done
    run -0 --separate-stderr indyno --version
    [[ "$output" =~ ^indyno\ [0-9.]+$ ]]
    run -0 --separate-stderr indyno run --help
    [ "$(awk 'length > 80' <<<"$output")" = "" ]
}
