/*
 * Everything that the addon can be left with: judged by the sanitizers and by Valgrind when the
 * process ends, and here by what the process has open.
 */
'use strict';

const assert = require('node:assert');
const fs = require('node:fs');
const { once } = require('node:events');
const { test } = require('node:test');
const v8 = require('node:v8');
const vm = require('node:vm');
const { Worker } = require('node:worker_threads');

const { PACKAGE, TEST_UUID, runProgram } = require('./children');
const { teec, TeecValue, TeecTempMemory, TeecRegisteredMemory } = require(PACKAGE);

const WAIT = 4, ADD = 9;

v8.setFlagsFromString('--expose-gc');
const collect = vm.runInNewContext('gc');

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

const descriptors = () => fs.readdirSync('/proc/self/fd').length;

/* Collects until it comes true; what collecting sets off takes its time. */
async function collectUntil(condition, what) {
	for (let i = 0; i < 6000; i++) {
		collect();
		await pause(10);
		if (condition())
			return;
	}
	assert.fail(`does not come true: ${what}`);
}

const open = (context, number = 1, params = null) => new Promise((resolve, reject) => {
	context.openSession(`${TEST_UUID}${number}`, 'PUBLIC', null, params, resolve, reject);
});
const invoke = (session, command, params) => new Promise((resolve, reject) => {
	session.invokeCommand(command, params, (_, back) => resolve(back), reject);
});

async function everything() {
	const context = teec.getContext();
	const session = await open(context);
	const memory = context.allocateSharedMemory(100000, 'INOUT');
	memory.setData(new Uint8Array(100000).fill(1), 0);
	const add = [new TeecRegisteredMemory(memory, 0, 100000), new TeecValue(1, 0),
		new TeecValue(0, 0)];
	await invoke(session, ADD, add);
	await invoke(session, ADD, [new TeecTempMemory(new Uint8Array(70000)), ...add.slice(1)]);
	await assert.rejects(open(context, 9));
	await assert.rejects(invoke(session, 77, []));
	const ended = [0, 1].map(() => new Promise((resolve) => {
		const id = session.invokeCommand(WAIT, [], resolve, resolve);
		setTimeout(() => context.revokeCommand(id), 5);
	}));
	await Promise.all(ended);
	context.releaseSharedMemory(memory);
	session.close();
}

test('contexts, sessions, memory and calls go when nobody has them any more', async () => {
	await everything();
	await collectUntil(() => true, 'a first time');
	const before = descriptors();
	for (let i = 0; i < 5; i++)
		await everything();
	await collectUntil(() => descriptors() <= before, `${before} descriptors as before`);
});

test('what is neither closed nor released goes as well', async () => {
	const before = descriptors();
	await (async () => {
		const context = teec.getContext();
		context.allocateSharedMemory(5000, 'INPUT');
		/* Of this one there can't be two. */
		await open(context, 2);
	})();
	await collectUntil(() => descriptors() <= before, 'the context is gone');
	(await open(teec.getContext(), 2)).close();
});

test('a worker thread that ends leaves nothing, whatever it has under way', async () => {
	const program = (wait) => `
		const { parentPort } = require('node:worker_threads');
		const { teec } = require(${JSON.stringify(PACKAGE)});
		const context = teec.getContext();
		context.allocateSharedMemory(5000, 'INOUT');
		context.openSession('${TEST_UUID}1', 'PUBLIC', null, null, (session) => {
			session.invokeCommand(${wait ? WAIT : 0}, [], () => {
				session.close();
				parentPort.postMessage('done');
			}, () => {});
			${wait ? 'parentPort.postMessage("under way");' : ''}
		});`;
	const before = descriptors();
	for (const wait of [false, true]) {
		const worker = new Worker(program(wait), { eval: true, stderr: true });
		const exited = once(worker, 'exit');
		const [word] = await once(worker, 'message');
		assert.equal(word, wait ? 'under way' : 'done');
		if (wait)
			await worker.terminate();
		await exited;
	}
	await collectUntil(() => descriptors() <= before, 'the worker threads\' descriptors');
	(await open(teec.getContext())).close();
});

test('a process that ends with a call under way', async () => {
	const { status, stdout, stderr } = await runProgram(`
		tizen.teec.getContext().openSession('${TEST_UUID}1', 'PUBLIC', null, null, (session) => {
			session.invokeCommand(${WAIT}, [], () => {}, () => {});
			console.log('under way');
			setTimeout(() => process.exit(), 20);
		});`);
	assert.equal(status, 0, stderr);
	assert.equal(stdout, 'under way\n');
});
