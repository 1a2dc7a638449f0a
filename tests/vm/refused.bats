# On a kernel that is too old: every run is refused, and why is said. For virtual machines only (guest.sh).

load ../cli/helper

@test "a kernel that is too old: a run is refused, and leaves nothing" {
    local options
    for options in "" "--postgres=16 --redis"; do
        # shellcheck disable=SC2086 # a list of words
        run -65 --separate-stderr indyno run $options "$app" -- true
        [[ "$stderr" == *"mount_setattr"*"this kernel is older than Linux 5.12"*"run a kernel of at least 5.15"* ]] ||
            { echo "$stderr"; return 1; }
        await_nothing_left
    done
}

@test "a kernel that is too old: doctor says so" {
    run -1 --separate-stderr indyno doctor --json "$app"
    jq -e '.runs | not' <<<"$output"
    jq -e '.probes[] | select(.name == "read-only-mounts") | .state == "missing" and .cause == "kernel" and
        (.remedy | contains("5.15"))' <<<"$output"
    await_nothing_left
}
