/* SPDX-License-Identifier: MIT */
#include "common/digest.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/erasing.h"
#include "common/secret.h"

#define SHA256_BYTES 32
#define RANDOM_BYTES 16

DEFINE_CLEANUP(EVP_MD_CTX *, EVP_MD_CTX_free);

/* Every function of OpenSSL used here succeeds with 1 and with nothing else. A failure leaves
 * errors in the thread's queue, where libcurl's TLS would take them for its own. */
static int refused(void)
{
	ERR_clear_error();
	return ERR_CRYPTO;
}

/* OpenSSL passes each caller's file and line. */
static void *openssl_malloc(size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	return malloc(size);
}

static void *openssl_realloc(void *memory, size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	return erasing_realloc(memory, size);
}

static void openssl_free(void *memory, const char *file, int line)
{
	(void)file;
	(void)line;
	erasing_free(memory);
}

/* Fetched once and kept: EVP_sha256() looks it up in each use. */
static const EVP_MD *sha256_method(void)
{
	static EVP_MD *method;

	if (!method)
		method = EVP_MD_fetch(NULL, "SHA256", NULL);
	return method;
}

static int sha256(const void *a, size_t a_size, const void *b, size_t b_size,
		  unsigned char ret_digest[static SHA256_BYTES])
{
	_cleanup_(EVP_MD_CTX_freep) EVP_MD_CTX *context = EVP_MD_CTX_new();
	const EVP_MD *method = sha256_method();
	unsigned size = 0;

	if (!context || !method) {
		ERR_clear_error();
		return ERR_NOMEM;
	}
	if (EVP_DigestInit_ex(context, method, NULL) != 1)
		return refused();
	if (a_size > 0 && EVP_DigestUpdate(context, a, a_size) != 1)
		return refused();
	if (b_size > 0 && EVP_DigestUpdate(context, b, b_size) != 1)
		return refused();
	if (EVP_DigestFinal_ex(context, ret_digest, &size) != 1 || size != SHA256_BYTES)
		return refused();
	return 0;
}

int digest_init(void)
{
	unsigned char digest[SHA256_BYTES];

	if (CRYPTO_set_mem_functions(openssl_malloc, openssl_realloc, openssl_free) != 1)
		return ERR_CRYPTO;
	/* OpenSSL makes this context once. If that fails for want of memory, it never tries again,
	 * and crashes later. */
	if (!OSSL_LIB_CTX_get0_global_default())
		return ERR_CRYPTO;
	return sha256("", 0, "", 0, digest);
}

/* Writes 2 * SIZE digits and a NUL. */
static void hex(const unsigned char *bytes, size_t size, char *ret_hex)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < size; i++) {
		ret_hex[2 * i] = digits[bytes[i] >> 4];
		ret_hex[2 * i + 1] = digits[bytes[i] & 15];
	}
	ret_hex[2 * size] = '\0';
}

int digest_sha256_hex(const void *a, size_t a_size, const void *b, size_t b_size,
		      char ret_hex[static SHA256_HEX_BYTES])
{
	unsigned char digest[SHA256_BYTES] = {0};
	int r = sha256(a, a_size, b, b_size, digest);

	if (r == 0)
		hex(digest, sizeof(digest), ret_hex);
	secret_erase(digest, sizeof(digest)); /* it may be an i */
	return r;
}

int digest_sha256_base64(const void *bytes, size_t size,
			 char ret_base64[static SHA256_BASE64_BYTES])
{
	unsigned char digest[SHA256_BYTES] = {0};
	unsigned char text[SHA256_BASE64_BYTES];
	int r = sha256(bytes, size, NULL, 0, digest);

	if (r < 0)
		return r;
	if (EVP_EncodeBlock(text, digest, SHA256_BYTES) != SHA256_BASE64_BYTES - 1)
		return refused();
	memcpy(ret_base64, text, sizeof(text));
	return 0;
}

int random_id(char ret_id[static RANDOM_ID_BYTES])
{
	unsigned char bytes[RANDOM_BYTES];
	int r = random_bytes(bytes, sizeof(bytes));

	if (r < 0)
		return r;
	hex(bytes, sizeof(bytes), ret_id);
	secret_erase(bytes, sizeof(bytes));
	return 0;
}

int random_uuid(char ret_uuid[static RANDOM_UUID_BYTES])
{
	static const unsigned char group_bytes[] = {4, 2, 2, 2, 6};
	unsigned char bytes[RANDOM_BYTES];
	const unsigned char *group = bytes;
	char *text = ret_uuid;
	int r = random_bytes(bytes, sizeof(bytes));

	if (r < 0)
		return r;
	bytes[6] = (bytes[6] & 0x0F) | 0x40; /* the version */
	bytes[8] = (bytes[8] & 0x3F) | 0x80; /* the variant */
	for (size_t i = 0; i < sizeof(group_bytes); i++) {
		if (i > 0)
			*text++ = '-';
		hex(group, group_bytes[i], text);
		text += (size_t)group_bytes[i] * 2;
		group += group_bytes[i];
	}
	secret_erase(bytes, sizeof(bytes));
	return 0;
}

/* From the kernel: OpenSSL's generator stays unusable if there is no memory at its first use. */
int random_bytes(void *ret_bytes, size_t size)
{
	return getentropy(ret_bytes, size) < 0 ? ERR_CRYPTO : 0;
}

bool digest_text_equal(const char *a, const char *b)
{
	size_t size = strlen(a);

	/* CRYPTO_memcmp() takes one length, and is 0 when equal. */
	return strlen(b) == size && CRYPTO_memcmp(a, b, size) == 0;
}
