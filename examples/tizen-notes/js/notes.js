/*
 * Notes that only the trusted application of this app on this device can read: sealing and opening
 * them. Runs in a page and in Node.js; it uses what both have, the globals of tizen.teec.
 */
'use strict';

var Notes = (function () {
	var TA = '5b1d7e0c-93a4-4f28-8c6e-2d70a9f4e6b3';
	/* Commands, and what a sealed note has more than the note: ta/include/notes_ta.h. */
	var SEAL = 0;
	var OPEN = 1;
	var OVERHEAD = 28;

	/* Runs one command on octets in a session of its own: run(octets, room, done, failed). */
	function command(number) {
		return function (octets, room, done, failed) {
			var context = tizen.teec.getContext();
			context.openSession(TA, TeecLoginMethod.PUBLIC, null, null, function (session) {
				var input = new TeecTempMemory(octets);
				var output = new TeecTempMemory(new Array(room).fill(0));
				input.type = TeecTempMemoryType.INPUT;
				output.type = TeecTempMemoryType.OUTPUT;
				session.invokeCommand(number, [input, output], function () {
					session.close();
					done(output.mem);
				}, function (error) {
					session.close();
					failed(error);
				});
			}, failed);
		};
	}

	var seal = command(SEAL);
	var open = command(OPEN);

	function promise(run) {
		return new Promise(function (resolve, reject) {
			run(resolve, reject);
		});
	}

	return {
		/* A note, as text, to what may be kept anywhere, as text. */
		seal: function (note) {
			var octets = Array.from(new TextEncoder().encode(note));
			return promise(function (resolve, reject) {
				seal(octets, octets.length + OVERHEAD, function (sealed) {
					resolve(btoa(String.fromCharCode.apply(null, sealed)));
				}, reject);
			});
		},
		/* And back. */
		open: function (sealed) {
			var octets = Array.from(atob(sealed), function (character) {
				return character.charCodeAt(0);
			});
			return promise(function (resolve, reject) {
				open(octets, octets.length, function (note) {
					resolve(new TextDecoder().decode(Uint8Array.from(note)));
				}, reject);
			});
		},
	};
})();

if (typeof module === 'object')
	module.exports = Notes;
