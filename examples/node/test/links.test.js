import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';

import { connect } from '../src/connections.js';
import { Links, SlugTaken } from '../src/links.js';
import { makeServer } from '../src/server.js';

let databases;
let links;

before(async () => {
  databases = await connect();
  links = new Links(databases);
});

after(() => databases.close());

beforeEach(async () => {
  await databases.links.query('TRUNCATE links');
  await databases.stats.query('TRUNCATE hits');
  await databases.redis.flushDb();
});

test('a link resolves in whatever case', async () => {
  await links.create('Docs', 'https://example.org/docs');
  assert.equal(await links.resolve('docs'), 'https://example.org/docs');
  assert.equal(await links.resolve('DOCS'), 'https://example.org/docs');
  assert.equal(await links.resolve('nowhere'), null);
});

test('a slug is taken once', async () => {
  await links.create('docs', 'https://example.org/1');
  await assert.rejects(links.create('DOCS', 'https://example.org/2'), SlugTaken);
});

test('the cache answers, and expires', async () => {
  await links.create('docs', 'https://example.org/');
  await links.resolve('docs');
  await databases.links.query('TRUNCATE links');
  assert.equal(await links.resolve('docs'), 'https://example.org/');
  const seconds = await databases.redis.ttl('link:docs');
  assert.ok(seconds > 0 && seconds <= 60, `expires in ${seconds} s`);
});

test('only the key changes a link, and the cache with it', async () => {
  const key = await links.create('docs', 'https://example.org/old');
  await links.resolve('docs');
  assert.equal(await links.retarget('docs', 'a guess', 'https://example.com/'), false);
  assert.equal(await links.resolve('docs'), 'https://example.org/old');
  assert.equal(await links.retarget('docs', key, 'https://example.org/new'), true);
  assert.equal(await links.resolve('docs'), 'https://example.org/new');
});

test('links are found by their details', async () => {
  await links.create('a', 'https://example.org/a', { team: 'red', tags: ['x', 'y'] });
  await links.create('b', 'https://example.org/b', { team: 'blue', tags: ['y'] });
  assert.deepEqual(await links.search({ tags: ['y'] }), ['a', 'b']);
  assert.deepEqual(await links.search({ team: 'blue' }), ['b']);
});

test('hits move from Redis to the database of statistics, and add up', async () => {
  await links.create('docs', 'https://example.org/');
  for (const rounds of [3, 4]) {
    await Promise.all(Array.from({ length: rounds }, () => links.resolve('docs')));
    await links.flush();
  }
  assert.equal(await links.hits('docs'), 7);
  assert.equal(await databases.redis.exists('hits'), 0);
});

test('fifty links at once', async () => {
  const slugs = Array.from({ length: 50 }, (_, number) => `link-${number}`);
  await Promise.all(slugs.map((slug) => links.create(slug, `https://example.org/${slug}`)));
  const targets = await Promise.all(slugs.map((slug) => links.resolve(slug)));
  assert.deepEqual(targets, slugs.map((slug) => `https://example.org/${slug}`));
});

test('the server makes links and redirects', async (t) => {
  const server = makeServer(links);
  await new Promise((resolve) => server.listen(process.env.PORT, '127.0.0.1', resolve));
  t.after(() => server.close());
  const base = `http://127.0.0.1:${process.env.PORT}`;
  const post = (body) => fetch(base, { method: 'POST', body: JSON.stringify(body) });
  const link = { slug: 'docs', target: 'https://example.org/docs' };

  assert.equal((await post(link)).status, 201);
  assert.equal((await post(link)).status, 409);
  const answer = await fetch(`${base}/docs`, { redirect: 'manual' });
  assert.equal(answer.status, 302);
  assert.equal(answer.headers.get('location'), link.target);
  assert.equal((await fetch(`${base}/nowhere`, { redirect: 'manual' })).status, 404);
  assert.equal((await fetch(`${base}/docs`, { method: 'DELETE' })).status, 405);
});
