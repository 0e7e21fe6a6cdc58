#include "pingpong.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "wire/futex.h"

/* What the messages of the socket round trip hold: as much as a small control message. */
#define SOCKET_MESSAGE_SIZE 32U

/* Who waits says so in a line of its own, since the other reads it at every turn. */
struct pingpong_word {
	_Atomic uint32_t seq;
	uint8_t unused_seq[124];
	_Atomic uint32_t parked;
	/* Where who waits for this word runs. */
	_Atomic uint32_t waiter_cpu;
	uint8_t unused_parked[120];
};

struct pingpong_page {
	struct pingpong_word request;
	struct pingpong_word reply;
	uint8_t unused[4096 - 2 * sizeof(struct pingpong_word)];
};

/* A request with this number sends the peer to the next place, without an answer. */
#define SEQ_MOVE UINT32_MAX

static void word_set(struct pingpong_word *word, uint32_t seq)
{
	(void)atomic_exchange(&word->seq, seq);
	if (atomic_load_explicit(&word->parked, memory_order_relaxed))
		futex_wake_all(&word->seq);
}

/* Waits until the word is no longer `old`, and returns what it is then. `theirs` is the word that
 * the peer waits for meanwhile. */
static uint32_t word_wait(struct pingpong_word *word, uint32_t old, struct wait_policy *policy,
			  const struct pingpong_word *theirs)
{
	struct wait_spin spin;
	uint32_t seq;

	wait_tell_cpu(&word->waiter_cpu);
	wait_spin_start(&spin);
	do {
		seq = atomic_load_explicit(&word->seq, memory_order_acquire);
		if (seq != old) {
			wait_policy_met(policy);
			return seq;
		}
	} while (wait_spin_more(&spin, policy, &theirs->waiter_cpu));
	if (!spin.futile)
		wait_policy_missed(policy);
	atomic_store(&word->parked, 1);
	while ((seq = atomic_load(&word->seq)) == old)
		(void)futex_wait(&word->seq, old, NULL);
	atomic_store_explicit(&word->parked, 0, memory_order_relaxed);
	return seq;
}

/* In the child: what a peer needs to be sure to go when its parent does. */
static void die_with_parent(pid_t parent)
{
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(0);
}

static void stay_on(int cpu)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	(void)sched_setaffinity(0, sizeof(one), &one);
}

__attribute__((noreturn)) static void peer_serve(struct pingpong_page *place,
						 struct wait_policy wait)
{
	for (unsigned int i = 0;; i = (i + 1) % PINGPONG_PLACES) {
		struct pingpong_page *page = &place[i];
		uint32_t seq = atomic_load(&page->reply.seq);

		while ((seq = word_wait(&page->request, seq, &wait, &page->reply)) != SEQ_MOVE)
			word_set(&page->reply, seq);
	}
}

int pingpong_start(struct pingpong *pingpong, long spin_us, int cpu)
{
	pid_t parent = getpid();
	int err;

	memset(pingpong, 0, sizeof(*pingpong));
	pingpong->place = mmap(NULL, PINGPONG_PLACES * sizeof(*pingpong->place),
			       PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (pingpong->place == MAP_FAILED)
		return -errno;
	pingpong->page = pingpong->place;
	wait_policy_init(&pingpong->wait, spin_us);
	pingpong->peer = fork();
	if (pingpong->peer < 0) {
		err = -errno;
		munmap(pingpong->place, PINGPONG_PLACES * sizeof(*pingpong->place));
		return err;
	}
	if (pingpong->peer == 0) {
		die_with_parent(parent);
		if (cpu >= 0)
			stay_on(cpu);
		peer_serve(pingpong->place, pingpong->wait);
	}
	return 0;
}

void pingpong_stop(struct pingpong *pingpong)
{
	if (pingpong->peer <= 0)
		return;
	kill(pingpong->peer, SIGKILL);
	while (waitpid(pingpong->peer, NULL, 0) < 0 && errno == EINTR)
		;
	munmap(pingpong->place, PINGPONG_PLACES * sizeof(*pingpong->place));
	pingpong->peer = 0;
}

int pingpong_renew(void *context)
{
	struct pingpong *pingpong = context;
	struct pingpong_page *old = pingpong->page;

	pingpong->rounds++;
	pingpong->page = &pingpong->place[pingpong->rounds % PINGPONG_PLACES];
	/* As it is when the peer comes there: nothing asked that is not answered. */
	pingpong->seq = atomic_load(&pingpong->page->reply.seq);
	atomic_store(&pingpong->page->request.seq, pingpong->seq);
	word_set(&old->request, SEQ_MOVE);
	return 0;
}

int pingpong_call(void *context)
{
	struct pingpong *pingpong = context;
	uint32_t seq = pingpong->seq;

	word_set(&pingpong->page->request, seq + 1);
	pingpong->seq =
		word_wait(&pingpong->page->reply, seq, &pingpong->wait, &pingpong->page->request);
	return 0;
}

__attribute__((noreturn)) static void socket_peer_serve(int fd)
{
	char message[SOCKET_MESSAGE_SIZE];

	for (;;) {
		ssize_t n = recv(fd, message, sizeof(message), 0);

		if (n <= 0 || send(fd, message, (size_t)n, MSG_NOSIGNAL) != n)
			_exit(0);
	}
}

int socket_peer_start(struct socket_peer *peer)
{
	pid_t parent = getpid();
	int fds[2];
	int err;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
		return -errno;
	peer->peer = fork();
	if (peer->peer < 0) {
		err = -errno;
		close(fds[0]);
		close(fds[1]);
		return err;
	}
	if (peer->peer == 0) {
		die_with_parent(parent);
		close(fds[0]);
		socket_peer_serve(fds[1]);
	}
	close(fds[1]);
	peer->fd = fds[0];
	return 0;
}

void socket_peer_stop(struct socket_peer *peer)
{
	close(peer->fd);
	while (waitpid(peer->peer, NULL, 0) < 0 && errno == EINTR)
		;
}

int socket_peer_call(void *context)
{
	const struct socket_peer *peer = context;
	char message[SOCKET_MESSAGE_SIZE] = { 0 };

	if (send(peer->fd, message, sizeof(message), MSG_NOSIGNAL) < 0 ||
	    recv(peer->fd, message, sizeof(message), 0) < 0)
		return -errno;
	return 0;
}
