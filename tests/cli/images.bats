# indyno image: the store. Installing from the registries is what quickstart does; here what can go wrong.

load helper

@test "ls lists what is installed, also as JSON" {
    run -0 --separate-stderr indyno image ls
    [[ "$output" == *postgresql*16.14* ]]
    [[ "$output" == *redis*7.0.* ]]
    run -0 --separate-stderr indyno image ls --json
    [ "$(jq -r '[.[] | select(.name == "postgresql")] | length >= 3' <<<"$output")" = true ]
}

@test "inspect says where a tree came from, with its digest" {
    run -0 --separate-stderr indyno image inspect postgresql:16
    [ "$(jq -r .version <<<"$output")" = 16.14 ]
    [[ "$(jq -r .source <<<"$output")" == npm:* ]]
    run -65 indyno image inspect postgresql:13
}

@test "an image that is there is not installed again" {
    run -0 indyno image install postgresql:16
    [[ "$output" == *16.14* ]]
}

@test "what the catalog does not have is refused" {
    run -65 indyno image install postgresql:9.6
    run -65 indyno image install mysql
    run -64 indyno image frobnicate
}

@test "import: any directory, whose server is asked for its version" {
    # The tree under test is one that is there: Redis' own, under another store.
    local store=$scratch/store source
    source=$(indyno image inspect redis:7.0 | jq -r '.path + "/" + .tree')
    INDYNO_STORE=$store run -65 indyno image import redis:6.2.10 "$source"
    [[ "$output" == *7.0.* ]]
    [ -z "$(find "$store" -name manifest.json 2>/dev/null)" ]
    INDYNO_STORE=$store run -65 indyno image import redis:6.2.10 "$scratch/nowhere"
}

@test "a version that was imported runs" {
    type -P redis-server >/dev/null || skip "no redis-server on this host to import"
    local store=$scratch/store version
    version=$(redis-server --version | sed 's/.* v=\([0-9.]*\).*/\1/')
    mkdir -p "$scratch/redis/bin"
    cp "$(type -P redis-server)" "$(type -P redis-cli)" "$scratch/redis/bin/"
    give "$scratch"
    INDYNO_STORE=$store run -0 indyno image import "redis:$version" "$scratch/redis"
    INDYNO_STORE=$store run -0 --separate-stderr indyno run -q "--redis=$version" "$app" -- sh -c 'redis-cli ping'
    [ "$output" = PONG ]
    INDYNO_STORE=$store run -0 indyno image rm "redis:$version"
    INDYNO_STORE=$store run -65 indyno run -q "--redis=$version" "$app" -- true
}
