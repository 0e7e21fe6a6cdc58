/*
 * The LibTeec API on any backend: Node's own (backend.js), or the one of a web page that reaches
 * it through a bridge (webapp/page_backend.js). Nothing in here or in what it requires is Node's.
 *
 * A backend has
 *   check()                             throws when the application may not use the API at all
 *   connect(name)                       a connection; throws
 *   allocate(connection, size, flags)   a block, or the TEEC_Result
 *   release(block), write(block, octets, offset), read(block, octets, offset)
 *   open(connection, { ta, login, group, params, done })
 *   invoke(session, { command, params, done })
 *                                       a call; done(result, origin, outputs, session, reason) comes
 *                                       later, where a session was opened and a reason is known
 *   cancel(call), close(session)
 *   guard(callback)                     wraps a function of the application's
 */
'use strict';

const { WebAPIException, WebAPIError } = require('./errors');
const enumerations = require('./enumerations');
const { TeecLoginMethod, TeecSharedMemoryFlags, TEEC_LOGIN, TEEC_MEM } = enumerations;
const { invalid, mismatch, required, toLong, toUnsignedLong, toUnsignedLongLong, toEnumeration,
	toCallback, toOptionalCallback, toUuid } = require('./convert');
const { SUCCESS, errorOf, resultText } = require('./results');
const { INTERNAL, illegalUnlessInternal, hideConstructor, readOnly, blockOf, blockRelease,
	parametersPrepare, TeecSharedMemory, TeecValue, TeecTempMemory, TeecRegisteredMemory } =
	require('./parameters');

/* Calls that are under way, by their ids; ids are not used twice while they are. */
class Tasks {
	#last = 0;
	#calls = new Map();

	/** Reserves an id. */
	begin() {
		do
			this.#last = this.#last % 0xffffffff + 1;
		while (this.#calls.has(this.#last));
		this.#calls.set(this.#last, null);
		return this.#last;
	}

	set(id, call) {
		if (this.#calls.has(id))
			this.#calls.set(id, call);
	}

	get(id) {
		return this.#calls.get(id);
	}

	end(id) {
		this.#calls.delete(id);
	}
}

/* Reports a call's end to the application. */
function finisher({ backend, tasks, id, prepared, invoked, succeed, fail }) {
	return (result, origin, outputs, session, reason) => {
		tasks.end(id);
		prepared.back(outputs, result);
		if (result === SUCCESS)
			backend.guard(succeed)(session);
		else if (fail)
			backend.guard(fail)(errorOf(result, origin, invoked, {
				reason,
				sizes: outputs.map((output) =>
					(typeof output === 'number' ? output : undefined)),
			}));
	};
}

class TeecSession {
	#backend;
	#tasks;
	#session;
	#closed = false;

	constructor(key, backend, tasks, session) {
		illegalUnlessInternal(key);
		this.#backend = backend;
		this.#tasks = tasks;
		this.#session = session;
	}

	close() {
		this.#backend.check();
		if (this.#closed)
			return;
		this.#closed = true;
		this.#backend.close(this.#session);
	}

	invokeCommand(...args) {
		this.#backend.check();
		const cmd = toLong(required(args, 0, 'cmd'));
		const params = required(args, 1, 'params');
		const succeed = toCallback(required(args, 2, 'successCallback'), 'successCallback');
		const fail = toOptionalCallback(args[3], 'errorCallback');
		const prepared = parametersPrepare(params);
		if (this.#closed)
			throw invalid('the session has been closed');
		const backend = this.#backend;
		const tasks = this.#tasks;
		const id = tasks.begin();
		tasks.set(id, backend.invoke(this.#session, {
			command: cmd >>> 0,
			params: prepared.natives,
			done: finisher({
				backend, tasks, id, prepared, fail,
				invoked: true,
				succeed: () => succeed(cmd, params),
			}),
		}));
		return id;
	}
}
hideConstructor(TeecSession);

class TeecContext {
	#backend;
	#connection;
	#tasks = new Tasks();

	constructor(key, backend, connection) {
		illegalUnlessInternal(key);
		this.#backend = backend;
		this.#connection = connection;
	}

	openSession(...args) {
		this.#backend.check();
		const uuid = required(args, 0, 'taUUID');
		const login = toEnumeration(required(args, 1, 'loginMethod'), TeecLoginMethod,
			'loginMethod');
		const data = required(args, 2, 'connectionData');
		const params = required(args, 3, 'params');
		const succeed = toCallback(required(args, 4, 'successCallback'), 'successCallback');
		const fail = toOptionalCallback(args[5], 'errorCallback');
		const prepared = parametersPrepare(params === null ? [] : params);
		const ta = toUuid(uuid);
		if (login === 'GROUP' && data === null)
			throw invalid('connectionData must be a group id for the login method GROUP');
		const backend = this.#backend;
		const tasks = this.#tasks;
		const id = tasks.begin();
		tasks.set(id, backend.open(this.#connection, {
			ta,
			login: TEEC_LOGIN[login],
			group: login === 'GROUP' ? toUnsignedLong(data) : undefined,
			params: prepared.natives,
			done: finisher({
				backend, tasks, id, prepared, fail,
				invoked: false,
				succeed: (session) =>
					succeed(new TeecSession(INTERNAL, backend, tasks, session)),
			}),
		}));
		return id;
	}

	revokeCommand(...args) {
		this.#backend.check();
		const call = this.#tasks.get(toUnsignedLong(required(args, 0, 'id')));
		if (call)
			this.#backend.cancel(call);
	}

	allocateSharedMemory(...args) {
		this.#backend.check();
		const size = toUnsignedLong(required(args, 0, 'size'));
		const flags = toEnumeration(required(args, 1, 'flags'), TeecSharedMemoryFlags, 'flags');
		if (size === 0)
			throw invalid('size is 0');
		const block = this.#backend.allocate(this.#connection, size, TEEC_MEM[flags]);
		if (typeof block === 'number')
			throw invalid(`${size} octets of shared memory are not to be had: ` +
				resultText(block));
		return new TeecSharedMemory(INTERNAL, this.#backend, block, size, flags);
	}

	registerSharedMemory(...args) {
		this.#backend.check();
		toUnsignedLongLong(required(args, 0, 'addr'));
		toUnsignedLong(required(args, 1, 'size'));
		toEnumeration(required(args, 2, 'flags'), TeecSharedMemoryFlags, 'flags');
		throw new WebAPIException('NotSupportedError',
			'JavaScript has no memory addresses to register; use allocateSharedMemory()');
	}

	releaseSharedMemory(...args) {
		this.#backend.check();
		const memory = required(args, 0, 'shm');
		if (!TeecSharedMemory.is(memory))
			throw mismatch('shm is no TeecSharedMemory');
		if (!blockOf(memory))
			throw invalid('the shared memory has been released already');
		blockRelease(memory);
	}
}
hideConstructor(TeecContext);

class LibTeecManager {
	#backend;

	constructor(key, backend) {
		illegalUnlessInternal(key);
		this.#backend = backend;
	}

	getContext(name) {
		this.#backend.check();
		const text = name === undefined || name === null ? '' : String(name);
		const connection = this.#backend.connect(text === '' ? null : text);
		return new TeecContext(INTERNAL, this.#backend, connection);
	}
}
hideConstructor(LibTeecManager);

const { TeecValueType, TeecTempMemoryType, TeecRegisteredMemoryType } = enumerations;

/** What applications see, by its names. */
const names = Object.freeze({
	TeecValue,
	TeecTempMemory,
	TeecRegisteredMemory,
	TeecLoginMethod,
	TeecSharedMemoryFlags,
	TeecValueType,
	TeecTempMemoryType,
	TeecRegisteredMemoryType,
	WebAPIException,
	WebAPIError,
});

/** Installs `tizen.teec` and the names on a global object. */
function install(scope, teec) {
	const hidden = (value) => ({ value, writable: true, configurable: true });
	if (typeof scope.tizen !== 'object' || scope.tizen === null)
		Object.defineProperty(scope, 'tizen', { ...hidden({}), enumerable: true });
	Object.defineProperty(scope.tizen, 'teec',
		{ get: () => teec, set: readOnly, enumerable: true, configurable: true });
	for (const [name, value] of Object.entries(names))
		Object.defineProperty(scope, name, hidden(value));
	for (const name of ['TeecValue', 'TeecTempMemory', 'TeecRegisteredMemory'])
		Object.defineProperty(scope.tizen, name, hidden(names[name]));
}

module.exports = {
	names,
	install,
	createManager: (backend) => new LibTeecManager(INTERNAL, backend),
};
