/* The addon, from where the build or the installation has put it. */
'use strict';

const fs = require('node:fs');
const path = require('node:path');

const PLACES = [
	/* Beside package.json, as built and as installed; then from a checkout. */
	path.join(__dirname, '..', 'teec_node.node'),
	path.join(__dirname, '..', '..', '..', 'build', 'release', 'lib', 'teesim', 'node_modules',
		'teesim-tizen-teec', 'teec_node.node'),
];

let addon = null;

function addonLoad() {
	if (addon)
		return addon;
	const file = PLACES.find((place) => fs.existsSync(place));
	if (!file)
		throw new Error(`${PLACES[0]} is missing: teesim was built without it; ` +
			'run ./dev build in its checkout');
	addon = require(file);
	return addon;
}

module.exports = { addonLoad };
