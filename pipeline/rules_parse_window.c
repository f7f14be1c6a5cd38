/* rules_parse_window.c - what makes a rule fire, besides a match
 *
 * A table says which keys each type of window has; all that it names are required, but
 * for those with a default.
 */
#include "pipeline/rules_reader.h"

#define COUNT_MAX INT64_C(1000000000)
/* distinct values that a bucket keeps are as many */
#define VALUES_MAX INT64_C(1000)
#define SPAN_MAX_US (INT64_C(7) * 86400 * 1000000)
#define SPAN_MIN_US INT64_C(1000000)
#define LEARN_MAX_US (INT64_C(30) * 86400 * 1000000)
/* windows before the one that is judged */
#define BASELINE_SPANS_MIN 3
#define BASELINE_SPANS_MAX 100
#define FACTOR_MAX UINT64_C(1000000)
#define MILLION UINT64_C(1000000)

enum window_key {
	KEY_TYPE = 1,
	KEY_COUNT = 2,
	KEY_WITHIN = 4,
	KEY_FACTOR = 8,
	KEY_BASELINE = 16,
	KEY_RATIO = 32,
	KEY_OF = 64,
	KEY_FIELD = 128,
	KEY_THEN = 256,
	KEY_LEARN = 512
};

static const struct {
	const char *name;
	unsigned required; /* bits of enum window_key */
	unsigned optional;
} types[WINDOW_TYPES] = {
	[WINDOW_THRESHOLD] = { "threshold", KEY_COUNT | KEY_WITHIN, 0 },
	[WINDOW_SPIKE] = { "spike", KEY_COUNT | KEY_WITHIN | KEY_FACTOR | KEY_BASELINE,
			   0 },
	[WINDOW_RATE_RATIO] = { "rate_ratio", KEY_COUNT | KEY_WITHIN | KEY_RATIO,
				KEY_OF },
	[WINDOW_CARDINALITY] = { "cardinality", KEY_COUNT | KEY_WITHIN | KEY_FIELD, 0 },
	[WINDOW_SEQUENCE] = { "sequence", KEY_WITHIN | KEY_THEN, 0 },
	[WINDOW_NEW_GROUP] = { "new_group", KEY_LEARN, 0 },
	[WINDOW_FLATLINE] = { "flatline", KEY_COUNT | KEY_WITHIN, 0 },
};

const char *window_type_name(enum window_type type)
{
	return types[type].name == NULL ? "" : types[type].name;
}

static int read_type(const struct rule_reader *reader, const struct yaml_node *node)
{
	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		if (types[i].name != NULL &&
		    slice_equal(node->text, slice_str(types[i].name))) {
			reader->entry->rule.window.type = (enum window_type)i;
			return 0;
		}
	}
	return yaml_error(
		reader->doc, node, reader->error,
		"a window's type is threshold, spike, rate_ratio, cardinality, "
		"sequence, new_group or flatline");
}

static int read_count(const struct rule_reader *reader, const struct yaml_node *node)
{
	struct rule_window *window = &reader->entry->rule.window;
	int64_t max = window->type == WINDOW_CARDINALITY ? VALUES_MAX : COUNT_MAX;
	int64_t min = window->type == WINDOW_FLATLINE ? 1 : 2;
	int64_t number = 0;

	if (yaml_read_int(reader->doc, node, &number, reader->error) != 0)
		return -1;
	if (number < min || number > max)
		return yaml_error(reader->doc, node, reader->error,
				  "a window's count is %lld to %lld", (long long)min,
				  (long long)max);
	window->count = (uint64_t)number;
	return 0;
}

static int read_within(const struct rule_reader *reader, const struct yaml_node *node)
{
	int64_t *span_us = &reader->entry->rule.window.span_us;

	if (yaml_read_duration_us(reader->doc, node, span_us, reader->error) != 0)
		return -1;
	if (*span_us < SPAN_MIN_US || *span_us > SPAN_MAX_US)
		return yaml_error(reader->doc, node, reader->error,
				  "a window spans 1s to 7d");
	return 0;
}

/* up to 6 decimals, as millionths; no strtod, which asks the locale */
static bool read_decimal(struct slice text, uint64_t *out)
{
	uint64_t unit = MILLION;
	bool point = false;

	*out = 0;
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];

		if (c == '.' && !point && i > 0 && i + 1 < text.len) {
			point = true;
			continue;
		}
		if (c < '0' || c > '9' || (point && unit < 10) ||
		    *out > FACTOR_MAX * MILLION)
			return false;
		if (point) {
			unit /= 10;
			*out += (uint64_t)(c - '0') * unit;
		} else {
			*out = *out * 10 + (uint64_t)(c - '0') * MILLION;
		}
	}
	return text.len > 0;
}

static int read_factor(const struct rule_reader *reader, const struct yaml_node *node)
{
	uint64_t *factor = &reader->entry->rule.window.factor_ppm;

	if (!read_decimal(node->text, factor) || *factor <= MILLION ||
	    *factor > FACTOR_MAX * MILLION)
		return yaml_error(reader->doc, node, reader->error,
				  "a factor is more than 1, such as 3 or 2.5");
	return 0;
}

static int read_ratio(const struct rule_reader *reader, const struct yaml_node *node)
{
	uint64_t *ratio = &reader->entry->rule.window.factor_ppm;

	if (!read_decimal(node->text, ratio) || *ratio == 0 || *ratio > MILLION)
		return yaml_error(reader->doc, node, reader->error,
				  "a ratio is above 0 and at most 1, such as 0.05");
	return 0;
}

/* after `within` */
static int read_baseline(const struct rule_reader *reader, const struct yaml_node *node)
{
	struct rule_window *window = &reader->entry->rule.window;

	if (yaml_read_duration_us(reader->doc, node, &window->baseline_us,
				  reader->error) != 0)
		return -1;
	if (window->baseline_us < BASELINE_SPANS_MIN * window->span_us ||
	    window->baseline_us > BASELINE_SPANS_MAX * window->span_us)
		return yaml_error(reader->doc, node, reader->error,
				  "a baseline is %d to %d times as long as within",
				  BASELINE_SPANS_MIN, BASELINE_SPANS_MAX);
	return 0;
}

static int read_learn(const struct rule_reader *reader, const struct yaml_node *node)
{
	struct rule_window *window = &reader->entry->rule.window;

	if (yaml_read_duration_us(reader->doc, node, &window->baseline_us,
				  reader->error) != 0)
		return -1;
	if (window->baseline_us < SPAN_MIN_US || window->baseline_us > LEARN_MAX_US)
		return yaml_error(reader->doc, node, reader->error,
				  "learn is 1s to 30d");
	window->count = 1;
	return 0;
}

static int read_field(const struct rule_reader *reader, const struct yaml_node *node)
{
	struct rule_window *window = &reader->entry->rule.window;

	if (!rule_reader_field(node->text, &window->field, &window->attribute) ||
	    window->field == RULE_FIELD_TEMPLATE)
		return yaml_error(reader->doc, node, reader->error,
				  "a field is message, service, host, level, group or "
				  "attributes.NAME");
	if (window->attribute.len > 0)
		window->attribute = arena_dup(&reader->rules->arena, window->attribute);
	return 0;
}

/* read as the partner's match */
static int read_later(const struct rule_reader *reader, const struct yaml_node *node)
{
	(void)node;
	if (reader->entry->rule.window.count == 0)
		reader->entry->rule.window.count = 1;
	return 0;
}

/* in the order in which they are read */
static const struct {
	const char *name;
	enum window_key key;
	int (*read)(const struct rule_reader *reader, const struct yaml_node *node);
} keys[] = {
	{ "type", KEY_TYPE, read_type },
	{ "count", KEY_COUNT, read_count },
	{ "within", KEY_WITHIN, read_within },
	{ "factor", KEY_FACTOR, read_factor },
	{ "baseline", KEY_BASELINE, read_baseline },
	{ "ratio", KEY_RATIO, read_ratio },
	{ "of", KEY_OF, read_later },
	{ "field", KEY_FIELD, read_field },
	{ "then", KEY_THEN, read_later },
	{ "learn", KEY_LEARN, read_learn },
};

int rule_reader_window(const struct rule_reader *reader, const struct yaml_node *node)
{
	const struct rule_window *window = &reader->entry->rule.window;
	const char *names[ARRAY_LEN(keys)];

	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		names[i] = keys[i].name;
	if (rule_reader_check_keys(reader, node, names, ARRAY_LEN(names)) != 0)
		return -1;
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		const struct yaml_node *child = yaml_find(node, keys[i].name);
		unsigned required = KEY_TYPE | types[window->type].required;
		unsigned known = required | types[window->type].optional;

		if (child == NULL && (required & keys[i].key) != 0)
			return yaml_error(reader->doc, node, reader->error,
					  "a window%s%s needs \"%s\"",
					  i == 0 ? "" : " of ",
					  window_type_name(window->type), keys[i].name);
		if (child != NULL && (known & keys[i].key) == 0)
			return yaml_error(reader->doc, child, reader->error,
					  "a window of %s has no \"%s\"",
					  window_type_name(window->type), keys[i].name);
		if (child != NULL && keys[i].read(reader, child) != 0)
			return -1;
	}
	return 0;
}

struct condition *rule_reader_partner(const struct rule_reader *reader,
				      const struct yaml_node *window)
{
	const struct yaml_node *node = yaml_find(window, "then");

	if (node == NULL)
		node = yaml_find(window, "of");
	if (node != NULL)
		return rule_reader_match(reader, node);
	/* all of nothing holds always */
	return rule_reader_always(reader);
}
