#!/bin/sh
# fetch-source.sh SUITE PACKAGE: fetches the source of a Debian package into the working folder, by an apt state of its own.
set -eu
suite=$1 package=$2
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
# shellcheck disable=SC2016 # apt's own word
uri=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | sed 's|/*$||' | grep '/debian$' | head -n 1)
apt=$(mktemp -d)
trap 'rm -rf "$apt"' EXIT
mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial"
: >"$apt/status"
echo "deb-src [signed-by=$keyring] $uri $suite main" >"$apt/sources.list"
private_apt() {
    apt-get -qq -o Dir::Etc::SourceList="$apt/sources.list" -o Dir::Etc::SourceParts=/dev/null -o Dir::State="$apt" \
        -o Dir::State::status="$apt/status" -o Dir::Cache="$apt/cache" -o APT::Sandbox::User="$(id -un)" "$@" >&2
}
private_apt update
private_apt source --download-only "$package"
