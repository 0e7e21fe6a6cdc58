/*
 * Programs of the shape that Tizen's guide shows, with its two slips: what happens on a device
 * must happen here. programs/ has them; each is run as it is and with one word put right.
 */
'use strict';

const assert = require('node:assert');
const fs = require('node:fs');
const path = require('node:path');
const vm = require('node:vm');
const { test } = require('node:test');

const { PACKAGE } = require('./children');

require(path.join(PACKAGE, 'register'));

const read = (name) => fs.readFileSync(path.join(__dirname, 'programs', name), 'utf8');

/* Runs programs as scripts of one global scope; resolves to what they print, once they print as
 * many lines as are wanted. */
async function printed(wanted, ...programs) {
	const lines = [];
	const scope = {};
	let enough;
	const done = new Promise((resolve) => {
		enough = resolve;
	});
	scope.console = {
		log(...words) {
			lines.push(words.map((word) => (typeof word === 'string' ? word
				: JSON.stringify(word.map((param) => param.constructor.name)))).join(' '));
			if (lines.length === wanted)
				enough();
		},
	};
	for (const name of ['tizen', 'TeecValue', 'TeecTempMemory', 'TeecRegisteredMemory',
		'TeecLoginMethod', 'TeecSharedMemoryFlags'])
		scope[name] = globalThis[name];
	/* The arrays of another realm are arrays too. */
	vm.createContext(scope);
	for (const program of programs)
		vm.runInContext(program, scope);
	await done;
	/* Nothing may come after it. */
	await new Promise((resolve) => setTimeout(resolve, 20));
	return lines;
}

test('connecting: opens a session and closes it', async () => {
	assert.deepEqual(await printed(1, read('connect.js')), ['a session is open']);
});

test('commands: as it stands, the word val is a syntax error', () => {
	assert.throws(() => new vm.Script(read('command.js')), SyntaxError);
});

test('commands: with var, passes a value and memory', async () => {
	assert.deepEqual(await printed(1, read('command.js').replace('val ', 'var ')),
		['done with 1 ["TeecValue","TeecTempMemory"]']);
});

test('shared memory: as it stands, a variable is not defined, and it says so itself', async () => {
	assert.deepEqual(await printed(1, read('shared.js')),
		['ReferenceError: connection is not defined']);
});

test('shared memory: with its own variable, uses a block until it is done with it', async () => {
	assert.deepEqual(await printed(2, read('shared.js').replace(' connection.', ' own.')),
		['done with 1 []', 'released']);
});

test('shared memory: as it stands, after the first in the same scope', async () => {
	assert.deepEqual((await printed(3, read('connect.js'), read('shared.js'))).sort(),
		['a session is open', 'done with 1 []', 'released']);
});
