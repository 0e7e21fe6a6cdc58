/*
 * The list of cases, and what they are written with. A classic script without modules, since the
 * same cases run in Node.js and in a web page: what it defines are globals.
 */
'use strict';

(function (scope) {
	const cases = [];

	/** Declares a case; `run` may be asynchronous, and fails by throwing. */
	scope.conformance = (name, run) => cases.push({ name, run });
	scope.conformance.cases = cases;

	const shown = (value) => {
		try {
			return typeof value === 'string' ? JSON.stringify(value) : String(value);
		} catch {
			return Object.prototype.toString.call(value);
		}
	};

	scope.expect = {
		equal(actual, expected, what = 'value') {
			if (!Object.is(actual, expected))
				throw new Error(`${what}: ${shown(actual)}, not ${shown(expected)}`);
		},

		ok(condition, what) {
			if (!condition)
				throw new Error(what);
		},

		sameList(actual, expected, what = 'list') {
			this.equal(Array.from(actual).join(), Array.from(expected).join(), what);
		},

		/** The function throws an exception of that name. */
		throws(name, run, what = '') {
			let thrown = null;
			try {
				run();
			} catch (error) {
				thrown = error;
			}
			if (thrown === null)
				throw new Error(`${what} did not throw, which should be ${name}`);
			if (thrown.name !== name)
				throw new Error(`${what} threw ${thrown}, not ${name}`);
			return thrown;
		},
	};

	/* Values that are no function, array, object of the API, or word of an enumeration. */
	const odd = {
		'a number': 5,
		'a string': 'Tizen',
		'true': true,
		'an object': {},
		'NaN': NaN,
	};
	scope.oddValues = (...without) =>
		Object.entries(odd).filter(([name]) => !without.includes(name));

	/** A session, as a promise; rejects with the error that the callback gets. */
	scope.opened = (context, params = null, uuid = TEST_TA) =>
		new Promise((resolve, reject) => {
			context.openSession(uuid, TeecLoginMethod.PUBLIC, null, params, resolve, reject);
		});

	/** Runs with a session, which is closed whatever happens. */
	scope.withSession = async (run, params = null, uuid = TEST_TA) => {
		const context = tizen.teec.getContext();
		const session = await scope.opened(context, params, uuid);
		try {
			await run(session, context);
		} finally {
			session.close();
		}
	};

	/** The parameters of the success callback, as a promise. */
	scope.invoked = (session, command, params = []) =>
		new Promise((resolve, reject) => {
			session.invokeCommand(command, params, (_, back) => resolve(back), reject);
		});

	/** The error that a promise is rejected with. */
	scope.failure = (promise) => promise.then(
		() => {
			throw new Error('succeeded, and should have failed');
		},
		(error) => error);

	scope.TEST_TA = '7e57c0de-4e0d-4a11-9b2c-5e0c8d210001';
	scope.SINGLE_TA = '7e57c0de-4e0d-4a11-9b2c-5e0c8d210002';
	scope.FOREIGN_TA = '7e57c0de-4e0d-4a11-9b2c-5e0c8d210003';
	/* Its numbers: conformance_ta.c. */
	scope.TA = {
		NOTHING: 0, TRANSFORM: 1, RESULT: 2, FILL: 3, WAIT: 4, TYPES: 5, SUM: 6, PANIC: 7,
		SLEEP: 8, ADD: 9, OPEN_RESULT: 1, OPEN_WAIT: 2,
	};
})(globalThis);
