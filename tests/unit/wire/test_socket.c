#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "wire/socket.h"

static int pair[2];

static int open_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int count = 0;

	while (readdir(dir))
		count++;
	closedir(dir);
	return count;
}

static int open_before;

static void make_pair(void)
{
	cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	open_before = open_descriptors();
}

static void close_pair(void)
{
	cr_expect_eq(open_descriptors(), open_before, "descriptors were left open");
	close(pair[0]);
	close(pair[1]);
}

TestSuite(packet, .init = make_pair, .fini = close_pair, .timeout = 500);

/* Sends `count` descriptors by hand, more than socket_send() would. */
static void send_raw(const void *data, size_t size, unsigned int count)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int) * 64)];
		struct cmsghdr align;
	} control = { 0 };
	struct iovec iov = { .iov_base = (void *)data, .iov_len = size };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *c;
	int fd[64];

	for (unsigned int i = 0; i < count; i++)
		fd[i] = pair[0];
	if (count) {
		msg.msg_control = control.bytes;
		msg.msg_controllen = CMSG_SPACE(sizeof(int) * count);
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int) * count);
		memcpy(CMSG_DATA(c), fd, sizeof(int) * count);
	}
	cr_assert_eq(sendmsg(pair[0], &msg, 0), (ssize_t)size);
}

Test(packet, arrives_whole_with_its_descriptors)
{
	struct packet_fds out = { .fd = { pair[0], pair[1] }, .count = 2 }, in;
	char data[16];
	int fd;

	cr_assert_eq(socket_send(pair[0], "hello", 5, &out, 0), 0);
	cr_assert_eq(socket_receive(pair[1], data, sizeof(data), &in, 0), 5);
	cr_expect_arr_eq(data, "hello", 5);
	cr_assert_eq(in.count, 2);
	for (unsigned int i = 0; i < in.count; i++)
		cr_expect(fcntl(in.fd[i], F_GETFD) & FD_CLOEXEC);
	packet_fds_close(&in);
	fd = packet_fds_take(&in, 0);
	cr_expect_eq(fd, -1, "an emptied set gave out %d", fd);
}

Test(packet, taken_descriptor_is_not_closed_with_the_set)
{
	struct packet_fds out = { .fd = { pair[0] }, .count = 1 }, in;
	char data[16];
	int fd;

	cr_assert_eq(socket_send(pair[0], "x", 1, &out, 0), 0);
	cr_assert_eq(socket_receive(pair[1], data, sizeof(data), &in, 0), 1);
	fd = packet_fds_take(&in, 0);
	packet_fds_close(&in);
	cr_expect_geq(fcntl(fd, F_GETFD), 0);
	close(fd);
}

Test(packet, truncated_one_is_refused_and_its_descriptors_closed)
{
	struct packet_fds in;
	char data[4];

	send_raw("too long", 8, 2);
	cr_expect_eq(socket_receive(pair[1], data, sizeof(data), &in, 0), -EMSGSIZE);
	cr_expect_eq(in.count, 0);
}

Test(packet, too_many_descriptors_are_refused_and_closed)
{
	struct packet_fds in;
	char data[16];

	for (unsigned int count = SOCKET_FDS_MAX + 1; count <= 64; count += 7) {
		send_raw("x", 1, count);
		cr_expect_eq(socket_receive(pair[1], data, sizeof(data), &in, 0), -EPROTO,
			     "%u were taken", count);
		cr_expect_eq(in.count, 0);
	}
}

Test(packet, as_many_descriptors_as_fit_are_taken)
{
	struct packet_fds in;
	char data[16];

	send_raw("x", 1, SOCKET_FDS_MAX);
	cr_assert_eq(socket_receive(pair[1], data, sizeof(data), &in, 0), 1);
	cr_expect_eq(in.count, SOCKET_FDS_MAX);
	packet_fds_close(&in);
}

Test(packet, sender_is_told_where_it_was_asked_for)
{
	static const int yes = 1;
	struct packet_fds in, out = { .count = 2, .fd = { pair[0], pair[0] } };
	pid_t child, from = -1;
	char data[4];

	send_raw("x", 1, 0);
	cr_assert_eq(socket_receive_from(pair[1], data, sizeof(data), &in, &from, 0), 1);
	cr_expect_eq(from, 0);
	cr_assert_eq(setsockopt(pair[1], SOL_SOCKET, SO_PASSCRED, &yes, sizeof(yes)), 0);
	child = fork();
	if (!child)
		_exit(socket_send(pair[0], "x", 1, &out, 0) ? 1 : 0);
	cr_assert_gt(child, 0);
	cr_assert_eq(socket_receive_from(pair[1], data, sizeof(data), &in, &from, 0), 1);
	cr_expect_eq(from, child);
	cr_expect_eq(in.count, 2);
	packet_fds_close(&in);
	cr_assert_eq(waitpid(child, NULL, 0), child);
	/* As many descriptors as may come leave room for it. */
	send_raw("x", 1, SOCKET_FDS_MAX);
	cr_assert_eq(socket_receive_from(pair[1], data, sizeof(data), &in, &from, 0), 1);
	cr_expect_eq(from, getpid());
	cr_expect_eq(in.count, SOCKET_FDS_MAX);
	packet_fds_close(&in);
	send_raw("x", 1, SOCKET_FDS_MAX + 1);
	cr_expect_eq(socket_receive_from(pair[1], data, sizeof(data), &in, &from, 0), -EPROTO);
	cr_expect_eq(from, 0);
}

Test(packet, empty_one_with_descriptors_leaks_none)
{
	struct packet_fds in;
	char data[16];

	send_raw("", 0, 2);
	cr_expect_eq(socket_receive(pair[1], data, sizeof(data), &in, 0), 0);
	cr_expect_eq(in.count, 0);
}

Test(packet, sending_to_a_closed_peer_is_an_error_and_no_signal)
{
	close(pair[1]);
	cr_expect_eq(socket_send(pair[0], "x", 1, NULL, 0), -EPIPE);
	pair[1] = dup(pair[0]);
}

Test(packet, closed_peer_is_the_end)
{
	struct packet_fds in;
	char data[4];

	close(pair[0]);
	cr_expect_eq(socket_receive(pair[1], data, sizeof(data), &in, 0), 0);
	pair[0] = dup(pair[1]);
}

Test(packet, full_queue_is_eagain_when_asked_not_to_wait)
{
	char data[1024] = { 0 };
	int rc = 0;

	for (int i = 0; i < 100000 && rc == 0; i++)
		rc = socket_send(pair[0], data, sizeof(data), NULL, MSG_DONTWAIT);
	cr_expect_eq(rc, -EAGAIN);
}

Test(packet, who_made_the_pair_is_at_the_other_end)
{
	const int file = open("/dev/null", O_RDONLY | O_CLOEXEC);

	cr_expect_eq(socket_peer(pair[0]), getpid());
	cr_expect_eq(socket_peer(file), 0);
	close(file);
}

static char directory[] = "/tmp/teesim-socket-XXXXXX", place[64];

static void make_place(void)
{
	cr_assert_not_null(mkdtemp(directory));
	snprintf(place, sizeof(place), "%s/place", directory);
}

static void remove_place(void)
{
	(void)unlink(place);
	cr_expect_eq(rmdir(directory), 0, "nothing else is left");
}

static int place_bind(int type, int backlog)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const int sock = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

	strcpy(address.sun_path, place);
	cr_assert_eq(bind(sock, (struct sockaddr *)&address, sizeof(address)), 0);
	cr_assert_eq(backlog ? listen(sock, backlog) : 0, 0);
	return sock;
}

static bool place_taken(void)
{
	struct stat st;

	return lstat(place, &st) == 0;
}

TestSuite(socket_place, .init = make_place, .fini = remove_place, .timeout = 500);

Test(socket_place, what_nobody_serves_any_more_is_removed)
{
	static const int types[] = { SOCK_SEQPACKET, SOCK_STREAM, SOCK_DGRAM };

	cr_expect_eq(socket_place_clear(place), 0, "nothing is there");
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		close(place_bind(types[i], 0));
		cr_expect_eq(socket_place_clear(place), 0);
		cr_expect_not(place_taken());
	}
}

Test(socket_place, what_somebody_serves_stays)
{
	int sock = place_bind(SOCK_SEQPACKET, 1);

	cr_expect_eq(socket_place_clear(place), -EADDRINUSE);
	cr_expect(place_taken());
	close(sock);
	cr_assert_eq(unlink(place), 0);
	sock = place_bind(SOCK_STREAM, 1);
	cr_expect_eq(socket_place_clear(place), -EADDRINUSE);
	close(sock);
	cr_assert_eq(unlink(place), 0);
	sock = place_bind(SOCK_DGRAM, 0);
	cr_expect_eq(socket_place_clear(place), -EADDRINUSE);
	cr_expect(place_taken());
	close(sock);
}

Test(socket_place, what_is_no_socket_stays)
{
	char other[80];

	close(open(place, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	cr_expect_eq(socket_place_clear(place), -EEXIST);
	cr_expect(place_taken());
	cr_assert_eq(unlink(place), 0);
	cr_assert_eq(mkfifo(place, 0600), 0);
	cr_expect_eq(socket_place_clear(place), -EEXIST);
	cr_assert_eq(unlink(place), 0);
	/* Not even where a link leads to one. */
	close(place_bind(SOCK_SEQPACKET, 0));
	snprintf(other, sizeof(other), "%s/other", directory);
	cr_assert_eq(rename(place, other), 0);
	cr_assert_eq(symlink(other, place), 0);
	cr_expect_eq(socket_place_clear(place), -EEXIST);
	cr_expect(place_taken());
	cr_expect_eq(unlink(other), 0);
}

Test(socket_place, who_listens_there_is_found_by_this_user_alone)
{
	struct stat st;
	int sock = socket_listen(place, 1);

	cr_assert_geq(sock, 0);
	cr_assert_eq(stat(place, &st), 0);
	cr_expect(S_ISSOCK(st.st_mode));
	cr_expect_eq(st.st_mode & 0777, 0600);
	cr_expect_eq(socket_listen(place, 1), -EADDRINUSE);
	close(sock);
	sock = socket_listen(place, 1);
	cr_expect_geq(sock, 0, "it is left over");
	close(sock);
	cr_assert_eq(unlink(place), 0);
	cr_assert_eq(mkdir(place, 0700), 0);
	cr_expect_eq(socket_listen(place, 1), -EEXIST);
	cr_assert_eq(rmdir(place), 0);
}
