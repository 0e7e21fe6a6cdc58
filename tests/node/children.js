/* Node.js programs as children of a test, and applications in directories of their own. */
'use strict';

const { spawn } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const PACKAGE = process.env.TEESIM_NODE_PACKAGE;
const TAS = process.env.TEESIM_NODE_TEST_TAS;

/* A Node.js that is ended halfway frees nothing of its own; what runs to its end is judged. */
const LENIENT = { ASAN_OPTIONS: `${process.env.ASAN_OPTIONS ?? ''}:detect_leaks=0` };

/** Runs a program; resolves to { status, signal, stdout, stderr }. */
function run(command, args, { cwd, env = {}, input } = {}) {
	return new Promise((resolve, reject) => {
		const child = spawn(command, args, {
			cwd,
			env: { ...process.env, ...LENIENT, ...env },
			stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
		});
		const said = { stdout: '', stderr: '' };
		for (const name of ['stdout', 'stderr'])
			child[name].setEncoding('utf8').on('data', (text) => {
				said[name] += text;
			});
		child.on('error', reject);
		child.on('close', (status, signal) => resolve({ status, signal, ...said }));
		child.stdin?.end(input);
	});
}

/** Runs the text of a program in Node.js, in `cwd`, with the API registered. */
const runProgram = (text, options) =>
	run(process.execPath, ['-r', path.join(PACKAGE, 'register'), '-e', text], options);

/** A directory that is gone when the test ends. */
function directory(t) {
	const made = fs.mkdtempSync(path.join(os.tmpdir(), 'teesim-node-test.'));
	t.after(() => fs.rmSync(made, { recursive: true, force: true }));
	return made;
}

const PRIVILEGE = '<tizen:privilege name="http://tizen.org/privilege/tee.client"/>';

const manifest = (inside = PRIVILEGE) => '<?xml version="1.0" encoding="UTF-8"?>\n' +
	'<widget xmlns="http://www.w3.org/ns/widgets" xmlns:tizen="http://tizen.org/ns/widgets" ' +
	`id="http://example.org/test" version="1.0.0">\n\t${inside}\n</widget>\n`;

/** An application: its files by their names, and TAs (1, 2, 3) in folders. */
function application(t, files, tas = {}) {
	const made = directory(t);
	for (const [name, contents] of Object.entries(files)) {
		fs.mkdirSync(path.dirname(path.join(made, name)), { recursive: true });
		fs.writeFileSync(path.join(made, name), contents);
	}
	for (const [number, folder] of Object.entries(tas)) {
		const name = `${TEST_UUID}${number}.ta`;
		fs.mkdirSync(path.join(made, folder), { recursive: true });
		fs.copyFileSync(path.join(TAS, name), path.join(made, folder, name));
	}
	return made;
}

const TEST_UUID = '7e57c0de-4e0d-4a11-9b2c-5e0c8d21000';

module.exports = {
	PACKAGE, TAS, TEST_UUID, PRIVILEGE, run, runProgram, directory, application, manifest,
};
