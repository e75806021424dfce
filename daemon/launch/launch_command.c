/* SPDX-License-Identifier: MIT */
#include "launch/launch_command.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>

#include "common/cleanup.h"

int launch_input_open(const struct buf *input, int *ret_fd, struct err_detail *detail)
{
	_cleanup_(closep) int fd = memfd_create("launch-input", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	size_t written = 0;

	while (fd >= 0 && written < input->size) {
		/* pwrite: it will be read from the beginning. */
		ssize_t size =
			pwrite(fd, input->bytes + written, input->size - written, (off_t)written);

		if (size < 0 && errno != EINTR)
			break;
		if (size > 0)
			written += (size_t)size;
	}
	if (fd < 0 || written < input->size)
		return err_set(detail, err_from_errno(errno), "its input cannot be made: %s",
			       strerror(errno));
	/* Only tidiness: the command is the only one who has it. */
	(void)fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE);
	*ret_fd = TAKE_FD(fd);
	return 0;
}

/* ---- The environment ---- */

static bool is_inherited(const char *variable)
{
	static const char *const kept_back[] = {"NOTIFY_SOCKET=", "LISTEN_", "WATCHDOG_",
						"MISSKEY_"};

	for (size_t n = 0; n < sizeof(kept_back) / sizeof(kept_back[0]); n++)
		if (strncmp(variable, kept_back[n], strlen(kept_back[n])) == 0)
			return false;
	return true;
}

int launch_environment(char *const inherited[], const struct buf *facts, char ***ret_environment)
{
	char **environment;
	size_t count = 0;

	for (size_t n = 0; inherited[n]; n++)
		count++;
	for (size_t at = 0; at < facts->size; at++)
		count += facts->bytes[at] == '\0';
	environment = reallocarray(NULL, count + 1, sizeof(*environment));
	if (!environment)
		return ERR_NOMEM;
	count = 0;
	for (size_t n = 0; inherited[n]; n++)
		if (is_inherited(inherited[n]))
			environment[count++] = inherited[n];
	for (size_t at = 0; at < facts->size; at += strlen(facts->bytes + at) + 1)
		environment[count++] = facts->bytes + at;
	environment[count] = NULL;
	*ret_environment = environment;
	return 0;
}
