/* SPDX-License-Identifier: MIT */
#ifndef STORE_REGISTRY_ENTRY_H
#define STORE_REGISTRY_ENTRY_H

/*
 * The registry's entries: deep copies, the end of them, and whether they may be written. Secrets,
 * and the consent URL with the token in it, are erased.
 */

#include "common/cleanup.h"
#include "store/registry.h"

/* APP_DESCRIPTION_CHARS of 4 bytes each: the longest of an app's texts. */
#define REGISTRY_TEXT_MAX_BYTES 2048
/* Longer sentences about what went wrong are cut. */
#define REGISTRY_DETAIL_MAX_CHARS 500

/* Each makes a copy on the heap in the form in which it would be read again: permissions are
 * canonical, detail is printable. ERR_NOMEM; ERR_INVALID if it could not be read again. */
int registry_account_copy(const struct registry_account *from,
			  struct registry_account **ret_copy) _must_check_;
int registry_app_copy(const struct registry_app *from, struct registry_app **ret_copy) _must_check_;
int registry_session_copy(const struct registry_session *from,
			  struct registry_session **ret_copy) _must_check_;
int registry_finished_copy(const struct registry_finished *from,
			   struct registry_finished **ret_copy) _must_check_;

void registry_account_free(struct registry_account *account);
DEFINE_CLEANUP(struct registry_account *, registry_account_free);
void registry_app_free(struct registry_app *app);
DEFINE_CLEANUP(struct registry_app *, registry_app_free);
void registry_session_free(struct registry_session *session);
DEFINE_CLEANUP(struct registry_session *, registry_session_free);
void registry_finished_free(struct registry_finished *finished);
DEFINE_CLEANUP(struct registry_finished *, registry_finished_free);

/* The member, as registry.json calls it, that would be refused when it is read again, or NULL. */
const char *registry_account_bad_member(const struct registry_account *account);
const char *registry_app_bad_member(const struct registry_app *app);
const char *registry_session_bad_member(const struct registry_session *session);
const char *registry_finished_bad_member(const struct registry_finished *finished);

#endif
