// Where the databases are: DATABASE_URL, STATS_URL and REDIS_URL, as Heroku sets them.
import pg from 'pg';
import { createClient } from 'redis';

export async function connect() {
  const links = new pg.Pool({ connectionString: process.env.DATABASE_URL });
  const stats = new pg.Pool({ connectionString: process.env.STATS_URL });
  const redis = createClient({ url: process.env.REDIS_URL });
  await redis.connect();
  const close = () => Promise.all([links.end(), stats.end(), redis.close()]);
  return { links, stats, redis, close };
}
