/* The enumerations: objects whose properties are their own names, as Tizen's samples use them. */
'use strict';

const enumeration = (...names) =>
	Object.freeze(Object.fromEntries(names.map((name) => [name, name])));

const TeecLoginMethod = enumeration('PUBLIC', 'USER', 'GROUP', 'APPLICATION');
const TeecSharedMemoryFlags = enumeration('INPUT', 'OUTPUT', 'INOUT');
const TeecValueType = enumeration('INPUT', 'OUTPUT', 'INOUT');
const TeecTempMemoryType = enumeration('INPUT', 'OUTPUT', 'INOUT');
const TeecRegisteredMemoryType = enumeration(
	'WHOLE', 'PARTIAL_INPUT', 'PARTIAL_OUTPUT', 'PARTIAL_INOUT');

/* What the TEE Client API has for them (section 4.2 of its specification). */
const TEEC_LOGIN = Object.freeze({ PUBLIC: 0, USER: 1, GROUP: 2, APPLICATION: 4 });
const TEEC_MEM = Object.freeze({ INPUT: 1, OUTPUT: 2, INOUT: 3 });
const TEEC_VALUE = Object.freeze({ INPUT: 1, OUTPUT: 2, INOUT: 3 });
const TEEC_MEMREF_TEMP = Object.freeze({ INPUT: 5, OUTPUT: 6, INOUT: 7 });
const TEEC_MEMREF = Object.freeze({
	WHOLE: 0xc, PARTIAL_INPUT: 0xd, PARTIAL_OUTPUT: 0xe, PARTIAL_INOUT: 0xf,
});

module.exports = {
	TeecLoginMethod,
	TeecSharedMemoryFlags,
	TeecValueType,
	TeecTempMemoryType,
	TeecRegisteredMemoryType,
	TEEC_LOGIN,
	TEEC_MEM,
	TEEC_VALUE,
	TEEC_MEMREF_TEMP,
	TEEC_MEMREF,
};
