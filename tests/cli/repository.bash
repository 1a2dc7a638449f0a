# Shared by the tests of from-deb: a signed repository of packages, as an operator adds to a suite.
# shellcheck shell=bash disable=SC2154 # scratch is set in helper.bash

# A key of this test's own, whose public half is $scratch/NAME.gpg; end_key is for teardown.
make_key() { # NAME
    export GNUPGHOME=$BATS_TEST_TMPDIR/gnupg
    (umask 077 && mkdir -p "$GNUPGHOME")
    gpg --batch --quiet --passphrase '' --quick-generate-key "$1" ed25519 sign never 3>&-
    gpg --batch --export "$1" >"$scratch/$1.gpg"
}

end_key() {
    [ -z "${GNUPGHOME-}" ] || gpgconf --kill gpg-agent
}

# Packs FOLDER as a package into the repository; further lines of its control file come on stdin.
make_package() { # REPOSITORY PACKAGE VERSION FOLDER
    mkdir -p "$1" "$4/DEBIAN"
    {
        printf 'Package: %s\nVersion: %s\nArchitecture: %s\n' "$2" "$3" "$(dpkg --print-architecture)"
        printf 'Maintainer: test <test@localhost>\nDescription: of a test\n'
        cat
    } >"$4/DEBIAN/control"
    dpkg-deb --root-owner-group -Zgzip -z1 --build "$4" "$1" >/dev/null
}

# Signs what is in the repository, anew; unsigned where there is no name.
sign_repository() { # REPOSITORY [KEY'S NAME]
    (
        cd "$1" || exit
        rm -f Packages InRelease
        for deb in *.deb; do
            dpkg-deb --field "$deb"
            printf 'Filename: ./%s\nSize: %s\nSHA256: %s\n\n' "$deb" "$(stat -c %s "$deb")" "$(sha256sum "$deb" | cut -d' ' -f1)"
        done >Packages
        printf 'Suite: test\nDate: %s\nSHA256:\n %s %s Packages\n' "$(date -Ru)" "$(sha256sum Packages | cut -d' ' -f1)" \
            "$(stat -c %s Packages)" >Release
        [ -z "${2-}" ] || gpg --batch --quiet --local-user "$2" --clearsign --output InRelease Release 3>&-
    )
}

# Adds the repository to a suite of $INDYNO_CONFIG_DIR, as NAME.sources.
add_repository() { # REPOSITORY KEY SUITE NAME
    mkdir -p "$INDYNO_CONFIG_DIR/apt/$3.d"
    printf 'Types: deb\nURIs: file:%s\nSuites: ./\nSigned-By: %s\n' "$1" "$2" >"$INDYNO_CONFIG_DIR/apt/$3.d/$4.sources"
}
