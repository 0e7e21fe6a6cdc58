#include "device/paths.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char base[] = "/tmp/teesim-paths-XXXXXX";

static void set_up(void)
{
	cr_assert(mkdtemp(base));
	unsetenv("TEESIM_HOME");
	unsetenv("TEESIM_DEVICE");
	unsetenv("XDG_STATE_HOME");
	setenv("XDG_RUNTIME_DIR", base, 1);
	setenv("HOME", "/home/someone", 1);
}

static void tear_down(void)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/teesim", base);
	rmdir(path);
	unlink(path);
	cr_expect_eq(rmdir(base), 0);
}

TestSuite(paths, .init = set_up, .fini = tear_down);

Test(paths, home_follows_the_first_variable_that_is_set)
{
	char path[PATH_MAX];

	cr_assert_eq(paths_home(path, sizeof(path)), 0);
	cr_expect_str_eq(path, "/home/someone/.local/state/teesim");
	setenv("XDG_STATE_HOME", "/var/state", 1);
	cr_assert_eq(paths_home(path, sizeof(path)), 0);
	cr_expect_str_eq(path, "/var/state/teesim");
	setenv("XDG_STATE_HOME", "relative", 1);
	cr_assert_eq(paths_home(path, sizeof(path)), 0);
	cr_expect_str_eq(path, "/home/someone/.local/state/teesim");
	setenv("TEESIM_HOME", "/srv//tee/./x/", 1);
	cr_assert_eq(paths_home(path, sizeof(path)), 0);
	cr_expect_str_eq(path, "/srv/tee/x");
	cr_assert_eq(paths_device("board-1", path, sizeof(path)), 0);
	cr_expect_str_eq(path, "/srv/tee/x/devices/board-1");
	cr_assert_eq(paths_keys(path, sizeof(path)), 0);
	cr_expect_str_eq(path, "/srv/tee/x/keys");
}

Test(paths, relative_home_is_taken_from_the_current_directory)
{
	char path[PATH_MAX], expected[PATH_MAX];

	cr_assert_eq(chdir(base), 0);
	setenv("TEESIM_HOME", "./state", 1);
	cr_assert_eq(paths_home(path, sizeof(path)), 0);
	snprintf(expected, sizeof(expected), "%s/state", base);
	cr_expect_str_eq(path, expected);
}

/* `expected` is below the current directory, unless it is absolute. */
static void expect_followed(const char *path, const char *expected)
{
	char out[PATH_MAX] = "", whole[PATH_MAX] = "", current[PATH_MAX - 64];

	cr_assert_not_null(getcwd(current, sizeof(current)));
	snprintf(whole, sizeof(whole), "%s%s%s", expected[0] == '/' ? "" : current,
		 expected[0] == '/' ? "" : "/", expected);
	cr_expect_eq(paths_follow(path, out, sizeof(out)), 0, "%s", path);
	cr_expect_str_eq(out, whole, "%s: %s", path, out);
}

Test(paths, links_are_followed_but_for_the_last)
{
	static const char *const none[] = { "", "/", "real/", "real/.", "real/..", ".", ".." };
	char path[PATH_MAX], small[8];

	cr_assert_eq(chdir(base), 0);
	cr_assert_eq(mkdir("real", 0700), 0);
	cr_assert_eq(symlink("real", "link"), 0);
	cr_assert_eq(symlink("nowhere", "real/last"), 0);
	snprintf(path, sizeof(path), "%s/link/file", base);
	expect_followed(path, "real/file");
	expect_followed("link/file", "real/file");
	expect_followed("link//.//../link/file", "real/file");
	expect_followed("link/last", "real/last");
	expect_followed("link", "link");
	expect_followed("/file", "/file");
	expect_followed("//proc/file", "/proc/file");
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		cr_expect_eq(paths_follow(none[i], path, sizeof(path)), -EINVAL, "%s", none[i]);
	cr_expect_eq(paths_follow("nowhere/file", path, sizeof(path)), -ENOENT);
	cr_expect_eq(paths_follow("link/last/file", path, sizeof(path)), -ENOENT);
	cr_expect_eq(paths_follow("link/file", small, sizeof(small)), -ENAMETOOLONG);
	cr_expect_eq(unlink("real/last"), 0);
	cr_expect_eq(unlink("link"), 0);
	cr_expect_eq(rmdir("real"), 0);
}

Test(paths, device_names_cannot_leave_the_directory)
{
	static const char *const good[] = { "default", "a", "Board-1.2_x",
					    "12345678901234567890123456789012" };
	static const char *const bad[] = {
		"",   ".",   "..",  "a/b",	"/a",
		"-a", "a b", "a\n", "\xc3\xa4", "123456789012345678901234567890123"
	};
	char path[PATH_MAX];

	for (unsigned i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		cr_expect(paths_device_name_valid(good[i]), "%s", good[i]);
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		cr_expect_not(paths_device_name_valid(bad[i]), "%s", bad[i]);
		cr_expect_eq(paths_device(bad[i], path, sizeof(path)), -EINVAL);
	}
	cr_expect_not(paths_device_name_valid(NULL));
}

Test(paths, default_device_can_be_named_by_the_environment)
{
	cr_expect_str_eq(paths_default_device(), "default");
	setenv("TEESIM_DEVICE", "", 1);
	cr_expect_str_eq(paths_default_device(), "default");
	setenv("TEESIM_DEVICE", "board", 1);
	cr_expect_str_eq(paths_default_device(), "board");
}

Test(paths, two_homes_have_two_sockets)
{
	char one[PATH_MAX], two[PATH_MAX], again[PATH_MAX], err[256];

	setenv("TEESIM_HOME", "/srv/one", 1);
	cr_assert_eq(paths_socket("default", one, sizeof(one), err, sizeof(err)), 0);
	setenv("TEESIM_HOME", "/srv/two", 1);
	cr_assert_eq(paths_socket("default", two, sizeof(two), err, sizeof(err)), 0);
	setenv("TEESIM_HOME", "/srv/./one/", 1);
	cr_assert_eq(paths_socket("default", again, sizeof(again), err, sizeof(err)), 0);
	cr_expect_str_neq(one, two);
	cr_expect_str_eq(one, again);
}

Test(paths, runtime_directory_is_made_private)
{
	char path[PATH_MAX], err[256];
	struct stat st;

	cr_assert_eq(paths_runtime_dir(path, sizeof(path), err, sizeof(err)), 0);
	cr_assert_eq(stat(path, &st), 0);
	cr_expect(S_ISDIR(st.st_mode));
	cr_expect_eq(st.st_mode & 0777, 0700);
	cr_expect_eq(paths_runtime_dir(path, sizeof(path), err, sizeof(err)), 0);
}

Test(paths, runtime_directory_open_to_others_is_refused)
{
	char path[PATH_MAX], err[256] = "";

	snprintf(path, sizeof(path), "%s/teesim", base);
	cr_assert_eq(mkdir(path, 0700), 0);
	cr_assert_eq(chmod(path, 0755), 0);
	cr_expect_eq(paths_runtime_dir(path, sizeof(path), err, sizeof(err)), -EPERM);
	cr_expect(strstr(err, path), "%s", err);
}

Test(paths, symbolic_link_for_a_runtime_directory_is_refused)
{
	char path[PATH_MAX], err[256] = "";

	snprintf(path, sizeof(path), "%s/teesim", base);
	cr_assert_eq(symlink("/tmp", path), 0);
	cr_expect_eq(paths_runtime_dir(path, sizeof(path), err, sizeof(err)), -EPERM);
	cr_expect(strstr(err, path), "%s", err);
}

Test(paths, somebody_elses_runtime_directory_is_left_alone)
{
	char path[PATH_MAX], expected[64], err[256];

	setenv("XDG_RUNTIME_DIR", "/nonexistent/run", 1);
	cr_assert_eq(paths_runtime_dir(path, sizeof(path), err, sizeof(err)), 0, "%s", err);
	snprintf(expected, sizeof(expected), "/tmp/teesim-%u", (unsigned)geteuid());
	cr_expect_str_eq(path, expected);
	rmdir(path);
}

Test(paths, socket_path_that_the_kernel_cannot_take_is_explained)
{
	char deep[256], path[PATH_MAX], err[512] = "";

	snprintf(deep, sizeof(deep), "%s/%0100d", base, 0);
	cr_assert_eq(mkdir(deep, 0700), 0);
	setenv("XDG_RUNTIME_DIR", deep, 1);
	cr_expect_eq(paths_socket("default", path, sizeof(path), err, sizeof(err)), -ENAMETOOLONG);
	cr_expect(strstr(err, "XDG_RUNTIME_DIR"), "%s", err);
	snprintf(path, sizeof(path), "%s/teesim", deep);
	rmdir(path);
	rmdir(deep);
}

Test(paths, ephemeral_device_goes_by_the_whole_path_of_its_socket)
{
	char socket[PATH_MAX], link[PATH_MAX], one[PATH_MAX], other[PATH_MAX], err[256];

	snprintf(socket, sizeof(socket), "%s/tee.sock", base);
	cr_assert_eq(paths_ephemeral(socket, one, sizeof(one), err, sizeof(err)), 0, "%s", err);
	cr_assert_eq(paths_ephemeral("/srv/tee.sock", other, sizeof(other), err, sizeof(err)), 0);
	cr_expect_str_neq(one, other);

	snprintf(socket, sizeof(socket), "%s/./teesim//../tee.sock", base);
	cr_assert_eq(paths_ephemeral(socket, other, sizeof(other), err, sizeof(err)), 0);
	cr_expect_str_eq(one, other);

	snprintf(link, sizeof(link), "%s/link", base);
	cr_assert_eq(symlink(base, link), 0);
	snprintf(socket, sizeof(socket), "%s/link/tee.sock", base);
	cr_assert_eq(paths_ephemeral(socket, other, sizeof(other), err, sizeof(err)), 0);
	unlink(link);
	cr_expect_str_eq(one, other);

	cr_assert_eq(chdir(base), 0);
	cr_assert_eq(paths_ephemeral("tee.sock", other, sizeof(other), err, sizeof(err)), 0);
	cr_expect_str_eq(one, other);
	cr_assert_eq(paths_ephemeral("./tee.sock", other, sizeof(other), err, sizeof(err)), 0);
	cr_expect_str_eq(one, other);
}

Test(paths, buffer_that_is_too_small_is_an_error)
{
	char path[8];

	setenv("TEESIM_HOME", "/srv/long/enough", 1);
	cr_expect_eq(paths_home(path, sizeof(path)), -ENAMETOOLONG);
}
