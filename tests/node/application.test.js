/* What an application may do: its manifest, its certificate, its own TAs. */
'use strict';

const assert = require('node:assert');
const fs = require('node:fs');
const path = require('node:path');
const { test } = require('node:test');

const { PACKAGE, PRIVILEGE, TEST_UUID, application, directory, manifest, runProgram } =
	require('./children');
const api = require(PACKAGE);
const { configParse } = require(path.join(PACKAGE, 'lib', 'config'));

const TA = (number) => `${TEST_UUID}${number}`;

const open = (uuid) => new Promise((resolve, reject) => {
	api.teec.getContext().openSession(uuid, 'PUBLIC', null, null, (session) => {
		session.close();
		resolve();
	}, reject);
});

const throwsError = (name, run, pattern = /./) =>
	assert.throws(run, (error) => error.name === name && pattern.test(error.message));

/* Each of these calls, without its arguments: the rules come before anything else. */
const everyCall = (context, session) => [
	() => api.teec.getContext(),
	() => context.openSession(),
	() => context.revokeCommand(),
	() => context.allocateSharedMemory(),
	() => context.registerSharedMemory(),
	() => context.releaseSharedMemory(),
	() => session.invokeCommand(),
	() => session.close(),
];

async function refused(name, options, pattern) {
	api.configure({ directory: options.before });
	const context = api.teec.getContext();
	const session = await new Promise((resolve, reject) => {
		context.openSession(TA(1), 'PUBLIC', null, null, resolve, reject);
	});
	api.configure(options.then);
	for (const call of everyCall(context, session))
		throwsError(name, call, pattern);
	api.configure({ directory: options.before });
	session.close();
}

test('without the privilege every call throws SecurityError', async (t) => {
	const before = application(t, { 'config.xml': manifest() }, { 1: 'res' });
	for (const inside of ['', '<!-- ' + PRIVILEGE + ' -->',
		'<tizen:privilege name="http://tizen.org/privilege/tee"/>',
		'<privilege name="http://tizen.org/privilege/tee.client"/>',
		'<tizen:permission name="http://tizen.org/privilege/tee.client"/>',
		`<tizen:group>${PRIVILEGE}</tizen:group>`,
		`<![CDATA[${PRIVILEGE}]]>`])
		await refused('SecurityError', {
			before, then: { directory: application(t, { 'config.xml': manifest(inside) }) },
		}, /config\.xml does not ask for the privilege/);
});

test('a manifest that can\'t be parsed permits nothing, and says why', async (t) => {
	const before = application(t, { 'config.xml': manifest() }, { 1: '' });
	for (const text of ['', '<widget', manifest().replace('</widget>', ''), 'no XML at all',
		manifest().replace('tizen:privilege', 'other:privilege'), Buffer.from([0xff, 0xfe, 0x3c])])
		await refused('SecurityError', {
			before, then: { directory: application(t, { 'config.xml': text }) },
		}, /config\.xml is no manifest that can be read/);
});

test('the certificate must be of level partner', async (t) => {
	const before = application(t, { 'config.xml': manifest() }, { 1: '' });
	await refused('SecurityError', { before, then: { directory: before, certificate: 'public' } },
		/level partner/);
	api.configure({ directory: before, certificate: 'platform' });
	await open(TA(1));
	assert.throws(() => api.configure({ certificate: 'gold' }), RangeError);
});

test('without the feature every call throws NotSupportedError', async (t) => {
	const before = application(t, { 'config.xml': manifest() }, { 1: '' });
	await refused('NotSupportedError', { before, then: { directory: before, feature: false } },
		/security\.tee/);
});

test('TAs are found in the application\'s directory and in res/', async (t) => {
	api.configure({ directory: application(t, { 'config.xml': manifest() }, { 1: '', 2: 'res' }) });
	await open(TA(1));
	await open(TA(2).toUpperCase());
});

test('another prefix, quotes and entities mean the same', async (t) => {
	const text = '<w:widget xmlns:w="http://www.w3.org/ns/widgets" xmlns:t=\'http://tizen.org/ns/' +
		'widgets\'><t:privilege\n name=\'http://tizen.org/privilege/tee&#46;client\'>' +
		'</t:privilege></w:widget>';
	api.configure({ directory: application(t, { 'config.xml': text }, { 1: '' }) });
	await open(TA(1));
});

test('an application reaches only its own TAs', async (t) => {
	/* TEESIM_TA_PATH has them all. */
	const own = application(t, { 'config.xml': manifest() }, { 1: 'res' });
	api.configure({ directory: own });
	await open(TA(1));
	await assert.rejects(open(TA(3)), (error) => error.name === 'AbortError' &&
		error.teecResult === 0xffff0008 && /only its own TAs/.test(error.message));
	api.configure({ directory: own, allowTas: [TA(3).toUpperCase()] });
	await open(TA(3));
	await assert.rejects(open(TA(2)), { name: 'AbortError' });
	api.configure({ directory: own, allowTas: '*' });
	await open(TA(2));
	assert.throws(() => api.configure({ allowTas: ['all'] }), RangeError);
});

test('settings come from the environment too', async (t) => {
	const own = application(t, { 'config.xml': manifest() }, { 1: '' });
	const program = `tizen.teec.getContext().openSession('${TA(3)}', 'PUBLIC', null, null,
		(session) => { session.close(); console.log('opened'); }, (error) => console.log(error.name));`;
	const say = async (env) => (await runProgram(program,
		{ env: { TEESIM_APP_DIRECTORY: own, ...env } }));
	assert.equal((await say({})).stdout, 'AbortError\n');
	assert.equal((await say({ TEESIM_APP_ALLOW_TAS: TA(3) })).stdout, 'opened\n');
	assert.match((await say({ TEESIM_APP_CERTIFICATE: 'public' })).stderr, /SecurityError/);
	assert.match((await say({ TEESIM_APP_FEATURE: 'false' })).stderr, /NotSupportedError/);
	assert.match((await say({ TEESIM_APP_CERTIFICATE: 'gold' })).stderr, /TEESIM_APP_CERTIFICATE/);
	assert.match((await say({ TEESIM_APP_DIRECTORY: '/nowhere' })).stderr,
		/\/nowhere has no config\.xml/);
});

test('the directory of a program is the next one upwards with a manifest', async (t) => {
	const own = application(t, {
		'config.xml': manifest(''),
		'js/deep/main.js': `require(${JSON.stringify(path.join(PACKAGE, 'register'))});
			try { tizen.teec.getContext(); } catch (error) { console.log(error.message); }`,
		'js/config.xml': '<configuration/>',
	});
	const { run } = require('./children');
	const { stdout, stderr } = await run(process.execPath, [path.join(own, 'js/deep/main.js')]);
	assert.ok(stdout.startsWith(`${path.join(own, 'config.xml')} does not ask`), stdout + stderr);
});

test('developer mode is told once', async (t) => {
	const { status, stdout, stderr } = await runProgram(
		'tizen.teec.getContext(); tizen.teec.getContext(); console.log("well")',
		{ cwd: directory(t) });
	assert.equal(status, 0, stderr);
	assert.equal(stdout, 'well\n');
	assert.equal(stderr.match(/developer mode/g)?.length, 1);
});

test('requiring the API touches no globals', () => {
	for (const name of ['tizen', 'TeecValue', 'TeecLoginMethod', 'WebAPIException'])
		assert.equal(globalThis[name], undefined, name);
});

test('a damaged manifest is refused or read, and breaks nothing', () => {
	const good = Buffer.from(manifest('<content src="start.html"/>' + PRIVILEGE));
	const read = configParse(good);
	assert.deepEqual([read.isWidget, read.content, [...read.privileges].length],
		[true, 'start.html', 1]);
	/* Always the same damage. */
	let state = 1;
	const next = (limit) => {
		state = (state * 1103515245 + 12345) % 2 ** 31;
		return state % limit;
	};
	let refusals = 0;
	for (let i = 0; i < 2000; i++) {
		const damaged = Buffer.from(good);
		for (let j = next(4); j >= 0; j--)
			damaged[next(damaged.length)] = next(256);
		try {
			const result = configParse(damaged.subarray(0, next(8) ? undefined : next(good.length)));
			assert.ok(result.privileges instanceof Set);
		} catch (error) {
			assert.ok(error instanceof Error && !(error instanceof assert.AssertionError));
			assert.ok(error.message.length > 0 && !error.message.includes('\n'));
			refusals++;
		}
	}
	assert.ok(refusals > 100, 'the damage was none');
	assert.throws(() => configParse(Buffer.alloc((1 << 20) + 1)), /larger/);
	const bomb = '<!DOCTYPE widget [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]>' +
		manifest('<tizen:privilege name="&b;"/>').replace(/^.*\n/, '');
	try {
		assert.ok(![...configParse(Buffer.from(bomb)).privileges].some((name) => name.length > 60));
	} catch (error) {
		assert.ok(!(error instanceof assert.AssertionError), error);
	}
});

test('a file that cannot be read permits nothing', { skip: process.getuid() === 0 && 'root reads all' },
	(t) => {
		const own = application(t, { 'config.xml': manifest() });
		fs.chmodSync(path.join(own, 'config.xml'), 0);
		api.configure({ directory: own });
		throwsError('SecurityError', () => api.teec.getContext(), /cannot be read/);
	});
