"""Where the databases are: DATABASE_URL and REDIS_URL, as Heroku sets them."""

import os

import psycopg2
import psycopg2.extras
import redis


def connect_postgres(url=None, **options):
    connection = psycopg2.connect(url or os.environ["DATABASE_URL"], **options)
    psycopg2.extras.register_uuid(conn_or_curs=connection)
    return connection


def connect_redis(**options):
    return redis.Redis.from_url(os.environ["REDIS_URL"], decode_responses=True, **options)
