// What can be wrong with one page, seen by one reader.

import {readFileSync} from 'node:fs';
import {createRequire} from 'node:module';

import {reader} from './browser.mjs';

const axe = readFileSync(
    createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

const EVERYTHING = {type: 'tag', values: [
    'wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice',
]};
/** The rules for what can differ between two themes. */
const COLOURS = ['color-contrast', 'link-in-text-block'];

/** What axe-core looks for, by the name in the options. */
const RULES = {
    all: {runOnly: EVERYTHING},
    colours: {runOnly: {type: 'rule', values: COLOURS}},
    rest: {
        runOnly: EVERYTHING,
        rules: Object.fromEntries(
            COLOURS.map(name => [name, {enabled: false}])),
    },
};
/** Text of a drawing must not be smaller than this on a phone. */
const SMALLEST = 13;

/**
 * The faults of a page, as lines: as a reader with that width of screen finds
 * it, who goes through these themes. With each stands the name of the rules of
 * axe-core for it, or null. It does not look into what `skips` selects.
 */
export async function look(browser, origin, address, options) {
    const {width, themes, skips = []} = options;
    const [theme] = Object.keys(themes);
    const {page, faults, close} = await reader(browser, {theme, width, origin});
    const lines = new Set();
    const note = (theme, faults) => faults.forEach(fault =>
        lines.add(`${address} (${theme}, ${width} px): ${fault}`));
    try {
        // print.html has eight megabytes.
        const patience = {waitUntil: 'load', timeout: 120_000};
        await page.goto(`${origin}/${address}`, patience);
        await page.evaluate(() => document.fonts.ready.then(() => {}));
        // What is folded is looked at as well.
        await page.evaluate(() => {
            document.querySelectorAll('details').forEach(details => {
                details.open = true;
            });
        });
        if (Object.values(themes).some(rules => rules)) {
            // Not as an element: the policy of a page may forbid that.
            await page.evaluate(axe);
        }
        for (const [name, rules] of Object.entries(themes)) {
            if (name !== theme) {
                await page.evaluate(choose, name);
            }
            note(name, await page.evaluate(tooWide));
            note(name, await page.evaluate(smallDrawings, SMALLEST));
            if (rules) {
                note(name, await violations(page, RULES[rules], skips));
            }
        }
    } catch (error) {
        faults.push(`cannot be looked at: ${error.message.split('\n')[0]}`);
    } finally {
        await close();
    }
    note(Object.keys(themes).join(', '), faults);
    return [...lines];
}

/**
 * Runs in the page: chooses a theme in the menu, and waits until the colours
 * have passed from each element to those in it.
 */
async function choose(theme) {
    document.getElementById(`mdbook-theme-${theme}`).click();
    const isPassing = animation => animation instanceof CSSTransition;
    do {
        await new Promise(requestAnimationFrame);
    } while (document.getAnimations().some(isPassing));
}

/** Runs in the page: elements that stick out to the right, outermost first. */
function tooWide() {
    const limit = document.documentElement.clientWidth + 1;
    // These three cut off what is too wide, which only hides the fault.
    const frame = [document.documentElement, document.body,
        document.getElementById('mdbook-body-container')];
    function isInsideBox(element) {
        for (let at = element.parentElement; at; at = at.parentElement) {
            const overflow = getComputedStyle(at).overflowX;
            if (!frame.includes(at) && overflow !== 'visible') {
                return true;
            }
        }
        return false;
    }
    function isShown(element) {
        const box = element.getBoundingClientRect();
        return box.width > 1 && box.height > 1
            && !element.closest('.visually-hidden, [aria-hidden="true"]');
    }
    const wide = [...document.querySelectorAll('body *')].filter(element =>
        isShown(element)
        && element.getBoundingClientRect().right > limit
        && !isInsideBox(element));
    const outermost = wide.filter(element =>
        !wide.includes(element.parentElement));
    return outermost.slice(0, 3).map(element => {
        const right = Math.round(element.getBoundingClientRect().right);
        const text = element.textContent.trim().replace(/\s+/g, ' ');
        const name = element.tagName.toLowerCase()
            + [...element.classList].map(name => `.${name}`).join('');
        return `sticks out to ${right} px of ${limit - 1}: ${name} `
            + `"${text.slice(0, 40)}"`;
    });
}

/** Runs in the page: drawings whose smallest text is too small to read. */
function smallDrawings(smallest) {
    return [...document.querySelectorAll('main svg')].flatMap(svg => {
        const sizes = [...svg.querySelectorAll('text')].map(text =>
            parseFloat(getComputedStyle(text).fontSize)
            * text.getScreenCTM().a);
        const size = Math.min(...sizes);
        const name = svg.querySelector('title')?.textContent
            ?? svg.getAttribute('aria-label');
        return size < smallest
            ? [`text of ${size.toFixed(1)} px in the drawing "${name}"`]
            : [];
    });
}

/** What axe-core objects to, one line for each element. */
async function violations(page, options, exclude) {
    const run = ([options, exclude]) => window.axe.run({
        include: [['html']],
        exclude,
    }, {
        ...options,
        resultTypes: ['violations'],
    });
    const results = await page.evaluate(run, [options, exclude]);
    return results.violations.flatMap(({id, help, nodes}) => {
        const lines = nodes.slice(0, 3).map(({target, any}) => {
            const contrast = any.find(({data}) => data?.contrastRatio)?.data;
            const numbers = contrast
                ? ` (${contrast.fgColor} on ${contrast.bgColor}: `
                    + `${contrast.contrastRatio}:1)`
                : '';
            return `${help} [${id}]: ${target.join(' ')}${numbers}`;
        });
        const more = nodes.length - lines.length;
        return more > 0 ? [...lines, `${help} [${id}]: ${more} more`] : lines;
    });
}
