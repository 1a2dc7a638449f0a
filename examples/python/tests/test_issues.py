import threading
import unittest

from newsletter import issues, subscribers, worker
from newsletter.connections import connect_postgres, connect_redis
from newsletter.mailqueue import MailQueue
from tests.newsletter_case import NewsletterCase


class Issues(NewsletterCase):
    def readers(self, count):
        for number in range(count):
            email = f"reader-{number}@example.org"
            _, token = subscribers.subscribe(self.postgres, email, f"Reader {number}")
            subscribers.confirm(self.postgres, email, token)

    def test_search_knows_the_forms_of_a_word(self):
        issues.write(self.postgres, "Sandboxes", "Namespaces are what containers are made of.")
        issues.write(self.postgres, "Queues", "A queue that loses nothing.")
        self.assertEqual(issues.search(self.postgres, "container namespace"), ["Sandboxes"])
        self.assertEqual(issues.search(self.postgres, "elephant"), [])

    def test_an_issue_goes_to_those_who_confirmed(self):
        self.readers(2)
        subscribers.subscribe(self.postgres, "unconfirmed@example.org", "Not yet")
        issue = issues.write(self.postgres, "Hello", "The first issue.")
        queue = MailQueue(self.redis)
        self.assertEqual(issues.send(self.postgres, queue, issue), 2)
        self.assertEqual(worker.work(self.postgres, queue), 2)
        message = self.value("SELECT message FROM deliveries JOIN subscribers ON id = subscriber ORDER BY email")
        self.assertTrue(message.startswith("From: test@example.org\nTo: Reader 0 <reader-0@example.org>\n"), message)
        self.assertRegex(message, r"/unsubscribe/[-0-9a-f]{36}/[0-9a-f]{64}\n$")

    def test_an_issue_is_sent_once(self):
        issue = issues.write(self.postgres, "Hello", "The first issue.")
        issues.send(self.postgres, MailQueue(self.redis), issue)
        with self.assertRaises(ValueError):
            issues.send(self.postgres, MailQueue(self.redis), issue)

    def test_nothing_is_marked_as_sent_when_the_queue_fails(self):
        class BrokenQueue(MailQueue):
            def put(self, entries):
                self.redis.execute_command("LPUSH")  # too few arguments: Redis refuses

        issue = issues.write(self.postgres, "Hello", "The first issue.")
        with self.assertRaisesRegex(Exception, "wrong number of arguments"):
            issues.send(self.postgres, BrokenQueue(self.redis), issue)
        self.assertIsNone(self.value("SELECT sent FROM issues"))

    def test_progress_is_published(self):
        self.readers(3)
        issue = issues.write(self.postgres, "Hello", "The first issue.")
        queue = MailQueue(self.redis)
        with self.redis.pubsub() as listener:
            listener.subscribe(f"mail:delivered:{issue}")
            self.assertEqual(listener.get_message(timeout=10)["type"], "subscribe")
            issues.send(self.postgres, queue, issue)
            worker.work(self.postgres, queue)
            heard = [listener.get_message(timeout=10)["type"] for _ in range(3)]
        self.assertEqual(heard, ["message"] * 3)

    def test_mail_of_a_worker_that_died_is_delivered_once(self):
        self.readers(5)
        issue = issues.write(self.postgres, "Hello", "The first issue.")
        dead = MailQueue(self.redis, "dead")
        issues.send(self.postgres, dead, issue)
        dead.take()
        _, entry = dead.take()
        worker.deliver(self.postgres, entry)  # it died between this and done()
        self.assertEqual(MailQueue(self.redis, "dead").recover(), 2)
        self.assertEqual(worker.work(self.postgres, MailQueue(self.redis, "alive")), 4)
        self.assertEqual(self.value("SELECT count(*) FROM deliveries"), 5)

    def test_four_workers_share_the_work(self):
        self.readers(100)
        issue = issues.write(self.postgres, "Hello", "The first issue.")
        issues.send(self.postgres, MailQueue(self.redis), issue)
        counts = [None] * 4

        def run(number):
            with connect_redis() as redis:
                connection = connect_postgres()
                counts[number] = worker.work(connection, MailQueue(redis, f"worker-{number}"))
                connection.close()

        threads = [threading.Thread(target=run, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(sum(counts), 100)
        self.assertEqual(self.redis.keys("mail:*"), [])


if __name__ == "__main__":
    unittest.main()
