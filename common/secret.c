/* SPDX-License-Identifier: MIT */
#include "common/secret.h"

#include <stdlib.h>
#include <string.h>

static int set(struct secret *secret, const char *bytes, size_t size)
{
	char *copy = NULL;

	if (size > SECRET_MAX_BYTES)
		return ERR_LIMIT;
	if (size > 0) {
		copy = malloc(size + 1);
		if (!copy)
			return ERR_NOMEM;
		memcpy(copy, bytes, size);
		copy[size] = '\0';
	}
	/* Not before the copy was made: BYTES may be part of the old value. */
	secret_done(secret);
	secret->hidden = copy;
	secret->size = size;
	return 0;
}

int secret_set_text(struct secret *secret, const char *text)
{
	if (!text)
		return ERR_INVALID;
	return set(secret, text, strnlen(text, SECRET_MAX_BYTES + 1));
}

int secret_copy(struct secret *secret, const struct secret *from)
{
	return set(secret, from->hidden, from->size);
}

bool secret_is_set(const struct secret *secret)
{
	return secret->size > 0;
}

const char *secret_reveal(const struct secret *secret)
{
	return secret->hidden ? secret->hidden : "";
}

/* Here and not CRYPTO_memcmp(), because programs without OpenSSL have secrets too. Reading through
 * volatile keeps the compiler from leaving the loop early. */
bool secret_equal_text(const struct secret *secret, const char *text)
{
	const volatile char *bytes = secret->hidden;
	unsigned difference = 0;

	if (!secret_is_set(secret) || !text || strlen(text) != secret->size)
		return false;
	for (size_t i = 0; i < secret->size; i++)
		difference |= (unsigned char)bytes[i] ^ (unsigned char)text[i];
	return difference == 0;
}

void secret_done(struct secret *secret)
{
	if (secret->hidden)
		secret_erase(secret->hidden, secret->size);
	free(secret->hidden);
	*secret = (struct secret){0};
}

void secret_erase(void *memory, size_t size)
{
	if (memory)
		explicit_bzero(memory, size);
}
