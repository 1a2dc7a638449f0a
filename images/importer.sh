# Sourced by indyno's own importers (contract in importer.h): what they do alike. Sets source, folder, and work, an empty
# folder in TMPDIR.
# shellcheck shell=sh
set -eu
umask 022

fail() {
    echo "${0##*/}: $*" >&2
    exit 1
}

needs() { # PROGRAM...: under the name of its package in Debian
    for program in "$@"; do
        command -v "$program" >/dev/null || fail "$program is missing: install it (Debian: $program)"
    done
}

# chown to the caller is what the kernel takes set-id bits and file capabilities away for. What is mounted over and what
# others read is made ready here, whatever it came as; chmod and chown follow no links below the folder. A device is for
# nobody else while it is there, and a folder that may not be read hides none.
tidy() {
    chmod -R u+rwX "$folder"
    find "$folder" \( -type b -o -type c -o -type p -o -type s \) -exec rm -f {} +
    chown -R -h "$(id -u):$(id -g)" "$folder"
    chmod -R u+rwX,go=rX,a-s,-t "$folder"
}

# shellcheck disable=SC2034 # for who sources this
source=$1 folder=$(cd "$2" && pwd -P) work=$(mktemp -d)
