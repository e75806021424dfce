/* SPDX-License-Identifier: MIT */
#include "common/buf.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/secret.h"

#define INITIAL_BYTES 256

/* Makes room for MORE bytes and a NUL. Not realloc(), which leaves the old bytes behind. */
static bool make_room(struct buf *buf, size_t more)
{
	size_t capacity = buf->capacity ? buf->capacity : INITIAL_BYTES;
	char *bytes;

	if (buf->error)
		return false;
	if (more > BUF_MAX_BYTES - buf->size) {
		buf->error = ERR_LIMIT;
		return false;
	}
	if (buf->size + more < buf->capacity)
		return true;

	while (capacity <= buf->size + more)
		capacity *= 2;
	bytes = malloc(capacity);
	if (!bytes) {
		buf->error = ERR_NOMEM;
		return false;
	}
	if (buf->bytes) {
		memcpy(bytes, buf->bytes, buf->size);
		secret_erase(buf->bytes, buf->size);
		free(buf->bytes);
	}
	bytes[buf->size] = '\0';
	buf->bytes = bytes;
	buf->capacity = capacity;
	return true;
}

void buf_reserve(struct buf *buf, size_t more)
{
	(void)make_room(buf, more);
}

void buf_append(struct buf *buf, const void *bytes, size_t size)
{
	if (size == 0 || !make_room(buf, size))
		return;
	memcpy(buf->bytes + buf->size, bytes, size);
	buf->size += size;
	buf->bytes[buf->size] = '\0';
}

void buf_append_text(struct buf *buf, const char *text)
{
	buf_append(buf, text, strlen(text));
}

void buf_append_char(struct buf *buf, char c)
{
	buf_append(buf, &c, 1);
}

void buf_append_format(struct buf *buf, const char *format, ...)
{
	va_list arguments;
	int size;

	va_start(arguments, format);
	size = vsnprintf(NULL, 0, format, arguments);
	va_end(arguments);
	if (size < 0) { /* more than INT_MAX */
		if (!buf->error)
			buf->error = ERR_LIMIT;
		return;
	}
	if (size == 0 || !make_room(buf, (size_t)size))
		return;

	va_start(arguments, format);
	vsnprintf(buf->bytes + buf->size, (size_t)size + 1, format, arguments);
	va_end(arguments);
	buf->size += (size_t)size;
}

const char *buf_text(const struct buf *buf)
{
	return buf->bytes ? buf->bytes : "";
}

int buf_error(const struct buf *buf)
{
	return buf->error;
}

char *buf_take(struct buf *buf)
{
	char *text;

	/* An empty text is no failure, so it is not NULL. */
	if (!make_room(buf, 0)) {
		int error = buf->error;

		buf_done(buf);
		buf->error = error;
		return NULL;
	}
	text = buf->bytes;
	*buf = (struct buf){0};
	return text;
}

void buf_remove_front(struct buf *buf, size_t size)
{
	if (size == 0)
		return;
	buf->size -= size;
	memmove(buf->bytes, buf->bytes + size, buf->size);
	secret_erase(buf->bytes + buf->size, size);
}

void buf_done(struct buf *buf)
{
	if (buf->bytes)
		secret_erase(buf->bytes, buf->size);
	free(buf->bytes);
	*buf = (struct buf){0};
}
