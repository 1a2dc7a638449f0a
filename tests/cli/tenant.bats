# Root runs on a tenant's folder. What the tenant may have put in the place of a file gets an error, at once, and nothing
# else: nothing of root's is read, shown, made or written.

load helper

tenant=4711
secret=root-only-secret-2c1f

setup() {
    ! is_user || skip "only root has rights that a tenant lacks"
    setup_scratch
    chmod 711 "$scratch"
    mkdir -m 700 "$scratch/roots"
    printf '%s=%s\n' SECRET_OF_ROOT "$secret" >"$scratch/roots/file"
    chmod 600 "$scratch"/roots/*
    echo '{"environments": {"test": {"scripts": {"test": "env"}}}}' >"$app/app.json"
    chown -R "$tenant:$tenant" "$app"
    mkdir -m 700 "$scratch/out"
    before=$(state_of_root)
    cd "$app" || return
}

teardown() {
    [ -z "${scratch-}" ] || teardown_scratch
}

# All that is root's in the scratch folder, with content and times.
state_of_root() {
    (cd "$scratch" && find roots -printf '%p %y %s %m %U %T@\n' -exec sh -c '[ ! -f "$1" ] || cat "$1"' sh {} \;)
}

# Puts something in the place of a file, in the tenant's name.
put() { # KIND PATH
    rm -rf "$2"
    case $1 in
        link-to-secret) ln -s "$scratch/roots/file" "$2" ;;
        link-to-shadow) ln -s /etc/shadow "$2" ;;
        link-to-nothing) ln -s "$scratch/roots/new" "$2" ;;
        link-loop) ln -s "${2##*/}" "$2" ;;
        link-to-fd) ln -s /proc/self/fd/0 "$2" ;;
        link-to-environ) ln -s /proc/1/environ "$2" ;;
        link-to-folder) ln -s "$scratch/roots" "$2" ;;
        fifo) mkfifo "$2" ;;
        device) mknod "$2" c 1 5 ;;
        disk) mknod "$2" b 7 0 ;;
        socket) python3 -c 'import os, socket, sys; os.chdir(os.path.dirname(sys.argv[1])); socket.socket(socket.AF_UNIX).bind(os.path.basename(sys.argv[1]))' "$2" ;;
        folder) mkdir "$2" ;;
        sparse) truncate -s 1T "$2" ;;
        unreadable) cp "$scratch/roots/file" "$2" && chmod 600 "$2" && return ;;
        hard-link) ln "$scratch/roots/file" "$2" && return ;;
        *) return 1 ;;
    esac
    chown -h "$tenant:$tenant" "$2"
}

wrong_kinds='link-to-secret link-to-shadow link-to-nothing link-loop link-to-fd link-to-environ link-to-folder fifo device disk socket folder'

# One that is refused: with this status, a line that has the text, at once, and without a byte of root's anywhere.
refused() { # STATUS TEXT OPTION...
    local status=$1 text=$2
    shift 2
    run "-$status" --separate-stderr timeout -k 1 15 "$INDYNO" run -q "$@"
    # shellcheck disable=SC2154 # bats sets stderr
    [[ "$stderr" == "indyno: "*"$text"* ]] || { echo "$stderr"; return 1; }
    [[ "$output$stderr" != *"$secret"* && "$output$stderr" != *root:* ]]
    ! grep -rqs -e "$secret" -e root: "$scratch/out" "$app/out" || return 1
    [ "$(state_of_root)" = "$before" ]
}

@test "in the place of app.json" {
    local kind
    for kind in $wrong_kinds; do
        echo "$kind"
        put "$kind" "$app/app.json"
        refused 65 "app.json: it is a" --report "$scratch/out/report" "$app"
        [ "$(jq -r .cause "$scratch/out/report")" = refused ]
    done
    for kind in unreadable hard-link; do
        put "$kind" "$app/app.json"
        refused 65 "app.json: Permission denied" --report "$scratch/out/report" "$app"
    done
    put sparse "$app/app.json"
    refused 65 "app.json: larger than" "$app"
    # what the owner can read and the parser cannot: the place is told, not the text
    echo "$secret" >"$app/app.json"
    refused 65 "app.json:1:1: " "$app"
}

@test "in the place of an env file, and of a folder on the way to it" {
    local kind
    for kind in $wrong_kinds; do
        echo "$kind"
        put "$kind" "$app/ci.env"
        refused 65 "ci.env: it is a" --env-file "$app/ci.env" --report "$scratch/out/report" "$app" -- env
    done
    for kind in unreadable hard-link; do
        put "$kind" "$app/ci.env"
        refused 65 "ci.env: Permission denied" --env-file ci.env "$app" -- env
    done
    put sparse "$app/ci.env"
    refused 65 "ci.env: larger than" --env-file ci.env "$app" -- env
    put link-to-folder "$app/sub"
    refused 65 "sub/file: a symbolic link of uid $tenant's leads to what is not theirs" --env-file "$app/sub/file" "$app" -- env
    ln -s sub "$app/again"
    refused 65 "leads to what is not theirs" --env-file again/file "$app" -- env
    refused 65 "leads to what is not theirs" --env-file sub/../roots/file "$app" -- env
    printf 'x y %s\n' "$secret" >"$app/plain"
    refused 65 "plain:1: no variable's name in front" --env-file plain "$app" -- env
    mkdir "$app/real"
    echo A=mine >"$app/real/ci.env"
    ln -s real "$app/own"
    chown -hR "$tenant:$tenant" "$app/real" "$app/own"
    run -0 --separate-stderr "$INDYNO" run -q --env-file own/ci.env "$app" -- printenv A
    [ "$output" = mine ]
}

@test "in the place of .git/HEAD, and of .git" {
    local kind
    mkdir "$app/.git"
    for kind in $wrong_kinds; do
        echo "$kind"
        put "$kind" "$app/.git/HEAD"
        refused 65 ".git/HEAD: it is a" --report "$scratch/out/report" "$app" -- env
    done
    put sparse "$app/.git/HEAD"
    refused 65 ".git/HEAD: larger than" "$app" -- env
    # a checkout that git would know and this does not: nothing is known of it
    mkdir "$scratch/roots/git"
    echo "ref: refs/heads/$secret" >"$scratch/roots/git/HEAD"
    before=$(state_of_root)
    for kind in link-to-folder fifo device socket unreadable; do
        put "$kind" "$app/.git"
        run -0 --separate-stderr timeout -k 1 15 "$INDYNO" run -q "$app" -- env
        [[ "$output$stderr" != *"$secret"* ]]
    done
    for path in "$scratch/roots/git" ../roots/git /proc/self/cwd; do
        rm -rf "$app/.git"
        echo "gitdir: $path" >"$app/.git"
        run -0 --separate-stderr timeout -k 1 15 "$INDYNO" run -q "$app" -- env
        [[ "$output$stderr" != *"$secret"* ]]
    done
    [ "$(state_of_root)" = "$before" ]
}

@test "in the place of the report, and of a folder on the way to it" {
    local kind
    for kind in $wrong_kinds; do
        echo "$kind"
        put "$kind" "$app/report"
        refused 65 "--report $app/report: something that is no regular file is there" --report "$app/report" "$app" -- true
    done
    put link-to-folder "$app/sub"
    refused 65 "leads to what is not theirs" --report "$app/sub/file" "$app" -- true
    refused 65 "leads to what is not theirs" --report sub/new "$app" -- true
    for kind in fifo socket device; do
        put "$kind" "$app/sub"
        refused 65 "Not a directory" --report sub/new "$app" -- true
    done
    # a name of root's file is the tenant's to give away, its content is not
    put hard-link "$app/report"
    run -0 "$INDYNO" run -q --report report "$app" -- true
    [ "$(stat -c %u:%h report)" = "$tenant:1" ]
    [ "$(cat "$scratch/roots/file")" = "SECRET_OF_ROOT=$secret" ]
}

@test "in the place of the output folder, and of artifacts in it" {
    local kind
    for kind in link-to-secret link-loop link-to-folder fifo socket device; do
        echo "$kind"
        put "$kind" "$app/indyno-out"
        refused 125 "artifacts: open the folder indyno-out: " --artifact a "$app" -- sh -c 'echo a >a'
    done
    rm "$app/indyno-out"
    mkdir "$app/indyno-out" # as the tenant can have it from a folder of root's beside it, by renaming
    run -125 --separate-stderr "$INDYNO" run -q --artifact a "$app" -- sh -c 'echo a >a'
    [ -z "$(ls "$app/indyno-out")" ]
    chown "$tenant:$tenant" "$app/indyno-out"
    for kind in $wrong_kinds; do
        echo "$kind"
        put "$kind" "$app/indyno-out/a"
        refused 125 "artifact a: " --artifact a "$app" -- sh -c 'echo a >a'
    done
    rm -rf "$app/indyno-out/a"
    put link-to-folder "$app/indyno-out/sub"
    refused 125 "artifact a: " --artifact a:sub/new "$app" -- sh -c 'echo a >a'
    refused 125 "artifact a: " --artifact a:sub "$app" -- sh -c 'mkdir a'
    run -0 "$INDYNO" run -q --artifact a "$app" -- sh -c 'echo a >a'
    [ "$(stat -c %u "$app/indyno-out/a")" = "$tenant" ]
}

@test "what the test leaves in the place of an artifact" {
    refused 125 "artifact a: " --artifact a "$app" -- ln -s "$scratch/roots/file" a
    refused 125 "artifact a: " --artifact a "$app" -- ln -s /proc/self/root/etc/shadow a
    refused 125 "artifact a/passwd: " --artifact a/passwd "$app" -- ln -s /etc a
    refused 125 "artifact a: " --artifact a "$app" -- mkfifo a
    [ ! -e "$app/indyno-out/a" ]
}

@test "in the place of DIR" {
    local kind
    mv "$app" "$scratch/kept"
    cd "$scratch" || return
    for kind in link-to-secret fifo device socket; do
        echo "$kind"
        put "$kind" "$app"
        refused 65 "$app: " "$app" -- true
    done
    put link-loop "$app"
    refused 65 "Too many levels of symbolic links" "$app" -- true
    put link-to-folder "$app"
    refused 65 "leads to what is not theirs" "$app" -- cat file
    refused 65 "leads to what is not theirs" --bind "$app:/mnt" "$scratch/kept" -- cat /mnt/file
    refused 65 "leads to what is not theirs" --ro-bind "$app:/mnt" "$scratch/kept" -- cat /mnt/file
    refused 65 "leads to what is not theirs" "--rootfs=$app" "$scratch/kept" -- sh -c :
    rm "$app"
    ln -s kept "$app"
    chown -h "$tenant:$tenant" "$app"
    run -0 "$INDYNO" run -q "$app" -- true
}

# Another process, with the tenant's rights, has file and link take turns as fast as it can.
swap() { # PATH GOOD-TEXT
    setpriv --reuid "$tenant" --regid "$tenant" --clear-groups /usr/bin/python3 -c '
import os, sys
path, link, text = sys.argv[1:]
while True:
    with open(path + ".good", "w") as file:
        file.write(text)
    os.rename(path + ".good", path)
    os.symlink(link, path + ".bad")
    os.rename(path + ".bad", path)' "$1" "$scratch/roots/file" "$2" 3>&- &
    swapper=$!
}

@test "races: file and link take turns" {
    local i status swapper
    for name in app.json ci.env .git/HEAD; do
        mkdir -p "$app/.git"
        chown "$tenant:$tenant" "$app/.git"
        swap "$app/$name" "$([ "$name" = app.json ] && echo '{}' || echo A=b)"
        for ((i = 0; i < 40; i++)); do
            status=0
            timeout -k 1 15 "$INDYNO" run -q $([ "$name" != ci.env ] || echo --env-file ci.env) --report "$scratch/out/report" "$app" -- env \
                >"$scratch/out/all" 2>&1 || status=$?
            [ "$status" = 0 ] || [ "$status" = 65 ] || { cat "$scratch/out/all"; kill "$swapper"; return 1; }
            ! grep -q "$secret" "$scratch/out/all" "$scratch/out/report" || { kill "$swapper"; return 1; }
        done
        kill "$swapper"
        wait "$swapper" || true
    done
    swap "$app/report" x
    for ((i = 0; i < 40; i++)); do
        status=0
        "$INDYNO" run -q --report report "$app" -- true >"$scratch/out/all" 2>&1 || status=$?
        [ "$status" = 0 ] || [ "$status" = 65 ] || { cat "$scratch/out/all"; kill "$swapper"; return 1; }
    done
    kill "$swapper"
    wait "$swapper" || true
    [ "$(state_of_root)" = "$before" ]
}
