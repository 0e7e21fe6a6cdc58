/* The errors of Tizen's web APIs: what methods throw, and what error callbacks get. */
'use strict';

// Codes are those of DOM exceptions, where there is one by that name.
const CODES = Object.freeze({
	NotSupportedError: 9,
	TypeMismatchError: 17,
	SecurityError: 18,
	AbortError: 20,
});

class TizenError extends Error {
	constructor(name, message) {
		super(message === undefined ? '' : String(message));
		const own = (value) => ({ value, writable: true, configurable: true });
		Object.defineProperties(this, {
			name: own(String(name)),
			code: { ...own(CODES[name] ?? 0), enumerable: true },
		});
	}
}

/** Thrown by methods. */
class WebAPIException extends TizenError {}

/**
 * Handed to error callbacks. Beyond what Tizen documents, `teecResult` and `teecOrigin` are the
 * codes of the TEE Client API, and `teecSizes` the sizes that a TA asks for when a buffer was too
 * short for it.
 */
class WebAPIError extends TizenError {
	constructor(name, message, details) {
		super(name, message);
		Object.assign(this, details);
	}
}

module.exports = { WebAPIException, WebAPIError };
