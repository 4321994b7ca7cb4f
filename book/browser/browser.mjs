// Chromium, and a page in it that remembers everything it should not do.

import {chromium} from 'playwright-core';

/** A browser that asks nobody for anything by itself. */
export function launch() {
    return chromium.launch({
        executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
        args: [
            '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
            '--disable-background-networking', '--disable-component-update',
            '--disable-sync',
        ],
    });
}

/**
 * A fresh page of a reader: their theme, their screen, maybe a list of what
 * they permit. What goes wrong in it is pushed to `faults`, in words.
 */
export async function reader(browser, {theme, width, origin, permissions}) {
    const context = await browser.newContext({
        viewport: {width, height: 900},
        reducedMotion: 'reduce',
        colorScheme: 'light',
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
    page.on('requestfailed', request => {
        faults.push(`request failed: ${request.url()}`);
    });
    page.on('response', response => {
        if (response.status() >= 400) {
            faults.push(`answer ${response.status()}: ${response.url()}`);
        }
    });
    // A request that leaves the machine is a fault, and goes nowhere.
    await context.route(url => url.origin !== origin, route => {
        const url = route.request().url();
        if (url.startsWith('data:') || url.startsWith('blob:')) {
            return route.continue();
        }
        faults.push(`request to another host: ${url}`);
        return route.fulfill({status: 204, body: ''});
    });
    return {page, faults, close: () => context.close()};
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
