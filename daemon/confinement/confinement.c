/* SPDX-License-Identifier: MIT */
#include "confinement/confinement.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>

#include "confinement_parts.h"

/* From this version on Landlock keeps abstract sockets apart. */
#define ABI_OF_SCOPES 6

static struct confinement current;

int confinement_begin(const struct confinement_needs *needs, struct err_detail *detail)
{
	int r;

	/* Without it both would need a privilege. */
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return err_set(detail, err_from_errno(errno),
			       "new privileges cannot be given up: %s", strerror(errno));
	r = confinement_of_files(needs, &current.landlock_abi, detail);
	return r ? r : confinement_of_calls(&current.has_seccomp, detail);
}

void confinement_decline(void)
{
	current.is_declined = true;
}

const struct confinement *confinement_current(void)
{
	return &current;
}

bool confinement_is_complete(void)
{
	return current.landlock_abi > 0 && current.has_seccomp;
}

void confinement_summarize(char ret_text[static CONFINEMENT_SUMMARY_BYTES])
{
	const char *lacks = "";

	if (current.is_declined) {
		(void)snprintf(ret_text, CONFINEMENT_SUMMARY_BYTES,
			       "none, because the config says `confinement = no`");
		return;
	}
	if (!current.landlock_abi && !current.has_seccomp)
		lacks = "none, because this system allows neither Landlock nor seccomp: the daemon "
			"can do all that you can";
	else if (!current.landlock_abi)
		lacks = "seccomp alone, because this system does not allow Landlock: the daemon "
			"can read and write all your files";
	else if (!current.has_seccomp)
		lacks = "; this system does not allow seccomp, so the daemon can reach your other "
			"programs";
	else if (current.landlock_abi < ABI_OF_SCOPES)
		lacks = ", seccomp; abstract datagram sockets are not kept apart by this kernel";
	else
		lacks = ", seccomp";
	if (current.landlock_abi)
		(void)snprintf(ret_text, CONFINEMENT_SUMMARY_BYTES, "Landlock ABI %d%s",
			       current.landlock_abi, lacks);
	else
		(void)snprintf(ret_text, CONFINEMENT_SUMMARY_BYTES, "%s", lacks);
}

void confinement_explain(struct err_detail *detail)
{
	size_t size = strlen(detail->text);

	if (current.landlock_abi)
		(void)snprintf(detail->text + size, sizeof(detail->text) - size,
			       "; a daemon that runs reads only what its config named when it "
			       "started. If you can read the file, restart the daemon: systemctl "
			       "--user restart misskey-authd (without systemd: end misskey-authd "
			       "and run it again)");
}
