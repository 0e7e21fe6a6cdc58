/* From the codes of the TEE Client API to the names of Tizen's errors. */
'use strict';

const { WebAPIError, WebAPIException } = require('./errors');

const RESULTS = Object.freeze({
	GENERIC: 0xffff0000,
	ACCESS_DENIED: 0xffff0001,
	CANCEL: 0xffff0002,
	ACCESS_CONFLICT: 0xffff0003,
	EXCESS_DATA: 0xffff0004,
	BAD_FORMAT: 0xffff0005,
	BAD_PARAMETERS: 0xffff0006,
	BAD_STATE: 0xffff0007,
	ITEM_NOT_FOUND: 0xffff0008,
	NOT_IMPLEMENTED: 0xffff0009,
	NOT_SUPPORTED: 0xffff000a,
	NO_DATA: 0xffff000b,
	OUT_OF_MEMORY: 0xffff000c,
	BUSY: 0xffff000d,
	COMMUNICATION: 0xffff000e,
	SECURITY: 0xffff000f,
	SHORT_BUFFER: 0xffff0010,
	EXTERNAL_CANCEL: 0xffff0011,
	TARGET_DEAD: 0xffff3024,
	STORAGE_NO_SPACE: 0xffff3041,
});

const SUCCESS = 0;

const ORIGINS = Object.freeze({ API: 1, COMMS: 2, TEE: 3, TRUSTED_APP: 4 });
const ORIGIN_TEXTS = Object.freeze({
	1: 'the client library',
	2: 'the connection to the TEE',
	3: 'the TEE',
	4: 'the trusted application',
});

const TEXTS = new Map(Object.entries(RESULTS).map(([name, code]) => [code, `TEEC_ERROR_${name}`]));

function errorName(result, invoked) {
	switch (result) {
	case RESULTS.BAD_PARAMETERS:
	case RESULTS.BAD_FORMAT:
	case RESULTS.EXCESS_DATA:
	case RESULTS.SHORT_BUFFER:
		return 'InvalidValuesError';
	case RESULTS.CANCEL:
		return 'OperationCanceledError';
	case RESULTS.NOT_SUPPORTED:
	case RESULTS.NOT_IMPLEMENTED:
		return invoked ? 'NotSupportedError' : 'AbortError';
	default:
		return 'AbortError';
	}
}

function resultText(result) {
	const hex = `0x${result.toString(16).toUpperCase().padStart(8, '0')}`;
	const name = TEXTS.get(result);
	return name ? `${hex} ${name}` : hex;
}

/**
 * What an error callback gets.
 *
 * @param {boolean} invoked of a command, not of an opening
 * @param {{ reason?: string, sizes?: (number | undefined)[] }} more what else is known
 */
function errorOf(result, origin, invoked, more) {
	const { reason, sizes } = more;
	const what = invoked ? 'the command failed' : 'the session was not opened';
	const from = ORIGIN_TEXTS[origin] ?? `origin ${origin}`;
	const why = reason ? `: ${reason}` : '';
	const details = { teecResult: result, teecOrigin: origin };
	if (result === RESULTS.SHORT_BUFFER && sizes)
		details.teecSizes = sizes;
	return new WebAPIError(errorName(result, invoked),
		`${what} with ${resultText(result)} from ${from}${why}`, details);
}

/** What getContext() throws. */
function connectException(result) {
	if (result === RESULTS.ITEM_NOT_FOUND)
		return new WebAPIException('NotSupportedError', 'there is no TEE by that name');
	return new WebAPIException('AbortError',
		`no connection to the simulated TEE: ${resultText(result)}; ` +
		'standard error says why, `teesim doctor` what to do');
}

module.exports = { RESULTS, ORIGINS, SUCCESS, errorOf, connectException, resultText };
