/* A realistic load: a large block reused and grown, parts of it, values out, many commands. */
'use strict';

const checksum = (octets) => octets.reduce((sum, octet) => (sum + octet) >>> 0, 0);

conformance('a block of 1 MiB goes through hundreds of commands, then through a larger one',
	() => withSession(async (session, context) => {
		const MIB = 1 << 20;
		const CHUNK = 4096;
		const pattern = Uint8Array.from({ length: MIB }, (_, i) => (i * 7 + (i >> 8)) & 0xff);
		const back = new Uint8Array(MIB);
		let memory = context.allocateSharedMemory(MIB, TeecSharedMemoryFlags.INOUT);
		memory.setData(pattern, 0);

		/* Each chunk gets another number added, several commands at a time. */
		const step = async (i) => {
			const part = new TeecRegisteredMemory(memory, i * CHUNK, CHUNK);
			const summand = new TeecValue(i, 0);
			summand.type = TeecValueType.INPUT;
			const count = new TeecValue(0, 0);
			count.type = TeecValueType.OUTPUT;
			await invoked(session, TA.ADD, [part, summand, count]);
			expect.equal(count.a, CHUNK, `chunk ${i}`);
		};
		const chunks = Array.from({ length: MIB / CHUNK }, (_, i) => i);
		while (chunks.length > 0)
			await Promise.all(chunks.splice(0, 16).map(step));
		memory.getData(back, 0);
		expect.ok(back.every((octet, i) => octet === ((pattern[i] + (i >> 12)) & 0xff)),
			'not what the TA should have made of it');

		/* Reused as a whole. */
		const sum = new TeecValue(0, 0);
		sum.type = 'OUTPUT';
		const input = new TeecRegisteredMemory(memory, 0, MIB);
		input.type = 'PARTIAL_INPUT';
		for (let i = 0; i < 50; i++) {
			memory.setData([i], 0);
			back[0] = i;
			await invoked(session, TA.SUM, [input, sum]);
			expect.equal(sum.a >>> 0, checksum(back));
			expect.equal(sum.b, MIB);
		}

		/* Grown: a larger block takes the place. */
		const larger = context.allocateSharedMemory(3 * MIB, 'INOUT');
		larger.setData(back, 2 * MIB);
		context.releaseSharedMemory(memory);
		memory = larger;
		const tail = new TeecRegisteredMemory(memory, 2 * MIB, MIB);
		tail.type = 'PARTIAL_INPUT';
		await invoked(session, TA.SUM, [tail, sum]);
		expect.equal(sum.a >>> 0, checksum(back));
		context.releaseSharedMemory(memory);

		/* And by temporary references, there and back. */
		for (const size of [1, 1000, 65536, MIB]) {
			const octets = pattern.slice(0, size);
			await invoked(session, TA.TRANSFORM, [new TeecTempMemory(octets)]);
			expect.ok(octets.every((octet, i) => octet === (~pattern[i] & 0xff)), `${size} octets`);
		}
	}));

conformance('sessions come and go', async () => {
	const context = tizen.teec.getContext();
	for (let i = 0; i < 30; i++) {
		const session = await opened(context);
		const [value] = await invoked(session, TA.TRANSFORM, [new TeecValue(i, 0)]);
		expect.equal(value.a, i + 1);
		session.close();
	}
});
