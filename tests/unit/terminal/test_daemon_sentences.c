/* SPDX-License-Identifier: MIT */
/* Proves that a sentence of the daemon's is known, with the sentences in it, and put together anew
 * in the order of another language. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/cleanup.h"
#include "terminal/daemon_sentences.h"

/* A language of few words. */
static const char *language(const char *text)
{
	static const struct {
		const char *english, *other;
	} words[] = {
		{"%s Log in again with: %s", "%1$s AGAIN[%2$s]"},
		{"The login of %s at %s failed. %s", "FAILED[%2$s, %1$s] %3$s"},
		{"The server could not be reached%s", "UNREACHED%s"},
		{"The login of %s at %s timed out: nobody approved it", "NOBODY[%s, %s]"},
		{"There is no account %s. To see all: %s", "NONE[%s]"},
		{"The login of %s was cancelled: %s", "CANCELLED[%s] %s"},
		{"that was asked for with misskey-authctl cancel", "ASKED"},
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(words[i].english, text) == 0)
			return words[i].other;
	return text;
}

static void sentences_are_put_together_anew(void **state)
{
	static const struct {
		const char *message, *other;
	} cases[] = {
		{"There is no account bot. To see all: misskey-authctl list", "NONE[bot]"},
		{"The server could not be reached", "UNREACHED"},
		{"The server could not be reached (Could not resolve host: a.example).",
		 "UNREACHED (Could not resolve host: a.example)"},
		{"The login of me at https://a.example failed. The server could not be reached "
		 "(x). Log in again with: misskey-authctl login me",
		 "FAILED[https://a.example, me] UNREACHED (x) AGAIN[misskey-authctl login me]"},
		{"The login of me at https://a.example timed out: nobody approved it. Log in again "
		 "with: misskey-authctl login me",
		 "NOBODY[me, https://a.example] AGAIN[misskey-authctl login me]"},
		{"The login of me was cancelled: that was asked for with misskey-authctl cancel.",
		 "CANCELLED[me] ASKED"},
		/* what is not known is left as it is, but for its full stop */
		{"The login of me at https://a.example failed. Whatever. Log in again with: x",
		 "FAILED[https://a.example, me] Whatever AGAIN[x]"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		_cleanup_(buf_done) struct buf text = {0};

		assert_true(daemon_sentences_append(&text, cases[i].message, language));
		assert_string_equal(buf_text(&text), cases[i].other);
	}
}

static void other_messages_are_not_touched(void **state)
{
	static const char *const messages[] = {
		"",
		".",
		"The server could not be",
		"the server could not be reached",
		"There is no account bot",
		/* known, but the language has no words for it */
		"No login of me is under way",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++) {
		_cleanup_(buf_done) struct buf text = {0};

		assert_false(daemon_sentences_append(&text, messages[i], language));
		assert_int_equal(text.size, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sentences_are_put_together_anew),
		cmocka_unit_test(other_messages_are_not_touched),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
