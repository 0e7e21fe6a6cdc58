/* Opening the application: in the user's own browser, or in a Chromium without a window. */
'use strict';

const { spawn } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const CHROMIUMS = ['chromium', 'chromium-browser', 'google-chrome', 'chrome'];
const OPENERS = ['xdg-open', 'sensible-browser', 'x-www-browser'];

function programFind(names) {
	const folders = (process.env.PATH ?? '').split(path.delimiter).filter((folder) => folder);
	for (const name of names)
		for (const folder of folders) {
			const file = path.join(folder, name);
			try {
				fs.accessSync(file, fs.constants.X_OK);
				return file;
			} catch {
				/* The next one. */
			}
		}
	return null;
}

/*
 * The address has the token, and a command line can be read by everybody on the machine: so the
 * browser gets a file that only this user can read, which leads on to it.
 */
function leadMake(directory, address) {
	const file = path.join(directory, 'open.html');
	fs.writeFileSync(file, '<!DOCTYPE html><meta charset="utf-8"><title>teesim webapp</title>' +
		`<meta http-equiv="refresh" content="0; url=${address}"><a href="${address}">Open</a>\n`,
	{ mode: 0o600 });
	return `file://${file}`;
}

class Browser {
	#directory = fs.mkdtempSync(path.join(os.tmpdir(), 'teesim-webapp.'));
	#child = null;
	#said = '';
	#closing = false;

	/** Opens the address in the user's own browser. Returns whether there is a way to. */
	open(address) {
		const opener = programFind(OPENERS);
		if (!opener)
			return false;
		spawn(opener, [leadMake(this.#directory, address)], { stdio: 'ignore', detached: true })
			.on('error', () => {})
			.unref();
		return true;
	}

	/**
	 * Opens it in a Chromium without a window; `program` null looks for one. `ended(why)` is called
	 * when that ends by itself.
	 *
	 * @throws {Error} where there is none
	 */
	openHeadless(address, program, ended) {
		const chromium = program ?? programFind(CHROMIUMS);
		if (!chromium)
			throw new Error('there is no Chromium: `apt-get install chromium`, or --browser FILE');
		const home = path.join(this.#directory, 'home');
		fs.mkdirSync(home);
		this.#child = spawn(chromium, [
			'--headless=new', '--no-first-run', '--no-default-browser-check', '--disable-gpu',
			'--disable-extensions', '--disable-sync', '--disable-component-update',
			'--disable-background-networking', '--disable-breakpad', '--disable-crash-reporter',
			'--disable-dev-shm-usage', '--no-proxy-server', '--password-store=basic',
			`--user-data-dir=${path.join(this.#directory, 'profile')}`,
			/* Chromium's own sandbox does not work for root. */
			...(process.getuid() === 0 ? ['--no-sandbox'] : []),
			leadMake(this.#directory, address),
		], {
			stdio: ['ignore', 'ignore', 'pipe'],
			detached: true,
			env: {
				...process.env,
				HOME: home, XDG_CONFIG_HOME: home, XDG_CACHE_HOME: home, TMPDIR: home,
			},
		});
		this.#child.stderr.setEncoding('utf8').on('data', (text) => {
			this.#said = (this.#said + text).slice(-4000);
		});
		this.#child.on('error', (error) => ended(`${chromium}: ${error.message}`));
		this.#child.on('exit', (status, signal) => {
			if (!this.#closing)
				ended(`${chromium} ended with ${signal ?? status}:\n${this.#said}`);
		});
	}

	/** Ends what openHeadless() has started, and removes all that was made. */
	async close() {
		const child = this.#child;
		this.#closing = true;
		if (child?.pid && child.exitCode === null && child.signalCode === null) {
			const gone = new Promise((resolve) => child.once('exit', resolve));
			/* With all of its processes. */
			process.kill(-child.pid, 'SIGKILL');
			await gone;
		}
		await fs.promises.rm(this.#directory, { recursive: true, force: true, maxRetries: 20 });
	}
}

module.exports = { Browser };
