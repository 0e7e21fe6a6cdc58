/* A name that stands for all of a file or for none, whoever dies over it. */
#include "registry/atomic_file.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define SIZE 20000

static char directory[] = "/tmp/atomic-file-XXXXXX";
static char path[64];

static void set_up(void)
{
	cr_assert(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/file", directory);
}

static unsigned entries(void)
{
	DIR *dir = opendir(directory);
	unsigned count = 0;

	while (readdir(dir))
		count++;
	closedir(dir);
	return count - 2;
}

static void tear_down(void)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -rf %s", directory);
	cr_assert_eq(system(command), 0);
}

TestSuite(atomic_file, .init = set_up, .fini = tear_down);

static int write_letter(char letter, enum atomic_file_mode how)
{
	char bytes[SIZE];
	const struct atomic_file_part parts[] = { { bytes, SIZE / 2 }, { bytes, SIZE / 2 } };

	memset(bytes, letter, sizeof(bytes));
	return atomic_file_write(path, parts, 2, 0640, how);
}

/* All of one writing: its letter. */
static char letter_read(void)
{
	char bytes[SIZE + 1];
	const int fd = open(path, O_RDONLY);
	ssize_t n;

	cr_assert_geq(fd, 0);
	n = read(fd, bytes, sizeof(bytes));
	close(fd);
	cr_assert_eq(n, SIZE);
	for (int i = 1; i < SIZE; i++)
		cr_assert_eq(bytes[i], bytes[0]);
	return bytes[0];
}

Test(atomic_file, a_file_that_is_to_stay_stays)
{
	cr_assert_eq(write_letter('a', ATOMIC_FILE_KEEP), 0);
	cr_assert_eq(write_letter('b', ATOMIC_FILE_KEEP), -EEXIST);
	cr_assert_eq(letter_read(), 'a');
	cr_assert_eq(write_letter('c', ATOMIC_FILE_REPLACE), 0);
	cr_assert_eq(letter_read(), 'c');
	cr_assert_eq(entries(), 1);
}

Test(atomic_file, whoever_is_killed_leaves_nothing_that_the_next_does_not_take_away)
{
	for (int i = 0; i < 60; i++) {
		const pid_t writer = fork();

		if (writer == 0) {
			for (char letter = 'a';; letter = letter == 'z' ? 'a' : letter + 1)
				(void)write_letter(letter, ATOMIC_FILE_REPLACE);
		}
		usleep(arc4random_uniform(3000));
		cr_assert_eq(kill(writer, SIGKILL), 0);
		cr_assert_eq(waitpid(writer, NULL, 0), writer);
		if (access(path, F_OK) == 0)
			(void)letter_read();
		cr_assert_eq(write_letter('A', ATOMIC_FILE_REPLACE), 0);
		cr_assert_eq(letter_read(), 'A');
		cr_assert_eq(entries(), 1);
	}
}

Test(atomic_file, several_at_once_write_one_after_the_other)
{
	pid_t writer[4];

	for (int i = 0; i < 4; i++) {
		writer[i] = fork();
		if (writer[i] == 0) {
			for (int n = 0; n < 50; n++)
				if (write_letter((char)('a' + i), ATOMIC_FILE_REPLACE))
					_exit(1);
			_exit(0);
		}
	}
	for (int i = 0; i < 4; i++) {
		int status;

		cr_assert_eq(waitpid(writer[i], &status, 0), writer[i]);
		cr_assert_eq(status, 0);
		(void)letter_read();
	}
	cr_assert_eq(entries(), 1);
}

Test(atomic_file, what_can_not_be_written_leaves_nothing)
{
	snprintf(path, sizeof(path), "%s/none/file", directory);
	cr_assert_eq(write_letter('a', ATOMIC_FILE_REPLACE), -ENOENT);
	snprintf(path, sizeof(path), "%s/there", directory);
	cr_assert_eq(mkdir(path, 0700), 0);
	cr_assert_lt(write_letter('a', ATOMIC_FILE_REPLACE), 0);
	cr_assert_eq(entries(), 1);
}
