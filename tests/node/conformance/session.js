/* TeecSession: commands, their parameters, and what comes back. */
'use strict';

conformance('close() twice is close() once', async () => {
	const context = tizen.teec.getContext();
	const session = await opened(context);
	expect.equal(session.close(), undefined);
	expect.equal(session.close('extra'), undefined);
	expect.throws('InvalidValuesError', () => session.invokeCommand(0, [], () => {}));
});

conformance('invokeCommand() returns an id and calls back later with command and parameters',
	() => withSession(async (session) => {
		const params = [new TeecValue(1, 2)];
		let returned = false;
		await new Promise((resolve, reject) => {
			const id = session.invokeCommand(TA.NOTHING, params, (cmd, back) => {
				expect.ok(returned, 'called back before it returned');
				expect.equal(cmd, TA.NOTHING);
				expect.equal(back, params);
				resolve();
			}, reject);
			expect.ok(Number.isInteger(id) && id > 0, 'an id');
			returned = true;
		});
	}));

conformance('invokeCommand() misses arguments', () => withSession((session) => {
	expect.throws('TypeMismatchError', () => session.invokeCommand());
	expect.throws('TypeMismatchError', () => session.invokeCommand(1));
	expect.throws('TypeMismatchError', () => session.invokeCommand(1, []));
}));

conformance('invokeCommand() with arguments of another type', () => withSession((session) => {
	const nothing = () => {};
	for (const [name, value] of [...oddValues(), ['null', null]]) {
		expect.throws('TypeMismatchError', () =>
			session.invokeCommand(0, value, nothing), `params ${name}`);
		expect.throws('TypeMismatchError', () =>
			session.invokeCommand(0, [value], nothing), `param ${name}`);
		expect.throws('TypeMismatchError', () =>
			session.invokeCommand(0, [], value), `success ${name}`);
		if (value !== null)
			expect.throws('TypeMismatchError', () =>
				session.invokeCommand(0, [], nothing, value), `error ${name}`);
	}
	expect.throws('TypeMismatchError', () => session.invokeCommand(0, [, new TeecValue(1, 2)],
		nothing), 'a hole');
	expect.throws('TypeMismatchError', () =>
		session.invokeCommand(0, [{ type: 'INOUT', a: 1, b: 2 }], nothing), 'an imitation');
}));

conformance('invokeCommand() with more than four parameters', () => withSession((session) => {
	const five = [1, 2, 3, 4, 5].map((i) => new TeecValue(i, i));
	expect.throws('InvalidValuesError', () => session.invokeCommand(0, five, () => {}));
}));

conformance('invokeCommand() with types that are none', () => withSession((session, context) => {
	const memory = context.allocateSharedMemory(8, 'INOUT');
	for (const param of [new TeecValue(1, 2), new TeecTempMemory([1]),
		new TeecRegisteredMemory(memory, 0, 8)]) {
		for (const type of ['', 'IN', 'inout', 'toString', 5]) {
			param.type = type;
			expect.throws('InvalidValuesError', () =>
				session.invokeCommand(0, [param], () => {}), `${type}`);
		}
	}
	context.releaseSharedMemory(memory);
}));

conformance('invokeCommand() converts the command, and ignores extra arguments',
	() => withSession(async (session) => {
		for (const [cmd, seen] of [['0', 0], [null, 0], [{}, 0], [0.7, 0]]) {
			const got = await new Promise((resolve, reject) => {
				session.invokeCommand(cmd, [], resolve, reject, 'extra', 5);
			});
			expect.equal(got, seen);
		}
	}));

conformance('values of every type', () => withSession(async (session) => {
	for (const [type, a, b] of [['INPUT', 1, -1], ['OUTPUT', 7, -8], ['INOUT', 2, -2]]) {
		const value = new TeecValue(1, -1);
		value.type = type;
		await invoked(session, TA.TRANSFORM, [value]);
		expect.equal(value.a, a, type);
		expect.equal(value.b, b, type);
	}
}));

conformance('values reach over 32 bits', () => withSession(async (session) => {
	const value = new TeecValue(0x7fffffff, -0x80000000);
	await invoked(session, TA.TRANSFORM, [value]);
	expect.equal(value.a, -0x80000000);
	expect.equal(value.b, 0x7fffffff);
}));

conformance('temporary memory of every type', () => withSession(async (session) => {
	for (const make of [(list) => list, (list) => Uint8Array.from(list)]) {
		for (const [type, back] of [['INPUT', [1, 2]], ['OUTPUT', [0x5a, 0x5a]],
			['INOUT', [254, 253]]]) {
			const memory = new TeecTempMemory(make([1, 2]));
			const { mem } = memory;
			memory.type = type;
			await invoked(session, TA.TRANSFORM, [memory]);
			expect.equal(memory.mem, mem, 'the same array');
			expect.sameList(mem, back, type);
		}
	}
}));

conformance('octets are 0 to 255, and may be given from -128 on', () => withSession(async (session) => {
	const memory = new TeecTempMemory([-128, -1, 0, 128, 255]);
	await invoked(session, TA.TRANSFORM, [memory]);
	expect.sameList(memory.mem, [127, 0, 255, 127, 0]);
	const signed = new TeecTempMemory(Int8Array.from([-128, -1]));
	await invoked(session, TA.TRANSFORM, [signed]);
	expect.sameList(signed.mem, [127, 0]);
}));

conformance('no octets at all', () => withSession(async (session) => {
	const memory = new TeecTempMemory([]);
	await invoked(session, TA.TRANSFORM, [memory]);
	expect.equal(memory.mem.length, 0);
}));

conformance('a part of a typed array', () => withSession(async (session) => {
	const all = Uint8Array.from([1, 2, 3, 4]);
	await invoked(session, TA.TRANSFORM, [new TeecTempMemory(all.subarray(1, 3))]);
	expect.sameList(all, [1, 253, 252, 4]);
}));

const fillSize = (size) => {
	const value = new TeecValue(size, 0);
	value.type = 'INPUT';
	return value;
};

conformance('what a TA returns may be shorter', () => withSession(async (session) => {
	const memory = new TeecTempMemory([1, 2, 3, 4]);
	await invoked(session, TA.FILL, [fillSize(2), memory]);
	expect.sameList(memory.mem, [0x5a, 0x5a]);
	const typed = new TeecTempMemory(Uint8Array.from([1, 2, 3, 4]));
	await invoked(session, TA.FILL, [fillSize(2), typed]);
	expect.equal(typed.mem.length, 4);
	expect.equal(typed.mem[0], 0x5a);
	expect.equal(typed.mem[1], 0x5a);
}));

conformance('a short buffer can be made as long as the TA wants it',
	() => withSession(async (session, context) => {
		const list = new TeecTempMemory([1, 2]);
		const error = await failure(invoked(session, TA.FILL, [fillSize(5), list]));
		expect.equal(error.name, 'InvalidValuesError');
		expect.equal(error.teecResult, 0xffff0010);
		expect.equal(error.teecSizes[1], 5);
		expect.equal(list.mem.length, 5);
		await invoked(session, TA.FILL, [fillSize(5), list]);
		expect.sameList(list.mem, [0x5a, 0x5a, 0x5a, 0x5a, 0x5a]);

		const typed = new TeecTempMemory(Uint8Array.from([1, 2]));
		expect.equal((await failure(invoked(session, TA.FILL, [fillSize(3), typed])))
			.teecSizes[1], 3);
		expect.sameList(typed.mem, [1, 2]);

		const memory = context.allocateSharedMemory(8, 'INOUT');
		const part = new TeecRegisteredMemory(memory, 0, 4);
		await failure(invoked(session, TA.FILL, [fillSize(6), part]));
		expect.equal(part.size, 6);
		await invoked(session, TA.FILL, [fillSize(6), part]);
		expect.equal(part.size, 6);
		context.releaseSharedMemory(memory);
	}));

conformance('types reach the TA as they are', () => withSession(async (session, context) => {
	const memory = context.allocateSharedMemory(64, 'INOUT');
	const out = new TeecValue(0, 0);
	out.type = 'OUTPUT';
	const typed = (param, type) => {
		param.type = type;
		return param;
	};
	const partial = (type) => typed(new TeecRegisteredMemory(memory, 0, 8), type);
	await invoked(session, TA.TYPES, [typed(new TeecValue(1, 2), 'INPUT'),
		typed(new TeecTempMemory([1]), 'OUTPUT'), partial('PARTIAL_INPUT'), out]);
	expect.equal(out.a.toString(16), '2561');
	await invoked(session, TA.TYPES, [partial('PARTIAL_OUTPUT'), partial('PARTIAL_INOUT'),
		new TeecRegisteredMemory(memory, 0, 64), out]);
	expect.equal(out.a.toString(16), '2776');
	context.releaseSharedMemory(memory);
}));

conformance('shared memory is seen by the TA without being passed again',
	() => withSession(async (session, context) => {
		const memory = context.allocateSharedMemory(4, 'INOUT');
		memory.setData([1, 2, 3, 4], 0);
		const whole = new TeecRegisteredMemory(memory, 0, memory.size);
		await invoked(session, TA.TRANSFORM, [whole]);
		const back = [0, 0, 0, 0];
		memory.getData(back, 0);
		expect.sameList(back, [254, 253, 252, 251]);
		await invoked(session, TA.TRANSFORM, [new TeecRegisteredMemory(memory, 1, 2)]);
		memory.getData(back, 0);
		expect.sameList(back, [254, 2, 3, 251]);
		context.releaseSharedMemory(memory);
	}));

conformance('the size that a TA returns does not make less of a whole block',
	() => withSession(async (session, context) => {
		const memory = context.allocateSharedMemory(8, 'INOUT');
		const whole = new TeecRegisteredMemory(memory, 0, 8);
		await invoked(session, TA.FILL, [fillSize(3), whole]);
		expect.equal(whole.size, 3);
		expect.equal(whole.type, 'WHOLE');
		await invoked(session, TA.FILL, [fillSize(8), whole]);
		expect.equal(whole.size, 8);
		context.releaseSharedMemory(memory);
	}));

conformance('references that are not within the memory', () => withSession((session, context) => {
	const memory = context.allocateSharedMemory(8, 'INOUT');
	for (const [offset, size] of [[0, 9], [8, 1], [9, 0], [-1, 1], [1, 8]])
		expect.throws('InvalidValuesError', () => session.invokeCommand(0,
			[new TeecRegisteredMemory(memory, offset, size)], () => {}), `${offset} ${size}`);
	context.releaseSharedMemory(memory);
	const late = new TeecRegisteredMemory(memory, 0, 8);
	expect.throws('InvalidValuesError', () => session.invokeCommand(0, [late], () => {}),
		'released memory');
}));

conformance('a reference may not do more than its memory',
	() => withSession(async (session, context) => {
		const memory = context.allocateSharedMemory(8, 'INPUT');
		const reference = new TeecRegisteredMemory(memory, 0, 4);
		reference.type = 'PARTIAL_OUTPUT';
		const error = await failure(invoked(session, TA.TRANSFORM, [reference]));
		expect.equal(error.name, 'InvalidValuesError');
		context.releaseSharedMemory(memory);
	}));

conformance('memory of another context', () => withSession(async (session) => {
	const other = tizen.teec.getContext();
	const memory = other.allocateSharedMemory(8, 'INOUT');
	const outcome = await invoked(session, TA.TRANSFORM, [new TeecRegisteredMemory(memory, 0, 8)])
		.then(() => 'ran', (error) => error.name);
	expect.ok(['ran', 'InvalidValuesError', 'AbortError'].includes(outcome), outcome);
	other.releaseSharedMemory(memory);
}));

conformance('memory that is released while a command uses it', () => withSession(async (session, context) => {
	const memory = context.allocateSharedMemory(1 << 20, 'INOUT');
	const under = invoked(session, TA.TRANSFORM, [new TeecRegisteredMemory(memory, 0, 1 << 20)]);
	context.releaseSharedMemory(memory);
	await under;
}));

const commandError = (name, result) => () => withSession(async (session) => {
	const how = new TeecValue(result | 0, 0);
	how.type = 'INPUT';
	const error = await failure(invoked(session, TA.RESULT, [how]));
	expect.equal(error.name, name);
	expect.equal(error.teecResult, result);
	expect.equal(error.teecOrigin, 4);
	expect.ok(error instanceof WebAPIError, 'no WebAPIError');
});
for (const [name, result] of [['InvalidValuesError', 0xffff0006], ['InvalidValuesError', 0xffff0005],
	['InvalidValuesError', 0xffff0004], ['OperationCanceledError', 0xffff0002],
	['NotSupportedError', 0xffff000a], ['NotSupportedError', 0xffff0009],
	['AbortError', 0xffff0000], ['AbortError', 0xffff0001], ['AbortError', 0x12345678]])
	conformance(`invokeCommand() fails with ${name} for 0x${result.toString(16)}`,
		commandError(name, result));

conformance('invokeCommand() of a command that the TA does not have', () => withSession(async (session) => {
	expect.equal((await failure(invoked(session, 4711))).name, 'NotSupportedError');
	expect.equal((await failure(invoked(session, -1))).name, 'NotSupportedError');
}));

conformance('invokeCommand() of a TA that dies', () => withSession(async (session) => {
	const error = await failure(invoked(session, TA.PANIC));
	expect.equal(error.name, 'AbortError');
	expect.equal(error.teecResult, 0xffff3024);
	expect.equal((await failure(invoked(session, TA.NOTHING))).teecResult, 0xffff3024);
}));

conformance('commands of a session run in their order', () => withSession(async (session) => {
	const order = [];
	await Promise.all(Array.from({ length: 20 }, (_, i) =>
		invoked(session, TA.NOTHING).then(() => order.push(i))));
	expect.sameList(order, Array.from({ length: 20 }, (_, i) => i));
}));

conformance('sessions do not wait for each other', async () => {
	const context = tizen.teec.getContext();
	/* More than libuv has threads, each until it is cancelled. */
	const sessions = await Promise.all(Array.from({ length: 6 }, () => opened(context)));
	const ids = [];
	const ended = sessions.map((session) => new Promise((resolve) => {
		ids.push(session.invokeCommand(TA.WAIT, [], () => resolve('done'),
			(error) => resolve(error.name)));
	}));
	const other = await opened(context);
	await invoked(other, TA.NOTHING);
	ids.forEach((id) => context.revokeCommand(id));
	expect.sameList(await Promise.all(ended), new Array(6).fill('OperationCanceledError'));
	[...sessions, other].forEach((session) => session.close());
});

conformance('revokeCommand() cancels a command', () => withSession(async (session, context) => {
	const error = await failure(new Promise((resolve, reject) => {
		const id = session.invokeCommand(TA.WAIT, [], resolve, reject);
		context.revokeCommand(id, 'extra');
	}));
	expect.equal(error.name, 'OperationCanceledError');
}));

conformance('revokeCommand() cancels a command that has been under way for some time',
	() => withSession(async (session, context) => {
		let id;
		const under = failure(new Promise((resolve, reject) => {
			id = session.invokeCommand(TA.WAIT, [], resolve, reject);
		}));
		await new Promise((resolve) => setTimeout(resolve, 50));
		context.revokeCommand(id);
		expect.equal((await under).name, 'OperationCanceledError');
	}));

conformance('revokeCommand() cancels a command that waits for another',
	() => withSession(async (session, context) => {
		let first, second;
		const one = failure(new Promise((resolve, reject) => {
			first = session.invokeCommand(TA.WAIT, [], resolve, reject);
		}));
		const two = failure(new Promise((resolve, reject) => {
			second = session.invokeCommand(TA.NOTHING, [], resolve, reject);
		}));
		context.revokeCommand(second);
		const error = await two;
		expect.equal(error.name, 'OperationCanceledError');
		expect.equal(error.teecOrigin, 1);
		context.revokeCommand(first);
		await one;
	}));

conformance('revokeCommand() cancels an opening', async () => {
	const context = tizen.teec.getContext();
	const how = new TeecValue(TA.OPEN_WAIT, 0);
	how.type = 'INPUT';
	let id;
	const under = failure(new Promise((resolve, reject) => {
		id = context.openSession(TEST_TA, 'PUBLIC', null, [how], resolve, reject);
	}));
	await new Promise((resolve) => setTimeout(resolve, 50));
	context.revokeCommand(id);
	expect.equal((await under).name, 'OperationCanceledError');
});

conformance('revokeCommand() ignores ids that are not under way', () => withSession(async (session, context) => {
	let id;
	await new Promise((resolve, reject) => {
		id = session.invokeCommand(TA.NOTHING, [], resolve, reject);
	});
	for (const some of [id, id, 0, -1, 4711, 'Tizen', null, {}])
		expect.equal(context.revokeCommand(some), undefined);
	expect.throws('TypeMismatchError', () => context.revokeCommand());
}));

conformance('invoke, revoke and close in one go', async () => {
	const context = tizen.teec.getContext();
	const session = await opened(context);
	const outcome = await new Promise((resolve) => {
		const id = session.invokeCommand(TA.WAIT, [], () => resolve('done'),
			(error) => resolve(error.name));
		context.revokeCommand(id);
		session.close();
	});
	expect.equal(outcome, 'OperationCanceledError');
});

conformance('close() lets commands end that are under way', async () => {
	const context = tizen.teec.getContext();
	const session = await opened(context);
	const all = [1, 2, 3].map(() => invoked(session, TA.TRANSFORM, [new TeecValue(1, 1)]));
	session.close();
	for (const [value] of await Promise.all(all))
		expect.equal(value.a, 2);
});

conformance('a session can be used and closed in callbacks', async () => {
	const context = tizen.teec.getContext();
	await new Promise((resolve, reject) => {
		context.openSession(TEST_TA, 'PUBLIC', null, null, (session) => {
			session.invokeCommand(TA.NOTHING, [], () => {
				session.invokeCommand(TA.RESULT, [new TeecValue(-0x10000, 0)], reject, () => {
					session.close();
					resolve();
				});
			}, reject);
		}, reject);
	});
});
