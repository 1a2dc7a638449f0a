"""The issues of the newsletter: written, searched, and sent to everybody who confirmed."""


def write(connection, subject, body):
    with connection, connection.cursor() as cursor:
        cursor.execute("INSERT INTO issues (subject, body) VALUES (%s, %s) RETURNING id", (subject, body))
        return cursor.fetchone()[0]


def search(connection, words):
    """Subjects of the issues that have all the words, in any of their forms."""
    with connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT subject FROM issues WHERE words @@ plainto_tsquery('english', %s) ORDER BY id", (words,)
        )
        return [row[0] for row in cursor]


def send(connection, queue, issue):
    """Queues the issue for every confirmed subscriber. Returns how many there are."""
    with connection, connection.cursor() as cursor:
        cursor.execute("UPDATE issues SET sent = now() WHERE id = %s AND sent IS NULL", (issue,))
        if cursor.rowcount == 0:
            raise ValueError(f"issue {issue} is not there or was sent before")
        cursor.execute("SELECT id FROM subscribers WHERE confirmed IS NOT NULL ORDER BY email")
        entries = [{"issue": issue, "subscriber": str(row[0])} for row in cursor]
        queue.put(entries)
    return len(entries)
