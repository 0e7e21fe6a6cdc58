/*
 * Arguments, as Tizen's web APIs take them: numbers and strings are converted, whatever was passed;
 * what is missing or of another kind is a TypeMismatchError.
 */
'use strict';

const { WebAPIException } = require('./errors');

const mismatch = (message) => new WebAPIException('TypeMismatchError', message);
const invalid = (message) => new WebAPIException('InvalidValuesError', message);

/** `args[index]`, which must be there. */
function required(args, index, name) {
	if (args[index] === undefined)
		throw mismatch(`argument ${index + 1}, ${name}, is missing`);
	return args[index];
}

function toLong(value) {
	if (typeof value === 'boolean')
		return Number(value);
	return parseInt(value, 10) | 0;
}

const toUnsignedLong = (value) => Number(value) >>> 0;

/** A whole number up to 2^53; what is negative wraps round to a number that nothing is as large as. */
function toUnsignedLongLong(value) {
	const number = Math.trunc(Number(value));
	if (!Number.isFinite(number))
		return 0;
	return number < 0 ? number + 2 ** 64 : number + 0;
}

function toEnumeration(value, enumeration, name) {
	const text = String(value);
	if (!Object.hasOwn(enumeration, text))
		throw mismatch(`${name} is "${text}", which is none of ` +
			Object.keys(enumeration).join(', '));
	return text;
}

function toCallback(value, name) {
	if (typeof value !== 'function')
		throw mismatch(`${name} is not a function`);
	return value;
}

const toOptionalCallback = (value, name) =>
	(value === undefined || value === null ? null : toCallback(value, name));

const OCTET_ARRAYS = [Uint8Array, Int8Array, Uint8ClampedArray];

const isOctets = (value) =>
	Array.isArray(value) || OCTET_ARRAYS.some((type) => value instanceof type);

/** An array of numbers, or a typed array of octets, itself. */
function toOctets(value, name) {
	if (!isOctets(value))
		throw mismatch(`${name} is neither an array nor a typed array of octets`);
	return value;
}

/** The octets as a Uint8Array: a copy of an array, the very memory of a typed array. */
function octetsIn(value) {
	if (Array.isArray(value))
		return new Uint8Array(value);
	return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
}

/** Puts octets where octetsIn() was taken from. */
function octetsBack(target, octets) {
	if (!Array.isArray(target))
		return;
	for (let i = 0; i < octets.length; i++)
		target[i] = octets[i];
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** A UUID in lower case. */
function toUuid(value) {
	const text = String(value);
	if (!UUID.test(text))
		throw invalid(`taUUID is "${text}", which is not a UUID such as ` +
			'123e4567-e89b-12d3-a456-426655440000');
	return text.toLowerCase();
}

function uuidOctets(uuid) {
	const digits = uuid.replaceAll('-', '');
	return Uint8Array.from({ length: 16 }, (_, i) => parseInt(digits.slice(2 * i, 2 * i + 2), 16));
}

module.exports = {
	mismatch,
	invalid,
	required,
	toLong,
	toUnsignedLong,
	toUnsignedLongLong,
	toEnumeration,
	toCallback,
	toOptionalCallback,
	toOctets,
	octetsIn,
	octetsBack,
	toUuid,
	uuidOctets,
};
