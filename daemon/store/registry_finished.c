/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "common/text.h"
#include "registry_rows.h"

/* Longer sentences about what went wrong are cut. */
#define DETAIL_MAX_CHARS 500

static const char *outcome_word(unsigned value)
{
	return value < OUTCOME_COUNT ? outcome_code((enum outcome)value) : NULL;
}

/* Keeps the newest. */
static int arrange(struct name_table *rows, struct err_detail *where)
{
	(void)where;
	if (rows->count > REGISTRY_FINISHED_MAX)
		entry_drop(&registry_finished_kind, rows, 0, rows->count - REGISTRY_FINISHED_MAX);
	return 0;
}

#define ID .form = ENTRY_HEX, .max = RANDOM_ID_BYTES - 1
#define USER .form = ENTRY_WORDS, .max = URL_USER_BYTES - 1, .may_be_null = true
#define AT(field) ENTRY_AT(struct registry_finished, field)
static const struct entry_member members[] = {
	{"token_sha256", AT(token_digest), .form = ENTRY_HEX, .max = SHA256_HEX_BYTES - 1},
	{"result", AT(result), ID},
	{"start", AT(start), ID, .may_be_empty = true},
	{"account", AT(account), .form = ENTRY_NAME},
	{"server", AT(server), .form = ENTRY_ORIGIN},
	{"user", AT(user), USER},
	{"expected", AT(expected), USER},
	{"detail", AT(detail), .form = ENTRY_WORDS, .max = REGISTRY_MAX_BYTES, .may_be_empty = true,
	 .may_be_null = true},
	{"method", AT(method), .word = entry_method_word},
	{"outcome", AT(outcome), .word = outcome_word},
	{"finished_at", AT(finished_at), .max = ENTRY_TIME_MAX},
	{0},
};
#undef AT
#undef USER
#undef ID

const struct entry_kind registry_finished_kind = {
	.list = "finished",
	.size = sizeof(struct registry_finished),
	.members = members,
	.arrange = arrange,
};

int registry_finished_add(struct registry *registry, const struct registry_finished *finished)
{
	struct name_table *rows = &registry->lists[REGISTRY_FINISHED];
	_cleanup_(buf_done) struct buf detail = {0};
	struct registry_finished fit = *finished;
	int r;

	/* A sentence may quote what came from elsewhere, or have been cut inside a character. */
	if (fit.detail)
		text_append_printable(&detail, fit.detail, DETAIL_MAX_CHARS);
	fit.detail = detail.bytes;
	r = buf_error(&detail);
	if (r == 0)
		r = entry_put(&registry_finished_kind, rows, &fit);
	if (r < 0)
		return r;
	/* A session that ends once more has the later outcome only. */
	for (size_t i = rows->count - 1; i-- > 0;) {
		const struct registry_finished *other = rows->rows[i];

		if (strcmp(other->token_digest, fit.token_digest) == 0)
			entry_drop(&registry_finished_kind, rows, i, 1);
	}
	return arrange(rows, NULL);
}

const struct registry_finished *registry_finished_by_token(const struct registry *registry,
							   const char *token)
{
	char digest[SHA256_HEX_BYTES];

	if (!*token || digest_sha256_hex(token, strlen(token), "", 0, digest) < 0)
		return NULL;
	return registry_find_by(registry, REGISTRY_FINISHED,
				offsetof(struct registry_finished, token_digest), digest);
}

const struct registry_finished *registry_finished_by_start(const struct registry *registry,
							   const char *start)
{
	return registry_find_by(registry, REGISTRY_FINISHED,
				offsetof(struct registry_finished, start), start);
}

const struct registry_finished *registry_finished_by_result(const struct registry *registry,
							    const char *result)
{
	return registry_find_by(registry, REGISTRY_FINISHED,
				offsetof(struct registry_finished, result), result);
}

unsigned registry_finished_races(const struct registry *registry, const char *account)
{
	const struct name_table *rows = &registry->lists[REGISTRY_FINISHED];
	unsigned races = 0;

	for (size_t i = rows->count; i-- > 0;) {
		const struct registry_finished *finished = rows->rows[i];

		if (strcmp(finished->account, account) != 0)
			continue;
		if (finished->outcome != OUTCOME_OPENED_TWICE)
			break;
		races++;
	}
	return races;
}

bool registry_finished_tell_late(struct registry *registry, const char *start)
{
	const struct name_table *rows = &registry->lists[REGISTRY_FINISHED];

	for (size_t i = 0; i < rows->count; i++) {
		struct registry_finished *finished = rows->rows[i];

		if (!digest_text_equal(finished->start, start) || finished->late_start_told)
			continue;
		finished->late_start_told = true;
		return true;
	}
	return false;
}
