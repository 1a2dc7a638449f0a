CREATE TABLE IF NOT EXISTS hits (
    slug  text NOT NULL,
    day   date NOT NULL DEFAULT current_date,
    count bigint NOT NULL,
    PRIMARY KEY (slug, day)
);
