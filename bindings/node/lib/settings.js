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
 * @param {object} options as documented in index.d.ts; what is left out comes from `environment`
 * @throws {RangeError} names the setting
 */
function settingsParse(options = {}, environment = process.env) {
	const pick = (option, variable, preset) => {
		if (options[option] !== undefined)
			return [options[option], option];
		const value = environment[variable];
		return [value === undefined || value === '' ? preset : value, variable];
	};
	const [directory] = pick('directory', 'TEESIM_APP_DIRECTORY', null);
	return Object.freeze({
		directory,
		certificate: ((value, where) => oneOf(value, CERTIFICATES, where))(
			...pick('certificate', 'TEESIM_APP_CERTIFICATE', 'partner')),
		allowed: allowedParse(...pick('allowTas', 'TEESIM_APP_ALLOW_TAS', '')),
		feature: ((value, where) => oneOf(String(value), ['true', 'false'], where) === 'true')(
			...pick('feature', 'TEESIM_APP_FEATURE', 'true')),
		callbackErrors: ((value, where) => oneOf(value, ['throw', 'log'], where))(
			...pick('callbackErrors', 'TEESIM_APP_CALLBACK_ERRORS', 'throw')),
	});
}

module.exports = { settingsParse };
