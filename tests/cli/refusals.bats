# What cannot be met is refused before anything is created: 65, one clear line.

load helper

refuse() { # STATUS TEXT: app.json on stdin
    write_app
    run "-$1" --separate-stderr indyno run "$app"
    # shellcheck disable=SC2154 # bats sets stderr
    [[ "$stderr" == *"$2"* ]] || { echo "$stderr"; return 1; }
    [ -z "$output" ]
    [ -z "$(left_behind)" ]
}

@test "broken JSON: file, line and column" {
    refuse 65 "app.json:3:" <<<$'{\n  "name": "x",\n  "env": {,}\n}'
}

@test "wrong types: the key path" {
    refuse 65 'environments.test.scripts.test' <<<'{"environments": {"test": {"scripts": {"test": ["a"]}}}}'
    refuse 65 'environments.test.addons' <<<'{"environments": {"test": {"addons": "x", "scripts": {"test": "true"}}}}'
    refuse 65 'env' <<<'{"env": [], "environments": {"test": {"scripts": {"test": "true"}}}}'
}

@test "a required variable without a value" {
    refuse 65 SECRET <<<'{"env": {"SECRET": {"required": true}}, "environments": {"test": {"scripts": {"test": "true"}}}}'
    run -0 indyno run -e SECRET=1 "$app"
}

@test "an in-dyno plan of another addon" {
    refuse 65 'memcachier:in-dyno' <<<'{"environments": {"test": {"addons": ["memcachier:in-dyno"], "scripts": {"test": "true"}}}}'
}

@test "a version that is not there: what there is, and the command" {
    run -65 indyno run --postgres=13 "$app" -- true
    [[ "$output" == *"Specified postgresql version 13 is not available"* ]]
    [[ "$output" == *16.14* ]]
    refuse 65 "Specified redis version 3.2 is not available" <<<'{"environments": {"test": {"addons": ["heroku-redis:in-dyno"], "env": {"REDIS_VERSION": "3.2"}, "scripts": {"test": "true"}}}}'
}

@test "neither script nor COMMAND: 64" {
    refuse 64 "" <<<'{"name": "x"}'
}

@test "an addon that is not in-dyno, buildpacks and unknown keys are named and do not hinder" {
    write_app <<'J'
{"stack": "heroku-24", "formation": {"web": {"quantity": 1}}, "buildpacks": [{"url": "heroku/python"}], "later": 1,
 "addons": ["heroku-postgresql:in-dyno"],
 "environments": {"test": {"addons": ["scheduler:standard"], "scripts": {"test": "test -z \"$DATABASE_URL\""}}}}
J
    run -0 indyno run "$app"
    [[ "$output" == *"buildpacks not run: heroku/python"* ]]
    run -0 indyno plan "$app"
    [[ "$output" == *scheduler:standard* && "$output" == *later* && "$output" == *heroku-postgresql:in-dyno* ]]
}

@test "app.json that is no regular file" {
    mkfifo "$app/app.json"
    give "$app"
    run -65 indyno run "$app"
    rm "$app/app.json"
    ln -s /etc/shadow "$app/app.json"
    run -65 indyno run "$app"
    [[ "$output" != *root:* ]]
}

@test "indyno plan says what run would do, and does nothing" {
    write_app <<'J'
{"environments": {"test": {"addons": ["heroku-postgresql:in-dyno"], "env": {"POSTGRESQL_VERSION": "16"}, "scripts": {"test": "touch ran"}}}}
J
    run -0 indyno plan "$app"
    [[ "$output" == *16.14* && "$output" == *"touch ran"* ]]
    run -0 --separate-stderr indyno plan --json "$app"
    jq -e . <<<"$output" >/dev/null
    run -0 --separate-stderr indyno run --dry-run "$app"
    [[ "$output" == *16.14* ]]
    [ -z "$(left_behind)" ]
}
