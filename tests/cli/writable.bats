# --app=rw: the folder itself, and what writes to the host's folders must not be able to leave there.

load helper

# Gives the folder to a user who is not root, also where root tests. Sets owner.
give_app() {
    owner=$(stat -c %u:%g "$app")
    if is_user; then return; fi
    owner=1234:1234
    chown -R "$owner" "$app"
    chmod 755 "$scratch"
}

@test "--app=rw: what the test writes stays, and belongs to the folder's owner" {
    mkdir "$app/old"
    echo before >"$app/old/file"
    give "$app"
    give_app
    run -0 --separate-stderr indyno run -q --app=rw "$app" -- sh -c 'pwd; id -u; stat -c %u . old/file; echo after >old/file; mkdir new; echo made >new/file'
    [ "$output" = "$(printf '/app\n1000\n1000\n1000')" ]
    [ "$(cat "$app/old/file" "$app/new/file")" = "$(printf 'after\nmade')" ]
    [ "$(stat -c %u:%g "$app/new" "$app/new/file" "$app/old/file" | sort -u)" = "$owner" ]
    # A view, as ever, leaves the folder alone.
    run -0 indyno run -q --app=cow "$app" -- sh -c 'echo lost >old/file; rm -r new'
    [ "$(cat "$app/old/file" "$app/new/file")" = "$(printf 'after\nmade')" ]
}

@test "--app=rw: files of others in it are nobody's and stay theirs" {
    is_user || [ "$(id -u)" = 0 ] || skip "only root can make files of others"
    [ "$(id -u)" = 0 ] || skip "only root can make files of others"
    give_app
    echo roots >"$app/roots"
    chown 0:0 "$app/roots"
    chmod 644 "$app/roots"
    run -0 --separate-stderr indyno run -q --app=rw "$app" -- sh -c 'stat -c %u roots; cat roots; echo mine >>roots || echo denied; chmod 777 roots || echo denied'
    [ "${lines[0]}" = 65534 ]
    [ "${lines[*]:1}" = "roots denied denied" ]
    [ "$(stat -c %u:%a "$app/roots")" = 0:644 ]
}

@test "--app=rw: no set-id file is left outside, in any spelling, by the test or by Postgres" {
    cat >"$app/try" <<'PY'
import ctypes, os, stat, sys

libc = ctypes.CDLL(None, use_errno=True)
S = 0o4755
G = 0o2755
AT = -100
NUMBERS = {"open": 2, "creat": 85, "chmod": 90, "fchmod": 91, "mknod": 133, "openat": 257, "mknodat": 259, "fchmodat": 268,
           "openat2": 437, "fchmodat2": 452}
O = os.O_CREAT | os.O_WRONLY
where = sys.argv[1]
os.chdir(where)
os.umask(0)
os.close(os.open("plain", O, 0o755))
fd = os.open("plain", os.O_RDONLY)
how = (ctypes.c_uint64 * 3)(O, S, 0)
tries = {
    "chmod": [(b"plain", S), (b"plain", G), (b"plain", (1 << 32) | S)],
    "fchmod": [(fd, S), (fd, G)],
    "fchmodat": [(AT, b"plain", S)],
    "fchmodat2": [(AT, b"plain", S, 0)],
    "creat": [(b"c", S)],
    "open": [(b"o", O, S), (b"og", O, G), (b".", os.O_TMPFILE | os.O_WRONLY, S)],
    "openat": [(AT, b"oa", O, S), (AT, b"oag", O, G)],
    "openat2": [(AT, b"o2", how, ctypes.sizeof(how))],
    "mknod": [(b"m", stat.S_IFREG | S, 0)],
    "mknodat": [(AT, b"ma", stat.S_IFREG | S, 0)],
}
for name, calls in tries.items():
    for arguments in calls:
        words = [ctypes.c_char_p(a) if isinstance(a, bytes) else a if not isinstance(a, int) else ctypes.c_long(a) for a in arguments]
        ctypes.set_errno(0)
        if libc.syscall(ctypes.c_long(NUMBERS[name]), *words) >= 0:
            print(name, arguments, "succeeded")
print("tried")
PY
    mkdir -m 777 "$app/open"
    give "$app"
    give_app
    chmod 777 "$app/open"
    run -0 --separate-stderr indyno run -q --app=rw --postgres=16 "$app" -- sh -c 'python3 try /app
        psql -Atc "copy (select 1) to program '"'cd /app/open && cp /bin/true . && chmod 4755 true && echo worse >worse'"'" || true'
    [ "$output" = tried ]
    [ -z "$(find "$app" -perm /6000)" ]
    # The same in a view does nobody harm, and works.
    run -0 --separate-stderr indyno run -q "$app" -- sh -c 'cp /bin/true . && chmod 4755 true && stat -c %a true'
    [ "$output" = 4755 ]
}

@test "--bind: no set-id file is left there either" {
    mkdir "$scratch/cache"
    give "$scratch/cache"
    if ! is_user; then chown 1234:1234 "$scratch/cache" && chmod 755 "$scratch"; fi
    run -0 --separate-stderr indyno run -q --bind "$scratch/cache:/cache" "$app" -- sh -c 'cp /bin/true /cache/ && chmod u+s /cache/true || echo denied'
    [ "$output" = denied ]
    [ -z "$(find "$scratch/cache" -perm /6000)" ]
}

@test "--app=rw refuses a folder of root's, and goes without --artifact" {
    if [ "$(id -u)" = 0 ]; then
        chown 0:0 "$app"
        run -65 indyno run --app=rw "$app" -- true
        [[ "$output" == *"--app=rw: $app belongs to root"* ]]
    fi
    give "$app"
    give_app
    run -64 indyno run --app=rw --artifact=out "$app" -- true
    [[ "$output" == *"what the test leaves is in $app itself"* ]]
    run -64 indyno run --app=ro "$app" -- true
    run -0 --separate-stderr indyno plan --app=rw "$app" -- true
    [[ "$output" == *"/app  from $app  (writable)"* ]]
    run -0 indyno run -q --app=rw --report "$scratch/report.json" "$app" -- true
    [ "$(jq -r .app_view "$scratch/report.json")" = rw ]
}
