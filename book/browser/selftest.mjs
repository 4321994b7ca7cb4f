// Proves that the check sees: each planted fault must be reported in words
// that name it, and a page without faults must not be.

import {createServer} from 'node:http';

import {launch} from './browser.mjs';
import {look} from './look.mjs';

function html({head = '', body = ''}) {
    return `<!doctype html><html lang="en"><head><meta charset="utf-8">
        <title>Planted</title><link rel="icon" href="data:,">${head}</head>
        <body><main><h1>Planted</h1><p>Some text.</p>${body}
        <button id="mdbook-theme-navy" onclick="
            document.documentElement.className = 'navy'">Navy</button>
        </main></body>
        </html>`;
}

const svg = size => `<svg viewBox="0 0 100 100" width="100" role="img"
    aria-label="small"><text y="50" font-size="${size}">text</text></svg>`;

/** Each page, and the words that must be said of it; null for none. */
const PLANTED = {
    'intact': [{}, null],
    'scrolling box': [{body: '<div style="overflow-x:auto" tabindex="0" '
        + 'role="region" aria-label="box"><div style="width:3000px">wide</div>'
        + '</div>'}, null],
    'overflow': [{body: '<p style="width:3000px">wide</p>'}, 'sticks out'],
    'overflow that is cut off': [{
        head: '<style>body { overflow-x: hidden }</style>',
        body: '<p style="width:3000px">wide</p>',
    }, 'sticks out'],
    'foreign request': [{body: '<img alt="x" src="http://example.com/x.png">'},
        'another host: http://example.com/x.png'],
    'foreign font': [{head: '<style>@font-face { font-family: f; '
        + 'src: url(https://example.com/f.woff2) } p { font-family: f }'
        + '</style>'}, 'another host: https://example.com/f.woff2'],
    'low contrast': [{body: '<p style="color:#999;background:#fff">pale</p>'},
        'color-contrast'],
    'low contrast in a fold': [{body: '<details><summary>x</summary>'
        + '<p style="color:#999;background:#fff">pale</p></details>'},
        'color-contrast'],
    'low contrast in a theme that is chosen': [{
        head: '<style>.navy p { color: #999; background: #fff }</style>',
    }, '(navy, 360 px): Elements must meet minimum color contrast'],
    'console error': [{body: '<script>console.error("planted")</script>'},
        'console error: planted'],
    'uncaught error': [{body: '<script>planted()</script>'},
        'uncaught error: planted is not defined'],
    'missing file': [{body: '<img alt="x" src="/missing.png">'},
        'answer 404'],
    'no name': [{body: '<button></button>'}, 'button-name'],
    'small drawing': [{body: svg(12)}, 'text of 12.0 px'],
    'large drawing': [{body: svg(13)}, null],
};

const server = createServer((request, response) => {
    const planted = PLANTED[decodeURIComponent(request.url.slice(1))];
    response.writeHead(planted ? 200 : 404, {'Content-Type': 'text/html'});
    response.end(planted ? html(planted[0]) : 'missing');
});
await new Promise(ready => server.listen(0, '127.0.0.1', ready));
const origin = `http://127.0.0.1:${server.address().port}`;
const browser = await launch();
let wrong = 0;
for (const [name, [, words]] of Object.entries(PLANTED)) {
    const faults = await look(browser, origin, encodeURIComponent(name),
        {width: 360, themes: {light: 'all', navy: 'colours'}});
    const right = words === null
        ? faults.length === 0
        : faults.some(fault => fault.includes(words));
    if (!right) {
        wrong += 1;
        console.log(`self-test: "${name}" should give `
            + `${words ?? 'no fault'}, and gave ${JSON.stringify(faults)}`);
    }
}
await browser.close();
server.close();
console.log(`self-test of the browser check: ${Object.keys(PLANTED).length} `
    + `pages, ${wrong || 'none'} misjudged`);
process.exitCode = wrong ? 1 : 0;
