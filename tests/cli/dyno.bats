# The dyno: what a step can see and do.

load helper

inside() {
    run -0 --separate-stderr indyno run -q "$app" -- "$@"
}

@test "its own user, host name and home" {
    inside sh -c 'id -u; id -un; id -G; echo $HOME; pwd'
    [ "$output" = "$(printf '1000\ndyno\n1000\n/app\n/app')" ]
    run -0 --separate-stderr indyno run -q --name tester "$app" -- hostname
    [ "$output" = tester ]
}

@test "no capabilities, no new privileges, a filter" {
    inside grep -E '^(Cap(Inh|Prm|Eff|Bnd|Amb)|NoNewPrivs|Seccomp):' /proc/self/status
    [ "$(grep -c '0000000000000000' <<<"$output")" = 5 ]
    [[ "$output" == *NoNewPrivs:?1* ]]
    [[ "$output" == *Seccomp:?2* ]]
}

@test "every namespace is its own" {
    for ns in user mnt pid net ipc uts cgroup; do
        inside readlink "/proc/self/ns/$ns"
        [ "$output" != "$(readlink "/proc/self/ns/$ns")" ]
    done
}

@test "host root is mapped nowhere" {
    inside cat /proc/self/uid_map /proc/self/gid_map
    [ "$(awk '$2 == 0' <<<"$output")" = "" ]
    inside stat -c %U /usr
    [ "$output" = nobody ]
}

@test "the root has just what programs need" {
    inside ls /
    [ "$(tr '\n' ' ' <<<"$output")" = "$(for d in app bin dev etc lib lib32 lib64 libx32 opt proc run sbin sys tmp usr var; do
        case $d in
            bin | lib* | sbin) [ -e "/$d" ] && printf '%s ' "$d" ;;
            opt) ;;
            sys) ! has_cgroups || printf '%s ' "$d" ;; # the dyno's own groups
            *) printf '%s ' "$d" ;;
        esac
    done)" ]
    inside sh -c 'ls -d /home /root /srv /mnt /sys/[!f]* /boot 2>/dev/null | wc -l'
    [ "$output" = 0 ]
    inside sh -c 'ls /etc'
    for entry in shadow gshadow sudoers apt ssh machine-id fstab; do
        [[ $'\n'"$output"$'\n' != *$'\n'"$entry"$'\n'* ]]
    done
}

@test "the host's /usr is read-only, set-uid programs gain nothing" {
    run ! indyno run "$app" -- touch /usr/x
    run ! indyno run "$app" -- touch /x
    run ! indyno run "$app" -- touch /etc/x
    inside sh -c '/bin/su -c id 2>&1; mount 2>/dev/null; grep -c nosuid /proc/mounts; wc -l < /proc/mounts'
    [[ "$output" != *uid=0* ]]
}

@test "/tmp, /run, /dev/shm and /app are writable, and all on one sized tmpfs" {
    inside sh -c 'for d in /tmp /run /dev/shm /app /var/tmp; do echo x > $d/f || echo no $d; done'
    [ "$output" = "" ]
    run ! indyno run --disk=8M "$app" -- sh -c 'dd if=/dev/zero of=/tmp/a bs=1M count=6 && dd if=/dev/zero of=/app/b bs=1M count=6'
    [[ "$output" == *"No space left"* ]]
}

@test "loopback is up, there is nothing else" {
    inside sh -c 'cat /proc/net/dev | tail -n +3 | cut -d: -f1 | tr -d " "'
    [ "$output" = lo ]
    inside python3 -c 'import socket
s = socket.create_server(("127.0.0.1", 0)); c = socket.create_connection(s.getsockname()); print("ok")'
    [ "$output" = ok ]
}

@test "/dev has its own terminals and no disks" {
    inside sh -c 'ls /dev | tr "\n" " "'
    [ "$output" = "fd full null ptmx pts random shm stderr stdin stdout tty urandom zero " ]
    inside script -qec 'tty' /dev/null
    [[ "$output" == /dev/pts/0* ]]
}

@test "only the dyno's processes, of which pid 1 is indyno's and shows nothing" {
    inside sh -c 'ls -d /proc/[0-9]* | wc -l; cat /proc/1/comm; tr -d "\0" < /proc/1/cmdline; cat /proc/1/environ /proc/1/maps 2>&1 | grep -c denied'
    [ "${lines[0]}" -le 6 ]
    [ "${lines[1]}" = indyno-init ]
    [ "${lines[2]}" = 2 ]
}

@test "what a hostile step tries first" {
    run -0 indyno run -q "$app" -- sh -c '
        cat /etc/shadow && echo BAD shadow
        ls /root /home && echo BAD home
        mount -t tmpfs t /tmp && echo BAD mount
        unshare -U true && echo BAD userns
        unshare -n true && echo BAD netns
        dmesg && echo BAD dmesg
        kill -9 1 && echo BAD kill
        echo 1 > /proc/sys/kernel/sysrq && echo BAD sysrq
        cat /proc/kcore > /dev/null && echo BAD kcore
        mknod /tmp/sda b 8 0 && echo BAD mknod
        chown 0 /tmp && echo BAD chown
        true'
    [[ "$output" != *BAD* ]]
}

@test "the caller's signal dispositions, mask and limits do not reach the step" {
    run -0 --separate-stderr as_tester env --ignore-signal=CHLD,PIPE,QUIT,USR1 --block-signal=TERM,USR1,USR2 \
        "$INDYNO" run -q "$app" -- grep -E '^Sig(Blk|Ign):' /proc/self/status
    [ "$(grep -c 0000000000000000 <<<"$output")" = 2 ] || { echo "$output"; return 1; }
    (
        ulimit -S -c 1024 2>/dev/null || true
        umask 077
        run -0 --separate-stderr indyno run -q "$app" -- sh -c 'ulimit -c; umask'
        [ "$output" = "$(printf '0\n0022')" ]
    )
}

@test "user namespaces inside: none, unless they are allowed; mounts never" {
    run -0 --separate-stderr indyno run -q "$app" -- sh -c 'unshare -Ur id -u 2>/dev/null || echo denied; cat /proc/sys/user/max_user_namespaces'
    [ "$output" = "$(printf 'denied\n0')" ]
    run -0 --separate-stderr indyno run -q --allow-userns --report "$scratch/report.json" "$app" -- \
        sh -c 'unshare -Ur id -u; unshare -Urn ls /sys/class/net 2>/dev/null; unshare -Urm mount -t tmpfs none /tmp 2>/dev/null || echo denied'
    [ "$output" = "$(printf '0\ndenied')" ]
    [ "$(jq -r '.weaker | join(",")' "$scratch/report.json")" = userns ]
}

@test "/sys/fs/cgroup: the dyno's own limits, read-only, and nothing else of /sys" {
    with_cgroups
    run -0 --separate-stderr indyno run -q --memory=300M --cpus=1.5 "$app" -- sh -c '
        find /sys -maxdepth 2 | sort | tr "\n" " "; echo
        cut -d: -f3 /proc/self/cgroup | sort -u
        cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/memory/memory.limit_in_bytes 2>/dev/null
        cut -d" " -f1 /sys/fs/cgroup/cpu.max /sys/fs/cgroup/cpu/cpu.cfs_quota_us 2>/dev/null
        find /sys/fs/cgroup -mindepth 1 -type d ! -name memory ! -name cpu ! -name cpuacct ! -name cpuset ! -name pids
        find /sys/fs/cgroup -name cgroup.procs | while read -r procs; do
            ! (echo 0 >"$procs") 2>/dev/null || echo written
        done
        awk '"'"'$5 ~ /^.sys/ && (($4 != "/" && $5 !~ /cpuacct|cpuset/) || $6 !~ /^ro,nosuid,nodev/) '"'"' /proc/self/mountinfo'
    [ "$output" = "$(printf '/sys /sys/fs /sys/fs/cgroup \n/\n314572800\n150000')" ]
}

# Node looks as Java and Go do: at its group in /proc/self/cgroup, beneath where that hierarchy is mounted.
@test "Node sizes itself by the dyno's memory" {
    with_cgroups
    run -0 --separate-stderr indyno run -q --memory=300M "$app" -- node -p 'process.constrainedMemory()'
    [ "$output" = 314572800 ]
}

@test "without limits that a host can enforce there is no /sys at all" {
    is_user || skip "only a user may be without cgroups here"
    run -0 --separate-stderr env -u INDYNO_TEST_DELEGATE bash -c "$(declare -f indyno as_tester set_rights is_user is_delegated); indyno run -q '$app' -- sh -c 'ls -d /sys 2>/dev/null || echo none'"
    [ "$output" = none ]
}
