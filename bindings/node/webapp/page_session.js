/*
 * A page as the server knows it: what it has from the TEE, by numbers, and its rights, which are
 * enforced here and not in the page.
 */
'use strict';

const { uuidOctets } = require('../lib/convert');
const { frameEncode } = require('./frame');

/* Sessions, blocks, connections and calls that one page may have. */
const HANDLES_MAX = 65536;
const OCTETS_READ_MAX = 2 ** 30;

const nothing = (_frame) => {};

class PageSession {
	#addon;
	#application;
	#settings;
	#send = nothing;
	#waiting = [];
	#last = 0;
	/* { kind, native } by number. */
	#handles = new Map();
	#calls = new Map();

	constructor(addon, application, settings) {
		this.#addon = addon;
		this.#application = application;
		this.#settings = settings;
	}

	/** What the page may know from the start. */
	greeting() {
		let refusal = null;
		try {
			this.#application.check();
		} catch (error) {
			refusal = { name: error.name, message: error.message };
		}
		return { refusal, logsErrors: this.#settings.callbackErrors === 'log' };
	}

	/** From now on the ends of calls go there, those that have come already too. */
	listen(send) {
		this.#send = send;
		this.#waiting.splice(0).forEach((frame) => send(frame));
	}

	#add(kind, native) {
		if (this.#handles.size >= HANDLES_MAX)
			throw new Error('the page has too many objects of the TEE');
		this.#handles.set(++this.#last, { kind, native });
		return this.#last;
	}

	#get(kind, number) {
		const handle = this.#handles.get(number);
		if (handle?.kind !== kind)
			throw new Error(`there is no ${kind} ${number}`);
		return handle.native;
	}

	#made(kind, native) {
		return typeof native === 'number' ? { result: native } : { handle: this.#add(kind, native) };
	}

	#params(params) {
		return params.map((param) => (param.block === undefined ? param
			: { ...param, block: this.#get('block', param.block) }));
	}

	/* Whether a temporary reference has octets to bring back. */
	static #written(param, output) {
		return param.memory !== undefined && typeof output === 'number' &&
			output <= param.memory.length;
	}

	#start(begin, call, params) {
		if (this.#calls.size >= HANDLES_MAX || this.#calls.has(call))
			throw new Error('the page has too many calls, or one twice');
		const done = (result, origin, outputs, session) => {
			this.#calls.delete(call);
			const written = params.map((param, i) => PageSession.#written(param, outputs[i]));
			const frame = frameEncode({
				call, result, origin, written,
				outputs: params.map((_, i) => outputs[i] ?? null),
				session: session && this.#add('session', session),
			}, params.filter((_, i) => written[i]).map((param) => param.memory));
			if (this.#send === nothing)
				this.#waiting.push(frame);
			else
				this.#send(frame);
		};
		this.#calls.set(call, begin(done));
		return {};
	}

	/** Carries a request out. Returns { message, blobs }; throws where the page has no right to it. */
	serve(request) {
		this.#application.check();
		return this[request.op](request);
	}

	connect({ name }) {
		const { directory, taPath } = this.#application;
		return { message: this.#made('connection', this.#addon.connect(name, directory, taPath)) };
	}

	allocate({ connection, size, flags }) {
		return { message: this.#made('block',
			this.#addon.allocate(this.#get('connection', connection), size, flags)) };
	}

	release({ block }) {
		this.#addon.release(this.#get('block', block));
		this.#handles.delete(block);
		return { message: {} };
	}

	write({ block, offset, blobs }) {
		this.#addon.write(this.#get('block', block), blobs[0], offset);
		return { message: {} };
	}

	read({ block, offset, length }) {
		if (length > OCTETS_READ_MAX)
			throw new Error('too many octets to read at once');
		const octets = new Uint8Array(length);
		this.#addon.read(this.#get('block', block), octets, offset);
		return { message: {}, blobs: [octets] };
	}

	open({ connection, call, ta, login, group, params }) {
		const refused = this.#application.refusal(ta);
		if (refused !== null)
			return { message: { refused } };
		const native = this.#get('connection', connection);
		const nativeParams = this.#params(params);
		return { message: this.#start((done) => this.#addon.open(native,
			{ ta: uuidOctets(ta), login, group, params: nativeParams, done }), call, nativeParams) };
	}

	invoke({ session, call, command, params }) {
		const native = this.#get('session', session);
		const nativeParams = this.#params(params);
		return { message: this.#start((done) => this.#addon.invoke(native,
			{ command, params: nativeParams, done }), call, nativeParams) };
	}

	cancel({ call }) {
		const native = this.#calls.get(call);
		if (native)
			this.#addon.cancel(native);
		return { message: {} };
	}

	#close(native) {
		this.#addon.close(native, { params: [], done: nothing });
	}

	close({ session }) {
		this.#close(this.#get('session', session));
		this.#handles.delete(session);
		return { message: {} };
	}

	#release({ kind, native }) {
		if (kind === 'session')
			this.#close(native);
		else if (kind === 'block')
			this.#addon.release(native);
		else
			this.#addon.disconnect(native);
	}

	drop({ unused }) {
		for (const number of unused) {
			const handle = this.#handles.get(number);
			if (handle) {
				this.#handles.delete(number);
				this.#release(handle);
			}
		}
		return { message: {} };
	}

	/** The page is gone: so is all that it had. */
	end() {
		this.#send = (_frame) => {};
		for (const call of this.#calls.values())
			this.#addon.cancel(call);
		for (const handle of this.#handles.values())
			this.#release(handle);
		this.#handles.clear();
		/* One that opens after all is closed by the addon, when it is collected. */
	}
}

module.exports = { PageSession };
