# The sudoers recipe of indyno(1), its very text, with real sudo: what it gives the user ci, and what not. Each command has a
# mount namespace of its own, where there is such a user and such a policy; the host has neither.

load helper

ci=4711
secret=root-only-secret-77aa

setup() {
    ! is_user || skip "only root can make the policy"
    setup_scratch
    chmod 755 "$scratch"
    chown "$ci:$ci" "$app"
    mkdir -p "$scratch/etc/sudoers.d" "$scratch/bin" "$scratch/share/indyno" "$scratch/store"
    recipe >"$scratch/etc/sudoers.d/indyno"
    echo '@includedir /etc/sudoers.d' >"$scratch/etc/sudoers"
    chmod 440 "$scratch/etc/sudoers" "$scratch/etc/sudoers.d/indyno"
    { cat /etc/passwd; echo "ci:*:$ci:$ci::/nonexistent:/bin/sh"; } >"$scratch/etc/passwd"
    { cat /etc/group; echo "ci:x:$ci:"; } >"$scratch/etc/group"
    cp "$INDYNO" "$scratch/bin/indyno"
    cp "$INDYNO_CATALOG" "$INDYNO_EXTENSIONS" "$scratch/share/indyno/"
    mkdir -m 700 "$scratch/roots"
    echo "SECRET_OF_ROOT=$secret" >"$scratch/roots/file"
    cd "$app" || return
}

teardown() {
    [ -z "${scratch-}" ] || teardown_scratch
}

recipe() {
    mandoc -O width=200 -T ascii "$abs_top_srcdir/man/indyno.1" | sed 's/.\x08//g' |
        sed -n '/^ *Cmnd_Alias INDYNO/,/^ *ci ALL/p' | sed 's/^     *//'
}

# A command as ci.
as_ci() {
    # shellcheck disable=SC2016 # expands in the other shell
    unshare -m bash -c '
        from=$1 ci=$2 && shift 2
        for file in passwd group sudoers sudoers.d; do mount --bind "$from/etc/$file" "/etc/$file" || exit 99; done
        mount --bind "$from/bin" /usr/local/bin && mount --bind "$from/share" /usr/local/share || exit 99
        [ ! -d /var/lib/indyno ] || mount --bind "$from/store" /var/lib/indyno || exit 99
        exec setpriv --reuid "$ci" --regid "$ci" --init-groups env -i "PATH=$PATH" "$@"' bash "$scratch" "$ci" "$@"
}

by_sudo() { # INDYNO-ARGUMENT...
    as_ci sudo -n /usr/local/bin/indyno "$@"
}

@test "visudo accepts the recipe" {
    [ "$(recipe | wc -l)" = 7 ]
    run -0 visudo -c -f "$scratch/etc/sudoers.d/indyno"
}

@test "the user's own folder: root's limits and ids, and a report that is the user's" {
    run -0 --separate-stderr by_sudo run -q --memory=256M --pids-limit=64 --report report "$app" -- cat /proc/self/uid_map
    [ "$(awk '$2 < 1879048192' <<<"$output")" = "" ]
    [ "$(awk '$1 == 1000 {print $3}' <<<"$output")" = 254 ]
    [ "$(jq -c '[.ids, .cgroups, .weaker]' report)" = '["block",true,[]]' ]
    [ "$(stat -c %u:%g report)" = "$ci:$ci" ]
    run -137 by_sudo run -q --memory=64M --report report "$app" -- python3 -c 'x = bytearray(1 << 28)'
    [ "$(jq -r .cause report)" = memory-limit ]
    run -0 by_sudo run -q -- true
    run -0 by_sudo plan "$app" -- true
    [[ "$output" == *"block: 256 host ids"* ]]
}

@test "a folder that is not the user's" {
    chown 4712:4712 "$app"
    run -77 by_sudo run "$app" -- true
    [[ "$output" == *"belongs to uid 4712, not to sudo's caller"* ]]
    for dir in / /root /etc "$scratch" "$scratch/roots" /proc/self/cwd; do
        run by_sudo run "$dir" -- ls /app
        [ "$status" = 77 ] || [ "$status" = 65 ]
    done
    ln -s "$scratch/roots" "$scratch/link"
    chown -h "$ci:$ci" "$scratch/link"
    run -77 by_sudo run "$scratch/link" -- cat file
    [[ "$output" != *"$secret"* ]]
}

@test "files that the user cannot read" {
    chmod 640 "$scratch/roots/file"
    chmod 755 "$scratch/roots"
    ln "$scratch/roots/file" "$app/hard"
    ln -s "$scratch/roots/file" "$app/soft"
    cp "$scratch/roots/file" "$app/group"
    chown 0:42 "$app/group"
    chmod 640 "$app/group"
    chown "$ci:42" "$app" # a group of the folder's that is not the user's
    for file in "$scratch/roots/file" hard soft group /etc/shadow /proc/1/environ /proc/self/environ; do
        run by_sudo run --env-file "$file" --report report "$app" -- env
        [ "$status" = 65 ] || [ "$status" = 77 ]
        [[ "$output$(cat report)" != *"$secret"* && "$output" != *root:[x*!$]* ]]
    done
    for file in "$scratch/roots/file" hard soft group /etc/shadow /root; do
        run -65 by_sudo run --ro-bind "$file:/tmp/x" "$app" -- cat /tmp/x
        [[ "$output" == *"Permission denied"* && "$output" != *"$secret"* && "$output" != *root:[x*!$]* ]] || { echo "$file: $output"; return 1; }
        run by_sudo run --bind "$file:/tmp/x" "$app" -- cat /tmp/x
        [ "$status" = 65 ] || [ "$status" = 77 ]
    done
    run -77 by_sudo run --bind /usr:/tmp/x "$app" -- true
}

@test "nothing of root's is written, and what is written is the user's" {
    before=$(cd "$scratch/roots" && find . -printf '%p %U %m %s %T@\n')
    for file in /etc/indyno-report "$scratch/report" "$scratch/roots/file" "$scratch/roots/new" /dev/null /proc/self/fd/1; do
        run by_sudo run --report "$file" "$app" -- true
        [ "$status" = 65 ] || [ "$status" = 77 ]
        [ -e "$scratch/roots/file" ] && [ ! -e /etc/indyno-report ] && [ ! -e "$scratch/report" ]
    done
    ln -s "$scratch/roots" "$app/out"
    run -77 by_sudo run --report out/new "$app" -- true
    ln -s "$scratch/roots/file" "$app/report"
    run -65 by_sudo run --report report "$app" -- true
    ln -s "$scratch/roots" "$app/indyno-out"
    run -125 by_sudo run --artifact a "$app" -- touch a
    rm "$app/indyno-out"
    mkdir "$app/indyno-out" # root's, in the user's folder
    run -125 by_sudo run --artifact a "$app" -- touch a
    [ -z "$(ls "$app/indyno-out")" ]
    rmdir "$app/indyno-out"
    run -0 by_sudo run -q --artifact a "$app" -- sh -c 'echo a >a; chmod 6755 a'
    [ "$(stat -c %u:%g:%a "$app/indyno-out/a")" = "$ci:$ci:755" ]
    cd "$scratch" || return
    run -125 by_sudo run --artifact a "$app" -- touch a
    [ ! -e "$scratch/indyno-out" ]
    [ "$(cd "$scratch/roots" && find . -printf '%p %U %m %s %T@\n')" = "$before" ]
}

@test "nothing else may be run, and no image be installed" {
    for words in "image install redis" "image ls" "image rm redis:7.0" "sandbox filter" "help" "" "plans" "runs"; do
        # shellcheck disable=SC2086 # a list of words
        run -1 by_sudo $words
        [[ "$output" == *"password is required"* || "$output" == *"not allowed"* ]]
    done
    run -1 as_ci sudo -n -u ci2 /usr/local/bin/indyno run
    run -1 as_ci sudo -n /bin/true
    run -77 by_sudo run --pull=missing --redis "$app" -- true
    [[ "$output" == *"--pull=missing: redis is not installed, and sudo's caller may not install it"* ]]
    [ -z "$(ls "$scratch/store")" ]
}

@test "no variable of the user's counts" {
    run -0 --separate-stderr as_ci env INDYNO_STORE=/evil INDYNO_LIBEXECDIR=/evil INDYNO_CONFIG_DIR=/evil LD_PRELOAD=/evil.so \
        BASH_ENV=/evil CALLERS=1 SUDO_UID=0 sudo -n /usr/local/bin/indyno run -q "$app" -- env
    [[ "$output" != *evil* && "$output" != *CALLERS* ]]
    run -77 as_ci env SUDO_UID=0 SUDO_GID=0 sudo -n /usr/local/bin/indyno run "$scratch" -- true
    run -1 as_ci sudo -n INDYNO_STORE=/evil /usr/local/bin/indyno run "$app" -- true
    run -1 as_ci sudo -n -E /usr/local/bin/indyno run "$app" -- true
    # a policy that lets them through
    chmod 640 "$scratch/etc/sudoers.d/indyno"
    sed -i 's/!setenv/setenv/; s/NOSETENV/SETENV/' "$scratch/etc/sudoers.d/indyno"
    run -77 as_ci sudo -n INDYNO_STORE=/evil /usr/local/bin/indyno run "$app" -- true
    [[ "$output" == *"INDYNO_STORE: not taken from sudo's caller"* ]]
}

@test "programs of the user's are not found" {
    mkdir "$app/evil"
    for program in pasta newuidmap bash sh env; do
        printf '#!/bin/sh\ntouch %s\n' "$app/evil/ran" >"$app/evil/$program"
        chmod 755 "$app/evil/$program"
    done
    chmod 777 "$app/evil"
    run -0 as_ci "PATH=$app/evil:$PATH" /usr/bin/sudo -n /usr/local/bin/indyno run -q "$app" -- true
    run as_ci "PATH=$app/evil:$PATH" /usr/bin/sudo -n /usr/local/bin/indyno run -q --network=outbound "$app" -- true
    [ ! -e "$app/evil/ran" ]
}
