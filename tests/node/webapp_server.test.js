/* The server of web applications, by those who have no business there. No browser is needed. */
'use strict';

const assert = require('node:assert');
const { spawn } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const http = require('node:http');
const path = require('node:path');
const { test } = require('node:test');

const { PACKAGE, application, manifest, run } = require('./children');
const { frameEncode, frameParse, StreamReader, streamEncode } =
	require(path.join(PACKAGE, 'webapp/frame'));
const { requestParse } = require(path.join(PACKAGE, 'webapp/request'));

/* A server that runs while the test does: { origin, token, port, ask }. */
async function serving(t, directory, ...options) {
	const child = spawn('teesim', ['webapp', 'run', '--no-open', ...options, directory],
		{ stdio: ['ignore', 'pipe', 'pipe'] });
	t.after(async () => {
		const gone = once(child, 'exit');
		child.kill('SIGINT');
		assert.deepEqual(await gone, [0, null]);
	});
	const [address] = await once(child.stdout.setEncoding('utf8'), 'data');
	const { origin, port, pathname } = new URL(address.trim());
	const token = pathname.split('/')[1];
	const ask = (target, { method = 'GET', headers = {}, body } = {}) =>
		new Promise((resolve, reject) => {
			const request = http.request({ host: '127.0.0.1', port, path: target, method, headers },
				async (response) => {
					const pieces = [];
					for await (const piece of response)
						pieces.push(piece);
					resolve({ status: response.statusCode, headers: response.headers,
						body: Buffer.concat(pieces) });
				});
			request.on('error', reject);
			request.end(body);
		});
	return { child, origin, token, port, ask };
}

const files = {
	'config.xml': manifest('<content src="start.html"/>' +
		'<tizen:privilege name="http://tizen.org/privilege/tee.client"/>'),
	'start.html': '<!doctype html><HEAD lang="en"><title>x</title></HEAD><p>text',
	'bare.html': '<p>text',
	'js/a b.js': 'var x;',
	'data.bin': 'octets',
};

test('files are served to who knows the token, with our script first', async (t) => {
	const { ask, token } = await serving(t, application(t, files));
	const first = await ask(`/${token}/`);
	assert.equal(first.status, 302);
	assert.equal(first.headers.location, `/${token}/start.html`);
	const start = await ask(first.headers.location);
	assert.equal(start.status, 200);
	assert.match(start.body.toString(),
		/^<!doctype html><HEAD lang="en"><script src="\/[^"]+\/\$teesim\/page\.js"><\/script><title>/);
	assert.match((await ask(`/${token}/bare.html`)).body.toString(), /^<script src=.*<p>text$/);
	assert.match((await ask(`/${token}/js/a%20b.js?query`)).headers['content-type'], /javascript/);
	assert.equal((await ask(`/${token}/data.bin`)).body.toString(), 'octets');
	assert.match((await ask(`/${token}/$teesim/page.js`)).body.toString(), /^\(\(\) => \{/);
	for (const [name, value] of [['referrer-policy', 'no-referrer'], ['cache-control', 'no-store'],
		['cross-origin-resource-policy', 'same-origin'], ['x-content-type-options', 'nosniff']])
		assert.equal(start.headers[name], value, name);
});

test('without the token, or by another name, there is nothing', async (t) => {
	const { ask, token, origin } = await serving(t, application(t, files));
	for (const target of ['/', '/start.html', '/$teesim/page.js', '/$teesim/call', '//', '/%00/',
		`/${token.slice(1)}/`, `/${token}x/`, `/${'A'.repeat(token.length)}/start.html`]) {
		const { status, body } = await ask(target, { method: 'POST', headers: { origin } });
		assert.equal(status, 404, target);
		assert.ok(!body.toString().includes(token));
	}
	for (const host of ['localhost', 'evil.example', '127.0.0.1', '127.0.0.1:1'])
		assert.equal((await ask(`/${token}/start.html`, { headers: { host } })).status, 404, host);
});

test('no file outside the application is served', async (t) => {
	const directory = application(t, files);
	fs.symlinkSync('/etc/hostname', path.join(directory, 'link'));
	fs.symlinkSync('start.html', path.join(directory, 'inner.html'));
	const { ask, token } = await serving(t, directory);
	for (const name of ['../config.xml', '..%2fconfig.xml', 'js/../../x', '%2e%2e/%2e%2e/etc/passwd',
		'/etc/passwd', 'link', 'js', 'js/', 'none', 'start.html%00'])
		assert.equal((await ask(`/${token}/${name}`)).status, 404, name);
	assert.equal((await ask(`/${token}/%zz`)).status, 400);
	assert.equal((await ask(`/${token}/inner.html`)).status, 200);
	assert.equal((await ask(`/${token}/start.html`, { method: 'POST' })).status, 405);
});

const hello = frameEncode({ op: 'hello' });

test('the bridge is for pages of the application alone', async (t) => {
	const { ask, token, origin } = await serving(t, application(t, files));
	const call = (headers) => ask(`/${token}/$teesim/call`, { method: 'POST', headers, body: hello });
	for (const headers of [{}, { origin: 'null' }, { origin: 'http://evil.example' },
		{ origin: origin.replace('127.0.0.1', 'localhost') }, { origin: 'http://127.0.0.1:1' },
		{ origin: `${origin}/` }, { origin, 'sec-fetch-site': 'cross-site' },
		{ origin, 'sec-fetch-site': 'same-site' }])
		assert.equal((await call(headers)).status, 403, JSON.stringify(headers));
	assert.equal((await call({ origin, 'sec-fetch-site': 'same-origin' })).status, 200);
	assert.equal((await ask(`/${token}/$teesim/call`, { headers: { origin } })).status, 405);
	for (const name of ['console', 'nothing'])
		assert.equal((await ask(`/${token}/$teesim/${name}`,
			{ method: 'POST', headers: { origin }, body: '{}' })).status, 404, name);
	assert.equal((await ask(`/${token}/$teesim/call`, { method: 'OPTIONS',
		headers: { origin: 'http://evil.example', 'access-control-request-method': 'POST' } }))
		.headers['access-control-allow-origin'], undefined);
});

test('a page reaches what it has itself, and nothing of another page', async (t) => {
	const { ask, token, origin } = await serving(t, application(t, files, { 1: 'res' }));
	const call = async (message, blobs) => {
		const { status, body } = await ask(`/${token}/$teesim/call`,
			{ method: 'POST', headers: { origin }, body: frameEncode(message, blobs) });
		return status === 200 ? frameParse(body).message : body.toString().trim();
	};
	const { page } = await call({ op: 'hello' });
	const other = (await call({ op: 'hello' })).page;
	const connection = (await call({ op: 'connect', page, name: null })).handle;
	const block = (await call({ op: 'allocate', page, connection, size: 16, flags: 3 })).handle;
	assert.ok(Number.isInteger(block));
	assert.match(await call({ op: 'allocate', page: other, connection, size: 16, flags: 3 }),
		/there is no connection/);
	assert.match(await call({ op: 'release', page: other, block }), /there is no block/);
	assert.match(await call({ op: 'release', page, block: connection }), /there is no block/);
	assert.match(await call({ op: 'write', page, block, offset: 10 }, [new Uint8Array(7)]), /write\(/);
	assert.match(await call({ op: 'read', page, block, offset: 0, length: 17 }), /read\(/);
	assert.match(await call({ op: 'connect', page: 77, name: null }), /no such page/);
	assert.deepEqual((await call({ op: 'release', page, block })).blobs, []);
	assert.match(await call({ op: 'release', page, block }), /there is no block/);
	assert.deepEqual((await call({ op: 'drop', page, unused: [connection, 5, 5] })).blobs, []);
	assert.match(await call({ op: 'allocate', page, connection, size: 16, flags: 3 }),
		/there is no connection/);
});

test('a damaged request is refused, and breaks nothing', () => {
	const good = [
		[{ op: 'hello' }],
		[{ op: 'write', page: 1, block: 2, offset: 3 }, [Uint8Array.of(1, 2, 3)]],
		[{ op: 'open', page: 1, connection: 2, call: 3, ta: '7e57c0de-4e0d-4a11-9b2c-5e0c8d210001',
			login: 0, params: [{ type: 1, a: 1, b: 2 }, { type: 7 },
				{ type: 15, block: 1, offset: 2, size: 3 }] }, [new Uint8Array(5)]],
		[{ op: 'drop', page: 1, unused: [1, 2, 3] }],
	].map(([message, blobs]) => frameEncode(message, blobs));
	good.forEach((frame) => requestParse(frame));
	let state = 1;
	const next = (limit) => {
		state = (state * 1103515245 + 12345) % 2 ** 31;
		return state % limit;
	};
	let refusals = 0;
	for (let i = 0; i < 8000; i++) {
		const damaged = Uint8Array.from(good[i % good.length]);
		for (let j = next(3); j >= 0; j--)
			damaged[next(damaged.length)] = next(256);
		try {
			const request = requestParse(damaged.subarray(0, next(6) ? undefined : next(damaged.length)));
			assert.equal(typeof request.op, 'string');
		} catch (error) {
			assert.ok(error instanceof Error && !(error instanceof TypeError) &&
				!(error instanceof assert.AssertionError), error.stack);
			refusals++;
		}
	}
	assert.ok(refusals > 2000, `${refusals} refusals`);
	for (const text of ['null', '[]', '{}', '{"op":"__proto__","blobs":[]}',
		'{"op":"toString","page":1,"blobs":[]}', '{"op":"hello","blobs":[1]}',
		'{"op":"invoke","page":1,"session":1,"call":1,"command":1,"params":[null],"blobs":[]}']) {
		const json = Buffer.from(text);
		const frame = Buffer.alloc(4 + json.length);
		frame.writeUInt32LE(json.length);
		json.copy(frame, 4);
		assert.throws(() => requestParse(frame), Error, text);
	}
});

test('frames come out of a stream whole, however it is cut', () => {
	const frames = [1, 100, 70000].map((size) => frameEncode({ size }, [new Uint8Array(size).fill(size)]));
	const stream = Buffer.concat(frames.flatMap((frame) => [streamEncode(frame), frame]));
	for (const cut of [1, 2, 3, 5, 1000, stream.length]) {
		const got = [];
		const reader = new StreamReader((frame) => got.push(frameParse(frame).message.size));
		for (let at = 0; at < stream.length; at += cut)
			reader.push(stream.subarray(at, at + cut));
		assert.deepEqual(got, [1, 100, 70000]);
	}
});

test('the command line says what is wrong', async (t) => {
	const directory = application(t, files);
	for (const [args, status, text] of [
		[[], 2, 'usage: teesim webapp run'],
		[['walk'], 2, 'no command "walk"'],
		[['--help'], 0, 'needs Node.js 18'],
		[['run', '--help'], 0, '--allow-ta UUID'],
		[['run'], 2, 'takes one directory'],
		[['run', directory, directory], 2, 'takes one directory'],
		[['run', '--wide', directory], 2, 'wide'],
		[['run', '--port', 'x', directory], 2, '--port takes a number'],
		[['run', '--certificate', 'gold', directory], 2, 'gold'],
		[['run', '--allow-ta', 'all', directory], 2, 'neither a UUID nor *'],
		[['run', '/nowhere'], 1, '/nowhere has no config.xml'],
		[['run', '--headless', '--browser', '/nowhere', directory], 1, '/nowhere'],
	]) {
		const said = await run('teesim', ['webapp', ...args]);
		assert.equal(said.status, status, args.join(' '));
		assert.ok((said.stdout + said.stderr).includes(text), `${args}: ${said.stdout}${said.stderr}`);
	}
	const teesim = path.join(process.env.TEESIM_BUILD_DIR, 'bin/teesim');
	const without = await run(teesim, ['webapp', 'run', directory], { env: { PATH: '/nowhere' } });
	assert.equal(without.status, 1);
	assert.match(without.stderr, /apt-get install nodejs/);
	const noBrowser = await run(process.execPath,
		[path.join(PACKAGE, 'webapp/run.js'), '--headless', directory], { env: { PATH: '/nowhere' } });
	assert.equal(noBrowser.status, 1);
	assert.match(noBrowser.stderr, /apt-get install chromium/);
});

test('the token is in no command line', async (t) => {
	const opener = application(t, {
		'xdg-open': '#!/bin/sh\nfile=${1#file://}\necho "$1" >"$OPENED"\ncat "$file" >>"$OPENED"\n' +
			'stat -c %a "$file" >>"$OPENED"\necho end >>"$OPENED"\n',
	});
	fs.chmodSync(path.join(opener, 'xdg-open'), 0o755);
	const opened = path.join(opener, 'opened');
	const child = spawn('teesim', ['webapp', 'run', application(t, files)], {
		stdio: ['ignore', 'pipe', 'ignore'],
		env: { ...process.env, PATH: `${opener}:${process.env.PATH}`, OPENED: opened },
	});
	const gone = once(child, 'exit');
	const [address] = await once(child.stdout.setEncoding('utf8'), 'data');
	let text = '';
	while (!text.endsWith('end\n')) {
		await new Promise((resolve) => setTimeout(resolve, 20));
		text = fs.existsSync(opened) ? fs.readFileSync(opened, 'utf8') : '';
	}
	const [argument, ...rest] = text.split('\n');
	assert.ok(!argument.includes(new URL(address.trim()).pathname.split('/')[1]));
	assert.ok(rest.join('\n').includes(address.trim()));
	assert.ok(rest.includes('600'));
	child.kill('SIGTERM');
	assert.deepEqual(await gone, [0, null]);
	assert.ok(!fs.existsSync(argument.slice('file://'.length)));
});
