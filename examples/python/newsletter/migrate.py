"""Applies the migrations that a database does not have yet, each in a transaction of its own."""

import pathlib

from newsletter.connections import connect_postgres

MIGRATIONS = pathlib.Path(__file__).resolve().parent.parent / "migrations"
LOCK = 20_240_229  # any number of our own: two migrations at once would apply the same file twice


def migrate(connection, folder=MIGRATIONS):
    """Returns the names of the files that were applied."""
    applied = []
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK,))
        cursor.execute("CREATE TABLE IF NOT EXISTS schema_migrations (name text PRIMARY KEY)")
    for path in sorted(folder.glob("*.sql")):
        with connection, connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK,))
            cursor.execute(
                "INSERT INTO schema_migrations VALUES (%s) ON CONFLICT DO NOTHING RETURNING name", (path.name,)
            )
            if cursor.fetchone():
                cursor.execute(path.read_text(encoding="utf-8"))
                applied.append(path.name)
    return applied


if __name__ == "__main__":
    for name in migrate(connect_postgres()):
        print("applied", name)
