/* TAs that their providers encrypt for each device themselves. */
import { get, path, post, query, remove, upload } from './api.js';
import { ago, badge, card, confirm, dialog, exact, field, h, input, select, size, table, toast } from './dom.js';

/** A version that the TAM never has. */
export async function announceDialog(context, sps, preset = {}) {
	const made = await dialog('Announce a version', {
		description: 'One that its provider encrypts for each device itself, so that the TAM never sees it. Deployed, it waits for their packages.',
		action: 'Announce',
		body: [field('UUID of the TA', input('taid', { required: true, class: 'mono', pattern: '[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}', value: preset.taid ?? '' })),
			h('div.pair', field('Version', input('version', { required: true, inputmode: 'numeric', pattern: '[1-9][0-9]*', value: preset.version ?? '1' })),
				field('Name', input('name', { maxlength: 255, value: preset.name ?? '' }), 'For people.')),
			field('Provider', select('spid', sps.map((sp) => [sp.spid, sp.name ? `${sp.name} (${sp.spid})` : sp.spid]), { value: preset.spid ?? sps[0]?.spid }))],
		submit: ({ taid, version, name, spid }) => post(path`/tas/${taid}/${version}/announce`, name ? { spid, name } : { spid }),
	});
	if (made) {
		toast(`Version ${made.version} is announced`, 'good');
		location.hash = `#/tas/${made.taid}`;
		context.reload();
	}
}

async function deliverDialog(context) {
	const made = await dialog('Deliver a package', {
		description: 'What the provider encrypted for one device. The TAM passes it on at the device’s next contact, and can’t read it.',
		action: 'Deliver',
		body: field('Delivery', h('input', { type: 'file', name: 'file', required: true }), 'Made by teesim sp encrypt … --out my.delivery'),
		submit: ({ file }) => upload('/deliveries', file, 'application/json'),
	});
	if (made) {
		toast(`Version ${made.version} waits for device ${made.did.slice(0, 12)}…`, 'good');
		context.reload();
	}
}

/** The provider's key in a device, as a file for `teesim sp encrypt`. */
export async function saveKey(did, spid) {
	let statement;
	try {
		statement = await get(path`/devices/${did}/aik` + query({ spid }));
	} catch (error) {
		toast(error.message, 'bad');
		return;
	}
	const url = URL.createObjectURL(new Blob([JSON.stringify(statement)], { type: 'application/json' }));
	h('a', { href: url, download: `${did.slice(0, 12)}.aik` }).click();
	setTimeout(() => URL.revokeObjectURL(url), 1000);
}

const why = { stale: 'the device has another key by now: it has to be encrypted again',
	gone: 'the device had it, and has it no longer' };
const what = (each) => each.version ? `version ${each.version}` : 'data alone';

/** `filter` names a device or a TA. Nothing where there are none, and none is to be expected. */
export async function deliveriesCard(context, filter, expected) {
	const { items, next } = await get(`/deliveries${query({ ...filter, limit: 50 })}`, { signal: context.signal });
	if (!items.length && !expected)
		return null;
	const button = context.canOperate && h('button', { type: 'button', onclick: () => deliverDialog(context) }, 'Deliver');
	return card('Encrypted by the provider', { flush: true, actions: [button].filter(Boolean), body: items.length ? [table('Deliveries', [
		filter.did ? ['TA', (each) => [h('a', { href: `#/tas/${each.taid}` }, each.name || each.taid), h('span.sub', what(each))]] :
			['Device', (each) => [h('a', { href: `#/devices/${each.did}` }, h('span.mono', `${each.did.slice(0, 12)}…`)), h('span.sub', what(each))]],
		['State', (each) => [badge(each.state), h('span.sub', why[each.state] ?? each.error)]],
		['Size', (each) => [size(each.size), each.personalisation && each.version > 0 && h('span.sub', 'with personalisation')]],
		['Delivered', (each) => [h('span', { title: exact(each.created) }, ago(each.created)), each.by && h('span.sub', `by ${each.by}`)]],
		['', (each) => context.canOperate && each.state !== 'installed' && each.state !== 'gone' && h('button.tiny.danger', { type: 'button', onclick: async () => {
			if (await confirm('Take it back?', 'It is not sent any more. The device waits for another one, if it is to have that version.', 'Take back',
				() => remove(path`/deliveries/${each.id}`)))
				context.reload();
		} }, 'Take back')],
	], items), next !== null && h('p.muted.small', 'The first 50; teesim tam ta deliveries has all.')] :
		h('div.body', h('p.muted', 'Nothing was delivered yet. A device has a key to encrypt for once it has the provider’s domain.')) });
}
