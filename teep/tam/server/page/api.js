/* The admin API. The token is kept for as long as the browser's tab is open. */

const KEY = 'tam-token';

export class ApiError extends Error {
	constructor(status, code, message) {
		super(message);
		this.status = status;
		this.code = code;
	}
}

export const token = {
	get: () => sessionStorage.getItem(KEY),
	set: (text) => sessionStorage.setItem(KEY, text),
	drop: () => sessionStorage.removeItem(KEY),
};

let inFlight = 0;

function busy(change) {
	inFlight += change;
	document.body.toggleAttribute('data-busy', inFlight > 0);
}

async function ask(method, path, { json, body, type, signal } = {}) {
	const headers = { Authorization: `Bearer ${token.get()}`, Accept: 'application/json' };
	if (json !== undefined) {
		headers['Content-Type'] = 'application/json';
		body = JSON.stringify(json);
	} else if (type) {
		headers['Content-Type'] = type;
	}
	busy(1);
	try {
		const answer = await fetch(`/api/v1${path}`, { method, headers, body, signal, cache: 'no-store' });
		if (answer.status === 204)
			return null;
		const value = await answer.json().catch(() => null);
		if (!answer.ok) {
			const error = new ApiError(answer.status, value?.error?.code ?? 'internal',
				value?.error?.message ?? `the TAM answered ${answer.status}`);
			if (answer.status === 401)
				window.dispatchEvent(new CustomEvent('tam-unauthorized', { detail: error }));
			throw error;
		}
		return value;
	} catch (error) {
		if (error instanceof TypeError)
			throw new ApiError(0, 'offline', 'The TAM can’t be reached.');
		throw error;
	} finally {
		busy(-1);
	}
}

/** path`/devices/${did}`: every value is one segment, whatever is in it. */
export const path = (parts, ...values) =>
	parts.reduce((text, part, index) => text + encodeURIComponent(values[index - 1]) + part);

/** "?a=b" of the members that have a value. */
export function query(members) {
	const search = new URLSearchParams(Object.entries(members).filter(([, value]) =>
		value !== undefined && value !== null && value !== ''));
	return search.size ? `?${search}` : '';
}

export const get = (where, options) => ask('GET', where, options);
export const post = (where, json) => ask('POST', where, { json });
export const patch = (where, json) => ask('PATCH', where, { json });
export const remove = (where) => ask('DELETE', where);
export const put = (where, body, type) => ask('PUT', where, { body, type });
export const upload = (where, body, type) => ask('POST', where, { body, type });

/** All of a list that is known to be short enough to show. */
export async function all(where, most = 5000) {
	const items = [];
	let after = null;
	do {
		const page = await get(where + (where.includes('?') ? '&' : '?') +
			new URLSearchParams({ limit: 1000, ...(after ? { after } : {}) }));
		items.push(...page.items);
		after = page.next;
	} while (after !== null && items.length < most);
	return items;
}

/**
 * Watches what goes on: heard(kind, value) for each event, connected(bool) as it comes and goes. Goes on
 * until the signal is aborted.
 */
export async function watch(heard, connected, signal) {
	let last = null, pause = 500;
	while (!signal.aborted) {
		try {
			const answer = await fetch(`/api/v1/events${query({ after: last })}`, {
				headers: { Authorization: `Bearer ${token.get()}`, Accept: 'text/event-stream' },
				signal, cache: 'no-store',
			});
			if (!answer.ok)
				throw new Error(String(answer.status));
			connected(true);
			pause = 500;
			const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
			let text = '';
			for (;;) {
				const { value, done } = await reader.read();
				if (done)
					break;
				text += value;
				for (let end; (end = text.indexOf('\n\n')) >= 0; text = text.slice(end + 2)) {
					const event = {};
					for (const line of text.slice(0, end).split('\n')) {
						const [, name, rest] = /^(\w*): ?(.*)$/.exec(line) ?? [];
						if (name)
							event[name] = rest;
					}
					if (event.id)
						last = event.id;
					if (event.data)
						heard(event.event, JSON.parse(event.data));
				}
			}
		} catch {
			/* Asked again below. */
		}
		if (signal.aborted)
			return;
		connected(false);
		await new Promise((resolve) => setTimeout(resolve, pause));
		pause = Math.min(pause * 2, 10000);
	}
}
