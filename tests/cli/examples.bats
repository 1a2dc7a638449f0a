# Whole apps with client libraries of their own: the demo apps, and Django as it comes.

load helper

setup() {
    setup_scratch
    cd "$scratch"
}

take_example() {
    cp -R "$abs_top_srcdir/examples/$1/." "$app"
    chmod -R u+w "$app"
    give "$app"
}

@test "examples/python: psycopg2 and redis, tables, a second database, extensions, a queue" {
    take_example python
    run -0 indyno run "$app"
    [[ "$output" == *"test_four_workers_share_the_work"*" ok"* ]]
    [[ "$output" == *$'\nOK'* ]]
}

@test "examples/python: a test that fails makes the run fail" {
    take_example python
    run -42 indyno run "$app" -- sh -c 'exit 42'
    printf 'import unittest\nclass Broken(unittest.TestCase):\n    def test_it(self):\n        self.fail("broken on purpose")\n' \
        >"$app/tests/test_broken.py"
    give "$app"
    run -1 indyno run "$app"
    [[ "$output" == *"broken on purpose"* ]]
}

@test "examples/node: npm ci in test-setup, pg and redis, two databases of one server" {
    [ -d "$abs_top_srcdir/examples/node/.npm" ] ||
        skip "npm's cache is empty: (cd examples/node && npm ci --cache .npm), or ./quickstart check"
    take_example node
    rm -rf "$app/node_modules"
    run -0 indyno run "$app"
    [[ "$output" == *"pass 12"* && "$output" == *"fail 0"* ]]
    [ ! -e "$app/node_modules" ]
}

@test "a Django project as startproject makes it: migrations and tests" {
    rmdir "$app"
    "$abs_top_srcdir/tests/cli/django-app.sh" "$app"
    give "$app"
    run -0 indyno run "$app"
    [[ "$output" == *"Applying auth.0001_initial... OK"* ]]
    [[ "$output" == *"Cloning test database"* ]]
    [[ "$output" == *"Ran 4 tests"* ]]
}
