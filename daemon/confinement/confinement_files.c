/* SPDX-License-Identifier: MIT */

/*
 * Landlock (landlock(7)): which files there are for this process. The C library has no functions
 * for it. What newer kernels know is numbered here, so that old headers do.
 */

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "confinement_parts.h"

#define EXECUTE LANDLOCK_ACCESS_FS_EXECUTE
#define WRITE_FILE LANDLOCK_ACCESS_FS_WRITE_FILE
#define READ_FILE LANDLOCK_ACCESS_FS_READ_FILE
#define TRUNCATE (UINT64_C(1) << 14)
/* All rights of the first version are below this bit. */
#define AFTER_ABI_1 (UINT64_C(1) << 13)
/* A rule for a file may have no other rights. */
#define OF_A_FILE (EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE)
#define OF_A_STORE                                                         \
	(WRITE_FILE | READ_FILE | TRUNCATE | LANDLOCK_ACCESS_FS_READ_DIR | \
	 LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |  \
	 LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG)

/* Moving a file to another directory. Without it in the rules it is refused by each version. */
#define ABI_OF_REFER 2
#define ABI_OF_TRUNCATE 3
#define ABI_OF_NETWORK 4
#define BIND_TCP (UINT64_C(1) << 0)
#define ABI_OF_DEVICES 5
#define IOCTL_DEVICE (UINT64_C(1) << 15)
#define ABI_OF_SCOPES 6
#define SCOPE_ABSTRACT_SOCKETS (UINT64_C(1) << 0)
#define SCOPE_SIGNALS (UINT64_C(1) << 1)

/* struct landlock_ruleset_attr, as it is by now. An older kernel takes the end if it is zero. */
struct ruleset {
	uint64_t files;
	uint64_t network;
	uint64_t scopes;
};

/* Libraries, name look-up, certificates, time zones, entropy. What is a symbolic link counts with
 * its target. */
static const char *const readable[] = {
	"/etc",
	"/usr",
	"/lib",
	"/lib32",
	"/lib64",
	"/libx32",
	"/nix/store",
	"/gnu/store",
	/* where /etc/resolv.conf leads, which is replaced when the network changes */
	"/etc/resolv.conf",
	"/run/systemd/resolve",
	"/run/resolvconf",
	"/run/NetworkManager",
	"/run/connman",
	"/run/netconfig",
	"/etc/localtime",
	"/var/lib/ca-certificates",
	"/dev/urandom",
};

/* ---- The rules ---- */

static uint64_t known_rights(int abi)
{
	uint64_t rights = AFTER_ABI_1 - 1;

	if (abi >= ABI_OF_REFER)
		rights |= AFTER_ABI_1;
	if (abi >= ABI_OF_TRUNCATE)
		rights |= TRUNCATE;
	if (abi >= ABI_OF_DEVICES)
		rights |= IOCTL_DEVICE;
	return rights;
}

/* systemd may want to be told at an abstract socket that the service is ready. */
static bool needs_abstract_socket(void)
{
	const char *socket = getenv("NOTIFY_SOCKET");

	return socket && socket[0] == '@';
}

static int ruleset_new(int abi)
{
	const struct ruleset ruleset = {
		.files = known_rights(abi),
		.network = abi >= ABI_OF_NETWORK ? BIND_TCP : 0,
		.scopes = abi < ABI_OF_SCOPES
				  ? 0
				  : SCOPE_SIGNALS |
					    (needs_abstract_socket() ? 0 : SCOPE_ABSTRACT_SOCKETS),
	};

	return (int)syscall(SYS_landlock_create_ruleset, &ruleset, sizeof(ruleset), 0);
}

/* Allows RIGHTS on PATH, and on what is in it. A PATH that is not there, or that we cannot reach,
 * needs no rule. */
static int allow(int ruleset, int abi, const char *path, uint64_t rights)
{
	_cleanup_(closep) int fd = open(path, O_PATH | O_CLOEXEC);
	struct landlock_path_beneath_attr rule = {.parent_fd = fd};
	struct stat status;

	if (fd < 0)
		return errno == EMFILE || errno == ENFILE || errno == ENOMEM ? -1 : 0;
	if (fstat(fd, &status) < 0)
		return -1;
	rule.allowed_access = rights & known_rights(abi);
	if (!S_ISDIR(status.st_mode))
		rule.allowed_access &= OF_A_FILE;
	return (int)syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
}

/* ---- Files and their directories ---- */

/* Whether INNER is OUTER or in it. */
static bool is_within(const char *inner, const char *outer)
{
	size_t size = strlen(outer);

	while (size > 0 && outer[size - 1] == '/')
		size--;
	return strncmp(inner, outer, size) == 0 && (!inner[size] || inner[size] == '/');
}

/* Whether DIRECTORY holds what is not meant: the home, or what many programs keep there. */
static bool is_shared(const char *directory, const char *home)
{
	char real_home[PATH_MAX];
	char real[PATH_MAX];
	struct stat status;
	size_t size;

	if (!realpath(directory, real) || stat(real, &status) < 0)
		return true;
	if ((status.st_mode & S_IWOTH) || strcmp(real, "/") == 0)
		return true;
	if (!home || !realpath(home, real_home))
		return false;
	size = strlen(real_home);
	if (is_within(real_home, real))
		return true;
	if (!is_within(real, real_home) || strncmp(real + size, "/.", 2) != 0)
		return false;
	size += strncmp(real + size, "/.local/", 8) == 0 ? 8 : 1;
	return !strchr(real + size, '/');
}

static int allow_with_directory(int ruleset, int abi, const char *file, const char *home)
{
	char copy[PATH_MAX];
	const char *directory;

	if (snprintf(copy, sizeof(copy), "%s", file) >= (int)sizeof(copy))
		return 0;
	directory = dirname(copy);
	return allow(ruleset, abi, is_shared(directory, home) ? file : directory, READ_FILE);
}

/* A symbolic link may lead elsewhere. */
static int allow_file(int ruleset, int abi, const char *file, const char *home)
{
	char target[PATH_MAX];

	if (allow_with_directory(ruleset, abi, file, home) < 0)
		return -1;
	return realpath(file, target) ? allow_with_directory(ruleset, abi, target, home) : 0;
}

static int allow_all(int ruleset, int abi, const struct confinement_needs *needs)
{
	int r = 0;

	for (size_t n = 0; r == 0 && n < sizeof(readable) / sizeof(readable[0]); n++)
		r = allow(ruleset, abi, readable[n], READ_FILE);
	for (size_t n = 0; r == 0 && n < needs->file_count; n++)
		r = allow_file(ruleset, abi, needs->files[n], needs->home);
	if (r == 0 && needs->state)
		r = allow(ruleset, abi, needs->state, OF_A_STORE);
	if (r == 0 && needs->runtime)
		r = allow(ruleset, abi, needs->runtime, LANDLOCK_ACCESS_FS_REMOVE_FILE);
	return r;
}

int confinement_of_files(const struct confinement_needs *needs, int *ret_abi,
			 struct err_detail *detail)
{
	int abi =
		(int)syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	_cleanup_(closep) int ruleset = -1;

	/* The kernel was built or started without it, or a sandbox around us refuses it. */
	if (abi < 0 && (errno == ENOSYS || errno == EOPNOTSUPP || errno == EPERM))
		return 0;
	if (abi > 0)
		ruleset = ruleset_new(abi);
	if (ruleset < 0 || allow_all(ruleset, abi, needs) < 0 ||
	    syscall(SYS_landlock_restrict_self, ruleset, 0) < 0)
		return err_set(detail, err_from_errno(errno),
			       "the daemon cannot be confined by Landlock: %s; to run it without, "
			       "write `confinement = no` in the section [daemon] of the config",
			       strerror(errno));
	*ret_abi = abi;
	return 0;
}
