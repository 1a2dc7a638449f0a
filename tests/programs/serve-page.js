// Serves the page and a number that its script asks for, on a loopback port; Chromium, given as arguments, then gets its address.
'use strict';
const child_process = require('node:child_process');
const http = require('node:http');

const page = `<!DOCTYPE html><title>page</title><p id="text">as it was served</p>
<script>
    fetch('/number').then((response) => response.text()).then((text) => {
        document.getElementById('text').textContent = 'fetched ' + text;
    });
</script>`;

const server = http.createServer((request, response) => {
    response.setHeader('Content-Type', request.url === '/number' ? 'text/plain' : 'text/html');
    response.end(request.url === '/number' ? '42' : page);
});
server.listen(0, '127.0.0.1', () => {
    const [browser, ...words] = [...process.argv.slice(2), `http://127.0.0.1:${server.address().port}/`];
    child_process.spawn(browser, words, { stdio: 'inherit' }).on('exit', (code) => process.exit(code ?? 1));
});
