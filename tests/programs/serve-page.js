// Serves a page, and a script that it brings in, on a loopback port; the browser given as arguments then gets its address.
'use strict';
const child_process = require('node:child_process');
const http = require('node:http');

const page = `<!DOCTYPE html><title>page</title><p id="text">as it was served</p>
<script>
    const script = document.createElement('script');
    script.src = '/script';
    document.body.append(script);
</script>`;
const script = "document.getElementById('text').textContent = 'fetched ' + 6 * 7;";

const server = http.createServer((request, response) => {
    const isScript = request.url === '/script';
    response.setHeader('Content-Type', isScript ? 'text/javascript' : 'text/html');
    response.end(isScript ? script : page);
});
server.listen(0, '127.0.0.1', () => {
    const [browser, ...words] = [...process.argv.slice(2), `http://127.0.0.1:${server.address().port}/`];
    child_process.spawn(browser, words, { stdio: 'inherit' }).on('exit', (code) => process.exit(code ?? 1));
});
