/* The same app without a page: seals or opens what comes on standard input. */
'use strict';

require('teesim-tizen-teec/register');
const fs = require('node:fs');

const Notes = require('../js/notes');

const action = process.argv[2];
if (process.argv.length !== 3 || !['seal', 'open'].includes(action)) {
	console.error('usage: node main.js seal|open <FILE');
	process.exit(2);
}
Notes[action](fs.readFileSync(0, 'utf8')).then(
	(text) => process.stdout.write(text),
	(error) => {
		console.error(`${error.name}: ${error.message}`);
		process.exitCode = 1;
	});
