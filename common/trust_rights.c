/* SPDX-License-Identifier: MIT */
#include "trust_rights.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "common/cleanup.h"

/* What the kernel shows for a user that a user namespace does not know. */
#define OVERFLOW_UID 65534

DEFINE_CLEANUP(FILE *, fclose);

/* Whether this user namespace knows a user of that number. */
static bool find_overflow_user(void)
{
	_cleanup_(fclosep) FILE *map = fopen("/proc/self/uid_map", "re");
	unsigned long first;
	unsigned long count;

	/* Without /proc nobody is taken for root. */
	if (!map)
		return true;
	/* NOLINTNEXTLINE(cert-err34-c): the kernel's own numbers */
	while (fscanf(map, "%lu %*u %lu", &first, &count) == 2)
		if (OVERFLOW_UID >= first && OVERFLOW_UID - first < count)
			return true;
	return false;
}

/* It cannot change, and a confined process cannot look any more. */
static bool is_overflow_user_known(void)
{
	static bool has_looked;
	static bool is_known;

	if (!has_looked)
		is_known = find_overflow_user();
	has_looked = true;
	return is_known;
}

bool trust_owner(uid_t uid, bool counts_as_root)
{
	if (uid == geteuid() || uid == 0)
		return true;
	return counts_as_root && uid == OVERFLOW_UID && !is_overflow_user_known();
}

/* The name of the user in FILE, "" if it is not there, and whether GID is the first group of
 * somebody else. */
static bool is_first_group_of_others(FILE *file, gid_t gid, char ret_name[static 256],
				     bool *ret_is_own)
{
	const struct passwd *entry;
	bool others = false;

	*ret_is_own = false;
	ret_name[0] = '\0';
	while ((entry = fgetpwent(file))) {
		if (entry->pw_uid == geteuid()) {
			(void)snprintf(ret_name, 256, "%s", entry->pw_name);
			*ret_is_own = *ret_is_own || entry->pw_gid == gid;
		} else if (entry->pw_gid == gid) {
			others = true;
		}
	}
	return others;
}

static bool has_no_other_member(FILE *file, gid_t gid, const char *name)
{
	const struct group *entry;
	bool is_there = false;

	while ((entry = fgetgrent(file))) {
		if (entry->gr_gid != gid)
			continue;
		is_there = true;
		for (char **member = entry->gr_mem; *member; member++)
			if (strcmp(*member, name) != 0)
				return false;
	}
	return is_there;
}

/* The files are read, not the name services: those may ask the network and take their time, and
 * need not know all members. A user or a group that is not in the files is refused. */
static bool has_user_alone(gid_t gid)
{
	_cleanup_(fclosep) FILE *users = fopen("/etc/passwd", "re");
	_cleanup_(fclosep) FILE *groups = fopen("/etc/group", "re");
	char name[256];
	bool is_own;

	return users && groups && !is_first_group_of_others(users, gid, name, &is_own) && is_own &&
	       has_no_other_member(groups, gid, name);
}

/* With an access control list the group's bits stand for all who are named there. */
static bool has_list(int fd)
{
	char link[sizeof("/proc/self/fd/") + 3 * sizeof(int)];

	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	return getxattr(link, "system.posix_acl_access", NULL, 0) >= 0 ||
	       (errno != ENODATA && errno != EOPNOTSUPP);
}

bool trust_others_can_write(int fd, const struct stat *status)
{
	if (status->st_mode & S_IWOTH)
		return true;
	return (status->st_mode & S_IWGRP) && (!has_user_alone(status->st_gid) || has_list(fd));
}
