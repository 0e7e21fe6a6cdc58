/*
 * The requests of a page. The page is the application's and may send anything: what comes out of
 * requestParse() is of the right types, and nothing more is said about it.
 */
'use strict';

const { frameParse } = require('./frame');

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const PARAMETERS_MAX = 4;

const isWord = (value) => Number.isInteger(value) && value >= 0 && value <= 0xffffffff;
const isSize = (value) => Number.isSafeInteger(value) && value >= 0;
const isUuid = (value) => typeof value === 'string' && UUID.test(value);
const isName = (value) => value === null || (typeof value === 'string' && value.length <= 256);
const isGroup = (value) => value === undefined || isWord(value);
const areWords = (value) => Array.isArray(value) && value.every(isWord);

/* What a request must have, besides its page. `blobs`: how many there must be. */
const OPERATIONS = {
	hello: {},
	connect: { name: isName },
	allocate: { connection: isWord, size: isSize, flags: isWord },
	release: { block: isWord },
	write: { block: isWord, offset: isSize, blobs: 1 },
	read: { block: isWord, offset: isSize, length: isSize },
	open: { connection: isWord, call: isWord, ta: isUuid, login: isWord, group: isGroup, params: true },
	invoke: { session: isWord, call: isWord, command: isWord, params: true },
	cancel: { call: isWord },
	close: { session: isWord },
	drop: { unused: areWords },
};

const isValueType = (type) => type >= 1 && type <= 3;
const isTemporaryType = (type) => type >= 5 && type <= 7;
const isRegisteredType = (type) => type >= 0xc && type <= 0xf;

/* A parameter, with its memory from the blobs. */
function paramParse(param, blobs) {
	if (typeof param !== 'object' || param === null || !Number.isInteger(param.type))
		throw new Error('a parameter without a type');
	const { type, a, b, block, offset, size } = param;
	if (isValueType(type) && isWord(a) && isWord(b))
		return { type, a, b };
	if (isTemporaryType(type) && blobs.length > 0)
		return { type, memory: blobs.shift() };
	if (isRegisteredType(type) && isWord(block) && isSize(offset) && isSize(size))
		return { type, block, offset, size };
	throw new Error(`a parameter of type ${type} without what belongs to it`);
}

/**
 * A request.
 *
 * @param {Uint8Array} frame as the page sent it
 * @returns {object} op, page, and what OPERATIONS has for op; params with their memory
 * @throws {Error} what is wrong with it
 */
function requestParse(frame) {
	const { message, blobs } = frameParse(frame);
	if (!Object.hasOwn(OPERATIONS, message.op))
		throw new Error('an unknown operation');
	const { params, blobs: blobsWanted = 0, ...wanted } = OPERATIONS[message.op];
	const request = { op: message.op, page: message.page };
	if (message.op !== 'hello' && !isWord(request.page))
		throw new Error('a request of no page');
	for (const [name, check] of Object.entries(wanted)) {
		if (!check(message[name]))
			throw new Error(`a ${message.op} with a bad ${name}`);
		request[name] = message[name];
	}
	const left = [...blobs];
	if (params) {
		if (!Array.isArray(message.params) || message.params.length > PARAMETERS_MAX)
			throw new Error('params that are no array of up to four');
		request.params = message.params.map((param) => paramParse(param, left));
	} else {
		request.blobs = left.splice(0, blobsWanted);
		if (request.blobs.length < blobsWanted)
			throw new Error(`a ${message.op} without its octets`);
	}
	if (left.length > 0)
		throw new Error('more octets than belong to it');
	return request;
}

module.exports = { requestParse };
