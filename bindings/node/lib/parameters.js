/*
 * Shared memory and the parameters of an operation, and what the backend makes of them. The
 * backend's form of a parameter is one of
 *   { type, a, b }   { type, memory: Uint8Array }   { type, block, offset, size }
 * with the numbers of the TEE Client API, and its outputs are [a, b], or a size.
 */
'use strict';

const { invalid, mismatch, required, toLong, toUnsignedLongLong, toOctets, octetsIn, octetsBack } =
	require('./convert');
const { TeecRegisteredMemoryType, TEEC_VALUE, TEEC_MEMREF_TEMP, TEEC_MEMREF } =
	require('./enumerations');
const { RESULTS } = require('./results');

/* Interfaces without constructors are made with this, which nobody else has. */
const INTERNAL = Symbol('internal');

function illegalUnlessInternal(key) {
	if (key !== INTERNAL)
		throw new TypeError('Illegal constructor');
}

/* Those interfaces can't be reached through their objects either. */
function hideConstructor(type) {
	delete type.prototype.constructor;
	Object.defineProperty(type.prototype, Symbol.toStringTag,
		{ value: type.name, configurable: true });
}

/* Attributes are accessors of the prototype; consoles that can be told show their values. */
const INSPECT = Symbol.for('nodejs.util.inspect.custom');

function showAttributes(type, names) {
	Object.defineProperty(type.prototype, INSPECT, {
		value() {
			return Object.fromEntries(['type', ...names].map((name) => [name, this[name]]));
		},
		configurable: true,
	});
}

/* Writing to a read-only attribute does nothing, also in strict code. */
const readOnly = (_value) => {};

let blockOf, flagsOf, blockRelease;

class TeecSharedMemory {
	#backend;
	#block; /* null once it is released */
	#size;
	#flags;

	constructor(key, backend, block, size, flags) {
		illegalUnlessInternal(key);
		this.#backend = backend;
		this.#block = block;
		this.#size = size;
		this.#flags = flags;
	}

	static {
		blockOf = (memory) => memory.#block;
		flagsOf = (/** @type {TeecSharedMemory} */ memory) => memory.#flags;
		blockRelease = (memory) => {
			memory.#backend.release(memory.#block);
			memory.#block = null;
		};
	}

	static is(value) {
		return typeof value === 'object' && value !== null && #block in value;
	}

	get size() {
		return this.#size;
	}

	set size(value) {
		readOnly(value);
	}

	#range(data, offset) {
		if (!this.#block)
			throw invalid('the shared memory has been released');
		if (offset > this.#size || data.length > this.#size - offset)
			throw invalid(`${data.length} octets from ${offset} on are not within the ` +
				`${this.#size} of the shared memory`);
	}

	setData(...args) {
		const data = toOctets(required(args, 0, 'data'), 'data');
		const offset = toUnsignedLongLong(required(args, 1, 'offset'));
		this.#range(data, offset);
		this.#backend.write(this.#block, octetsIn(data), offset);
	}

	getData(...args) {
		const data = toOctets(required(args, 0, 'data'), 'data');
		const offset = toUnsignedLongLong(required(args, 1, 'offset'));
		this.#range(data, offset);
		const octets = octetsIn(data);
		this.#backend.read(this.#block, octets, offset);
		octetsBack(data, octets);
	}
}
hideConstructor(TeecSharedMemory);

class TeecParameter {
	#type;

	constructor(key, type) {
		illegalUnlessInternal(key);
		this.#type = type;
	}

	get type() {
		return this.#type;
	}

	set type(value) {
		this.#type = String(value);
	}

	static is(value) {
		return typeof value === 'object' && value !== null && #type in value;
	}
}
hideConstructor(TeecParameter);

class TeecValue extends TeecParameter {
	#a;
	#b;

	constructor(a, b) {
		required([a], 0, 'a');
		required([a, b], 1, 'b');
		super(INTERNAL, 'INOUT');
		this.#a = toLong(a);
		this.#b = toLong(b);
	}

	get a() {
		return this.#a;
	}

	set a(value) {
		this.#a = toLong(value);
	}

	get b() {
		return this.#b;
	}

	set b(value) {
		this.#b = toLong(value);
	}
}

class TeecTempMemory extends TeecParameter {
	#mem;

	constructor(mem) {
		toOctets(required([mem], 0, 'mem'), 'mem');
		super(INTERNAL, 'INOUT');
		this.#mem = mem;
	}

	get mem() {
		return this.#mem;
	}

	set mem(value) {
		this.#mem = toOctets(value, 'mem');
	}
}

let sizeReturned;

class TeecRegisteredMemory extends TeecParameter {
	#shm;
	#offset;
	#size;
	/* The type that the reference has as long as the application sets none. */
	#preset;

	constructor(memory, offset, size) {
		if (!TeecSharedMemory.is(required([memory], 0, 'memory')))
			throw mismatch('memory is no TeecSharedMemory');
		required([memory, offset], 1, 'offset');
		required([memory, offset, size], 2, 'size');
		super(INTERNAL, '');
		this.#shm = memory;
		this.#offset = toUnsignedLongLong(offset);
		this.#size = toUnsignedLongLong(size);
		this.#preset = this.type;
		this.#setPreset();
	}

	static {
		/* How much the TA has written is no wish of the application's for another type. */
		sizeReturned = (parameter, size) => {
			parameter.#size = size;
		};
	}

	#setPreset() {
		if (this.type !== this.#preset)
			return;
		this.#preset = this.#offset === 0 && this.#size === this.#shm.size
			? TeecRegisteredMemoryType.WHOLE
			: `PARTIAL_${flagsOf(this.#shm)}`;
		this.type = this.#preset;
	}

	get shm() {
		return this.#shm;
	}

	set shm(value) {
		if (!TeecSharedMemory.is(value))
			throw mismatch('shm is no TeecSharedMemory');
		this.#shm = value;
		this.#setPreset();
	}

	get offset() {
		return this.#offset;
	}

	set offset(value) {
		this.#offset = toUnsignedLongLong(value);
		this.#setPreset();
	}

	get size() {
		return this.#size;
	}

	set size(value) {
		this.#size = toUnsignedLongLong(value);
		this.#setPreset();
	}
}

showAttributes(TeecValue, ['a', 'b']);
showAttributes(TeecTempMemory, ['mem']);
showAttributes(TeecRegisteredMemory, ['offset', 'size']);

/* ---- What the backend makes of them -------------------------------------------------------- */

function typeNumber(parameter, types, i) {
	if (!Object.hasOwn(types, parameter.type))
		throw invalid(`parameter ${i + 1} has type "${parameter.type}", which is none of ` +
			Object.keys(types).join(', '));
	return types[parameter.type];
}

const isShort = (result) => result === RESULTS.SHORT_BUFFER;

/*
 * Each gives { native, back }: the backend's form, and what takes an output back when the call is
 * over.
 */
function valuePrepare(parameter, i) {
	return {
		native: {
			type: typeNumber(parameter, TEEC_VALUE, i),
			a: parameter.a >>> 0,
			b: parameter.b >>> 0,
		},
		back(output) {
			[parameter.a, parameter.b] = [output[0] | 0, output[1] | 0];
		},
	};
}

function temporaryPrepare(parameter, i) {
	const target = parameter.mem;
	const memory = octetsIn(target);
	return {
		native: { type: typeNumber(parameter, TEEC_MEMREF_TEMP, i), memory },
		back(size, result) {
			if (isShort(result) && Array.isArray(target)) {
				/* Room for the next attempt. */
				while (target.length < size)
					target.push(0);
				return;
			}
			if (size > memory.length)
				return;
			octetsBack(target, memory.subarray(0, size));
			if (Array.isArray(target))
				target.length = size;
		},
	};
}

function registeredPrepare(parameter, i) {
	const type = typeNumber(parameter, TEEC_MEMREF, i);
	const { shm, offset, size } = parameter;
	const block = blockOf(shm);
	if (!block)
		throw invalid(`the shared memory of parameter ${i + 1} has been released`);
	if (type !== TEEC_MEMREF.WHOLE && (offset > shm.size || size > shm.size - offset))
		throw invalid(`parameter ${i + 1}, ${size} octets from ${offset} on, is not within the ` +
			`${shm.size} of its shared memory`);
	return {
		native: { type, block, offset, size: type === TEEC_MEMREF.WHOLE ? shm.size : size },
		back(returned, result) {
			if (isShort(result) || returned <= shm.size)
				sizeReturned(parameter, returned);
		},
	};
}

function prepare(parameter, i) {
	if (parameter instanceof TeecValue)
		return valuePrepare(parameter, i);
	if (parameter instanceof TeecTempMemory)
		return temporaryPrepare(parameter, i);
	return registeredPrepare(parameter, i);
}

const PARAMETERS_MAX = 4;

/**
 * The parameters of an operation, checked and copied: { natives, back(outputs, result) }.
 */
function parametersPrepare(params) {
	if (!Array.isArray(params))
		throw mismatch('params is not an array');
	Array.from(params).forEach((parameter, i) => {
		if (!TeecParameter.is(parameter))
			throw mismatch(`parameter ${i + 1} is no TeecParameter`);
	});
	if (params.length > PARAMETERS_MAX)
		throw invalid(`there are ${params.length} parameters; ${PARAMETERS_MAX} are possible`);
	const prepared = Array.from(params, prepare);
	return {
		natives: prepared.map(({ native }) => native),
		back(outputs, result) {
			prepared.forEach(({ back }, i) => {
				if (outputs[i] !== undefined)
					back(outputs[i], result);
			});
		},
	};
}

module.exports = {
	INTERNAL,
	illegalUnlessInternal,
	hideConstructor,
	readOnly,
	blockOf,
	blockRelease,
	parametersPrepare,
	TeecSharedMemory,
	TeecParameter,
	TeecValue,
	TeecTempMemory,
	TeecRegisteredMemory,
};
