/*
 * The control messages: what goes over the SOCK_SEQPACKET connections between libteec and teesimd,
 * the command line and teesimd, and teesimd and its TA hosts. Never on the path of an invoke.
 *
 * One packet is one message: a header, a fixed body of the type's own size, and for a few types a
 * tail of octets whose length the body names. A request carries a number that its answer
 * repeats. Integers are in host order: all parties run on one machine.
 *
 * Direction is part of each name's comment: c = client (libteec, teesim), d = teesimd, h = ta-host.
 */
#ifndef TEESIM_WIRE_MESSAGE_H
#define TEESIM_WIRE_MESSAGE_H

#include <assert.h>
#include <stdint.h>

#include "wire/uuid.h"

/* Of the number of a security domain. */
#define MESSAGE_DOMAIN_SIZE 16U

#define MESSAGE_PROTOCOL    1U
/* No packet is larger. */
#define MESSAGE_SIZE_MAX 16384U
/* Descriptor numbers on which a TA host finds its control socket, and the connection on which it is
 * itself a client of teesimd: of other TAs and of the services. */
#define MESSAGE_HOST_CONTROL_FD 3
#define MESSAGE_HOST_CLIENT_FD	4

enum message_type {
	/* c → d, c ← d */
	MESSAGE_HELLO = 1,    /* first of every connection; answered by MESSAGE_ANSWER */
	MESSAGE_OPEN_SESSION, /* answered by MESSAGE_OPENED */
	MESSAGE_OPENED,
	MESSAGE_CLOSE_SESSION, /* no answer */
	MESSAGE_CANCEL,	       /* no answer of its own; the request that it names is answered */
	MESSAGE_SHARE_BLOCK,   /* + block descriptor; answered by MESSAGE_ANSWER */
	MESSAGE_RELEASE_BLOCK, /* no answer */
	MESSAGE_GROW_ARENA,    /* answered by MESSAGE_ANSWER + arena descriptor */
	MESSAGE_ANSWER,
	/* Of a TA instance alone: the connection to a network peer, + socket in the answer; and a
	 * datagram socket + that socket, to be connected anew. Answered by MESSAGE_ANSWER. */
	MESSAGE_CONNECT = 16,
	MESSAGE_CONNECT_AGAIN,
	MESSAGE_WAITS, /* of a TA instance alone; answered by MESSAGE_ANSWER */

	/* Administration by the command line: c → d, c ← d. */
	MESSAGE_STATUS = 32, /* answered by one MESSAGE_STATUS_INSTANCE per instance, then
				MESSAGE_STATUS_DEVICE */
	MESSAGE_STATUS_INSTANCE,
	MESSAGE_STATUS_DEVICE,
	MESSAGE_STOP, /* answered, then the daemon ends */

	/* d → h */
	MESSAGE_START = 64,	/* + image, doorbell; answered by MESSAGE_STARTED */
	MESSAGE_ADD_SESSION,	/* + channel; no answer */
	MESSAGE_END_SESSION,	/* the client is gone; answered by MESSAGE_SESSION_ENDED */
	MESSAGE_RESUME_SESSION, /* a resting session is used anew; no answer */
	MESSAGE_MAP_BLOCK,	/* + block; answered by MESSAGE_HOST_ANSWER */
	MESSAGE_UNMAP_BLOCK,	/* no answer */
	MESSAGE_MAP_ARENA,	/* + arena; answered by MESSAGE_HOST_ANSWER */
	MESSAGE_DESTROY,	/* run the destroy entry point and exit with status 0 */
	MESSAGE_LIBRARY,	/* + image; any number of them before MESSAGE_START; no answer */

	/* h → d */
	MESSAGE_STARTED = 96,
	/* Closed, its channel kept for another session. Sent before the client sees that it is
	 * closed where the instance may end with it or takes one session at a time, else some time
	 * later. */
	MESSAGE_SESSION_RESTS,
	/* One that was said to rest is in use again, by its client's will. */
	MESSAGE_SESSION_REOPENED,
	MESSAGE_SESSION_ENDED, /* the answer to MESSAGE_END_SESSION: the channel is unmapped */
	MESSAGE_HOST_ANSWER,
	MESSAGE_DEATH, /* last words: a panic or a crash; the process ends right after */
};

struct message_header {
	uint32_t type;
	/* Chosen by who asks, repeated by who answers; 0 in messages that are neither. */
	uint32_t request;
};

/* c → d. The tail holds `client_directory_size` octets of the directory that the client program
 * lies in, then `ta_path_size` octets of TEESIM_TA_PATH as the client has it; neither is
 * terminated. */
struct message_hello {
	struct message_header header;
	uint32_t protocol;
	uint32_t client_directory_size;
	uint32_t ta_path_size;
};

struct message_open_session {
	struct message_header header;
	struct uuid ta;
	uint32_t login;
	/* The group id for LOGIN_GROUP, else 0. */
	uint32_t connection_data;
	/* A session of this connection that the client has closed, and whose channel it offers for
	 * the new one; 0 none. It is gone where teesimd does not take it. */
	uint32_t resting;
};

/* d → c. On success two descriptors come along: the channel, then the instance's doorbell; none
 * where `session` is the resting one that was offered, whose channel goes on to be used. The
 * session exists from here on, but the TA has not been asked yet: the client's first
 * operation on the channel is CHANNEL_OPEN. */
struct message_opened {
	struct message_header header;
	uint32_t result;
	uint32_t origin;
	uint32_t session;
	uint32_t instance;
	uint32_t slot;
	/* The client may open a session anew on a channel that it has just closed, with the same
	 * login, without asking: the instance takes many sessions and outlives the last. */
	uint32_t may_reopen;
};

/* c → d: forget a session whose TA is dead, or whose opening the TA refused and which the host
 * could not report. Harmless for one that has ended. */
struct message_close_session {
	struct message_header header;
	uint32_t session;
};

/* c → d: the client no longer wants request number `target` of this connection. */
struct message_cancel {
	struct message_header header;
	uint32_t target;
};

enum message_block_flags {
	MESSAGE_BLOCK_INPUT = 1,  /* the TA reads */
	MESSAGE_BLOCK_OUTPUT = 2, /* the TA writes */
};

/* c → d with the block's descriptor: map it into the instance of `session`, under the client's own
 * number for it. Blocks belong to the connection. */
struct message_share_block {
	struct message_header header;
	uint32_t session;
	uint32_t block;
	uint32_t flags;
	uint32_t unused;
	uint64_t size;
};

/* c → d: unmap it everywhere. */
struct message_release_block {
	struct message_header header;
	uint32_t block;
};

/* c → d: an arena of at least `size` octets in the place of the client's, which has `has`. */
struct message_grow_arena {
	struct message_header header;
	uint32_t session;
	uint32_t has;
	uint64_t size;
};

enum message_connect_protocol {
	MESSAGE_CONNECT_TCP = 1,
	MESSAGE_CONNECT_UDP,
};

/* Results that the answer may hold besides: the API's own. */
#define MESSAGE_CONNECT_TIMED_OUT    0xF1007003U
#define MESSAGE_CONNECT_NO_RESOURCES 0xF1007004U
#define MESSAGE_CONNECT_NO_SUCH_HOST 0xF1007007U

/* c → d. The tail holds `host_size` octets, a name or an address. */
struct message_connect {
	struct message_header header;
	uint32_t protocol;
	/* 4, 6, or 0 for either. */
	uint32_t ip_version;
	uint32_t port;
	uint32_t host_size;
};

/* c → d, from a TA instance: it waits for an answer on `session`, which the other side has not
 * taken up yet. RESULT_BUSY says that the other side waits for this instance, so that neither would
 * ever go on. */
struct message_waits {
	struct message_header header;
	uint32_t session;
};

/* d → c. For MESSAGE_GROW_ARENA, `value` is the new size. */
struct message_answer {
	struct message_header header;
	uint32_t result;
	uint32_t origin;
	uint64_t value;
};

/* Requests without a body: MESSAGE_STATUS, MESSAGE_STOP, MESSAGE_DESTROY. */
struct message_bare {
	struct message_header header;
};

enum message_instance_state {
	MESSAGE_INSTANCE_STARTING,
	MESSAGE_INSTANCE_LIVE,
	MESSAGE_INSTANCE_ENDING,
	MESSAGE_INSTANCE_CRASHED,
};

/* The tail holds `path_size` octets: the file that the TA came from. */
struct message_status_instance {
	struct message_header header;
	struct uuid ta;
	uint32_t instance;
	int32_t pid;
	uint32_t state;
	uint32_t flags;
	uint32_t sessions;
	uint32_t path_size;
};

/* The tail holds `name_size` octets: the device's name. */
struct message_status_device {
	struct message_header header;
	int32_t pid;
	uint32_t contexts;
	uint32_t instances;
	/* What the sandbox of TA hosts lacks on this machine: sandbox_feature bits. */
	uint32_t sandbox_missing;
	uint64_t uptime_ms;
	uint32_t name_size;
	uint32_t unused;
};

enum message_start_flag {
	/* TA_STACK_SIZE and TA_DATA_SIZE are enforced. */
	MESSAGE_START_STRICT_MEMORY = 1,
	/* For the services: trusted storage outlasts a loss of power. */
	MESSAGE_START_DURABLE = 2,
};

/* d → h. Two descriptors: the image, then the doorbell. The tail holds `path_size` octets, the file
 * that the image was read from, for messages and debuggers; then `faults_size` octets. */
struct message_start {
	struct message_header header;
	struct uuid ta;
	struct uuid device;
	uint32_t flags;
	uint32_t stack_size;
	uint32_t data_size;
	/* As wait_policy_init() takes it. */
	int32_t spin_us;
	uint32_t log_level;
	/* sandbox_feature bits of the host's own half. Where one of them is missing, the host must
	 * not load the TA but answer RESULT_NOT_SUPPORTED. */
	uint32_t sandbox_required;
	uint32_t path_size;
	/* What the way into the TA is to cost, and the way out: the model of a board. 0: nothing
	 * is added. */
	uint32_t world_switch_ns;
	/* Not 0: `random_seed` is all that the instance's randomness is made from. */
	uint32_t seeded;
	/* message_start_flag bits. */
	uint32_t start_flags;
	uint8_t random_seed[32];
	/* The members of struct device_clock (device/clock.h). */
	uint64_t clock_host_start_ns;
	uint64_t clock_start_ns;
	uint64_t clock_rate;
	/* Bit n: the TA names library n. */
	uint32_t needs;
	/* The tail goes on with so many octets: the faults to be injected, as fault_plan_parse()
	 * takes them. */
	uint32_t faults_size;
	/* For the services: octets of one TA's objects, and of all; 0: no limit. */
	uint64_t storage_quota_ta;
	uint64_t storage_quota_device;
	/* Of a TA, octets of the data that the TAM sent with it: then a third descriptor has them.
	 */
	uint32_t personal_size;
	uint32_t unused;
};

/* Where a host finds library n among its descriptors, and what images that need it call it. */
#define MESSAGE_LIBRARY_FD_FIRST 32
#define MESSAGE_LIBRARIES_MAX	 31
#define MESSAGE_LIBRARY_NAME	 "/proc/self/fd/%d"

/* d → h. A shared library for TAs. The tail holds `path_size` octets, the file that the image was
 * read from. */
struct message_library {
	struct message_header header;
	struct uuid uuid;
	uint32_t number;
	/* Bit n: it names library n. */
	uint32_t needs;
	uint32_t path_size;
};

/* h → d. Not RESULT_SUCCESS: the process exits right after. The tail holds `text_size`
 * octets: why, in words, for the developer. */
struct message_started {
	struct message_header header;
	uint32_t result;
	uint32_t origin;
	/* What the host's half of the sandbox lacks: sandbox_feature bits. */
	uint32_t sandbox_missing;
	uint32_t text_size;
};

struct message_add_session {
	struct message_header header;
	uint32_t session;
	uint32_t slot;
	/* The connection that the session's blocks belong to. */
	uint32_t context;
	/* As the TA sees it in gpd.client.identity. */
	uint32_t login;
	struct uuid client;
	/* What was opened: the TA itself, or one of the services that the host is. */
	struct uuid ta;
	/* Where the client is a TA: its security domain; all zero for the development domain. */
	uint8_t client_domain[MESSAGE_DOMAIN_SIZE];
};

/* d → h: the resting session is a new one, for this client. */
struct message_resume_session {
	struct message_header header;
	uint32_t session;
	uint32_t login;
	struct uuid client;
};

/* h → d. `uses` counts the resumptions that the host has seen: what it says of an earlier use of
 * the session is old news. */
struct message_session_rests {
	struct message_header header;
	uint32_t session;
	uint32_t uses;
};

/* d → h and h → d (MESSAGE_END_SESSION, MESSAGE_SESSION_REOPENED, MESSAGE_SESSION_ENDED). */
struct message_session {
	struct message_header header;
	uint32_t session;
};

struct message_map_block {
	struct message_header header;
	uint32_t context;
	uint32_t block;
	uint32_t flags;
	uint32_t unused;
	uint64_t size;
};

struct message_unmap_block {
	struct message_header header;
	uint32_t context;
	uint32_t block;
};

/* d → h: the client, whose arena has `has` octets, may come to use this one. */
struct message_map_arena {
	struct message_header header;
	uint32_t session;
	uint32_t has;
	uint64_t size;
};

/* h → d. */
struct message_host_answer {
	struct message_header header;
	uint32_t result;
};

enum message_death_kind {
	MESSAGE_DEATH_PANIC = 1,
	MESSAGE_DEATH_SIGNAL = 2,
	MESSAGE_DEATH_SANDBOX = 3, /* a system call that the sandbox refuses */
};

/* What was under way where that is no channel_op. */
enum message_death_op {
	MESSAGE_DEATH_IN_CONSTRUCTOR = 16,
	MESSAGE_DEATH_IN_CREATE,
	MESSAGE_DEATH_IN_DESTROY,
};

enum message_death_flag {
	/* The address lies beside the TA's stack: that is used up. */
	MESSAGE_DEATH_STACK_OVERFLOW = 1,
	/* The first frame is the instruction that died; all others, and the first one without this
	 * flag, are where a call returns to. */
	MESSAGE_DEATH_FRAME_EXACT = 2,
};

#define MESSAGE_DEATH_FRAMES	  64
#define MESSAGE_DEATH_MODULES	  24
#define MESSAGE_DEATH_REASON_SIZE 192
#define MESSAGE_BUILD_ID_SIZE	  20

enum message_module_kind {
	MESSAGE_MODULE_LIBRARY, /* `name` is its path, cut where it is too long */
	MESSAGE_MODULE_HOST,	/* the ta-host program */
	MESSAGE_MODULE_TA,
	MESSAGE_MODULE_TA_LIBRARY, /* `name` is its UUID */
};

/* A loaded object: its addresses in the process are those in its file plus `base`. */
struct message_module {
	uint64_t base;
	/* Where its last segment ends, counted from `base`. */
	uint64_t size;
	uint32_t kind;
	/* Octets of `build_id`; 0 where it has none, or a longer one. */
	uint32_t build_id_size;
	uint8_t build_id[MESSAGE_BUILD_ID_SIZE];
	/* Terminated. */
	char name[84];
};

/* h → d. Sent by a signal handler: what takes a call to find out is filled in before. */
struct message_death {
	struct message_header header;
	uint32_t kind;
	/* Panic code, signal number, or system call number. */
	uint32_t code;
	/* si_code of the signal. */
	int32_t signal_code;
	/* The operation under way: channel_op or message_death_op, and the command for
	 * CHANNEL_INVOKE; 0 none. */
	uint32_t op;
	uint32_t cmd;
	uint32_t session;
	uint64_t address;
	/* The instruction that died; 0 for a panic. */
	uint64_t pc;
	/* Where the TA's image is loaded, to turn addresses into its own. */
	uint64_t image_base;
	uint64_t image_size;
	/* message_death_flag bits. */
	uint32_t flags;
	uint32_t frames;
	uint32_t modules;
	uint32_t unused;
	/* Innermost first. */
	uint64_t frame[MESSAGE_DEATH_FRAMES];
	/* Of a panic: the rule that the TA broke, terminated; empty when it panicked itself. */
	char reason[MESSAGE_DEATH_REASON_SIZE];
	struct message_module module[MESSAGE_DEATH_MODULES];
};

static_assert(sizeof(struct message_header) == 8, "wire layout");
static_assert(sizeof(struct message_hello) == 20, "wire layout");
static_assert(sizeof(struct message_open_session) == 36, "wire layout");
static_assert(sizeof(struct message_opened) == 32, "wire layout");
static_assert(sizeof(struct message_close_session) == 12, "wire layout");
static_assert(sizeof(struct message_cancel) == 12, "wire layout");
static_assert(sizeof(struct message_share_block) == 32, "wire layout");
static_assert(sizeof(struct message_release_block) == 12, "wire layout");
static_assert(sizeof(struct message_grow_arena) == 24, "wire layout");
static_assert(sizeof(struct message_connect) == 24, "wire layout");
static_assert(sizeof(struct message_waits) == 12, "wire layout");
static_assert(sizeof(struct message_answer) == 24, "wire layout");
static_assert(sizeof(struct message_status_instance) == 48, "wire layout");
static_assert(sizeof(struct message_status_device) == 40, "wire layout");
static_assert(sizeof(struct message_start) == 168, "wire layout");
static_assert(sizeof(struct message_library) == 36, "wire layout");
static_assert(sizeof(struct message_started) == 24, "wire layout");
static_assert(sizeof(struct message_add_session) == 72, "wire layout");
static_assert(sizeof(struct message_resume_session) == 32, "wire layout");
static_assert(sizeof(struct message_session_rests) == 16, "wire layout");
static_assert(sizeof(struct message_session) == 12, "wire layout");
static_assert(sizeof(struct message_map_block) == 32, "wire layout");
static_assert(sizeof(struct message_unmap_block) == 16, "wire layout");
static_assert(sizeof(struct message_map_arena) == 24, "wire layout");
static_assert(sizeof(struct message_host_answer) == 12, "wire layout");
static_assert(sizeof(struct message_module) == 128, "wire layout");
static_assert(sizeof(struct message_death) == 80 + 8 * MESSAGE_DEATH_FRAMES +
						      MESSAGE_DEATH_REASON_SIZE +
						      128 * MESSAGE_DEATH_MODULES,
	      "wire layout");

#endif
