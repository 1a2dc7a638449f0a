"""What the dyno promises to every app: see indyno-sandbox(7) and indyno-app.json(5)."""

import os
import pathlib
import re
import socket
import unittest
from urllib.parse import urlsplit

import psycopg2
import redis

from newsletter.connections import connect_postgres, connect_redis


class Dyno(unittest.TestCase):
    def test_the_environment_is_heroku_ci_s(self):
        self.assertEqual(os.environ["CI"], "true")
        self.assertEqual(os.environ["HOME"], "/app")
        self.assertEqual((os.environ["CI_NODE_INDEX"], os.environ["CI_NODE_TOTAL"]), ("0", "1"))
        self.assertEqual(os.environ["NEWSLETTER_FROM"], "test@example.org")
        self.assertRegex(os.environ["SECRET_KEY"], "^[0-9a-f]{64}$")
        for name in ("STACK", "PORT", "DYNO", "HEROKU_TEST_RUN_ID"):
            self.assertIn(name, os.environ)

    def test_postgres_is_the_dyno_s_own(self):
        url = urlsplit(os.environ["DATABASE_URL"])
        self.assertEqual((url.scheme, url.hostname, url.port), ("postgres", "localhost", 5432))
        self.assertEqual(url.path, "/postgres_buildpack_db")
        connection = connect_postgres()
        with connection, connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('is_superuser'), current_setting('server_encoding')")
            self.assertEqual(cursor.fetchone(), ("on", "UTF8"))
        connection.close()

    def test_postgres_needs_no_url(self):
        connection = psycopg2.connect("")  # the socket that PGHOST names, the user's own database
        with connection, connection.cursor() as cursor:
            cursor.execute("SELECT current_user = current_database()")
            self.assertEqual(cursor.fetchone(), (True,))
        connection.close()

    def test_postgres_has_no_ssl(self):
        with self.assertRaisesRegex(psycopg2.OperationalError, "server does not support SSL"):
            connect_postgres(sslmode="require")

    def test_redis_has_databases_of_its_own(self):
        with connect_redis(db=0) as first, connect_redis(db=1) as second:
            first.set("key", "first", ex=60)
            second.set("key", "second")
            self.assertEqual((first.get("key"), second.get("key")), ("first", "second"))
            self.assertGreater(first.ttl("key"), 0)
            second.flushdb()
            self.assertEqual((first.get("key"), second.get("key")), ("first", None))

    def test_redis_wants_its_password(self):
        with redis.Redis(host="localhost", port=6379) as stranger:
            with self.assertRaises(redis.AuthenticationError):
                stranger.ping()

    def test_the_app_folder_can_be_written(self):
        path = pathlib.Path("/app/log.txt")
        path.write_text("a line\n", encoding="utf-8")
        self.assertEqual(path.stat().st_uid, os.getuid())
        path.unlink()

    def test_the_step_has_no_privileges(self):
        status = pathlib.Path("/proc/self/status").read_text(encoding="ascii")
        self.assertNotEqual(os.getuid(), 0)
        self.assertEqual(set(re.findall(r"^Cap...:\t(\w+)", status, re.M)), {"0" * 16})
        self.assertIn("NoNewPrivs:\t1", status)
        self.assertIn("Seccomp:\t2", status)

    def test_no_other_machine_can_be_reached(self):
        with self.assertRaises(OSError):
            socket.create_connection(("192.0.2.1", 80), timeout=5)  # a documentation address: RFC 5737


if __name__ == "__main__":
    unittest.main()
