/* A client of the TEE's socket, and whoever may be at the other end. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "otrp/tee_client.h"
#include "wire/socket.h"

static char directory[] = "/tmp/teesim-tee-client.XXXXXX", path[64];
static int listener = -1;
static pthread_t other;
static struct tee_client *client;
static char err[256];

/* What the other end does with one request. */
static void (*answer)(int sock, const struct tee_packet *request, int octets);

static void *serve(void *unused)
{
	struct packet_fds fds;
	struct tee_packet packet;
	const int sock = accept(listener, NULL, NULL);

	while (socket_receive(sock, &packet, sizeof(packet), &fds, 0) > 0) {
		answer(sock, &packet, fds.count ? fds.fd[0] : -1);
		packet_fds_close(&fds);
	}
	close(sock);
	return unused;
}

static void send_packet(int sock, uint32_t kind, uint32_t status, uint32_t size, int fd)
{
	const struct tee_packet packet = { TEE_PACKET_MAGIC, kind, status, size };
	struct packet_fds fds = { .fd = { fd }, .count = fd >= 0 };

	(void)socket_send(sock, &packet, sizeof(packet), &fds, 0);
	if (fd >= 0)
		close(fd);
}

static void set_up(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	signal(SIGPIPE, SIG_IGN);
	cr_assert(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/d.otrp", directory);
	strcpy(address.sun_path, path);
	listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	cr_assert_eq(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
	cr_assert_eq(listen(listener, 1), 0);
	cr_assert_eq(pthread_create(&other, NULL, serve, NULL), 0);
	cr_assert_eq(tee_client_open(&client, path, err, sizeof(err)), 0, "%s", err);
}

static void tear_down(void)
{
	tee_client_close(client);
	pthread_join(other, NULL);
	close(listener);
	unlink(path);
	rmdir(directory);
}

TestSuite(tee_client, .init = set_up, .fini = tear_down);

static int call(const char *in, char **out, size_t *size)
{
	return tee_client_call(client, TEE_PROCESS, in, strlen(in), out, size, 5000);
}

/* The connection is of no use any more. */
static void expect_end(int code)
{
	char *out;
	size_t size;

	cr_assert_eq(call("x", &out, &size), code);
	cr_assert_null(out);
	cr_assert_eq(call("x", &out, &size), -ECONNRESET);
}

static void echo(int sock, const struct tee_packet *request, int octets)
{
	send_packet(sock, request->kind, 0, request->size, dup(octets));
}

Test(tee_client, is_given_the_answer)
{
	char *out;
	size_t size;

	answer = echo;
	for (int i = 0; i < 3; i++) {
		cr_assert_eq(call("a request", &out, &size), 0);
		cr_assert_eq(size, 9);
		cr_assert_str_eq(out, "a request");
		free(out);
	}
}

static void refuse_it(int sock, const struct tee_packet *request, int octets)
{
	(void)octets;
	send_packet(sock, request->kind, ENOENT, 4, tee_octets_make("gone", 4));
}

Test(tee_client, is_given_the_reason)
{
	char *out;
	size_t size;

	answer = refuse_it;
	for (int i = 0; i < 2; i++) {
		cr_assert_eq(call("a request", &out, &size), -ENOENT);
		cr_assert_str_eq(out, "gone");
		free(out);
	}
}

static void nothing(int sock, const struct tee_packet *request, int octets)
{
	(void)sock;
	(void)request;
	(void)octets;
}

Test(tee_client, does_not_wait_for_ever)
{
	char *out;
	size_t size;

	answer = nothing;
	cr_assert_eq(tee_client_call(client, TEE_NAMES, NULL, 0, &out, &size, 20), -ETIMEDOUT);
	cr_assert_null(out);
	expect_end(-ECONNRESET);
}

static void other_kind(int sock, const struct tee_packet *request, int octets)
{
	(void)octets;
	send_packet(sock, request->kind + 1, 0, 0, -1);
}

static void no_octets(int sock, const struct tee_packet *request, int octets)
{
	(void)octets;
	send_packet(sock, request->kind, 0, 100, -1);
}

static void too_many(int sock, const struct tee_packet *request, int octets)
{
	send_packet(sock, request->kind, 0, TEE_OCTETS_MAX + 1, dup(octets));
}

static void fewer_octets(int sock, const struct tee_packet *request, int octets)
{
	send_packet(sock, request->kind, 0, request->size + 1, dup(octets));
}

static void unsealed(int sock, const struct tee_packet *request, int octets)
{
	const int fd = memfd_create("open", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	(void)octets;
	cr_assert_eq(ftruncate(fd, 4096), 0);
	cr_assert_eq(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW), 0);
	send_packet(sock, request->kind, 0, 4096, fd);
}

static void a_file(int sock, const struct tee_packet *request, int octets)
{
	(void)octets;
	send_packet(sock, request->kind, 0, 16, open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
}

static void a_device(int sock, const struct tee_packet *request, int octets)
{
	(void)octets;
	send_packet(sock, request->kind, 0, 16, open("/dev/zero", O_RDONLY | O_CLOEXEC));
}

static void a_word(int sock, const struct tee_packet *request, int octets)
{
	(void)request;
	(void)octets;
	(void)socket_send(sock, "word", 4, NULL, 0);
}

Test(tee_client, refuses_what_is_no_answer)
{
	static void (*const answers[])(int, const struct tee_packet *, int) = {
		other_kind, no_octets, too_many, fewer_octets, unsealed, a_file, a_device, a_word,
	};

	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		answer = answers[i];
		expect_end(-EPROTO);
		tee_client_close(client);
		pthread_join(other, NULL);
		cr_assert_eq(pthread_create(&other, NULL, serve, NULL), 0);
		cr_assert_eq(tee_client_open(&client, path, err, sizeof(err)), 0, "%s", err);
	}
}

static void hang_up(int sock, const struct tee_packet *request, int octets)
{
	(void)request;
	(void)octets;
	(void)shutdown(sock, SHUT_RDWR);
}

Test(tee_client, notices_the_end)
{
	answer = hang_up;
	expect_end(-ECONNRESET);
}

Test(tee_client, asks_nothing_that_is_not_a_clients)
{
	char *out;
	size_t size;

	cr_assert_eq(tee_client_call(client, TEE_IMAGE, "x", 1, &out, &size, 20), -EINVAL);
	cr_assert_eq(tee_client_call(client, TEE_CONNECTION, NULL, 0, &out, &size, 20), -EINVAL);
}

/* Nobody changes octets once they have been sent. */
Test(tee_octets, cannot_be_changed)
{
	const int fd = tee_octets_make("octets", 6);
	const void *octets;

	cr_assert_geq(fd, 0);
	cr_assert_lt(pwrite(fd, "x", 1, 0), 0);
	cr_assert_lt(ftruncate(fd, 0), 0);
	cr_assert_eq(mmap(NULL, 6, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), MAP_FAILED);
	cr_assert_eq(tee_octets_map(fd, 6, &octets), 0);
	cr_assert_eq(memcmp(octets, "octets", 6), 0);
	munmap((void *)octets, 6);
	close(fd);
}

Test(tee_client_path, is_beside_the_daemons_socket)
{
	char found[256];

	setenv("TEESIM_SOCKET", "/run/x/run-1.sock", 1);
	cr_assert_eq(tee_client_path(NULL, found, sizeof(found), err, sizeof(err)), 0);
	cr_assert_str_eq(found, "/run/x/run-1.otrp");
	setenv("TEESIM_SOCKET", "/run/x/plain", 1);
	cr_assert_eq(tee_client_path(NULL, found, sizeof(found), err, sizeof(err)), 0);
	cr_assert_str_eq(found, "/run/x/plain.otrp");
	/* A device that is named is that device. */
	setenv("XDG_RUNTIME_DIR", "/tmp", 1);
	cr_assert_eq(tee_client_path("other", found, sizeof(found), err, sizeof(err)), 0);
	cr_assert(strstr(found, "/other-") && strstr(found, ".otrp"), "%s", found);
	cr_assert_lt(tee_client_path("no/name", found, sizeof(found), err, sizeof(err)), 0);
}
