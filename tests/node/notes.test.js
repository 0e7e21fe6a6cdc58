/* examples/tizen-notes, both ways: in Node.js, and in a page of its own. */
'use strict';

const assert = require('node:assert');
const fs = require('node:fs');
const path = require('node:path');
const { test } = require('node:test');

const { PACKAGE, directory, run } = require('./children');

const EXAMPLE = path.join(process.env.TEESIM_BUILD_DIR, 'examples/tizen-notes');
const NOTE = 'Nobody else is to read this: ✓\n';

const node = (action, input) => run(process.execPath, [path.join(EXAMPLE, 'node/main.js'), action],
	{ input, env: { NODE_PATH: path.dirname(PACKAGE) } });

let sealed;

test('in Node.js a note is sealed and opened', async () => {
	const first = await node('seal', NOTE);
	assert.equal(first.status, 0, first.stderr);
	sealed = first.stdout;
	assert.ok(!Buffer.from(sealed, 'base64').includes('Nobody'));
	assert.notEqual((await node('seal', NOTE)).stdout, sealed, 'the same twice');
	assert.deepEqual([await node('open', sealed)].map(({ status, stdout }) => [status, stdout]),
		[[0, NOTE]]);
});

test('what was changed is not opened', async () => {
	const octets = Buffer.from(sealed, 'base64');
	octets[octets.length - 1] ^= 1;
	const { status, stdout, stderr } = await node('open', octets.toString('base64'));
	assert.deepEqual([status, stdout], [1, '']);
	assert.match(stderr, /TEEC_ERROR_SECURITY/);
	assert.match((await node('open', 'AAAA')).stderr, /TEEC_ERROR_SECURITY/);
});

test('another device does not open it', async () => {
	const { status, stderr } = await run('teesim', ['run', '--', process.execPath,
		path.join(EXAMPLE, 'node/main.js'), 'open'],
	{ input: sealed, env: { NODE_PATH: path.dirname(PACKAGE) } });
	assert.equal(status, 1);
	assert.match(stderr, /TEEC_ERROR_SECURITY/);
});

test('in a page, a person writes a note, seals it and opens it', async (t) => {
	const app = directory(t);
	fs.cpSync(EXAMPLE, app, { recursive: true });
	/* What the person does, and what has been sealed in Node.js. */
	fs.appendFileSync(path.join(app, 'js/main.js'), `
(async () => {
	const until = async (condition) => {
		while (!condition())
			await new Promise((resolve) => setTimeout(resolve, 10));
	};
	const code = () => document.querySelector('#list code');
	document.getElementById('text').value = 'of the page';
	document.querySelector('form button').click();
	await until(code);
	const stored = localStorage.getItem('sealed notes');
	console.log(code().textContent === JSON.parse(stored)[0], stored.includes('of the page'));
	document.querySelector('#list button').click();
	await until(() => code().textContent === 'of the page');
	console.log(await Notes.open(${JSON.stringify(sealed)}));
	document.querySelectorAll('#list button')[1].click();
	console.log(code(), localStorage.getItem('sealed notes'));
	window.close();
})();`);
	const { status, stdout, stderr } = await run('teesim',
		['webapp', 'run', '--headless', '--timeout', '120', app]);
	assert.equal(stdout, `true false\n${NOTE}\nnull []\n`, stderr);
	assert.equal(status, 0);
});
