/* SPDX-License-Identifier: MIT */
#include "told_problems.h"

#include <string.h>

#include "common/fsx.h"
#include "common/log.h"

#define FILE_NAME "told-problems"
#define FILE_MAX_BYTES 4096

void told_problems_read(struct told_problems *told, const char *directory)
{
	_cleanup_(closep) int fd = -1;

	if (!directory || fsx_open_directory(directory, &fd, NULL))
		return;
	/* No file is the rule: there was no problem. */
	if (fsx_read(fd, FILE_NAME, FILE_MAX_BYTES, true, &told->codes, NULL))
		told->codes.size = 0;
}

bool told_problems_has(const struct told_problems *told, const char *code)
{
	size_t size = strlen(code);
	const char *line = buf_text(&told->codes);

	for (; *line; line += strcspn(line, "\n"), line += *line == '\n')
		if (strncmp(line, code, size) == 0 && line[size] == '\n')
			return true;
	return false;
}

static int write_codes(const char *directory, const struct buf *codes, struct err_detail *detail)
{
	_cleanup_(closep) int fd = -1;
	int r = fsx_open_directory(directory, &fd, detail);

	if (r)
		return r;
	if (codes->size == 0)
		return fsx_remove(fd, FILE_NAME, detail);
	return fsx_write(fd, FILE_NAME, codes->bytes, codes->size, detail);
}

void told_problems_write(const struct told_problems *told, const char *directory,
			 const struct service *service)
{
	_cleanup_(buf_done) struct buf codes = {0};
	struct err_detail detail;

	for (size_t n = 0; n < service_problem_count(service); n++)
		buf_append_format(&codes, "%s\n", service_problem_at(service, n)->code);
	if (!directory || buf_error(&codes) ||
	    strcmp(buf_text(&codes), buf_text(&told->codes)) == 0)
		return;
	if (write_codes(directory, &codes, &detail))
		log_debug("%s", detail.text);
}

void told_problems_done(struct told_problems *told)
{
	buf_done(&told->codes);
}
