"""A small newsletter: subscribers and issues in Postgres, the outgoing mail in a Redis queue."""
