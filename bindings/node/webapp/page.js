/* The first script of each page: tizen.teec as on a device, and the console for who has none. */
'use strict';

const { createManager, install } = require('../lib/api');
const { PageBackend } = require('./page_backend');

/* Without a browser window what the page says goes to the terminal. */
function forwardConsole(base) {
	/** @type {Promise<unknown>} */
	let sent = Promise.resolve();
	const send = (message) => {
		sent = sent.then(() => fetch(`${base}${message.op}`,
			{ method: 'POST', body: JSON.stringify(message), keepalive: true })).catch(() => {});
	};
	const shown = (value) => {
		if (typeof value === 'string')
			return value;
		if (value instanceof Error)
			return value.stack?.includes(value.message) ? value.stack : String(value);
		try {
			return typeof value === 'object' ? JSON.stringify(value) : String(value);
		} catch {
			return String(value);
		}
	};
	for (const level of ['log', 'info', 'warn', 'error', 'debug']) {
		const before = console[level];
		console[level] = (...words) => {
			before.apply(console, words);
			send({ op: 'console', level, text: words.map(shown).join(' ') });
		};
	}
	addEventListener('error', ({ message, error, filename, lineno }) => send({
		op: 'console', level: 'uncaught',
		text: `${message} (${new URL(filename || location.href).pathname.split('/').slice(2)
			.join('/')}:${lineno})${error?.stack ? `\n${error.stack}` : ''}`,
	}));
	addEventListener('unhandledrejection', ({ reason }) =>
		send({ op: 'console', level: 'uncaught', text: shown(reason) }));
	window.close = () => send({ op: 'exit' });
}

const script = /** @type {HTMLScriptElement} */ (document.currentScript);
const base = new URL('.', script.src).href;
if (script.dataset.console !== undefined)
	forwardConsole(base);
install(globalThis, createManager(new PageBackend(base)));
