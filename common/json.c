/* SPDX-License-Identifier: MIT */
#include "common/json.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/erasing.h"
#include "common/translate.h"
#include "json_check.h"

#define INDENT_COLUMNS 2

/* A struct json is a cJSON. Only these four functions know. */
static cJSON *tree(struct json *value)
{
	return (cJSON *)value;
}

static const cJSON *const_tree(const struct json *value)
{
	return (const cJSON *)value;
}

static struct json *from_tree(cJSON *item)
{
	return (struct json *)item;
}

static const struct json *from_const_tree(const cJSON *item)
{
	return (const struct json *)item;
}

void json_init(void)
{
	cJSON_Hooks hooks = {.malloc_fn = malloc, .free_fn = erasing_free};

	cJSON_InitHooks(&hooks);
}

int json_parse(const char *text, size_t size, size_t max_bytes, struct json **ret_value,
	       struct err_detail *detail)
{
	cJSON *item;
	int r;

	if (size > max_bytes)
		return err_set(detail, ERR_LIMIT,
			       _("not acceptable JSON: %zu bytes, where %zu are allowed"), size,
			       max_bytes);
	r = json_check(text, size, detail);
	if (r < 0)
		return r;
	/* json_check() accepted the text, so only memory can fail. */
	item = cJSON_ParseWithLengthOpts(text, size, NULL, false);
	if (!item)
		return err_set(detail, ERR_NOMEM, _("no memory for %zu bytes of JSON"), size);
	*ret_value = from_tree(item);
	return 0;
}

void json_free(struct json *value)
{
	cJSON_Delete(tree(value));
}

/* Reading */

bool json_is_object(const struct json *value)
{
	return cJSON_IsObject(const_tree(value));
}

bool json_is_array(const struct json *value)
{
	return cJSON_IsArray(const_tree(value));
}

bool json_is_null(const struct json *value)
{
	return cJSON_IsNull(const_tree(value));
}

const struct json *json_get(const struct json *object, const char *key)
{
	if (!json_is_object(object))
		return NULL;
	return from_const_tree(cJSON_GetObjectItemCaseSensitive(const_tree(object), key));
}

const char *json_string(const struct json *value)
{
	return cJSON_GetStringValue(const_tree(value));
}

const char *json_get_string(const struct json *object, const char *key)
{
	return json_string(json_get(object, key));
}

bool json_get_integer(const struct json *object, const char *key, int64_t *ret_number)
{
	const cJSON *item = const_tree(json_get(object, key));

	if (!cJSON_IsNumber(item) || fabs(item->valuedouble) > (double)JSON_INTEGER_MAX ||
	    item->valuedouble != trunc(item->valuedouble))
		return false;
	*ret_number = (int64_t)item->valuedouble;
	return true;
}

bool json_get_bool(const struct json *object, const char *key, bool *ret_bool)
{
	const cJSON *item = const_tree(json_get(object, key));

	if (!cJSON_IsBool(item))
		return false;
	*ret_bool = cJSON_IsTrue(item);
	return true;
}

const struct json *json_first(const struct json *container)
{
	if (!json_is_object(container) && !json_is_array(container))
		return NULL;
	return from_const_tree(const_tree(container)->child);
}

const struct json *json_next(const struct json *child)
{
	return child ? from_const_tree(const_tree(child)->next) : NULL;
}

const char *json_key(const struct json *member)
{
	return member ? const_tree(member)->string : NULL;
}

/* Building */

struct json *json_new_object(void)
{
	return from_tree(cJSON_CreateObject());
}

struct json *json_new_array(void)
{
	return from_tree(cJSON_CreateArray());
}

struct json *json_new_string(const char *text)
{
	return from_tree(text ? cJSON_CreateString(text) : cJSON_CreateNull());
}

int json_add(struct json *object, const char *key, struct json *child)
{
	if (!cJSON_AddItemToObject(tree(object), key, tree(child))) {
		json_free(child);
		return ERR_NOMEM;
	}
	return 0;
}

int json_append(struct json *array, struct json *child)
{
	if (!cJSON_AddItemToArray(tree(array), tree(child))) {
		json_free(child);
		return ERR_NOMEM;
	}
	return 0;
}

int json_add_string(struct json *object, const char *key, const char *text)
{
	return json_add(object, key, json_new_string(text));
}

int json_add_integer(struct json *object, const char *key, int64_t number)
{
	if (number > JSON_INTEGER_MAX || number < -JSON_INTEGER_MAX)
		return ERR_INVALID;
	return json_add(object, key, from_tree(cJSON_CreateNumber((double)number)));
}

int json_add_bool(struct json *object, const char *key, bool value)
{
	return json_add(object, key, from_tree(cJSON_CreateBool(value)));
}

int json_add_null(struct json *object, const char *key)
{
	return json_add(object, key, from_tree(cJSON_CreateNull()));
}

/*
 * Printing. Not cJSON's: it rounds whole numbers above 10^15 (9007199254740991 comes out as
 * 9.00719925474099e+15), and makes copies.
 */

struct printer {
	struct buf *buf;
	bool indented;
	unsigned depth;
};

static int print_value(struct printer *printer, const cJSON *item);

static void print_string(struct buf *buf, const char *text)
{
	static const char escaped[] = "\"\\\b\f\n\r\t";
	static const char letters[] = "\"\\bfnrt";

	buf_append_char(buf, '"');
	while (*text) {
		size_t plain = 0;

		while ((unsigned char)text[plain] >= 0x20 && text[plain] != '"' &&
		       text[plain] != '\\')
			plain++;
		buf_append(buf, text, plain);
		text += plain;
		if (*text) {
			const char *found = strchr(escaped, *text);

			if (found)
				buf_append_format(buf, "\\%c", letters[found - escaped]);
			else
				buf_append_format(buf, "\\u%04x", (unsigned)*text);
			text++;
		}
	}
	buf_append_char(buf, '"');
}

/* With as few digits as read back to the same number; 17 always do (IEEE 754). */
static void print_number(struct buf *buf, double number)
{
	char text[32]; /* -d.dddddddddddddddde-ddd is 24 characters */

	for (int digits = 15; digits <= 17; digits++) {
		snprintf(text, sizeof(text), "%.*g", digits, number);
		if (!(strtod(text, NULL) < number) && !(strtod(text, NULL) > number))
			break;
	}
	if (fabs(number) <= (double)JSON_INTEGER_MAX && number == trunc(number))
		snprintf(text, sizeof(text), "%.0f", number);
	buf_append_text(buf, text);
}

static void print_line_break(const struct printer *printer)
{
	if (printer->indented)
		buf_append_format(printer->buf, "\n%*s", (int)printer->depth * INDENT_COLUMNS, "");
}

static int print_children(struct printer *printer, const cJSON *container)
{
	for (const cJSON *child = container->child; child; child = child->next) {
		int r;

		print_line_break(printer);
		if (child->string) {
			print_string(printer->buf, child->string);
			buf_append_text(printer->buf, printer->indented ? ": " : ":");
		}
		r = print_value(printer, child);
		if (r < 0)
			return r;
		if (child->next)
			buf_append_char(printer->buf, ',');
	}
	return 0;
}

static int print_container(struct printer *printer, const cJSON *item)
{
	bool object = cJSON_IsObject(item);
	int r;

	if (printer->depth == JSON_MAX_DEPTH)
		return ERR_LIMIT; /* could not be read again */
	buf_append_char(printer->buf, object ? '{' : '[');
	printer->depth++;
	r = print_children(printer, item);
	printer->depth--;
	if (item->child)
		print_line_break(printer);
	buf_append_char(printer->buf, object ? '}' : ']');
	return r;
}

static int print_value(struct printer *printer, const cJSON *item)
{
	if (cJSON_IsObject(item) || cJSON_IsArray(item))
		return print_container(printer, item);
	if (cJSON_IsString(item))
		print_string(printer->buf, item->valuestring);
	else if (cJSON_IsNumber(item))
		print_number(printer->buf, item->valuedouble);
	else if (cJSON_IsBool(item))
		buf_append_text(printer->buf, cJSON_IsTrue(item) ? "true" : "false");
	else
		buf_append_text(printer->buf, "null");
	return 0;
}

int json_print(const struct json *value, bool indented, struct buf *buf)
{
	struct printer printer = {.buf = buf, .indented = indented};
	int r = print_value(&printer, const_tree(value));

	return r < 0 ? r : buf_error(buf);
}
