/* SPDX-License-Identifier: MIT */
/*
 * Runs a fuzzer's function over every file of the corpus directories given.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "fuzz.h"

/* Larger inputs find nothing that smaller ones do not. */
#define INPUT_BYTES 65536

static int replay_file(int directory, const char *name)
{
	static uint8_t input[INPUT_BYTES];
	_cleanup_(closep) int fd = openat(directory, name, O_RDONLY | O_CLOEXEC);
	ssize_t size = fd < 0 ? -1 : read(fd, input, sizeof(input));

	if (size < 0) {
		perror(name);
		return -1;
	}
	(void)LLVMFuzzerTestOneInput(input, (size_t)size);
	return 0;
}

static int replay_directory(const char *path)
{
	DIR *stream = opendir(path);
	const struct dirent *entry;
	int count = 0;

	if (!stream) {
		perror(path);
		return -1;
	}
	while (count >= 0 && (entry = readdir(stream)))
		if (entry->d_name[0] != '.')
			count = replay_file(dirfd(stream), entry->d_name) < 0 ? -1 : count + 1;
	(void)closedir(stream);
	return count;
}

int main(int argc, char **argv)
{
	int total = 0;

	for (int n = 1; n < argc; n++) {
		int count = replay_directory(argv[n]);

		if (count < 0)
			return 1;
		total += count;
	}
	printf("%d inputs replayed\n", total);
	return total > 0 ? 0 : 1;
}
