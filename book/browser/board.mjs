// What people do on the board of step 27, by keyboard, on the pages of two
// nodes. `board.mjs PROGRAM` takes another program for the nodes.

import assert from 'node:assert/strict';
import {once} from 'node:events';
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {fileURLToPath} from 'node:url';

import {launch, reader, serve} from './browser.mjs';
import {look} from './look.mjs';

const PROGRAM = process.argv[2] ?? fileURLToPath(
    new URL('../../target/debug/step27', import.meta.url));
/** For all that is awaited, in milliseconds: the machine may be busy. */
const TIMEOUT = 30_000;
/** Streams break when their page is left, or their node is stopped. */
const EXPECTED = /board\/events$|ERR_(CONNECTION|INCOMPLETE)/;

const directory = mkdtempSync(`${tmpdir()}/board-`);
const [nodes, wire, noises, faults] = [[], [], [], []];
const browser = await launch();
const connected = page => page.getByText('Connected', {exact: true}).waitFor();
const post = (page, text) => page.locator('article', {hasText: text});
const shown = page => page.locator('article:visible .text').allInnerTexts();
let doing = 'starting';
try {
    await story();
} catch (error) {
    faults.push(error.message, ...wire.slice(-20));
} finally {
    await browser.close();
    nodes.forEach(({server}) => server.kill('SIGKILL'));
    rmSync(directory, {recursive: true});
}
faults.push(...noises.flat().filter(fault => !EXPECTED.test(fault)));
console.log(`board check: ${faults.length ? `faults, ${doing}` : 'no faults'}`);
faults.forEach(fault => console.log(fault));
process.exitCode = faults.length ? 1 : 0;

async function story() {
    const first = await start('a', '0');
    const dial = ['--peer', new URL(first.origin).host];
    let second = await start('b', '0', ...dial);
    const [anna, ben] = [await open(first), await open(second)];

    doing = 'saying something';
    await type(anna, 'Text for everybody', 'Hello <b>& #swarm');
    const hello = post(ben, 'Hello <b>& #swarm');
    await hello.waitFor();
    await ben.locator('#news', {hasText: 'Hello'}).waitFor({state: 'attached'});

    doing = 'replying';
    await press(ben, /^Reply to/);
    await ben.keyboard.type('Well met');
    await ben.keyboard.press('Enter');
    const link = post(anna, 'Well met').getByRole('link', {name: 'in reply'});
    const id = await hello.getAttribute('id');
    assert.equal(await link.getAttribute('href'), `/board#${id}`);

    doing = 'setting a name';
    await type(anna, 'Your name', 'Anna');
    await anna.getByRole('heading', {name: 'Board of Anna'}).waitFor();
    await type(anna, 'Text for everybody', 'Off topic');
    for (const page of [anna, ben]) {
        await post(page, 'Off topic').waitFor();
        const names = await page.locator('article .name').allInnerTexts();
        assert.deepEqual(names, ['Anna', '', 'Anna']);
    }

    doing = 'following a tag';
    await press(ben, /^#swarm$/);
    await ben.waitForURL('**/board?tag=swarm');
    await connected(ben);
    await type(anna, 'Text for everybody', 'Off topic again');
    await post(anna, 'Off topic again').waitFor();
    await type(anna, 'Text for everybody', 'Again #swarm');
    await post(ben, 'Again #swarm').waitFor();
    assert.deepEqual(await shown(ben), ['Again #swarm', 'Hello <b>& #swarm']);

    doing = 'reading without the script';
    const plain = await browser.newPage({javaScriptEnabled: false});
    await plain.goto(ben.url());
    assert.deepEqual(await shown(plain), ['Again #swarm', 'Hello <b>& #swarm']);
    assert.equal(await plain.locator('button:visible').count(), 0);

    doing = 'hiding an author';
    await press(ben, /^Hide Anna/);
    assert.deepEqual(await shown(ben), []);
    await ben.reload();
    await connected(ben);
    assert.deepEqual(await shown(ben), []);
    await press(ben, /^Hidden authors: 1/);
    assert.equal((await shown(ben)).length, 2);

    doing = 'dialling and removing a peer';
    await type(ben, 'Address of another peer', '127.0.0.1:9');
    const peer = ben.locator('.peers li', {hasText: /127\.0\.0\.1:9\b/});
    await peer.getByText('not reached').waitFor();
    await press(ben, /^Remove 127\.0\.0\.1:9$/);
    await peer.waitFor({state: 'detached'});
    await ben.locator('#peers:focus').waitFor();

    doing = 'stopping a node and starting it again';
    await ben.evaluate(() => { window.isFirst = true; });
    const signal = AbortSignal.timeout(TIMEOUT);
    const end = once(second.server, 'exit', {signal});
    second.server.kill('SIGINT');
    await end;
    await ben.getByText('Connection lost').waitFor();
    await type(anna, 'Text for everybody', 'While you were away #swarm');
    second = await start('b', new URL(second.origin).port, ...dial);
    await post(ben, 'While you were away').waitFor();
    await type(ben, 'Text for everybody', 'Back again');
    await post(anna, 'Back again').waitFor();
    assert(await ben.evaluate(() => window.isFirst), 'it has been reloaded');

    doing = 'looking at it';
    for (const [theme, width] of Object.entries({light: 320, dark: 1280})) {
        faults.push(...await look(browser, first.origin, 'board',
            {width, themes: {[theme]: 'all'}}));
    }
}

/** A node that keeps its data under this name. */
async function start(name, ...options) {
    const node = await serve(PROGRAM, [...options, '--root', directory,
        '--data', `${directory}/${name}`]);
    nodes.push(node);
    return node;
}

/** The page of a node. What it should not do is a fault. */
async function open({origin}) {
    const {page, faults: noise} = await reader(browser,
        {theme: 'light', width: 1280, origin});
    page.setDefaultTimeout(TIMEOUT);
    page.on('response', response => wire.push(`${response.status()} `
        + `${response.request().method()} ${response.url()}`));
    noises.push(noise);
    await page.goto(`${origin}/board`);
    await connected(page);
    return page;
}

/** Goes on by Tab to what has this name, sees that it is seen, and presses. */
async function press(page, name) {
    const seen = [];
    while (seen.length < 100 && !name.test(seen.at(-1))) {
        await page.keyboard.press('Tab');
        seen.push(await page.evaluate(() => {
            const {ariaLabel, labels, innerText} = document.activeElement;
            return ariaLabel ?? labels?.[0]?.innerText ?? innerText;
        }));
    }
    assert(name.test(seen.at(-1)), `Tab does not lead to ${name}: ${seen}`);
    assert.equal(await page.locator(':focus').evaluate(focused =>
        getComputedStyle(focused).outlineStyle), 'solid');
    await page.keyboard.press('Enter');
}

/** Writes a text into a field, in place of what is there. */
async function type(page, label, text) {
    const field = page.getByLabel(label);
    await field.press('ControlOrMeta+A');
    await page.keyboard.type(text);
    await page.keyboard.press('Enter');
}
