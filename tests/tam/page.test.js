/* The web page in a Chromium, as somebody uses it: every page, what can be done there, and by whom. */
'use strict';

const assert = require('node:assert');
const fs = require('node:fs');
const { after, before, test } = require('node:test');

const { Chromium } = require('./chromium');
const { Tam, delivery } = require('./tam');

const PIN = '3f6d2b9e-7c41-4f0e-8a52-0c1d2e3f4a5b';

let tam, browser;
before(async () => {
	tam = await Tam.start();
	browser = new Chromium();
});
after(async () => {
	await browser?.close();
	await tam?.stop();
});

async function signIn(who, options) {
	const page = await browser.page(options);
	await page.open(`${(options?.tam ?? tam).url}/`);
	await page.shows('Sign in');
	await page.type('input[name=token]', (options?.tam ?? tam).token(who));
	await page.key('Enter', 'Enter', 13);
	await page.until('document.querySelector("h1")?.innerText === "Overview"', 'the overview');
	return page;
}

const go = async (page, where, title) => {
	await page.evaluate(`location.hash = '#/${where}'`);
	await page.until(`document.querySelector('h1')?.innerText === ${JSON.stringify(title)}`, `the page ${title}`);
};

/* Nothing was refused by the page's own rules, and nothing was asked of anybody else. */
function clean(page) {
	assert.deepEqual(page.problems, []);
	for (const url of page.requests)
		assert.ok(url === 'about:blank' || url.startsWith(tam.url), url);
}

test('a wrong token is told, and a right one lets in', async () => {
	const page = await browser.page();
	await page.open(`${tam.url}/#/devices`);
	await page.type('input[name=token]', 'tam_wrong');
	await page.click('Sign in');
	await page.shows('this token is not known');
	await page.type('input[name=token]', tam.token('viewer'));
	await page.click('Sign in');
	await page.shows('50 devices of 64');
	assert.equal(await page.evaluate('document.querySelector("h1").innerText'), 'Devices');
	/* The tab keeps it, and nothing else does. */
	await page.evaluate('location.reload()').catch(() => {});
	await page.shows('50 devices of 64');
	assert.equal(await page.evaluate('document.cookie + Object.keys(localStorage).filter((key) => key !== "tam-theme")'), '');
	await page.click('Sign out');
	await page.shows('Sign in');
	assert.equal(await page.evaluate('sessionStorage.length'), 0);
	clean(page);
});

test('every page shows what it is for', async () => {
	const page = await signIn('admin');
	const pages = [['', 'Overview', '64'], ['devices', 'Devices', 'Terminal T3'], ['groups', 'Groups', 'line-3'], ['groups/lab', 'lab', 'Door lock'],
		['tas', 'TAs', 'Transaction signing'], [`tas/${PIN}`, 'PIN check', 'personalisation'], ['sps', 'Providers', 'Sim Bank signing 2026'],
		['sps/com.simbank', 'Sim Bank', 'PIN check'], ['deployments', 'Deployments', 'pilot'], ['deployments/2', 'PIN check', 'ERR_TEE_RESOURCE_FULL'],
		['sessions', 'Sessions', 'under way'], ['log', 'Log', 'the device was refused'], ['certificates', 'Certificates', 'Open Locks CI'],
		['tokens', 'Tokens', 'wallboard']];
	for (const [where, title, text] of pages) {
		await go(page, where, title);
		await page.shows(text);
		/* What is about to expire is told on every page. */
		await page.shows('1 certificate or OCSP response has expired');
		assert.equal(await page.evaluate('document.title'), `${title} · TAM`);
		assert.equal(await page.evaluate('document.activeElement.tagName'), 'H1', 'who can’t see learns of the new page');
	}
	for (const where of ['nowhere', 'devices/%']) {
		await page.evaluate(`location.hash = '#/${where}'`);
		await page.shows('There is nothing here');
		await page.evaluate('location.reload()').catch(() => {});
		await page.shows('There is nothing here');
	}
	clean(page);
});

test('devices are found, filtered and paged', async () => {
	const page = await signIn('viewer');
	await go(page, 'devices', 'Devices');
	await page.shows('50 devices of 64');
	await page.click('Next');
	await page.shows('14 devices of 64');
	await page.click('Previous');
	await page.shows('50 devices of 64');
	await page.choose('select[name=group]', 'pilot');
	await page.shows('9 devices of 9');
	await page.choose('select[name=group]', '');
	await page.choose('select[name=status]', 'refused');
	await page.shows('the TEE\'s certificate is revoked');
	await page.choose('select[name=status]', '');
	await page.type('input[name=q]', 'gateway');
	await page.shows('16 devices of 16');
	assert.equal(await page.evaluate('document.activeElement.name'), 'q', 'one can go on typing');
	await page.type('input[name=q]', 'no such device');
	await page.shows('No device fits');
	/* A viewer is offered nothing to change. */
	const { items } = await tam.expect(200, 'viewer', 'GET', 'devices?group=lab');
	await page.evaluate(`location.hash = '#/devices/${items[0].did}'`);
	await page.shows('Anonymous keys');
	assert.equal(await page.evaluate('document.querySelectorAll("main .head button").length'), 0);
	clean(page);
});

test('a device: described, put into a group, suspended', async () => {
	const page = await signIn('operator');
	const { items } = await tam.expect(200, 'viewer', 'GET', 'devices?status=trusted&group=pilot');
	await page.evaluate(`location.hash = '#/devices/${items[0].did}'`);
	await page.click('Describe');
	await page.type('dialog input[name=model]', '<b>Kiosk & more</b>');
	await page.type('dialog textarea[name=labels]', 'floor');
	await page.click('Save');
	await page.shows('is not name=value');
	await page.type('dialog textarea[name=labels]', 'floor=3\nwing=north');
	await page.click('Save');
	await page.until('document.querySelector("h1").innerText === "<b>Kiosk & more</b>"', 'the name as text');
	await page.shows('wing: north');
	await page.click('Add to group');
	await page.choose('dialog select[name=name]', 'line-3');
	await page.click('Add');
	await page.until('[...document.querySelectorAll("main a.tag")].some((tag) => tag.innerText === "line-3")', 'the group');
	await page.click('Suspend');
	await page.shows('suspended by hand');
	await page.click('Resume');
	await page.until('![...document.querySelectorAll("main .badge")].some((each) => each.innerText === "suspended")', 'resumed');
	clean(page);
});

test('a provider, its certificate and its TA are brought in, and deployed', async () => {
	const page = await signIn('admin');
	await go(page, 'tas', 'TAs');
	await page.click('Upload a TA');
	await page.until('document.querySelector("dialog[open] input[type=file]")', 'the dialog');
	await page.files('dialog input[type=file]', [tam.file('foreign.cms')]);
	await page.choose('dialog select[name=spid]', 'com.simbank');
	await page.click('Upload');
	await page.until('document.querySelector("dialog .error-line:not([hidden])")', 'why it is refused');
	await page.files('dialog input[type=file]', [tam.file('pin-3.cms')]);
	await page.click('Upload');
	await page.shows('Version 3 of PIN check is in the catalogue');
	await page.until('document.querySelector("h1").innerText === "PIN check"', 'the TA');
	await page.click('Deploy');
	await page.choose('dialog select[name=scope]', 'group');
	await page.choose('dialog select[name=group]', 'pilot');
	await page.choose('dialog select[name=version]', '3');
	await page.evaluate('document.querySelector("dialog footer .primary").click()');
	await page.shows('version 3, to group pilot');
	await page.shows('9 waiting for their next contact');
	await page.click('Deploy again');
	await page.choose('dialog select[name=present]', 'offer');
	await page.evaluate('document.querySelector("dialog footer .primary").click()');
	await page.until('document.querySelector("h1").innerText === "Offer PIN check"', 'the offer');
	await go(page, 'groups/pilot', 'pilot');
	await page.shows('when a client app asks');
	await go(page, 'sps', 'Providers');
	await page.click('New provider');
	await page.type('dialog input[name=spid]', 'org.new/one');
	await page.type('dialog input[name=name]', 'New One');
	await page.click('Add provider');
	await page.shows('No certificate yet');
	await page.shows('No devices are open to it');
	await page.click('Open devices');
	await page.choose('dialog select[name=where]', 'groups/line-3');
	await page.evaluate('document.querySelector("dialog footer .primary").click()');
	await page.until('[...document.querySelectorAll("main td a")].some((each) => each.innerText === "Group line-3")', 'the group');
	await page.click('Open devices');
	await page.choose('dialog select[name=where]', 'all-devices');
	await page.evaluate('document.querySelector("dialog footer .primary").click()');
	await page.until('[...document.querySelectorAll("main td")].some((each) => each.innerText === "All devices")', 'all devices');
	await page.evaluate('[...document.querySelectorAll("main tr")].find((row) => row.innerText.includes("All devices")).querySelector("button").click()');
	await page.evaluate('document.querySelector("dialog footer .primary").click()');
	await page.until('![...document.querySelectorAll("main td")].some((each) => each.innerText === "All devices")', 'closed again');
	await page.click('Add certificate');
	await page.until('document.querySelector("dialog[open] input[type=file]")', 'the dialog');
	await page.files('dialog input[type=file]', [tam.file('bank.pem')]);
	await page.evaluate('document.querySelector("dialog footer .primary").click()');
	await page.shows('Sim Bank signing 2026');
	clean(page);
});

test('a TA that its provider encrypts is announced, delivered and taken back', async () => {
	const page = await signIn('bank');
	await go(page, 'tas', 'TAs');
	await page.click('Announce a version');
	await page.type('dialog input[name=taid]', PIN);
	await page.type('dialog input[name=version]', '1');
	await page.evaluate('document.querySelector("dialog footer .primary").click()');
	await page.until('document.querySelector("dialog .error-line:not([hidden])")?.innerText.includes("another way")', 'why it is refused');
	await page.type('dialog input[name=version]', '21');
	await page.evaluate('document.querySelector("dialog footer .primary").click()');
	await page.shows('Version 21 is announced');
	await page.shows('its provider encrypts it for each device');
	await page.shows('Nothing was delivered yet');
	const { items } = await tam.expect(200, 'bank', 'GET', 'devices?limit=1000');
	const all = await Promise.all(items.map(({ did }) => tam.expect(200, 'bank', 'GET', `devices/${did}`)));
	const { did, aiks } = all.find((each) => each.aiks.length > 0);
	const file = tam.file('my.delivery');
	fs.writeFileSync(file, JSON.stringify(delivery(did, Buffer.from('another key').toString('base64'),
		{ spid: 'com.simbank', taid: PIN, version: 21 })));
	await page.click('Deliver');
	await page.until('document.querySelector("dialog[open] input[type=file]")', 'the dialog');
	await page.files('dialog input[type=file]', [file]);
	await page.evaluate('document.querySelector("dialog footer .primary").click()');
	await page.until('document.querySelector("dialog .error-line:not([hidden])")?.innerText.includes("another key")', 'why it is refused');
	fs.writeFileSync(file, JSON.stringify(delivery(did, aiks[0].key, { spid: 'com.simbank', taid: PIN, version: 21, name: '<i>PIN</i>' })));
	await page.files('dialog input[type=file]', [file]);
	await page.evaluate('document.querySelector("dialog footer .primary").click()');
	await page.shows(`Version 21 waits for device ${did.slice(0, 12)}`);
	await page.evaluate(`location.hash = '#/devices/${did}'`);
	await page.shows('Encrypted by the provider');
	await page.shows('<i>PIN</i>');
	await page.click('Save, signed');
	await page.click('Take back');
	await page.until('document.querySelector("dialog[open]")', 'the question');
	await page.evaluate('document.querySelector("dialog footer .primary").click()');
	await page.until('!document.querySelector("main").innerText.includes("Encrypted by the provider")', 'it is gone');
	assert.deepEqual((await tam.expect(200, 'bank', 'GET', 'deliveries')).items, []);
	clean(page);
});

test('a session is read step by step', async () => {
	const page = await signIn('viewer');
	await go(page, 'sessions', 'Sessions');
	await page.choose('select[name=state]', 'failed');
	await page.until('document.querySelectorAll("tbody tr").length === 2', 'the failed ones');
	await page.evaluate('document.querySelector("tbody a").click()');
	await page.shows('6 messages');
	await page.shows('84 ms later');
	assert.deepEqual(await page.evaluate('[...document.querySelectorAll(".step strong")].map((each) => each.innerText)'),
		['GetDeviceStateRequest', 'GetDeviceStateResponse', 'CreateSDRequest', 'CreateSDResponse', 'InstallTARequest', 'InstallTAResponse']);
	/* What failed is open; the rest opens by keyboard. */
	assert.deepEqual(await page.evaluate('[...document.querySelectorAll(".step details")].map((each) => each.open)'),
		[false, false, false, false, false, true]);
	await page.evaluate('document.querySelector(".step summary").focus()');
	await page.key('Enter', 'Enter', 13);
	await page.shows('supportedsigalgs');
	assert.ok((await page.text()).includes('was encrypted'));
	clean(page);
});

test('a deployment moves while one looks', async () => {
	const page = await signIn('operator');
	const made = await tam.expect(201, 'operator', 'POST', 'deployments', { json: { scope: 'group', id: 'line-3', spid: 'com.simbank',
		sdname: 'moving', taid: PIN } });
	await go(page, `deployments/${made.id}`, 'PIN check');
	await page.shows('under way');
	const items = (await tam.expect(200, 'viewer', 'GET', 'devices')).items.filter(({ groups }) => !groups.includes('line-3'));
	let total = made.devices.total;
	/* The page is drawn anew soon after, and whoever goes by keyboard stays where he was. */
	for (const where of ['h1', 'main .head button', 'main select', 'main dd a']) {
		const was = await page.evaluate(`(() => { const it = document.querySelector('${where}'); document.querySelector('h1').old = true;
			it.focus(); return document.activeElement === it && it.outerHTML; })()`);
		assert.ok(was, where);
		await tam.expect(204, 'operator', 'PUT', `groups/line-3/devices/${items[total - made.devices.total].did}`);
		await page.shows(`${++total} waiting for their next contact`);
		await page.until('document.querySelector("h1") && !document.querySelector("h1").old', 'the page, anew');
		assert.equal(await page.evaluate('document.activeElement.outerHTML'), was);
	}
	await page.shows('Live');
	clean(page);
});

test('tokens are made, shown once and removed', async () => {
	const page = await signIn('admin');
	await go(page, 'tokens', 'Tokens');
	await page.click('New token');
	await page.type('dialog input[name=name]', 'colleague');
	await page.click('Make token');
	const text = await page.until('document.querySelector("#new-token")?.innerText', 'the token');
	assert.deepEqual(await page.evaluate('[...document.querySelectorAll("dialog button")].map((each) => each.innerText)'), ['Done']);
	assert.match(text, /^tam_[\w-]{43}$/);
	await page.click('Done');
	await page.shows('colleague');
	assert.ok(!(await page.text()).includes(text));
	await tam.expect(200, text, 'GET', 'status');
	await page.evaluate('[...document.querySelectorAll("tbody tr")].find((row) => row.innerText.includes("colleague")).querySelector("button").click()');
	await page.evaluate('document.querySelector("dialog footer .primary").click()');
	await page.until('!document.querySelector("main").innerText.includes("colleague")', 'gone');
	await tam.expect(401, text, 'GET', 'status');
	clean(page);
});

test('the people of one provider see that one', async () => {
	const page = await signIn('locks');
	await page.shows('What concerns org.locks');
	await go(page, 'tas', 'TAs');
	await page.shows('Door lock');
	assert.ok(!(await page.text()).includes('PIN check'));
	await go(page, 'deployments', 'Deployments');
	await page.click('New deployment');
	await page.shows('No devices are open to this provider yet');
	await tam.expect(200, 'admin', 'PUT', 'sps/org.locks/groups/lab');
	await page.click('New deployment');
	await page.until('document.querySelector("dialog select[name=group]")', 'the dialog');
	assert.deepEqual(await page.evaluate('[...document.querySelectorAll("dialog select[name=scope] option")].map(({ value }) => value)'), ['group', 'device']);
	assert.deepEqual(await page.evaluate('[...document.querySelectorAll("dialog select[name=group] option")].map(({ value }) => value)'), ['lab']);
	await page.evaluate('document.querySelector("dialog footer button").click()');
	await page.evaluate(`location.hash = '#/tas/${PIN}'`);
	await page.shows('There is nothing here');
	assert.equal(await page.evaluate('Boolean(document.querySelector(".nav a[data-key=tokens]"))'), false);
	clean(page);
});

test('an unused TAM says what to do first', async () => {
	const unused = await Tam.start({ devices: 0 });
	try {
		const page = await signIn('admin', { tam: unused });
		await page.shows('First steps');
		for (const [where, title, text] of [['devices', 'Devices', 'No device has come by yet'], ['tas', 'TAs', 'The catalogue is empty'],
			['sps', 'Providers', 'No providers yet'], ['groups', 'Groups', 'No groups yet'], ['deployments', 'Deployments', 'Nothing has been deployed yet'],
			['sessions', 'Sessions', 'No session yet'], ['log', 'Log', 'Nothing is on record']]) {
			await go(page, where, title);
			await page.shows(text);
		}
		assert.deepEqual(page.problems, []);
	} finally {
		await unused.stop();
	}
});

test('what is to be done leads to what it is about', async () => {
	const page = await signIn('admin');
	await go(page, 'certificates', 'Certificates');
	/* Devices' certificates are looked at a moment after the start. */
	while (!await page.evaluate(`[...document.querySelectorAll('.feed a')].some((each) => each.hash.startsWith('#/devices/'))`)) {
		await page.evaluate('location.reload()').catch(() => {});
		await page.until(`document.querySelector('h1')?.innerText === 'Certificates'`, 'the certificates');
	}
	assert.ok(await page.evaluate(`[...document.querySelectorAll('.feed a')].some((each) => each.hash === '#/sps/org.locks')`));
	await page.evaluate(`document.querySelector('.feed a[href^="#/devices/"]').click()`);
	await page.shows('Security domains');
	await page.shows('until');
	/* A deployment's counts lead to those devices. */
	await page.evaluate(`location.hash = '#/deployments/2'`);
	await page.shows('waiting for their next contact');
	const { items } = await tam.expect(200, 'viewer', 'GET', 'deployments/2/devices?state=failed');
	await page.evaluate(`document.querySelector('.legend .failed a').click()`);
	await page.until(`location.hash.endsWith('state=failed') && document.querySelectorAll('tbody tr').length === ${items.length}`, 'those that failed');
	/* What is retired is not delivered, with data or without. */
	await page.evaluate(`location.hash = '#/tas/${PIN}'`);
	await page.shows('retired');
	assert.ok(await page.evaluate(`[...document.querySelectorAll('tr')].filter((each) => each.innerText.includes('retired')).every((each) => !each.innerText.includes('Personalise'))`));
	clean(page);
});

test('what is deployed again is what was', async () => {
	const page = await signIn('admin');
	const again = '5e1f0000-0000-4000-8000-000000000001';
	await tam.expect(201, 'admin', 'POST', `tas/${again}/1/announce`, { json: { spid: 'com.simbank', name: 'Gone' } });
	const { items: [{ did }] } = await tam.expect(200, 'viewer', 'GET', 'devices?limit=1');
	for (const [what, retire] of [
		[{ scope: 'all', taid: PIN, sdname: 'main', version: 77, present: false }],
		[{ scope: 'group', id: 'lab', taid: PIN, sdname: 'till', version: 2, on_request: true }],
		[{ scope: 'device', id: did, sdname: 'no.ta', present: false }],
		[{ scope: 'group', id: 'pilot', taid: again, sdname: 'wallet', version: 0 }, true],
	]) {
		const made = await tam.expect(201, 'admin', 'POST', 'deployments', { json: { spid: 'com.simbank', ...what } });
		if (retire)
			await tam.expect(200, 'admin', 'POST', `tas/${again}/1/retire`);
		await page.evaluate(`location.hash = '#/deployments/${made.id}'`);
		await page.until(`document.querySelector('main').innerText.includes(${JSON.stringify(what.sdname)})`, 'the deployment');
		await page.click('Deploy again');
		await page.until('document.querySelector("dialog[open] [name=sdname]")', 'the dialog');
		await page.evaluate('document.querySelector("dialog footer .primary").click()');
		await page.until(`!document.querySelector('dialog') && location.hash !== '#/deployments/${made.id}'`, 'the next deployment');
		const { items: [last] } = await tam.expect(200, 'admin', 'GET', 'deployments?limit=1');
		assert.equal(last.id, made.id + 1);
		assert.deepEqual(last.what, made.what);
	}
	/* Where nobody says a domain, it is the command line's. */
	await go(page, `tas/${PIN}`, 'PIN check');
	await page.click('Deploy');
	assert.equal(await page.until('document.querySelector("dialog[open] [name=sdname]")?.value', 'the dialog'), 'main');
	await page.evaluate('document.querySelector("dialog footer button").click()');
	/* What is not there any more is not taken for another. */
	await tam.expect(201, 'admin', 'POST', 'groups', { json: { name: 'brief' } });
	const made = await tam.expect(201, 'admin', 'POST', 'deployments', { json: { spid: 'com.simbank', scope: 'group', id: 'brief', taid: PIN, sdname: 'main' } });
	for (const { id } of (await tam.expect(200, 'admin', 'GET', 'wanted?scope=group&id=brief')).items)
		await tam.expect(204, 'admin', 'DELETE', `wanted/${id}`);
	await tam.expect(204, 'admin', 'DELETE', 'groups/brief');
	await page.evaluate(`location.hash = '#/deployments/${made.id}'`);
	await page.shows('to group brief');
	await page.click('Deploy again');
	await page.until('document.querySelector("dialog[open] [name=sdname]")', 'the dialog');
	await page.evaluate('document.querySelector("dialog footer .primary").click()');
	await page.until('document.querySelector("dialog .error-line:not([hidden])")?.innerText === "Say which group."', 'which group');
	await page.evaluate('document.querySelector("dialog footer button").click()');
	clean(page);
});

test('it fits a narrow window, and both themes', async () => {
	const page = await signIn('admin', { width: 390, height: 800 });
	const { items } = await tam.expect(200, 'viewer', 'GET', 'devices?limit=1');
	const session = (await tam.expect(200, 'viewer', 'GET', 'sessions?limit=1')).items[0];
	for (const where of ['', 'devices', `devices/${items[0].did}`, 'groups', 'groups/lab', 'tas', `tas/${PIN}`, 'sps', 'deployments', 'deployments/2',
		'sessions', `sessions/${session.tid}`, 'log', 'certificates', 'tokens']) {
		await page.evaluate(`location.hash = '#/${where}'`);
		await page.until(`document.querySelector('main h1') && !document.body.hasAttribute('data-busy')`, where);
		assert.ok(await page.evaluate('document.documentElement.scrollWidth <= 390'), `${where} is wider than the window`);
		if (where === '')
			assert.ok(!/\b1\n(devices|TAs|deployments|sessions)\b/.test(await page.text()), 'one of them is said to be several');
	}
	/* In a dialog, a box to tick keeps its size, and what it means has lines of its own; what is side by side ends at one height. */
	await page.evaluate(`location.hash = '#/tas'`);
	for (const width of [390, 1280]) {
		await page.resize(width, 800);
		await page.click('Upload a TA');
		const ticked = await page.until(`(() => {
			const label = document.querySelector('dialog[open] label.check');
			const [box, text, hint] = label ? [label.querySelector('input'), label.querySelector('span').firstChild, label.querySelector('small')] : [];
			const words = document.createRange();
			return hint && (words.selectNode(text), { size: box.getBoundingClientRect().width,
				apart: hint.getBoundingClientRect().top - words.getBoundingClientRect().bottom });
		})()`, 'the dialog');
		assert.ok(ticked.size >= 13, `${width}: a box of ${ticked.size} pixels`);
		assert.ok(ticked.apart > -4, `${width}: the hint is on the line of what it belongs to`);
		await page.click('Cancel');
		await page.click('Announce a version');
		const ends = await page.until(`(() => { const all = [...document.querySelectorAll('dialog[open] .pair input')];
			return all.length && all.map((each) => each.getBoundingClientRect()).map(({ top, bottom }) => [top, bottom]); })()`, 'the dialog');
		assert.ok(ends[0][1] === ends[1][1] || ends[0][1] < ends[1][0], `${width}: fields side by side, and at ${ends}`);
		await page.click('Cancel');
	}
	/* What a low window has no room for is scrolled to; what ends the dialog is in sight. */
	await page.resize(390, 400);
	await page.click('Announce a version');
	assert.ok(await page.until(`(() => { const last = document.querySelector('dialog[open] .primary')?.getBoundingClientRect();
		return last && last.bottom <= innerHeight; })()`, 'the button'));
	await page.click('Cancel');
	await page.resize(390, 800);
	await page.click('Menu');
	await page.click('Switch between light and dark');
	const theme = await page.evaluate('document.documentElement.dataset.theme');
	await page.evaluate('location.reload()').catch(() => {});
	await page.until(`document.documentElement.dataset.theme === '${theme}'`, 'the theme that was chosen');
	clean(page);
});

test('everything is reached by keyboard, and has a name', async () => {
	const page = await signIn('admin');
	const { items } = await tam.expect(200, 'viewer', 'GET', 'sessions?limit=1');
	for (const where of ['', 'devices', 'groups/lab', `tas/${PIN}`, 'deployments', `sessions/${items[0].tid}`, 'tokens']) {
		await page.evaluate(`location.hash = '#/${where}'`);
		await page.until('document.querySelector("main h1") && !document.body.hasAttribute("data-busy")', where);
		const nameless = await page.evaluate(`[...document.querySelectorAll('a, button, input, select, textarea, summary')]
			.filter((each) => each.tabIndex < 0 || !(each.innerText.trim() || each.getAttribute('aria-label') || each.closest('label')))
			.map((each) => each.outerHTML)`);
		assert.deepEqual(nameless, [], where);
		assert.equal(await page.evaluate('document.querySelectorAll("h1").length'), 1, where);
		assert.equal(await page.evaluate('document.querySelectorAll("main").length'), 1, where);
		/* Text stands out from its ground: at least 4.5 to 1, in both themes. */
		for (const theme of ['light', 'dark']) {
			await page.evaluate(`document.documentElement.dataset.theme = '${theme}'`);
			assert.deepEqual(await page.evaluate(`(${faint})()`), [], `${where}, ${theme}`);
		}
	}
	clean(page);
});

/* In the page: texts whose colour is too near to what is behind them. */
function faint() {
	const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
	const colour = (text) => {
		canvas.clearRect(0, 0, 1, 1);
		canvas.fillStyle = text;
		canvas.fillRect(0, 0, 1, 1);
		return [...canvas.getImageData(0, 0, 1, 1).data];
	};
	const light = ([r, g, b]) => [r, g, b].map((each) => each / 255).map((each) => each <= 0.04045 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4)
		.reduce((sum, each, index) => sum + each * [0.2126, 0.7152, 0.0722][index], 0);
	const ground = (element) => {
		for (let at = element; at; at = at.parentElement) {
			const behind = colour(getComputedStyle(at).backgroundColor);
			if (behind[3] > 200)
				return behind;
		}
		return [255, 255, 255, 255];
	};
	const found = new Set();
	for (const element of document.querySelectorAll('body *')) {
		const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
		if (!own || !element.checkVisibility() || element.closest('.unseen, [disabled], option, script, noscript'))
			continue;
		const [a, b] = [light(colour(getComputedStyle(element).color)), light(ground(element))].toSorted((x, y) => y - x);
		if ((a + 0.05) / (b + 0.05) < 4.5)
			found.add(`${element.tagName}.${element.className}: ${element.textContent.trim().slice(0, 30)} ${((a + 0.05) / (b + 0.05)).toFixed(2)}`);
	}
	return [...found];
}
