// GET /SLUG redirects, POST / with {slug, target} makes a link.
import { createServer } from 'node:http';

import { SlugTaken } from './links.js';

async function readJson(request) {
  const parts = [];
  for await (const part of request) parts.push(part);
  return JSON.parse(Buffer.concat(parts).toString('utf8'));
}

async function follow(links, request) {
  const target = await links.resolve(decodeURIComponent(request.url.slice(1)));
  return target === null ? { status: 404 } : { status: 302, headers: { location: target } };
}

async function create(links, request) {
  const { slug, target, details } = await readJson(request);
  try {
    return { status: 201, body: { key: await links.create(slug, target, details) } };
  } catch (error) {
    if (error instanceof SlugTaken) return { status: 409, body: { error: `${slug} is taken` } };
    throw error;
  }
}

const METHODS = { GET: follow, POST: create };

export function makeServer(links) {
  return createServer(async (request, response) => {
    const handle = METHODS[request.method] ?? (async () => ({ status: 405 }));
    const answer = await handle(links, request).catch((error) => ({ status: 500, body: { error: error.message } }));
    response.writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers });
    response.end(answer.body ? JSON.stringify(answer.body) : undefined);
  });
}
