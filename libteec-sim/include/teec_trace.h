/* Trace macros for client-side programs, as OP-TEE's client tree has them. Level DEBUGLEVEL: 0
 * none, 1 errors, 2 information, 3 debugging, 4 everything. Output goes to standard error. */
#ifndef TEEC_TRACE_H
#define TEEC_TRACE_H

#include <stdio.h>

#define TRACE_NONE  0
#define TRACE_ERROR 1
#define TRACE_INFO  2
#define TRACE_DEBUG 3
#define TRACE_FLOW  4

#ifndef DEBUGLEVEL
#define DEBUGLEVEL TRACE_ERROR
#endif

#ifndef BINARY_PREFIX
#define BINARY_PREFIX "TEEC"
#endif

#define TEEC_TRACE_PRINT(level, tag, ...)                                                       \
	do {                                                                                    \
		if ((level) <= DEBUGLEVEL) {                                                    \
			fprintf(stderr, tag "/" BINARY_PREFIX ": %s:%d: ", __func__, __LINE__); \
			fprintf(stderr, __VA_ARGS__);                                           \
			fputc('\n', stderr);                                                    \
		}                                                                               \
	} while (0)

#define EMSG(...)   TEEC_TRACE_PRINT(TRACE_ERROR, "E", __VA_ARGS__)
#define IMSG(...)   TEEC_TRACE_PRINT(TRACE_INFO, "I", __VA_ARGS__)
#define DMSG(...)   TEEC_TRACE_PRINT(TRACE_DEBUG, "D", __VA_ARGS__)
#define FMSG(...)   TEEC_TRACE_PRINT(TRACE_FLOW, "F", __VA_ARGS__)

#define INMSG(...)  FMSG("> " __VA_ARGS__)
#define OUTMSG(...) FMSG("< " __VA_ARGS__)
#define OUTRMSG(r)                                 \
	do {                                       \
		FMSG("< 0x%x", (unsigned int)(r)); \
		return r;                          \
	} while (0)

#define EMSG_RAW(...) EMSG(__VA_ARGS__)
#define IMSG_RAW(...) IMSG(__VA_ARGS__)
#define DMSG_RAW(...) DMSG(__VA_ARGS__)
#define FMSG_RAW(...) FMSG(__VA_ARGS__)

#endif
