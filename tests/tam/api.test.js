/* The admin API as docs/tam-api.md has it: what each role gets, what nobody gets, and what is refused. */
'use strict';

const assert = require('node:assert');
const { createHash } = require('node:crypto');
const fs = require('node:fs');
const net = require('node:net');
const { after, before, test } = require('node:test');

const { Tam, delivery } = require('./tam');

const PIN = '3f6d2b9e-7c41-4f0e-8a52-0c1d2e3f4a5b', LOCK = 'c0ffee00-1234-4abc-8def-001122334455';
const BANK = 'com.simbank', LOCKS = 'org.locks';

let tam;
before(async () => {
	tam = await Tam.start();
});
after(() => tam?.stop());

const devices = async (query = '') => (await tam.expect(200, 'admin', 'GET', `devices?limit=1000${query}`)).items;

test('nothing is told without a token', async () => {
	const routes = ['status', 'certificates', 'sps', 'tas', 'devices', 'groups', 'wanted', 'deployments', 'sessions',
		'messages', 'log', 'events', 'tokens', 'deliveries', `tas/${PIN}`, `sps/${BANK}`];
	for (const route of routes) {
		const answer = await tam.ask(null, 'GET', route);
		assert.equal(answer.status, 401, route);
		assert.equal(answer.body.error.code, 'unauthorized');
		assert.match(answer.headers.get('www-authenticate'), /^Bearer/);
	}
	assert.equal((await tam.ask(null, 'GET', 'nowhere')).status, 404);
});

test('a token has to be whole, and in its header', async () => {
	const good = tam.token('viewer');
	for (const header of [good, `Basic ${good}`, `Bearer ${good}x`, `Bearer ${good.slice(0, -1)}`, 'Bearer ', `Bearer tam_${'A'.repeat(43)}`])
		assert.equal((await tam.ask(null, 'GET', 'status', { headers: { Authorization: header } })).status, 401, header);
	assert.equal((await tam.ask(null, 'GET', `status?token=${good}`)).status, 401);
	assert.equal((await tam.ask(null, 'GET', 'status', { headers: { Cookie: `token=${good}` } })).status, 401);
	assert.equal((await tam.ask(null, 'GET', 'status', { headers: { Authorization: `bearer   ${good}` } })).status, 200);
});

test('the state of the TAM', async () => {
	const status = await tam.expect(200, 'viewer', 'GET', 'status');
	assert.equal(status.tamid, '1.3.6.1.4.1.55555.7.1');
	assert.equal(status.role, 'viewer');
	assert.equal(status.name, 'wallboard');
	assert.equal(status.database, process.env.TEESIM_TEST_DATABASE ? 'postgresql' : 'sqlite');
	assert.equal(status.devices.total, 64);
	assert.equal(Object.entries(status.devices).filter(([name]) => name !== 'total').reduce((sum, [, n]) => sum + n, 0), 64);
	assert.equal(status.sps, 2);
	assert.equal(status.tas, 3);
	/* Devices' certificates are looked at once the TAM has started, apart from it. */
	while ((await tam.expect(200, 'viewer', 'GET', 'certificates')).devices.soon === 0)
		await new Promise((resolve) => setTimeout(resolve, 50));
	assert.deepEqual((await tam.expect(200, 'viewer', 'GET', 'status')).certificates, { soon: 3, expired: 1 });
	const { items } = await tam.expect(200, 'viewer', 'GET', 'certificates');
	assert.deepEqual(items.map(({ not_after: end }) => end), items.map(({ not_after: end }) => end).slice().sort((a, b) => a - b));
	assert.deepEqual([...new Set(items.map(({ what }) => what))].slice().sort(), ['device', 'ocsp', 'sp', 'tam', 'tee_root']);
	const ending = items.filter(({ what }) => what === 'device');
	assert.deepEqual(ending.map(({ state, spid }) => [state, spid]), [['soon', null]]);
	assert.equal((await tam.expect(200, 'viewer', 'GET', `devices/${ending[0].did}`)).certificate.not_after, ending[0].not_after);
	assert.deepEqual((await tam.expect(200, 'bank', 'GET', 'certificates')).items.map(({ spid }) => spid), [BANK]);
});

test('a viewer changes nothing', async () => {
	const [{ did }] = await devices();
	const changes = [['POST', 'sps', { spid: 'x' }], ['PATCH', `sps/${BANK}`, { name: 'x' }], ['DELETE', `sps/${BANK}`],
		['POST', `sps/${BANK}/certificates`], ['DELETE', `sps/${BANK}/certificates/${'0'.repeat(64)}`], ['POST', `tas?spid=${BANK}`],
		['GET', `tas/${PIN}/2/package`], ['POST', `tas/${PIN}/2/retire`], ['PUT', `tas/${PIN}/2/personalisation`],
		['DELETE', `tas/${PIN}/2/personalisation`], ['PATCH', `devices/${did}`, { status: 'suspended' }], ['DELETE', `devices/${did}`],
		['POST', 'groups', { name: 'x' }], ['DELETE', 'groups/lab'], ['PUT', `groups/lab/devices/${did}`],
		['DELETE', `groups/lab/devices/${did}`], ['POST', 'wanted', {}], ['DELETE', 'wanted/1'], ['POST', 'deployments', {}],
		['POST', `tas/${PIN}/9/announce`, {}], ['POST', 'deliveries', {}], ['DELETE', 'deliveries/1'],
		['GET', 'tokens'], ['POST', 'tokens', { name: 'x', role: 'admin' }], ['DELETE', 'tokens/1']];
	const before = await tam.expect(200, 'admin', 'GET', 'log?limit=1000');
	for (const [method, route, json] of changes)
		await tam.expect(403, 'viewer', method, route, { json });
	assert.deepEqual(await tam.expect(200, 'admin', 'GET', 'log?limit=1000'), before);
	/* An operator has what is not about SPs and tokens; an SP's has nothing that is about devices. */
	for (const [method, route, json] of [['POST', 'sps', { spid: 'x' }], ['DELETE', `devices/${did}`], ['GET', 'tokens']])
		await tam.expect(403, 'operator', method, route, { json });
	for (const [method, route, json] of [['POST', 'groups', { name: 'x' }], ['PATCH', `devices/${did}`, { model: 'x' }],
		['PUT', `groups/lab/devices/${did}`]])
		await tam.expect(403, 'bank', method, route, { json });
});

test('the operator of one SP neither sees nor touches what is another’s', async () => {
	const [theirs] = (await tam.expect(200, 'admin', 'GET', `wanted?spid=${LOCKS}`)).items;
	const deployment = (await tam.expect(200, 'admin', 'GET', 'deployments')).items.find(({ what }) => what.spid === LOCKS);
	const sha256 = (await tam.expect(200, 'admin', 'GET', `sps/${LOCKS}`)).certificates[0].sha256;
	const hidden = [['GET', `sps/${LOCKS}`], ['POST', `sps/${LOCKS}/certificates`], ['DELETE', `sps/${LOCKS}/certificates/${sha256}`],
		['GET', `tas/${LOCK}`], ['GET', `tas/${LOCK}/7/package`], ['POST', `tas/${LOCK}/7/retire`],
		['PUT', `tas/${LOCK}/7/personalisation`], ['DELETE', `tas/${LOCK}/7/personalisation`], ['DELETE', `wanted/${theirs.id}`],
		['GET', `deployments/${deployment.id}`], ['GET', `deployments/${deployment.id}/devices`], ['POST', `tas?spid=${LOCKS}`]];
	for (const [method, route] of hidden) {
		const options = method === 'PUT' ? { body: 'x', type: 'application/octet-stream' } :
			route.startsWith('tas?') ? { body: 'x', type: 'application/cms' } :
				route.endsWith('certificates') ? { body: 'x', type: 'application/pkix-cert' } : {};
		const seen = await tam.ask('bank', method, route, options);
		assert.equal(seen.status, 404, `${method} ${route}`);
		/* And not told from what is not there at all. */
		const absent = await tam.ask('bank', method, route.replace(LOCKS, 'nobody').replace(LOCK, PIN.replace('3f', '00'))
			.replace(`/${theirs.id}`, '/987654').replace(`deployments/${deployment.id}`, 'deployments/987654'), options);
		assert.equal(absent.status, 404, `${method} ${route}, absent`);
	}
	for (const route of ['wanted', 'deployments'])
		await tam.expect(404, 'bank', 'POST', route, { json: { scope: 'all', spid: LOCKS, sdname: 'doors', taid: LOCK } });
	assert.deepEqual((await tam.expect(200, 'bank', 'GET', 'sps')).items.map(({ spid }) => spid), [BANK]);
	assert.deepEqual((await tam.expect(200, 'bank', 'GET', `tas?spid=${LOCKS}`)).items, []);
	assert.deepEqual((await tam.expect(200, 'bank', 'GET', `wanted?spid=${LOCKS}`)).items, []);
	for (const [route, spid] of [['tas', ({ spid: own }) => own], ['wanted', ({ spid: own }) => own],
		['deployments', ({ what }) => what.spid], ['log', ({ spid: own }) => own]]) {
		const { items } = await tam.expect(200, 'bank', 'GET', route);
		assert.ok(items.length > 0, route);
		assert.ok(items.every((each) => spid(each) === BANK), route);
	}
	/* On a device that has both, it sees its own part. */
	let full = null;
	for (const { did } of await devices('&group=lab')) {
		full = await tam.expect(200, 'admin', 'GET', `devices/${did}`);
		if (full.security_domains.length === 2)
			break;
	}
	assert.deepEqual(full.security_domains.map(({ spid }) => spid).slice().sort(), [BANK, LOCKS]);
	const part = await tam.expect(200, 'bank', 'GET', `devices/${full.did}`);
	assert.deepEqual(part.security_domains.map(({ spid }) => spid), [BANK]);
	assert.deepEqual(part.aiks.map(({ spid }) => spid), [BANK]);
	assert.ok(part.wanted.every(({ spid }) => spid === BANK));
	assert.ok(!JSON.stringify(part).includes(LOCKS));
	/* Devices that nothing of it is or should be on are not there for the locks. */
	const bankOnly = (await devices()).find(({ groups }) => !groups.includes('lab'));
	await tam.expect(404, 'locks', 'GET', `devices/${bankOnly.did}`);
	assert.equal((await tam.expect(200, 'locks', 'GET', 'status')).devices.total, 32);
	/* What messages say is for the SP that they are about. */
	const [session] = (await tam.expect(200, 'bank', 'GET', 'sessions')).items;
	const { messages } = await tam.expect(200, 'bank', 'GET', `sessions/${session.tid}`);
	assert.deepEqual(messages.map(({ kind, decoded }) => decoded && kind).filter(Boolean), ['CreateSDRequest', 'InstallTARequest']);
	assert.ok(!JSON.stringify(messages).includes('"dsi"'));
	/* Nor is the size of another's TA, nor why another's could not be installed, nor what is under way. */
	assert.ok(messages.every(({ decoded, size }) => (decoded === null) === (size === null)));
	const failed = (await tam.expect(200, 'admin', 'GET', 'sessions?state=failed')).items;
	assert.ok(failed.every(({ error }) => error.includes('ERR_TEE_RESOURCE_FULL')));
	const open = (await tam.expect(200, 'admin', 'GET', 'sessions?state=open')).items;
	assert.ok(open.some(({ step }) => step));
	for (const { tid, did } of failed.concat(open)) {
		for (const seen of [await tam.expect(200, 'bank', 'GET', `sessions/${tid}`),
			...(await tam.expect(200, 'bank', 'GET', `sessions?did=${did}`)).items, ...(await tam.expect(200, 'bank', 'GET', `devices/${did}`)).sessions]) {
			assert.ok(!JSON.stringify({ ...seen, messages: null }).includes('ERR_'));
			assert.equal(seen.step, '');
		}
	}
	/* A device whose label has another's did in it lets nobody see that other. */
	const inLab = full.did;
	const { labels } = await tam.expect(200, 'admin', 'GET', `devices/${inLab}`);
	await tam.expect(200, 'admin', 'PATCH', `devices/${inLab}`, { json: { labels: { ...labels, twin: bankOnly.did } } });
	await tam.expect(404, 'locks', 'GET', `devices/${bankOnly.did}`);
	await tam.expect(200, 'admin', 'PATCH', `devices/${inLab}`, { json: { labels } });
	/* Groups of others, and how many devices they have. */
	await tam.expect(201, 'admin', 'POST', 'groups', { json: { name: 'visa-pilot' } });
	await tam.expect(204, 'admin', 'PUT', `groups/visa-pilot/devices/${bankOnly.did}`);
	const groups = async (who) => Object.fromEntries((await tam.expect(200, who, 'GET', 'groups')).items.map(({ name, devices: n }) => [name, n]));
	assert.equal((await groups('admin'))['visa-pilot'], 1);
	assert.ok(!('visa-pilot' in await groups('locks')));
	assert.equal((await groups('locks')).lab, (await groups('admin')).lab);
	assert.equal((await tam.expect(200, 'locks', 'GET', 'status')).groups, Object.keys(await groups('locks')).length);
	await tam.expect(204, 'admin', 'DELETE', 'groups/visa-pilot');
});

test('pages of devices meet each device once', async () => {
	const seen = [];
	for (let after = ''; after !== null;) {
		const page = await tam.expect(200, 'viewer', 'GET', `devices?limit=7${after ? `&after=${after}` : ''}`);
		assert.equal(page.total, 64);
		assert.ok(page.items.length <= 7);
		seen.push(...page.items.map(({ did }) => did));
		after = page.next;
	}
	assert.equal(seen.length, 64);
	assert.deepEqual(seen, [...new Set(seen)].slice().sort());
	const [first] = await devices();
	assert.deepEqual((await devices(`&q=${first.did.slice(5, 30).toUpperCase()}`)).map(({ did }) => did), [first.did]);
	assert.ok((await devices('&q=oslo')).every(({ labels }) => labels.site === 'Oslo'));
	assert.ok((await devices('&status=refused')).every(({ status, reason }) => status === 'refused' && reason));
	assert.equal((await devices('&group=pilot')).length, 9);
	assert.equal((await devices('&q=%25')).length, 0);
});

test('providers, their certificates and their TAs', async () => {
	const made = await tam.expect(201, 'admin', 'POST', 'sps', { json: { spid: 'a/b c', name: 'Odd' } });
	assert.deepEqual([made.spid, made.name, made.certificates], ['a/b c', 'Odd', []]);
	await tam.expect(409, 'admin', 'POST', 'sps', { json: { spid: 'a/b c' } });
	await tam.expect(200, 'viewer', 'GET', 'sps/a%2Fb%20c');
	for (const spid of ['.', '..', 'a\u009bb', '\u0080', 'a\u0007', ''])
		await tam.expect(400, 'admin', 'POST', 'sps', { json: { spid } });
	assert.equal((await tam.expect(200, 'admin', 'PATCH', 'sps/a%2Fb%20c', { json: { name: 'Even' } })).name, 'Even');
	const pem = fs.readFileSync(tam.file('bank.pem'));
	const der = Buffer.from(pem.toString().replace(/-----[^-]*-----|\s/g, ''), 'base64');
	const where = 'sps/a%2Fb%20c/certificates';
	const certificate = await tam.expect(201, 'operator', 'POST', where, { body: pem, type: 'application/x-pem-file' });
	assert.equal(certificate.sha256, createHash('sha256').update(der).digest('hex'));
	assert.equal(certificate.subject, 'Sim Bank signing 2026');
	await tam.expect(409, 'operator', 'POST', where, { body: der, type: 'application/pkix-cert' });
	for (const bad of [Buffer.concat([der, Buffer.from('x')]), der.subarray(0, 100), Buffer.from('hello')])
		await tam.expect(422, 'operator', 'POST', where, { body: bad, type: 'application/pkix-cert' });
	await tam.expect(422, 'operator', 'POST', where, { body: 'no PEM', type: 'application/x-pem-file' });
	await tam.expect(400, 'operator', 'POST', where, { type: 'application/pkix-cert' });
	await tam.expect(204, 'operator', 'DELETE', `${where}/${certificate.sha256}`);
	await tam.expect(404, 'operator', 'DELETE', `${where}/${certificate.sha256}`);
	await tam.expect(204, 'admin', 'DELETE', 'sps/a%2Fb%20c');
	await tam.expect(409, 'admin', 'DELETE', `sps/${BANK}`);
	const [used] = (await tam.expect(200, 'admin', 'GET', `sps/${BANK}`)).certificates;
	await tam.expect(409, 'bank', 'DELETE', `sps/${BANK}/certificates/${used.sha256}`);
});

test('packages: only the SP’s own, only upwards', async () => {
	const pin3 = fs.readFileSync(tam.file('pin-3.cms')), foreign = fs.readFileSync(tam.file('foreign.cms'));
	const post = (status, who, spid, body, more = '') => tam.expect(status, who, 'POST', `tas?spid=${spid}${more}`, { body, type: 'application/cms' });
	await post(422, 'admin', LOCKS, pin3);
	await post(422, 'admin', LOCKS, foreign);
	await post(422, 'admin', BANK, foreign);
	await post(422, 'admin', BANK, pin3.subarray(0, 1000));
	const flipped = Buffer.from(pin3);
	flipped[flipped.length >> 1] ^= 1;
	await post(422, 'admin', BANK, flipped);
	await post(404, 'admin', 'nobody', pin3);
	await post(400, 'admin', BANK, pin3, '&bundled=maybe');
	await tam.expect(400, 'admin', 'POST', 'tas', { body: pin3, type: 'application/cms' });
	await tam.expect(415, 'admin', 'POST', `tas?spid=${BANK}`, { body: pin3, type: 'text/plain' });
	const added = await post(201, 'bank', BANK, pin3, '&name=Pin');
	assert.deepEqual([added.taid, added.version, added.bundled, added.retired], [PIN, 3, false, null]);
	assert.equal(added.sha256, createHash('sha256').update(pin3).digest('hex'));
	const ta = await tam.expect(200, 'viewer', 'GET', `tas/${PIN}`);
	assert.deepEqual(ta.versions.map(({ version }) => version), [3, 2, 1]);
	assert.equal(ta.latest, 3);
	assert.deepEqual((await tam.ask('bank', 'GET', `tas/${PIN}/3/package`)).body, pin3);
	/* The same once more is nothing new; what is not the same says so, and neither is on record as added. */
	const adding = async () => (await tam.expect(200, 'bank', 'GET', 'log?kind=ta&limit=1000')).items
		.filter(({ subject, text }) => subject === PIN && text === 'version 3 was added').length;
	assert.deepEqual(await post(201, 'bank', BANK, pin3, '&name=Pin'), added);
	assert.match((await post(409, 'bank', BANK, pin3, '&name=Other')).error.message, /under another name/);
	assert.match((await post(409, 'bank', BANK, pin3, '&bundled=true')).error.message, /the TAM brings it/);
	assert.equal(await adding(), 1);
	await tam.expect(204, 'bank', 'PUT', `tas/${PIN}/3/personalisation`, { body: 'secret of the bank', type: 'application/octet-stream' });
	await tam.expect(413, 'bank', 'PUT', `tas/${PIN}/3/personalisation`, { body: Buffer.alloc(1 << 20 | 1), type: 'application/octet-stream' });
	await tam.expect(400, 'bank', 'PUT', `tas/${PIN}/3/personalisation`, { type: 'application/octet-stream' });
	assert.equal((await tam.expect(200, 'viewer', 'GET', `tas/${PIN}`)).versions[0].personalisation, true);
	for (const route of [`tas/${PIN}`, 'log?limit=1000', 'messages?limit=1000'])
		assert.ok(!JSON.stringify(await tam.expect(200, 'admin', 'GET', route)).includes('secret of the bank'));
	await tam.expect(204, 'bank', 'DELETE', `tas/${PIN}/3/personalisation`);
	assert.ok((await tam.expect(200, 'bank', 'POST', `tas/${PIN}/3/retire`)).retired);
	assert.equal((await tam.expect(200, 'viewer', 'GET', `tas/${PIN}`)).latest, 2);
	assert.match((await post(409, 'bank', BANK, pin3)).error.message, /retired/);
	assert.equal(await adding(), 1);
	await tam.expect(404, 'bank', 'POST', `tas/${PIN}/99/retire`);
	for (const version of ['0', '-1', 'x', '99999999999999999999'])
		await tam.expect(404, 'bank', 'POST', `tas/${PIN}/${version}/retire`);
});

test('what a provider encrypts for a device itself', async () => {
	const announced = await tam.expect(201, 'bank', 'POST', `tas/${PIN}/9/announce`, { json: { name: 'Sealed PIN' } });
	assert.deepEqual([announced.version, announced.sealed, announced.bundled, announced.name, announced.size], [9, true, false, 'Sealed PIN', 0]);
	await tam.expect(201, 'bank', 'POST', `tas/${PIN}/9/announce`, { json: { spid: BANK } });
	for (const [status, who, where, json] of [[404, 'locks', `tas/${PIN}/10/announce`, { spid: BANK }], [422, 'locks', `tas/${PIN}/10/announce`, {}],
		[409, 'bank', `tas/${PIN}/8/announce`, {}], [409, 'bank', `tas/${PIN}/2/announce`, {}], [404, 'bank', `tas/${PIN}/0/announce`, {}],
		[400, 'bank', 'tas/PIN/9/announce', {}], [400, 'admin', `tas/${PIN}/9/announce`, {}]])
		await tam.expect(status, who, 'POST', where, { json });
	await tam.expect(404, 'bank', 'GET', `tas/${PIN}/9/package`);
	await tam.expect(404, 'bank', 'PUT', `tas/${PIN}/9/personalisation`, { body: 'x', type: 'application/octet-stream' });

	/* The key, for whoever sees the device and is of that SP. */
	const all = await Promise.all((await devices()).map(({ did }) => tam.expect(200, 'admin', 'GET', `devices/${did}`)));
	const { did, aiks } = all.find((each) => each.aiks.some(({ spid }) => spid === BANK));
	const aik = aiks.find(({ spid }) => spid === BANK).key;
	const statement = await tam.expect(200, 'bank', 'GET', `devices/${did}/aik`);
	const told = JSON.parse(Buffer.from(statement.TAMDEVICEAIK.payload, 'base64url')).TAMDEVICEAIKTBS;
	assert.deepEqual([told.did, told.spid, told.spaik, told.tamid], [did, BANK, aik, '1.3.6.1.4.1.55555.7.1']);
	assert.ok(statement.TAMDEVICEAIK.header.x5c.length >= 1);
	await tam.expect(404, 'locks', 'GET', `devices/${did}/aik?spid=${BANK}`);
	await tam.expect(400, 'admin', 'GET', `devices/${did}/aik`);
	await tam.expect(404, 'admin', 'GET', `devices/${'0'.repeat(64)}/aik?spid=${BANK}`);
	const without = all.find((each) => each.did !== did && !each.aiks.some(({ spid }) => spid === LOCKS));
	await tam.expect(409, 'admin', 'GET', `devices/${without.did}/aik?spid=${LOCKS}`);

	const post = (status, who, members) => tam.expect(status, who, 'POST', 'deliveries', { json: delivery(did, aik, { spid: BANK, taid: PIN, version: 9, ...members }) });
	const made = await post(201, 'bank');
	assert.deepEqual([made.did, made.taid, made.version, made.state, made.error, made.personalisation], [did, PIN, 9, 'waiting', null, false]);
	await post(404, 'locks');
	await post(404, 'bank', { spid: LOCKS });
	await post(422, 'bank', { tamid: '1.2.3' });
	await post(422, 'bank', { did: 'x' });
	await post(422, 'bank', { more: 1 });
	await post(404, 'bank', { version: 11 });
	await post(404, 'bank', { version: 2 });
	await post(404, 'bank', { did: '0'.repeat(64) });
	/* A device that it does not see is not told from one that there is not. */
	const unseen = (await devices()).find((each) => !each.groups.includes('lab'));
	await post(404, 'locks', { did: unseen.did, spid: LOCKS, taid: LOCK });
	await post(409, 'bank', { spaikhash: Buffer.alloc(32).toString('base64') });
	await tam.expect(422, 'bank', 'POST', 'deliveries', { json: {} });
	await tam.expect(415, 'bank', 'POST', 'deliveries', { body: '{}', type: 'text/plain' });
	await tam.expect(413, 'bank', 'POST', 'deliveries', { body: Buffer.alloc((11 << 20) + 1, ' '), type: 'application/json' });
	const again = await post(201, 'bank');
	assert.ok(again.id > made.id);
	for (const query of ['', `?did=${did}`, `?taid=${PIN}`, `?spid=${BANK}`])
		assert.deepEqual((await tam.expect(200, 'bank', 'GET', `deliveries${query}`)).items.map(({ id }) => id), [again.id], query);
	for (const [who, query] of [['locks', ''], ['bank', `?spid=${LOCKS}`], ['admin', `?did=${without.did}`]])
		assert.deepEqual((await tam.expect(200, who, 'GET', `deliveries${query}`)).items, [], query);
	await tam.expect(404, 'locks', 'DELETE', `deliveries/${again.id}`);
	await tam.expect(204, 'bank', 'DELETE', `deliveries/${again.id}`);
	await tam.expect(404, 'bank', 'DELETE', `deliveries/${again.id}`);
	await post(201, 'bank');
	await tam.expect(200, 'bank', 'POST', `tas/${PIN}/9/retire`);
	assert.deepEqual((await tam.expect(200, 'bank', 'GET', 'deliveries')).items, []);
	await post(404, 'bank');
});

test('devices: described, suspended, allowed again, forgotten', async () => {
	const [{ did }] = await devices('&status=trusted');
	const where = `devices/${did}`;
	const described = await tam.expect(200, 'operator', 'PATCH', where, { json: { model: 'Tür', labels: { room: '12', 'ä': 'ö' } } });
	assert.deepEqual([described.model, described.labels], ['Tür', { room: '12', 'ä': 'ö' }]);
	assert.equal((await tam.expect(200, 'operator', 'PATCH', where, { json: { status: 'suspended' } })).status, 'suspended');
	assert.notEqual((await tam.expect(200, 'operator', 'PATCH', where, { json: { status: 'trusted' } })).status, 'suspended');
	for (const json of [{ status: 'refused' }, { labels: { a: 1 } }, { labels: { a: 'x\u0007' } }, { model: 'x'.repeat(256) }, { odd: 1 }, { labels: [] }])
		await tam.expect(400, 'operator', 'PATCH', where, { json });
	await tam.expect(204, 'admin', 'DELETE', where);
	await tam.expect(404, 'admin', 'DELETE', where);
	await tam.expect(404, 'admin', 'GET', where);
	for (const bad of ['x', did.toUpperCase(), did.slice(1), '..%2f..%2fstatus'])
		await tam.expect(404, 'admin', 'GET', `devices/${bad}`);
});

test('groups', async () => {
	const [{ did }] = await devices();
	await tam.expect(201, 'operator', 'POST', 'groups', { json: { name: 'new.group-1' } });
	await tam.expect(409, 'operator', 'POST', 'groups', { json: { name: 'new.group-1' } });
	for (const name of ['', 'a b', 'ä', 'x'.repeat(65), '../x', '.', '..'])
		await tam.expect(400, 'operator', 'POST', 'groups', { json: { name } });
	await tam.expect(204, 'operator', 'PUT', `groups/new.group-1/devices/${did}`);
	await tam.expect(204, 'operator', 'PUT', `groups/new.group-1/devices/${did}`);
	await tam.expect(404, 'operator', 'PUT', `groups/none/devices/${did}`);
	await tam.expect(404, 'operator', 'PUT', `groups/new.group-1/devices/${'0'.repeat(64)}`);
	assert.deepEqual((await tam.expect(200, 'viewer', 'GET', 'groups/new.group-1/devices')).items.map((each) => each.did), [did]);
	assert.ok((await tam.expect(200, 'viewer', 'GET', `devices/${did}`)).groups.includes('new.group-1'));
	await tam.expect(204, 'operator', 'DELETE', `groups/new.group-1/devices/${did}`);
	await tam.expect(404, 'locks', 'GET', 'groups/new.group-1/devices');
	assert.deepEqual((await tam.expect(200, 'viewer', 'GET', 'groups/new.group-1/devices')).items, []);
	await tam.expect(204, 'operator', 'DELETE', 'groups/new.group-1');
	await tam.expect(404, 'operator', 'DELETE', 'groups/new.group-1');
	for (const [who, name] of [['viewer', 'new.group-1'], ['bank', 'none']])
		assert.equal((await tam.expect(404, who, 'GET', `groups/${name}/devices`)).error.message, 'there is no such group');
	await tam.expect(409, 'operator', 'DELETE', 'groups/lab');
});

test('wanted state and deployments', async () => {
	const entry = { scope: 'group', id: 'line-3', spid: BANK, sdname: 'extra', taid: PIN };
	const wanted = await tam.expect(201, 'bank', 'POST', 'wanted', { json: { ...entry, version: 2 } });
	assert.deepEqual([wanted.scope, wanted.scope_id, wanted.version, wanted.present, wanted.by], ['group', 'line-3', 2, true, 'bank-ci']);
	const again = await tam.expect(201, 'bank', 'POST', 'wanted', { json: entry });
	assert.equal(again.version, 0);
	assert.equal((await tam.expect(200, 'viewer', 'GET', 'wanted?scope=group&id=line-3')).items.length, 1);
	await tam.expect(204, 'bank', 'DELETE', `wanted/${again.id}`);
	for (const change of [{ scope: 'planet' }, { id: undefined }, { scope: 'all' }, { id: 'none' }, { taid: 'x' }, { taid: LOCK }, { version: 77 },
		{ version: -1 }, { version: '2' }, { sdname: '' }, { present: 'yes' }, { odd: true }, { spid: undefined }])
		await tam.expect(400, 'operator', 'POST', 'wanted', { json: { ...entry, ...change } });
	const deployment = await tam.expect(201, 'operator', 'POST', 'deployments', { json: { scope: 'group', id: 'pilot', spid: BANK, sdname: 'd2', taid: PIN } });
	assert.equal(deployment.devices.waiting, deployment.devices.total);
	assert.equal(deployment.by, 'olga');
	assert.equal(deployment.state, 'running');
	assert.equal((await tam.expect(200, 'viewer', 'GET', 'deployments?limit=1')).items[0].id, deployment.id);
	const list = await tam.expect(200, 'viewer', 'GET', `deployments/${deployment.id}/devices?state=waiting&limit=1000`);
	assert.equal(list.items.length, deployment.devices.total);
	await tam.expect(400, 'viewer', 'GET', `deployments/${deployment.id}/devices?state=odd`);
	await tam.expect(404, 'viewer', 'GET', 'deployments/0');
});

test('the people of an SP deploy to what an admin opened for it', async () => {
	const what = { spid: LOCKS, sdname: 'own', taid: LOCK };
	const lab = { scope: 'group', id: 'lab', ...what }, everywhere = { scope: 'all', ...what };
	const [inside, outside] = [(await devices('&group=lab'))[0].did, (await devices()).find(({ groups }) => !groups.includes('lab')).did];
	const forbidden = async (json) => {
		for (const route of ['wanted', 'deployments']) {
			const { error } = await tam.expect(403, 'locks', 'POST', route, { json });
			assert.match(error.message, /not open to org\.locks/);
		}
	};
	const allowed = async (json) => {
		for (const route of ['wanted', 'deployments'])
			await tam.expect(201, 'locks', 'POST', route, { json });
	};
	assert.deepEqual((await tam.expect(200, 'locks', 'GET', `sps/${LOCKS}`)).deploys_to, { all: false, groups: [] });
	for (const json of [lab, everywhere, { scope: 'device', id: inside, ...what }, { ...lab, present: false }])
		await forbidden(json);
	/* What is not there looks no other. */
	await forbidden({ scope: 'group', id: 'none', ...what });
	await forbidden({ scope: 'device', id: '0'.repeat(64), ...what });
	/* Only an admin opens anything, and only what there is. */
	for (const who of ['locks', 'bank', 'operator', 'viewer'])
		for (const [method, where] of [['PUT', 'groups/lab'], ['DELETE', 'groups/lab'], ['PUT', 'all-devices'], ['DELETE', 'all-devices']])
			await tam.expect(403, who, method, `sps/${LOCKS}/${where}`);
	for (const where of [`sps/${LOCKS}/groups/none`, 'sps/nobody/groups/lab', 'sps/nobody/all-devices'])
		await tam.expect(404, 'admin', 'PUT', where);
	for (let i = 0; i < 2; i++)
		assert.deepEqual((await tam.expect(200, 'admin', 'PUT', `sps/${LOCKS}/groups/lab`)).deploys_to, { all: false, groups: ['lab'] });
	for (const json of [lab, { scope: 'device', id: inside, ...what }])
		await allowed(json);
	for (const json of [everywhere, { scope: 'group', id: 'pilot', ...what }, { scope: 'device', id: outside, ...what }])
		await forbidden(json);
	assert.deepEqual((await tam.expect(200, 'admin', 'PUT', `sps/${LOCKS}/all-devices`)).deploys_to, { all: true, groups: ['lab'] });
	for (const json of [everywhere, { scope: 'group', id: 'pilot', ...what }, { scope: 'device', id: outside, ...what }])
		await allowed(json);
	assert.deepEqual((await tam.expect(200, 'admin', 'DELETE', `sps/${LOCKS}/all-devices`)).deploys_to, { all: false, groups: ['lab'] });
	await tam.expect(404, 'admin', 'DELETE', `sps/${LOCKS}/all-devices`);
	await forbidden(everywhere);
	/* It always may take back what is its own; and whoever acts for the TAM needs nothing opened. */
	const { items } = await tam.expect(200, 'locks', 'GET', 'wanted');
	for (const { id } of items.filter(({ sdname }) => sdname === 'own'))
		await tam.expect(204, 'locks', 'DELETE', `wanted/${id}`);
	const { id } = await tam.expect(201, 'operator', 'POST', 'wanted', { json: everywhere });
	await tam.expect(204, 'operator', 'DELETE', `wanted/${id}`);
	/* A group that is made anew is another. */
	await tam.expect(201, 'operator', 'POST', 'groups', { json: { name: 'later' } });
	await tam.expect(200, 'admin', 'PUT', `sps/${LOCKS}/groups/later`);
	await tam.expect(204, 'operator', 'DELETE', 'groups/later');
	await tam.expect(201, 'operator', 'POST', 'groups', { json: { name: 'later' } });
	await forbidden({ scope: 'group', id: 'later', ...what });
	await tam.expect(200, 'admin', 'DELETE', `sps/${LOCKS}/groups/lab`);
	const texts = (await tam.expect(200, 'locks', 'GET', 'log?kind=sp&limit=1000')).items.map(({ text, who }) => `${text} (${who})`);
	assert.ok(texts.includes('group lab is open to the SP (first)') && texts.includes('all devices are no longer open to the SP (first)'), texts.join());
});

test('sessions, message by message', async () => {
	const { items } = await tam.expect(200, 'viewer', 'GET', 'sessions');
	assert.equal(items.length, 14);
	/* Milliseconds, and no more than that. */
	assert.ok(items.every(({ started }) => /^\d+(\.\d{1,3})?$/.test(String(started))));
	assert.deepEqual(items.map(({ started }) => started), items.map(({ started }) => started).slice().sort((a, b) => b - a));
	const failed = (await tam.expect(200, 'viewer', 'GET', 'sessions?state=failed')).items;
	assert.ok(failed.length > 0 && failed.every(({ state, error }) => state === 'failed' && error));
	const session = await tam.expect(200, 'viewer', 'GET', `sessions/${failed[0].tid}`);
	assert.deepEqual(session.messages.map(({ seq }) => seq), [1, 2, 3, 4, 5, 6]);
	assert.deepEqual(session.messages.map(({ direction }) => direction), ['request', 'response', 'request', 'response', 'request', 'response']);
	assert.equal(session.messages[5].decoded.InstallTATBSResponse.status, 'fail');
	await tam.expect(404, 'viewer', 'GET', 'sessions/none');
	await tam.expect(400, 'viewer', 'GET', 'sessions?state=odd');
	const log = await tam.expect(200, 'viewer', 'GET', 'messages?limit=5');
	assert.equal(log.items.length, 5);
	assert.equal(log.next, log.items[4].id);
	assert.deepEqual((await tam.expect(200, 'viewer', 'GET', `messages?after=${log.next}`)).items, []);
});

test('a session is named by what fetches no keys', async () => {
	const END = '9a017f2b8d9c5b0e';
	const tids = (await tam.expect(200, 'admin', 'GET', 'sessions')).items.map(({ tid }) => tid);
	assert.equal(new Set(tids).size, 14);
	assert.ok(tids.every((tid) => /^[0-9a-f]{16}$/.test(tid)));
	/* Neither as it is, nor as what the firmware signed. */
	const secrets = [END, ...tids.map((tid) => Buffer.from(tid + END).toString('base64'))];
	for (const who of ['admin', 'viewer', 'bank'])
		for (const route of ['sessions?limit=1000', 'messages?limit=1000', 'log?limit=1000', ...tids.map((tid) => `sessions/${tid}`),
			...(await tam.expect(200, who, 'GET', 'devices?limit=1000')).items.slice(0, 8).map(({ did }) => `devices/${did}`)]) {
			const { body } = await tam.ask(who, 'GET', route);
			const text = JSON.stringify(body);
			assert.ok(!secrets.some((secret) => text.includes(secret)), `${route} as ${who}: ${text}`);
		}
	const { messages } = await tam.expect(200, 'admin', 'GET', `sessions/${tids[0]}`);
	assert.equal(messages[0].decoded.GetDeviceStateTBSRequest.tid, `${tids[0]}…`);
	assert.equal(messages[1].decoded.GetDeviceTEEStateTBSResponse.edsi.tfwdata.tbs, `${tids[0]}…`);
	/* Who knows the whole, from a device's log, finds it; who guesses at the rest learns nothing. */
	for (const rest of [END, END.slice(0, 4), '00000000'])
		assert.equal((await tam.expect(200, 'viewer', 'GET', `sessions/${tids[0]}${rest}`)).tid, tids[0]);
	await tam.expect(404, 'viewer', 'GET', `sessions/${tids[0].slice(0, 15)}x`);
	/* Fewer digits are enough where they are one's alone. */
	const several = tids.map((tid) => tid[0]).find((digit, index, all) => all.indexOf(digit) !== index);
	assert.match((await tam.expect(409, 'viewer', 'GET', `sessions/${several}`)).error.message, /several sessions begin so/);
	await tam.expect(404, 'bank', 'GET', `sessions/${several}`);
	assert.equal((await tam.expect(200, 'viewer', 'GET', `sessions/${tids[0].slice(0, 15)}`)).tid, tids[0]);
	/* Page after page by handles. */
	const seen = [];
	for (let next = ''; next !== null;) {
		const page = await tam.expect(200, 'viewer', 'GET', `sessions?limit=5${next ? `&after=${next}` : ''}`);
		seen.push(...page.items.map(({ tid }) => tid));
		next = page.next;
	}
	assert.deepEqual(seen, tids);
});

test('tokens: shown once, gone at once', async () => {
	const made = await tam.expect(201, 'admin', 'POST', 'tokens', { json: { name: 'new', role: 'viewer' } });
	assert.match(made.token, /^tam_[\w-]{43}$/);
	await tam.expect(200, made.token, 'GET', 'status');
	const { items } = await tam.expect(200, 'admin', 'GET', 'tokens');
	assert.ok(!JSON.stringify(items).includes(made.token));
	await tam.expect(204, 'admin', 'DELETE', `tokens/${made.id}`);
	await tam.expect(401, made.token, 'GET', 'status');
	await tam.expect(409, 'admin', 'DELETE', `tokens/${items.find(({ role }) => role === 'admin').id}`);
	for (const json of [{ name: 'x', role: 'king' }, { name: 'x', role: 'admin', spid: BANK }, { name: '', role: 'viewer' },
		{ name: 'x', role: 'viewer', spid: 'nobody' }, { role: 'viewer' }])
		await tam.expect(400, 'admin', 'POST', 'tokens', { json });
});

test('who changed what is on record', async () => {
	await tam.expect(201, 'operator', 'POST', 'groups', { json: { name: 'recorded' } });
	const { items, next } = await tam.expect(200, 'viewer', 'GET', 'log?kind=group&limit=1');
	assert.deepEqual([items[0].kind, items[0].subject, items[0].who], ['group', 'recorded', 'olga']);
	assert.deepEqual((await tam.expect(200, 'viewer', 'GET', `log?after=${next}`)).items, []);
});

test('what was removed is on record, for those whose it was', async () => {
	const last = async (who, kind) => (await tam.expect(200, who, 'GET', `log?kind=${kind}&limit=1`)).items[0];
	const entry = { spid: BANK, sdname: 'recorded', taid: PIN };
	for (const [json, about] of [[{ ...entry, scope: 'group', id: 'lab' }, `${PIN} is no longer wanted: domain recorded, group lab`],
		[{ spid: BANK, sdname: 'recorded', scope: 'all' }, 'the domain is no longer wanted: domain recorded, all']]) {
		const { id } = await tam.expect(201, 'admin', 'POST', 'wanted', { json });
		assert.equal((await last('bank', 'wanted')).text, about.replace('no longer wanted', 'wanted'));
		await tam.expect(204, 'admin', 'DELETE', `wanted/${id}`);
		const event = await last('bank', 'wanted');
		assert.deepEqual([event.subject, event.spid, event.who, event.text], [String(id), BANK, 'first', about]);
		assert.notEqual((await last('locks', 'wanted'))?.id, event.id);
	}
	const token = await tam.expect(201, 'admin', 'POST', 'tokens', { json: { name: 'for a while', role: 'viewer', spid: BANK } });
	for (const what of ['made', 'removed']) {
		const event = await last('admin', 'token');
		assert.deepEqual([event.subject, event.spid, event.text], [String(token.id), BANK, `token "for a while" of role viewer was ${what}`]);
		if (what === 'made')
			await tam.expect(204, 'admin', 'DELETE', `tokens/${token.id}`);
	}
});

test('JSON, queries and paths are taken strictly', async () => {
	const send = (body, type = 'application/json') => tam.ask('admin', 'POST', 'groups', { body, type });
	assert.equal((await send('{"name":"a","mörë":1}')).body.error.message, 'the body has no member "mörë"');
	assert.equal((await send('{"name":"a","\\u0007":1}')).body.error.message, 'the body has an undefined member');
	assert.match((await send(`{"name":"a","x${'ö'.repeat(100)}":1}`)).body.error.message, /^the body has no member "x/);
	for (const body of ['', '[]', '"x"', '{', '{"name":"a"} x', '{"name":"a","name":"b"}', '{"name":1}', '{"name":"a","more":1}',
		`{"name":${'['.repeat(40)}${']'.repeat(40)}}`, '{"name":"a\\u0000b"}', Buffer.from('{"name":"\xff"}', 'latin1')])
		assert.equal((await send(body)).status, 400, String(body));
	assert.equal((await send('{"name":"a"}', 'text/plain')).status, 415);
	assert.equal((await send(`{"name":"${'a'.repeat(70000)}"}`)).status, 413);
	for (const query of ['limit=0', 'limit=1001', 'limit=x', 'limit=1&limit=2', 'odd=1', 'limit', 'status=odd'])
		await tam.expect(400, 'viewer', 'GET', `devices?${query}`);
	for (const odd of ['ö'.repeat(40), `${'a'.repeat(59)}ö`, 'odd'])
		assert.match((await tam.expect(400, 'viewer', 'GET', `devices?${encodeURIComponent(odd)}=1`)).error.message, /^the query has /);
	for (const where of ['/api/v1//status', '/api/v1/status/', '/api/v1/sps/%00', '/api/v1/sps/%ff'])
		assert.equal((await tam.ask('viewer', 'GET', where)).status, 400, where);
	const wrong = await tam.ask('admin', 'DELETE', 'status');
	assert.equal(wrong.status, 405);
	assert.equal(wrong.headers.get('allow'), 'GET, HEAD');
});

test('events come as they happen, and only to those who may see them', async () => {
	const listen = async (who) => {
		const abort = new AbortController();
		const answer = await fetch(`${tam.url}/api/v1/events`, { headers: { Authorization: `Bearer ${tam.token(who)}` }, signal: abort.signal });
		assert.equal(answer.headers.get('content-type'), 'text/event-stream');
		const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
		let text = '';
		return { abort, until: async (wanted) => {
			while (!text.includes(wanted)) {
				const { value, done } = await reader.read();
				assert.ok(!done, text);
				text += value;
			}
			return text;
		} };
	};
	const [all, locks] = [await listen('admin'), await listen('locks')];
	await all.until('event: deployment');
	await locks.until('event: deployment');
	await tam.expect(200, 'admin', 'PUT', `sps/${LOCKS}/all-devices`);
	await tam.expect(201, 'bank', 'POST', 'wanted', { json: { scope: 'group', id: 'pilot', spid: BANK, sdname: 'live', taid: PIN } });
	await tam.expect(201, 'locks', 'POST', 'wanted', { json: { scope: 'all', spid: LOCKS, sdname: 'live', taid: LOCK } });
	const everything = await all.until(`${LOCK} is wanted`);
	assert.ok(everything.includes(`${PIN} is wanted`));
	assert.ok(!(await locks.until(`${LOCK} is wanted`)).includes(BANK));
	all.abort.abort();
	locks.abort.abort();
});

test('a token that is removed takes its stream of events with it', async () => {
	const { id, token } = await tam.expect(201, 'admin', 'POST', 'tokens', { json: { name: 'leaves', role: 'viewer' } });
	const answer = await fetch(`${tam.url}/api/v1/events`, { headers: { Authorization: `Bearer ${token}` } });
	const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
	await reader.read();
	await tam.expect(204, 'admin', 'DELETE', `tokens/${id}`);
	await tam.expect(201, 'operator', 'POST', 'groups', { json: { name: 'after-it' } });
	let text = '';
	for (let end = false; !end;) {
		const { value, done } = await reader.read();
		text += value ?? '';
		end = done;
	}
	assert.ok(!text.includes('after-it'), text);
});

test('what is refused is told whole characters of', async () => {
	const body = await tam.expect(400, 'viewer', 'GET', `sps?a${'%C3%A9'.repeat(40)}=1`);
	assert.match(body?.error?.message ?? '', /the query has no member "a/);
});

test('two TAM processes on one database are one TAM', async () => {
	const second = await tam.serve();
	await tam.expect(201, 'operator', 'POST', 'groups', { json: { name: 'both' }, url: second });
	const { items } = await tam.expect(200, 'viewer', 'GET', 'groups');
	assert.ok(items.some(({ name }) => name === 'both'));
});

test('so many wrong tokens, and there are no more answers to them for a while', async () => {
	let refused = null;
	for (let i = 0; i < 40 && !refused; i++) {
		const answer = await tam.ask(`tam_${String(i).padStart(43, 'x')}`, 'GET', 'status');
		if (answer.status === 429)
			refused = answer;
		else
			assert.equal(answer.status, 401);
	}
	assert.equal(refused?.body.error.code, 'rate');
	const seconds = Number(refused.headers.get('retry-after'));
	assert.ok(seconds >= 1 && seconds <= 5);
	/* OTrP goes on meanwhile, and so do people at the same address who have right ones. */
	assert.equal((await tam.ask(null, 'GET', '/health')).status, 200);
	assert.equal((await tam.ask('viewer', 'GET', 'status')).status, 200);
});

test('thousands of damaged requests leave it as it was', async () => {
	const { hostname, port } = new URL(tam.url);
	const before = await tam.expect(200, 'admin', 'GET', 'log?limit=1000');
	const good = `POST /api/v1/groups HTTP/1.1\r\nHost: ${hostname}\r\nAuthorization: Bearer ${tam.token('viewer')}\r\n` +
		'Content-Type: application/json\r\nContent-Length: 13\r\n\r\n{"name":"xx"}';
	let random = 7;
	const next = (below) => {
		random = (random * 1103515245 + 12345) & 0x7fffffff;
		return (random >> 8) % below;
	};
	const send = (octets) => new Promise((resolve) => {
		const socket = net.connect(port, hostname, () => socket.end(octets));
		socket.on('data', () => {}).on('error', () => {}).on('close', resolve);
	});
	for (let i = 0; i < 2000; i += 20)
		await Promise.all(Array.from({ length: 20 }, () => {
			const octets = Buffer.from(good);
			for (let j = next(4); j >= 0; j--)
				octets[next(octets.length)] = next(256);
			return send(octets.subarray(0, octets.length - (next(3) ? 0 : next(octets.length))));
		}));
	for (let left = 300; (await tam.ask('admin', 'GET', 'status')).status !== 200; left--) {
		assert.ok(left > 0);
		await new Promise((resolve) => setTimeout(resolve, 200));
	}
	assert.deepEqual(await tam.expect(200, 'admin', 'GET', 'log?limit=1000'), before);
});

test('its log has no tokens, no tids and no secrets', () => {
	for (const name of ['admin', 'viewer', 'operator', 'bank', 'locks'])
		assert.ok(!tam.said.includes(tam.token(name)));
	assert.ok(!tam.said.includes('5b0e6c1a-2d3f'));
	assert.match(tam.said, /a wrong token from 127\.0\.0\.1/);
});
