import { get, path, query } from './api.js';
import {
	badge, card, clock, duration, empty, exact, facts, h, header, id, plural, select, size, table,
} from './dom.js';
import { deviceLink, pager, settle } from './views_devices.js';

/** `compact`: where there is little room. */
export function sessionTable(sessions, { device = true, compact = false } = {}) {
	return table('Sessions', [
		['Session', (each) => [h('a', { href: `#/sessions/${encodeURIComponent(each.tid)}` }, clock(each.started)),
			h('span.sub.mono.nowrap', `${each.tid.slice(0, 8)}…`)]],
		device && ['Device', (each) => each.did ? deviceLink(each.did) : h('span.muted', 'not yet known')],
		['State', (each) => [badge(each.state), each.error && h('span.sub', each.error)]],
		!compact && ['Last step', (each) => each.step],
		!compact && ['Messages', (each) => String(each.messages), { right: true }],
		['Took', (each) => h('span.nowrap.number', duration(each.updated - each.started)), { right: true }],
		!compact && ['From', (each) => h('span.nowrap', each.address)],
	].filter(Boolean), sessions);
}

export async function sessionsView(context) {
	const { search } = context;
	const page = await get(`/sessions${query({ did: search.get('did'), state: search.get('state'), after: search.get('after'), limit: 50 })}`,
		{ signal: context.signal });
	context.listen(settle(1000, (kind) => {
		if (kind === 'message' && !search.get('after'))
			context.reload();
	}));
	return [
		header('Sessions', { description: 'Conversations between this TAM and TEEs, message by message.' }),
		h('section.card', h('header', h('div.filters', select('state', [['', 'Every state'], ['open', 'Under way'], ['done', 'Done'],
			['failed', 'Failed'], ['lost', 'Lost']], { 'aria-label': 'State', value: search.get('state') ?? '',
			onchange: (event) => context.go({ state: event.target.value, after: '', back: '' }) }))),
		page.items.length ? [sessionTable(page.items), pager(context, page, plural(page.items.length, 'session'))] :
			empty('sessions', search.get('state') ? 'No session is in that state' : 'No session yet', 'A session begins when a device posts to this TAM:',
				{ command: `POST ${location.origin}/tam` })),
	];
}

/* ---- One session ---- */

const MEANINGS = {
	GetDeviceStateRequest: 'What do you have, and who are you?',
	GetDeviceStateResponse: 'The device’s state, signed by its TEE',
	GetDeviceTEEStateResponse: 'The device’s state, signed by its TEE',
	CreateSDRequest: 'Make a security domain', CreateSDResponse: 'The domain is made',
	UpdateSDRequest: 'Change a security domain', UpdateSDResponse: 'The domain is changed',
	DeleteSDRequest: 'Delete a security domain', DeleteSDResponse: 'The domain is deleted',
	InstallTARequest: 'Install a TA', InstallTAResponse: 'The TA is installed',
	UpdateTARequest: 'Update a TA', UpdateTAResponse: 'The TA is updated',
	DeleteTARequest: 'Delete a TA', DeleteTAResponse: 'The TA is deleted',
};

/* Members that are encrypted on the wire, and whether the TAM opened them. */
const ENCRYPTED = { content: 'was encrypted', edsi: 'was encrypted', encrypted_ta: 'for the device alone' };

function valueShown(value) {
	if (value === null)
		return h('span.value.muted', 'null');
	return h('span.value', typeof value === 'string' ? value : JSON.stringify(value));
}

function tree(value) {
	const entries = Array.isArray(value) ? value.map((each, index) => [String(index + 1), each]) : Object.entries(value);
	return h('div.tree', entries.map(([key, each]) => {
		const secret = Object.hasOwn(ENCRYPTED, key) && h('span.secret', ENCRYPTED[key]);
		if (each !== null && typeof each === 'object') {
			if (Object.keys(each).length === 0)
				return h('div', h('span.key', key), h('span.value.muted', Array.isArray(each) ? 'none' : 'empty'), secret);
			return h('div.branch', h('span.key', key), secret, tree(each));
		}
		return h('div', h('span.key', key), valueShown(each), secret);
	}));
}

/* What the TAM made of a message: of several TEEs' answers each has its own. Taken out of what is shown. */
function verdictsTake(value, found = []) {
	if (value === null || typeof value !== 'object')
		return [value, found];
	if (Array.isArray(value))
		return [value.map((each) => verdictsTake(each, found)[0]), found];
	const rest = {};
	for (const [key, each] of Object.entries(value))
		if (key === 'verdict' && typeof each === 'string')
			found.push(each);
		else
			rest[key] = verdictsTake(each, found)[0];
	return [rest, found];
}

function step(message, previous, open) {
	const failed = message.status === 'fail' || Boolean(message.error);
	const [inside, verdicts] = verdictsTake(message.decoded ?? {});
	const verdict = verdicts.length ? verdicts.join('; ') : message.error;
	const response = message.direction === 'response';
	const meaning = failed && response ? 'An error instead of what was asked for' : MEANINGS[message.kind] ?? '';
	return h(`li.step.${message.direction}${failed ? '.fail' : ''}`,
		previous && h('span.gap', `${duration(message.at - previous.at)} later`),
		h('span.unseen', response ? 'From the device to the TAM: ' : 'From the TAM to the device: '),
		h('span.arrow', { 'aria-hidden': 'true' }),
		h('details', { open, id: `message-${message.seq}` },
			h('summary', h('span.n', String(message.seq)), h('strong', message.kind), h('span.muted.small', meaning),
				h('span.end', message.status && badge(message.status), message.size !== null && size(message.size))),
			h('div.inside', Object.keys(inside).length ? tree(inside) :
				h('p.muted.small', message.decoded === null ? 'What it says is not for you, or was not kept.' : 'It says nothing more.'),
			h('p.small.muted', exact(message.at) + (message.size === null ? '' : `, ${message.size} octets on the wire`)))),
		verdict && h('p.verdict', h('span.unseen', 'The TAM’s verdict: '), verdict));
}

export async function sessionView(context) {
	const session = await get(path`/sessions/${context.values[0]}`, { signal: context.signal });
	const { messages } = session;
	const opened = new Set([...document.querySelectorAll('.step details[open]')].map((each) => each.id));
	const last = messages.findLast((each) => each.status === 'fail' || each.error);
	context.listen(settle(400, (kind, value) => {
		if (kind === 'message' && value.tid === session.tid)
			context.reload();
	}));
	return [
		header(`Session of ${exact(session.started)}`, { crumbs: [['Sessions', '#/sessions']],
			description: session.error ?? { open: 'Under way: the TAM waits for the device.', done: 'It came to its end: the device has what it should have.',
				failed: 'It ended without success.', lost: 'The device was not heard of any more.' }[session.state],
			actions: [h('button', { type: 'button', onclick: () => {
				const all = [...document.querySelectorAll('.step details')], open = all.some((each) => !each.open);
				all.forEach((each) => {
					each.open = open;
				});
			} }, 'Open or close all')] }),
		h('div.columns.wide',
			h('section.card', h('header', h('h2', plural(messages.length, 'message')), badge(session.state)),
				messages.length ? h('div.lanes', h('div.ends', { 'aria-hidden': 'true' }, h('span', h('b', 'TAM')), h('span', h('b', 'Device'))),
					h('ol', messages.map((message, index) => step(message, messages[index - 1], opened.has(`message-${message.seq}`) || message === last)))) :
					h('div.body', h('p.muted', 'Its messages are not kept any more.'))),
			h('div.stack', card('Session', { body: facts([
				['State', badge(session.state)],
				['Device', session.did ? deviceLink(session.did) : 'not known yet'],
				['Transaction', id(session.tid, 20)],
				['From', session.address],
				['Began', exact(session.started)],
				['Took', duration(session.updated - session.started)],
				['Last step', session.step]]) }),
			card('How to read it', { body: [h('p.small.muted', 'Every message is signed by whoever sent it. What is marked as encrypted was opened ' +
				'with this TAM’s own key to show it here; images, personalisation data and keys are never kept, and given by size or hash only.')] }))),
	];
}
