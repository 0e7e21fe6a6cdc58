/*
 * A TAM that has been in use, served by the teesim-tam of this build, on SQLite or, where
 * $TEESIM_TEST_DATABASE names a server of PostgreSQL's, in a schema of its own there.
 */
'use strict';

const assert = require('node:assert');
const { execFileSync, spawn } = require('node:child_process');
const { createHash } = require('node:crypto');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const BUILD = process.env.TEESIM_BUILD_DIR;
const SERVER = path.join(BUILD, 'libexec/teesim/teesim-tam');
const DEMO = path.join(BUILD, 'tests/unit/teep/tam/server/tam-demo');

let schemas = 0;

function databaseMake() {
	const server = process.env.TEESIM_TEST_DATABASE;
	if (!server)
		return null;
	const name = `page_${process.pid}_${schemas++}`;
	execFileSync('psql', ['-q', server, '-c', `CREATE SCHEMA ${name}`]);
	return `${server}&options=-csearch_path%3D${name}`;
}

class Tam {
	#children = [];

	/** `devices` 0: one that nobody has used yet. */
	static async start({ devices = 64, config = {}, options = [] } = {}) {
		const tam = new Tam();
		tam.directory = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'tam-test.')), 'tam');
		const database = databaseMake();
		execFileSync(DEMO, [tam.directory, ...(database ? [database] : [])],
			{ env: { ...process.env, TAM_DEMO_DEVICES: String(devices) } });
		const file = tam.file('tam.conf'), text = JSON.parse(fs.readFileSync(file));
		fs.writeFileSync(file, JSON.stringify({ ...text, ...config, limits: { ...text.limits, ...config.limits } }));
		tam.url = await tam.serve(options);
		return tam;
	}

	file(name) {
		return path.join(this.directory, name);
	}

	token(name) {
		return fs.readFileSync(this.file(`${name}.token`), 'utf8').trim();
	}

	/** One more process on the same database; the URL that it is served at, without a slash at its end. */
	serve(options = []) {
		const child = spawn(SERVER, ['--port', '0', '--ready-fd', '3', ...options, this.directory],
			{ stdio: ['ignore', 'ignore', 'pipe', 'pipe'] });
		const entry = { child, said: '' };
		this.#children.push(entry);
		child.stderr.setEncoding('utf8').on('data', (text) => {
			entry.said += text;
		});
		entry.ended = new Promise((resolve) => child.once('close', (status, signal) => resolve({ status, signal })));
		return new Promise((resolve, reject) => {
			let line = '';
			child.stdio[3].setEncoding('utf8').on('data', (text) => {
				line += text;
			}).on('close', () => {
				if (line.endsWith('/\n'))
					resolve(line.slice(0, -2));
				else
					reject(new Error(`teesim-tam did not start: ${entry.said}`));
			});
		});
	}

	/** What the servers wrote so far. */
	get said() {
		return this.#children.map(({ said }) => said).join('');
	}

	/** Asks as whoever has that token. { status, headers, body }; `body` is parsed where it is JSON. */
	async ask(who, method, where, { json, body, type, headers = {}, url = this.url } = {}) {
		const answer = await fetch(`${url}${where.startsWith('/') ? '' : '/api/v1/'}${where}`, {
			method,
			headers: {
				...(who ? { Authorization: `Bearer ${who.startsWith('tam_') ? who : this.token(who)}` } : {}),
				...(json !== undefined ? { 'Content-Type': 'application/json' } : type ? { 'Content-Type': type } : {}),
				...headers,
			},
			body: json !== undefined ? JSON.stringify(json) : body,
		});
		const octets = Buffer.from(await answer.arrayBuffer());
		const isJson = answer.headers.get('content-type') === 'application/json';
		return { status: answer.status, headers: answer.headers,
			body: isJson ? JSON.parse(octets.toString()) : octets };
	}

	/** The same, with the status that it has to have; its body. */
	async expect(status, who, method, where, options) {
		const answer = await this.ask(who, method, where, options);
		assert.equal(answer.status, status, `${method} ${where}: ${JSON.stringify(answer.body)}`);
		return answer.body;
	}

	/** Every process ends in order when it is told to. */
	async stop() {
		for (const { child, ended, said } of this.#children) {
			if (child.exitCode === null && child.signalCode === null)
				child.kill('SIGTERM');
			const how = await ended;
			assert.deepEqual(how, { status: 0, signal: null }, said);
		}
		fs.rmSync(path.dirname(this.directory), { recursive: true, force: true });
	}
}

/** What `teesim sp encrypt` would make for a device's key (base64); the TAM sees its form alone. */
function delivery(did, aik, members) {
	const key = { protected: 'eyJlbmMiOiJBMTI4Q0JDLUhTMjU2In0', recipients: [{ header: { alg: 'RSA1_5' }, encrypted_key: 'AAAA' }],
		iv: 'AAAA', ciphertext: 'AAAA', tag: 'AAAA' };
	return { SPTADELIVERY: { ver: '1.0', tamid: '1.3.6.1.4.1.55555.7.1', did,
		spaikhash: createHash('sha256').update(Buffer.from(aik, 'base64')).digest('base64'),
		encrypted_ta: { key, iv: '0'.repeat(32), alg: 'AESCBC', ciphertadata: Buffer.alloc(64).toString('base64') }, ...members } };
}

module.exports = { Tam, delivery, SERVER };
