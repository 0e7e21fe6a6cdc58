/* What require('teesim-tizen-teec/register') makes global. */
import * as api from './index';

export * from './index';

declare global {
	var tizen: {
		readonly teec: api.LibTeecManager;
		TeecValue: typeof api.TeecValue;
		TeecTempMemory: typeof api.TeecTempMemory;
		TeecRegisteredMemory: typeof api.TeecRegisteredMemory;
	};
	var TeecValue: typeof api.TeecValue;
	var TeecTempMemory: typeof api.TeecTempMemory;
	var TeecRegisteredMemory: typeof api.TeecRegisteredMemory;
	var TeecLoginMethod: typeof api.TeecLoginMethod;
	var TeecSharedMemoryFlags: typeof api.TeecSharedMemoryFlags;
	var TeecValueType: typeof api.TeecValueType;
	var TeecTempMemoryType: typeof api.TeecTempMemoryType;
	var TeecRegisteredMemoryType: typeof api.TeecRegisteredMemoryType;
	var WebAPIException: typeof api.WebAPIException;
	var WebAPIError: typeof api.WebAPIError;
}
