# Sourced by what fetches packages of one of Debian's suites, which need not be this machine's: an apt state of its own, in
# the folder apt, which is the caller's to remove. No sources, lists or packages of this machine's are changed.
# shellcheck shell=sh
: "${apt:?}"

# The mirror is this machine's, where it has Debian's.
make_private_apt() { # deb|deb-src SUITE
    # shellcheck disable=SC2016 # apt's own word
    mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | sed 's|/*$||' | grep -m 1 '/debian$') ||
        mirror=http://deb.debian.org/debian
    mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial"
    : >"$apt/status"
    echo "$1 [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg check-valid-until=no] $mirror $2 main" >"$apt/sources.list"
    private_apt apt-get -qq update >&2
}

private_apt() { # apt-get|apt-cache ARGUMENT...
    program=$1
    shift
    "$program" -o Dir::Etc::SourceList="$apt/sources.list" -o Dir::Etc::SourceParts=/dev/null -o Dir::State="$apt" \
        -o Dir::State::status="$apt/status" -o Dir::Cache="$apt/cache" -o APT::Sandbox::User="$(id -un)" "$@"
}
