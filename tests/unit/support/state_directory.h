/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * A private state directory for each test: cmocka's setup and teardown, looking into it and
 * changing it as another program would, and filling a small file system of its own. Included once a
 * test program, after cmocka.h's needs.
 */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/buf.h"
#include "common/err.h"

static char root[256];
static int root_fd = -1;
static size_t open_before;
static struct err_detail detail;

/* Files in the directory NAME of the state directory that begin with PREFIX. */
static inline size_t count_files(const char *path, const char *prefix)
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

static inline const char *path_in_root(const char *name)
{
	static char path[1024];

	snprintf(path, sizeof(path), "%s/%s", root, name);
	return path;
}

/* In the state directory and in those of the accounts. */
static inline size_t count_temps(void)
{
	DIR *stream = opendir(path_in_root("accounts"));
	size_t count = count_files(root, ".tmp-");
	const struct dirent *entry;

	assert_non_null(stream);
	while ((entry = readdir(stream))) {
		char name[300];

		snprintf(name, sizeof(name), "accounts/%s", entry->d_name);
		if (entry->d_name[0] != '.' && entry->d_type == DT_DIR)
			count += count_files(path_in_root(name), ".tmp-");
	}
	closedir(stream);
	return count;
}

static inline void remove_tree(const char *path)
{
	DIR *stream = opendir(path);
	const struct dirent *entry;

	if (!stream)
		return;
	while ((entry = readdir(stream))) {
		char inner[1024];
		int size = snprintf(inner, sizeof(inner), "%s/%s", path, entry->d_name);

		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (size > 0 && (size_t)size < sizeof(inner) && unlink(inner) < 0)
			remove_tree(inner);
	}
	closedir(stream);
	rmdir(path);
}

static inline int setup(void **state)
{
	const char *parent = getenv("TMPDIR");

	(void)state;
	detail.text[0] = '\0';
	snprintf(root, sizeof(root), "%s/state directory.XXXXXX", parent ? parent : "/tmp");
	if (!mkdtemp(root))
		return -1;
	open_before = count_files("/proc/self/fd", "");
	root_fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return root_fd < 0 ? -1 : 0;
}

static inline int teardown(void **state)
{
	size_t open_now;

	(void)state;
	close(root_fd);
	while (umount2(root, MNT_DETACH) == 0)
		;
	remove_tree(root);
	open_now = count_files("/proc/self/fd", "");
	if (open_now != open_before)
		print_error("%zu descriptors open, %zu before\n", open_now, open_before);
	return open_now == open_before ? 0 : -1;
}

static inline bool exists(const char *name)
{
	return faccessat(root_fd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static inline mode_t mode_of(const char *name)
{
	struct stat status;

	assert_int_equal(fstatat(root_fd, name, &status, AT_SYMLINK_NOFOLLOW), 0);
	return status.st_mode & 07777;
}

static inline ino_t inode_of(const char *name)
{
	struct stat status;

	assert_int_equal(fstatat(root_fd, name, &status, AT_SYMLINK_NOFOLLOW), 0);
	return status.st_ino;
}

/* As another program would. */
static inline void put_bytes(const char *name, const char *bytes, size_t size, mode_t mode)
{
	int fd = openat(root_fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, size), size);
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

static inline void put(const char *name, const char *text)
{
	put_bytes(name, text, strlen(text), 0600);
}

/* The caller frees it. */
static inline char *content_of(const char *name)
{
	struct buf text = {0};
	char chunk[4096];
	ssize_t size;
	int fd = openat(root_fd, name, O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	while ((size = read(fd, chunk, sizeof(chunk))) > 0)
		buf_append(&text, chunk, (size_t)size);
	close(fd);
	assert_int_equal(size, 0);
	buf_append(&text, "", 0);
	return text.bytes ? buf_take(&text) : strdup("");
}

static inline void assert_content(const char *name, const char *expected)
{
	char *content = content_of(name);

	assert_string_equal(content, expected);
	free(content);
}

static inline void assert_detail(const char *part)
{
	if (!strstr(detail.text, part))
		print_error("\"%s\" is not in \"%s\"\n", part, detail.text);
	assert_non_null(strstr(detail.text, part));
}

/* TEXT with the first OLD in it replaced by NEW; the caller frees it. */
static inline char *replaced(const char *text, const char *old, const char *new)
{
	const char *at = strstr(text, old);
	char *result = malloc(strlen(text) + strlen(new) + 1);

	if (!at)
		print_error("\"%s\" is not there\n", old);
	assert_non_null(at);
	assert_non_null(result);
	memcpy(result, text, (size_t)(at - text));
	strcpy(result + (at - text), new);
	strcat(result, at + strlen(old));
	return result;
}

/* Makes the state directory a file system of its own, e.g. "size=128k"; skips the test where that
 * cannot be had. */
static inline void small_disk_or_skip(const char *options)
{
	static bool separated;

	if (!separated &&
	    (unshare(CLONE_NEWNS) < 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)) {
		print_message("SKIPPED: no mount namespace (%s): run as root\n", strerror(errno));
		skip();
	}
	separated = true;
	if (mount("tmpfs", root, "tmpfs", MS_NOSUID | MS_NODEV, options) < 0) {
		print_message("SKIPPED: cannot mount a tmpfs (%s)\n", strerror(errno));
		skip();
	}
	close(root_fd);
	root_fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(root_fd >= 0);
}

static inline void fill_disk(void)
{
	static const char zeros[512];
	int fd = openat(root_fd, "ballast", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	while (write(fd, zeros, sizeof(zeros)) > 0)
		;
	assert_int_equal(errno, ENOSPC);
	close(fd);
}

/* Gives back PAGES of what fill_disk() took. */
static inline void free_pages(size_t pages)
{
	struct stat status;

	assert_int_equal(fstatat(root_fd, "ballast", &status, 0), 0);
	assert_int_equal(truncate(path_in_root("ballast"), status.st_size - (off_t)(pages * 4096)),
			 0);
}
