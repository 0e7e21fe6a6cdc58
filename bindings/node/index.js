/* The LibTeec API for Node.js programs; index.d.ts describes it. Touches no globals. */
'use strict';

const { createManager, names } = require('./lib/api');
const { NodeBackend } = require('./lib/backend');

const backend = new NodeBackend();

module.exports = {
	teec: createManager(backend),
	configure: (options) => backend.configure(options),
	TeecValue: names.TeecValue,
	TeecTempMemory: names.TeecTempMemory,
	TeecRegisteredMemory: names.TeecRegisteredMemory,
	TeecLoginMethod: names.TeecLoginMethod,
	TeecSharedMemoryFlags: names.TeecSharedMemoryFlags,
	TeecValueType: names.TeecValueType,
	TeecTempMemoryType: names.TeecTempMemoryType,
	TeecRegisteredMemoryType: names.TeecRegisteredMemoryType,
	WebAPIException: names.WebAPIException,
	WebAPIError: names.WebAPIError,
};
