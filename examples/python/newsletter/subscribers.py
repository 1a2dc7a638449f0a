"""Who reads the newsletter. A subscription counts once it is confirmed with the token that was sent out."""

import secrets


def subscribe(connection, email, name, **preferences):
    """Returns the new subscriber's id and the token that confirms it; only the token's hash is kept."""
    token = secrets.token_urlsafe(16)
    with connection, connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO subscribers (email, name, preferences, token_hash)"
            " VALUES (%s, %s, hstore(%s::text[], %s::text[]), crypt(%s, gen_salt('bf', 4))) RETURNING id",
            (email, name, list(preferences), list(preferences.values()), token),
        )
        return cursor.fetchone()[0], token


def confirm(connection, email, token):
    """Returns whether the token was the right one."""
    with connection, connection.cursor() as cursor:
        cursor.execute(
            "UPDATE subscribers SET confirmed = now() WHERE email = %s AND token_hash = crypt(%s, token_hash)",
            (email, token),
        )
        return cursor.rowcount == 1


def find(connection, name):
    """Names like the given one, best match first: tolerant of typing errors."""
    with connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT name FROM subscribers WHERE name %% %s ORDER BY similarity(name, %s) DESC, name", (name, name)
        )
        return [row[0] for row in cursor]


def preference(connection, email, key):
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT preferences -> %s FROM subscribers WHERE email = %s", (key, email))
        row = cursor.fetchone()
        return row[0] if row else None
