/*
 * The JavaScript side of the figures of javascript.c: reads lines "WHAT CALLS", and answers each
 * with a line of how many nanoseconds each of so many calls took.
 */
'use strict';

const readline = require('node:readline');

const { teec, TeecRegisteredMemory } = require(process.argv[2]);
const { addonLoad } = require(`${process.argv[2]}/lib/addon`);

const UUID = process.argv[3];
const MIB = 1 << 20;
const NOTHING = 0;

const { nothing } = addonLoad();
const context = teec.getContext();
const memory = context.allocateSharedMemory(MIB, 'INOUT');
const whole = [new TeecRegisteredMemory(memory, 0, MIB)];
const octets = new Uint8Array(MIB).fill(1);
const back = new Uint8Array(MIB);
const elsewhere = new Uint8Array(MIB);

const invoke = (session, params) => new Promise((resolve, reject) => {
	session.invokeCommand(NOTHING, params, resolve, reject);
});

const calls = {
	invoke: (session) => invoke(session, []),
	nothing: () => nothing(),
	async shared(session) {
		memory.setData(octets, 0);
		await invoke(session, whole);
		memory.getData(back, 0);
	},
	copies() {
		elsewhere.set(octets);
		back.set(elsewhere);
	},
};

/* What taking the time takes, which is no part of what is measured. */
function timingCost() {
	const samples = Array.from({ length: 10000 }, () => {
		const from = process.hrtime.bigint();
		return Number(process.hrtime.bigint() - from);
	});
	return samples.sort((a, b) => a - b)[samples.length / 2];
}

timingCost();
const cost = timingCost();

async function measure(session, what, count) {
	const call = calls[what];
	const durations = new Array(count);
	/* What returns no promise is not waited for: that would be measured too. */
	for (let i = 0; i < count; i++) {
		const from = process.hrtime.bigint();
		const pending = call(session);
		if (pending)
			await pending;
		durations[i] = Math.max(0, Number(process.hrtime.bigint() - from) - cost);
	}
	return durations;
}

function answer(session) {
	const lines = readline.createInterface({ input: process.stdin });
	lines.on('line', async (line) => {
		const [what, count] = line.split(' ');
		try {
			process.stdout.write(`${(await measure(session, what, Number(count))).join(' ')}\n`);
		} catch (error) {
			process.stdout.write(`failed: ${error.message}\n`);
		}
	});
	lines.on('close', () => session.close());
}

context.openSession(UUID, 'PUBLIC', null, null, answer, (error) => {
	process.stdout.write(`failed: ${error.message}\n`);
});
