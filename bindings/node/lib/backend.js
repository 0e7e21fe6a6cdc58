/* The API's backend in Node.js: the addon, and the rules for the application. */
'use strict';

const path = require('node:path');

const { addonLoad } = require('./addon');
const { applicationFind } = require('./application');
const { settingsParse } = require('./settings');
const { uuidOctets } = require('./convert');
const { RESULTS, ORIGINS, connectException } = require('./results');

const nothing = () => {};

/* Where the program that runs lies. */
function programDirectory() {
	const file = require.main?.filename ?? process.argv[1];
	return file ? path.dirname(path.resolve(file)) : process.cwd();
}

class NodeBackend {
	#options = {};
	#settings = null;
	#application = null;
	#told = false;

	/** Takes settings for what comes from now on. */
	configure(options) {
		settingsParse(options);
		this.#options = { ...options };
		this.#settings = null;
		this.#application = null;
	}

	#found() {
		if (this.#application)
			return this.#application;
		this.#settings = settingsParse(this.#options);
		this.#application = applicationFind(programDirectory(), this.#settings);
		if (this.#application.isDeveloperMode && !this.#told) {
			this.#told = true;
			process.stderr.write('teesim-tizen-teec: developer mode: there is no config.xml ' +
				`at or above ${this.#application.directory}, so every TA can be reached\n`);
		}
		return this.#application;
	}

	check() {
		this.#found().check();
	}

	connect(name) {
		const application = this.#found();
		const connection = addonLoad().connect(name, application.directory, application.taPath);
		if (typeof connection === 'number')
			throw connectException(connection);
		return connection;
	}

	allocate(connection, size, flags) {
		return addonLoad().allocate(connection, size, flags);
	}

	release(block) {
		addonLoad().release(block);
	}

	write(block, octets, offset) {
		addonLoad().write(block, octets, offset);
	}

	read(block, octets, offset) {
		addonLoad().read(block, octets, offset);
	}

	open(connection, request) {
		const reason = this.#found().refusal(request.ta);
		if (reason === null)
			return addonLoad().open(connection, { ...request, ta: uuidOctets(request.ta) });
		setTimeout(request.done, 0, RESULTS.ITEM_NOT_FOUND, ORIGINS.TEE, [], undefined, reason);
		return null;
	}

	invoke(session, request) {
		return addonLoad().invoke(session, request);
	}

	cancel(call) {
		addonLoad().cancel(call);
	}

	close(session) {
		addonLoad().close(session, { params: [], done: nothing });
	}

	guard(callback) {
		if (this.#settings.callbackErrors === 'throw')
			return callback;
		return (...args) => {
			try {
				callback(...args);
			} catch (error) {
				console.error(error);
			}
		};
	}
}

module.exports = { NodeBackend };
