// What a reader does, and what must come of it.

import {reader} from './browser.mjs';

/** The faults in what the pages do, as lines. */
export async function habits(browser, origin, chapter) {
    const faults = [];
    const settings = {
        theme: 'light', width: 1280, origin,
        permissions: ['clipboard-read', 'clipboard-write'],
    };
    for (const [name, habit] of Object.entries(HABITS)) {
        const {page, faults: noise, close} = await reader(browser, settings);
        page.setDefaultTimeout(10_000);
        try {
            await page.goto(`${origin}/${chapter}`, {waitUntil: 'load'});
            const wrong = await habit(page);
            faults.push(...[wrong ?? []].flat(), ...noise);
        } catch (error) {
            faults.push(error.message.split('\n')[0]);
        } finally {
            await close();
        }
        faults.forEach((fault, at) => {
            if (!fault.startsWith(chapter)) {
                faults[at] = `${chapter}: ${name}: ${fault}`;
            }
        });
    }
    return faults;
}

const HABITS = {
    async 'an arrow key'(page) {
        const before = page.url();
        for (const key of ['ArrowRight', 'ArrowLeft']) {
            await page.keyboard.press(key);
        }
        // A page that is being left has not always gone at once.
        await page.evaluate(() => new Promise(done =>
            requestAnimationFrame(() => requestAnimationFrame(done))));
        return page.url() === before ? null : `leads to ${page.url()}`;
    },

    async 'searching'(page) {
        await page.keyboard.press('/');
        await page.locator('#mdbook-searchbar').fill('accept4');
        await page.keyboard.press('4');
        await page.keyboard.press('Backspace');
        const first = page.locator('#mdbook-searchresults li a').first();
        await first.waitFor();
        const text = await page.locator('#mdbook-searchresults').innerText();
        return text.includes('accept4') ? null : `accept4 finds only: ${text}`;
    },

    async 'copying a command'(page) {
        const command = page.locator('.run .copyable').first();
        const shown = await command.locator('code').innerText();
        await command.hover();
        await command.getByRole('button', {name: 'Copy'}).click();
        await command.getByRole('button', {name: 'Copied'}).waitFor();
        const copied = await page.evaluate(() =>
            navigator.clipboard.readText());
        return copied === shown.trim() && !copied.startsWith('$')
            ? null
            : `gives "${copied}" for "${shown}"`;
    },

    async 'copying code'(page) {
        const listing = page.locator('.listing').first();
        await listing.getByRole('button', {name: 'Copy'}).click();
        await listing.getByRole('button', {name: 'Copied'}).waitFor();
        const [copied, code] = await Promise.all([
            page.evaluate(() => navigator.clipboard.readText()),
            listing.locator('code').evaluate(code => code.textContent),
        ]);
        const selected = await listing.locator('code').evaluate(code => {
            getSelection().selectAllChildren(code);
            return getSelection().toString();
        });
        const numbered = text => text.split('\n').some(line => /^\d/.test(line));
        return copied === code && !numbered(copied) && !numbered(selected)
            ? null
            : `gives line numbers: "${selected.slice(0, 60)}"`;
    },

    async 'printing'(page) {
        const wrong = [];
        await page.evaluate(() => {
            addEventListener('beforeprint', () => {
                window.closedOnPaper = document.querySelectorAll(
                    'details:not([open], .diff > .fold)').length;
            });
        });
        await page.pdf();
        const closed = await page.evaluate(() => window.closedOnPaper);
        if (closed !== 0) {
            wrong.push(`details still closed on paper: ${closed}`);
        }
        await page.emulateMedia({media: 'print'});
        const seen = ['#mdbook-sidebar', '#mdbook-menu-bar', '.neighbours',
            '.copy', '.teaching'];
        for (const selector of seen) {
            if (await page.locator(selector).first().isVisible()) {
                wrong.push(`${selector} is on paper`);
            }
        }
        const cut = await page.evaluate(() =>
            [...document.querySelectorAll('main pre')].filter(pre =>
                pre.scrollWidth > pre.clientWidth + 1).length);
        if (cut) {
            wrong.push(`blocks of code cut off on paper: ${cut}`);
        }
        return wrong;
    },

    async 'the first Tab'(page) {
        await page.keyboard.press('Tab');
        const link = page.locator(':focus');
        const text = await link.innerText();
        const box = await link.boundingBox();
        await page.keyboard.press('Enter');
        const arrived = await page.evaluate(() =>
            document.activeElement?.id);
        return text.startsWith('Skip') && box.y >= 0
            && arrived === 'mdbook-content'
            ? null
            : `is "${text}" and leads to "${arrived}"`;
    },

    async 'the contents by keyboard'(page) {
        const button = page.getByRole('button', {name: 'Table of contents'});
        const states = [];
        for (let press = 0; press < 2; press++) {
            await button.press('Enter');
            states.push(await button.getAttribute('aria-expanded'));
        }
        return states.join() === 'false,true'
            ? null
            : `go through ${states.join(', ')}, not false, true`;
    },

    async 'the theme by keyboard'(page) {
        await page.getByRole('button', {name: 'Colours'}).press('Enter');
        const coal = page.getByRole('menuitem', {name: 'Coal'});
        await coal.press('Enter');
        const names = await page.evaluate(() =>
            document.documentElement.className);
        return names.split(' ').includes('coal') ? null : `is ${names}`;
    },

    async 'a link into a fold'(page) {
        const opened = await page.evaluate(() => {
            const target = document.querySelector('details [id]');
            if (!target) {
                return 'there is none on this page';
            }
            location.hash = target.id;
            return new Promise(done => addEventListener('hashchange', () =>
                setTimeout(() => done(target.closest('details').open))));
        });
        return opened === true ? null : `does not open it: ${opened}`;
    },
};
