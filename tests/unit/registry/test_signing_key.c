#include "fixture_file.h"
#include "registry/signing_key.h"
#include "registry/ta_signature.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char *dir;
static char keys[PATH_MAX];

static void set_up(void)
{
	dir = fixture_dir_make();
	snprintf(keys, sizeof(keys), "%s/state/keys", dir);
}

static void tear_down(void)
{
	fixture_dir_remove(dir);
}

TestSuite(signing_key, .init = set_up, .fini = tear_down);

static char *in_keys(const char *name)
{
	static char path[PATH_MAX + 64];

	snprintf(path, sizeof(path), "%s/%s", keys, name);
	return path;
}

static unsigned count_files(const char *path)
{
	DIR *d = opendir(path);
	unsigned count = 0;

	cr_assert(d);
	for (struct dirent *entry; (entry = readdir(d));)
		count += entry->d_name[0] != '.';
	closedir(d);
	return count;
}

Test(signing_key, development_key_is_made_once_and_kept_from_others)
{
	struct signing_key first, second;
	char err[512] = "";
	struct stat st;

	cr_assert_eq(signing_key_open_development(keys, &first, err, sizeof(err)), 0, "%s", err);
	cr_assert_eq(stat(in_keys("dev.key"), &st), 0);
	cr_expect_eq(st.st_mode & 07777, 0600);
	cr_assert_eq(stat(keys, &st), 0);
	cr_expect_eq(st.st_mode & 07777, 0700);
	cr_assert_eq(signing_key_open_development(keys, &second, err, sizeof(err)), 0, "%s", err);
	cr_expect_arr_eq(first.public_key.bytes, second.public_key.bytes, PUBLIC_KEY_SIZE);
	cr_expect_eq(count_files(keys), 2);
	signing_key_close(&first);
	signing_key_close(&second);
	signing_key_close(&second);
}

Test(signing_key, programs_that_come_at_once_get_the_same_key)
{
	enum {
		PROGRAMS = 8
	};
	uint8_t got[PROGRAMS][PUBLIC_KEY_SIZE];
	int start[2], answers[2], status;
	char go;

	cr_assert_eq(pipe(start), 0);
	cr_assert_eq(pipe(answers), 0);
	for (int i = 0; i < PROGRAMS; i++) {
		pid_t pid = fork();

		cr_assert_geq(pid, 0);
		if (pid == 0) {
			struct signing_key key;

			close(start[1]);
			if (read(start[0], &go, 1) != 0 ||
			    signing_key_open_development(keys, &key, NULL, 0) ||
			    write(answers[1], key.public_key.bytes, PUBLIC_KEY_SIZE) !=
				    PUBLIC_KEY_SIZE)
				_exit(1);
			signing_key_close(&key);
			_exit(0);
		}
	}
	close(start[0]);
	close(start[1]);
	for (int i = 0; i < PROGRAMS; i++) {
		cr_assert_gt(wait(&status), 0);
		cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	}
	close(answers[1]);
	for (int i = 0; i < PROGRAMS; i++) {
		cr_assert_eq(read(answers[0], got[i], PUBLIC_KEY_SIZE), PUBLIC_KEY_SIZE);
		cr_expect_arr_eq(got[i], got[0], PUBLIC_KEY_SIZE);
	}
	close(answers[0]);
	cr_expect_eq(count_files(keys), 2, "a temporary file was left behind");
}

Test(signing_key, lost_public_file_is_written_again)
{
	struct signing_key key;
	struct public_key public_key;

	cr_assert_eq(signing_key_open_development(keys, &key, NULL, 0), 0);
	signing_key_close(&key);
	fixture_write(in_keys("dev.pub"), "rubbish", 7, 0644);
	cr_assert_eq(signing_key_open_development(keys, &key, NULL, 0), 0);
	cr_assert_eq(public_key_load(in_keys("dev.pub"), &public_key, NULL, 0), 0);
	cr_expect_arr_eq(public_key.bytes, key.public_key.bytes, PUBLIC_KEY_SIZE);
	cr_expect(strstr(public_key.name, "development key of"));
	signing_key_close(&key);
}

Test(signing_key, key_that_others_can_read_is_refused)
{
	struct signing_key key;
	char err[512] = "";

	cr_assert_eq(signing_key_open_development(keys, &key, NULL, 0), 0);
	signing_key_close(&key);
	cr_assert_eq(chmod(in_keys("dev.key"), 0640), 0);
	cr_expect_eq(signing_key_open_development(keys, &key, err, sizeof(err)), -EPERM);
	cr_expect(strstr(err, "chmod 600"), "%s", err);
	cr_expect_null(key.secret);
}

Test(signing_key, damaged_key_is_refused_and_never_replaced)
{
	struct fixture_file file;
	struct signing_key key;
	char err[512], path[PATH_MAX + 64];

	cr_assert_eq(signing_key_open_development(keys, &key, NULL, 0), 0);
	signing_key_close(&key);
	snprintf(path, sizeof(path), "%s", in_keys("dev.key"));
	file = fixture_read_path(path);
	for (size_t size = 0; size + 1 < file.size; size++) {
		err[0] = '\0';
		fixture_write(path, file.bytes, size, 0600);
		cr_assert_eq(signing_key_open_development(keys, &key, err, sizeof(err)), -EBADMSG,
			     "%zu bytes", size);
		cr_assert(strstr(err, "dev.key"), "%s", err);
	}
	file.bytes[file.size] = 'x';
	fixture_write(path, file.bytes, file.size + 1, 0600);
	cr_expect_eq(signing_key_load(path, &key, err, sizeof(err)), -EBADMSG);
	free(file.bytes);
}

Test(signing_key, public_keys_text_is_checked)
{
	static const char good[] =
		"teesim-ed25519-1 b1wZS9p3rlmfPTrJdWrg+1bE5v5yps1vSM9E2iERcVY= some\x1bone\n";
	struct public_key key;

	cr_assert_eq(public_key_parse(good, sizeof(good) - 1, &key), 0);
	cr_expect_str_eq(key.name, "some?one");
	cr_expect_eq(public_key_parse(good, 61, &key), 0, "a key needs no name");
	for (size_t size = 0; size < 61; size++)
		cr_expect_eq(public_key_parse(good, size, &key), -EBADMSG, "%zu bytes", size);
	for (size_t at = 0; at < 61; at++) {
		char text[sizeof(good)];

		memcpy(text, good, sizeof(good));
		text[at] = '*';
		cr_expect_eq(public_key_parse(text, sizeof(good) - 1, &key), -EBADMSG, "byte %zu",
			     at);
	}
}

Test(signing_key, trust_is_read_from_all_three_places)
{
	char device[PATH_MAX], path[2 * PATH_MAX], err[512];
	struct signing_key own, other, third;
	struct fixture_file file;
	struct ta_trust trust;

	cr_assert_eq(signing_key_open_development(keys, &own, err, sizeof(err)), 0, "%s", err);
	snprintf(path, sizeof(path), "%s/other", dir);
	cr_assert_eq(signing_key_open_development(path, &other, err, sizeof(err)), 0);
	snprintf(path, sizeof(path), "%s/third", dir);
	cr_assert_eq(signing_key_open_development(path, &third, err, sizeof(err)), 0);

	cr_assert_eq(ta_trust_load(&trust, keys, NULL), 0);
	cr_expect_eq(trust.count, 1);
	ta_trust_clear(&trust);

	snprintf(device, sizeof(device), "%s/device", dir);
	cr_assert_eq(mkdir(device, 0700), 0);
	snprintf(path, sizeof(path), "%s/trusted", device);
	cr_assert_eq(mkdir(path, 0700), 0);
	cr_assert_eq(mkdir(in_keys("trusted"), 0700), 0);
	snprintf(path, sizeof(path), "%s/other/dev.pub", dir);
	file = fixture_read_path(path);
	fixture_write(in_keys("trusted/other.pub"), file.bytes, file.size, 0644);
	free(file.bytes);
	snprintf(path, sizeof(path), "%s/third/dev.pub", dir);
	file = fixture_read_path(path);
	snprintf(path, sizeof(path), "%s/trusted/third.pub", device);
	fixture_write(path, file.bytes, file.size, 0644);
	fixture_write(in_keys("trusted/notes.txt"), "x", 1, 0644);

	cr_assert_eq(ta_trust_load(&trust, keys, device), 0);
	cr_expect_eq(trust.count, 3);
	cr_expect_str_eq(trust.problem, "");
	ta_trust_clear(&trust);

	/* One that anybody can change counts for nothing, and is named. */
	cr_assert_eq(chmod(path, 0666), 0);
	cr_assert_eq(ta_trust_load(&trust, keys, device), 0);
	cr_expect_eq(trust.count, 2);
	cr_expect(strstr(trust.problem, "third.pub"), "%s", trust.problem);
	ta_trust_clear(&trust);
	free(file.bytes);
	signing_key_close(&own);
	signing_key_close(&other);
	signing_key_close(&third);
}
