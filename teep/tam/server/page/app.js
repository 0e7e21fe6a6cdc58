/* Login, what is around every page, and which page an address stands for. */

import { get, token, watch } from './api.js';
import { fill, h, icon, plural, put, toast } from './dom.js';
import { deviceView, devicesView, groupView, groupsView } from './views_devices.js';
import { spView, spsView, taView, tasView } from './views_catalogue.js';
import { deploymentView, deploymentsView } from './views_deployments.js';
import { sessionView, sessionsView } from './views_sessions.js';
import { certificatesView, logView, overviewView, tokensView } from './views_admin.js';

const ROUTES = [
	[/^$/, overviewView, 'overview'],
	[/^devices$/, devicesView, 'devices'],
	[/^devices\/([^/]+)$/, deviceView, 'devices'],
	[/^groups$/, groupsView, 'groups'],
	[/^groups\/([^/]+)$/, groupView, 'groups'],
	[/^tas$/, tasView, 'tas'],
	[/^tas\/([^/]+)$/, taView, 'tas'],
	[/^sps$/, spsView, 'sps'],
	[/^sps\/([^/]+)$/, spView, 'sps'],
	[/^deployments$/, deploymentsView, 'deployments'],
	[/^deployments\/(\d+)$/, deploymentView, 'deployments'],
	[/^sessions$/, sessionsView, 'sessions'],
	[/^sessions\/([^/]+)$/, sessionView, 'sessions'],
	[/^log$/, logView, 'log'],
	[/^certificates$/, certificatesView, 'certificates'],
	[/^tokens$/, tokensView, 'tokens'],
];

const NAVIGATION = [
	[null, [['overview', 'Overview', ''], ['devices', 'Devices', 'devices'], ['groups', 'Groups', 'groups']]],
	['Catalogue', [['tas', 'TAs', 'tas'], ['sps', 'Providers', 'sps'], ['deployments', 'Deployments', 'deployments']]],
	['Record', [['sessions', 'Sessions', 'sessions'], ['log', 'Log', 'log'],
		['certificates', 'Certificates', 'certificates']]],
];

const root = document.getElementById('root');
let me = null;	   /* /status */
let shell = null;
let current = null; /* the page that is shown: { abort, listeners } */
let session = null; /* aborted when one logs out */

/* ---- Theme ---- */

function themeSet(theme) {
	document.documentElement.dataset.theme = theme;
	localStorage.setItem('tam-theme', theme);
}

const themeNow = () => document.documentElement.dataset.theme;

document.documentElement.dataset.theme = localStorage.getItem('tam-theme') ??
	(matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light');

function themeButton() {
	const button = h('button.plain', { type: 'button', 'aria-label': 'Switch between light and dark', onclick: () => {
		themeSet(themeNow() === 'dark' ? 'light' : 'dark');
		fill(button, icon(themeNow() === 'dark' ? 'sun' : 'moon'));
	} }, icon(themeNow() === 'dark' ? 'sun' : 'moon'));
	return button;
}

/* ---- Login ---- */

function login(problem) {
	me = shell = null;
	current?.abort.abort();
	session?.abort();
	document.title = 'Sign in · TAM';
	const line = h('p.error-line', { role: 'alert', hidden: !problem }, problem ?? '');
	const field = h('input', { type: 'password', name: 'token', autocomplete: 'current-password', required: true,
		spellcheck: 'false', placeholder: 'tam_…' });
	const button = h('button.primary', { type: 'submit' }, 'Sign in');
	fill(root, h('div.login', h('form.card', { onsubmit: async (event) => {
		event.preventDefault();
		button.disabled = true;
		token.set(field.value.trim());
		try {
			await enter();
		} catch (error) {
			token.drop();
			line.textContent = error.message;
			line.hidden = false;
			field.select();
		}
		button.disabled = false;
	} },
	h('img', { src: '/page/icon.svg', alt: '' }),
	h('h1', 'Trusted Application Manager'),
	h('p', 'Sign in with an access token. It stays in this tab and is forgotten when the tab is closed.'),
	h('label', 'Access token', field), line, button,
	h('details', h('summary', 'Where do I get one?'),
		h('pre', 'teesim tam init tam     # prints the first one\nteesim tam token add NAME --role viewer')))));
	field.focus();
}

async function enter() {
	me = await get('/status');
	session = new AbortController();
	shellMake();
	watch(heard, (on) => {
		const light = document.getElementById('live');
		if (light) {
			light.dataset.on = on;
			light.textContent = on ? 'Live' : 'Offline';
		}
	}, session.signal);
	await show();
}

window.addEventListener('tam-unauthorized', (event) => {
	if (me) {
		token.drop();
		login(event.detail.message);
	}
});

/* ---- Around every page ---- */

function navigation() {
	const counts = { devices: me.devices.total, tas: me.tas, sps: me.sps, groups: me.groups };
	const item = ([key, text, where]) => h('a', { href: `#/${where}`, 'data-key': key,
		onclick: () => menuOpen(false) }, icon(key), text,
	counts[key] ? h('span.count.number', String(counts[key])) : null);
	const parts = NAVIGATION.map(([title, items]) => [title && h('h2', title), items.map(item)]);
	if (me.role === 'admin')
		parts.push(item(['tokens', 'Tokens', 'tokens']));
	return h('nav.nav', { 'aria-label': 'Main' }, parts);
}

function menuOpen(open) {
	shell.side.dataset.open = open;
	shell.menu.setAttribute('aria-expanded', open);
}

function signOut() {
	token.drop();
	login();
}

function shellMake() {
	const side = h('aside.side', { id: 'side' },
		h('a.brand', { href: '#/' }, h('img', { src: '/page/icon.svg', alt: '' }),
			h('div', h('strong', 'TAM'), h('small', me.tamid ?? ''))),
		navigation(),
		h('div.foot',
			h('div.who', h('b', { title: me.name }, me.name), h('span', me.spid ? `${me.role} of ${me.spid}` : me.role)),
			themeButton(),
			h('button.plain', { type: 'button', 'aria-label': 'Sign out', onclick: signOut }, icon('out'))),
		h('div.live', { id: 'live', role: 'status' }, 'Connecting'));
	const menu = h('button.plain', { type: 'button', 'aria-label': 'Menu', 'aria-controls': 'side', 'aria-expanded': 'false',
		onclick: () => menuOpen(side.dataset.open !== 'true') }, icon('menu'));
	const main = h('main', { id: 'main', tabindex: '-1' });
	shell = { side, menu, main, notices: h('div', { id: 'notices' }), content: h('div.stack', { id: 'content' }) };
	put(main, [shell.notices, shell.content]);
	fill(root,
		h('a.skip', { href: '#main', onclick: (event) => {
			event.preventDefault();
			main.focus();
		} }, 'Skip to the content'),
		h('header.top', h('img', { src: '/page/icon.svg', alt: '' }), h('strong', 'TAM'), menu),
		h('div.shell', side, main));
	noticesShow();
}

/* On every page: what will stop working unless somebody acts. */
function noticesShow() {
	const { expired, soon } = me.certificates;
	const notice = (kind, text) => h(`div.notice${kind}`, { role: 'alert' }, icon('warning'),
		h('div', text, ' ', h('a', { href: '#/certificates' }, 'Show them')));
	fill(shell.notices,
		me.hold_deletions && h('div.notice', { role: 'alert' }, icon('warning'), h('div', 'This TAM was restored from a copy: nothing is deleted from ' +
			'devices until “teesim tam restore --finish”.')),
		expired > 0 && notice('.bad', `${plural(expired, 'certificate or OCSP response has', 'certificates or OCSP responses have')} ` +
			'expired or can’t be found: what depends on it is refused.'),
		expired === 0 && soon > 0 && notice('', `${plural(soon, 'certificate or OCSP response is', 'certificates or OCSP responses are')} ` +
			'about to expire.'));
	shell.notices.hidden = !(expired || soon || me.hold_deletions);
}

async function statusRefresh() {
	try {
		me = await get('/status');
	} catch {
		return;
	}
	const fresh = navigation();
	shell.side.querySelector('.nav').replaceWith(fresh);
	currentMark();
	noticesShow();
}

/* ---- Pages ---- */

function addressNow() {
	const [where, search = ''] = location.hash.replace(/^#\/?/, '').split('?');
	return { where, search: new URLSearchParams(search) };
}

function currentMark() {
	for (const link of shell.side.querySelectorAll('.nav a'))
		if (link.dataset.key === current?.key)
			link.setAttribute('aria-current', 'page');
		else
			link.removeAttribute('aria-current');
}

function failure(error) {
	return h('section.card', h('div.empty', icon('warning'),
		h('h2', error.status === 404 ? 'There is nothing here' : 'This could not be shown'), h('p', error.message),
		h('div.actions', h('button', { type: 'button', onclick: () => show() }, 'Try again'),
			h('a.button', { href: '#/' }, 'Overview'))));
}

/* What stands now where that element stood before the page was drawn anew. */
function counterpart(element) {
	if (element.name)
		return shell.content.querySelector(`[name="${CSS.escape(element.name)}"]`);
	const says = (each) => [each.getAttribute('href'), each.getAttribute('aria-label'), each.textContent].join('\n');
	return [...shell.content.querySelectorAll(element.tagName)].find((each) => says(each) === says(element));
}

/** What the address names; null for what is no address. */
function valuesOf(pattern, where) {
	try {
		return pattern.exec(where).slice(1).map(decodeURIComponent);
	} catch {
		return null;
	}
}

async function show({ again = false } = {}) {
	const { where, search } = addressNow();
	const [pattern, view, key] = ROUTES.find(([each]) => each.test(where)) ?? [null, null, null];
	current?.abort.abort();
	const abort = new AbortController(), listeners = [];
	const page = current = { key, abort, listeners };
	const context = {
		me, search, signal: abort.signal,
		values: pattern && valuesOf(pattern, where),
		listen: (listener) => listeners.push(listener),
		/** The same page with other members in its query. */
		go: (members) => {
			const next = new URLSearchParams(addressNow().search);
			for (const [name, value] of Object.entries(members))
				if (value)
					next.set(name, value);
				else
					next.delete(name);
			history.replaceState(null, '', `#/${where}${next.size ? `?${next}` : ''}`);
			return show({ again: true });
		},
		reload: () => show({ again: true }),
		canOperate: me.role !== 'viewer',
		canManageDevices: me.role !== 'viewer' && !me.spid,
		isAdmin: me.role === 'admin',
		spid: me.spid,
	};
	currentMark();
	let content;
	try {
		if (!context.values)
			throw Object.assign(new Error('No page has this address.'), { status: 404 });
		content = await view(context);
	} catch (error) {
		if (abort.signal.aborted || error.name === 'AbortError' || !shell)
			return;
		content = failure(error);
	}
	if (abort.signal.aborted || !shell)
		return;
	/* Whoever is typing, or goes by keyboard, goes on where he is. */
	const active = document.activeElement, within = again && shell.content.contains(active);
	const at = within && 'selectionStart' in active ? active.selectionStart : null;
	fill(shell.content, content);
	page.key = key;
	const title = shell.content.querySelector('h1');
	document.title = `${title?.textContent ?? 'TAM'} · TAM`;
	if (!again) {
		window.scrollTo(0, 0);
		title?.focus({ preventScroll: true });
	} else if (within) {
		const same = counterpart(active) ?? title;
		same?.focus({ preventScroll: true });
		if (at !== null && same?.setSelectionRange)
			same.setSelectionRange(at, at);
	}
}

let refreshing = null;

function heard(kind, value) {
	for (const listener of current?.listeners ?? [])
		listener(kind, value);
	refreshing ??= setTimeout(() => {
		refreshing = null;
		if (shell)
			statusRefresh();
	}, 3000);
}

window.addEventListener('hashchange', () => {
	if (shell)
		show();
});
window.addEventListener('unhandledrejection', (event) => {
	if (event.reason?.name !== 'AbortError')
		toast(event.reason?.message ?? 'Something went wrong', 'bad');
});

if (token.get())
	enter().catch((error) => {
		if (error.status !== 401)
			login(error.message);
	}).then(() => me || login());
else
	login();
