/*
 * Web applications as web pages: the conformance list in Chromium, what the rules mean there, and
 * how one ends. Needs Chromium; without one it fails and says so.
 */
'use strict';

const assert = require('node:assert');
const fs = require('node:fs');
const path = require('node:path');
const { test } = require('node:test');

const { application, manifest, run, TEST_UUID } = require('./children');

require('./conformance/conformance');
const FILES = require('./conformance/all.json');
FILES.forEach((file) => require(`./conformance/${file}`));

const page = (...scripts) => '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">' +
	'<title>test</title></head><body>\n' +
	`${scripts.map((text) => `<script>${text}</script>\n`).join('')}</body></html>\n`;

const webapp = (directory, ...options) =>
	run('teesim', ['webapp', 'run', '--headless', '--timeout', '120', ...options, directory]);

/* Runs all cases in the page, and prints a line for each. */
const RUNNER = `(async () => {
	for (const { name, run } of conformance.cases) {
		let failed = null;
		try {
			await run();
		} catch (error) {
			failed = String(error.stack || error);
		}
		console.log('CASE ' + JSON.stringify({ name, failed }));
	}
	window.close();
})();`;

test('the conformance list, in a page', async (t) => {
	const directory = application(t, {
		'config.xml': manifest('<content src="pages/start page.html"/>' +
			'<tizen:privilege name="http://tizen.org/privilege/tee.client"/>'),
		'pages/start page.html': '<!DOCTYPE html><html><head>' + ['conformance.js', ...FILES]
			.map((file) => `<script src="../js/${file}"></script>`).join('') +
			`</head><body><script>${RUNNER}</script></body></html>`,
		...Object.fromEntries(['conformance.js', ...FILES].map((file) => [`js/${file}`,
			fs.readFileSync(path.join(__dirname, 'conformance', file))])),
	}, { 1: 'res', 2: '' });
	const { status, stdout, stderr } = await webapp(directory);
	const results = stdout.split('\n').filter((line) => line.startsWith('CASE '))
		.map((line) => JSON.parse(line.slice(5)));
	for (const { name, failed } of results)
		await t.test(name, () => assert.equal(failed, null));
	assert.deepEqual(results.map(({ name }) => name),
		globalThis.conformance.cases.map(({ name }) => name), stderr);
	assert.equal(status, 0, stderr);
});

const asking = page(`try { tizen.teec.getContext(); } catch (error) {
	console.log(error.name, error.code); } window.close();`);

test('a certificate of too low a level is told, and gives SecurityError', async (t) => {
	const directory = application(t, { 'config.xml': manifest(), 'index.html': asking });
	const { stdout, stderr } = await webapp(directory, '--certificate', 'public');
	assert.equal(stdout, 'SecurityError 18\n', stderr);
	assert.match(stderr, /level partner/);
});

test('an application without the privilege is told, and gets SecurityError', async (t) => {
	const directory = application(t, { 'config.xml': manifest(''), 'index.html': asking },
		{ 1: 'res' });
	const { status, stdout, stderr } = await webapp(directory);
	assert.equal(stdout, 'SecurityError 18\n', stderr);
	assert.match(stderr, /will refuse all calls: .*config\.xml does not ask for the privilege/);
	assert.equal(status, 0);
});

test('what a page does without asking the API is refused by the server', async (t) => {
	/* The bridge itself: without the rules that the API checks in the page. */
	const script = `
		const bridge = new URL(document.querySelector('script').src + '/..').href
			.replace(/page\\.js.*$/, '');
		const encode = (message) => {
			const json = new TextEncoder().encode(JSON.stringify({ blobs: [], ...message }));
			const frame = new Uint8Array(4 + json.length);
			new DataView(frame.buffer).setUint32(0, json.length, true);
			frame.set(json, 4);
			return frame;
		};
		const ask = async (message) => {
			const answer = await fetch(bridge + 'call', { method: 'POST', body: encode(message) });
			return answer.status + ' ' + (await answer.text()).slice(answer.ok ? 4 : 0).trim();
		};
		(async () => {
			console.log(await ask({ op: 'connect', page: 1, name: null }));
			console.log(await ask({ op: 'nothing', page: 1 }));
			console.log(await ask({ op: 'constructor', page: 1 }));
			console.log(await ask({ op: 'invoke', page: 1, session: 1, call: 1, command: 1,
				params: [{ type: 13, block: 1, offset: -1, size: 1 }] }));
			window.close();
		})();`;
	const directory = application(t,
		{ 'config.xml': manifest(''), 'index.html': page(script) });
	const { stdout, stderr } = await webapp(directory);
	const lines = stdout.trim().split('\n');
	assert.match(lines[0], /^400 .*does not ask for the privilege/, stderr);
	assert.equal(lines[1], '400 an unknown operation');
	assert.equal(lines[2], '400 an unknown operation');
	assert.equal(lines[3], '400 a parameter of type 13 without what belongs to it');
});

const opening = (uuid) => page(`
	tizen.teec.getContext().openSession('${uuid}', 'PUBLIC', null, null, () => {
		console.log('opened'); window.close();
	}, (error) => {
		console.log(error.name, error.message.includes('only its own TAs')); window.close();
	});`);

test('an application reaches its own TAs, and others where that is allowed', async (t) => {
	const directory = application(t, {
		'config.xml': manifest(), 'index.html': opening(`${TEST_UUID}3`),
	}, { 1: 'res' });
	assert.equal((await webapp(directory)).stdout, 'AbortError true\n');
	assert.equal((await webapp(directory, '--allow-ta', `${TEST_UUID}3`)).stdout, 'opened\n');
});

test('what a page has open is closed when it is left', async (t) => {
	/* This one has a single session for all. */
	const directory = application(t, {
		'config.xml': manifest(),
		'index.html': page(`tizen.teec.getContext().openSession('${TEST_UUID}2', 'PUBLIC', null, null,
			() => { location.href = 'next.html'; }, (error) => { console.log(String(error)); });`),
		'next.html': page(`const again = (left) => tizen.teec.getContext()
			.openSession('${TEST_UUID}2', 'PUBLIC', null, null,
				() => { console.log('opened'); window.close(); },
				(error) => left ? setTimeout(again, 50, left - 1) : console.log(String(error)));
			again(600);`),
	}, { 2: '' });
	assert.equal((await webapp(directory)).stdout, 'opened\n');
});

test('uncaught errors are told, and make the status 1', async (t) => {
	const directory = application(t, {
		'config.xml': manifest(),
		'index.html': page('setTimeout(() => window.close(), 100); nowhere();'),
	});
	const { status, stderr } = await webapp(directory);
	assert.equal(status, 1);
	assert.match(stderr, /uncaught: .*nowhere is not defined/);
});

test('a page that does not end is ended', async (t) => {
	const directory = application(t, { 'config.xml': manifest(), 'index.html': page('') });
	const { status, stderr } = await webapp(directory, '--timeout', '1');
	assert.equal(status, 1);
	assert.match(stderr, /did not call window\.close\(\) within 1 seconds/);
});
