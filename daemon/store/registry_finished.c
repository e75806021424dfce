/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "registry_rows.h"

static void remove_at(struct registry *registry, size_t index)
{
	registry_finished_free(registry->finished[index]);
	registry->finished_count--;
	memmove(registry->finished + index, registry->finished + index + 1,
		(registry->finished_count - index) * sizeof(registry->finished[0]));
}

void registry_finished_append(struct registry *registry, struct registry_finished *finished)
{
	/* A session that ends once more has the later outcome only. */
	for (size_t i = registry->finished_count; i-- > 0;) {
		if (strcmp(registry->finished[i]->token_digest, finished->token_digest) == 0)
			remove_at(registry, i);
	}
	if (registry->finished_count == REGISTRY_FINISHED_MAX)
		remove_at(registry, 0);
	registry->finished[registry->finished_count++] = finished;
}

int registry_finished_add(struct registry *registry, const struct registry_finished *finished)
{
	struct registry_finished *copy = NULL;
	int r = registry_finished_copy(finished, &copy);

	if (r == 0)
		registry_finished_append(registry, copy);
	return r;
}

bool registry_finished_is_old(const struct registry_finished *finished, int64_t unix_s)
{
	return unix_s - finished->finished_at > REGISTRY_FINISHED_S;
}

void registry_finished_forget_old(struct registry *registry, int64_t unix_s)
{
	for (size_t i = registry->finished_count; i-- > 0;) {
		if (registry_finished_is_old(registry->finished[i], unix_s))
			remove_at(registry, i);
	}
}

const struct registry_finished *registry_finished_by_token(const struct registry *registry,
							   const char *token)
{
	const struct registry_finished *found = NULL;
	char digest[SHA256_HEX_BYTES];

	if (!*token || digest_sha256_hex(token, strlen(token), "", 0, digest) < 0)
		return NULL;
	for (size_t i = 0; i < registry->finished_count; i++) {
		if (digest_text_equal(registry->finished[i]->token_digest, digest))
			found = registry->finished[i];
	}
	return found;
}

const struct registry_finished *registry_finished_by_start(const struct registry *registry,
							   const char *start)
{
	const struct registry_finished *found = NULL;

	for (size_t i = 0; *start && i < registry->finished_count; i++) {
		if (digest_text_equal(registry->finished[i]->start, start))
			found = registry->finished[i];
	}
	return found;
}

const struct registry_finished *registry_finished_by_result(const struct registry *registry,
							    const char *result)
{
	const struct registry_finished *found = NULL;

	for (size_t i = 0; i < registry->finished_count; i++) {
		if (digest_text_equal(registry->finished[i]->result, result))
			found = registry->finished[i];
	}
	return found;
}

bool registry_finished_tell_late(struct registry *registry, const char *start)
{
	for (size_t i = 0; i < registry->finished_count; i++) {
		struct registry_finished *finished = registry->finished[i];

		if (!digest_text_equal(finished->start, start) || finished->late_start_told)
			continue;
		finished->late_start_told = true;
		return true;
	}
	return false;
}
