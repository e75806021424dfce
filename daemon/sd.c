/* SPDX-License-Identifier: MIT */
#include "daemon/sd.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

void sd_tell_ready(const char *status)
{
	(void)sd_notifyf(0, "READY=1\nSTATUS=%s", status);
}

void sd_tell_stopping(void)
{
	(void)sd_notify(0, "STOPPING=1");
}

int sd_stderr_is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long device;
	unsigned long long inode;
	struct stat is;

	/* NOLINTNEXTLINE(cert-err34-c): a number out of range is not the file's either */
	return stream && sscanf(stream, "%llu:%llu", &device, &inode) == 2 && fstat(2, &is) == 0 &&
	       is.st_dev == device && is.st_ino == inode;
}

int sd_is_user_service(void)
{
	const char *main_process = getenv("SYSTEMD_EXEC_PID");

	return main_process && getenv("MANAGERPID") &&
	       strtoll(main_process, NULL, 10) == (long long)getpid();
}
