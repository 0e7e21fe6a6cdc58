import { get, path, post, query, remove } from './api.js';
import {
	ago, badge, bar, card, clock, confirm, day, dialog, empty, field, h, header, icon, id, input, number, plural, select, table,
	toast,
} from './dom.js';
import { settle } from './views_devices.js';
import { summary, taNames } from './views_deployments.js';
import { sessionTable } from './views_sessions.js';

/* ---- Overview ---- */

const figure = (where, value, thing, detail, state = '') => h('a.card.figure', { href: where }, h('b', number(value)),
	h('span', `${value === 1 ? thing : `${thing}s`} ${state}`.trim()), h('small', detail ?? ''));

/* What is to be done first, where nothing is there yet. */
function firstSteps(me) {
	const steps = [[me.sps > 0, 'Add a provider', '#/sps', 'Whose TAs are to be delivered, and the certificate it signs with.'],
		[me.tas > 0, 'Upload a TA', '#/tas', 'The package that the provider signed.'],
		[me.devices.total > 0, 'Let a device make contact', '#/devices', `It posts to ${location.origin}/tam.`]];
	if (steps.every(([done]) => done))
		return null;
	return card('First steps', { flush: true, body: h('ul.feed', steps.map(([done, title, where, text]) => h('li',
		h('span.state', badge(done ? 'done' : 'waiting', done ? 'done' : 'to do')), h('div.what', h('a', { href: where }, title), h('div.muted.small', text))))) });
}

const KINDS = { device: 'devices', session: 'sessions', ta: 'tas', sp: 'sps', group: 'groups', deployment: 'deployments' };
const UUID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;

/* `names`: of TAs, in the place of their UUIDs. */
function eventLine(event, names) {
	/* What happened to a TA may be told of the device that it happened on. */
	const where = /^[0-9a-f]{64}$/.test(event.subject) ? 'devices' : KINDS[event.kind];
	const subject = names.get(event.subject) || (event.subject.length > 40 ? `${event.subject.slice(0, 12)}…` : event.subject);
	return h('li', clock(event.at), h('div.what', h('span.tag', event.kind), ' ', event.text.replace(UUID, (uuid) => names.get(uuid) || uuid),
		event.subject && [' · ', where ? h('a', { href: `#/${where}/${encodeURIComponent(event.subject)}` }, subject) : h('span.muted', subject)]),
	event.who && h('span.muted.small', event.who));
}

export async function overviewView(context) {
	const { me } = context;
	const [deployments, sessions, log, names] = await Promise.all([
		get('/deployments?limit=5', { signal: context.signal }), get('/sessions?limit=6', { signal: context.signal }),
		get('/log?limit=8', { signal: context.signal }), taNames()]);
	const now = await get('/status', { signal: context.signal });
	context.listen(settle(1500, () => context.reload()));
	return [
		header('Overview', { description: me.spid ? `What concerns ${me.spid}.` : 'Devices, what they should have, and how far they are.' }),
		firstSteps(now),
		h('div.grid',
			figure('#/devices', now.devices.total, 'device', [now.devices.trusted && `${number(now.devices.trusted)} trusted`,
				now.devices.refused && `${number(now.devices.refused)} refused`, now.devices.suspended && `${number(now.devices.suspended)} suspended`]
				.filter(Boolean).join(', ')),
			figure('#/tas', now.tas, 'TA', `of ${plural(now.sps, 'provider')}`),
			figure('#/deployments', now.deployments.running, 'deployment', '', 'under way'),
			figure('#/sessions', now.sessions?.open ?? sessions.items.filter((each) => each.state === 'open').length, 'session',
				now.sessions ? `${number(now.sessions.total)} on record` : '', 'under way')),
		h('div.columns',
			card('Sessions', { actions: [h('a', { href: '#/sessions' }, 'All')], flush: true, body: sessions.items.length ?
				sessionTable(sessions.items, { compact: true }) : h('div.body', h('p.muted', 'No device has been in contact yet.')) }),
			h('div.stack',
				card('Deployments', { actions: [h('a', { href: '#/deployments' }, 'All')], body: deployments.items.length ? deployments.items.map((each) =>
					h('div', h('div.actions', h('a', { href: `#/deployments/${each.id}` }, summary(each.what, names)), badge(each.replaced ? 'retired' : each.state, each.replaced ? 'replaced' : undefined),
					h('span.small.muted.number', `${number(each.devices.done)} of ${number(each.devices.total)}`)), bar(each.devices))) :
					[h('p.muted', 'Nothing has been deployed yet.')] }),
				card('Latest changes', { actions: [h('a', { href: '#/log' }, 'All')], flush: true, body: log.items.length ?
					h('ul.feed', log.items.toReversed().map((each) => eventLine(each, names))) : h('div.body', h('p.muted', 'Nothing has been changed yet.')) }))),
	];
}

/* ---- Log ---- */

export async function logView(context) {
	const kind = context.search.get('kind') ?? '';
	const [{ items }, names] = await Promise.all([get(`/log${query({ kind, limit: 300 })}`, { signal: context.signal }), taNames()]);
	const list = h('ul.feed', { 'aria-live': 'off' }, items.toReversed().map((each) => eventLine(each, names)));
	context.listen((what, value) => {
		if (what === 'log' && (!kind || value.kind === kind))
			list.prepend(eventLine(value, names));
	});
	return [
		header('Log', { description: 'What people and the TAM itself have done, the latest first.' }),
		h('section.card', h('header', h('div.filters', select('kind', [['', 'Everything'], ['device', 'Devices'], ['session', 'Sessions'],
			['deployment', 'Deployments'], ['wanted', 'Wanted state'], ['ta', 'TAs'], ['sp', 'Providers'], ['group', 'Groups'], ['token', 'Tokens'], ['alarm', 'Alarms'], ['tam', 'The TAM itself']],
		{ 'aria-label': 'Kind', value: kind, onchange: (event) => context.go({ kind: event.target.value }) }))),
		items.length ? list : empty('log', 'Nothing is on record', 'Changes appear here as they are made.')),
	];
}

/* ---- Certificates ---- */

const WHAT = { tam: 'TAM', ocsp: 'OCSP response', tls: 'Web server', tee_root: 'TEE root', tee_intermediate: 'TEE authority', firmware_root: 'Firmware root',
	firmware_intermediate: 'Firmware authority', crl: 'Revocation list', device_ocsp: 'OCSP response for devices', sp: 'Provider', device: 'Device' };

const ADVICE = {
	tam: 'Get a new certificate with the same identifier from the TAM’s authority, and put it in place of the chain in tam.conf.',
	ocsp: 'Fetch a new response into the file; "ocsp_command" in tam.conf does that by itself.',
	tls: 'Put a new certificate in place of the file, and restart the TAM.',
	tee_root: 'Devices under it are refused once it has expired: ask their maker for the next.',
	firmware_root: 'Firmware under it is not believed once it has expired.',
	tee_intermediate: 'Devices under it are refused once it has expired, unless they bring its successor: ask their maker for the next.',
	firmware_intermediate: 'Firmware under it is not believed once it has expired.',
	crl: 'Put the authority’s next list in its place.',
	device_ocsp: 'Put a new response in its place: without one, the device is refused.',
	device: 'It is refused once this has expired: its maker has to renew it, or the device to be replaced.',
	sp: 'Have the provider send its next certificate, and add it beside this one.',
};

export async function certificatesView(context) {
	const { items, devices } = await get('/certificates', { signal: context.signal });
	const urgent = items.filter((each) => each.state !== 'good');
	const more = devices.soon + devices.expired - items.filter((each) => each.what === 'device').length;
	const whose = (each) => each.what === 'device' ? h('a', { href: `#/devices/${each.did}` }, each.subject) :
		each.what === 'sp' ? h('a', { href: `#/sps/${encodeURIComponent(each.spid)}` }, each.subject) : each.subject;
	const left = (each) => each.not_after === null ? h('span.muted', 'none') : [day(each.not_after), h('span.sub', ago(each.not_after))];
	return [
		header('Certificates', { description: 'Everything with an end: this TAM’s own chain, what is stapled to it, whom it trusts.' }),
		urgent.length > 0 && card('To be done', { flush: true, body: h('ul.feed', urgent.map((each) => h('li', h('span.state', badge(each.state)),
			h('div.what', h('strong', `${WHAT[each.what] ?? each.what}: `, whose(each)),
				h('div.muted.small', each.why && `${each.why[0].toUpperCase()}${each.why.slice(1)}. `, ADVICE[each.what])))),
			more > 0 && h('li', h('div.what', h('div.muted.small', `And certificates of ${plural(more, 'more device', 'more devices')}.`)))) }),
		h('section.card', items.length ? table('Certificates', [
			['Subject', (each) => [each.subject, each.file && h('span.sub.mono', each.file)]],
			['What', (each) => each.what === 'sp' ? h('a', { href: `#/sps/${encodeURIComponent(each.spid)}` }, `Provider ${each.spid}`) :
				each.what === 'device' ? h('a', { href: `#/devices/${each.did}` }, `Device ${each.did.slice(0, 12)}…`) : WHAT[each.what] ?? each.what],
			['State', (each) => badge(each.state)],
			['Until', left],
			['SHA-256', (each) => each.sha256 && id(each.sha256, 12)],
		], items) : empty('certificates', 'Nothing to watch', 'Certificates of providers appear here as they are added.')),
	];
}

/* ---- Tokens ---- */

async function tokenMake(context) {
	const sps = (await get('/sps?limit=1000')).items;
	const role = select('role', [['viewer', 'Viewer: may look'], ['operator', 'Operator: may also change and deploy'], ['admin', 'Admin: may do everything']],
		{ onchange: () => {
			whose.hidden = role.value === 'admin';
		} });
	const whose = field('Provider', select('spid', [['', 'None: sees everything'], ...sps.map((sp) => [sp.spid, sp.name || sp.spid])]),
		'With one, the token sees and touches only what is that provider’s.');
	const made = await dialog('New token', {
		action: 'Make token',
		body: [field('Name', input('name', { required: true, maxlength: 255, placeholder: 'who or what will use it' })), field('Role', role), whose],
		submit: ({ name, role: chosen, spid }) => post('/tokens', { name, role: chosen, ...(spid && chosen !== 'admin' ? { spid } : {}) }),
	});
	if (!made)
		return;
	await dialog(`Token of ${made.name}`, { description: 'It is shown this once. Keep it where only its user reads it.', action: 'Done',
		body: h('pre', { id: 'new-token' }, made.token) });
	context.reload();
}

export async function tokensView(context) {
	const { items } = await get('/tokens', { signal: context.signal });
	return [
		header('Tokens', { description: 'Who may use this page, the command line and the API.', actions: [h('button.primary', { type: 'button',
			onclick: () => tokenMake(context) }, icon('plus'), 'New token')] }),
		h('section.card', table('Tokens', [
			['Name', (each) => each.name],
			['Role', (each) => h('span.tag', each.role)],
			['Provider', (each) => each.spid],
			['Made', (each) => ago(each.created)],
			['Last used', (each) => each.last_used ? ago(each.last_used) : h('span.muted', 'never')],
			['', (each) => h('button.tiny.danger', { type: 'button', onclick: async () => {
				if (await confirm(`Remove the token of ${each.name}?`, 'Whoever uses it is locked out at once.', 'Remove', () => remove(path`/tokens/${each.id}`))) {
					toast('The token is removed', 'good');
					context.reload();
				}
			} }, 'Remove')],
		], items)),
	];
}
