/* SPDX-License-Identifier: MIT */

/* Proves: a reader sees the old file or the new one whichever system call fails; a reservation
 * holds on a full disk; what belongs to others or is open to others is refused or tightened;
 * nothing is left behind, no descriptor leaks. Linked with --wrap for each call of the enum below.
 */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include <cmocka.h>

#include "common/fsx.h"

#define NOBODY 65534
#define SMALL_DISK_KIB 64

enum call {
	CALL_ANY,
	CALL_FSYNC,
	CALL_RENAMEAT,
	CALL_RENAMEAT2,
	CALL_PWRITE,
	CALL_FTRUNCATE,
	CALL_FALLOCATE,
	CALL_OPENAT,
	CALL_MKDIRAT,
	CALL_FCHMOD,
	CALL_READ,
	CALL_UNLINKAT,
};

static struct {
	enum call call;
	unsigned countdown; /* 1: the next such call; 0: none */
	bool ever_after;    /* and all that follow */
	int errnum;
	unsigned hits;
	bool interrupt; /* every second call of any kind is interrupted by a signal */
	bool interrupted;
	size_t most; /* bytes a write takes at once; 0: all */
} fault;

static bool fails(enum call call)
{
	if (fault.interrupt) {
		fault.interrupted = !fault.interrupted;
		errno = EINTR;
		return fault.interrupted;
	}
	if (fault.countdown == 0 || (fault.call != CALL_ANY && fault.call != call))
		return false;
	if (fault.countdown > 1) {
		fault.countdown--;
		return false;
	}
	fault.countdown = fault.ever_after ? 1 : 0;
	fault.hits++;
	errno = fault.errnum;
	return true;
}

static void fail_at(enum call call, unsigned nth, int errnum)
{
	memset(&fault, 0, sizeof(fault));
	fault.call = call;
	fault.countdown = nth;
	fault.errnum = errnum;
}

static void fail_never(void)
{
	memset(&fault, 0, sizeof(fault));
}

int __real_fsync(int fd);
int __wrap_fsync(int fd);
int __wrap_fsync(int fd)
{
	return fails(CALL_FSYNC) ? -1 : __real_fsync(fd);
}

int __real_renameat(int from, const char *name, int to, const char *new_name);
int __wrap_renameat(int from, const char *name, int to, const char *new_name);
int __wrap_renameat(int from, const char *name, int to, const char *new_name)
{
	/* Rename is the one call here that signals never interrupt. */
	if (!fault.interrupt && fails(CALL_RENAMEAT))
		return -1;
	return __real_renameat(from, name, to, new_name);
}

int __real_renameat2(int from, const char *name, int to, const char *new_name, unsigned flags);
int __wrap_renameat2(int from, const char *name, int to, const char *new_name, unsigned flags);
int __wrap_renameat2(int from, const char *name, int to, const char *new_name, unsigned flags)
{
	if (!fault.interrupt && fails(CALL_RENAMEAT2))
		return -1;
	return __real_renameat2(from, name, to, new_name, flags);
}

ssize_t __real_pwrite(int fd, const void *bytes, size_t size, off_t offset);
ssize_t __wrap_pwrite(int fd, const void *bytes, size_t size, off_t offset);
ssize_t __wrap_pwrite(int fd, const void *bytes, size_t size, off_t offset)
{
	if (fails(CALL_PWRITE))
		return -1;
	if (fault.most > 0 && size > fault.most)
		size = fault.most;
	return __real_pwrite(fd, bytes, size, offset);
}

int __real_ftruncate(int fd, off_t size);
int __wrap_ftruncate(int fd, off_t size);
int __wrap_ftruncate(int fd, off_t size)
{
	return fails(CALL_FTRUNCATE) ? -1 : __real_ftruncate(fd, size);
}

int __real_fallocate(int fd, int mode, off_t offset, off_t size);
int __wrap_fallocate(int fd, int mode, off_t offset, off_t size);
int __wrap_fallocate(int fd, int mode, off_t offset, off_t size)
{
	return fails(CALL_FALLOCATE) ? -1 : __real_fallocate(fd, mode, offset, size);
}

int __real_openat(int dirfd, const char *name, int flags, ...);
int __wrap_openat(int dirfd, const char *name, int flags, ...);
int __wrap_openat(int dirfd, const char *name, int flags, ...)
{
	mode_t mode = 0;
	va_list arguments;

	if (fails(CALL_OPENAT))
		return -1;
	assert_true(flags & O_CLOEXEC);
	if (strncmp(name, FSX_TEMP_PREFIX, strlen(FSX_TEMP_PREFIX)) == 0 && (flags & O_CREAT))
		assert_int_equal(flags & (O_EXCL | O_NOFOLLOW), O_EXCL | O_NOFOLLOW);
	va_start(arguments, flags);
	if (flags & O_CREAT)
		mode = va_arg(arguments, mode_t);
	va_end(arguments);
	return __real_openat(dirfd, name, flags, mode);
}

int __real_mkdirat(int dirfd, const char *name, mode_t mode);
int __wrap_mkdirat(int dirfd, const char *name, mode_t mode);
int __wrap_mkdirat(int dirfd, const char *name, mode_t mode)
{
	return !fault.interrupt && fails(CALL_MKDIRAT) ? -1 : __real_mkdirat(dirfd, name, mode);
}

int __real_fchmod(int fd, mode_t mode);
int __wrap_fchmod(int fd, mode_t mode);
int __wrap_fchmod(int fd, mode_t mode)
{
	return !fault.interrupt && fails(CALL_FCHMOD) ? -1 : __real_fchmod(fd, mode);
}

ssize_t __real_read(int fd, void *bytes, size_t size);
ssize_t __wrap_read(int fd, void *bytes, size_t size);
ssize_t __wrap_read(int fd, void *bytes, size_t size)
{
	if (fails(CALL_READ))
		return -1;
	return __real_read(fd, bytes, fault.most > 0 && size > fault.most ? fault.most : size);
}

int __real_unlinkat(int dirfd, const char *name, int flags);
int __wrap_unlinkat(int dirfd, const char *name, int flags);
int __wrap_unlinkat(int dirfd, const char *name, int flags)
{
	return !fault.interrupt && fails(CALL_UNLINKAT) ? -1 : __real_unlinkat(dirfd, name, flags);
}

/* A private directory for each test. */

static char root[256];
static int root_fd = -1;
static size_t open_before;
static struct err_detail detail;

static size_t count_entries(const char *path, const char *prefix)
{
	DIR *stream = opendir(path);
	const struct dirent *entry;
	size_t count = 0;

	assert_non_null(stream);
	while ((entry = readdir(stream)))
		count += strncmp(entry->d_name, prefix, strlen(prefix)) == 0;
	closedir(stream);
	return count;
}

static void remove_tree(const char *path)
{
	DIR *stream = opendir(path);
	const struct dirent *entry;

	if (!stream)
		return;
	while ((entry = readdir(stream))) {
		char inner[1024];

		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		snprintf(inner, sizeof(inner), "%s/%s", path, entry->d_name);
		if (entry->d_type == DT_DIR)
			remove_tree(inner);
		else
			unlink(inner);
	}
	closedir(stream);
	rmdir(path);
}

static int setup(void **state)
{
	const char *parent = getenv("TMPDIR");

	(void)state;
	fail_never();
	detail.text[0] = '\0';
	snprintf(root, sizeof(root), "%s/test_fsx.XXXXXX", parent ? parent : "/tmp");
	if (!mkdtemp(root))
		return -1;
	open_before = count_entries("/proc/self/fd", "");
	root_fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return root_fd < 0 ? -1 : 0;
}

static int teardown(void **state)
{
	size_t open_now;

	(void)state;
	fail_never();
	close(root_fd);
	remove_tree(root);
	open_now = count_entries("/proc/self/fd", "");
	if (open_now != open_before)
		print_error("%zu descriptors open, %zu before\n", open_now, open_before);
	return open_now == open_before ? 0 : -1;
}

static void assert_content(int dirfd, const char *name, const char *expected)
{
	char text[256] = "";
	int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC);
	ssize_t size;

	assert_true(fd >= 0);
	size = read(fd, text, sizeof(text) - 1);
	close(fd);
	assert_int_equal(size, strlen(expected));
	assert_string_equal(text, expected);
}

/* As another program would. */
static void put(const char *name, const char *text, mode_t mode)
{
	int fd = openat(root_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

static mode_t mode_of(const char *name)
{
	struct stat status;

	assert_int_equal(fstatat(root_fd, name, &status, AT_SYMLINK_NOFOLLOW), 0);
	return status.st_mode & 07777;
}

static bool exists(const char *name)
{
	return faccessat(root_fd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static void assert_detail(const char *part)
{
	if (!strstr(detail.text, part))
		print_error("\"%s\" is not in \"%s\"\n", part, detail.text);
	assert_non_null(strstr(detail.text, part));
}

static bool be_root_or_skip(void)
{
	if (geteuid() == 0)
		return true;
	print_message("SKIPPED: only root can make files of another user\n");
	return false;
}

/* Directories */

static void test_directory_and_parents_are_made(void **state)
{
	mode_t before = umask(0);
	char path[512];
	int fd = -1;

	(void)state;
	snprintf(path, sizeof(path), "%s/a/b//c/", root);
	assert_int_equal(fsx_open_directory(path, &fd, &detail), 0);
	umask(before);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	close(fd);
	assert_int_equal(mode_of("a"), 0700);
	assert_int_equal(mode_of("a/b"), 0700);
	assert_int_equal(mode_of("a/b/c"), 0700);
	assert_int_equal(fsx_open_directory(path, &fd, &detail), 0);
	close(fd);
	assert_int_equal(fsx_open_subdirectory(root_fd, "d", &fd, &detail), 0);
	close(fd);
	assert_int_equal(mode_of("d"), 0700);
}

static void test_directory_is_tightened(void **state)
{
	int fd = -1;

	(void)state;
	assert_int_equal(mkdirat(root_fd, "open", 0700), 0);
	assert_int_equal(fchmodat(root_fd, "open", 0755, 0), 0);
	assert_int_equal(fsx_open_subdirectory(root_fd, "open", &fd, &detail), 0);
	close(fd);
	assert_int_equal(mode_of("open"), 0700);
}

static void test_directory_may_be_behind_own_symlink(void **state)
{
	char path[512];
	int fd = -1;

	(void)state;
	assert_int_equal(mkdirat(root_fd, "real", 0700), 0);
	assert_int_equal(symlinkat("real", root_fd, "link"), 0);
	snprintf(path, sizeof(path), "%s/link/state", root);
	assert_int_equal(fsx_open_directory(path, &fd, &detail), 0);
	close(fd);
	assert_true(exists("real/state"));
	snprintf(path, sizeof(path), "%s/link", root);
	assert_int_equal(fsx_open_directory(path, &fd, &detail), 0);
	close(fd);
}

static void test_subdirectory_is_not_behind_a_symlink(void **state)
{
	int fd = -1;

	(void)state;
	assert_int_equal(mkdirat(root_fd, "real", 0755), 0);
	assert_int_equal(fchmodat(root_fd, "real", 0755, 0), 0);
	assert_int_equal(symlinkat("real", root_fd, "link"), 0);
	assert_int_equal(fsx_open_subdirectory(root_fd, "link", &fd, &detail), ERR_UNSAFE);
	assert_detail("not a directory");
	assert_int_equal(mode_of("real"), 0755);
	assert_int_equal(fd, -1);
}

static void test_directory_of_another_user(void **state)
{
	char path[512];
	int fd = -1;

	(void)state;
	if (!be_root_or_skip())
		skip();
	assert_int_equal(mkdirat(root_fd, "theirs", 0755), 0);
	assert_int_equal(fchmodat(root_fd, "theirs", 0755, 0), 0);
	assert_int_equal(fchownat(root_fd, "theirs", NOBODY, NOBODY, 0), 0);
	assert_int_equal(fsx_open_subdirectory(root_fd, "theirs", &fd, &detail), ERR_UNSAFE);
	assert_detail("/theirs");
	assert_detail("another user");
	assert_int_equal(symlinkat("theirs", root_fd, "link"), 0);
	snprintf(path, sizeof(path), "%s/link", root);
	assert_int_equal(fsx_open_directory(path, &fd, &detail), ERR_UNSAFE);
	assert_int_equal(mode_of("theirs"), 0755);
	assert_int_equal(fd, -1);
}

static void test_directory_is_a_file(void **state)
{
	char path[512];
	int fd = -1;

	(void)state;
	put("file", "x", 0600);
	assert_int_equal(fsx_open_subdirectory(root_fd, "file", &fd, &detail), ERR_UNSAFE);
	assert_detail("not a directory");
	snprintf(path, sizeof(path), "%s/file/below", root);
	assert_true(fsx_open_directory(path, &fd, &detail) < 0);
	assert_detail("file/below");
	assert_int_equal(fsx_open_directory("", &fd, &detail), ERR_NOT_FOUND);
}

static void test_directory_without_permission(void **state)
{
	int fd = -1;
	int r;

	(void)state;
	if (!be_root_or_skip())
		skip();
	assert_int_equal(fchmod(root_fd, 0755), 0);
	assert_int_equal(seteuid(NOBODY), 0);
	r = fsx_open_subdirectory(root_fd, "new", &fd, &detail);
	assert_int_equal(seteuid(0), 0);
	assert_int_equal(r, ERR_ACCESS);
	assert_detail("/new");
	assert_detail("check who owns it");
}

static void test_every_failing_call_of_a_directory(void **state)
{
	char path[512];

	(void)state;
	for (unsigned n = 1;; n++) {
		int fd = -1;
		int r;

		snprintf(path, sizeof(path), "%s/%u/b/c", root, n);
		fail_at(CALL_ANY, n, EIO);
		r = fsx_open_directory(path, &fd, &detail);
		if (fault.hits == 0) {
			assert_int_equal(r, 0);
			close(fd);
			assert_true(n > 10);
			return;
		}
		/* A mkdir that fails on what is there already does not matter. */
		if (r == 0) {
			close(fd);
			continue;
		}
		assert_int_equal(r, ERR_IO);
		assert_int_equal(fd, -1);
		fail_never();
		assert_int_equal(fsx_open_directory(path, &fd, &detail), 0);
		close(fd);
	}
}

/* Reading */

static void test_read(void **state)
{
	_cleanup_(buf_done) struct buf buf = {0};

	(void)state;
	put("file", "content", 0600);
	buf_append_text(&buf, "before ");
	assert_int_equal(fsx_read(root_fd, "file", 7, false, &buf, &detail), 0);
	assert_string_equal(buf_text(&buf), "before content");
}

static void test_read_large_interrupted_and_short(void **state)
{
	_cleanup_(buf_done) struct buf content = {0};
	_cleanup_(buf_done) struct buf buf = {0};

	(void)state;
	for (int i = 0; i < 20000; i++)
		buf_append_format(&content, "%d\n", i);
	fault.interrupt = true;
	fault.most = 1000;
	assert_int_equal(fsx_write(root_fd, "file", buf_text(&content), content.size, &detail), 0);
	assert_int_equal(fsx_read(root_fd, "file", content.size, false, &buf, &detail), 0);
	fail_never();
	assert_int_equal(buf.size, content.size);
	assert_memory_equal(buf_text(&buf), buf_text(&content), content.size);
}

static void test_read_limits(void **state)
{
	_cleanup_(buf_done) struct buf buf = {0};

	(void)state;
	put("file", "content", 0600);
	assert_int_equal(fsx_read(root_fd, "none", 10, false, &buf, &detail), ERR_NOT_FOUND);
	assert_detail("/none: No such file");
	assert_int_equal(fsx_read(root_fd, "file", 6, false, &buf, &detail), ERR_LIMIT);
	assert_detail("file is larger than 6 bytes");
	fail_at(CALL_READ, 1, EIO);
	assert_int_equal(fsx_read(root_fd, "file", 10, false, &buf, &detail), ERR_IO);
	assert_detail("Input/output error");
	assert_int_equal(buf.size, 0);
	assert_int_equal(buf_error(&buf), 0);
}

static void test_read_mode(void **state)
{
	_cleanup_(buf_done) struct buf buf = {0};

	(void)state;
	put("file", "x", 0640);
	assert_int_equal(fsx_read(root_fd, "file", 10, false, &buf, &detail), ERR_UNSAFE);
	assert_detail("chmod 600");
	assert_int_equal(buf.size, 0);
	assert_int_equal(mode_of("file"), 0640);
	assert_int_equal(fsx_read(root_fd, "file", 10, true, &buf, &detail), 0);
	assert_int_equal(mode_of("file"), 0600);
	assert_string_equal(buf_text(&buf), "x");
	put("readonly", "y", 0400);
	assert_int_equal(fsx_read(root_fd, "readonly", 10, true, &buf, &detail), 0);
	assert_int_equal(mode_of("readonly"), 0400);
}

static void test_read_refuses_what_is_no_file_of_ours(void **state)
{
	_cleanup_(buf_done) struct buf buf = {0};

	(void)state;
	put("file", "x", 0600);
	assert_int_equal(symlinkat("file", root_fd, "link"), 0);
	assert_int_equal(fsx_read(root_fd, "link", 10, true, &buf, &detail), ERR_UNSAFE);
	assert_detail("symbolic link");
	assert_int_equal(linkat(root_fd, "file", root_fd, "hard", 0), 0);
	assert_int_equal(fsx_read(root_fd, "file", 10, true, &buf, &detail), ERR_UNSAFE);
	assert_detail("hard link");
	assert_int_equal(mkdirat(root_fd, "directory", 0700), 0);
	assert_int_equal(fsx_read(root_fd, "directory", 10, true, &buf, &detail), ERR_UNSAFE);
	assert_int_equal(mkfifoat(root_fd, "fifo", 0600), 0);
	assert_int_equal(fsx_read(root_fd, "fifo", 10, true, &buf, &detail), ERR_UNSAFE);
	assert_detail("not a regular file");
	assert_int_equal(buf.size, 0);
}

static void test_read_file_of_another_user(void **state)
{
	_cleanup_(buf_done) struct buf buf = {0};

	(void)state;
	if (!be_root_or_skip())
		skip();
	put("file", "x", 0600);
	assert_int_equal(fchownat(root_fd, "file", NOBODY, NOBODY, 0), 0);
	assert_int_equal(fsx_read(root_fd, "file", 10, true, &buf, &detail), ERR_UNSAFE);
	assert_detail("another user");
	assert_int_equal(buf.size, 0);
}

/* Writing */

static void test_write_makes_and_replaces(void **state)
{
	mode_t before = umask(0777);
	struct stat status;

	(void)state;
	assert_int_equal(fsx_write(root_fd, "file", "one", 3, &detail), 0);
	umask(before);
	assert_content(root_fd, "file", "one");
	assert_int_equal(mode_of("file"), 0600);
	assert_int_equal(fchmodat(root_fd, "file", 0666, 0), 0);
	assert_int_equal(linkat(root_fd, "file", root_fd, "old", 0), 0);
	assert_int_equal(fsx_write(root_fd, "file", "two more", 8, &detail), 0);
	assert_content(root_fd, "file", "two more");
	assert_content(root_fd, "old", "one"); /* who had it open still reads the old one */
	assert_int_equal(mode_of("file"), 0600);
	assert_int_equal(fsx_write(root_fd, "file", "", 0, &detail), 0);
	assert_int_equal(fstatat(root_fd, "file", &status, 0), 0);
	assert_int_equal(status.st_size, 0);
	assert_int_equal(count_entries(root, FSX_TEMP_PREFIX), 0);
}

static void test_write_replaces_a_symlink_not_its_target(void **state)
{
	(void)state;
	put("elsewhere", "safe", 0600);
	assert_int_equal(symlinkat("elsewhere", root_fd, "file"), 0);
	assert_int_equal(fsx_write(root_fd, "file", "new", 3, &detail), 0);
	assert_content(root_fd, "elsewhere", "safe");
	assert_content(root_fd, "file", "new");
}

static void test_write_refuses_impossible_names(void **state)
{
	static const char *const names[] = {"", ".", "..", "a/b", "../a", "/a"};
	char longer[NAME_MAX + 2];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_int_equal(fsx_write(root_fd, names[i], "x", 1, &detail), ERR_INVALID);
	memset(longer, 'x', NAME_MAX + 1);
	longer[NAME_MAX + 1] = '\0';
	assert_int_equal(fsx_write(root_fd, longer, "x", 1, &detail), ERR_LIMIT);
	assert_int_equal(fsx_write(root_fd, longer + 1, "x", 1, &detail), 0);
	assert_int_equal(mkdirat(root_fd, "directory", 0700), 0);
	assert_int_equal(fsx_write(root_fd, "directory", "x", 1, &detail), ERR_UNSAFE);
	assert_int_equal(count_entries(root, FSX_TEMP_PREFIX), 0);
}

static void test_reservation_shrinks_to_the_content(void **state)
{
	struct fsx_temp *temp = NULL;
	struct stat status;

	(void)state;
	assert_int_equal(fsx_temp_new(root_fd, "file", &temp, &detail), 0);
	assert_int_equal(fsx_temp_reserve(temp, 50000, &detail), 0);
	assert_int_equal(fsx_temp_reserve(temp, 100000, &detail), 0);
	assert_int_equal(fsx_temp_reserve(temp, 10, &detail), 0);
	assert_false(exists("file"));
	assert_int_equal(fsx_temp_commit(temp, "new", 3, &detail), 0);
	fsx_temp_free(temp);
	assert_content(root_fd, "file", "new");
	assert_int_equal(fstatat(root_fd, "file", &status, 0), 0);
	assert_true(status.st_blocks * 512 < 50000);
}

static void test_free_removes_the_temporary_file(void **state)
{
	struct fsx_temp *temp = NULL;

	(void)state;
	assert_int_equal(fsx_temp_new(root_fd, "file", &temp, &detail), 0);
	assert_int_equal(count_entries(root, FSX_TEMP_PREFIX), 1);
	fsx_temp_free(temp);
	fsx_temp_free(NULL);
	assert_int_equal(count_entries(root, FSX_TEMP_PREFIX), 0);
	assert_false(exists("file"));
}

static void test_a_file_system_that_cannot_reserve(void **state)
{
	struct fsx_temp *temp = NULL;
	DIR *stream;
	const struct dirent *entry;
	struct stat status = {0};

	(void)state;
	fail_at(CALL_FALLOCATE, 1, EOPNOTSUPP);
	fault.ever_after = true;
	fault.most = 1000;
	assert_int_equal(fsx_temp_new(root_fd, "file", &temp, &detail), 0);
	assert_int_equal(fsx_temp_reserve(temp, 50000, &detail), 0);
	assert_int_equal(fsx_temp_reserve(temp, 70001, &detail), 0);
	assert_int_equal(fault.hits, 2);
	stream = opendir(root);
	if (!stream) {
		fail();
		return;
	}
	while ((entry = readdir(stream))) {
		if (strncmp(entry->d_name, FSX_TEMP_PREFIX, strlen(FSX_TEMP_PREFIX)) == 0)
			assert_int_equal(fstatat(root_fd, entry->d_name, &status, 0), 0);
	}
	closedir(stream);
	assert_int_equal(status.st_size, 70001);
	assert_true(status.st_blocks * 512 >= 70001);
	assert_int_equal(fsx_temp_commit(temp, "new", 3, &detail), 0);
	fsx_temp_free(temp);
	assert_content(root_fd, "file", "new");
}

static int new_reserve_commit(struct fsx_temp **ret_temp)
{
	int r = fsx_temp_new(root_fd, "target", ret_temp, &detail);

	if (r == 0)
		r = fsx_temp_reserve(*ret_temp, 5000, &detail);
	if (r == 0)
		r = fsx_temp_commit(*ret_temp, "new", 3, &detail);
	return r;
}

/* Whichever call fails: the target is intact, the error is told, and a second try succeeds. */
static void test_every_failing_call_of_a_write(void **state)
{
	bool new_despite_failure = false;

	(void)state;
	for (unsigned n = 1;; n++) {
		struct fsx_temp *temp = NULL;
		char text[4] = "";
		int fd;
		int r;

		fail_never();
		assert_int_equal(fsx_write(root_fd, "target", "old", 3, &detail), 0);
		detail.text[0] = '\0';
		fail_at(CALL_ANY, n, EIO);
		r = new_reserve_commit(&temp);
		if (fault.hits == 0) {
			assert_int_equal(r, 0);
			fsx_temp_free(temp);
			assert_int_equal(n, 9);
			break;
		}
		fail_never();
		assert_int_equal(r, ERR_IO);
		assert_detail("target");
		assert_detail("Input/output error; check the disk");
		fd = openat(root_fd, "target", O_RDONLY | O_CLOEXEC);
		assert_int_equal(read(fd, text, 4), 3);
		close(fd);
		assert_true(strcmp(text, "old") == 0 || strcmp(text, "new") == 0);
		if (strcmp(text, "new") == 0)
			new_despite_failure = true;
		if (temp) {
			assert_int_equal(fsx_temp_commit(temp, "newer", 5, &detail), 0);
			assert_content(root_fd, "target", "newer");
		}
		fsx_temp_free(temp);
		assert_int_equal(count_entries(root, FSX_TEMP_PREFIX), 0);
	}
	/* The directory's fsync comes after the rename. */
	assert_true(new_despite_failure);
}

/* After the rename the descriptor is the target's: a second try must not write through it. */
static void test_second_try_after_the_rename_is_atomic_too(void **state)
{
	struct fsx_temp *temp = NULL;

	(void)state;
	assert_int_equal(fsx_temp_new(root_fd, "target", &temp, &detail), 0);
	fail_at(CALL_FSYNC, 2, EIO);
	assert_int_equal(fsx_temp_commit(temp, "first", 5, &detail), ERR_IO);
	assert_detail("directory entry");
	assert_content(root_fd, "target", "first");
	assert_int_equal(linkat(root_fd, "target", root_fd, "seen", 0), 0);
	fail_at(CALL_FTRUNCATE, 1, EIO);
	assert_int_equal(fsx_temp_commit(temp, "second try", 10, &detail), ERR_IO);
	assert_content(root_fd, "target", "first");
	fail_never();
	assert_int_equal(fsx_temp_commit(temp, "third", 5, &detail), 0);
	assert_content(root_fd, "target", "third");
	assert_content(root_fd, "seen", "first");
	fsx_temp_free(temp);
}

static void test_a_directory_without_fsync(void **state)
{
	(void)state;
	fail_at(CALL_FSYNC, 2, EINVAL);
	assert_int_equal(fsx_write(root_fd, "file", "x", 1, &detail), 0);
	assert_int_equal(fault.hits, 1);
}

static void test_errors_are_told_apart(void **state)
{
	(void)state;
	fail_at(CALL_PWRITE, 1, ENOSPC);
	assert_int_equal(fsx_write(root_fd, "file", "x", 1, &detail), ERR_NOSPACE);
	assert_detail(root);
	assert_detail("/file: No space left on device; make room on this file system");
	fail_at(CALL_OPENAT, 1, EROFS);
	assert_int_equal(fsx_write(root_fd, "file", "x", 1, &detail), ERR_ACCESS);
	assert_detail("read-only");
	fail_at(CALL_OPENAT, 1, EACCES);
	assert_int_equal(fsx_write(root_fd, "file", "x", 1, NULL), ERR_ACCESS);
}

/* A full disk: 64 KiB of tmpfs, in a mount namespace of this process alone. */

static bool have_own_mounts;

/* Before any directory is opened: a descriptor from before stays in the mounts it was opened in,
 * and what is mounted later is invisible through it. */
static int leave_the_common_mounts(void **state)
{
	(void)state;
	have_own_mounts = geteuid() == 0 && unshare(CLONE_NEWNS) == 0 &&
			  mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
	return 0;
}

/* Opens the disk, or says why not and returns -1. Never is another file system taken for it: the
 * tests fill it. */
static int mount_small_disk(void)
{
	struct statfs status;
	char path[512];
	int fd = -1;

	snprintf(path, sizeof(path), "%s/disk", root);
	if (!have_own_mounts || mkdir(path, 0700) < 0 ||
	    mount("tmpfs", path, "tmpfs", 0, "size=64k,mode=0700") < 0) {
		print_message("SKIPPED: a small tmpfs cannot be mounted here\n");
		return -1;
	}
	assert_int_equal(fsx_open_subdirectory(root_fd, "disk", &fd, &detail), 0);
	assert_int_equal(fstatfs(fd, &status), 0);
	assert_int_equal(status.f_type, TMPFS_MAGIC);
	assert_int_equal(status.f_blocks * (size_t)status.f_bsize, SMALL_DISK_KIB * 1024);
	return fd;
}

static void unmount_small_disk(int dirfd)
{
	char path[512];

	close(dirfd);
	snprintf(path, sizeof(path), "%s/disk", root);
	assert_int_equal(umount2(path, MNT_DETACH), 0);
}

/* Takes all the room there is; returns how many KiB that was. */
static int fill(int dirfd, const char *name)
{
	static const char kib[1024];
	int fd = openat(dirfd, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	int count = 0;

	assert_true(fd >= 0);
	while (count <= SMALL_DISK_KIB && write(fd, kib, sizeof(kib)) == (ssize_t)sizeof(kib))
		count++;
	assert_in_range(count, 0, SMALL_DISK_KIB);
	assert_int_equal(errno, ENOSPC);
	close(fd);
	return count;
}

static void test_reservation_holds_on_a_full_disk(void **state)
{
	static char content[40 * 1024];
	struct fsx_temp *temp = NULL;
	int disk = -1;

	(void)state;
	disk = mount_small_disk();
	if (disk < 0)
		skip();
	memset(content, 'x', sizeof(content));
	assert_int_equal(fsx_temp_new(disk, "file", &temp, &detail), 0);
	assert_int_equal(fsx_temp_reserve(temp, sizeof(content), &detail), 0);
	assert_int_equal(fill(disk, "filler"), 24);
	assert_int_equal(fsx_temp_reserve(temp, sizeof(content) + 4096, &detail), ERR_NOSPACE);
	assert_detail("make room");
	/* A commit that fails with a small content keeps the room for a large one. */
	fail_at(CALL_RENAMEAT, 1, EIO);
	assert_int_equal(fsx_temp_commit(temp, "x", 1, &detail), ERR_IO);
	assert_int_equal(fill(disk, "filler2"), 0);
	assert_int_equal(fsx_temp_commit(temp, content, sizeof(content), &detail), 0);
	fsx_temp_free(temp);
	unmount_small_disk(disk);
}

static void test_failed_reservation_takes_no_room(void **state)
{
	struct fsx_temp *temp = NULL;
	int disk = -1;

	(void)state;
	disk = mount_small_disk();
	if (disk < 0)
		skip();
	assert_int_equal(fsx_temp_new(disk, "file", &temp, &detail), 0);
	assert_int_equal(fsx_temp_reserve(temp, 100 * 1024, &detail), ERR_NOSPACE);
	/* The same without fallocate(). */
	fail_at(CALL_FALLOCATE, 1, EOPNOTSUPP);
	assert_int_equal(fsx_temp_reserve(temp, 100 * 1024, &detail), ERR_NOSPACE);
	assert_int_equal(fill(disk, "filler"), 64);
	assert_int_equal(fsx_temp_commit(temp, "x", 1, &detail), ERR_NOSPACE);
	assert_int_equal(unlinkat(disk, "filler", 0), 0);
	assert_int_equal(fsx_temp_commit(temp, "x", 1, &detail), 0);
	fsx_temp_free(temp);
	assert_content(disk, "file", "x");
	unmount_small_disk(disk);
}

static void test_write_on_a_full_disk_keeps_the_old(void **state)
{
	static char content[20 * 1024];
	int disk = -1;

	(void)state;
	disk = mount_small_disk();
	if (disk < 0)
		skip();
	assert_int_equal(fsx_write(disk, "file", "old", 3, &detail), 0);
	fill(disk, "filler");
	assert_int_equal(fsx_write(disk, "file", content, sizeof(content), &detail), ERR_NOSPACE);
	assert_content(disk, "file", "old");
	unmount_small_disk(disk);
}

/* Removing and setting aside */

static void test_remove(void **state)
{
	(void)state;
	put("file", "x", 0600);
	assert_int_equal(fsx_remove(root_fd, "file", &detail), 0);
	assert_false(exists("file"));
	assert_int_equal(fsx_remove(root_fd, "file", &detail), 0);
	assert_int_equal(mkdirat(root_fd, "directory", 0700), 0);
	assert_true(fsx_remove(root_fd, "directory", &detail) < 0);
	assert_detail("/directory");
	put("file", "x", 0600);
	fail_at(CALL_FSYNC, 1, EIO);
	assert_int_equal(fsx_remove(root_fd, "file", &detail), ERR_IO);
	/* The second try must not take the missing file for a durable removal. */
	fail_at(CALL_FSYNC, 1, EIO);
	assert_int_equal(fsx_remove(root_fd, "file", &detail), ERR_IO);
}

static void test_orphans(void **state)
{
	(void)state;
	put(FSX_TEMP_PREFIX "0123456789abcdef0123456789abcdef", "", 0600);
	put(FSX_TEMP_PREFIX "ffffffffffffffffffffffffffffffff", "", 0600);
	put(FSX_TEMP_PREFIX "0123456789abcdef0123456789abcde", "", 0600);
	put(FSX_TEMP_PREFIX "0123456789abcdef0123456789abcdef0", "", 0600);
	put(FSX_TEMP_PREFIX "0123456789ABCDEF0123456789ABCDEF", "", 0600);
	put(FSX_TEMP_PREFIX "0123456789abcdef0123456789abcdef.bak", "", 0600);
	put("credentials.json", "", 0600);
	fail_at(CALL_UNLINKAT, 1, EACCES);
	assert_int_equal(fsx_remove_orphans(root_fd, &detail), ERR_ACCESS);
	assert_int_equal(count_entries(root, FSX_TEMP_PREFIX), 6);
	assert_int_equal(fsx_remove_orphans(root_fd, &detail), 0);
	assert_int_equal(count_entries(root, FSX_TEMP_PREFIX), 4);
	assert_true(exists("credentials.json"));
	assert_int_equal(fsx_remove_orphans(root_fd, &detail), 0);
	assert_int_equal(count_entries(root, FSX_TEMP_PREFIX), 4);
}

static void test_what_a_killed_writer_leaves_is_an_orphan(void **state)
{
	struct fsx_temp *temp = NULL;

	(void)state;
	assert_int_equal(fsx_temp_new(root_fd, "file", &temp, &detail), 0);
	assert_int_equal(count_entries(root, FSX_TEMP_PREFIX), 1);
	assert_int_equal(fsx_remove_orphans(root_fd, &detail), 0);
	assert_int_equal(count_entries(root, FSX_TEMP_PREFIX), 0);
	fsx_temp_free(temp);
}

static void test_set_aside(void **state)
{
	char name[256];

	(void)state;
	put("file", "1", 0600);
	assert_int_equal(fsx_set_aside(root_fd, "file", 1763812800, name, &detail), 0);
	assert_string_equal(name, "file.damaged-20251122T120000Z");
	put("file", "2", 0600);
	assert_int_equal(fsx_set_aside(root_fd, "file", 1763812800, name, &detail), 0);
	assert_string_equal(name, "file.damaged-20251122T120000Z-2");
	put("file", "3", 0600);
	/* The file system does not know RENAME_NOREPLACE. */
	fail_at(CALL_RENAMEAT2, 1, EINVAL);
	fault.ever_after = true;
	assert_int_equal(fsx_set_aside(root_fd, "file", 1763812800, name, &detail), 0);
	assert_string_equal(name, "file.damaged-20251122T120000Z-3");
	assert_content(root_fd, "file.damaged-20251122T120000Z", "1");
	assert_content(root_fd, "file.damaged-20251122T120000Z-2", "2");
	assert_content(root_fd, "file.damaged-20251122T120000Z-3", "3");
	assert_false(exists("file"));
}

static void test_set_aside_failures(void **state)
{
	char longest[NAME_MAX + 1];
	char name[256] = "unchanged";

	(void)state;
	assert_int_equal(fsx_set_aside(root_fd, "none", 0, name, &detail), ERR_NOT_FOUND);
	put("file", "x", 0600);
	fail_at(CALL_RENAMEAT2, 1, EACCES);
	assert_int_equal(fsx_set_aside(root_fd, "file", 0, name, &detail), ERR_ACCESS);
	assert_true(fsx_set_aside(root_fd, "file", INT64_MAX, name, &detail) < 0);
	memset(longest, 'x', NAME_MAX);
	longest[NAME_MAX] = '\0';
	assert_int_equal(fsx_set_aside(root_fd, longest, 0, name, &detail), ERR_LIMIT);
	assert_string_equal(name, "unchanged");
	assert_true(exists("file"));
	fail_at(CALL_FSYNC, 1, EIO);
	assert_int_equal(fsx_set_aside(root_fd, "file", 0, name, &detail), ERR_IO);
}

#define FSX_TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		FSX_TEST(test_directory_and_parents_are_made),
		FSX_TEST(test_directory_is_tightened),
		FSX_TEST(test_directory_may_be_behind_own_symlink),
		FSX_TEST(test_subdirectory_is_not_behind_a_symlink),
		FSX_TEST(test_directory_of_another_user),
		FSX_TEST(test_directory_is_a_file),
		FSX_TEST(test_directory_without_permission),
		FSX_TEST(test_every_failing_call_of_a_directory),
		FSX_TEST(test_read),
		FSX_TEST(test_read_large_interrupted_and_short),
		FSX_TEST(test_read_limits),
		FSX_TEST(test_read_mode),
		FSX_TEST(test_read_refuses_what_is_no_file_of_ours),
		FSX_TEST(test_read_file_of_another_user),
		FSX_TEST(test_write_makes_and_replaces),
		FSX_TEST(test_write_replaces_a_symlink_not_its_target),
		FSX_TEST(test_write_refuses_impossible_names),
		FSX_TEST(test_reservation_shrinks_to_the_content),
		FSX_TEST(test_free_removes_the_temporary_file),
		FSX_TEST(test_a_file_system_that_cannot_reserve),
		FSX_TEST(test_every_failing_call_of_a_write),
		FSX_TEST(test_second_try_after_the_rename_is_atomic_too),
		FSX_TEST(test_a_directory_without_fsync),
		FSX_TEST(test_errors_are_told_apart),
		FSX_TEST(test_reservation_holds_on_a_full_disk),
		FSX_TEST(test_failed_reservation_takes_no_room),
		FSX_TEST(test_write_on_a_full_disk_keeps_the_old),
		FSX_TEST(test_remove),
		FSX_TEST(test_orphans),
		FSX_TEST(test_what_a_killed_writer_leaves_is_an_orphan),
		FSX_TEST(test_set_aside),
		FSX_TEST(test_set_aside_failures),
	};

	return cmocka_run_group_tests(tests, leave_the_common_mounts, NULL);
}
