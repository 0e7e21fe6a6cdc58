/*
 * Serves an application to a browser on this machine, and its pages' way to the TEE.
 *
 * Who knows the token may do what the application may; it is part of every address, so no other
 * page can name one. Beyond that, a request to the bridge must come from a page of this very
 * origin, and no request may name the server otherwise than by its address, as a page does that
 * has a name of its own point here.
 */
'use strict';

const crypto = require('node:crypto');
const fs = require('node:fs/promises');
const http = require('node:http');
const path = require('node:path');

const { bundleMake } = require('./bundle');
const { FRAME_MAX, frameEncode, streamEncode } = require('./frame');
const { PageSession } = require('./page_session');
const { requestParse } = require('./request');

const ADDRESS = '127.0.0.1';
const BRIDGE = '$teesim/';
const TYPES = {
	'.html': 'text/html; charset=utf-8',
	'.htm': 'text/html; charset=utf-8',
	'.js': 'text/javascript; charset=utf-8',
	'.mjs': 'text/javascript; charset=utf-8',
	'.css': 'text/css; charset=utf-8',
	'.json': 'application/json',
	'.xml': 'application/xml',
	'.svg': 'image/svg+xml',
	'.png': 'image/png',
	'.jpg': 'image/jpeg',
	'.jpeg': 'image/jpeg',
	'.gif': 'image/gif',
	'.ico': 'image/x-icon',
	'.webp': 'image/webp',
	'.woff2': 'font/woff2',
	'.wasm': 'application/wasm',
	'.txt': 'text/plain; charset=utf-8',
};
const HEADERS = {
	'Cache-Control': 'no-store',
	'Content-Security-Policy': 'frame-ancestors \'self\'',
	'Cross-Origin-Opener-Policy': 'same-origin',
	'Cross-Origin-Resource-Policy': 'same-origin',
	'Referrer-Policy': 'no-referrer',
	'X-Content-Type-Options': 'nosniff',
};
/* A page that has said hello and never listens is none. */
const LISTEN_MS = 30000;
const TEXT_MAX = 1 << 20;

class Refusal extends Error {
	constructor(status, message) {
		super(message);
		this.status = status;
	}
}

function answer(response, status, type, body) {
	response.writeHead(status, { ...HEADERS, 'Content-Type': type, 'Content-Length': body.length });
	response.end(body);
}

async function bodyRead(request, max) {
	const pieces = [];
	let size = 0;
	for await (const piece of request) {
		size += piece.length;
		if (size > max)
			throw new Refusal(413, 'too large');
		pieces.push(piece);
	}
	return Buffer.concat(pieces);
}

/** The page with our script before all of its own. */
function scriptInsert(html, script) {
	const head = /<head(\s[^>]*)?>/i.exec(html) ?? /<html(\s[^>]*)?>/i.exec(html) ??
		/<!doctype[^>]*>/i.exec(html);
	const at = head ? head.index + head[0].length : 0;
	return html.slice(0, at) + script + html.slice(at);
}

const equal = (a, b) => a.length === b.length && crypto.timingSafeEqual(a, b);

class WebAppServer {
	#addon;
	#application;
	#settings;
	#options;
	#token = crypto.randomBytes(32).toString('base64url');
	#server;
	#pages = new Map();
	#lastPage = 0;
	#bundle = Buffer.from(bundleMake());

	/**
	 * `openApplication()` gives the application as it is now. `options`: console(level, text) and
	 * exit(), for a browser that shows no page; else neither.
	 */
	constructor(addon, openApplication, settings, options = {}) {
		this.#addon = addon;
		this.#application = openApplication;
		this.#settings = settings;
		this.#options = options;
		this.#server = http.createServer((request, response) => this.#handle(request, response)
			.catch((error) => this.#refuse(request, response, error)));
	}

	/** Listens; `port` 0 takes any. Resolves to the address to open. */
	async listen(port) {
		await new Promise((resolve, reject) => {
			this.#server.once('error', reject);
			this.#server.listen({ port, host: ADDRESS }, () => resolve(null));
		});
		return `${this.#origin}/${this.#token}/`;
	}

	async close() {
		for (const number of [...this.#pages.keys()])
			this.#pageEnd(number);
		this.#server.closeAllConnections?.();
		await new Promise((resolve) => this.#server.close(resolve));
	}

	get #host() {
		const { port } = /** @type {import('node:net').AddressInfo} */ (this.#server.address());
		return `${ADDRESS}:${port}`;
	}

	get #origin() {
		return `http://${this.#host}`;
	}

	#refuse(request, response, error) {
		const status = error instanceof Refusal ? error.status : 500;
		if (!(error instanceof Refusal))
			process.stderr.write(`teesim webapp: ${request.method}: ${error.stack}\n`);
		if (response.headersSent)
			response.destroy();
		else
			answer(response, status, 'text/plain; charset=utf-8', Buffer.from(`${error.message}\n`));
	}

	/* The path below the token. What is wrong with a request is told to nobody who has no token. */
	#pathOf(request) {
		const [, token, ...rest] = request.url.split('?')[0].split('/');
		if (request.headers.host !== this.#host ||
			!equal(Buffer.from(token ?? ''), Buffer.from(this.#token)))
			throw new Refusal(404, 'there is nothing here');
		try {
			return decodeURIComponent(rest.join('/'));
		} catch {
			throw new Refusal(400, 'a bad address');
		}
	}

	async #handle(request, response) {
		const name = this.#pathOf(request);
		if (name.startsWith(BRIDGE))
			return this.#bridge(request, response, name.slice(BRIDGE.length));
		if (request.method !== 'GET' && request.method !== 'HEAD')
			throw new Refusal(405, 'files can only be read');
		return name === '' ? this.#start(response) : this.#file(response, name);
	}

	#start(response) {
		const page = this.#application().content.split('/').map(encodeURIComponent).join('/');
		response.writeHead(302, { ...HEADERS, Location: `/${this.#token}/${page}` });
		response.end();
	}

	async #file(response, name) {
		const { directory } = this.#application();
		let file, contents;
		try {
			const root = await fs.realpath(directory);
			file = await fs.realpath(path.join(root, name));
			if (!file.startsWith(root + path.sep))
				throw new Error('outside');
			contents = await fs.readFile(file);
		} catch {
			throw new Refusal(404, `the application has no file ${name}`);
		}
		const type = TYPES[path.extname(file).toLowerCase()] ?? 'application/octet-stream';
		if (type.startsWith('text/html')) {
			const told = this.#options.console ? ' data-console' : '';
			contents = Buffer.from(scriptInsert(contents.toString('utf8'),
				`<script src="/${this.#token}/${BRIDGE}page.js"${told}></script>`));
		}
		answer(response, 200, type, contents);
	}

	async #bridge(request, response, name) {
		if (name === 'page.js' && request.method === 'GET') {
			answer(response, 200, TYPES['.js'], this.#bundle);
			return;
		}
		if (request.method !== 'POST')
			throw new Refusal(405, 'the bridge takes requests by POST');
		const site = request.headers['sec-fetch-site'];
		if (request.headers.origin !== this.#origin || (site && site !== 'same-origin'))
			throw new Refusal(403, 'only pages of the application may use the bridge');
		switch (name) {
		case 'call':
			this.#call(response, await bodyRead(request, FRAME_MAX));
			break;
		case 'events':
			this.#events(response, await bodyRead(request, TEXT_MAX));
			break;
		case 'console':
			this.#console(await bodyRead(request, TEXT_MAX));
			answer(response, 200, TYPES['.txt'], Buffer.alloc(0));
			break;
		case 'exit':
			answer(response, 200, TYPES['.txt'], Buffer.alloc(0));
			this.#options.exit?.();
			break;
		default:
			throw new Refusal(404, 'the bridge has no such request');
		}
	}

	#hello() {
		const page = new PageSession(this.#addon, this.#application(), this.#settings);
		const number = ++this.#lastPage;
		const late = setTimeout(() => this.#pageEnd(number), LISTEN_MS);
		late.unref();
		this.#pages.set(number, { page, late });
		return { message: { page: number, ...page.greeting() } };
	}

	#pageEnd(number) {
		const entry = this.#pages.get(number);
		if (!entry)
			return;
		this.#pages.delete(number);
		clearTimeout(entry.late);
		entry.page.end();
	}

	#call(response, body) {
		let reply;
		try {
			const request = requestParse(body);
			if (request.op === 'hello') {
				reply = this.#hello();
			} else {
				const entry = this.#pages.get(request.page);
				if (!entry)
					throw new Error('there is no such page');
				reply = entry.page.serve(request);
			}
		} catch (error) {
			throw new Refusal(400, error.message);
		}
		answer(response, 200, 'application/octet-stream',
			Buffer.from(frameEncode(reply.message, reply.blobs)));
	}

	#events(response, body) {
		let number;
		try {
			number = JSON.parse(body.subarray(4).toString('utf8')).page;
		} catch {
			throw new Refusal(400, 'events of no page');
		}
		const entry = this.#pages.get(number);
		if (!entry || !entry.late)
			throw new Refusal(400, 'there is no such page, or it listens already');
		clearTimeout(entry.late);
		entry.late = null;
		response.writeHead(200, { ...HEADERS, 'Content-Type': 'application/octet-stream' });
		response.flushHeaders();
		response.on('close', () => this.#pageEnd(number));
		entry.page.listen((frame) => {
			response.write(streamEncode(frame));
			response.write(frame);
		});
	}

	#console(body) {
		if (!this.#options.console)
			throw new Refusal(404, 'nobody listens to the console');
		let level, text;
		try {
			({ level, text } = JSON.parse(body.toString('utf8')));
		} catch {
			throw new Refusal(400, 'a line that is none');
		}
		this.#options.console(String(level), String(text));
	}
}

module.exports = { WebAppServer };
