// What the pages do beyond mdBook's own scripts.
'use strict';

// Left and right scroll a long line or move a caret; mdBook would turn the
// page, under the hands of somebody who reads with a screen reader.
window.addEventListener('keydown', event => {
    if (event.key === 'ArrowLeft' || event.key === 'ArrowRight') {
        event.stopImmediatePropagation();
    }
}, true);

// mdBook's button for the sidebar was a label, which no key reaches.
(function sidebarButton() {
    const checkbox = document.getElementById('mdbook-sidebar-toggle-anchor');
    const button = document.getElementById('mdbook-sidebar-toggle');
    button.addEventListener('click', () => {
        checkbox.checked = !checkbox.checked;
        checkbox.dispatchEvent(new Event('change'));
    });
})();

// What is folded on the screen is open on paper, but for the unchanged lines
// of a diff.
(function unfoldOnPaper() {
    let unfolded = [];
    window.addEventListener('beforeprint', () => {
        unfolded = [...document.querySelectorAll(
            'details:not([open], .diff > .fold)')];
        unfolded.forEach(details => { details.open = true; });
    });
    window.addEventListener('afterprint', () => {
        unfolded.forEach(details => { details.open = false; });
        unfolded = [];
    });
})();

// A link to a line or an entry inside a fold opens the fold. Newer browsers do
// that by themselves.
(function unfoldTarget() {
    function unfold() {
        const id = decodeURIComponent(location.hash.slice(1));
        const target = id && document.getElementById(id);
        if (!target) {
            return;
        }
        let folded = false;
        for (let at = target.closest('details'); at;
            at = at.parentElement.closest('details')) {
            folded ||= !at.open;
            at.open = true;
        }
        if (folded) {
            target.scrollIntoView();
        }
    }
    window.addEventListener('hashchange', unfold);
    unfold();
})();

// A box that scrolls sideways can be reached and scrolled by the keyboard.
(function scrollingBoxes() {
    const boxes = document.querySelectorAll(
        'main pre, main .table-wrapper, main .scroll');
    function name(box) {
        const caption = box.closest('figure')?.querySelector('figcaption');
        const kind = box.matches('pre') ? 'code' : 'table';
        return caption ? `${kind}: ${caption.textContent.trim()}` : kind;
    }
    function update() {
        boxes.forEach(box => {
            if (box.scrollWidth > box.clientWidth + 1) {
                box.tabIndex = 0;
                box.setAttribute('role', 'group');
                box.setAttribute('aria-label', name(box));
            } else if (box.getAttribute('role') === 'group') {
                box.removeAttribute('tabindex');
                box.removeAttribute('role');
                box.removeAttribute('aria-label');
            }
        });
    }
    window.addEventListener('resize', update);
    document.addEventListener('toggle', update, true);
    document.fonts.ready.then(update);
    update();
})();

// A button that copies what one would type or save: commands without their
// prompt.
(function copyButtons() {
    function text(code) {
        // A listing with folds is one file all the same.
        const listing = code.closest('figure.listing');
        if (listing) {
            return [...listing.querySelectorAll('pre > code')]
                .map(part => part.textContent).join('');
        }
        const session = code.closest('.run-command, .language-sh, .language-console');
        return session
            ? code.textContent.replace(/^\$ /gm, '').trimEnd()
            : code.textContent;
    }
    async function write(content) {
        if (navigator.clipboard) {
            return navigator.clipboard.writeText(content);
        }
        // A page from a file has no clipboard of the newer kind.
        const area = document.createElement('textarea');
        area.value = content;
        document.body.append(area);
        area.select();
        document.execCommand('copy');
        area.remove();
    }
    const status = document.createElement('p');
    status.className = 'visually-hidden';
    status.setAttribute('role', 'status');
    document.querySelector('main').append(status);

    function button(code) {
        const made = document.createElement('button');
        made.type = 'button';
        made.className = 'copy';
        made.textContent = 'Copy';
        made.addEventListener('click', async () => {
            let said = 'Copied';
            try {
                await write(text(code));
            } catch {
                said = 'Not copied';
            }
            made.textContent = said;
            status.textContent = said;
            setTimeout(() => {
                made.textContent = 'Copy';
                status.textContent = '';
            }, 1500);
        });
        return made;
    }
    document.querySelectorAll('main pre > code').forEach(
        code => {
            const listing = code.closest('figure.listing');
            if (code.closest('figure.diff') || listing?.querySelector('.copy')) {
                return;
            }
            if (listing) {
                listing.querySelector('figcaption').append(button(code));
                return;
            }
            // The button must not scroll away with the line.
            const line = code.parentElement;
            const box = document.createElement('div');
            box.className = 'copyable';
            line.before(box);
            box.append(line, button(code));
        });
})();
