/* Elements, and how values are shown. Nothing here makes elements out of text that came from elsewhere. */

const SVG = 'http://www.w3.org/2000/svg';

/** An element: h('a.button', { href, onclick }, children…). Children that are null are left out. */
export function h(selector, ...rest) {
	const [tag, ...classes] = selector.split('.');
	const element = document.createElement(tag || 'div');
	const properties = rest.length && rest[0] !== null && typeof rest[0] === 'object' &&
		!Array.isArray(rest[0]) && !(rest[0] instanceof Node) ? rest.shift() : {};

	if (classes.length)
		element.className = classes.join(' ');
	for (const [name, value] of Object.entries(properties)) {
		if (value === null || value === undefined || value === false)
			continue;
		if (name.startsWith('on'))
			element.addEventListener(name.slice(2), value);
		else if (name === 'value')
			element.value = value;
		else
			element.setAttribute(name, value === true ? '' : String(value));
	}
	put(element, rest);
	return element;
}

/** Appends children: nodes, texts, lists of both. */
export function put(element, children) {
	for (const child of [children].flat(Infinity))
		if (child !== null && child !== undefined && child !== false)
			element.append(child);
	return element;
}

export function fill(element, ...children) {
	element.replaceChildren();
	return put(element, children);
}

const ICONS = {
	overview: 'M4 13h6V4H4zM14 20h6v-9h-6zM4 20h6v-3H4zM14 7h6V4h-6z',
	devices: 'M7 3h10a1 1 0 0 1 1 1v16a1 1 0 0 1-1 1H7a1 1 0 0 1-1-1V4a1 1 0 0 1 1-1zM11 18h2',
	groups: 'M4 7h7v5H4zM13 4h7v5h-7zM13 12h7v8h-7zM4 15h7v5H4z',
	tas: 'M12 3 4 7v10l8 4 8-4V7zM4 7l8 4 8-4M12 11v10',
	sps: 'M4 21V6l8-3v18M12 9l8 3v9M8 9v.01M8 13v.01M8 17v.01M16 15v.01M16 18v.01M3 21h18',
	deployments: 'M12 15V4M8 8l4-4 4 4M5 14v4a2 2 0 0 0 2 2h10a2 2 0 0 0 2-2v-4',
	sessions: 'M4 8h14M15 5l3 3-3 3M20 16H6M9 13l-3 3 3 3',
	log: 'M5 6h14M5 12h14M5 18h9',
	certificates: 'M12 3 5 6v5c0 4.5 3 8 7 10 4-2 7-5.5 7-10V6zM9.5 12l2 2 3.5-3.8',
	tokens: 'M14 10a4 4 0 1 1-3-3.870L19 14v4h-3v-2h-2v-2z M8 9v.01',
	search: 'M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM20 20l-4-4',
	copy: 'M9 9h10v11H9zM5 15V4h10',
	warning: 'M12 4 2.5 20h19zM12 10v4M12 17v.01',
	plus: 'M12 5v14M5 12h14',
	moon: 'M20 14.500A8 8 0 0 1 9.5 4 8 8 0 1 0 20 14.500z',
	sun: 'M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 2v2M12 20v2M4.9 4.900l1.4 1.400M17.7 17.700l1.4 1.400M2 12h2M20 12h2M4.9 19.100l1.4-1.400M17.7 6.300l1.4-1.4',
	out: 'M15 4h4v16h-4M10 8l-4 4 4 4M6 12h9',
	menu: 'M4 7h16M4 12h16M4 17h16',
	close: 'M6 6l12 12M18 6 6 18',
};

export function icon(name) {
	const svg = document.createElementNS(SVG, 'svg'), path = document.createElementNS(SVG, 'path');
	svg.setAttribute('viewBox', '0 0 24 24');
	svg.setAttribute('class', 'icon');
	svg.setAttribute('aria-hidden', 'true');
	path.setAttribute('d', ICONS[name]);
	svg.append(path);
	return svg;
}

/* ---- Values ---- */

const UNITS = [['year', 31536000], ['month', 2592000], ['day', 86400], ['hour', 3600], ['minute', 60]];
const RELATIVE = new Intl.RelativeTimeFormat('en', { numeric: 'auto', style: 'short' });
const EXACT = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'medium' });
const CLOCK = new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium' });
const DAY = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium' });

function relative(seconds) {
	const distance = seconds - Date.now() / 1000;
	if (Math.abs(distance) < 45)
		return distance > 5 ? 'in a moment' : 'just now';
	for (const [unit, size] of UNITS)
		if (Math.abs(distance) >= size * 0.9)
			return RELATIVE.format(Math.round(distance / size), unit);
	return RELATIVE.format(Math.round(distance / 60), 'minute');
}

export function ago(seconds) {
	return seconds ? h('time.nowrap', { datetime: new Date(seconds * 1000).toISOString(),
		title: EXACT.format(seconds * 1000) }, relative(seconds)) : h('span.muted', '–');
}

export const clock = (seconds) => h('time.nowrap', { datetime: new Date(seconds * 1000).toISOString(),
	title: EXACT.format(seconds * 1000) }, Date.now() / 1000 - seconds > 86400 ? DAY.format(seconds * 1000) :
	CLOCK.format(seconds * 1000));

export const exact = (seconds) => seconds ? EXACT.format(seconds * 1000) : '–';
export const day = (seconds) => seconds ? DAY.format(seconds * 1000) : '–';
export const number = (value) => value.toLocaleString('en');
export const plural = (count, one, many = `${one}s`) => `${number(count)} ${count === 1 ? one : many}`;

export function size(octets) {
	if (octets < 1024)
		return `${octets} B`;
	return octets < 1048576 ? `${(octets / 1024).toFixed(1)} KiB` : `${(octets / 1048576).toFixed(1)} MiB`;
}

export function duration(seconds) {
	if (seconds < 1)
		return `${Math.max(0, Math.round(seconds * 1000))} ms`;
	return seconds < 120 ? `${seconds.toFixed(1)} s` : `${Math.round(seconds / 60)} min`;
}

/** Something long of which the beginning tells enough, with a button that copies all of it. */
export function id(text, shown = 12) {
	const short = text.length > shown + 2 ? `${text.slice(0, shown)}…` : text;
	return h('span.id', { title: text }, short, h('button', { type: 'button', 'aria-label': `Copy ${short}`,
		onclick: async (event) => {
			event.preventDefault();
			event.stopPropagation();
			try {
				await navigator.clipboard.writeText(text);
				toast('Copied');
			} catch {
				toast('This browser does not let pages copy here', 'bad');
			}
		} }, icon('copy')));
}

const STATES = {
	trusted: 'good', done: 'good', pass: 'good', good: 'good', installed: 'good', active: 'good',
	refused: 'bad', failed: 'bad', fail: 'bad', expired: 'bad', lost: 'bad', gone: 'bad', stale: 'bad', missing: 'bad',
	suspended: 'warn', soon: 'warn', retired: 'idle', waiting: 'idle', unknown: 'idle',
	running: 'run', open: 'run',
};
const WORDS = { soon: 'expires soon', open: 'under way', pass: 'passed', fail: 'failed', unknown: 'not yet validated' };

export const badge = (state, text) => h(`span.badge.${STATES[state] ?? 'idle'}`, text ?? WORDS[state] ?? state);
export const tags = (list) => list.map((text) => h('span.tag', text));

/* ---- Pieces of pages ---- */

export function header(title, { description, crumbs, actions = [] } = {}) {
	return h('div.head',
		h('div',
			crumbs && h('nav.crumbs', { 'aria-label': 'Breadcrumb' }, crumbs.map(([text, href]) =>
				[h('span', { 'aria-hidden': 'true' }, '← '), h('a', { href }, text)])),
			h('h1', { tabindex: '-1' }, title), description && h('p', description)),
		actions.length > 0 && h('div.actions', actions));
}

export function card(title, { actions = [], body, flush } = {}) {
	const element = h('section.card', title && h('header', h('h2', title), actions));
	put(element, flush ? body : body && h('div.body', body));
	return element;
}

export function empty(name, title, text, { actions = [], command } = {}) {
	return h('div.empty', icon(name), h('h2', title), h('p', text),
		actions.length > 0 && h('div.actions', actions), command && h('pre', command));
}

/** columns: [title, cell(row), { lead, right }]; the first is what a row is called. */
export function table(caption, columns, rows) {
	return h('div.scroll', h('table',
		h('caption.unseen', caption),
		h('thead', h('tr', columns.map(([title, , options = {}]) =>
			h(`th${options.right ? '.right' : ''}`, { scope: 'col' }, title || h('span.unseen', 'Actions'))))),
		h('tbody', rows.map((row) => h('tr', columns.map(([title, cell, options = {}], index) => {
			const content = cell(row);
			const blank = content === null || content === undefined || content === '' ||
				(Array.isArray(content) && content.length === 0);
			const classes = [index === 0 && 'lead', options.right && 'right', !title && 'actions-cell',
				blank && 'blank'].filter(Boolean);
			return put(h(['td', ...classes].join('.'), { 'data-label': title }), blank ? [] : [h('div', content)]);
		}))))));
}

export function facts(pairs) {
	return h('dl.facts', pairs.filter(([, value]) => value !== null && value !== undefined && value !== '')
		.map(([name, value]) => [h('dt', name), h('dd', value)]));
}

export function bar(counts) {
	const total = Math.max(1, counts.total);
	const part = (name) => {
		const piece = h(`i.${name}`);
		piece.style.setProperty('--part', `${100 * counts[name] / total}%`);
		return piece;
	};
	return h('div.bar', { role: 'img', 'aria-label': `${counts.done} of ${counts.total} done, ${counts.failed} failed` },
		['done', 'running', 'failed'].filter((name) => counts[name] > 0).map(part));
}

export function toast(text, kind = 'info') {
	const element = h(`div.toast.${kind}`, h('div', text),
		h('button.plain.tiny', { type: 'button', 'aria-label': 'Dismiss', onclick: () => element.remove() }, icon('close')));
	document.getElementById('toasts').append(element);
	setTimeout(() => element.remove(), kind === 'bad' ? 12000 : 4500);
}

/* ---- Forms ---- */

export function field(label, control, hint) {
	return h('label.field', label, hint && h('small', hint), control);
}

export const input = (name, properties = {}) => h('input', { name, type: 'text', autocomplete: 'off', spellcheck: 'false', ...properties });

export function select(name, options, properties = {}) {
	const { value, ...others } = properties;
	const element = h('select', { name, ...others }, options.map(([key, text]) => h('option', { value: key }, text)));
	if (value !== undefined)
		element.value = value;
	return element;
}

/**
 * A dialog with a form; `submit(values, form)` may throw what is then shown in it. Resolves to what that
 * returns, or to null when it is dismissed. Without `submit` it only tells something.
 */
export function dialog(title, { description, body, action = 'Save', danger, submit }) {
	return new Promise((resolve) => {
		const problem = h('p.error-line', { role: 'alert', hidden: true });
		const button = h(danger ? 'button.primary.danger' : 'button.primary', { type: 'submit' }, action);
		const element = h('dialog', { 'aria-label': title }, h('form', { onsubmit: async (event) => {
			event.preventDefault();
			button.disabled = true;
			problem.hidden = true;
			try {
				const form = event.target;
				result = await submit?.(Object.fromEntries([...form.elements].filter((each) => each.name)
					.map((each) => [each.name, each.type === 'checkbox' ? each.checked :
						each.type === 'file' ? each.files[0] : each.value.trim()])), form);
				element.close();
			} catch (error) {
				problem.textContent = error.message;
				problem.hidden = false;
			}
			button.disabled = false;
		} },
		h('header', h('h2', title), description && h('p', description)),
		h('div.body', body, problem),
		h('footer', submit && h('button', { type: 'button', onclick: () => element.close() }, 'Cancel'), button)));
		let result = null;
		element.addEventListener('close', () => {
			element.remove();
			resolve(result);
		});
		document.body.append(element);
		element.showModal();
		element.querySelector('input, select, textarea')?.focus();
	});
}

export const confirm = (title, description, action, submit) =>
	dialog(title, { description, action, danger: true, submit: async () => {
		await submit();
		return true;
	} });
