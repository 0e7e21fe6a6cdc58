/*
 * What page and server send to each other: a JSON value, then blocks of octets whose lengths it has
 * as `blobs`. In a stream each such frame follows its own length. Runs on both sides.
 */
'use strict';

const HEAD = 4;
/* More than any temporary memory that the simulator takes. */
const FRAME_MAX = 2 ** 30;

const wordAt = (octets, at) => new DataView(octets.buffer, octets.byteOffset).getUint32(at, true);

function frameEncode(message, blobs = []) {
	const json = new TextEncoder().encode(
		JSON.stringify({ ...message, blobs: blobs.map((blob) => blob.length) }));
	const frame = new Uint8Array(HEAD + json.length +
		blobs.reduce((sum, blob) => sum + blob.length, 0));
	new DataView(frame.buffer).setUint32(0, json.length, true);
	frame.set(json, HEAD);
	let at = HEAD + json.length;
	for (const blob of blobs) {
		frame.set(blob, at);
		at += blob.length;
	}
	return frame;
}

/**
 * A frame's message and blobs, which are views of the frame.
 *
 * @throws {Error} where its lengths do not add up or its JSON is none
 */
function frameParse(frame) {
	if (frame.length < HEAD)
		throw new Error('a frame without a head');
	const size = wordAt(frame, 0);
	if (size > frame.length - HEAD)
		throw new Error('a frame that is shorter than it says');
	let message;
	try {
		message = JSON.parse(new TextDecoder('utf-8', { fatal: true })
			.decode(frame.subarray(HEAD, HEAD + size)));
	} catch {
		throw new Error('a frame whose text is no JSON');
	}
	if (typeof message !== 'object' || message === null || !Array.isArray(message.blobs))
		throw new Error('a frame without blobs');
	let at = HEAD + size;
	const blobs = message.blobs.map((length) => {
		if (!Number.isSafeInteger(length) || length < 0 || length > frame.length - at)
			throw new Error('a blob that is not within its frame');
		at += length;
		return frame.subarray(at - length, at);
	});
	if (at !== frame.length)
		throw new Error('a frame that is longer than it says');
	return { message, blobs };
}

function streamEncode(frame) {
	const head = new Uint8Array(HEAD);
	new DataView(head.buffer).setUint32(0, frame.length, true);
	return head;
}

/** Puts a stream's pieces together again: calls back with each whole frame. */
class StreamReader {
	#frame;
	/* The head, then the frame, that is being filled, and how far it is. */
	#target = new Uint8Array(HEAD);
	#filled = 0;
	#isHead = true;

	constructor(frame) {
		this.#frame = frame;
	}

	#next() {
		const whole = this.#target;
		this.#isHead = !this.#isHead;
		this.#target = new Uint8Array(this.#isHead ? HEAD : wordAt(whole, 0));
		this.#filled = 0;
		if (this.#isHead)
			this.#frame(whole);
	}

	push(piece) {
		for (let at = 0; at < piece.length;) {
			const part = piece.subarray(at, at + this.#target.length - this.#filled);
			this.#target.set(part, this.#filled);
			this.#filled += part.length;
			at += part.length;
			if (this.#filled === this.#target.length)
				this.#next();
		}
	}
}

module.exports = { FRAME_MAX, frameEncode, frameParse, streamEncode, StreamReader };
