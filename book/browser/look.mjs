// What can be wrong with one page, seen by one reader.

import {createRequire} from 'node:module';

import {reader} from './browser.mjs';

const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

/** What axe-core looks for, by the name in the options. */
const RULES = {
    all: {type: 'tag', values: [
        'wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice',
    ]},
    // All that can differ between two themes.
    colours: {type: 'rule', values: ['color-contrast', 'link-in-text-block']},
};
/** Text of a drawing must not be smaller than this on a phone. */
const SMALLEST = 13;

/**
 * The faults of a page, as lines: as a reader with that theme and that width
 * of screen finds it. `rules` names the rules of axe-core, if any.
 */
export async function look(browser, origin, address, options) {
    const {theme, width, rules} = options;
    const {page, faults, close} = await reader(browser, {theme, width, origin});
    try {
        await page.goto(`${origin}/${address}`, {waitUntil: 'load'});
        await page.evaluate(() => document.fonts.ready.then(() => {}));
        // What is folded is looked at as well.
        await page.evaluate(() => {
            document.querySelectorAll('details').forEach(details => {
                details.open = true;
            });
        });
        faults.push(...await page.evaluate(tooWide));
        faults.push(...await page.evaluate(smallDrawings, SMALLEST));
        if (rules) {
            faults.push(...await violations(page, RULES[rules]));
        }
    } catch (error) {
        faults.push(`cannot be looked at: ${error.message.split('\n')[0]}`);
    } finally {
        await close();
    }
    const place = `${address} (${theme}, ${width} px)`;
    return [...new Set(faults)].map(fault => `${place}: ${fault}`);
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
async function violations(page, runOnly) {
    await page.addScriptTag({path: axe});
    const results = await page.evaluate(runOnly => window.axe.run(document, {
        runOnly,
        resultTypes: ['violations'],
    }), runOnly);
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
