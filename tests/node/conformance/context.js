/* LibTeecManager and TeecContext. */
'use strict';

conformance('getContext() makes a context each time', () => {
	const first = tizen.teec.getContext();
	const second = tizen.teec.getContext();
	expect.equal(typeof first, 'object');
	expect.ok(first !== second, 'the same context twice');
});

conformance('getContext() takes null, the empty name and more arguments', () => {
	for (const args of [[null], [undefined], [''], [null, 'extra', {}]])
		expect.equal(typeof tizen.teec.getContext(...args), 'object');
});

conformance('getContext() does not know every TEE', () => {
	expect.throws('NotSupportedError', () => tizen.teec.getContext('no such TEE'));
});

conformance('contexts are extensible', () => {
	const context = tizen.teec.getContext();
	context.extra = 'x';
	expect.equal(context.extra, 'x');
});

conformance('openSession() returns an id and gives a session later', async () => {
	const context = tizen.teec.getContext();
	let returned = false;
	const session = await new Promise((resolve, reject) => {
		const id = context.openSession(TEST_TA, TeecLoginMethod.PUBLIC, null, null, (opened) => {
			expect.ok(returned, 'called back before it returned');
			resolve(opened);
		}, reject);
		expect.equal(typeof id, 'number');
		expect.ok(id > 0 && id <= 0xffffffff && Number.isInteger(id), 'an unsigned long');
		returned = true;
	});
	session.extra = 'x';
	expect.equal(session.extra, 'x');
	session.close();
});

conformance('openSession() ids differ', async () => {
	const context = tizen.teec.getContext();
	const ids = [];
	const sessions = await Promise.all([1, 2, 3].map(() => new Promise((resolve, reject) => {
		ids.push(context.openSession(TEST_TA, 'PUBLIC', null, null, resolve, reject));
	})));
	expect.equal(new Set(ids).size, 3);
	sessions.forEach((session) => session.close());
});

conformance('openSession() without an error callback, or with null', async () => {
	const context = tizen.teec.getContext();
	for (const args of [[], [null], [undefined]]) {
		const session = await new Promise((resolve) => {
			context.openSession(TEST_TA, 'PUBLIC', null, null, resolve, ...args);
		});
		session.close();
	}
	context.openSession(FOREIGN_TA, 'PUBLIC', null, null, () => {});
});

conformance('openSession() ignores extra arguments', async () => {
	const context = tizen.teec.getContext();
	const session = await new Promise((resolve, reject) => {
		context.openSession(TEST_TA, 'PUBLIC', null, null, resolve, reject, null, {}, 5);
	});
	session.close();
});

conformance('openSession() misses arguments', () => {
	const context = tizen.teec.getContext();
	const all = [TEST_TA, 'PUBLIC', null, null];
	for (let count = 0; count <= all.length; count++)
		expect.throws('TypeMismatchError', () => context.openSession(...all.slice(0, count)),
			`with ${count} arguments`);
});

conformance('openSession() with arguments of another type', () => {
	const context = tizen.teec.getContext();
	const nothing = () => {};
	for (const [name, value] of [...oddValues(), ['null', null]]) {
		expect.throws('TypeMismatchError', () =>
			context.openSession(TEST_TA, value, null, null, nothing), `loginMethod ${name}`);
		expect.throws('TypeMismatchError', () =>
			context.openSession(TEST_TA, 'PUBLIC', null, null, value), `success ${name}`);
		if (value === null)
			continue;
		expect.throws('TypeMismatchError', () =>
			context.openSession(TEST_TA, 'PUBLIC', null, value, nothing), `params ${name}`);
		expect.throws('TypeMismatchError', () =>
			context.openSession(TEST_TA, 'PUBLIC', null, null, nothing, value),
		`error ${name}`);
		expect.throws('TypeMismatchError', () =>
			context.openSession(TEST_TA, 'PUBLIC', null, [value], nothing), `param ${name}`);
	}
	expect.throws('TypeMismatchError', () =>
		context.openSession(TEST_TA, 'PUBLIC', null, [null], nothing));
	expect.throws('TypeMismatchError', () =>
		context.openSession(TEST_TA, 'public', null, null, nothing), 'in lower case');
	expect.throws('TypeMismatchError', () =>
		context.openSession(TEST_TA, 'PUBLIC', null, null, { onsuccess: nothing }));
});

conformance('openSession() with invalid values', () => {
	const context = tizen.teec.getContext();
	const nothing = () => {};
	for (const uuid of ['', 'Tizen', TEST_TA.slice(1), `${TEST_TA}0`, TEST_TA.replaceAll('-', ''),
		`{${TEST_TA}}`, 5, null, {}])
		expect.throws('InvalidValuesError', () =>
			context.openSession(uuid, 'PUBLIC', null, null, nothing), String(uuid));
	expect.throws('InvalidValuesError', () =>
		context.openSession(TEST_TA, 'GROUP', null, null, nothing), 'no group');
	const five = [1, 2, 3, 4, 5].map((i) => new TeecValue(i, i));
	expect.throws('InvalidValuesError', () =>
		context.openSession(TEST_TA, 'PUBLIC', null, five, nothing), 'five parameters');
	const bad = new TeecValue(1, 2);
	bad.type = 'WHOLE';
	expect.throws('InvalidValuesError', () =>
		context.openSession(TEST_TA, 'PUBLIC', null, [bad], nothing), 'a type of another kind');
});

conformance('openSession() takes a UUID in upper case', async () => {
	const context = tizen.teec.getContext();
	(await opened(context, null, TEST_TA.toUpperCase())).close();
});

conformance('openSession() passes parameters there and back', async () => {
	const value = new TeecValue(41, 10);
	const memory = new TeecTempMemory([0, 1, 255]);
	await withSession(() => {
		expect.equal(value.a, 42);
		expect.equal(value.b, 9);
		expect.sameList(memory.mem, [255, 254, 0]);
	}, [value, memory]);
});

conformance('openSession() with USER login', async () => {
	const context = tizen.teec.getContext();
	const session = await new Promise((resolve, reject) => {
		context.openSession(TEST_TA, TeecLoginMethod.USER, null, null, resolve, reject);
	});
	session.close();
});

const openError = (name, result) => async () => {
	const context = tizen.teec.getContext();
	const how = new TeecValue(TA.OPEN_RESULT, result | 0);
	how.type = 'INPUT';
	const error = await failure(opened(context, [how]));
	expect.equal(error.name, name);
	expect.equal(error.teecResult, result);
	expect.equal(error.teecOrigin, 4);
	expect.ok(error.message.length > 0, 'no message');
	expect.ok(error instanceof WebAPIError, 'no WebAPIError');
};
conformance('openSession() fails with InvalidValuesError', openError('InvalidValuesError', 0xffff0006));
conformance('openSession() fails with OperationCanceledError',
	openError('OperationCanceledError', 0xffff0002));
conformance('openSession() fails with AbortError', openError('AbortError', 0xffff0000));
conformance('openSession() fails with AbortError where something is not supported',
	openError('AbortError', 0xffff000a));

conformance('openSession() of a TA that is not there fails with AbortError', async () => {
	const context = tizen.teec.getContext();
	const error = await failure(
		opened(context, null, '00000000-0000-4000-8000-000000000000'));
	expect.equal(error.name, 'AbortError');
	expect.equal(error.teecResult, 0xffff0008);
});

conformance('openSession() of a busy TA fails with AbortError', async () => {
	await withSession(async (session, context) => {
		const error = await failure(opened(context, null, SINGLE_TA));
		expect.equal(error.name, 'AbortError');
		expect.equal(error.teecResult, 0xffff000d);
	}, null, SINGLE_TA);
});

conformance('openSession() right after close() finds the TA free', async () => {
	const context = tizen.teec.getContext();
	for (let i = 0; i < 10; i++)
		(await opened(context, null, SINGLE_TA)).close();
});

conformance('allocateSharedMemory() gives memory of that size', () => {
	const context = tizen.teec.getContext();
	for (const flags of Object.keys(TeecSharedMemoryFlags)) {
		const memory = context.allocateSharedMemory(100, TeecSharedMemoryFlags[flags], 'extra');
		expect.equal(memory.size, 100);
		context.releaseSharedMemory(memory);
	}
});

conformance('allocateSharedMemory() refuses what is no size and no flag', () => {
	const context = tizen.teec.getContext();
	expect.throws('TypeMismatchError', () => context.allocateSharedMemory());
	expect.throws('TypeMismatchError', () => context.allocateSharedMemory(16));
	for (const [name, value] of [...oddValues(), ['null', null]])
		expect.throws('TypeMismatchError', () => context.allocateSharedMemory(16, value), name);
	for (const size of [0, 'Tizen', NaN, {}, null])
		expect.throws('InvalidValuesError', () =>
			context.allocateSharedMemory(size, 'INOUT'), String(size));
});

conformance('registerSharedMemory() is not supported', () => {
	const context = tizen.teec.getContext();
	expect.throws('NotSupportedError', () =>
		context.registerSharedMemory(0x1234567, 100, TeecSharedMemoryFlags.INPUT));
	expect.throws('TypeMismatchError', () => context.registerSharedMemory());
	expect.throws('TypeMismatchError', () => context.registerSharedMemory(1, 2));
	expect.throws('TypeMismatchError', () => context.registerSharedMemory(1, 2, 'BOTH'));
});

conformance('releaseSharedMemory() refuses what is no shared memory', () => {
	const context = tizen.teec.getContext();
	expect.throws('TypeMismatchError', () => context.releaseSharedMemory());
	for (const [name, value] of [...oddValues(), ['null', null]])
		expect.throws('TypeMismatchError', () => context.releaseSharedMemory(value), name);
});

conformance('releaseSharedMemory() ends all use of the memory', () => {
	const context = tizen.teec.getContext();
	const memory = context.allocateSharedMemory(16, 'INOUT');
	context.releaseSharedMemory(memory, 'extra');
	expect.throws('InvalidValuesError', () => context.releaseSharedMemory(memory));
	expect.throws('InvalidValuesError', () => memory.setData([1], 0));
	expect.throws('InvalidValuesError', () => memory.getData([0], 0));
	expect.equal(memory.size, 16);
});

conformance('releaseSharedMemory() through another context', () => {
	const memory = tizen.teec.getContext().allocateSharedMemory(16, 'INOUT');
	tizen.teec.getContext().releaseSharedMemory(memory);
});

conformance('setData() and getData() copy at offsets', () => {
	const context = tizen.teec.getContext();
	const memory = context.allocateSharedMemory(8, 'INOUT');
	const all = new Array(8).fill(9);
	memory.getData(all, 0);
	expect.sameList(all, [0, 0, 0, 0, 0, 0, 0, 0], 'fresh memory');
	memory.setData([1, 2, -1, 255, 256, '7'], 2);
	memory.getData(all, 0);
	expect.sameList(all, [0, 0, 1, 2, 255, 255, 0, 7]);
	const part = new Uint8Array(3);
	memory.getData(part, 3);
	expect.sameList(part, [2, 255, 255]);
	const signed = new Int8Array(2);
	memory.getData(signed, 4);
	expect.sameList(signed, [-1, -1]);
	memory.setData(new Uint8Array([5, 6]).subarray(1), '0', 'extra');
	memory.getData(part, 0);
	expect.equal(part[0], 6);
	memory.setData([], 8);
	memory.getData([], 8);
	context.releaseSharedMemory(memory);
});

conformance('setData() and getData() refuse other types and places', () => {
	const context = tizen.teec.getContext();
	const memory = context.allocateSharedMemory(8, 'INOUT');
	for (const method of ['setData', 'getData']) {
		expect.throws('TypeMismatchError', () => memory[method](), method);
		expect.throws('TypeMismatchError', () => memory[method]([1]), method);
		for (const [name, value] of [...oddValues(), ['null', null],
			['words', new Uint16Array(1)]])
			expect.throws('TypeMismatchError', () => memory[method](value, 0), name);
		for (const [data, offset] of [[[1], 8], [[1], 9], [[], 9], [new Array(9), 0], [[1], -1],
			[[1], 2 ** 53], [[1], 2 ** 64]])
			expect.throws('InvalidValuesError', () => memory[method](data, offset),
				`${method} of ${data.length} at ${offset}`);
	}
	context.releaseSharedMemory(memory);
});
