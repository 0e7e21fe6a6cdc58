/* What can be set about an application: by configure(), else by the environment. */
'use strict';

const CERTIFICATES = Object.freeze(['public', 'partner', 'platform']);

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

function allowedParse(value, where) {
	const entries = (typeof value === 'string' ? value.split(',') : Array.from(value))
		.map((entry) => String(entry).trim().toLowerCase()).filter((entry) => entry !== '');
	const bad = entries.find((entry) => entry !== '*' && !UUID.test(entry));
	if (bad !== undefined)
		throw new RangeError(`${where}: "${bad}" is neither a UUID nor *`);
	return Object.freeze(entries);
}

function oneOf(value, values, where) {
	if (!values.includes(value))
		throw new RangeError(`${where}: "${value}" is none of ${values.join(', ')}`);
	return value;
}

/**
 * Checks settings.
 *
 * @param {Record<string, any>} options as documented in index.d.ts; what is left out comes from
 *     `environment`
 * @throws {RangeError} names the setting
 */
function settingsParse(options = {}, environment = process.env) {
	/* `parse(value, where)` checks it. */
	const pick = (option, variable, preset, parse) => {
		if (options[option] !== undefined)
			return parse(options[option], option);
		return parse(environment[variable] || preset, variable);
	};
	return Object.freeze({
		directory: pick('directory', 'TEESIM_APP_DIRECTORY', null, (value) => value),
		certificate: pick('certificate', 'TEESIM_APP_CERTIFICATE', 'partner',
			(value, where) => oneOf(value, CERTIFICATES, where)),
		allowed: pick('allowTas', 'TEESIM_APP_ALLOW_TAS', '', allowedParse),
		feature: pick('feature', 'TEESIM_APP_FEATURE', 'true',
			(value, where) => oneOf(String(value), ['true', 'false'], where) === 'true'),
		callbackErrors: pick('callbackErrors', 'TEESIM_APP_CALLBACK_ERRORS', 'throw',
			(value, where) => oneOf(value, ['throw', 'log'], where)),
	});
}

module.exports = { settingsParse };
