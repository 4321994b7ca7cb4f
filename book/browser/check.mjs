// Looks at every page of the book as `cargo book` serves it, and does what
// readers do. One line for a fault; the exit status is 1 if there is one.

import {readdirSync} from 'node:fs';
import {fileURLToPath} from 'node:url';

import {eachOf, launch, serve} from './browser.mjs';
import {habits} from './habits.mjs';
import {look} from './look.mjs';

const BUILT = fileURLToPath(new URL('../build', import.meta.url));
const SCREENS = [1280, 360];
/** Looked at in all themes; the others in navy and light. */
const SAMPLE = /^(01-socket|02-echo|ex\/01a|index-of-calls)\.html$/;
/** Where everything that a reader can do can be done. */
const CHAPTER = '01-socket.html';

const only = process.argv[2] === '--only' ? process.argv[3] ?? '' : '';

// It builds the book as well.
const {server, origin} = await serve('cargo', ['book', '--port', '0']);
const browser = await launch();
let faults = [];
try {
    const visits = pages().flatMap(views);
    await eachOf(visits, 2, async ([address, options]) => {
        faults.push(...await look(browser, origin, address, options));
    });
    faults.sort();
    if (CHAPTER.includes(only)) {
        faults.push(...await habits(browser, origin, CHAPTER));
    }
    console.log(`browser check: ${visits.length} views of ${pages().length} `
        + `pages, ${faults.length || 'no'} faults`);
} finally {
    await browser.close();
    server.kill();
}
faults.forEach(fault => console.log(fault));
process.exitCode = faults.length ? 1 : 0;

/** The addresses of all pages. toc.html is a part of a page. */
function pages() {
    return readdirSync(BUILT, {recursive: true})
        .filter(name => name.endsWith('.html') && name !== 'toc.html')
        .filter(name => name.includes(only))
        .sort();
}

/**
 * As whom a page is looked at: it is loaded for each screen, in the first of
 * the themes. Colours are looked at in light on the large screen and in another
 * theme on the small one, and on both where all themes are; all else in light.
 * print.html is all pages once more, so it is looked at in light only.
 */
function views(address) {
    const isSample = SAMPLE.test(address);
    const isAll = address === 'print.html';
    const names = isSample
        ? ['navy', 'coal', 'ayu', 'rust', 'light']
        : ['navy', 'light'].filter(name => !isAll || name === 'light');
    return SCREENS.map(width => {
        const isLarge = width === SCREENS[0];
        const rules = name => {
            if (name === 'light') {
                return isLarge || isSample ? 'all' : 'rest';
            }
            return isSample || !isLarge ? 'colours' : null;
        };
        const themes = names.map(name =>
            [name, isAll ? null : rules(name)]);
        // The words of a listing have the same colours on every page, and there
        // are many: the samples show them in all themes.
        const skips = isSample ? [] : [['pre code']];
        return [address, {width, themes: Object.fromEntries(themes), skips}];
    });
}
