/* `teesim webapp run`: the program that it starts. */
'use strict';

const { parseArgs } = require('node:util');

const { addonLoad } = require('../lib/addon');
const { applicationOpen } = require('../lib/application');
const { settingsParse } = require('../lib/settings');
const { Browser } = require('./browser');
const { WebAppServer } = require('./server');

const STATUS = { OK: 0, REFUSED: 1, USAGE: 2 };
const TIMEOUT_S = 60;

const USAGE = `usage: teesim webapp run [OPTION...] DIR

Serves the web application in DIR, which has its config.xml, to a browser on this machine, with
tizen.teec leading to the simulated TEE, until it is interrupted.

  --headless          in a Chromium without a window: what the page says on its console is
                      printed here, and window.close() ends it. The status is 1 where the page
                      had an uncaught error or did not end in time
  --timeout SECONDS   how long that may take (${TIMEOUT_S})
  --browser FILE      the Chromium to take for that
  --no-open           only say the address, and open no browser
  --port N            listen there, and not on any free port
  --certificate LEVEL the application's certificate: public, partner (else) or platform
  --allow-ta UUID     a trusted application that it may reach besides its own; * for all
`;

const say = (text) => process.stderr.write(`teesim webapp: ${text}\n`);

function optionsParse() {
	const { values, positionals } = parseArgs({
		allowPositionals: true,
		options: {
			headless: { type: 'boolean' },
			timeout: { type: 'string', default: String(TIMEOUT_S) },
			browser: { type: 'string' },
			'no-open': { type: 'boolean' },
			port: { type: 'string', default: '0' },
			certificate: { type: 'string' },
			'allow-ta': { type: 'string', multiple: true },
			help: { type: 'boolean', short: 'h' },
		},
	});
	const number = (name, max) => {
		if (!/^\d+$/.test(values[name]) || Number(values[name]) > max)
			throw new Error(`--${name} takes a number up to ${max}, not "${values[name]}"`);
		return Number(values[name]);
	};
	if (!values.help && positionals.length !== 1)
		throw new Error('it takes one directory');
	return {
		...values,
		directory: positionals[0],
		port: number('port', 65535),
		timeout: number('timeout', 86400),
		settings: settingsParse({ certificate: values.certificate, allowTas: values['allow-ta'] }),
	};
}

/* Until somebody ends it: resolves to the status. */
function serveUntilEnd(options) {
	const { settings, directory } = options;
	const browser = new Browser();
	let failed = false, end;
	const ended = new Promise((resolve) => {
		end = resolve;
	});
	const page = options.headless ? {
		console(level, text) {
			failed ||= level === 'uncaught';
			const to = ['warn', 'error', 'uncaught'].includes(level) ? process.stderr
				: process.stdout;
			to.write(`${level === 'uncaught' ? 'uncaught: ' : ''}${text}\n`);
		},
		exit: () => end(failed ? STATUS.REFUSED : STATUS.OK),
	} : {};
	const server = new WebAppServer(addonLoad(), () => applicationOpen(directory, settings),
		settings, page);
	for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
		process.once(signal, () => end(STATUS.OK));

	const start = async () => {
		const address = await server.listen(options.port);
		if (options.headless) {
			setTimeout(() => {
				say(`the page did not call window.close() within ${options.timeout} seconds`);
				end(STATUS.REFUSED);
			}, options.timeout * 1000).unref();
			browser.openHeadless(address, options.browser ?? null, (why) => {
				say(why);
				end(STATUS.REFUSED);
			});
			return;
		}
		process.stdout.write(`${address}\n`);
		say('this address is the key to the application\'s TEE: keep it to yourself. ' +
			'Ctrl-C ends it');
		if (!options['no-open'] && !browser.open(address))
			say('no browser was found to open it with');
	};
	return start().then(() => ended, (error) => {
		say(error.message);
		return STATUS.REFUSED;
	}).finally(async () => {
		await browser.close();
		await server.close();
	});
}

async function main() {
	let options;
	try {
		options = optionsParse();
	} catch (error) {
		say(`${error.message.split('\n')[0]}; teesim webapp run --help tells more`);
		return STATUS.USAGE;
	}
	if (options.help) {
		process.stdout.write(USAGE);
		return STATUS.OK;
	}
	try {
		/* So that a mistake in the manifest shows before a page does. */
		applicationOpen(options.directory, options.settings).check();
	} catch (error) {
		if (error.name !== 'SecurityError' && error.name !== 'NotSupportedError') {
			say(error.message);
			return STATUS.REFUSED;
		}
		say(`tizen.teec will refuse all calls: ${error.message}`);
	}
	return serveUntilEnd(options);
}

main().then((status) => {
	process.exitCode = status;
});
