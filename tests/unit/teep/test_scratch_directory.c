#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "scratch_directory.h"

static void file_make(const char *directory)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/file", directory);
	file = fopen(path, "w");
	cr_assert_not_null(file);
	fclose(file);
}

Test(scratch_directory, what_a_killed_test_left_goes_when_the_next_begins)
{
	char mine[64], next[64], theirs[64];
	int paths[2], status;
	pid_t pid;

	cr_assert_eq(pipe(paths), 0);
	pid = fork();
	cr_assert_geq(pid, 0);
	if (pid == 0) {
		cr_assert(scratch_directory_make("scratch-test", theirs, sizeof(theirs)));
		file_make(theirs);
		cr_assert_eq(write(paths[1], theirs, sizeof(theirs)), sizeof(theirs));
		pause();
	}
	cr_assert_eq(read(paths[0], theirs, sizeof(theirs)), sizeof(theirs));
	cr_assert(scratch_directory_make("scratch-test", mine, sizeof(mine)));
	file_make(mine);
	cr_expect_eq(access(theirs, F_OK), 0, "its process runs");
	cr_assert_eq(kill(pid, SIGKILL), 0);
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_expect_eq(access(theirs, F_OK), 0);
	cr_assert(scratch_directory_make("scratch", next, sizeof(next)));
	cr_expect_eq(access(theirs, F_OK), 0, "of another name");
	cr_assert(scratch_directory_remove(next));
	cr_assert(scratch_directory_make("scratch-test", next, sizeof(next)));
	cr_expect_neq(access(theirs, F_OK), 0, "%s is left", theirs);
	cr_expect_eq(access(mine, F_OK), 0);
	cr_assert(scratch_directory_remove(mine));
	cr_assert(scratch_directory_remove(next));
	cr_expect_neq(access(mine, F_OK), 0);
}
