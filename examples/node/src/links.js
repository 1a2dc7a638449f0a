// The links themselves: written to Postgres, read through a cache in Redis, and counted in Redis until flush()
// moves the counts to the database of statistics.
const CACHE_SECONDS = Number(process.env.CACHE_SECONDS ?? 300);
const HITS = 'hits';
const cacheKey = (slug) => `link:${slug.toLowerCase()}`;

export class SlugTaken extends Error {}

export class Links {
  constructor({ links, stats, redis }) {
    Object.assign(this, { links, stats, redis });
  }

  /** Returns the key that allows to change the link later. */
  async create(slug, target, details = {}) {
    try {
      const { rows } = await this.links.query(
        'INSERT INTO links (slug, target, details) VALUES ($1, $2, $3) RETURNING key', [slug, target, details]);
      return rows[0].key;
    } catch (error) {
      throw error.code === '23505' ? new SlugTaken(slug) : error; // unique_violation
    }
  }

  /** Returns the target, or null where there is no such link. */
  async resolve(slug) {
    const key = cacheKey(slug);
    let target = await this.redis.get(key);
    if (target === null) {
      const { rows } = await this.links.query('SELECT target FROM links WHERE slug = $1', [slug]);
      if (rows.length === 0) return null;
      target = rows[0].target;
      await this.redis.set(key, target, { expiration: { type: 'EX', value: CACHE_SECONDS } });
    }
    await this.redis.hIncrBy(HITS, slug.toLowerCase(), 1);
    return target;
  }

  /** Returns whether the key was the right one. */
  async retarget(slug, key, target) {
    const { rowCount } = await this.links.query(
      'UPDATE links SET target = $3 WHERE slug = $1 AND key = $2', [slug, key, target]);
    await this.redis.del(cacheKey(slug));
    return rowCount === 1;
  }

  async search(details) {
    const { rows } = await this.links.query(
      'SELECT slug FROM links WHERE details @> $1 ORDER BY slug', [details]);
    return rows.map((row) => row.slug);
  }

  /** Moves the counts to the database of statistics; one that arrives meanwhile is kept for the next time. */
  async flush() {
    const [counts] = await this.redis.multi().hGetAll(HITS).del(HITS).exec();
    const client = await this.stats.connect();
    try {
      await client.query('BEGIN');
      for (const [slug, count] of Object.entries(counts)) {
        await client.query(
          'INSERT INTO hits (slug, count) VALUES ($1, $2)'
          + ' ON CONFLICT (slug, day) DO UPDATE SET count = hits.count + excluded.count', [slug, count]);
      }
      await client.query('COMMIT');
    } catch (error) {
      await client.query('ROLLBACK');
      throw error;
    } finally {
      client.release();
    }
  }

  async hits(slug) {
    const { rows } = await this.stats.query(
      'SELECT coalesce(sum(count), 0)::int AS hits FROM hits WHERE slug = $1', [slug]);
    return rows[0].hits;
  }
}
