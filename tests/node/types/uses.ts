/* A program in TypeScript, with every part of the API; and what must not compile. */
import { teec, configure, TeecValue, TeecTempMemory, TeecRegisteredMemory, TeecLoginMethod,
	TeecSharedMemoryFlags, WebAPIError, WebAPIException } from 'teesim-tizen-teec';
import type { TeecContext, TeecSession, TeecTaskId, TeecParameter } from 'teesim-tizen-teec';
import 'teesim-tizen-teec/register';

configure({ certificate: 'platform', allowTas: ['*'], feature: true, callbackErrors: 'log' });
const context: TeecContext = teec.getContext();
const memory = context.allocateSharedMemory(1024, TeecSharedMemoryFlags.INOUT);
memory.setData([1, 2, 3], 0);
memory.getData(new Uint8Array(3), 0);
const params: TeecParameter[] = [new TeecValue(1, 2), new TeecTempMemory([1, 2, 3]),
	new TeecRegisteredMemory(memory, 0, memory.size)];
const task: TeecTaskId = context.openSession('123e4567-e89b-12d3-a456-426655440000',
	TeecLoginMethod.PUBLIC, null, null, (session: TeecSession) => {
		session.invokeCommand(1, params, (cmd: number, back) => {
			console.log(cmd, back.length);
			session.close();
		}, null);
	}, (error: WebAPIError) => console.log(error.name, error.teecResult?.toString(16)));
context.revokeCommand(task);
context.releaseSharedMemory(memory);
try {
	tizen.teec.getContext(null).registerSharedMemory(1, 2, 'INPUT');
} catch (error) {
	if (error instanceof WebAPIException)
		console.log(error.code, new globalThis.TeecValue(1, 2).a);
}

// @ts-expect-error both numbers are needed
new TeecValue(1);
// @ts-expect-error no such word
context.allocateSharedMemory(1, 'BOTH');
// @ts-expect-error it is read-only
memory.size = 5;
// @ts-expect-error a callback is a function
context.openSession('', 'PUBLIC', null, null, { onsuccess() {} });
// @ts-expect-error interfaces without constructors are no values
new TeecContext();
