#include "kind.h"

#include <stddef.h>

#include "base/text.h"

#define POSTGRES_FOLDERS                                                                                     \
    {                                                                                                        \
        "usr/lib/postgresql/*/bin", "usr/local/bin", "usr/local/pgsql/bin", "usr/libexec/postgresql*",       \
            "usr/bin"                                                                                        \
    }
#define REDIS_FOLDERS                                                                                        \
    {                                                                                                        \
        "usr/local/bin", "usr/bin", "opt/*/bin"                                                              \
    }
/* What needs the server's own files (initdb, pg_ctl) works in its root only. */
#define POSTGRES_CLIENTS                                                                                     \
    {                                                                                                        \
        "psql", "pg_dump*", "pg_restore", "createdb", "dropdb", "createuser", "dropuser", "vacuumdb",        \
            "reindexdb", "clusterdb", "pg_isready", "pg_basebackup", "pgbench", "pg_amcheck"                 \
    }

static const struct kind kinds[] = {
    {"postgresql", "postgres", "(PostgreSQL) ", POSTGRES_FOLDERS, POSTGRES_CLIENTS, true, true},
    {"redis", "redis-server", "v=", REDIS_FOLDERS, {"redis-cli", "redis-benchmark"}, true, false},
    {"valkey", "valkey-server", "v=", REDIS_FOLDERS, {"valkey-cli", "valkey-benchmark"}, true, false},
    {"postgresql-client", "psql", "(PostgreSQL) ", POSTGRES_FOLDERS, POSTGRES_CLIENTS, false, false},
};

const struct kind *kind_find(const char *name)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (text_equal(kinds[i].name, name))
            return &kinds[i];
    return NULL;
}
