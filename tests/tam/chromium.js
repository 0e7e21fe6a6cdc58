/*
 * A Chromium without a window, driven over its debugging pipe: no port that others could reach, and
 * nothing besides Node.js.
 */
'use strict';

const { spawn } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const PROGRAMS = ['chromium', 'chromium-browser', 'google-chrome', 'chrome'];

function programFind() {
	for (const name of PROGRAMS)
		for (const folder of (process.env.PATH ?? '').split(path.delimiter))
			if (folder && fs.existsSync(path.join(folder, name)))
				return path.join(folder, name);
	throw new Error('there is no Chromium: apt-get install chromium');
}

class Chromium {
	#directory = fs.mkdtempSync(path.join(os.tmpdir(), 'tam-page.'));
	#child;
	#next = 1;
	#waiting = new Map();
	#listeners = new Set();
	#text = '';

	constructor() {
		const home = path.join(this.#directory, 'home');
		fs.mkdirSync(home);
		this.#child = spawn(programFind(), [
			'--headless=new', '--remote-debugging-pipe', '--no-first-run', '--no-default-browser-check',
			'--disable-gpu', '--disable-extensions', '--disable-sync', '--disable-component-update',
			'--disable-background-networking', '--disable-breakpad', '--disable-crash-reporter',
			'--disable-dev-shm-usage', '--no-proxy-server', '--password-store=basic', '--hide-scrollbars',
			'--ignore-certificate-errors',
			`--user-data-dir=${path.join(this.#directory, 'profile')}`,
			/* Chromium's own sandbox does not work for root. */
			...(process.getuid() === 0 ? ['--no-sandbox'] : []),
			'about:blank',
		], {
			stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'],
			detached: true,
			env: { ...process.env, HOME: home, XDG_CONFIG_HOME: home, XDG_CACHE_HOME: home, TMPDIR: home },
		});
		this.#child.stdio[4].setEncoding('utf8').on('data', (text) => this.#hear(text));
		this.#child.stdio[3].on('error', () => {});
	}

	#hear(text) {
		this.#text += text;
		for (let end; (end = this.#text.indexOf('\0')) >= 0; this.#text = this.#text.slice(end + 1)) {
			const message = JSON.parse(this.#text.slice(0, end));
			const waiting = this.#waiting.get(message.id);
			if (waiting) {
				this.#waiting.delete(message.id);
				if (message.error)
					waiting.reject(new Error(`${waiting.method}: ${message.error.message}`));
				else
					waiting.resolve(message.result);
			} else {
				this.#listeners.forEach((listener) => listener(message));
			}
		}
	}

	call(method, params = {}, sessionId = undefined) {
		const id = this.#next++;
		return new Promise((resolve, reject) => {
			this.#waiting.set(id, { resolve, reject, method });
			this.#child.stdio[3].write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
		});
	}

	/** A fresh page that shares nothing with others. */
	async page({ width = 1280, height = 900 } = {}) {
		const { browserContextId } = await this.call('Target.createBrowserContext');
		const { targetId } = await this.call('Target.createTarget', { url: 'about:blank', browserContextId });
		const { sessionId } = await this.call('Target.attachToTarget', { targetId, flatten: true });
		const page = new Page(this, sessionId, this.#listeners);
		await page.begin(width, height);
		return page;
	}

	async close() {
		if (this.#child.pid && this.#child.exitCode === null && this.#child.signalCode === null) {
			const gone = new Promise((resolve) => this.#child.once('exit', resolve));
			/* With all of its processes. */
			process.kill(-this.#child.pid, 'SIGKILL');
			await gone;
		}
		await fs.promises.rm(this.#directory, { recursive: true, force: true, maxRetries: 20 });
	}
}

class Page {
	/** What went wrong in the page: errors, refusals by the CSP, requests to other hosts. */
	problems = [];
	requests = [];

	constructor(browser, sessionId, listeners) {
		this.browser = browser;
		this.sessionId = sessionId;
		listeners.add((message) => message.sessionId === sessionId && this.#event(message));
	}

	#event({ method, params }) {
		if (method === 'Runtime.exceptionThrown')
			this.problems.push(params.exceptionDetails.exception?.description ?? params.exceptionDetails.text);
		else if (method === 'Log.entryAdded' && params.entry.level === 'error' && params.entry.source !== 'network')
			this.problems.push(params.entry.text);
		else if (method === 'Network.requestWillBeSent')
			this.requests.push(params.request.url);
	}

	call(method, params) {
		return this.browser.call(method, params, this.sessionId);
	}

	async begin(width, height) {
		for (const domain of ['Page', 'Runtime', 'Log', 'Network', 'DOM'])
			await this.call(`${domain}.enable`);
		await this.resize(width, height);
	}

	resize(width, height) {
		return this.call('Emulation.setDeviceMetricsOverride', { width, height, deviceScaleFactor: 1, mobile: width < 500 });
	}

	async open(url) {
		await this.call('Page.navigate', { url });
	}

	/** The value of an expression, awaited. */
	async evaluate(expression) {
		const { result, exceptionDetails } = await this.call('Runtime.evaluate', { expression, awaitPromise: true,
			returnByValue: true });
		if (exceptionDetails)
			throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
		return result.value;
	}

	/** Until the expression is true. */
	async until(expression, what = expression) {
		for (let left = 1200; left > 0; left--) {
			const value = await this.evaluate(expression).catch(() => null);
			if (value)
				return value;
			await new Promise((resolve) => setTimeout(resolve, 50));
		}
		throw new Error(`never came: ${what}\n${await this.evaluate('document.body.innerText').catch(() => '')}`);
	}

	text() {
		return this.evaluate('document.body.innerText');
	}

	/** Until the page's text has it. */
	shows(text) {
		return this.until(`document.body.innerText.includes(${JSON.stringify(text)})`, text);
	}

	/**
	 * A press of the mouse on the element with that selector or, for a button or link, that text. The page may
	 * be drawn anew at any time, so that a press meets what is no longer there: then once more.
	 */
	async click(what) {
		for (let left = 100; left > 0; left--)
			if (await this.#clicked(what))
				return;
		throw new Error(`never met: ${what}`);
	}

	async #clicked(what) {
		await this.evaluate('delete window.__at').catch(() => {});
		await this.until(`(() => {
			const what = ${JSON.stringify(what)};
			const fits = [...document.querySelectorAll('dialog[open] button, dialog[open] a, button, a, summary')]
				.filter((each) => each.innerText.trim() === what || each.getAttribute('aria-label') === what);
			let element = fits.find((each) => each.closest('dialog[open]')) ?? fits.at(0) ?? null;
			if (!element) {
				try { element = document.querySelector(what); } catch { return false; }
			}
			if (!element || element.disabled)
				return false;
			element.scrollIntoView({ block: 'center' });
			const box = element.getBoundingClientRect(), before = window.__at;
			window.__at = [box.x + box.width / 2, box.y + box.height / 2];
			/* It may be on its way, or behind something that is. */
			if (String(before) !== String(window.__at) || !element.contains(document.elementFromPoint(...window.__at)))
				return false;
			window.__met = false;
			window.__unheard?.abort();
			window.__unheard = new AbortController();
			document.addEventListener('click', ({ target }) => { window.__met ||= element.contains(target); },
				{ capture: true, signal: window.__unheard.signal });
			return true;
		})()`, `something to click: ${what}`);
		const [x, y] = await this.evaluate('window.__at');
		for (const type of ['mousePressed', 'mouseReleased'])
			await this.call('Input.dispatchMouseEvent', { type, x, y, button: 'left', clickCount: 1 });
		/* Where it led to another document, that one knows nothing of it. */
		return await this.evaluate('window.__met').catch(() => undefined) !== false;
	}

	async type(selector, text) {
		for (let left = 100; left > 0; left--) {
			await this.until(`(() => { const it = document.querySelector(${JSON.stringify(selector)}); it?.focus(); it?.select?.();
				return it && document.activeElement === it; })()`, selector);
			await this.call('Input.insertText', { text });
			/* What one types goes nowhere when the page takes the field away just then. */
			if (await this.evaluate(`document.querySelector(${JSON.stringify(selector)})?.value`) === text)
				return;
		}
		throw new Error(`never took what was typed: ${selector}`);
	}

	async choose(selector, value) {
		await this.until(`(() => { const it = document.querySelector(${JSON.stringify(selector)}); if (!it) return false;
			it.value = ${JSON.stringify(value)}; it.dispatchEvent(new Event('input', { bubbles: true }));
			it.dispatchEvent(new Event('change', { bubbles: true })); return it.value === ${JSON.stringify(value)}; })()`, selector);
	}

	async key(key, code = key, keyCode = 0) {
		for (const type of ['keyDown', 'keyUp'])
			await this.call('Input.dispatchKeyEvent', { type, key, code, windowsVirtualKeyCode: keyCode,
				...(key === 'Enter' && type === 'keyDown' ? { text: '\r' } : {}) });
	}

	async files(selector, paths) {
		const { root } = await this.call('DOM.getDocument');
		const { nodeId } = await this.call('DOM.querySelector', { nodeId: root.nodeId, selector });
		await this.call('DOM.setFileInputFiles', { files: paths, nodeId });
	}

	async screenshot(file, full = true) {
		const { data } = await this.call('Page.captureScreenshot', { captureBeyondViewport: full, format: 'png' });
		fs.writeFileSync(file, Buffer.from(data, 'base64'));
	}
}

module.exports = { Chromium };
