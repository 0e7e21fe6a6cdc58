/* The conformance list in Node.js. */
'use strict';

const path = require('node:path');
const { test } = require('node:test');

require(path.join(process.env.TEESIM_NODE_PACKAGE, 'register'));
require('./conformance/conformance');
require('./conformance/all.json').forEach((file) => require(`./conformance/${file}`));

for (const { name, run } of globalThis.conformance.cases)
	test(name, run);
