/* How programs start, wait, fail and end. */
'use strict';

const assert = require('node:assert');
const fs = require('node:fs/promises');
const path = require('node:path');
const { test } = require('node:test');

const { PACKAGE, TAS, TEST_UUID, run, runProgram } = require('./children');
const { teec } = require(PACKAGE);

const WAIT = 4, SLEEP = 8;

const opening = (then) => `tizen.teec.getContext().openSession('${TEST_UUID}1', 'PUBLIC', null, null,
	(session) => { ${then} }, (error) => console.log(String(error)));`;

test('a program stays for its callbacks and then ends', async () => {
	const { status, stdout } = await runProgram(opening(`
		session.invokeCommand(0, [], () => { console.log('ran'); session.close(); });`));
	assert.equal(status, 0);
	assert.equal(stdout, 'ran\n');
});

test('a program that forgets its session ends', async () => {
	const { status, stdout } = await runProgram(opening('console.log("opened");'));
	assert.equal(status, 0);
	assert.equal(stdout, 'opened\n');
});

test('process.exit() does not wait for commands', async () => {
	const { status } = await runProgram(opening(`
		session.invokeCommand(${WAIT}, [], () => {}); setTimeout(() => process.exit(7), 50);`));
	assert.equal(status, 7);
});

test('an exception in a callback is an uncaught exception', async () => {
	for (const program of [opening('throw new Error("of the callback");'),
		opening(`session.invokeCommand(0, [], () => { throw new Error("of the callback"); });`),
		opening(`session.invokeCommand(4711, [], () => {},
			() => { throw new Error("of the callback"); });`)]) {
		const { status, stderr } = await runProgram(program);
		assert.equal(status, 1);
		assert.match(stderr, /Error: of the callback/);
	}
});

test('as on a device, an exception in a callback is only logged, where that is set', async () => {
	const { status, stdout, stderr } = await runProgram(opening(`
		setTimeout(() => { console.log("still here"); session.close(); }, 10);
		throw new Error("of the callback");`), { env: { TEESIM_APP_CALLBACK_ERRORS: 'log' } });
	assert.equal(status, 0);
	assert.equal(stdout, 'still here\n');
	assert.match(stderr, /Error: of the callback/);
});

test('a hundred commands that wait leave files and timers alone', async () => {
	const context = teec.getContext();
	const ids = [];
	const ended = await Promise.all(Array.from({ length: 100 }, () =>
		new Promise((resolve, reject) => {
			context.openSession(`${TEST_UUID}1`, 'PUBLIC', null, null, (session) => resolve(
				() => new Promise((over) => {
					ids.push(session.invokeCommand(WAIT, [], over, over));
				}).finally(() => session.close())), reject);
		})));
	const all = Promise.all(ended.map((wait) => wait()));
	/* These are libuv's pool's. */
	assert.match(await fs.readFile(path.join(PACKAGE, 'package.json'), 'utf8'), /teesim/);
	ids.forEach((id) => context.revokeCommand(id));
	for (const error of await all)
		assert.equal(error.name, 'OperationCanceledError');
});

test('a session is not closed before its commands are over', async () => {
	const { TeecValue } = require(PACKAGE);
	const context = teec.getContext();
	const order = [];
	const session = await new Promise((resolve, reject) => {
		context.openSession(`${TEST_UUID}2`, 'PUBLIC', null, null, resolve, reject);
	});
	session.invokeCommand(SLEEP, [new TeecValue(50, 0)], () => order.push('command'));
	session.close();
	await new Promise((resolve, reject) => {
		context.openSession(`${TEST_UUID}2`, 'PUBLIC', null, null, (next) => {
			order.push('opened');
			next.close();
			resolve();
		}, reject);
	});
	assert.deepEqual(order, ['command', 'opened']);
});

test('without a simulator that runs or may start, getContext() says so', async () => {
	const { status, stderr } = await runProgram('tizen.teec.getContext()',
		{ env: { TEESIM_SOCKET: '/nowhere/socket' } });
	assert.equal(status, 1);
	assert.match(stderr, /AbortError: no connection to the simulated TEE/);
	assert.match(stderr, /TEESIM_SOCKET/);
});

test('ECMAScript modules can import it', async () => {
	const { status, stdout, stderr } = await run(process.execPath, ['--input-type=module', '-e', `
		import { teec, TeecValue } from ${JSON.stringify(path.join(PACKAGE, 'index.js'))};
		import api from ${JSON.stringify(path.join(PACKAGE, 'index.js'))};
		console.log(typeof teec.getContext, new TeecValue(1, 2).type, api.teec === teec);`]);
	assert.equal(status, 0, stderr);
	assert.equal(stdout, 'function INOUT true\n');
});

test('its own errors name what is missing', async (t) => {
	const { directory } = require('./children');
	const elsewhere = directory(t);
	await fs.cp(PACKAGE, elsewhere, { recursive: true });
	await fs.rm(path.join(elsewhere, 'teec_node.node'));
	const { status, stderr } = await run(process.execPath,
		['-e', `require(${JSON.stringify(elsewhere)}).teec.getContext()`]);
	assert.equal(status, 1);
	assert.match(stderr, /teec_node\.node is missing/);
	assert.ok(TAS);
});
