/* The LibTeec API for Node.js programs; index.d.ts describes it. Touches no globals. */
'use strict';

const { createManager, names } = require('./lib/api');
const { NodeBackend } = require('./lib/backend');

const backend = new NodeBackend();
const teec = createManager(backend);
const configure = (options) => backend.configure(options);
const { TeecValue, TeecTempMemory, TeecRegisteredMemory, TeecLoginMethod, TeecSharedMemoryFlags,
	TeecValueType, TeecTempMemoryType, TeecRegisteredMemoryType, WebAPIException, WebAPIError } = names;

/* In a form that `import { … }` can read. */
module.exports = {
	teec,
	configure,
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
};
