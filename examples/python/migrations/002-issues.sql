CREATE TABLE issues (
    id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    subject text NOT NULL,
    body    text NOT NULL,
    sent    timestamptz,
    words   tsvector GENERATED ALWAYS AS (to_tsvector('english', subject || ' ' || body)) STORED
);

CREATE INDEX issues_words ON issues USING gin (words);

CREATE TABLE deliveries (
    issue      bigint NOT NULL REFERENCES issues ON DELETE CASCADE,
    subscriber uuid NOT NULL REFERENCES subscribers ON DELETE CASCADE,
    message    text NOT NULL,
    PRIMARY KEY (issue, subscriber)
);
