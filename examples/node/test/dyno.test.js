// What the dyno promises to every app: see indyno-sandbox(7) and indyno-app.json(5).
import assert from 'node:assert/strict';
import { test } from 'node:test';

import pg from 'pg';
import { createClient } from 'redis';

test('the environment is Heroku CI\'s', () => {
  assert.equal(process.env.CI, 'true');
  assert.equal(process.env.HOME, '/app');
  assert.equal(process.env.CACHE_SECONDS, '60'); // a number in app.json is a string here
});

test('two databases of one server have a URL each', async () => {
  const names = [];
  for (const url of [process.env.DATABASE_URL, process.env.STATS_URL]) {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    const { rows } = await client.query('SELECT current_database() AS name, inet_server_port() AS port');
    assert.equal(rows[0].port, 5432);
    names.push(rows[0].name);
    await client.end();
  }
  assert.equal(names[0], 'postgres_buildpack_db');
  assert.notEqual(names[1], names[0]);
});

test('Postgres has no SSL', async () => {
  const client = new pg.Client({ connectionString: process.env.DATABASE_URL, ssl: { rejectUnauthorized: false } });
  await assert.rejects(client.connect(), /does not support SSL/);
});

test('messages pass through Redis', async () => {
  const publisher = createClient({ url: process.env.REDIS_URL });
  await publisher.connect();
  const subscriber = publisher.duplicate();
  await subscriber.connect();
  let hear;
  const heard = new Promise((resolve) => { hear = resolve; });
  await subscriber.subscribe('news', hear);
  assert.equal(await publisher.publish('news', 'hello'), 1);
  assert.equal(await heard, 'hello');
  await subscriber.close();
  await publisher.close();
});
