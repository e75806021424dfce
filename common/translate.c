/* SPDX-License-Identifier: MIT */
#include "common/translate.h"

#include <errno.h>
#include <langinfo.h>
#include <libintl.h>
#include <limits.h>
#include <locale.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define DOMAIN "misskey-authd"

static bool is_english = true; /* until translate_begin() */
static bool is_looked_for;
static bool is_there;

/* Where the catalogues are: MISSKEY_LOCALEDIR is relative to the program's directory. */
static bool find_catalogues(char ret_directory[static 2 * PATH_MAX])
{
	char program[PATH_MAX];
	ssize_t size = readlink("/proc/self/exe", program, sizeof(program) - 1);

	if (size <= 0)
		return false;
	program[size] = '\0';
	*strrchr(program, '/') = '\0';
	snprintf(ret_directory, 2 * (size_t)PATH_MAX, "%s/%s", program, MISSKEY_LOCALEDIR);
	return true;
}

/* The catalogues are UTF-8. A terminal that is not UTF-8 gets English, which is mostly ASCII. */
static bool terminal_is_utf8(void)
{
	bool utf8 = setlocale(LC_CTYPE, "") && strcmp(nl_langinfo(CODESET), "UTF-8") == 0;

	(void)setlocale(LC_CTYPE, "C");
	return utf8;
}

/* LC_CTYPE stays "C", so that nothing is compared or read by the rules of a language; gettext would
 * write ASCII then, and so would strerror(), whose texts are in the domain "libc". */
static bool look_for_catalogue(void)
{
	char directory[2 * PATH_MAX];

	return terminal_is_utf8() && setlocale(LC_MESSAGES, "") && find_catalogues(directory) &&
	       bindtextdomain(DOMAIN, directory) && bind_textdomain_codeset(DOMAIN, "UTF-8") &&
	       bind_textdomain_codeset("libc", "UTF-8");
}

static bool has_catalogue(void)
{
	int error = errno;

	if (!is_english && !is_looked_for) {
		is_looked_for = true;
		is_there = look_for_catalogue();
	}
	errno = error;
	return !is_english && is_there;
}

void translate_begin(void)
{
	is_english = false;
}

void translate_end(void)
{
	is_english = true;
	(void)setlocale(LC_MESSAGES, "C");
}

const char *translate(const char *text)
{
	return has_catalogue() ? dgettext(DOMAIN, text) : text;
}

const char *translate_count(const char *one, const char *many, size_t count)
{
	if (has_catalogue())
		return dngettext(DOMAIN, one, many, count);
	return count == 1 ? one : many;
}

const char *translate_errno(int errnum)
{
	(void)has_catalogue();
	return strerror(errnum);
}
