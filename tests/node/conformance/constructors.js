/* TeecValue, TeecTempMemory, TeecRegisteredMemory: constructors and attributes. */
'use strict';

const withMemory = (run, size = 64, flags = 'INOUT') => {
	const context = tizen.teec.getContext();
	const memory = context.allocateSharedMemory(size, flags);
	try {
		return run(memory, context);
	} finally {
		context.releaseSharedMemory(memory);
	}
};

conformance('TeecValue has a, b and type', () => {
	const value = new TeecValue(10, -100);
	expect.equal(value.a, 10);
	expect.equal(value.b, -100);
	expect.equal(value.type, 'INOUT');
	expect.ok(value instanceof TeecValue, 'instanceof');
});

conformance('TeecValue attributes can be written and convert', () => {
	const value = new TeecValue(1, 2);
	value.a = '12';
	value.b = 3.9;
	value.type = TeecValueType.INPUT;
	expect.equal(value.a, 12);
	expect.equal(value.b, 3);
	expect.equal(value.type, 'INPUT');
	value.a = null;
	value.b = 'Tizen';
	expect.equal(value.a, 0);
	expect.equal(value.b, 0);
	value.a = true;
	expect.equal(value.a, 1);
	value.a = 0xffffffff;
	expect.equal(value.a, -1, 'a is a signed number of 32 bits');
});

conformance('TeecValue converts its arguments', () => {
	const value = new TeecValue('7', {});
	expect.equal(value.a, 7);
	expect.equal(value.b, 0);
});

conformance('TeecValue needs both arguments', () => {
	expect.throws('TypeMismatchError', () => new TeecValue());
	expect.throws('TypeMismatchError', () => new TeecValue(1));
});

conformance('TeecValue ignores extra arguments and is extensible', () => {
	const value = new TeecValue(1, 2, 3, {});
	value.extra = 'x';
	expect.equal(value.extra, 'x');
	expect.equal(value.b, 2);
});

conformance('TeecTempMemory has mem and type', () => {
	const octets = [1, 2, 3];
	const memory = new TeecTempMemory(octets);
	expect.equal(memory.mem, octets);
	expect.equal(memory.type, 'INOUT');
	const other = new Uint8Array(4);
	memory.mem = other;
	memory.type = 'OUTPUT';
	expect.equal(memory.mem, other);
	expect.equal(memory.type, 'OUTPUT');
});

conformance('TeecTempMemory takes arrays and typed arrays of octets', () => {
	for (const octets of [[], [1], new Uint8Array(1), new Int8Array(1), new Uint8ClampedArray(1)])
		expect.equal(new TeecTempMemory(octets).mem, octets);
});

conformance('TeecTempMemory takes nothing else', () => {
	expect.throws('TypeMismatchError', () => new TeecTempMemory());
	for (const [name, value] of [...oddValues(), ['null', null], ['words', new Uint16Array(1)],
		['a buffer', new ArrayBuffer(1)]]) {
		expect.throws('TypeMismatchError', () => new TeecTempMemory(value), name);
		const memory = new TeecTempMemory([]);
		expect.throws('TypeMismatchError', () => {
			memory.mem = value;
		}, name);
	}
});

conformance('TeecTempMemory ignores extra arguments and is extensible', () => {
	const memory = new TeecTempMemory([1], 2, 3);
	memory.extra = 'x';
	expect.equal(memory.extra, 'x');
});

conformance('TeecRegisteredMemory has shm, offset, size and type', () => withMemory((memory) => {
	const reference = new TeecRegisteredMemory(memory, 16, 32);
	expect.equal(reference.shm, memory);
	expect.equal(reference.offset, 16);
	expect.equal(reference.size, 32);
	expect.equal(reference.memory, undefined);
	expect.ok(reference instanceof TeecRegisteredMemory, 'instanceof');
}));

conformance('TeecRegisteredMemory attributes can be written', () => withMemory((memory, context) => {
	const other = context.allocateSharedMemory(8, 'INPUT');
	const reference = new TeecRegisteredMemory(memory, 0, 64);
	reference.shm = other;
	reference.offset = '1';
	reference.size = 2.5;
	reference.type = 'PARTIAL_INPUT';
	expect.equal(reference.shm, other);
	expect.equal(reference.offset, 1);
	expect.equal(reference.size, 2);
	expect.equal(reference.type, 'PARTIAL_INPUT');
	expect.throws('TypeMismatchError', () => {
		reference.shm = {};
	});
	context.releaseSharedMemory(other);
}));

conformance('TeecRegisteredMemory is WHOLE where it is all of the memory', () => {
	for (const flags of ['INPUT', 'OUTPUT', 'INOUT'])
		withMemory((memory) => {
			expect.equal(new TeecRegisteredMemory(memory, 0, 64).type, 'WHOLE');
			expect.equal(new TeecRegisteredMemory(memory, 1, 63).type, `PARTIAL_${flags}`);
			expect.equal(new TeecRegisteredMemory(memory, 0, 63).type, `PARTIAL_${flags}`);
		}, 64, flags);
});

conformance('TeecRegisteredMemory follows changes until a type is set', () => withMemory((memory) => {
	const reference = new TeecRegisteredMemory(memory, 0, 64);
	reference.size = 10;
	expect.equal(reference.type, 'PARTIAL_INOUT');
	reference.type = 'PARTIAL_OUTPUT';
	reference.size = 64;
	expect.equal(reference.type, 'PARTIAL_OUTPUT');
}));

conformance('TeecRegisteredMemory needs its arguments', () => withMemory((memory) => {
	expect.throws('TypeMismatchError', () => new TeecRegisteredMemory());
	expect.throws('TypeMismatchError', () => new TeecRegisteredMemory(memory));
	expect.throws('TypeMismatchError', () => new TeecRegisteredMemory(memory, 0));
	for (const [name, value] of [...oddValues(), ['null', null], ['a value', new TeecValue(1, 2)]])
		expect.throws('TypeMismatchError', () => new TeecRegisteredMemory(value, 0, 1), name);
}));

conformance('TeecRegisteredMemory ignores extra arguments and is extensible', () =>
	withMemory((memory) => {
		const reference = new TeecRegisteredMemory(memory, 0, 64, 'PARTIAL_INPUT');
		expect.equal(reference.type, 'WHOLE');
		reference.extra = 'x';
		expect.equal(reference.extra, 'x');
	}));

conformance('TeecSharedMemory has a size, which is read-only', () => withMemory((memory) => {
	expect.equal(memory.size, 64);
	memory.size = 3;
	expect.equal(memory.size, 64);
	memory.extra = 'x';
	expect.equal(memory.extra, 'x');
}));
