/* SPDX-License-Identifier: MIT */
#include <string.h>
#include <strings.h>

#include "page_text.h"

/* A browser sends a dozen languages at most; what comes after these is not looked at. */
#define HEADER_MAX_BYTES 1024
#define RANGES_MAX 32

/* RFC 9110, 12.4.2: weights have three decimals at most; here in thousandths. */
#define WEIGHT_ONE 1000
#define WEIGHT_NONE (-1)

const struct page_text *page_text_of(enum page_language language)
{
	static const struct page_text *const texts[PAGE_LANGUAGE_COUNT] = {
		[PAGE_ENGLISH] = &page_text_en,
		[PAGE_JAPANESE] = &page_text_ja,
	};

	return texts[language];
}

static bool is_alpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static void skip_blanks(const char **at, const char *end)
{
	while (*at < end && (**at == ' ' || **at == '\t'))
		(*at)++;
}

/* The length of a language range (RFC 4647: "*", "ja", "en-US"), 0 if there is none at AT. */
static size_t range_length(const char *at, const char *end)
{
	const char *start = at;
	size_t subtag = 0;
	bool primary = true;

	if (at < end && *at == '*')
		return 1;
	for (; at < end; at++) {
		if (*at == '-') {
			if (subtag == 0)
				return 0;
			primary = false;
			subtag = 0;
		} else if (is_alpha(*at) || (is_digit(*at) && !primary)) {
			if (++subtag > 8)
				return 0;
		} else {
			break;
		}
	}
	return subtag == 0 ? 0 : (size_t)(at - start);
}

/* RFC 9110: qvalue = ( "0" [ "." 0*3DIGIT ] ) / ( "1" [ "." 0*3("0") ] ), to END. */
static int qvalue(const char *at, const char *end)
{
	int weight, unit = WEIGHT_ONE;

	if (at == end || (*at != '0' && *at != '1'))
		return WEIGHT_NONE;
	weight = (*at++ - '0') * WEIGHT_ONE;
	if (at == end)
		return weight;
	if (*at++ != '.' || end - at > 3)
		return WEIGHT_NONE;
	for (; at < end; at++) {
		if (!is_digit(*at))
			return WEIGHT_NONE;
		unit /= 10;
		weight += (*at - '0') * unit;
	}
	return weight > WEIGHT_ONE ? WEIGHT_NONE : weight;
}

/* What follows a range: nothing, or ";q=" and a weight. */
static int weight_parse(const char *at, const char *end)
{
	skip_blanks(&at, end);
	while (end > at && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	if (at == end)
		return WEIGHT_ONE;
	if (*at++ != ';')
		return WEIGHT_NONE;
	skip_blanks(&at, end);
	if (end - at < 2 || (at[0] != 'q' && at[0] != 'Q') || at[1] != '=')
		return WEIGHT_NONE;
	return qvalue(at + 2, end);
}

struct preference {
	int weight[PAGE_LANGUAGE_COUNT];
	size_t place[PAGE_LANGUAGE_COUNT]; /* which range gave it */
	int any_weight;
	size_t any_place;
};

static void range_note(struct preference *preference, const char *range, size_t length, int weight,
		       size_t place)
{
	const char *dash = memchr(range, '-', length);
	size_t primary = dash ? (size_t)(dash - range) : length;

	if (*range == '*') {
		if (weight > preference->any_weight) {
			preference->any_weight = weight;
			preference->any_place = place;
		}
		return;
	}
	/* Whoever does not want "en-GB" has said nothing about "en". */
	if (dash && weight == 0)
		return;
	for (size_t i = 0; i < PAGE_LANGUAGE_COUNT; i++) {
		const char *code = page_text_of((enum page_language)i)->code;

		if (strlen(code) != primary || strncasecmp(range, code, primary) != 0)
			continue;
		if (weight > preference->weight[i]) {
			preference->weight[i] = weight;
			preference->place[i] = place;
		}
	}
}

/* A range that is not well formed counts for nothing; the others do. */
static void header_read(const char *header, struct preference *preference)
{
	const char *at = header, *end = header + strnlen(header, HEADER_MAX_BYTES);

	for (size_t place = 0; at < end && place < RANGES_MAX; place++) {
		const char *comma = memchr(at, ',', (size_t)(end - at));
		const char *stop = comma ? comma : end;
		size_t length;
		int weight;

		/* "ja;q=0" may have been cut to "ja". */
		if (!comma && *end)
			break;
		skip_blanks(&at, stop);
		length = range_length(at, stop);
		weight = length > 0 ? weight_parse(at + length, stop) : WEIGHT_NONE;
		if (weight != WEIGHT_NONE)
			range_note(preference, at, length, weight, place);
		at = comma ? comma + 1 : end;
	}
}

enum page_language page_language_choose(const char *accept_language)
{
	struct preference preference = {.any_weight = WEIGHT_NONE};
	size_t best = PAGE_ENGLISH;

	for (size_t i = 0; i < PAGE_LANGUAGE_COUNT; i++)
		preference.weight[i] = WEIGHT_NONE;
	if (accept_language)
		header_read(accept_language, &preference);
	/* "*" is for the languages that are not named themselves (RFC 4647, 3.3.1). */
	for (size_t i = 0; i < PAGE_LANGUAGE_COUNT; i++) {
		if (preference.weight[i] != WEIGHT_NONE)
			continue;
		preference.weight[i] = preference.any_weight;
		preference.place[i] = preference.any_place;
	}
	/* Of equal ones the first that was named; a weight of 0 is a refusal. */
	for (size_t i = 0; i < PAGE_LANGUAGE_COUNT; i++) {
		if (preference.weight[i] <= 0)
			continue;
		if (preference.weight[i] > preference.weight[best] ||
		    (preference.weight[i] == preference.weight[best] &&
		     preference.place[i] < preference.place[best]))
			best = i;
	}
	return (enum page_language)best;
}
