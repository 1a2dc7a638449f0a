CREATE EXTENSION IF NOT EXISTS "uuid-ossp";
CREATE EXTENSION IF NOT EXISTS citext;
CREATE EXTENSION IF NOT EXISTS hstore;
CREATE EXTENSION IF NOT EXISTS pgcrypto;
CREATE EXTENSION IF NOT EXISTS pg_trgm;

CREATE TABLE subscribers (
    id          uuid PRIMARY KEY DEFAULT uuid_generate_v4(),
    email       citext NOT NULL UNIQUE,
    name        text NOT NULL,
    preferences hstore NOT NULL DEFAULT '',
    token_hash  text NOT NULL,
    confirmed   timestamptz
);

CREATE INDEX subscribers_name_trigrams ON subscribers USING gin (name gin_trgm_ops);
