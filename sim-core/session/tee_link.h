/*
 * teesimd's way to the TEE that speaks OTrP: the firmware's process (boot/firmware_main.c), which
 * boots the device and starts the TEE's own (otrp/tee_main.c). They are started when somebody asks
 * for the TEE, and stay until nobody has for a while.
 *
 * Runs in teesimd, which listens at the TEE's socket for it, hands it the connections, and asks it
 * for the images of TAs that TAMs installed. It waits for nothing: who opens such a TA stands in a
 * queue until the image is there. The process is trusted with what it is for and with nothing of
 * teesimd's; its packets are checked. Owns the listening socket, the process and what it has
 * answered.
 */
#ifndef TEESIM_SESSION_TEE_LINK_H
#define TEESIM_SESSION_TEE_LINK_H

#include <limits.h>
#include <stdbool.h>
#include <sys/queue.h>
#include <uv.h>

#include "otrp/tee_socket.h"
#include "registry/ta_image.h"

struct server;
struct opening_queue;
struct tee_process;

#define TEE_REASON_SIZE 768

/* What the TEE said of a TA. */
struct tee_answer {
	struct uuid uuid;
	/* What told that something changed, as it was before the TEE was asked. */
	struct ta_file_identity changes;
	int error; /* 0, -ENOENT, or why it could not be found out: then `reason` is a line */
	int fd;	   /* of the image; -1 */
	/* Of its personalisation data, of record.personal_size octets; -1. */
	int personal_fd;
	struct tee_image_record record;
	char reason[TEE_REASON_SIZE];
	bool used;
};

/* UUIDs that no TAM installed are remembered apart, so that who asks for many of them drives
 * nobody's image out. */
#define TEE_MISS_SETS	  128
#define TEE_MISSES_IN_SET 4
#define TEE_ANSWERS_MAX	  32
/* So many of them have images. */
#define TEE_ANSWER_IMAGES_MAX 4

struct tee_question;
TAILQ_HEAD(tee_questions, tee_question);
struct tee_caller;
TAILQ_HEAD(tee_callers, tee_caller);

struct tee_link {
	struct server *server;
	int sock;
	uv_poll_t listener;
	bool listening;
	char path[PATH_MAX];
	struct tee_process *process; /* NULL: none runs, or it is told to end */
	struct tee_questions questions;
	/* Connections that the TEE has not taken yet. */
	struct tee_callers callers;
	struct tee_answer answers[TEE_ANSWERS_MAX];
	unsigned int next;
	/* As of one state of what is installed; the newest of a set first. */
	struct uuid misses[TEE_MISS_SETS][TEE_MISSES_IN_SET];
	struct ta_file_identity misses_changes;
	bool failing; /* the questions of a process that has ended */
	uv_timer_t idle;
	uv_timer_t patience;
	/* How many clients are connected to the TEE. */
	uint32_t connections;
};

/* Listens beside teesimd's own socket. 0 or -errno. */
int tee_link_init(struct tee_link *link, struct server *server);

/* No new clients; the process is told to end, and the loop goes on until it has. */
void tee_link_stop(struct tee_link *link);

/* Ends processes that do not end by themselves. */
void tee_link_kill(struct tee_link *link);

/* Those that live: their number, and which they are in `pids`. */
#define TEE_PROCESSES_TOLD 8
size_t tee_link_processes(const struct tee_link *link, pid_t pids[TEE_PROCESSES_TOLD]);

/* For server_fini(). */
void tee_link_fini(struct tee_link *link);

/*
 * What is known of the TA `uuid`. NULL: nothing yet, and `*waiting` is the queue for those who want
 * to know, who are advanced when it is. The answer stays the link's and holds until the loop goes
 * on.
 */
const struct tee_answer *tee_link_ask(struct tee_link *link, const struct uuid *uuid,
				      struct opening_queue **waiting);

/* Lets go of images. */
void tee_link_forget(struct tee_link *link);
bool tee_link_has_images(const struct tee_link *link);

#endif
