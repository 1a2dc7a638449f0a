import { connect } from './connections.js';
import { Links } from './links.js';
import { makeServer } from './server.js';

const FLUSH_EVERY_MS = 10_000;

const links = new Links(await connect());
setInterval(() => links.flush().catch(console.error), FLUSH_EVERY_MS);
makeServer(links).listen(process.env.PORT, () => console.log(`listening on ${process.env.PORT}`));
