/*
 * Tizen's LibTeec API, as its device API reference documents it, on a simulated TEE.
 *
 * Beyond Tizen's: `null` where its samples pass it, typed arrays of octets wherever an array of
 * numbers may stand, and the teec… attributes of errors.
 */

/** How an application identifies itself to a trusted application. */
export type TeecLoginMethod = 'PUBLIC' | 'USER' | 'GROUP' | 'APPLICATION';
/** What a trusted application does with a block of shared memory. */
export type TeecSharedMemoryFlags = 'INPUT' | 'OUTPUT' | 'INOUT';
export type TeecValueType = 'INPUT' | 'OUTPUT' | 'INOUT';
export type TeecTempMemoryType = 'INPUT' | 'OUTPUT' | 'INOUT';
export type TeecRegisteredMemoryType =
	'WHOLE' | 'PARTIAL_INPUT' | 'PARTIAL_OUTPUT' | 'PARTIAL_INOUT';

/* The enumerations are also objects with their words as properties. */
export const TeecLoginMethod: { readonly [Word in TeecLoginMethod]: Word };
export const TeecSharedMemoryFlags: { readonly [Word in TeecSharedMemoryFlags]: Word };
export const TeecValueType: { readonly [Word in TeecValueType]: Word };
export const TeecTempMemoryType: { readonly [Word in TeecTempMemoryType]: Word };
export const TeecRegisteredMemoryType: { readonly [Word in TeecRegisteredMemoryType]: Word };

/** A UUID as text, such as 123e4567-e89b-12d3-a456-426655440000. */
export type TeecUuid = string;
/** Names a session's opening or a command that is under way, to revoke it. */
export type TeecTaskId = number;
/** Octets: numbers from -128 to 255; results are 0 to 255. */
export type Octets = number[] | Uint8Array | Int8Array | Uint8ClampedArray;

/** Thrown by methods. */
export class WebAPIException extends Error {
	constructor(name: string, message?: string);
	/** That of the DOM exception of this name, else 0. */
	readonly code: number;
}

/** Given to error callbacks. */
export class WebAPIError extends Error {
	constructor(name: string, message?: string);
	readonly code: number;
	/** The TEEC_Result. Not Tizen's. */
	readonly teecResult?: number;
	/** Where it comes from: one of TEEC_ORIGIN_*. Not Tizen's. */
	readonly teecOrigin?: number;
	/** With TEEC_ERROR_SHORT_BUFFER, the octets that each parameter would need. Not Tizen's. */
	readonly teecSizes?: (number | undefined)[];
}

export type ErrorCallback = (error: WebAPIError) => void;
export type TeecOpenSuccessCallback = (session: TeecSession) => void;
export type TeecCommandSuccessCallback = (cmd: number, params: TeecParameter[]) => void;

/** A parameter of an operation. Has no constructor of its own. */
export interface TeecParameter {
	type: string;
}

/** Two numbers of 32 bits, with sign. Its type is INOUT until one is set. */
export class TeecValue implements TeecParameter {
	constructor(a: number, b: number);
	type: TeecValueType;
	a: number;
	b: number;
}

/**
 * Memory of the application, copied for the time of the operation. Its type is INOUT until one is
 * set. Where the trusted application returns fewer octets, an array becomes shorter; a typed array
 * keeps its length.
 */
export class TeecTempMemory implements TeecParameter {
	constructor(mem: Octets);
	type: TeecTempMemoryType;
	mem: Octets;
}

/**
 * A part of shared memory. Until a type is set, it is WHOLE for all of the memory, else PARTIAL_…
 * with the flags of the memory.
 */
export class TeecRegisteredMemory implements TeecParameter {
	/** @param offset where it begins, in octets  @param size octets */
	constructor(memory: TeecSharedMemory, offset: number, size: number);
	type: TeecRegisteredMemoryType;
	shm: TeecSharedMemory;
	offset: number;
	/** After an operation, what the trusted application returned. */
	size: number;
}

/** Memory that application and trusted application both see. */
export interface TeecSharedMemory {
	/** In octets. */
	readonly size: number;
	/**
	 * Copies data there, `offset` octets from its beginning.
	 * @throws {WebAPIException} TypeMismatchError, or InvalidValuesError where it does not fit
	 */
	setData(data: Octets, offset: number): void;
	/** Fills the array from there. Throws as setData() does. */
	getData(data: Octets, offset: number): void;
}

export interface TeecSession {
	/** Closes the session, after the commands that are under way. May be called again. */
	close(): void;
	/**
	 * Invokes a command. Those of a session run one after another, in their order.
	 *
	 * @param params four at most; the same array is given back, with what is output in its elements
	 * @param errorCallback gets NotSupportedError, InvalidValuesError, OperationCanceledError or
	 *     AbortError
	 * @throws {WebAPIException} TypeMismatchError, InvalidValuesError, SecurityError,
	 *     NotSupportedError
	 */
	invokeCommand(cmd: number, params: TeecParameter[],
		successCallback: TeecCommandSuccessCallback, errorCallback?: ErrorCallback | null): TeecTaskId;
}

export interface TeecContext {
	/**
	 * Opens a session with a trusted application.
	 *
	 * @param connectionData a group id for the login method GROUP, else null
	 * @param params four at most, or null
	 * @param errorCallback gets InvalidValuesError, OperationCanceledError or AbortError
	 * @throws {WebAPIException} TypeMismatchError, InvalidValuesError, SecurityError,
	 *     NotSupportedError
	 */
	openSession(taUUID: TeecUuid, loginMethod: TeecLoginMethod, connectionData: number | null,
		params: TeecParameter[] | null, successCallback: TeecOpenSuccessCallback,
		errorCallback?: ErrorCallback | null): TeecTaskId;
	/** Asks for a cancellation, which the trusted application may not heed. Ignores other ids. */
	revokeCommand(id: TeecTaskId): void;
	/** @param size octets, at least 1 */
	allocateSharedMemory(size: number, flags: TeecSharedMemoryFlags): TeecSharedMemory;
	/** @throws {WebAPIException} NotSupportedError: JavaScript has no addresses */
	registerSharedMemory(addr: number, size: number, flags: TeecSharedMemoryFlags): TeecSharedMemory;
	/** Ends all use of the memory; operations that have begun with it go on. */
	releaseSharedMemory(shm: TeecSharedMemory): void;
}

export interface LibTeecManager {
	/**
	 * Connects to a TEE: the one there is, for no name.
	 *
	 * @throws {WebAPIException} SecurityError, NotSupportedError, or AbortError where no simulated
	 *     TEE can be reached
	 */
	getContext(name?: string | null): TeecContext;
}

/** What is `tizen.teec` after require('teesim-tizen-teec/register'). */
export const teec: LibTeecManager;

export interface Settings {
	/** The application's directory, with its config.xml. Else TEESIM_APP_DIRECTORY, else the next
	 * one from the program's own upwards that has a widget's config.xml. */
	directory?: string;
	/** The level of the application's certificate. Else TEESIM_APP_CERTIFICATE, else partner. */
	certificate?: 'public' | 'partner' | 'platform';
	/** Trusted applications that it may reach besides its own; '*' for all. Else
	 * TEESIM_APP_ALLOW_TAS, separated by commas. */
	allowTas?: string | string[];
	/** Whether the device has a TEE at all. Else TEESIM_APP_FEATURE, else true. */
	feature?: boolean;
	/** What becomes of an exception in a callback: an uncaught exception, or, as on a device, a line
	 * in the log. Else TEESIM_APP_CALLBACK_ERRORS, else throw. */
	callbackErrors?: 'throw' | 'log';
}

/** Sets all settings anew, for the calls from now on. @throws {RangeError} names a bad one */
export function configure(settings: Settings): void;
