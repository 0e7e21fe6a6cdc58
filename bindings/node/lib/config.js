/* config.xml, the manifest of a Tizen web application (W3C Packaged Web Apps, with Tizen's own). */
'use strict';

const { DOMParser, onErrorStopParsing } = require('@xmldom/xmldom');

const WIDGETS = 'http://www.w3.org/ns/widgets';
const TIZEN = 'http://tizen.org/ns/widgets';
const SIZE_MAX = 1 << 20;

const children = (element, namespace, name) =>
	Array.from(element.childNodes).filter((node) => node.nodeType === 1 &&
		node.namespaceURI === namespace && node.localName === name);

/**
 * What the simulator needs to know of a config.xml.
 *
 * @param {Buffer} octets the file's contents
 * @returns {{ isWidget: boolean, privileges: Set<string>, content: string }} the start page is
 *     index.html where none is named; a file with another root element is nobody's manifest
 * @throws {Error} what is wrong with it, in a line
 */
function configParse(octets) {
	if (octets.length > SIZE_MAX)
		throw new Error(`it is larger than ${SIZE_MAX} octets`);
	let text, root;
	try {
		text = new TextDecoder('utf-8', { fatal: true }).decode(octets);
	} catch {
		throw new Error('it is not UTF-8');
	}
	try {
		root = new DOMParser({ onError: onErrorStopParsing })
			.parseFromString(text, 'text/xml').documentElement;
	} catch (error) {
		throw new Error(String(error.message).split('\n')[0]);
	}
	const isWidget = root.localName === 'widget' && root.namespaceURI === WIDGETS;
	const privileges = isWidget
		? children(root, TIZEN, 'privilege').map((node) => node.getAttribute('name'))
		: [];
	const content = isWidget ? children(root, WIDGETS, 'content')[0] : undefined;
	return {
		isWidget,
		privileges: new Set(privileges.filter((name) => name !== null)),
		content: content?.getAttribute('src') || 'index.html',
	};
}

module.exports = { configParse };
