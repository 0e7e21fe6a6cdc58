import { all, get, patch, path, post, put as putRequest, query, remove, upload } from './api.js';
import {
	ago, badge, card, confirm, day, dialog, empty, exact, facts, field, h, header, icon, id, input, number, plural,
	select, size, table, tags, toast,
} from './dom.js';
import { announceDialog, deliveriesCard } from './views_deliveries.js';
import { deployDialog, wantedVersion } from './views_deployments.js';
import { pager, searchBox } from './views_devices.js';

/* ---- TAs ---- */

const fileField = (label, accept, hint) => field(label, h('input', { type: 'file', name: 'file', required: true, accept }), hint);

async function uploadDialog(context, spid) {
	const sps = await all('/sps');
	if (!sps.length) {
		toast('First a provider has to be there whose TA it is: add one under Providers.');
		location.hash = '#/sps';
		return;
	}
	const added = await dialog('Upload a TA', {
		description: 'The package that the provider signed. Its signer has to be a certificate of the provider.',
		action: 'Upload',
		body: [fileField('Package', '.cms,.p7m,.der,application/cms', 'Made by teesim sp package … --out my.cms'),
			field('Provider', select('spid', sps.map((sp) => [sp.spid, sp.name ? `${sp.name} (${sp.spid})` : sp.spid]), { value: spid ?? sps[0].spid })),
			field('Name', input('name', { maxlength: 255 }), 'For people; empty: the one in the package.'),
			h('label.check.field', h('input', { type: 'checkbox', name: 'bundled' }), h('span', 'Client apps bring the package',
				h('small', 'The TAM authorises it by its hash, and does not deliver it.')))],
		submit: ({ file, spid: whose, name, bundled }) => upload(`/tas${query({ spid: whose, name, bundled: bundled ? 'true' : '' })}`,
			file, 'application/octet-stream'),
	});
	if (added) {
		toast(`Version ${added.version} of ${added.name || added.taid} is in the catalogue`, 'good');
		location.hash = `#/tas/${added.taid}`;
	}
}

export async function tasView(context) {
	const { search } = context;
	const page = await get(`/tas${query({ q: search.get('q'), spid: search.get('spid'), after: search.get('after'), limit: 50 })}`,
		{ signal: context.signal });
	const button = context.canOperate && h('button.primary', { type: 'button', onclick: () => uploadDialog(context) },
		icon('plus'), 'Upload a TA');
	const announce = context.canOperate && h('button', { type: 'button', onclick: async () => announceDialog(context, await all('/sps')) },
		'Announce a version');
	return [
		header('TAs', { description: 'Packages that can be delivered, in all their versions.', actions: [button, announce].filter(Boolean) }),
		h('section.card', h('header', h('div.filters', searchBox(context, 'Search by name or UUID'))),
			page.items.length ? [table('TAs', [
				['TA', (ta) => [h('a', { href: `#/tas/${ta.taid}` }, ta.name || ta.taid), h('span.sub.mono', ta.taid)]],
				['Provider', (ta) => h('a', { href: `#/sps/${encodeURIComponent(ta.spid)}` }, ta.spid)],
				['Latest', (ta) => ta.latest ? `version ${ta.latest}` : badge('retired', 'all retired')],
				['Versions', (ta) => number(ta.versions.length), { right: true }],
				['On devices', (ta) => number(ta.devices), { right: true }],
			], page.items), pager(context, page, plural(page.items.length, 'TA'))] :
				search.get('q') ? empty('search', 'No TA fits', 'Try a part of its name or of its UUID.') :
				empty('tas', 'The catalogue is empty', 'Upload the first package that a provider signed. To make one:', {
					command: 'teesim sp package my.elf --version 1 --key sp.key --cert sp.pem --out my.cms',
					actions: [context.canOperate && h('button', { type: 'button', onclick: () => uploadDialog(context) }, 'Upload a TA')].filter(Boolean) })),
	];
}

function versionActions(context, ta, version) {
	const where = path`/tas/${version.taid}/${version.version}`;
	if (!context.canOperate)
		return null;
	return h('div.actions',
		!version.sealed && !version.retired && h('button.tiny', { type: 'button', onclick: async () => {
			const done = await dialog(version.personalisation ? 'Replace personalisation data' : 'Add personalisation data', {
				description: 'Octets that each device gets together with the TA, and that only this TA reads there. They are sealed in the database and never shown again.',
				action: 'Save', body: fileField('File', '', 'At most 1 MiB.'),
				submit: async ({ file }) => {
					await putRequest(`${where}/personalisation`, file, 'application/octet-stream');
					return true;
				} });
			if (done)
				context.reload();
		} }, 'Personalise'),
		version.personalisation && h('button.tiny', { type: 'button', onclick: async () => {
			if (await confirm('Remove the personalisation data?', 'Devices that have it keep it until their next update.', 'Remove',
				() => remove(`${where}/personalisation`)))
				context.reload();
		} }, 'Remove data'),
		!version.retired && h('button.tiny.danger', { type: 'button', onclick: async () => {
			if (await confirm(`Retire version ${version.version}?`, 'It is never delivered again, and devices that have it get another wanted version or lose the TA.',
				'Retire', () => post(`${where}/retire`))) {
				toast(`Version ${version.version} is retired`, 'good');
				context.reload();
			}
		} }, 'Retire'));
}

export async function taView(context) {
	const ta = await get(path`/tas/${context.values[0]}`, { signal: context.signal });
	const wanted = await all(`/wanted${query({ taid: ta.taid })}`);
	const deliveries = await deliveriesCard(context, { taid: ta.taid }, ta.versions.some(({ sealed }) => sealed));
	const actions = context.canOperate ? [
		ta.latest > 0 && h('button.primary', { type: 'button', onclick: () => deployDialog(context, { taid: ta.taid, spid: ta.spid }) },
			icon('deployments'), 'Deploy'),
		h('button', { type: 'button', onclick: () => uploadDialog(context, ta.spid) }, icon('plus'), 'Upload a version'),
		h('button', { type: 'button', onclick: () => announceDialog(context, [{ spid: ta.spid }], { ...ta,
			version: String(1 + Math.max(...ta.versions.map(({ version }) => version))) }) }, 'Announce a version'),
	].filter(Boolean) : [];
	return [
		header(ta.name || ta.taid, { crumbs: [['TAs', '#/tas']], actions }),
		h('section.card', h('div.body', facts([
			['UUID', id(ta.taid, 40)],
			['Provider', h('a', { href: `#/sps/${encodeURIComponent(ta.spid)}` }, ta.spid)],
			['Latest', ta.latest ? `version ${ta.latest}` : badge('retired', 'all versions are retired')],
			['On devices', number(ta.devices)]]))),
		card('Versions', { flush: true, body: table('Versions', [
			['Version', (each) => [h('strong.number', String(each.version)), ' ', each.retired ? badge('retired') :
				each.version === ta.latest ? badge('good', 'latest') : null]],
			['Added', (each) => h('span', { title: exact(each.created) }, ago(each.created))],
			['Size', (each) => each.sealed ? null : size(each.size)],
			['Package', (each) => each.sealed ? 'not here: its provider encrypts it for each device' : [id(each.sha256, 12), h('span.sub', 'signed by ', each.signer.slice(0, 12), '…')]],
			['With it', (each) => [each.personalisation && h('span.tag', 'personalisation'), each.bundled && h('span.tag', 'brought by the app'),
				each.sealed && h('span.tag', 'encrypted by the provider')].filter(Boolean)],
			['', (each) => versionActions(context, ta, each)],
		], ta.versions) }),
		deliveries,
		card('Where it is wanted', { flush: true, body: wanted.length ? table('Wanted', [
			['Scope', (each) => each.scope === 'all' ? 'All devices' : each.scope === 'group' ?
				h('a', { href: `#/groups/${encodeURIComponent(each.scope_id)}` }, `Group ${each.scope_id}`) :
				h('a', { href: `#/devices/${each.scope_id}` }, `Device ${each.scope_id.slice(0, 12)}…`)],
			['Domain', (each) => each.sdname],
			['Version', wantedVersion],
			['Since', (each) => ago(each.created)],
			['', (each) => context.canOperate && h('button.tiny.danger', { type: 'button', onclick: async () => {
				if (await confirm('No longer wanted?', 'The devices that have the TA because of this entry lose it at their next contact.', 'Remove',
					() => remove(path`/wanted/${each.id}`)))
					context.reload();
			} }, 'No longer')],
		], wanted) : empty('deployments', 'Nobody is to have it yet', 'Deploy it to a device, a group or all devices.') }),
	];
}

/* ---- Providers ---- */

async function spMake() {
	const made = await dialog('New provider', {
		description: 'Somebody whose TAs this TAM delivers. Everything of a provider is in security domains of its own.',
		action: 'Add provider',
		body: [field('Identifier', input('spid', { required: true, maxlength: 255, placeholder: 'com.example.bank' }), 'What devices know it by. It never changes.'),
			field('Name', input('name', { maxlength: 255 }), 'For people.')],
		submit: ({ spid, name }) => post('/sps', name ? { spid, name } : { spid }),
	});
	if (made)
		location.hash = `#/sps/${encodeURIComponent(made.spid)}`;
}

export async function spsView(context) {
	const items = await all('/sps');
	const button = context.isAdmin && h('button.primary', { type: 'button', onclick: spMake }, icon('plus'), 'New provider');
	return [
		header('Providers', { description: 'Service providers, and the certificates that may sign their TAs.', actions: [button].filter(Boolean) }),
		h('section.card', items.length ? table('Providers', [
			['Provider', (sp) => [h('a', { href: `#/sps/${encodeURIComponent(sp.spid)}` }, sp.name || sp.spid), sp.name && h('span.sub.mono', sp.spid)]],
			['Certificates', (sp) => sp.certificates.length ? sp.certificates.map((each) => h('div', each.subject, ' ', each.state !== 'good' && badge(each.state))) :
				badge('soon', 'none yet')],
			['May deploy to', (sp) => deploysTo(sp)],
			['TAs', (sp) => number(sp.tas), { right: true }],
			['Since', (sp) => ago(sp.created)],
		], items) : empty('sps', 'No providers yet', 'Add the one whose TAs are to be delivered, then its signing certificate.', {
			actions: [context.isAdmin && h('button', { type: 'button', onclick: spMake }, 'Add the first provider')].filter(Boolean) })),
	];
}

const deploysTo = ({ deploys_to: to }) => to.all ? 'all devices' : to.groups.length ? tags(to.groups) : h('span.muted', 'no devices');

/* Which devices the provider's own people may deploy to. */
async function openDialog(context, sp) {
	const groups = (await get('/groups')).items.filter(({ name }) => !sp.deploys_to.groups.includes(name));
	const options = [...groups.map(({ name, devices }) => [`groups/${encodeURIComponent(name)}`, `Group ${name} (${plural(devices, 'device')})`]),
		!sp.deploys_to.all && ['all-devices', 'All devices']].filter(Boolean);
	if (!options.length) {
		toast('Everything is open to it already.');
		return;
	}
	if (await dialog('Open devices to the provider', {
		description: 'Whoever has a token of this provider may then deploy its TAs there.',
		action: 'Open', body: field('Devices', select('where', options)),
		submit: ({ where }) => putRequest(`${path`/sps/${sp.spid}`}/${where}`),
	}))
		context.reload();
}

function openCard(context, sp) {
	const { all: everywhere, groups } = sp.deploys_to;
	const rows = [...(everywhere ? [{ name: 'All devices', where: 'all-devices' }] : []),
		...groups.map((name) => ({ name, link: `#/groups/${encodeURIComponent(name)}`, where: `groups/${encodeURIComponent(name)}` }))];
	return card('May deploy to', { flush: true,
		actions: [context.isAdmin && h('button', { type: 'button', onclick: () => openDialog(context, sp) }, icon('plus'), 'Open devices')].filter(Boolean),
		body: rows.length ? table('Devices open to the provider', [
			['Devices', (each) => each.link ? h('a', { href: each.link }, `Group ${each.name}`) : each.name],
			['', (each) => context.isAdmin && h('button.tiny.danger', { type: 'button', onclick: async () => {
				if (await confirm('Close them to the provider?', 'Its people can’t deploy there any more. What is deployed stays until it is removed.',
					'Close', () => remove(`${path`/sps/${sp.spid}`}/${each.where}`)))
					context.reload();
			} }, 'Close')],
		], rows) : empty('devices', 'No devices are open to it', 'You deploy its TAs; its own people, with a token of this provider, can’t.') });
}

async function certificateDialog(context, sp) {
	const added = await dialog('Add a certificate', {
		description: 'TAs that are signed with its key are taken as this provider’s. It may be self-signed.',
		action: 'Add certificate', body: fileField('Certificate', '.pem,.crt,.cer,.der', 'PEM or DER.'),
		submit: async ({ file }) => {
			const text = new Uint8Array(await file.slice(0, 11).arrayBuffer());
			const pem = new TextDecoder().decode(text).startsWith('-----BEGIN');
			return upload(path`/sps/${sp.spid}/certificates`, file, pem ? 'application/x-pem-file' : 'application/pkix-cert');
		},
	});
	if (added)
		context.reload();
}

export async function spView(context) {
	const sp = await get(path`/sps/${context.values[0]}`, { signal: context.signal });
	const { items: tas } = await get(`/tas${query({ spid: sp.spid, limit: 200 })}`, { signal: context.signal });
	const actions = [];
	if (context.isAdmin)
		actions.push(h('button', { type: 'button', onclick: async () => {
			if (await dialog('Rename', { body: field('Name', input('name', { value: sp.name, required: true, maxlength: 255 })),
				submit: ({ name }) => patch(path`/sps/${sp.spid}`, { name }) }))
				context.reload();
		} }, 'Rename'), h('button.danger', { type: 'button', onclick: async () => {
			if (await confirm(`Remove ${sp.name || sp.spid}?`, 'Its certificates and tokens go with it. It must have no TAs and no wanted state.', 'Remove',
				() => remove(path`/sps/${sp.spid}`)))
				location.hash = '#/sps';
		} }, 'Remove'));
	const add = context.canOperate && h('button', { type: 'button', onclick: () => certificateDialog(context, sp) }, icon('plus'), 'Add certificate');
	return [
		header(sp.name || sp.spid, { crumbs: [['Providers', '#/sps']], description: sp.name ? sp.spid : null, actions }),
		card('Certificates', { actions: [add].filter(Boolean), flush: true, body: sp.certificates.length ? table('Certificates', [
			['Subject', (each) => each.subject],
			['State', (each) => badge(each.state)],
			['Valid', (each) => `${day(each.not_before)} – ${day(each.not_after)}`],
			['SHA-256', (each) => id(each.sha256, 16)],
			['', (each) => context.canOperate && h('button.tiny.danger', { type: 'button', onclick: async () => {
				if (await confirm('Remove the certificate?', 'Nothing that it signed is taken any more.', 'Remove',
					() => remove(path`/sps/${sp.spid}/certificates/${each.sha256}`)))
					context.reload();
			} }, 'Remove')],
		], sp.certificates) : empty('certificates', 'No certificate yet', 'Add the one that the provider signs its TAs with; only then can packages be uploaded.') }),
		openCard(context, sp),
		card('TAs', { flush: true, body: tas.length ? table('TAs of the provider', [
			['TA', (ta) => [h('a', { href: `#/tas/${ta.taid}` }, ta.name || ta.taid), h('span.sub.mono', ta.taid)]],
			['Latest', (ta) => ta.latest ? `version ${ta.latest}` : badge('retired', 'all retired')],
			['On devices', (ta) => number(ta.devices), { right: true }],
		], tas) : empty('tas', 'No TA yet', 'Upload a package that is signed with one of the certificates above.', {
			actions: [context.canOperate && sp.certificates.length > 0 && h('button', { type: 'button', onclick: () => uploadDialog(context, sp.spid) },
				'Upload a TA')].filter(Boolean) }) }),
	];
}
