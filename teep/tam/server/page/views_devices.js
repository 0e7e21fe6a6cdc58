import { all, get, patch, path, post, put as putRequest, query, remove } from './api.js';
import {
	ago, badge, card, confirm, day, dialog, empty, exact, facts, field, h, header, icon, id, input, number, plural,
	select, table, tags, toast,
} from './dom.js';
import { deliveriesCard, saveKey } from './views_deliveries.js';
import { deployDialog, taNames, wantedVersion } from './views_deployments.js';
import { sessionTable } from './views_sessions.js';

const STATUSES = [['', 'Every status'], ['trusted', 'Trusted'], ['unknown', 'Not yet validated'], ['refused', 'Refused'],
	['suspended', 'Suspended']];

/** Waits until nothing came for a while. */
export function settle(milliseconds, call) {
	let timer = null;
	return (...values) => {
		clearTimeout(timer);
		timer = setTimeout(() => call(...values), milliseconds);
	};
}

export function searchBox(context, label) {
	return h('div.search', icon('search'), h('input', { type: 'search', name: 'q', 'aria-label': label, placeholder: label,
		autocomplete: 'off', value: context.search.get('q') ?? '',
		oninput: settle(250, (event) => context.go({ q: event.target.value.trim(), after: '', back: '' })) }));
}

/** Forth by `next`, back by the way that one came. */
export function pager(context, page, shown) {
	const back = context.search.get('back')?.split(',') ?? [], after = context.search.get('after') ?? '';
	return h('div.pager', h('span', { role: 'status' }, shown),
		(after || page.next !== null) && h('div.actions',
			h('button.tiny', { type: 'button', disabled: !after, onclick: () => context.go({
				after: back.at(-1) ?? '', back: back.slice(0, -1).join(',') }) }, 'Previous'),
			h('button.tiny', { type: 'button', disabled: page.next === null, onclick: () => context.go({
				after: String(page.next), back: after || back.length ? [...back, after].join(',') : '' }) }, 'Next')));
}

export const deviceLink = (did) => h('a', { href: `#/devices/${did}` }, h('span.mono', `${did.slice(0, 12)}…`));

const deviceColumns = [
	['Device', (each) => [h('a', { href: `#/devices/${each.did}` }, each.model || each.tee.name),
		h('span.sub.mono', `${each.did.slice(0, 16)}…`)]],
	['TEE', (each) => [each.tee.name, each.tee.version && h('span.sub', `version ${each.tee.version}`)]],
	['Status', (each) => [badge(each.status), each.reason && h('span.sub', each.reason)]],
	['Groups', (each) => tags(each.groups)],
	['Labels', (each) => tags(Object.entries(each.labels).map(([name, value]) => `${name}: ${value}`))],
	['Last seen', (each) => ago(each.last_seen)],
];

export async function devicesView(context) {
	const { search } = context;
	const [page, groups] = await Promise.all([
		get(`/devices${query({ q: search.get('q'), group: search.get('group'), status: search.get('status'),
			after: search.get('after'), limit: 50 })}`, { signal: context.signal }),
		get('/groups', { signal: context.signal }),
	]);
	const filtered = ['q', 'group', 'status'].some((name) => search.get(name));
	const none = filtered ?
		empty('search', 'No device fits', 'Try another word, or look at all of them.', { actions: [
			h('a.button', { href: '#/devices' }, 'Show all devices')] }) :
		empty('devices', 'No device has come by yet',
			'Devices appear here by themselves at their first contact. Let one ask this TAM:', {
				command: `teesim-agent request-ta UUID ${location.origin}/tam` });
	context.listen(settle(1500, (kind, value) => {
		if (kind === 'log' && value.kind === 'device' && !search.get('after'))
			context.reload();
	}));
	return [
		header('Devices', { description: 'Every TEE that this TAM has met, and what it has been given.' }),
		h('section.card',
			h('header', h('div.filters', searchBox(context, 'Search by id, TEE, model or label'),
				select('group', [['', 'Every group'], ...groups.items.map(({ name }) => [name, name])], {
					'aria-label': 'Group', value: search.get('group') ?? '',
					onchange: (event) => context.go({ group: event.target.value, after: '', back: '' }) }),
				select('status', STATUSES, { 'aria-label': 'Status', value: search.get('status') ?? '',
					onchange: (event) => context.go({ status: event.target.value, after: '', back: '' }) }))),
			page.items.length ? [table('Devices', deviceColumns, page.items),
				pager(context, page, `${plural(page.items.length, 'device')} of ${number(page.total)}`)] : none),
	];
}

function domainPart(domain, wanted) {
	const asked = (ta) => wanted.find((each) => each.taid === ta.taid && each.spid === domain.spid && each.present);
	return h('div.domain',
		h('header', h('h3', domain.name), h('span.muted.small', 'of ', h('a', {
			href: `#/sps/${encodeURIComponent(domain.spid)}` }, domain.spid))),
		domain.tas.length ? h('ul', domain.tas.map((ta) => h('li',
			h('div', h('a', { href: `#/tas/${ta.taid}` }, ta.name || ta.taid), ta.name && h('div.mono.muted.small', ta.taid)),
			h('span.small.number', ta.version ? `version ${ta.version}` : 'version not known'),
			badge(ta.state), !asked(ta) && badge('suspended', 'not wanted'),
			h('span.small.muted', ago(ta.updated))))) :
			h('p.muted.small', 'No TA in this domain.'));
}

const taCell = (names) => (each) => each.taid ? [h('a', { href: `#/tas/${each.taid}` }, names.get(each.taid) || each.taid),
	names.get(each.taid) && h('span.sub.mono', each.taid)] : 'only the domain';

const scopeWords = { device: 'this device', group: 'group', all: 'all devices' };

async function describeDialog(context, device) {
	const text = Object.entries(device.labels).map(([name, value]) => `${name}=${value}`).join('\n');
	const saved = await dialog('Describe the device', {
		description: 'For people: the device itself never learns of it.',
		body: [field('Model', input('model', { value: device.model, maxlength: 255 })),
			field('Labels', h('textarea', { name: 'labels', rows: 4, value: text, spellcheck: 'false' }), 'One name=value in each line.')],
		submit: ({ model, labels }) => patch(path`/devices/${device.did}`, { model, labels: Object.fromEntries(
			labels.split('\n').filter((line) => line.trim()).map((line) => {
				const at = line.indexOf('=');
				if (at < 1)
					throw new Error(`“${line}” is not name=value`);
				return [line.slice(0, at).trim(), line.slice(at + 1).trim()];
			})) }),
	});
	if (saved)
		context.reload();
}

async function groupDialog(context, device) {
	const groups = (await get('/groups')).items.filter(({ name }) => !device.groups.includes(name));
	if (!groups.length) {
		toast('There is no further group; make one under Groups.');
		return;
	}
	const saved = await dialog('Add to a group', {
		body: field('Group', select('name', groups.map(({ name, devices }) => [name, `${name} (${plural(devices, 'device')})`]))),
		action: 'Add',
		submit: async ({ name }) => {
			await putRequest(path`/groups/${name}/devices/${device.did}`);
			return true;
		},
	});
	if (saved)
		context.reload();
}

function deviceActions(context, device) {
	const actions = [];
	const suspended = device.status === 'suspended';
	if (context.canOperate)
		actions.push(h('button.primary', { type: 'button', onclick: () => deployDialog(context, { scope: 'device', id: device.did }) },
			icon('deployments'), 'Deploy a TA'));
	if (context.canManageDevices)
		actions.push(h('button', { type: 'button', onclick: () => describeDialog(context, device) }, 'Describe'),
			h('button', { type: 'button', onclick: () => groupDialog(context, device) }, 'Add to group'),
			h('button', { type: 'button', onclick: async () => {
				await patch(path`/devices/${device.did}`, { status: suspended ? 'trusted' : 'suspended' });
				toast(suspended ? 'It is validated anew at its next contact' : 'It gets nothing until it is resumed', 'good');
				context.reload();
			} }, suspended ? 'Resume' : 'Suspend'));
	if (context.isAdmin)
		actions.push(h('button.danger', { type: 'button', onclick: async () => {
			if (await confirm('Forget this device?', 'All that is known of it is removed. What it has stays on it, and it ' +
				'comes back at its next contact.', 'Forget', () => remove(path`/devices/${device.did}`)))
				location.hash = '#/devices';
		} }, 'Forget'));
	return actions;
}

export async function deviceView(context) {
	const [device, names, deliveries] = await Promise.all([get(path`/devices/${context.values[0]}`, { signal: context.signal }), taNames(),
		deliveriesCard(context, { did: context.values[0] }, false)]);
	const certificate = (value) => value ? [value.subject, h('span.muted.small', ` by ${value.issuer}, until ${day(value.not_after)}`)] :
		null;
	context.listen(settle(600, (kind, value) => {
		if (value.did === device.did || value.subject === device.did)
			context.reload();
	}));
	return [
		header(device.model || device.tee.name, { crumbs: [['Devices', '#/devices']], actions: deviceActions(context, device) }),
		device.status === 'refused' && h('div.notice.bad', { role: 'alert' }, icon('warning'),
			h('div', 'This TAM refuses the device: ', device.reason || 'it did not pass validation', '.')),
		h('div.columns',
			h('div.stack',
				card('Security domains', { body: device.security_domains.length ?
					device.security_domains.map((domain) => domainPart(domain, device.wanted)) :
					[h('p.muted', 'Nothing of this TAM is on the device yet. What it should have is sent at its next contact.')] }),
				card('What it should have', { flush: true, body: device.wanted.length ? table('Wanted', [
					['TA', taCell(names)],
					['Domain', (each) => [each.sdname, h('span.sub', each.spid)]],
					['Version', wantedVersion],
					['Because of', (each) => each.scope === 'group' ?
						h('a', { href: `#/groups/${encodeURIComponent(each.scope_id)}` }, each.scope_id) : scopeWords[each.scope]],
				], device.wanted) : h('div.body', h('p.muted', 'Nothing is asked for. ', 'Deploy a TA to this device, to one of its groups or to all.')) }),
				deliveries),
			h('div.stack',
				card('Identity', { body: facts([
					['Status', [badge(device.status), device.reason && device.status !== 'refused' && h('span.small.muted', ` ${device.reason}`)]],
					['Device id', id(device.did, 20)],
					['TEE', `${device.tee.name}${device.tee.version ? `, version ${device.tee.version}` : ''}`],
					['Certificate', certificate(device.certificate)],
					['Firmware', certificate(device.firmware) ?? 'did not vouch'],
					['Algorithm', device.algorithm],
					['Groups', device.groups.length > 0 ? device.groups.map((name) => h('a.tag', {
						href: `#/groups/${encodeURIComponent(name)}` }, name)) : h('span.muted', 'none')],
					['Labels', Object.keys(device.labels).length > 0 ? tags(Object.entries(device.labels)
						.map(([name, value]) => `${name}: ${value}`)) : h('span.muted', 'none')],
					['First seen', exact(device.first_seen)],
					['Last seen', [ago(device.last_seen), device.address && h('span.muted', ` from ${device.address}`)]],
				]) }),
				card('Anonymous keys', { body: device.aiks.length ? device.aiks.map((aik) => facts([
					['Provider', aik.spid], ['Kind', aik.type], ['Public key', id(aik.key, 28)],
					['For encrypting', h('button.tiny', { type: 'button', onclick: () => saveKey(device.did, aik.spid) }, 'Save, signed')]])) :
					[h('p.muted', 'The TEE makes a key for a provider with its first domain.')] }))),
		card('Sessions', { flush: true, body: device.sessions.length ? sessionTable(device.sessions, { device: false }) :
			h('div.body', h('p.muted', 'No session is on record.')) }),
	];
}

/* ---- Groups ---- */

async function groupMake(context) {
	const made = await dialog('New group', {
		description: 'A deployment to a group reaches the devices in it, and those that join later.',
		body: field('Name', input('name', { required: true, maxlength: 64, pattern: '[A-Za-z0-9._\\-]+' }),
			'Letters, digits, dots, hyphens and underscores.'),
		action: 'Make group',
		submit: ({ name }) => post('/groups', { name }),
	});
	if (made)
		location.hash = `#/groups/${encodeURIComponent(made.name)}`;
}

export async function groupsView(context) {
	const { items } = await get('/groups', { signal: context.signal });
	const make = context.canManageDevices && h('button.primary', { type: 'button', onclick: () => groupMake(context) },
		icon('plus'), 'New group');
	return [
		header('Groups', { description: 'Devices that are to have the same.', actions: [make].filter(Boolean) }),
		h('section.card', items.length ? table('Groups', [
			['Group', (each) => h('a', { href: `#/groups/${encodeURIComponent(each.name)}` }, each.name)],
			['Devices', (each) => number(each.devices), { right: true }],
		], items) : empty('groups', 'No groups yet', 'Put devices into a group to deploy to all of them at once: “lab”, “pilot”, “line-3”.',
			{ actions: [context.canManageDevices && h('button', { type: 'button', onclick: () => groupMake(context) }, 'Make the first group')]
				.filter(Boolean) })),
	];
}

export async function groupView(context) {
	const [name] = context.values;
	const [page, wanted, names] = await Promise.all([
		get(path`/groups/${name}/devices` + query({ after: context.search.get('after'), limit: 50 }), { signal: context.signal }),
		all(`/wanted${query({ scope: 'group', id: name })}`), taNames(),
	]);
	const actions = [];
	if (context.canOperate)
		actions.push(h('button.primary', { type: 'button', onclick: () => deployDialog(context, { scope: 'group', id: name }) },
			icon('deployments'), 'Deploy a TA'));
	if (context.canManageDevices)
		actions.push(h('button', { type: 'button', onclick: async () => {
			const added = await dialog('Add a device', { action: 'Add',
				body: field('Device id', input('did', { required: true, pattern: '[0-9a-f]{64}', class: 'mono' }), '64 hexadecimal digits; the page of a device has them.'),
				submit: async ({ did }) => {
					await putRequest(path`/groups/${name}/devices/${did}`);
					return true;
				} });
			if (added)
				context.reload();
		} }, icon('plus'), 'Add device'),
		h('button.danger', { type: 'button', onclick: async () => {
			if (await confirm(`Remove the group ${name}?`, 'The devices stay.', 'Remove', () => remove(path`/groups/${name}`)))
				location.hash = '#/groups';
		} }, 'Remove group'));
	return [
		header(name, { crumbs: [['Groups', '#/groups']], actions }),
		card('What these devices should have', { flush: true, body: wanted.length ? table('Wanted', [
			['TA', taCell(names)],
			['Domain', (each) => [each.sdname, h('span.sub', each.spid)]],
			['Version', wantedVersion],
			['', (each) => context.canOperate && h('button.tiny.danger', { type: 'button', onclick: async () => {
				await remove(path`/wanted/${each.id}`);
				context.reload();
			} }, 'No longer')],
		], wanted) : h('div.body', h('p.muted', 'Nothing is asked for by this group.')) }),
		h('section.card', h('header', h('h2', 'Devices')), page.items.length ? [table('Devices of the group', [
			...deviceColumns.filter(([title]) => title !== 'Groups'),
			['', (each) => context.canManageDevices && h('button.tiny', { type: 'button', onclick: async () => {
				await remove(path`/groups/${name}/devices/${each.did}`);
				context.reload();
			} }, 'Take out')],
		], page.items), pager(context, page, `${plural(page.items.length, 'device')} of ${number(page.total)}`)] :
			empty('devices', 'No device is in this group', 'Add one here, or from a device’s own page.')),
	];
}
