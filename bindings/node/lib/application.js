/*
 * A Tizen application as the simulator sees it: the directory with its config.xml, what that
 * permits, and the trusted applications that belong to it.
 *
 * In Node.js the application is the process itself: these rules tell a developer in time what
 * a device would refuse, and keep nobody from loading the addon by itself. In `teesim webapp run`
 * they are enforced outside the page.
 */
'use strict';

const fs = require('node:fs');
const path = require('node:path');

const { WebAPIException } = require('./errors');
const { configParse } = require('./config');

const PRIVILEGE = 'http://tizen.org/privilege/tee.client';
const FEATURE = 'http://tizen.org/feature/security.tee';
/* Those that may use it. */
const CERTIFICATES = ['partner', 'platform'];
/* As teesimd looks for a TA. */
const FOLDERS = ['', 'res'];
const SUFFIXES = ['ta', 'so', 'elf'];

/* The manifest in a directory, or null. One with a `problem` permits nothing. */
function configRead(directory) {
	const file = path.join(directory, 'config.xml');
	const unknown = { file, isWidget: false, privileges: new Set(), content: 'index.html' };
	let octets;
	try {
		octets = fs.readFileSync(file);
	} catch (error) {
		if (error.code === 'ENOENT' || error.code === 'ENOTDIR')
			return null;
		return { ...unknown, problem: `${file} cannot be read: ${error.code}` };
	}
	try {
		return { file, problem: null, ...configParse(octets) };
	} catch (error) {
		const problem = `${file} is no manifest that can be read: ${error.message}`;
		return { ...unknown, problem };
	}
}

class Application {
	#settings;
	#config;

	/** `config` null: a program without a manifest, in developer mode. */
	constructor(directory, config, settings) {
		this.directory = directory;
		this.#config = config;
		this.#settings = settings;
	}

	get isDeveloperMode() {
		return this.#config === null;
	}

	/** The page that the application starts with. */
	get content() {
		return this.#config?.content ?? 'index.html';
	}

	/** @throws {WebAPIException} where the application may not use the TEE at all */
	check() {
		const settings = this.#settings;
		const config = this.#config;
		if (!settings.feature)
			throw new WebAPIException('NotSupportedError',
				`the device has no feature ${FEATURE} (that is how it was set)`);
		if (config === null)
			return;
		if (config.problem)
			throw new WebAPIException('SecurityError', config.problem);
		if (!config.privileges.has(PRIVILEGE))
			throw new WebAPIException('SecurityError',
				`${config.file} does not ask for the privilege: ` +
				`<tizen:privilege name="${PRIVILEGE}"/>`);
		if (!CERTIFICATES.includes(settings.certificate))
			throw new WebAPIException('SecurityError',
				`${PRIVILEGE} needs a certificate of level partner, and the application's ` +
				`is ${settings.certificate} (that is how it was set)`);
	}

	#mayReachAll() {
		return this.#config === null || this.#settings.allowed.includes('*');
	}

	/** Why the application may not reach the TA, or null. `uuid` is in lower case. */
	refusal(uuid) {
		if (this.#mayReachAll() || this.#settings.allowed.includes(uuid))
			return null;
		const own = FOLDERS.some((folder) => SUFFIXES.some((suffix) =>
			fs.existsSync(path.join(this.directory, folder, `${uuid}.${suffix}`))));
		return own ? null : `there is no ${uuid}.ta in ${this.directory} or its res/, and an ` +
			'application reaches only its own TAs unless it is allowed more';
	}

	/** Other directories with TAs, as TEESIM_TA_PATH names them; null: those that it names. */
	get taPath() {
		return this.#config === null || this.#settings.allowed.length > 0 ? null : '';
	}
}

/**
 * The application in a directory.
 *
 * @throws {Error} where there is no config.xml of a widget; one that can't be read is a reason to
 *     refuse, and check() says so
 */
function applicationOpen(directory, settings) {
	const absolute = path.resolve(directory);
	const config = configRead(absolute);
	if (config === null)
		throw new Error(`${absolute} has no config.xml`);
	if (!config.problem && !config.isWidget)
		throw new Error(`${config.file} is no manifest of a web application: its root is no ` +
			'widget of http://www.w3.org/ns/widgets');
	return new Application(absolute, config, settings);
}

/**
 * The application that a program in `start` belongs to: in the first directory from there upwards
 * that has a widget's config.xml, else one in developer mode.
 */
function applicationFind(start, settings) {
	if (settings.directory !== null)
		return applicationOpen(settings.directory, settings);
	for (let directory = path.resolve(start); ; directory = path.dirname(directory)) {
		const config = configRead(directory);
		if (config && (config.problem || config.isWidget))
			return new Application(directory, config, settings);
		if (directory === path.dirname(directory))
			return new Application(path.resolve(start), null, settings);
	}
}

module.exports = { applicationFind, applicationOpen };
