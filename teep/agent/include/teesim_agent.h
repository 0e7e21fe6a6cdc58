/*
 * libteesim-agent: the TEEP agent (OTrP broker) for client applications.
 *
 * An application that finds its trusted application missing asks for it with
 * teesim_agent_request_ta(), and the agent brings the device's TEE and a Trusted Application
 * Manager (TAM) together. One that talks to a TAM in its own way hands the TAM's messages over with
 * teesim_agent_process_otrp_message(). One that wants to know what TA it is about to use asks with
 * teesim_agent_get_ta_information().
 *
 * The agent is of the normal world: it has no keys, verifies nothing, and is not to be believed;
 * TEE and TAM protect what they tell each other. This library needs libc alone and reaches no
 * network; it talks to the program teesim-agent, which it starts where none runs.
 *
 * Every function may be called by any thread at any time, on one handle too; a call waits for no
 * other, but for the TEE's turn. After fork() a child opens a handle of its own. What is handed out
 * is given back with teesim_agent_free(). No function raises a signal.
 */
#ifndef TEESIM_AGENT_H
#define TEESIM_AGENT_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TEESIM_AGENT_EXPORT __attribute__((visibility("default")))

/*
 * What functions return: 0, one of these, or a negative errno. These three say that no TEE has
 * answered, as the protocol has it (OTrP section 10).
 */
enum teesim_agent_status {
	TEESIM_AGENT_OK = 0,
	/* The message is for a TEE that this device does not have: ERR_AGENT_TEE_UNKNOWN. */
	TEESIM_AGENT_TEE_UNKNOWN = 1,
	/* Too much is asked at this time; try again later: ERR_AGENT_TEE_BUSY. */
	TEESIM_AGENT_TEE_BUSY = 2,
	/* The TEE can't be reached, or gave no answer: ERR_AGENT_TEE_FAIL. */
	TEESIM_AGENT_TEE_FAIL = 3,
};

struct teesim_agent;

/* All members may be zero, and the whole of it may be NULL. */
struct teesim_agent_options {
	/* The device whose agent is meant. NULL: the one of $TEESIM_SOCKET or $TEESIM_DEVICE, else
	 * "default". */
	const char *device;
	/* The socket of an agent that runs already; nothing is started. NULL: $TEESIM_AGENT_SOCKET,
	 * else that of the device. */
	const char *socket;
	/* Sockets of TEEs, for a program that is the agent itself: no teesim-agent is asked, and
	 * teesim_agent_request_ta() is not to be had. */
	const char *const *tees;
	size_t tee_count;
	/* Milliseconds that one answer may take; 0: 90 seconds. Not for
	 * teesim_agent_request_ta(). */
	unsigned int timeout_ms;
};

/*
 * Make a handle. Nothing is connected yet. `options` need not outlive the call. Returns 0 and the
 * caller's *agent, for teesim_agent_close(); -EINVAL for options that contradict each other or name
 * fewer TEEs than they count, -ENAMETOOLONG for a socket whose path is too long, or -ENOMEM.
 */
TEESIM_AGENT_EXPORT int teesim_agent_open(const struct teesim_agent_options *options,
					  struct teesim_agent **agent);

/* No call may be under way. Harmless for NULL. */
TEESIM_AGENT_EXPORT void teesim_agent_close(struct teesim_agent *agent);

/*
 * ProcessOTrPMessage (OTrP section 6.4.1): hand a TAM's message of `size` octets to the TEE that it
 * is for, and get what to send back to the TAM: *answer, *answer_size octets and a zero octet
 * behind them, the caller's. `message` is not looked at but for the name of the TEE.
 *
 * Returns 0 with the TEE's signed answer, which may say that it refused; one of enum
 * teesim_agent_status with the agent's own unsigned message, which may be sent to the TAM as well;
 * or -errno with *answer NULL: -EMSGSIZE for an empty message or one over 16 MiB, -ECONNREFUSED
 * when no agent can be reached, -ETIMEDOUT, -ENOMEM. After a failure the TEE may have done
 * what the message asked for: TAMs find out by GetDeviceState.
 */
TEESIM_AGENT_EXPORT int teesim_agent_process_otrp_message(struct teesim_agent *agent,
							  const void *message, size_t size,
							  char **answer, size_t *answer_size);

/*
 * GetTAInformation (OTrP section 6.4.2): who made and installed a TA. `spid` is the service
 * provider's identifier (UTF-8, 1 to 255 octets), `taid` the TA's UUID in its text form.
 * *information is JSON,
 * {"TAInformation": JWS}, the caller's, and ends with a zero octet. It is signed with the service
 * provider's anonymous key of this device: to be verified with the public key that the TAM gave for
 * it (teesim_agent_request_ta()), never with the one in the JWS's own header.
 *
 * Returns 0; -ENOENT when no TEE has that TA of that provider; -EINVAL for what can't be asked; one
 * of enum teesim_agent_status; or another -errno.
 */
TEESIM_AGENT_EXPORT int teesim_agent_get_ta_information(struct teesim_agent *agent,
							const char *spid, const char *taid,
							char **information);

/* How far a TA that was asked for is. */
enum teesim_agent_step {
	TEESIM_AGENT_STEP_WAITING = 1, /* others are served first */
	TEESIM_AGENT_STEP_CONTACTING,  /* the TAM is being called */
	TEESIM_AGENT_STEP_TO_TEE,      /* a message of the TAM's goes to the TEE */
	TEESIM_AGENT_STEP_TO_TAM,      /* the TEE's answer goes to the TAM */
	TEESIM_AGENT_STEP_FINISHED,    /* the TAM has no more to say */
};

/*
 * Called by the thread that waits in teesim_agent_request_ta(). `text` is one line for people,
 * such as "InstallTARequest for the TEE", and valid during the call. Returning anything but 0 gives
 * the request up; what the TEE was told already stays done.
 */
typedef int teesim_agent_progress(void *context, enum teesim_agent_step step, const char *text);

/*
 * RequestTA: have the TA with the UUID `taid` (text, either case) brought to this device by the TAM
 * at `tam_uri` (http:// or https://), or, for NULL, by the one that is configured for it
 * (`teesim agent --help`). Returns when the TAM has no more to say, which may take minutes.
 * `progress` may be NULL. *keys, unless NULL, gets what the TAM signed for the application: the
 * public parts of service providers' anonymous keys on this device, a JWS to be verified with the
 * TAM's certificate; the caller's, or NULL when the TAM gave none.
 *
 * 0 says that the conversation came to its end, and not that the TA is there: that is for
 * TEEC_OpenSession() to see. Returns -EINVAL for what is no UUID or URI, -EDESTADDRREQ when no TAM
 * is known for the TA, -ECANCELED when `progress` gave it up, -EPROTO, -ECONNREFUSED, -ETIMEDOUT
 * and others for what went wrong with the TAM or on the way; or one of enum teesim_agent_status.
 */
TEESIM_AGENT_EXPORT int teesim_agent_request_ta(struct teesim_agent *agent, const char *taid,
						const char *tam_uri,
						teesim_agent_progress *progress, void *context,
						char **keys);

/*
 * RequestTA by an application that brings the TA along: as teesim_agent_request_ta(), with the
 * service provider's package (CMS, up to 16 MiB), which goes to the TAM. It is installed where the
 * TAM has authorised that very package; -EACCES where it has not. -EMSGSIZE for a package that is
 * empty or over 16 MiB.
 */
TEESIM_AGENT_EXPORT int teesim_agent_offer_ta(struct teesim_agent *agent, const char *taid,
					      const void *package, size_t size, const char *tam_uri,
					      teesim_agent_progress *progress, void *context,
					      char **keys);

/* One line on why this thread's last call did not return 0; never NULL. */
TEESIM_AGENT_EXPORT const char *teesim_agent_reason(void);

/* Give back what a function handed out. Harmless for NULL. */
TEESIM_AGENT_EXPORT void teesim_agent_free(void *handed_out);

#ifdef __cplusplus
}
#endif

#endif
