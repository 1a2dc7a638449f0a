"""The outgoing mail: a reliable queue in Redis.

An entry moves from `pending` to the worker's own list while it is worked on, so that a worker that dies loses
nothing: recover() puts what it had back.
"""

import json


class MailQueue:
    def __init__(self, redis, worker="worker-1"):
        self.redis = redis
        self.pending = "mail:pending"
        self.taken = f"mail:taken:{worker}"

    def put(self, entries):
        """All of them or none: one transaction."""
        with self.redis.pipeline(transaction=True) as pipeline:
            for entry in entries:
                pipeline.lpush(self.pending, json.dumps(entry, sort_keys=True))
            pipeline.execute()

    def take(self):
        """The oldest entry as (ticket, entry), or None where there is none."""
        ticket = self.redis.lmove(self.pending, self.taken, "RIGHT", "LEFT")
        return (ticket, json.loads(ticket)) if ticket else None

    def done(self, ticket, issue):
        with self.redis.pipeline(transaction=True) as pipeline:
            pipeline.lrem(self.taken, 1, ticket)
            pipeline.publish(f"mail:delivered:{issue}", ticket)
            pipeline.execute()

    def recover(self):
        """Returns how many entries were put back."""
        count = 0
        while self.redis.lmove(self.taken, self.pending, "LEFT", "RIGHT"):
            count += 1
        return count
