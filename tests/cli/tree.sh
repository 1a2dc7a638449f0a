# Sourced by what runs the command-line tests: indyno as it was built, not as it may be installed. Makes the folder that
# INDYNO_LIBEXECDIR names, in work, which is the caller's to remove.
# shellcheck shell=sh
: "${abs_top_srcdir:?}" "${SHIM:?}" "${INDYNO:?}" "${work:?}"
chmod 755 "$work"
mkdir "$work/libexec"
cp "$abs_top_srcdir"/images/from-* "$abs_top_srcdir"/images/build-* "$abs_top_srcdir"/images/survey-* "$abs_top_srcdir"/images/template-* "$abs_top_srcdir/images/importer.sh" "$abs_top_srcdir/images/measure" "$SHIM" "$work/libexec/"
cp "$abs_top_srcdir/images/catalog.json" "$abs_top_srcdir/images/extensions" "$work/"
chmod -R u+w,go+rX "$work"
INDYNO_LIBEXECDIR=$work/libexec INDYNO_CATALOG=$work/catalog.json INDYNO_EXTENSIONS=$work/extensions
: "${BATS_TEST_TIMEOUT:=300}" # seconds; one that waits for what does not come is a failure
export INDYNO INDYNO_LIBEXECDIR INDYNO_CATALOG INDYNO_EXTENSIONS BATS_TEST_TIMEOUT

# The suites but those that INDYNO_TEST_WITHOUT names, one run of them at a time: they look at what is left on the whole host.
run_suites() {
    set --
    for suite in "$abs_top_srcdir"/tests/cli/*.bats; do
        name=${suite##*/}
        case " ${INDYNO_TEST_WITHOUT-} " in *" ${name%.bats} "*) ;; *) set -- "$@" "$suite" ;; esac
    done
    exec 8>"${TMPDIR:-/tmp}/indyno-tests.lock"
    flock 8
    "$BATS" --tap "$@" 8>&-
}
