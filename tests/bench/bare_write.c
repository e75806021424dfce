/* SPDX-License-Identifier: MIT */

/*
 * usage: bare_write ROUNDS FILE BYTES [FILE BYTES]…
 *
 * The least that makes files durable: for each file in turn a temporary sibling is written, synced
 * and renamed, and its directory synced. Prints the nanoseconds that each of ROUNDS took for all
 * files together. The directories must be there.
 */

#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct file {
	const char *path;
	char temporary[PATH_MAX];
	char directory[PATH_MAX];
	size_t size;
};

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int file_set(struct file *file, const char *path, const char *size)
{
	const char *slash = strrchr(path, '/');

	if (!slash || strlen(path) + sizeof(".new") > PATH_MAX)
		return -1;
	file->path = path;
	file->size = strtoul(size, NULL, 10);
	snprintf(file->temporary, sizeof(file->temporary), "%s.new", path);
	snprintf(file->directory, sizeof(file->directory), "%.*s", (int)(slash - path), path);
	return 0;
}

static int file_write(const struct file *file, const char *bytes)
{
	int fd = open(file->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	int directory = open(file->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || directory < 0 || write(fd, bytes, file->size) != (ssize_t)file->size ||
	    fsync(fd) < 0 || close(fd) < 0 || rename(file->temporary, file->path) < 0 ||
	    fsync(directory) < 0 || close(directory) < 0)
		return -1;
	return 0;
}

int main(int argc, char **argv)
{
	int rounds = argc > 3 ? atoi(argv[1]) : 0;
	size_t count = argc > 3 ? (size_t)(argc - 2) / 2 : 0;
	struct file *files = calloc(count + 1, sizeof(*files));
	size_t largest = 0;
	char *bytes;

	if (rounds <= 0 || argc % 2 != 0 || !files) {
		fputs("usage: bare_write ROUNDS FILE BYTES [FILE BYTES]...\n", stderr);
		return 2;
	}
	for (size_t i = 0; i < count; i++) {
		if (file_set(&files[i], argv[2 + 2 * i], argv[3 + 2 * i]) < 0)
			return 2;
		largest = files[i].size > largest ? files[i].size : largest;
	}
	bytes = calloc(1, largest + 1);
	if (!bytes)
		return 1;
	for (int round = 0; round < rounds; round++) {
		int64_t begin = now_ns();

		for (size_t i = 0; i < count; i++)
			if (file_write(&files[i], bytes) < 0) {
				perror(files[i].path);
				return 1;
			}
		printf("%" PRId64 "\n", now_ns() - begin);
	}
	free(bytes);
	free(files);
	return 0;
}
