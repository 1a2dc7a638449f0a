"""What the tests share: connections, and databases that are empty before each test."""

import unittest

from newsletter.connections import connect_postgres, connect_redis
from newsletter.migrate import migrate


class NewsletterCase(unittest.TestCase):
    def setUp(self):
        self.postgres = connect_postgres()
        self.addCleanup(self.postgres.close)
        self.redis = connect_redis()
        self.addCleanup(self.redis.close)
        migrate(self.postgres)
        with self.postgres, self.postgres.cursor() as cursor:
            cursor.execute("TRUNCATE subscribers, issues, deliveries RESTART IDENTITY")
        self.redis.flushall()

    def value(self, query, *arguments):
        with self.postgres, self.postgres.cursor() as cursor:
            cursor.execute(query, arguments)
            return cursor.fetchone()[0]
