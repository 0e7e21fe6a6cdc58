import { all, get, path, post, query } from './api.js';
import {
	ago, badge, bar, card, clock, dialog, empty, facts, field, fill, h, header, icon, input, number, plural, select, table,
	toast,
} from './dom.js';
import { deviceLink, pager, settle } from './views_devices.js';

/* The security domain where nobody says another; `teesim tam deploy` has the same. */
const DOMAIN = 'main';

/** `preset` may have scope and id, or a taid; or all that a deployment has, for that one once more. */
export async function deployDialog(context, preset = {}) {
	const [tas, groups, open] = await Promise.all([all('/tas'), get('/groups'), context.spid ? get(path`/sps/${context.spid}`) : null]);
	/* People of a provider are offered what is open to it. */
	const { all: everywhere, groups: own } = open?.deploys_to ?? { all: true, groups: [] };
	if (!everywhere)
		groups.items = groups.items.filter(({ name }) => own.includes(name));
	if (!everywhere && !own.length) {
		toast('No devices are open to this provider yet: whoever administers the TAM opens groups for it.');
		return;
	}
	const again = preset.sdname !== undefined;
	/* What is asked for again is there to be chosen, whatever became of it: a TA that has no version any more, or none at all. */
	const usable = tas.filter((ta) => ta.latest > 0 || (again && ta.taid === preset.taid));
	if (again && !usable.some((ta) => ta.taid === preset.taid))
		usable.push({ taid: preset.taid, spid: preset.spid, name: preset.taid ? '' : 'The domain alone', latest: 0, versions: [] });
	if (!usable.length) {
		toast('There is no TA to deploy yet: upload one under TAs.');
		location.hash = '#/tas';
		return;
	}
	const versions = select('version', []);
	const taid = select('taid', usable.map((ta) => [ta.taid, `${ta.name || ta.taid} – ${ta.spid}`]), {
		value: preset.taid ?? usable[0].taid, onchange: () => versionsFill() });
	const chosen = () => usable.find((ta) => ta.taid === taid.value);
	function versionsFill() {
		const { latest, versions: there } = chosen();
		const offered = there.filter((each) => !each.retired).map(({ version: each }) => [each, `Version ${each}`]);
		const was = again && taid.value === preset.taid ? preset.version : 0;
		if (was && !offered.some(([each]) => each === was))
			offered.unshift([was, `Version ${was} (${there.some(({ version: each }) => each === was) ? 'retired' : 'not there'})`]);
		fill(versions, h('option', { value: '0' }, latest ? `Latest (now ${latest})` : 'Latest (now none)'),
			offered.map(([each, text]) => h('option', { value: String(each) }, text)));
		versions.value = String(was);
	}
	versionsFill();
	/* Where that is not open, or not there any more, it is left to be said. */
	const scope = select('scope', [['group', 'A group'], everywhere && ['all', 'All devices'], ['device', 'One device']].filter(Boolean), {
		value: (preset.scope === 'all' && !everywhere ? 'group' : preset.scope) ?? (groups.items.length ? 'group' : 'all'), onchange: () => scopeFill() });
	const group = field('Group', select('group', groups.items.map(({ name, devices }) => [name, `${name} (${plural(devices, 'device')})`]),
		{ value: preset.scope === 'group' ? preset.id : again ? '' : groups.items[0]?.name }));
	const device = field('Device id', input('device', { value: preset.scope === 'device' ? preset.id : '', class: 'mono', pattern: '[0-9a-f]{64}' }));
	function scopeFill() {
		group.hidden = scope.value !== 'group';
		device.hidden = scope.value !== 'device';
	}
	scopeFill();
	const made = await dialog('Deploy', {
		description: 'Sets what devices should have. Each gets it at its next contact.',
		action: 'Deploy',
		body: [h('div.pair', field('To', scope), group, device), field('TA', taid), h('div.pair', field('Version', versions),
			field('What', select('present', [['yes', 'Install and keep up to date'], ['offer', 'Offer: when a client app asks'], ['no', 'Remove from the devices']],
				{ value: preset.present === false ? 'no' : preset.on_request ? 'offer' : 'yes' }))),
		field('Security domain', input('sdname', { required: true, maxlength: 255, value: preset.sdname ?? DOMAIN }), 'Made on the device when it is not there.')],
		submit: (values) => {
			const target = { group: values.group, device: values.device, all: undefined }[values.scope];
			if (values.scope !== 'all' && !target)
				throw new Error(values.scope !== 'group' ? 'Say which device.' : groups.items.length ? 'Say which group.' : 'Make a group first.');
			return post('/deployments', { scope: values.scope, ...(target ? { id: target } : {}), spid: chosen().spid, sdname: values.sdname,
				...(values.taid ? { taid: values.taid } : {}), version: Number(values.version), present: values.present !== 'no',
				...(values.present === 'offer' ? { on_request: true } : {}) });
		},
	});
	if (made) {
		toast('The deployment is under way', 'good');
		location.hash = `#/deployments/${made.id}`;
	}
}

const target = (what) => what.scope === 'all' ? 'all devices' :
	what.scope === 'group' ? `group ${what.scope_id}` : `device ${what.scope_id.slice(0, 12)}…`;

const version = (what) => what.version ? `version ${what.version}` : 'latest version';

/** The version of a wanted entry, and what is special about it. */
export const wantedVersion = (each) => each.present ? [String(each.version || 'latest'), each.on_request && h('span.sub', 'when a client app asks')] :
	badge('suspended', 'to be removed');

export const summary = (what, names) => `${what.present ? what.on_request ? 'Offer ' : '' : 'Remove '}${names.get(what.taid) || what.taid || what.sdname}`;

const state = (deployment) => deployment.replaced ? badge('retired', 'replaced') : badge(deployment.state);

function progress(deployment) {
	const { devices } = deployment;
	return [bar(devices), h('span.sub.number', devices.total === 0 ? 'no device is in its scope yet' :
		`${number(devices.done)} of ${number(devices.total)}${devices.failed ? `, ${number(devices.failed)} failed` : ''}`)];
}

export const taNames = async () => new Map((await all('/tas')).map((ta) => [ta.taid, ta.name]));

export async function deploymentsView(context) {
	const [page, names] = await Promise.all([
		get(`/deployments${query({ after: context.search.get('after'), limit: 50 })}`, { signal: context.signal }), taNames()]);
	const cells = new Map();
	const button = context.canOperate && h('button.primary', { type: 'button', onclick: () => deployDialog(context) }, icon('plus'), 'New deployment');
	context.listen((kind, value) => {
		const cell = kind === 'deployment' ? cells.get(value.id) : null;
		if (cell) {
			fill(cell.progress, progress(value));
			fill(cell.state, state(value));
		} else if (kind === 'deployment' && !context.search.get('after')) {
			context.reload();
		}
	});
	return [
		header('Deployments', { description: 'What was asked for, and how far it has come.', actions: [button].filter(Boolean) }),
		h('section.card', page.items.length ? [table('Deployments', [
			['TA', (each) => [h('a', { href: `#/deployments/${each.id}` }, summary(each.what, names)), h('span.sub', version(each.what))]],
			['To', (each) => target(each.what)],
			['State', (each) => {
				cells.set(each.id, { state: h('div', state(each)), progress: h('div', progress(each)) });
				return cells.get(each.id).state;
			}],
			['Progress', (each) => cells.get(each.id).progress],
			['Started', (each) => [ago(each.created), each.by && h('span.sub', `by ${each.by}`)]],
		], page.items), pager(context, page, plural(page.items.length, 'deployment'))] :
			empty('deployments', 'Nothing has been deployed yet', 'A deployment brings a TA to a device, a group or all devices, and shows how they fare.', {
				actions: [context.canOperate && h('button', { type: 'button', onclick: () => deployDialog(context) }, 'Deploy a TA')].filter(Boolean) })),
	];
}

function progressPart(deployment) {
	const { devices } = deployment;
	const percent = devices.total ? Math.floor(100 * devices.done / devices.total) : 0;
	return [h('div.actions', h('span.percent', { role: 'status' }, `${percent} %`), state(deployment)), bar(devices),
		h('div.legend', [['done', 'done'], ['running', 'under way'], ['failed', 'failed'], ['waiting', 'waiting for their next contact']].map(([name, words]) =>
			h(`span.${name}`, devices[name] > 0 ? h('a', { href: `#/deployments/${deployment.id}?state=${name}` }, `${number(devices[name])} ${words}`) : `0 ${words}`)))];
}

export async function deploymentView(context) {
	const [deploymentId] = context.values;
	const filter = context.search.get('state') ?? '';
	const where = path`/deployments/${deploymentId}`;
	const [deployment, page, names] = await Promise.all([
		get(where, { signal: context.signal }),
		get(`${where}/devices${query({ state: filter, after: context.search.get('after'), limit: 100 })}`, { signal: context.signal }),
		taNames()]);
	const { what } = deployment;
	const part = h('div.stack', progressPart(deployment));
	const refresh = settle(700, () => context.reload());
	context.listen((kind, value) => {
		if (kind === 'deployment' && value.id === deployment.id) {
			fill(part, progressPart(value));
			refresh();
		}
	});
	return [
		header(summary(what, names), { crumbs: [['Deployments', '#/deployments']], description: `${version(what)}, to ${target(what)}`,
			actions: context.canOperate ? [h('button', { type: 'button', onclick: () => deployDialog(context, { ...what, id: what.scope_id }) },
				'Deploy again')] : [] }),
		h('div.columns', card('Progress', { body: part }), card('What', { body: facts([
			['TA', what.taid && h('a.mono', { href: `#/tas/${what.taid}` }, what.taid)], ['Provider', what.spid], ['Domain', what.sdname],
			['To', target(what)], ['By', deployment.by], ['Started', ago(deployment.created)]]) })),
		h('section.card', h('header', h('h2', 'Devices'), h('div.filters', select('state', [['', 'Every state'], ['waiting', 'Waiting'],
			['running', 'Under way'], ['done', 'Done'], ['failed', 'Failed']], { 'aria-label': 'State', value: filter,
			onchange: (event) => context.go({ state: event.target.value, after: '', back: '' }) }))),
		page.items.length ? [table('Devices of the deployment', [
			['Device', (each) => [deviceLink(each.did), h('span.sub', each.tee)]],
			['State', (each) => badge(each.state)],
			['Remark', (each) => each.error ?? (each.note && h('span.muted', each.note))],
			['Updated', (each) => each.updated ? clock(each.updated) : null],
		], page.items), pager(context, page, plural(page.items.length, 'device'))] :
			empty('devices', filter ? 'No device is in that state' : 'No device is in its scope',
				filter ? 'Look at every state.' : 'Devices that come into the scope join by themselves.')),
	];
}
