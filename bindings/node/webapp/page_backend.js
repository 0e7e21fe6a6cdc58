/*
 * The API's backend in a web page. What the API has as synchronous is a synchronous request to the
 * server; the ends of calls come over one stream, which is also what tells the server that the page
 * is gone.
 */
'use strict';

const { WebAPIException } = require('../lib/errors');
const { RESULTS, ORIGINS, connectException } = require('../lib/results');
const { frameEncode, frameParse, StreamReader } = require('./frame');

/* Handles are objects, so that the server learns when the page has no use for one any more. */
class Handle {
	constructor(number) {
		this.number = number;
	}
}

const octetsOf = (text) => {
	const octets = new Uint8Array(text.length);
	for (let i = 0; i < text.length; i++)
		octets[i] = text.charCodeAt(i);
	return octets;
};

class PageBackend {
	#base;
	#page;
	#refusal;
	#logsErrors;
	#calls = new Map();
	#lastCall = 0;
	#unused = [];
	#collected = new FinalizationRegistry((number) => this.#drop(number));
	#ended = false;

	/** `base` is the URL that the bridge's requests go below. */
	constructor(base) {
		this.#base = base;
		const { page, refusal, logsErrors } = this.#request({ op: 'hello' }).message;
		this.#page = page;
		this.#refusal = refusal;
		this.#logsErrors = logsErrors;
		this.#listen();
	}

	#request(message, blobs) {
		const request = new XMLHttpRequest();
		try {
			request.open('POST', `${this.#base}call`, false);
			/* The one way in which a synchronous request gives octets. */
			request.overrideMimeType('text/plain; charset=x-user-defined');
			request.send(frameEncode({ page: this.#page, ...message }, blobs));
		} catch {
			throw new WebAPIException('AbortError', 'the simulator\'s web server is gone');
		}
		const octets = octetsOf(request.responseText);
		if (request.status !== 200)
			throw new WebAPIException('AbortError', 'the simulator\'s web server refuses: ' +
				new TextDecoder().decode(octets));
		return frameParse(octets);
	}

	async #listen() {
		const reader = new StreamReader((frame) => this.#over(frameParse(frame)));
		try {
			const response = await fetch(`${this.#base}events`,
				{ method: 'POST', body: frameEncode({ page: this.#page }) });
			const stream = response.body.getReader();
			for (let piece = await stream.read(); !piece.done; piece = await stream.read())
				reader.push(piece.value);
		} catch {
			/* The server is gone, or the page is going. */
		}
		this.#ended = true;
		for (const number of [...this.#calls.keys()])
			this.#finish(number, RESULTS.COMMUNICATION, ORIGINS.COMMS, []);
	}

	#finish(number, ...how) {
		const { done } = this.#calls.get(number);
		this.#calls.delete(number);
		/* What the application throws must not end the stream. */
		setTimeout(done, 0, ...how);
	}

	#over({ message, blobs }) {
		const call = this.#calls.get(message.call);
		if (!call)
			return;
		let blob = 0;
		message.outputs.forEach((output, i) => {
			if (call.memory[i] && output !== null && message.written[i])
				call.memory[i].set(blobs[blob++]);
		});
		this.#finish(message.call, message.result, message.origin,
			message.outputs.map((output) => output ?? undefined),
			message.session && this.#handle(message.session));
	}

	#handle(number) {
		const handle = new Handle(number);
		this.#collected.register(handle, number);
		return handle;
	}

	/* Several at a time, and when there is nothing else to do. */
	#drop(number) {
		if (this.#unused.push(number) > 1 || this.#ended)
			return;
		setTimeout(() => {
			const unused = this.#unused;
			this.#unused = [];
			fetch(`${this.#base}call`, {
				method: 'POST',
				body: frameEncode({ page: this.#page, op: 'drop', unused }),
			}).catch(() => {});
		}, 0);
	}

	check() {
		if (this.#refusal)
			throw new WebAPIException(this.#refusal.name, this.#refusal.message);
	}

	connect(name) {
		const { handle, result } = this.#request({ op: 'connect', name }).message;
		if (handle === undefined)
			throw connectException(result);
		return this.#handle(handle);
	}

	allocate(connection, size, flags) {
		const { handle, result } = this.#request(
			{ op: 'allocate', connection: connection.number, size, flags }).message;
		return handle === undefined ? result : this.#handle(handle);
	}

	release(block) {
		this.#request({ op: 'release', block: block.number });
	}

	write(block, octets, offset) {
		this.#request({ op: 'write', block: block.number, offset }, [octets]);
	}

	read(block, octets, offset) {
		octets.set(this.#request(
			{ op: 'read', block: block.number, offset, length: octets.length }).blobs[0]);
	}

	#start(message, request) {
		const number = ++this.#lastCall;
		const memory = request.params.map((param) => param.memory);
		const params = request.params.map((param) => (param.memory ? { type: param.type }
			: { ...param, block: param.block?.number }));
		this.#calls.set(number, { done: request.done, memory });
		let refused;
		try {
			({ refused } = this.#request({ ...message, call: number, params },
				memory.filter((octets) => octets)).message);
		} catch (error) {
			this.#calls.delete(number);
			throw error;
		}
		if (refused)
			this.#finish(number, RESULTS.ITEM_NOT_FOUND, ORIGINS.TEE, [], undefined, refused);
		return number;
	}

	open(connection, request) {
		const { ta, login, group } = request;
		return this.#start(
			{ op: 'open', connection: connection.number, ta, login, group }, request);
	}

	invoke(session, request) {
		return this.#start(
			{ op: 'invoke', session: session.number, command: request.command }, request);
	}

	cancel(call) {
		this.#request({ op: 'cancel', call });
	}

	close(session) {
		this.#request({ op: 'close', session: session.number });
	}

	guard(callback) {
		if (!this.#logsErrors)
			return callback;
		return (...args) => {
			try {
				callback(...args);
			} catch (error) {
				console.error(error);
			}
		};
	}
}

module.exports = { PageBackend };
