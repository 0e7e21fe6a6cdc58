/* The daemon itself: how it starts, how it ends, and what it leaves. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#if __has_include(<valgrind/valgrind.h>)
#include <valgrind/valgrind.h>
#else
#define RUNNING_ON_VALGRIND 0
#endif

#include "daemon_fixture.h"
#include "device/paths.h"
#include "fake_host.h"
#include "wire/result.h"

static struct daemon daemon_;

static bool exists(const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", daemon_.dir, name);
	return access(path, F_OK) == 0;
}

static void expect_ended_well(void)
{
	int status = daemon_wait(&daemon_);

	cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 0, "status 0x%x", status);
	daemon_check_nothing_left(&daemon_);
}

Test(teesimd, makes_its_device_once)
{
	char first[32], second[32], path[256];
	struct stat st;
	int fd;

	daemon_start(&daemon_, NULL);
	snprintf(path, sizeof(path), "%s/home/devices/default/huk", daemon_.dir);
	cr_assert_eq(stat(path, &st), 0);
	cr_expect_eq(st.st_mode & 0777, 0600);
	cr_expect_eq(st.st_size, 32);
	fd = open(path, O_RDONLY);
	cr_assert_eq(read(fd, first, 32), 32);
	close(fd);
	kill(daemon_.pid, SIGINT);
	daemon_wait(&daemon_);
	cr_expect_not(exists("run/sock"));

	daemon_launch(&daemon_, NULL, path, sizeof(path));
	cr_expect_str_eq(path, "ready\n");
	snprintf(path, sizeof(path), "%s/home/devices/default/huk", daemon_.dir);
	fd = open(path, O_RDONLY);
	cr_assert_eq(read(fd, second, 32), 32);
	close(fd);
	cr_expect_arr_eq(first, second, 32);
	daemon_stop(&daemon_);
}

Test(teesimd, refuses_a_device_key_that_others_can_read)
{
	char said[512], path[256];

	daemon_start(&daemon_, NULL);
	kill(daemon_.pid, SIGTERM);
	daemon_wait(&daemon_);
	snprintf(path, sizeof(path), "%s/home/devices/default/huk", daemon_.dir);
	cr_assert_eq(chmod(path, 0644), 0);
	daemon_launch(&daemon_, NULL, said, sizeof(said));
	cr_expect(strstr(said, "error: ") == said && strstr(said, "chmod 600"), "%s", said);
	cr_expect_neq(daemon_wait(&daemon_), 0);
	daemon_check_nothing_left(&daemon_);
}

Test(teesimd, is_alone_on_its_device)
{
	struct daemon second;
	char said[512];
	int sock;

	daemon_start(&daemon_, NULL);
	second = daemon_;
	strcat(second.socket, "2");
	daemon_launch(&second, NULL, said, sizeof(said));
	cr_expect_str_eq(said, "error: running\n");
	cr_expect_neq(daemon_wait(&second), 0);
	/* The first did not notice. */
	sock = client_hello(&daemon_, FAKE_NORMAL);
	close(sock);
	daemon_stop(&daemon_);
}

Test(teesimd, starts_over_a_dead_one)
{
	char said[512];
	int sock;

	daemon_start(&daemon_, NULL);
	kill(daemon_.pid, SIGKILL);
	daemon_wait(&daemon_);
	cr_expect(exists("run/sock"));
	daemon_launch(&daemon_, NULL, said, sizeof(said));
	cr_expect_str_eq(said, "ready\n");
	sock = client_hello(&daemon_, FAKE_NORMAL);
	close(sock);
	daemon_stop(&daemon_);
}

Test(teesimd, leaves_a_file_alone_that_is_no_socket)
{
	char said[512];
	int fd;

	daemon_dirs_make(&daemon_);
	fd = open(daemon_.socket, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	cr_assert_eq(write(fd, "precious", 8), 8);
	close(fd);
	daemon_launch(&daemon_, NULL, said, sizeof(said));
	cr_assert(strstr(said, "error: ") == said && strstr(said, daemon_.socket), "%s", said);
	cr_expect_neq(daemon_wait(&daemon_), 0);
	fd = open(daemon_.socket, O_RDONLY | O_CLOEXEC);
	cr_expect_eq(read(fd, said, sizeof(said)), 8, "it is still there, and whole");
	close(fd);
	daemon_check_nothing_left(&daemon_);
}

Test(teesimd, leaves_the_socket_of_another_device_alone)
{
	static const char *const other[] = { "--device", "other", NULL };
	struct daemon second;
	char said[512];
	int sock;

	daemon_start(&daemon_, NULL);
	second = daemon_;
	daemon_launch(&second, other, said, sizeof(said));
	cr_assert(strstr(said, "error: ") == said && strstr(said, daemon_.socket), "%s", said);
	cr_expect_neq(daemon_wait(&second), 0);
	sock = client_hello(&daemon_, FAKE_NORMAL);
	close(sock);
	daemon_stop(&daemon_);
}

Test(teesimd, killed_takes_its_hosts_along)
{
	char path[PATH_MAX];
	int sock;

	daemon_start(&daemon_, NULL);
	daemon_add_ta(&daemon_, TA_SINGLE, FAKE_NORMAL);
	sock = client_hello(&daemon_, FAKE_NORMAL);
	cr_assert_eq(client_open(sock, TA_SINGLE, NULL).result, RESULT_SUCCESS);
	kill(daemon_.pid, SIGKILL);
	daemon_wait(&daemon_);
	cr_expect(client_cut_off(sock));
	close(sock);
	unlink(daemon_.socket);
	cr_assert_eq(paths_otrp_socket(daemon_.socket, path, sizeof(path)), 0);
	unlink(path);
	daemon_check_nothing_left(&daemon_);
}

Test(teesimd, ephemeral_device_is_removed)
{
	static const char *const extra[] = { "--ephemeral", NULL };
	char path[256];
	int sock;

	daemon_start(&daemon_, extra);
	cr_expect_not(exists("home/devices"));
	daemon_add_ta(&daemon_, TA_SINGLE, FAKE_NORMAL);
	sock = client_hello(&daemon_, FAKE_NORMAL);
	cr_assert_eq(client_open(sock, TA_SINGLE, NULL).result, RESULT_SUCCESS);
	close(sock);
	daemon_stop(&daemon_);
	snprintf(path, sizeof(path), "%s", daemon_.dir);
	cr_expect_neq(access(path, F_OK), 0);
}

Test(teesimd, ephemeral_device_of_a_killed_daemon_is_swept_by_the_next)
{
	static const char *const extra[] = { "--ephemeral", NULL };
	char said[512];

	daemon_start(&daemon_, extra);
	kill(daemon_.pid, SIGKILL);
	daemon_wait(&daemon_);
	daemon_launch(&daemon_, extra, said, sizeof(said));
	cr_expect_str_eq(said, "ready\n");
	daemon_stop(&daemon_);
}

Test(teesimd, ephemeral_devices_of_sockets_named_alike_are_two)
{
	static const char *const extra[] = { "--ephemeral", NULL };
	struct daemon second;
	char said[512];
	int sock;

	daemon_start(&daemon_, extra);
	second = daemon_;
	snprintf(second.socket, sizeof(second.socket), "%s/ta/sock", second.dir);
	daemon_launch(&second, extra, said, sizeof(said));
	cr_expect_str_eq(said, "ready\n");
	daemon_add_ta(&daemon_, TA_SINGLE, FAKE_NORMAL);
	for (int i = 0; i < 2; i++) {
		sock = client_hello(i ? &second : &daemon_, FAKE_NORMAL);
		cr_expect_eq(client_open(sock, TA_SINGLE, NULL).result, RESULT_SUCCESS);
		close(sock);
	}
	kill(second.pid, SIGTERM);
	cr_expect_eq(daemon_wait(&second), 0);
	daemon_stop(&daemon_);
}

Test(teesimd, ends_when_idle)
{
	static const char *const extra[] = { "--on-demand", "--idle-seconds", "1", NULL };
	int sock;

	daemon_start(&daemon_, extra);
	daemon_add_ta(&daemon_, TA_KEEP_ALIVE, FAKE_NORMAL);
	sock = client_hello(&daemon_, FAKE_NORMAL);
	cr_assert_eq(client_open(sock, TA_KEEP_ALIVE, NULL).result, RESULT_SUCCESS);
	cr_expect(client_quiet(sock, 1500), "a client keeps it from ending");
	close(sock);
	expect_ended_well();
}

Test(teesimd, ends_when_idle_from_the_start)
{
	static const char *const extra[] = { "--on-demand", "--idle-seconds", "1", NULL };

	daemon_start(&daemon_, extra);
	expect_ended_well();
}

Test(teesimd, stop_is_answered_and_the_connection_ends_last)
{
	const struct message_bare stop = { .header = { .type = MESSAGE_STOP, .request = 9 } };
	int sock, other;

	daemon_start(&daemon_, NULL);
	daemon_add_ta(&daemon_, TA_SINGLE, FAKE_NORMAL);
	sock = client_hello(&daemon_, FAKE_NORMAL);
	other = client_hello(&daemon_, FAKE_NORMAL);
	cr_assert_eq(client_open(other, TA_SINGLE, NULL).result, RESULT_SUCCESS);
	client_send(sock, &stop, sizeof(stop));
	cr_expect_eq(client_answer(sock).header.request, 9);
	cr_expect(client_cut_off(sock));
	cr_expect_not(exists("run/sock"));
	cr_expect(client_cut_off(other));
	close(sock);
	close(other);
	expect_ended_well();
}

/* As many as a table of the smallest size holds, so that some stand in each other's places. */
Test(teesimd, stop_ends_the_connections_of_all_clients)
{
	const struct message_bare stop = { .header = { .type = MESSAGE_STOP, .request = 9 } };
	int sock[11];

	daemon_start(&daemon_, NULL);
	for (int i = 0; i < 11; i++)
		sock[i] = client_hello(&daemon_, FAKE_NORMAL);
	client_send(sock[10], &stop, sizeof(stop));
	cr_expect_eq(client_answer(sock[10]).header.request, 9);
	for (int i = 10; i >= 0; i--) {
		cr_expect(client_cut_off(sock[i]), "client %d", i);
		close(sock[i]);
	}
	expect_ended_well();
}

Test(teesimd, kills_hosts_that_do_not_end_when_it_stops)
{
	int sock;

	daemon_start(&daemon_, NULL);
	daemon_add_ta(&daemon_, TA_SINGLE, FAKE_DESTROY_HANGS);
	sock = client_hello(&daemon_, FAKE_DESTROY_HANGS);
	cr_assert_eq(client_open(sock, TA_SINGLE, NULL).result, RESULT_SUCCESS);
	close(sock);
	daemon_stop(&daemon_);
}

Test(teesimd, a_second_signal_waits_for_nobody)
{
	int sock;

	daemon_start(&daemon_, NULL);
	daemon_add_ta(&daemon_, TA_SINGLE, FAKE_DESTROY_HANGS);
	sock = client_hello(&daemon_, FAKE_DESTROY_HANGS);
	cr_assert_eq(client_open(sock, TA_SINGLE, NULL).result, RESULT_SUCCESS);
	kill(daemon_.pid, SIGTERM);
	cr_assert(client_cut_off(sock));
	close(sock);
	kill(daemon_.pid, SIGTERM);
	cr_expect(daemon_logged(&daemon_, "stopping at once"));
	expect_ended_well();
}

Test(teesimd, stop_tells_what_it_waits_for)
{
	const struct message_bare stop = { .header = { .type = MESSAGE_STOP, .request = 9 } };
	struct message_status_instance instance;
	int sock, other;

	daemon_start(&daemon_, NULL);
	daemon_add_ta(&daemon_, TA_SINGLE, FAKE_DESTROY_HANGS);
	sock = client_hello(&daemon_, FAKE_DESTROY_HANGS);
	other = client_hello(&daemon_, FAKE_DESTROY_HANGS);
	cr_assert_eq(client_open(other, TA_SINGLE, NULL).result, RESULT_SUCCESS);
	client_send(sock, &stop, sizeof(stop));
	cr_expect_eq(client_answer(sock).header.request, 9);
	client_receive(sock, MESSAGE_STATUS_INSTANCE, &instance, sizeof(instance), NULL);
	cr_expect_eq(instance.state, MESSAGE_INSTANCE_ENDING);
	cr_expect_eq(instance.ta.octet[15], TA_SINGLE);
	cr_expect(client_cut_off(sock));
	close(sock);
	close(other);
	expect_ended_well();
}

Test(teesimd, ends_with_its_parent)
{
	char said[64] = "";
	int out[2];
	pid_t middle;

	daemon_dirs_make(&daemon_);
	cr_assert_eq(pipe2(out, O_CLOEXEC), 0);
	middle = fork();
	if (!middle) {
		char parent[16];
		const char *const extra[] = { "--parent-pid", parent, NULL };

		snprintf(parent, sizeof(parent), "%d", (int)getpid());
		daemon_launch(&daemon_, extra, said, sizeof(said));
		(void)!write(out[1], &daemon_.pid, sizeof(daemon_.pid));
		_exit(strcmp(said, "ready\n") != 0);
	}
	close(out[1]);
	cr_assert_eq(read(out[0], &daemon_.pid, sizeof(daemon_.pid)), sizeof(daemon_.pid));
	close(out[0]);
	waitpid(middle, NULL, 0);
	/* Orphaned, it is our child by now. */
	expect_ended_well();
}

Test(teesimd, says_what_is_wrong_with_its_host_program)
{
	static const char *const extra[] = { "--host", "/nowhere/ta-host", NULL };
	char said[512];

	daemon_dirs_make(&daemon_);
	daemon_launch(&daemon_, extra, said, sizeof(said));
	cr_expect(strstr(said, "error: ") == said && strstr(said, "/nowhere/ta-host"), "%s", said);
	cr_expect_neq(daemon_wait(&daemon_), 0);
	daemon_check_nothing_left(&daemon_);
}

Test(teesimd, turns_clients_away_when_descriptors_run_out)
{
	enum {
		TOO_MANY = 2 * DAEMON_DESCRIPTORS
	};
	int sock[TOO_MANY];
	struct device_status status;
	int first;

	/* It does not hand on the limit that it only acts out. */
	if (RUNNING_ON_VALGRIND)
		cr_skip_test("no limit of descriptors under Valgrind");
	daemon_start(&daemon_, NULL);
	daemon_add_ta(&daemon_, TA_PER_SESSION, FAKE_NORMAL);
	first = client_hello(&daemon_, FAKE_NORMAL);
	for (int i = 0; i < TOO_MANY; i++)
		sock[i] = client_connect(&daemon_);
	cr_expect(client_cut_off(sock[TOO_MANY - 1]));
	cr_expect(daemon_logged(&daemon_, "no file descriptors left"));
	/* Those who are in get their answers, if not what they want. */
	cr_expect_neq(client_open(first, TA_PER_SESSION, NULL).result, RESULT_SUCCESS);
	for (int i = 0; i < TOO_MANY; i++)
		close(sock[i]);
	do {
		client_status(first, &status);
	} while (status.device.contexts > 1);
	cr_expect_eq(client_open(first, TA_PER_SESSION, NULL).result, RESULT_SUCCESS);
	close(first);
	first = client_hello(&daemon_, FAKE_NORMAL);
	close(first);
	daemon_stop(&daemon_);
}

Test(teesimd, runs_hosts_under_a_wrapper_and_says_what_that_means)
{
	static const char *const extra[] = { "--ta-wrapper", "/usr/bin/env FAKE=1", NULL };
	int sock;

	daemon_start(&daemon_, extra);
	daemon_add_ta(&daemon_, TA_SINGLE, FAKE_NORMAL);
	sock = client_hello(&daemon_, FAKE_NORMAL);
	cr_expect_eq(client_open(sock, TA_SINGLE, NULL).result, RESULT_SUCCESS);
	cr_expect(daemon_logged(&daemon_, "WITHOUT A SANDBOX"));
	close(sock);
	daemon_stop(&daemon_);
}

Test(teesimd, copies_its_log)
{
	static const char *const extra[] = { "--log-fd", "2", NULL };
	char line[512] = "";
	int out[2], saved;

	daemon_dirs_make(&daemon_);
	saved = dup(2);
	cr_assert_eq(pipe2(out, O_CLOEXEC), 0);
	dup2(out[1], 2);
	daemon_launch(&daemon_, extra, line, sizeof(line));
	dup2(saved, 2);
	close(saved);
	close(out[1]);
	cr_expect_str_eq(line, "ready\n");
	cr_expect_gt(read(out[0], line, sizeof(line) - 1), 0);
	cr_expect(strstr(line, "teesimd: device default:") == line, "%s", line);
	close(out[0]);
	daemon_stop(&daemon_);
}
