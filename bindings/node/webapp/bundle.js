/* The page's script: its modules, each in a function, and a require() for them. */
'use strict';

const fs = require('node:fs');
const path = require('node:path');

const ROOT = path.join(__dirname, '..');
const MODULES = ['lib/errors', 'lib/enumerations', 'lib/results', 'lib/convert', 'lib/parameters',
	'lib/api', 'webapp/frame', 'webapp/page_backend', 'webapp/page'];

const LOADER = `(() => {
'use strict';
const sources = {}, modules = {};
const load = (name) => {
	if (!modules[name]) {
		const module = modules[name] = { exports: {} };
		const folder = name.split('/')[0];
		sources[name](module, (relative) => load(relative.startsWith('../')
			? relative.slice(3) : folder + relative.slice(1)));
	}
	return modules[name].exports;
};
`;

function bundleMake() {
	const parts = MODULES.map((name) => `sources['${name}'] = (module, require) => {\n` +
		`${fs.readFileSync(path.join(ROOT, `${name}.js`), 'utf8')}};\n`);
	return `${LOADER}${parts.join('')}load('webapp/page');\n})();\n`;
}

module.exports = { bundleMake };
