// Chromium, a page in it that remembers everything it should not do, and the
// servers that it comes from.

import {spawn} from 'node:child_process';
import {createInterface} from 'node:readline';
import {fileURLToPath} from 'node:url';

import {chromium} from 'playwright-core';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** A browser that asks nobody for anything by itself. */
export function launch() {
    return chromium.launch({
        executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
        args: [
            '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
            '--disable-background-networking', '--disable-component-update',
            '--disable-sync',
            // A request that would leave the machine goes nowhere.
            '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
        ],
    });
}

/**
 * A fresh page of a reader: their theme, their screen, maybe a list of what
 * they permit. What goes wrong in it is pushed to `faults`, in words. The theme
 * `dark` is the system's, for a page that has none of its own.
 */
export async function reader(browser, {theme, width, origin, permissions}) {
    const context = await browser.newContext({
        viewport: {width, height: 900},
        reducedMotion: 'reduce',
        colorScheme: theme === 'dark' ? 'dark' : 'light',
        permissions,
    });
    await context.addInitScript(name => {
        localStorage.setItem('mdbook-theme', name);
    }, theme);
    const page = await context.newPage();
    const faults = [];
    page.on('console', message => {
        if (message.type() === 'error') {
            faults.push(`console error: ${message.text()}`);
        }
    });
    page.on('pageerror', error => {
        faults.push(`uncaught error: ${error.message}`);
    });
    page.on('request', request => {
        const {origin: asked, protocol} = new URL(request.url());
        if (asked !== origin && !/^(data|blob):$/.test(protocol)) {
            faults.push(`request to another host: ${request.url()}`);
        }
    });
    page.on('requestfailed', request => {
        faults.push(`request failed: ${request.url()}`);
    });
    page.on('response', response => {
        if (response.status() >= 400) {
            faults.push(`answer ${response.status()}: ${response.url()}`);
        }
    });
    return {page, faults, close: () => context.close()};
}

/** Starts a server of ours, which says where it is. */
export async function serve(program, options) {
    const server = spawn(program, options, {
        cwd: ROOT,
        stdio: ['ignore', 'pipe', 'inherit'],
    });
    for await (const line of createInterface({input: server.stdout})) {
        const address = line.match(/http:\/\/[^\s/]+/);
        if (address) {
            return {server, origin: address[0]};
        }
    }
    throw new Error(`${program} has not said where it listens`);
}

/** Does `job` for every item, a few at a time. */
export async function eachOf(items, atOnce, job) {
    const waiting = [...items];
    const worker = async () => {
        while (waiting.length) {
            await job(waiting.shift());
        }
    };
    await Promise.all(Array.from({length: atOnce}, worker));
}
