// Makes the tables of both databases; what is there already stays as it is.
import { readFile } from 'node:fs/promises';

import { connect } from './connections.js';

const sql = (name) => readFile(new URL(`../${name}`, import.meta.url), 'utf8');

const databases = await connect();
await databases.links.query(await sql('schema.sql'));
await databases.stats.query(await sql('stats.sql'));
await databases.close();
