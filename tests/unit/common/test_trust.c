/* SPDX-License-Identifier: MIT */
#include "common/trust.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>
/* After the four that it needs. */
#include <cmocka.h>

#include "common/cleanup.h"

#define STRANGER 4711

/* TOP/home/way/file, all of it safe. */
struct fixture {
	char top[32];
	char home[64];
	char way[64];
	char file[64];
	struct trust trust;
	struct err_detail detail;
};

static void path_in(char ret_path[static 64], const char *directory, const char *name)
{
	assert_true(snprintf(ret_path, 64, "%s/%s", directory, name) < 64);
}

static void write_file(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, "x", 1), 1);
	close(fd);
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	strcpy(f->top, "/tmp/test-trust-XXXXXX");
	assert_non_null(mkdtemp(f->top));
	path_in(f->home, f->top, "home");
	path_in(f->way, f->home, "way");
	path_in(f->file, f->way, "file");
	assert_int_equal(mkdir(f->home, 0700) + mkdir(f->way, 0700), 0);
	write_file(f->file);
	f->trust.home = f->home;
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	char command[128];

	assert_int_equal(chdir("/"), 0);
	(void)snprintf(command, sizeof(command), "rm -rf %s", f->top);
	assert_int_equal(system(command), 0); /* NOLINT(cert-env33-c): a test's own directory */
	free(f);
	return 0;
}

static int look(struct fixture *f, const char *path)
{
	int fd = -1;
	int r;

	f->detail.text[0] = '\0';
	r = trust_open(&f->trust, path, &fd, &f->detail);
	assert_true((r == 0) == (fd >= 0));
	if (fd >= 0) {
		char byte;

		assert_int_equal(read(fd, &byte, 1), 1);
		close(fd);
	}
	/* Only the type makes a difference, and a file's right to be read. */
	assert_int_equal(trust_check(&f->trust, path, NULL), r);
	return r;
}

static void expect_text(const struct fixture *f, const char *text)
{
	if (!strstr(f->detail.text, text))
		fail_msg("no `%s` in: %s", text, f->detail.text);
}

/* What is said helps, to the letter: the command at the end makes the file acceptable, or lets the
 * next thing be seen. */
static void follow_advice(const struct fixture *f)
{
	const char *command = strstr(f->detail.text, ": ch");

	assert_non_null(command);
	assert_int_equal(system(command + 2), 0); /* NOLINT(cert-env33-c): that is the test */
}

static void what_is_safe_is_opened(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(look(f, f->file), 0);
	f->trust.home = "";
	assert_int_equal(look(f, f->file), 0);
	assert_int_equal(chdir(f->home), 0);
	assert_int_equal(look(f, "way/file"), 0);
	assert_int_equal(look(f, "./way/../way//file"), 0);
}

static void modes_of_the_file_and_of_each_directory(void **state)
{
	struct fixture *f = *state;
	const char *paths[] = {f->file, f->way, f->home};

	for (size_t n = 0; n < 3; n++) {
		for (unsigned mode = 0700; mode <= 0777; mode++) {
			bool is_safe = (mode & 002) == 0;

			/* Whether others have the user's group is known of root's alone. */
			if ((mode & 020) && geteuid() != 0)
				continue;
			assert_int_equal(chmod(paths[n], mode), 0);
			if (look(f, f->file) != (is_safe ? 0 : ERR_UNSAFE))
				fail_msg("%s, mode %04o: %s", paths[n], mode, f->detail.text);
			if (is_safe)
				continue;
			expect_text(f, paths[n]);
			if ((mode & 0770) != 0770)
				continue;
			follow_advice(f);
			assert_int_equal(look(f, f->file), 0);
		}
		assert_int_equal(chmod(paths[n], 0700), 0);
	}
}

static void owners_of_the_file_and_of_each_directory(void **state)
{
	struct fixture *f = *state;
	const char *paths[] = {f->file, f->way, f->home};

	for (size_t n = 0; n < 3; n++) {
		assert_int_equal(chown(paths[n], STRANGER, (gid_t)-1), 0);
		assert_int_equal(look(f, f->file), ERR_UNSAFE);
		expect_text(f, paths[n]);
		expect_text(f, "belongs to another user (uid 4711)");
		follow_advice(f);
		assert_int_equal(look(f, f->file), 0);
	}
}

/* In our user namespace 65534 is a user as any other. */
static void nobody_is_not_root(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(chown(f->file, 65534, (gid_t)-1), 0);
	assert_int_equal(look(f, f->file), ERR_UNSAFE);
}

static void a_group_that_others_are_in(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(chmod(f->file, 0660), 0);
	assert_int_equal(look(f, f->file), 0);
	/* One that no file knows, and of which anybody may be. */
	assert_int_equal(chown(f->file, (uid_t)-1, STRANGER), 0);
	assert_int_equal(look(f, f->file), ERR_UNSAFE);
	expect_text(f, "chmod go-w");
	assert_int_equal(chmod(f->file, 0640), 0);
	assert_int_equal(look(f, f->file), 0);
}

/* An access control list's rights are shown as the group's. */
static void a_list_of_others(void **state)
{
	struct fixture *f = *state;
	static const unsigned char list[] = {
		2,    0, 0, 0, /* the version */
		1,    0, 6, 0, 255, 255, 255, 255, 2,	 0, 6, 0, 0x67, 0x12, 0,   0, /* 4711: rw */
		4,    0, 4, 0, 255, 255, 255, 255, 0x10, 0, 6, 0, 255,	255,  255, 255,
		0x20, 0, 0, 0, 255, 255, 255, 255,
	};

	if (setxattr(f->file, "system.posix_acl_access", list, sizeof(list), 0) < 0)
		skip();
	assert_int_equal(look(f, f->file), ERR_UNSAFE);
	follow_advice(f);
	assert_int_equal(chmod(f->file, 0600), 0);
	assert_int_equal(look(f, f->file), 0);
}

static void a_sticky_directory(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(chmod(f->way, 01777), 0);
	assert_int_equal(look(f, f->file), 0);
	/* Somebody else was there first. Only root can make it so. */
	if (chown(f->file, STRANGER, (gid_t)-1) < 0)
		skip();
	assert_int_equal(look(f, f->file), ERR_UNSAFE);
	assert_int_equal(unlink(f->file), 0);
	assert_int_equal(symlink("/etc/passwd", f->file), 0);
	assert_int_equal(look(f, f->file), 0);
	assert_int_equal(lchown(f->file, STRANGER, (gid_t)-1), 0);
	assert_int_equal(look(f, f->file), ERR_UNSAFE);
	expect_text(f, "symbolic link");
	follow_advice(f);
	assert_int_equal(look(f, f->file), 0);
}

static void above_the_home(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(chmod(f->top, 0777), 0);
	assert_int_equal(look(f, f->file), 0);
	f->trust.home = "/nonexistent";
	assert_int_equal(look(f, f->file), ERR_UNSAFE);
	/* A directory that only begins with the same letters is no home. */
	f->trust.home = f->file;
	f->file[strlen(f->file) - 1] = '\0';
	assert_int_equal(rename(f->trust.home, f->file), -1);
	assert_int_equal(look(f, f->way), ERR_UNSAFE);
}

static void links_that_lead_somewhere(void **state)
{
	struct fixture *f = *state;
	char link[64];
	char far[64];
	char deep[64];

	path_in(link, f->home, "link");
	path_in(far, f->top, "far");
	assert_int_equal(symlink("way/../way/file", link), 0);
	assert_int_equal(look(f, link), 0);
	assert_int_equal(symlink(f->way, far), 0);
	path_in(deep, far, "file");
	assert_int_equal(look(f, deep), 0);
	/* Others who can write the link's target directory can replace the file. */
	assert_int_equal(chmod(f->way, 0777), 0);
	assert_int_equal(look(f, link), ERR_UNSAFE);
	assert_int_equal(look(f, deep), ERR_UNSAFE);
}

static void what_is_not_there(void **state)
{
	struct fixture *f = *state;
	char path[64];
	char link[64];

	path_in(path, f->way, "nothing");
	assert_int_equal(look(f, path), ERR_NOT_FOUND);
	expect_text(f, path);
	path_in(path, f->home, "nothing/file");
	assert_int_equal(look(f, path), ERR_NOT_FOUND);
	/* A link to a directory that is there, in which the file is not. */
	path_in(link, f->home, "link");
	assert_int_equal(symlink("way", link), 0);
	path_in(path, link, "nothing");
	assert_int_equal(look(f, path), ERR_NOT_FOUND);
	/* The way to it is looked at before. */
	assert_int_equal(chmod(f->way, 0777), 0);
	assert_int_equal(look(f, path), ERR_UNSAFE);
}

static void what_is_there_and_cannot_be_reached(void **state)
{
	struct fixture *f = *state;
	char link[64];
	char deep[64];
	char target[64];

	path_in(link, f->home, "link");
	path_in(target, f->top, "no/such");
	assert_int_equal(symlink("../no/such", link), 0);
	assert_int_equal(look(f, link), ERR_IO);
	expect_text(f, link);
	expect_text(f, target);
	path_in(deep, link, "file");
	assert_int_equal(look(f, deep), ERR_IO);
	expect_text(f, target);
	/* By way of another. */
	assert_int_equal(unlink(f->file) + symlink(link, f->file), 0);
	assert_int_equal(look(f, f->file), ERR_IO);
	expect_text(f, f->file);
	expect_text(f, target);
	/* In a circle. */
	assert_int_equal(unlink(link) + symlink(f->file, link), 0);
	assert_int_equal(look(f, link), ERR_UNSAFE);
	expect_text(f, "in a circle");
	/* Through a file. */
	assert_int_equal(unlink(f->file), 0);
	write_file(f->file);
	path_in(deep, f->file, "x");
	assert_int_equal(look(f, deep), ERR_IO);
	expect_text(f, "Not a directory");
}

static void only_files_are_opened(void **state)
{
	struct fixture *f = *state;
	int fd = -1;

	assert_int_equal(trust_open(&f->trust, f->way, &fd, &f->detail), ERR_UNSAFE);
	expect_text(f, "regular file");
	assert_int_equal(trust_check(&f->trust, f->way, NULL), 0);
	assert_int_equal(unlink(f->file) + mkfifo(f->file, 0600), 0);
	assert_int_equal(trust_open(&f->trust, f->file, &fd, &f->detail), ERR_UNSAFE);
	assert_int_equal(fd, -1);
}

static void long_paths(void **state)
{
	struct fixture *f = *state;
	char *path = calloc(1, 5000);

	assert_non_null(path);
	memset(path, 'x', 4999);
	path[0] = '/';
	assert_int_equal(look(f, path), ERR_LIMIT);
	path[1000] = '\0';
	assert_int_equal(look(f, path), ERR_LIMIT);
	free(path);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_safe_is_opened), TEST(modes_of_the_file_and_of_each_directory),
		TEST(a_list_of_others),	      TEST(a_sticky_directory),
		TEST(above_the_home),	      TEST(links_that_lead_somewhere),
		TEST(what_is_not_there),      TEST(what_is_there_and_cannot_be_reached),
		TEST(only_files_are_opened),  TEST(long_paths),
	};
	/* Only root can give files away. */
	const struct CMUnitTest of_root[] = {
		TEST(owners_of_the_file_and_of_each_directory),
		TEST(nobody_is_not_root),
		TEST(a_group_that_others_are_in),
	};

	umask(022);
	return cmocka_run_group_tests_name("trust", tests, NULL, NULL) +
	       (geteuid() == 0 ? cmocka_run_group_tests_name("trust, root", of_root, NULL, NULL)
			       : 0);
}
