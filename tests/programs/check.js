// Node: worker threads that share memory, HTTP on loopback, children, watching files, zlib and crypto in the thread pool.
'use strict';
const assert = require('node:assert');
const { once } = require('node:events');
const child_process = require('node:child_process');
const crypto = require('node:crypto');
const fs = require('node:fs');
const http = require('node:http');
const os = require('node:os');
const path = require('node:path');
const { promisify } = require('node:util');
const { Worker, isMainThread, workerData, parentPort } = require('node:worker_threads');
const zlib = require('node:zlib');

async function workers() {
    const counter = new SharedArrayBuffer(4);
    const four = [0, 1, 2, 3].map(() => new Worker(__filename, { workerData: counter }));
    const answers = await Promise.all(four.map((worker) => once(worker, 'message')));
    await Promise.all(four.map((worker) => worker.terminate()));
    assert.deepStrictEqual(answers.map(([answer]) => answer), Array(4).fill('counted'));
    assert.strictEqual(Atomics.load(new Int32Array(counter), 0), 4000);
}

async function loopback() {
    const server = http.createServer((request, response) => request.pipe(response));
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const address = `http://127.0.0.1:${server.address().port}/`;
    const bodies = await Promise.all([...Array(20).keys()].map(async (n) => {
        const response = await fetch(address, { method: 'POST', body: `body ${n}` });
        return response.text();
    }));
    assert.deepStrictEqual(bodies, [...Array(20).keys()].map((n) => `body ${n}`));
    server.closeAllConnections();
    await once(server.close(), 'close');
}

async function children() {
    const { stdout } = await promisify(child_process.execFile)(process.execPath, ['-p', '6 * 7']);
    assert.strictEqual(stdout, '42\n');
    const forked = child_process.fork(__filename, ['forked']);
    const [message] = await once(forked, 'message');
    assert.strictEqual(message, 'from the child');
    forked.kill('SIGTERM');
    assert.deepStrictEqual(await once(forked, 'exit'), [null, 'SIGTERM']);
    assert.strictEqual(child_process.spawnSync('sh', ['-c', 'exit 3']).status, 3);
}

async function watching() {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'watched-'));
    const watcher = fs.watch(folder);
    const changed = once(watcher, 'change');
    fs.writeFileSync(path.join(folder, 'new'), 'x');
    assert.strictEqual((await changed)[1], 'new');
    watcher.close();
    fs.rmSync(folder, { recursive: true });
}

async function pool() {
    const packed = await promisify(zlib.gzip)(Buffer.alloc(1000000));
    assert.strictEqual((await promisify(zlib.gunzip)(packed)).length, 1000000);
    assert.strictEqual((await promisify(crypto.scrypt)('password', 'salt', 32)).length, 32);
}

async function all() {
    for (const check of [workers, loopback, children, watching, pool]) {
        await check();
        console.log(check.name);
    }
}

if (!isMainThread) {
    for (let i = 0; i < 1000; i++) Atomics.add(new Int32Array(workerData), 0, 1);
    parentPort.postMessage('counted');
} else if (process.argv[2] === 'forked') {
    process.send('from the child');
} else {
    all().catch((error) => {
        console.log(error);
        process.exit(1);
    });
}
