/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Atomic, durable files in a private directory. A write is: a temporary sibling made with
 * O_EXCL|O_NOFOLLOW|O_CLOEXEC and mode 0600, the whole content, fsync, rename, fsync of the
 * directory. A reader sees the old file or the new one. Room can be reserved beforehand, so that a
 * full disk shows itself before something that cannot be repeated is done.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/err.h"

/* Temporary files are called this, then 32 random digits. */
#define FSX_TEMP_PREFIX ".tmp-"

/* Opens the directory PATH, making it and missing parents with mode 0700. It must be a directory of
 * the calling user; a mode that lets others in is tightened to 0700. ERR_UNSAFE, ERR_ACCESS,
 * ERR_NOSPACE, ERR_IO. The caller closes *ret_fd. */
int fsx_open_directory(const char *path, int *ret_fd, struct err_detail *detail) _must_check_;

/* The same for NAME inside the directory DIRFD; a symbolic link is not followed there: what the
 * caller does to the files in it must not happen elsewhere. */
int fsx_open_subdirectory(int dirfd, const char *name, int *ret_fd,
			  struct err_detail *detail) _must_check_;
/* The same, but makes nothing: ERR_NOT_FOUND. */
int fsx_find_subdirectory(int dirfd, const char *name, int *ret_fd,
			  struct err_detail *detail) _must_check_;

/* Reads the regular file NAME, MAX_BYTES at most, into BUF (appended; unchanged on failure). It
 * must belong to the caller and have no second name; a symbolic link is not followed. A mode that
 * lets others in is tightened to 0600 if TIGHTEN, else it is ERR_UNSAFE. ERR_NOT_FOUND, ERR_UNSAFE,
 * ERR_LIMIT, ERR_ACCESS, ERR_IO, ERR_NOMEM. */
int fsx_read(int dirfd, const char *name, size_t max_bytes, bool tighten, struct buf *buf,
	     struct err_detail *detail) _must_check_;

/* Reads FD to its end, but stops when BUF has more than MAX_BYTES. -1 with errno; failures of BUF
 * are BUF's. */
int fsx_read_all(int fd, size_t max_bytes, struct buf *buf) _must_check_;

/* A temporary file that is to become NAME, or to replace it. */
struct fsx_temp;

/* Makes an empty temporary file in DIRFD (borrowed: it must outlive the object) that is to become
 * NAME. ERR_INVALID, ERR_LIMIT, ERR_UNSAFE for a NAME that a file cannot have or a directory has;
 * ERR_NOSPACE, ERR_ACCESS, ERR_IO, ERR_NOMEM, ERR_CRYPTO. */
int fsx_temp_new(int dirfd, const char *name, struct fsx_temp **ret_temp,
		 struct err_detail *detail) _must_check_;

/* Reserves room for SIZE bytes in all; a smaller SIZE than before does nothing. The room does not
 * outlive a crash of the machine. */
int fsx_temp_reserve(struct fsx_temp *temp, size_t size, struct err_detail *detail) _must_check_;

/* Writes, fsyncs and renames; fsyncs the directory. On success the temporary file is gone; on
 * failure it still is there with its room, the target is untouched, and a commit can be tried
 * again. If only the directory's fsync failed, the target is new, the error says so, and another
 * try begins with a new temporary file. */
int fsx_temp_commit(struct fsx_temp *temp, const char *bytes, size_t size,
		    struct err_detail *detail) _must_check_;

/* The same without the directory's fsync, which the caller does. */
int fsx_temp_replace(struct fsx_temp *temp, const char *bytes, size_t size,
		     struct err_detail *detail) _must_check_;

/* Makes DIRFD's entries durable; NAME is the one that changed. */
int fsx_sync_directory(int dirfd, const char *name, struct err_detail *detail) _must_check_;

/* Removes the temporary file, if it still is one, and frees the object. */
void fsx_temp_free(struct fsx_temp *temp);
DEFINE_CLEANUP(struct fsx_temp *, fsx_temp_free);

/* fsx_temp_new, fsx_temp_commit and fsx_temp_free in one. */
int fsx_write(int dirfd, const char *name, const char *bytes, size_t size,
	      struct err_detail *detail) _must_check_;

/* Removes NAME and fsyncs the directory; a file that is not there is no error. */
int fsx_remove(int dirfd, const char *name, struct err_detail *detail) _must_check_;
/* The same without the fsync, which the caller does. */
int fsx_unlink(int dirfd, const char *name, struct err_detail *detail) _must_check_;

/* Removes the directory NAME in DIRFD, unless something is in it, and fsyncs DIRFD. One that is not
 * there is no error. */
int fsx_remove_subdirectory(int dirfd, const char *name, struct err_detail *detail) _must_check_;

/* Removes the temporary files that a killed process left in DIRFD. */
int fsx_remove_orphans(int dirfd, struct err_detail *detail) _must_check_;

/* Renames NAME to NAME.damaged-UTCTIME, never over an existing file, and fsyncs the directory. The
 * new name goes to RET_NAME (256 bytes). UNIX_S is the time now in seconds since 1970. */
int fsx_set_aside(int dirfd, const char *name, int64_t unix_s, char ret_name[static 256],
		  struct err_detail *detail) _must_check_;
