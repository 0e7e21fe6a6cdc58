/* What is there, what is not, and of which kind it is. */
'use strict';

conformance('tizen.teec is there', () => {
	expect.equal(typeof tizen, 'object');
	expect.ok('teec' in tizen, 'tizen has no teec');
	expect.equal(typeof tizen.teec, 'object');
});

conformance('tizen.teec is read-only', () => {
	const before = tizen.teec;
	tizen.teec = null;
	expect.equal(tizen.teec, before);
	tizen.teec = {};
	expect.equal(tizen.teec, before);
});

conformance('tizen.teec is extensible', () => {
	tizen.teec.something = 'x';
	expect.equal(tizen.teec.something, 'x');
	delete tizen.teec.something;
});

for (const name of ['getContext'])
	conformance(`LibTeecManager has ${name}()`, () => {
		expect.equal(typeof tizen.teec[name], 'function');
		const before = tizen.teec[name];
		expect.ok(before.length <= 1, 'takes at most one argument');
	});

for (const name of ['TeecValue', 'TeecTempMemory', 'TeecRegisteredMemory']) {
	conformance(`${name} is a constructor, as a global and in tizen`, () => {
		expect.equal(typeof globalThis[name], 'function');
		expect.equal(tizen[name], globalThis[name]);
		expect.throws('TypeError', () => globalThis[name](1, 2, 3), `${name} without new`);
	});
}

for (const name of ['LibTeecManager', 'LibTeecManagerObject', 'TeecContext', 'TeecSession',
	'TeecSharedMemory', 'TeecParameter', 'TeecOpenSuccessCallback', 'TeecCommandSuccessCallback'])
	conformance(`${name} can't be reached by name`, () => {
		expect.equal(tizen[name], undefined, `tizen.${name}`);
		expect.equal(globalThis[name], undefined, name);
	});

conformance('interfaces without constructors can\'t be reached through their objects', async () => {
	await withSession((session, context) => {
		const memory = context.allocateSharedMemory(16, 'INOUT');
		for (const object of [tizen.teec, context, session, memory]) {
			expect.equal(object.constructor, Object);
			expect.equal(Object.getPrototypeOf(object).constructor, Object);
		}
		const parameter = Object.getPrototypeOf(Object.getPrototypeOf(new TeecValue(1, 2)));
		expect.equal(parameter.constructor, Object, 'TeecParameter');
		const hidden = Object.getPrototypeOf(TeecValue);
		expect.throws('TypeError', () => new hidden(Symbol('internal'), 'INOUT'));
		context.releaseSharedMemory(memory);
	});
});

const enumerations = {
	TeecLoginMethod: ['PUBLIC', 'USER', 'GROUP', 'APPLICATION'],
	TeecSharedMemoryFlags: ['INPUT', 'OUTPUT', 'INOUT'],
	TeecValueType: ['INPUT', 'OUTPUT', 'INOUT'],
	TeecTempMemoryType: ['INPUT', 'OUTPUT', 'INOUT'],
	TeecRegisteredMemoryType: ['WHOLE', 'PARTIAL_INPUT', 'PARTIAL_OUTPUT', 'PARTIAL_INOUT'],
};
for (const [name, words] of Object.entries(enumerations))
	conformance(`${name} has its words`, () => {
		expect.sameList(Object.keys(globalThis[name]), words);
		for (const word of words)
			expect.equal(globalThis[name][word], word);
	});

conformance('exceptions have name, message and code', () => {
	for (const [name, code] of [['NotSupportedError', 9], ['TypeMismatchError', 17],
		['SecurityError', 18], ['AbortError', 20], ['InvalidValuesError', 0],
		['OperationCanceledError', 0]]) {
		for (const type of [WebAPIException, WebAPIError]) {
			const error = new type(name, 'why');
			expect.equal(error.name, name);
			expect.equal(error.code, code, name);
			expect.equal(error.message, 'why');
			expect.equal(String(error), `${name}: why`);
			expect.ok(error instanceof Error, 'instanceof Error');
		}
	}
});

conformance('methods are attributes of their prototype and of nothing else', async () => {
	await withSession((session, context) => {
		for (const [object, names] of [
			[context, ['openSession', 'revokeCommand', 'allocateSharedMemory',
				'registerSharedMemory', 'releaseSharedMemory']],
			[session, ['close', 'invokeCommand']],
		]) {
			for (const name of names)
				expect.equal(typeof object[name], 'function', name);
			expect.sameList(Object.keys(object), []);
		}
	});
});

conformance('methods are for their own objects', async () => {
	await withSession((session, context) => {
		const { close } = session;
		expect.throws('TypeError', () => close.call({}));
		expect.throws('TypeError', () => context.allocateSharedMemory.call(tizen.teec, 1, 'INOUT'));
		expect.throws('TypeError', () => tizen.teec.getContext.call({}));
	});
});
