CREATE EXTENSION IF NOT EXISTS pgcrypto;
CREATE EXTENSION IF NOT EXISTS citext;

CREATE TABLE IF NOT EXISTS links (
    slug    citext PRIMARY KEY,
    target  text NOT NULL,
    key     text NOT NULL DEFAULT encode(gen_random_bytes(16), 'hex'),
    details jsonb NOT NULL DEFAULT '{}',
    created timestamptz NOT NULL DEFAULT now()
);
