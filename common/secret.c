/* SPDX-License-Identifier: MIT */
#include "common/secret.h"

#include <stdlib.h>
#include <string.h>

int secret_set(struct secret *secret, const char *bytes, size_t size)
{
	char *copy = NULL;

	if (size > SECRET_MAX_BYTES)
		return ERR_LIMIT;
	if (size > 0) {
		if (memchr(bytes, '\0', size))
			return ERR_INVALID;
		copy = malloc(size + 1);
		if (!copy)
			return ERR_NOMEM;
		memcpy(copy, bytes, size);
		copy[size] = '\0';
	}
	/* Only now: BYTES may lie in what is replaced. */
	secret_done(secret);
	secret->hidden = copy;
	secret->size = size;
	return 0;
}

int secret_set_text(struct secret *secret, const char *text)
{
	if (!text)
		return ERR_INVALID;
	return secret_set(secret, text, strnlen(text, SECRET_MAX_BYTES + 1));
}

int secret_copy(struct secret *secret, const struct secret *from)
{
	return secret_set(secret, from->hidden, from->size);
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
static bool bytes_equal(const char *a, const char *b, size_t size)
{
	const volatile unsigned char *bytes_a = (const volatile unsigned char *)a;
	const volatile unsigned char *bytes_b = (const volatile unsigned char *)b;
	unsigned difference = 0;

	for (size_t i = 0; i < size; i++)
		difference |= (unsigned)bytes_a[i] ^ (unsigned)bytes_b[i];
	return difference == 0;
}

bool secret_equal(const struct secret *a, const struct secret *b)
{
	return secret_is_set(a) && a->size == b->size && bytes_equal(a->hidden, b->hidden, a->size);
}

bool secret_equal_text(const struct secret *a, const char *text)
{
	return secret_is_set(a) && text && strlen(text) == a->size &&
	       bytes_equal(a->hidden, text, a->size);
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
