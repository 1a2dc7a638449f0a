"""Takes the outgoing mail from the queue and delivers it: here, into the table of deliveries."""

import hashlib
import hmac
import os

from newsletter.connections import connect_postgres, connect_redis
from newsletter.mailqueue import MailQueue


def unsubscribe_link(subscriber):
    """Nobody without the secret can unsubscribe somebody else."""
    key = os.environ["SECRET_KEY"].encode()
    return f"/unsubscribe/{subscriber}/{hmac.new(key, subscriber.encode(), hashlib.sha256).hexdigest()}"


def deliver(connection, entry):
    """Delivering twice is harmless: an entry that was recovered may have been delivered already."""
    with connection, connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO deliveries (issue, subscriber, message)"
            " SELECT i.id, s.id, format(E'From: %%s\\nTo: %%s <%%s>\\nSubject: %%s\\n\\n%%s\\n\\n%%s\\n',"
            "                           %s::text, s.name, s.email, i.subject, i.body, %s::text)"
            " FROM issues i, subscribers s WHERE i.id = %s AND s.id = %s ON CONFLICT DO NOTHING",
            (
                os.environ["NEWSLETTER_FROM"],
                unsubscribe_link(entry["subscriber"]),
                entry["issue"],
                entry["subscriber"],
            ),
        )
        return cursor.rowcount == 1


def work(connection, queue):
    """Empties the queue. Returns how many messages this worker delivered."""
    delivered = 0
    while taken := queue.take():
        ticket, entry = taken
        delivered += deliver(connection, entry)
        queue.done(ticket, entry["issue"])
    return delivered


if __name__ == "__main__":
    print("delivered", work(connect_postgres(), MailQueue(connect_redis())))
