/* yaml_read.c - finding nodes, naming their place, reading scalars as typed values */
#include <stdarg.h>
#include <stdio.h>

#include "base/yaml.h"

struct unit {
	const char *name;
	int64_t factor;
};

static const struct unit duration_units[] = {
	{ "ms", 1000 },
	{ "s", INT64_C(1000000) },
	{ "m", INT64_C(60) * 1000000 },
	{ "h", INT64_C(3600) * 1000000 },
	{ "d", INT64_C(86400) * 1000000 },
};

static const struct unit byte_units[] = {
	{ "", 1 },
	{ "b", 1 },
	{ "k", 1024 },
	{ "kb", 1024 },
	{ "kib", 1024 },
	{ "m", INT64_C(1024) * 1024 },
	{ "mb", INT64_C(1024) * 1024 },
	{ "mib", INT64_C(1024) * 1024 },
	{ "g", INT64_C(1024) * 1024 * 1024 },
	{ "gb", INT64_C(1024) * 1024 * 1024 },
	{ "gib", INT64_C(1024) * 1024 * 1024 },
};

const struct yaml_node *yaml_find(const struct yaml_node *mapping, const char *key)
{
	struct slice wanted = slice_str(key);

	if (mapping == NULL || mapping->kind != YAML_MAPPING)
		return NULL;
	for (const struct yaml_node *child = mapping->first_child; child != NULL;
	     child = child->next) {
		if (slice_equal(child->key, wanted))
			return child;
	}
	return NULL;
}

int yaml_error(const struct yaml_doc *doc, const struct yaml_node *node,
	       struct error *error, const char *format, ...)
{
	char text[ERROR_TEXT_MAX];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args); /* may cut */
	va_end(args);
	if (node == NULL)
		return error_set(error, "%.200s: %.300s", doc->name, text);
	return error_set(error, "%.180s:%u:%u: %.300s", doc->name, node->line,
			 node->column, text);
}

/* the digits at the start; the bytes they took, 0 when there are none or too many */
static size_t read_digits(struct slice text, int64_t *out)
{
	size_t at = 0;

	*out = 0;
	for (; at < text.len && text.ptr[at] >= '0' && text.ptr[at] <= '9'; at++) {
		if (__builtin_mul_overflow(*out, 10, out) ||
		    __builtin_add_overflow(*out, text.ptr[at] - '0', out))
			return 0;
	}
	return at;
}

static int fail_value(const struct yaml_doc *doc, const struct yaml_node *node,
		      const char *expected, struct error *error)
{
	if (node->kind != YAML_SCALAR)
		return yaml_error(doc, node, error, "expected %s", expected);
	return yaml_error(doc, node, error, "\"%.*s\" is not %s",
			  (int)(node->text.len < 60 ? node->text.len : 60),
			  node->text.ptr, expected);
}

/* number and unit without blank between; false when it is not that, or overflows */
static bool read_with_unit(struct slice text, const struct unit *units, size_t count,
			   int64_t *out)
{
	int64_t number = 0;
	size_t digits = read_digits(text, &number);

	if (digits == 0)
		return false;
	for (size_t i = 0; i < count; i++) {
		if (slice_equal_nocase(slice_from(text, digits),
				       slice_str(units[i].name)))
			return !__builtin_mul_overflow(number, units[i].factor, out);
	}
	return false;
}

int yaml_read_int(const struct yaml_doc *doc, const struct yaml_node *node,
		  int64_t *out, struct error *error)
{
	struct slice text = node->text;
	bool negative = text.len > 0 && text.ptr[0] == '-';
	size_t digits = 0;

	if (negative)
		text = slice_from(text, 1);
	digits = read_digits(text, out);
	if (node->kind != YAML_SCALAR || digits == 0 || digits != text.len)
		return fail_value(doc, node, "a whole number", error);
	if (negative)
		*out = -*out;
	return 0;
}

int yaml_read_bool(const struct yaml_doc *doc, const struct yaml_node *node, bool *out,
		   struct error *error)
{
	static const struct {
		const char *name;
		bool value;
	} words[] = { { "true", true }, { "false", false }, { "yes", true },
		      { "no", false },  { "on", true },     { "off", false } };

	for (size_t i = 0; node->kind == YAML_SCALAR && i < ARRAY_LEN(words); i++) {
		if (slice_equal_nocase(node->text, slice_str(words[i].name))) {
			*out = words[i].value;
			return 0;
		}
	}
	return fail_value(doc, node, "true or false", error);
}

int yaml_read_duration_us(const struct yaml_doc *doc, const struct yaml_node *node,
			  int64_t *out, struct error *error)
{
	if (node->kind == YAML_SCALAR &&
	    read_with_unit(node->text, duration_units, ARRAY_LEN(duration_units), out))
		return 0;
	return fail_value(doc, node, "a duration such as 500ms, 30s, 5m, 2h or 7d",
			  error);
}

int yaml_read_bytes(const struct yaml_doc *doc, const struct yaml_node *node,
		    int64_t *out, struct error *error)
{
	if (node->kind == YAML_SCALAR &&
	    read_with_unit(node->text, byte_units, ARRAY_LEN(byte_units), out))
		return 0;
	return fail_value(doc, node, "a size such as 4096, 64k, 16MB or 1GiB", error);
}
