/* SPDX-License-Identifier: MIT */

/*
 * usage: pairs ROUNDS COMMAND [ARG…] [-- COMMAND [ARG…]]…
 *
 * Runs the commands in turns, ROUNDS times each after a few rounds of warm-up, and prints for each
 * command two lines: the nanoseconds of each run, from before its start until it is waited for, and
 * the page faults of each run. What they write is thrown away. A command that fails ends it.
 */

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define COMMANDS_MAX 16
#define ROUNDS_MAX 100000
#define WARM_UP_ROUNDS 20

extern char **environ;

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

struct run {
	int64_t ns;
	int64_t faults;
};

static struct run run(char **command, const posix_spawn_file_actions_t *actions)
{
	int64_t begin = now_ns();
	struct rusage usage;
	int status, error;
	int64_t end;
	pid_t pid;

	error = posix_spawnp(&pid, command[0], actions, NULL, command, environ);
	if (error) {
		fprintf(stderr, "pairs: %s: %s\n", command[0], strerror(error));
		exit(1);
	}
	while (wait4(pid, &status, 0, &usage) < 0)
		if (errno != EINTR)
			exit(1);
	end = now_ns();
	if (status != 0) {
		fprintf(stderr, "pairs: %s: wait status %d\n", command[0], status);
		exit(1);
	}
	return (struct run){.ns = end - begin, .faults = usage.ru_minflt + usage.ru_majflt};
}

/* Cuts ARGUMENTS at each "--" and sets COMMANDS to their beginnings. */
static int split(char **arguments, char **commands[COMMANDS_MAX])
{
	int count = 0;

	if (*arguments)
		commands[count++] = arguments;
	for (; *arguments; arguments++) {
		if (strcmp(*arguments, "--") != 0)
			continue;
		*arguments = NULL;
		if (count == COMMANDS_MAX)
			return 0;
		commands[count++] = arguments + 1;
	}
	return count;
}

int main(int argc, char **argv)
{
	int rounds = argc > 2 ? atoi(argv[1]) : 0;
	posix_spawn_file_actions_t actions;
	char **commands[COMMANDS_MAX];
	struct run *runs;
	int count;

	count = rounds > 0 && rounds <= ROUNDS_MAX ? split(argv + 2, commands) : 0;
	if (count == 0) {
		fputs("usage: pairs ROUNDS COMMAND [ARG...] [-- COMMAND [ARG...]]...\n", stderr);
		return 2;
	}
	runs = calloc((size_t)rounds * (size_t)count, sizeof(*runs));
	if (!runs || posix_spawn_file_actions_init(&actions) != 0 ||
	    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0) !=
		    0)
		return 1;

	for (int round = -WARM_UP_ROUNDS; round < rounds; round++)
		for (int i = 0; i < count; i++) {
			struct run one = run(commands[i], &actions);

			if (round >= 0)
				runs[i * rounds + round] = one;
		}
	for (int i = 0; i < count; i++) {
		for (int round = 0; round < rounds; round++)
			printf("%" PRId64 " ", runs[i * rounds + round].ns);
		putchar('\n');
		for (int round = 0; round < rounds; round++)
			printf("%" PRId64 " ", runs[i * rounds + round].faults);
		putchar('\n');
	}
	posix_spawn_file_actions_destroy(&actions);
	free(runs);
	return 0;
}
