"""A second database on the same server: old issues are moved into an archive of their own."""

import io
import os
import unittest
from urllib.parse import urlsplit

from psycopg2.extensions import ISOLATION_LEVEL_AUTOCOMMIT

from newsletter import issues
from newsletter.connections import connect_postgres
from newsletter.migrate import migrate
from tests.newsletter_case import NewsletterCase


class Archive(NewsletterCase):
    def setUp(self):
        super().setUp()
        self.maintain("DROP DATABASE IF EXISTS newsletter_archive", "CREATE DATABASE newsletter_archive")
        url = urlsplit(os.environ["DATABASE_URL"])._replace(path="/newsletter_archive").geturl()
        self.archive = connect_postgres(url)
        self.addCleanup(self.maintain, "DROP DATABASE newsletter_archive")
        self.addCleanup(self.archive.close)  # cleanups run last to first: closed, then dropped

    def maintain(self, *statements):
        connection = connect_postgres()
        connection.set_isolation_level(ISOLATION_LEVEL_AUTOCOMMIT)
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
        connection.close()

    def test_issues_move_to_the_archive(self):
        migrate(self.archive)
        for number in range(1000):
            issues.write(self.postgres, f"Issue {number}", "Archived text.")
        rows = io.StringIO()
        with self.postgres, self.postgres.cursor() as cursor:
            cursor.copy_expert("COPY issues (subject, body) TO STDOUT", rows)
            cursor.execute("DELETE FROM issues")
        rows.seek(0)
        with self.archive, self.archive.cursor() as cursor:
            cursor.copy_expert("COPY issues (subject, body) FROM STDIN", rows)
        self.assertEqual(len(issues.search(self.archive, "archived")), 1000)
        self.assertEqual(issues.search(self.postgres, "archived"), [])

    def test_a_database_is_migrated_once(self):
        self.assertEqual(migrate(self.archive), ["001-subscribers.sql", "002-issues.sql"])
        self.assertEqual(migrate(self.archive), [])


if __name__ == "__main__":
    unittest.main()
