/* The declarations for TypeScript say what the package is. */
'use strict';

const assert = require('node:assert');
const fs = require('node:fs');
const path = require('node:path');
const { test } = require('node:test');

const { PACKAGE, directory, run } = require('./children');

const NODE_MODULES = path.join(process.env.TEESIM_SOURCE_DIR, 'bindings/node/node_modules');

test('a program in TypeScript that uses all of it is right, and a wrong one is not', async (t) => {
	const place = directory(t);
	fs.mkdirSync(path.join(place, 'node_modules'));
	fs.symlinkSync(PACKAGE, path.join(place, 'node_modules/teesim-tizen-teec'));
	fs.copyFileSync(path.join(__dirname, 'types/uses.ts'), path.join(place, 'uses.ts'));
	const { status, stdout } = await run(process.execPath,
		[path.join(NODE_MODULES, 'typescript/bin/tsc'), '--noEmit', '--strict', '--module', 'node16',
			'--moduleResolution', 'node16', '--target', 'es2022', '--types', 'node',
			'--typeRoots', path.join(NODE_MODULES, '@types'), 'uses.ts'], { cwd: place });
	assert.equal(stdout, '');
	assert.equal(status, 0);
});

test('what is declared is what is exported', () => {
	const declared = [...fs.readFileSync(path.join(PACKAGE, 'index.d.ts'), 'utf8')
		.matchAll(/^export (?:const|class|function) (\w+)/gm)].map(([, name]) => name).sort();
	assert.deepEqual(Object.keys(require(PACKAGE)).sort(), declared);
});
