/* The spawner, the sandbox and the loader together, in a real host process. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "registry/elf_image.h"
#include "sandbox/spawn.h"
#include "wire/socket.h"

static char said[256];

static int image_make(const char *path)
{
	int file = open(path, O_RDONLY | O_CLOEXEC);
	int fd = memfd_create("image", MFD_CLOEXEC);
	off_t size = lseek(file, 0, SEEK_END);
	char *bytes = malloc((size_t)size);
	struct elf_image image;
	char err[256];

	cr_assert_eq(pread(file, bytes, (size_t)size, 0), size);
	cr_assert_eq(elf_image_parse(bytes, (size_t)size, &image, err, sizeof(err)), 0, "%s", err);
	elf_image_neutralise(&image, bytes);
	cr_assert_eq(write(fd, bytes, (size_t)size), size);
	free(bytes);
	close(file);
	return fd;
}

/* Runs the host on the image at `path`; `env` is one variable for it. Returns its wait status. */
static int host_run(const char *path, const char *env)
{
	char *const argv[] = { "ta-host", NULL };
	char *const environment[] = { (char *)env, NULL };
	struct packet_fds fds = { .fd = { image_make(path) }, .count = 1 };
	struct sandbox_spawn_options options = { .path = CAGED_HOST,
						 .argv = argv,
						 .env = environment };
	struct sandbox_report report = { 0 };
	struct sandbox_child child;
	struct sandbox_cage cage;
	int control[2], client[2], output[2], status, err;
	size_t at = 0;
	ssize_t got;

	cr_assert_eq(sandbox_cage_create(&cage), 0);
	cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, control), 0);
	cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, client), 0);
	cr_assert_eq(pipe2(output, O_CLOEXEC), 0);
	options.control_fd = control[1];
	options.client_fd = client[1];
	options.log_fd = output[1];
	options.cage = &cage;
	err = sandbox_spawn(&options, &child, &report);
	cr_assert_eq(err, 0, "%d", err);
	close(control[1]);
	close(client[1]);
	close(output[1]);
	cr_assert_eq(socket_send(control[0], "x", 1, &fds, 0), 0);
	packet_fds_close(&fds);
	while ((got = read(output[0], said + at, sizeof(said) - 1 - at)) > 0)
		at += (size_t)got;
	cr_assert_eq(waitpid(child.pid, &status, 0), child.pid);
	close(child.pidfd);
	close(control[0]);
	close(client[0]);
	close(output[0]);
	sandbox_cage_destroy(&cage);
	return status;
}

Test(caged, ta_is_loaded_from_the_received_image)
{
	int status = host_run(FIXTURES "/plain.ta", "X=1");

	cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0, "status %x: %s", status, said);
	cr_assert_str_eq(said, "I12.");
}

Test(caged, system_libraries_are_found)
{
	int status = host_run(FIXTURES "/needs_libm.ta", "X=1");

	cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0, "status %x: %s", status, said);
	cr_assert_str_eq(said, "I12.");
}

Test(caged, a_missing_symbol_is_told)
{
	int status = host_run(FIXTURES "/unknown_function.ta", "X=1");

	cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 3, "status %x: %s", status, said);
	cr_assert(strstr(said, "/x/caged.ta: undefined symbol fixture_is_nowhere"), "%s", said);
}

Test(caged, a_constructor_that_opens_a_file_is_stopped)
{
	int status = host_run(FIXTURES "/escapes.ta", "X=1");

	cr_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS, "status %x: %s", status, said);
	cr_assert_str_eq(said, "I1");
}

/* As process 1 of its namespace a host is spared what it sends itself, but not what it does. */
Test(caged, a_fault_ends_the_host)
{
	int status = host_run(FIXTURES "/plain.ta", "THEN_FAULT=1");

	cr_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV, "status %x: %s", status,
		  said);
	cr_assert_str_eq(said, "I1");
}

Test(caged, abort_reaches_the_hosts_handler)
{
	int status = host_run(FIXTURES "/plain.ta", "THEN_ABORT=1");

	cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 64 + SIGABRT, "status %x: %s", status,
		  said);
	cr_assert_str_eq(said, "I1");
}
