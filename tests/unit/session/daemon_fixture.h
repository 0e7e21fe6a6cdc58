/*
 * A teesimd of a test's own, and raw protocol clients of it.
 *
 * daemon_start() makes a directory with a home and a runtime directory; daemon_stop() ends the
 * daemon and fails the test when that leaves a process, a socket, a descriptor or a temporary file.
 */
#ifndef TEESIM_TEST_DAEMON_FIXTURE_H
#define TEESIM_TEST_DAEMON_FIXTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "wire/channel.h"
#include "wire/message.h"
#include "wire/socket.h"

/* The TAs of the suite, by the last octet of their UUID. */
enum fixture_ta {
	TA_PER_SESSION = 1,
	TA_SINGLE = 2,
	TA_SINGLE_MULTI = 3,
	TA_KEEP_ALIVE = 4,
	TA_KEEP_CRASHED = 5,
	TA_NOWHERE = 9,
};

struct daemon {
	pid_t pid;
	char dir[64];
	char socket[128];
	unsigned int fds_before;
};

/* The daemon may have no more descriptors than this, so that a leak is met soon. */
#define DAEMON_DESCRIPTORS 200

/* Starts teesimd with the extra arguments (NULL-terminated list, may be NULL) and waits for
 * "ready". */
void daemon_start(struct daemon *daemon, const char *const *extra);
/* The same, without the directories' making and the waiting: returns what --ready-fd said. */
void daemon_launch(struct daemon *daemon, const char *const *extra, char *said, size_t size);
void daemon_dirs_make(struct daemon *daemon);
/* Sends SIGTERM, waits, checks that nothing is left, and removes the directory. */
void daemon_stop(struct daemon *daemon);
/* Waits for its end and returns the wait status. */
int daemon_wait(struct daemon *daemon);
/* The checks and the removal alone, after the daemon has ended. */
void daemon_check_nothing_left(struct daemon *daemon);

/* Puts TA `ta` where the fake host behaves as `behaviour`. */
void daemon_add_ta(const struct daemon *daemon, enum fixture_ta ta, const char *behaviour);

/* Does the device's log hold this text (within a second)? */
bool daemon_logged(const struct daemon *daemon, const char *text);

/* Connects, and says hello with TEESIM_TA_PATH leading to `behaviour`. */
int client_connect(const struct daemon *daemon);
int client_hello(const struct daemon *daemon, const char *behaviour);

void client_send(int sock, const void *message, size_t size);
void client_send_fd(int sock, const void *message, size_t size, int fd);

/* Receives one message of this type; fails the test when something else comes within a minute. */
void client_receive(int sock, uint32_t type, void *message, size_t size, struct packet_fds *fds);
/* Does the daemon end the connection within a minute, without another message? */
bool client_cut_off(int sock);
/* Does nothing come for `ms`? */
bool client_quiet(int sock, int ms);

void client_ask_open(int sock, uint32_t request, enum fixture_ta ta);
/* Waits for the answer; `channel` (may be NULL) gets the mapped channel, to be unmapped. */
struct message_opened client_opened(int sock, struct channel **channel);
struct message_opened client_open(int sock, enum fixture_ta ta, struct channel **channel);
void client_close_session(int sock, uint32_t session);
void client_ask_share(int sock, uint32_t request, uint32_t session, uint32_t block);
struct message_answer client_answer(int sock);
/* Has the instance's fake host do something; returns the answer's result. */
uint32_t client_command(int sock, uint32_t session, uint32_t command);

struct device_status {
	struct message_status_device device;
	struct message_status_instance instance[8];
	unsigned int instances;
};

void client_status(int sock, struct device_status *status);

/* Polls the status until there are `instances` of them in state `state` (-1: whatever state). */
bool client_wait_instances(int sock, unsigned int instances, int state);

#endif
