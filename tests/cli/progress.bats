# What an install shows of itself: a line that is redrawn on a terminal, lines elsewhere, a total.
# shellcheck disable=SC2016 # what the terminal's shell expands

load helper

erased=$'\e[A\r\e[J'
bar='redis:7.0  [############..................]  40%  fetching (mine)'

# An importer of the operator's own, which stops at 40 % until it is told what to do: a Redis that is there, from the
# folder that is called root, or to fail.
setup() {
    setup_scratch
    image=$(indyno image inspect redis:7.0)
    version=$(jq -r .version <<<"$image")
    mkdir -p "$scratch/config/importers"
    mkfifo "$scratch/screen" "$scratch/go"
    cat >"$scratch/config/importers/from-mine" <<SH
#!/bin/sh
for bad in 101 -1 +5 4x 55% 18446744073709551657 "" "\$(printf '99\\033[2J')" 40; do echo "progress=\$bad"; done
read -r word <"$scratch/go"
echo "progress=40"
if [ "\$word" != go ]; then printf '%s' "\$word" >&2; exit 1; fi
cp -a "$(jq -r .path <<<"$image")/tree/\$1/." "\$2/"
echo source=mine:\$1
echo layout=root
echo "source=\$(head -c 70000 /dev/zero | tr '\\0' x)"
SH
    chmod 755 "$scratch/config/importers/from-mine"
    jq -n '{redis: {default: "7.0", releases: [{version: "7.0", from: "mine", source: "root"}]}}' >"$scratch/catalog.json"
    give "$scratch"
    export INDYNO_CONFIG_DIR=$scratch/config INDYNO_STORE=$scratch/store
}

teardown() {
    if [ -n "${screen-}" ]; then kill "$screen"; fi # of a test that failed
    teardown_scratch
}

# Runs a command line in the background, with INDYNO in it, on a terminal whose output descriptor 6 reads. Words before it
# are variables.
on_terminal() { # [NAME=VALUE]... COMMAND
    local rights
    set_rights
    "${rights[@]}" env TERM=xterm INDYNO="$INDYNO" "${@:1:$#-1}" script -qec "${*: -1}" /dev/null \
        </dev/null >"$scratch/screen" 3>&- &
    screen=$!
    exec 6<"$scratch/screen"
}

# Sets seen to what is on the terminal up to the line of the next percentage.
await_percent() {
    local line
    IFS= read -r -d % seen <&6
    IFS= read -r line <&6
    seen+=%$line$'\n'
}

# Tells the importer, and sets seen to what was still drawn, last to what stays, with the newlines of a file.
finish() { # WORD STATUS
    echo "$1" >"$scratch/go"
    finished "$2"
}

finished() { # STATUS
    seen=$(cat <&6)
    exec 6<&-
    status_of "$screen" "$1"
    screen=
    last=${seen##*"$erased"}
    last=${last//$'\r'/}
}

is_total() { # LINE
    [[ "$1" =~ ^"indyno: 1 image installed: "[0-9.]+" MB in "[0-9]+\.[0-9]" s"$ ]]
}

@test "a terminal: the bar as the importer says it, other phases, and nothing of it is left" {
    on_terminal '"$INDYNO" image install redis:7.0 --from mine:root'
    await_percent
    [ "$seen" = $'redis:7.0  fetching (mine)\r\n'"$erased$bar"$'\r\n' ] || { printf '%q\n' "$seen"; false; }
    finish go 0
    [[ "$seen" == "$erased"$'redis:7.0  checking\r\n'"$erased"$'redis:7.0  measuring\r\n'"$erased"* ]]
    [ "${last%$'\n'*}" = "indyno: redis:$version installed" ]
    is_total "${last##*$'\n'}"
    [ "$(indyno image inspect redis:7.0 | jq -r .source)" = mine:root ]
}

@test "a terminal: an importer's words and the error are on lines of their own" {
    on_terminal '"$INDYNO" image install redis:7.0 --from mine:root'
    await_percent
    finish "my own words" 125
    [ "$seen" = "$erased$(printf '%s\r\n' "my own words" \
        "indyno: install redis:7.0: from-mine could not bring root (its reason is above)")" ] || { printf '%q\n' "$seen"; false; }
}

@test "a terminal: a server's words and the error are on lines of their own" {
    mkdir -p "$scratch/bad/bin"
    printf '#!/bin/sh\n[ "$1" != --version ] || { echo "Redis server v=9.9.9"; exit; }\necho "my own words"; exit 1\n' \
        >"$scratch/bad/bin/redis-server"
    chmod 755 "$scratch/bad/bin/redis-server"
    give "$scratch"
    on_terminal BAD="$scratch/bad" '"$INDYNO" image import redis "$BAD"'
    finished 125
    [[ "$last" == $'my own words\nindyno: '* ]] || { printf '%q\n' "$seen"; false; }
}

@test "a terminal: what is killed leaves the cursor on an empty line" {
    on_terminal 'exec "$INDYNO" image install redis:7.0 --from mine:root'
    await_percent
    [ "${seen: -2}" = $'\r\n' ]
    kill -TERM "$(descendant "$screen" indyno)"
    finished 143
    [ "$seen" = "" ]
}

@test "elsewhere: plain lines, and a total" {
    echo go >"$scratch/go" 3>&- &
    run -0 --separate-stderr indyno image install redis:7.0 --from mine:root
    [ "$output" = "" ]
    [ "${stderr%$'\n'*}" = "indyno: redis:7.0: fetching (mine)
indyno: redis:$version installed" ]
    is_total "${stderr##*$'\n'}"
    INDYNO_CATALOG=$scratch/catalog.json run -0 --separate-stderr indyno image install redis:7.0 redis
    [ "$stderr" = "indyno: redis:$version is installed
indyno: redis:$version is installed
indyno: 2 images there already" ]
}

@test "a terminal that is not to be drawn on: plain lines" {
    local setting
    for setting in TERM=dumb TERM= NO_COLOR=1; do
        on_terminal "$setting" '"$INDYNO" image install redis:7.0 --from mine:root'
        finish no 125
        [ "$seen" = "$(printf '%s\r\n' "indyno: redis:7.0: fetching (mine)" \
            "no" "indyno: install redis:7.0: from-mine could not bring root (its reason is above)")" ] || { printf '%q\n' "$seen"; false; }
    done
}

@test "run --pull=missing: the bar and the total before the run; with -q nothing" {
    on_terminal INDYNO_CATALOG="$scratch/catalog.json" APP="$app" '"$INDYNO" run --pull=missing --redis=7.0 "$APP" -- echo the run'
    await_percent
    [[ "$seen" == *"$bar"* ]]
    finish go 0
    [[ "$last" == "indyno: redis:$version installed"$'\n'"indyno: 1 image installed: "*$'\nthe run' ]] || { printf '%q\n' "$seen"; false; }
    indyno image rm "redis:$version"
    on_terminal INDYNO_CATALOG="$scratch/catalog.json" APP="$app" '"$INDYNO" run -q --pull=missing --redis=7.0 "$APP" -- echo the run'
    finish go 0
    [ "$seen" = $'the run\r' ]
}
