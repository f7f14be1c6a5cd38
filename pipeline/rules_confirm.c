/* rules_confirm.c - PCRE2 with limits */
#include "pipeline/rules_confirm.h"

#include <stdatomic.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/mem.h"
#include "pipeline/rules_atom.h"

#define GROUPS_MAX 64
#define CAPTURE_BYTES_MAX 256

struct confirm {
	pcre2_code *code;
	pcre2_match_context *limits;
	/* of libpcre2: entries of a number in two bytes and a name */
	const unsigned char *names;
	uint32_t names_count, entry_bytes;
};

struct confirm_data {
	pcre2_match_data *match;
};

/* of all sets of the process, as sets come and go */
static _Atomic uint64_t limited;

uint64_t rules_confirm_limited(void)
{
	return atomic_load(&limited);
}

static void read_names(struct confirm *confirm)
{
	/* 0: these questions cannot fail on a compiled expression */
	(void)pcre2_pattern_info(confirm->code, PCRE2_INFO_NAMECOUNT,
				 &confirm->names_count);
	(void)pcre2_pattern_info(confirm->code, PCRE2_INFO_NAMEENTRYSIZE,
				 &confirm->entry_bytes);
	(void)pcre2_pattern_info(confirm->code, PCRE2_INFO_NAMETABLE, &confirm->names);
}

struct confirm *rules_confirm_new(const char *expression, struct error *error)
{
	struct confirm *confirm = mem_calloc(1, sizeof(*confirm));
	char why[128] = "";
	int code = 0;
	PCRE2_SIZE at = 0;

	confirm->code = pcre2_compile((PCRE2_SPTR)expression, PCRE2_ZERO_TERMINATED,
				      PCRE2_CASELESS | PCRE2_MULTILINE |
					      PCRE2_NEVER_BACKSLASH_C,
				      &code, &at, NULL);
	if (confirm->code == NULL) {
		(void)pcre2_get_error_message(code, (PCRE2_UCHAR *)why, sizeof(why));
		(void)error_set(error, "%s, at byte %zu", why, (size_t)at);
		rules_confirm_free(&confirm);
		return NULL;
	}
	/* where memory may not be made executable, it is interpreted */
	(void)pcre2_jit_compile(confirm->code, PCRE2_JIT_COMPLETE);
	confirm->limits = pcre2_match_context_create(NULL);
	if (confirm->limits == NULL)
		abort(); /* no memory */
	/* always 0 */
	(void)pcre2_set_match_limit(confirm->limits, CONFIRM_STEPS_MAX);
	(void)pcre2_set_depth_limit(confirm->limits, CONFIRM_DEPTH_MAX);
	(void)pcre2_set_heap_limit(confirm->limits, CONFIRM_HEAP_KB);
	read_names(confirm);
	return confirm;
}

void rules_confirm_free(struct confirm **confirm_ptr)
{
	struct confirm *confirm = *confirm_ptr;

	if (confirm == NULL)
		return;
	pcre2_match_context_free(confirm->limits); /* NULL is fine */
	pcre2_code_free(confirm->code);
	mem_free(confirm);
	*confirm_ptr = NULL;
}

size_t rules_confirm_names(const struct confirm *confirm)
{
	return confirm->names_count;
}

struct confirm_data *rules_confirm_data_new(void)
{
	struct confirm_data *data = mem_calloc(1, sizeof(*data));

	data->match = pcre2_match_data_create(GROUPS_MAX, NULL);
	if (data->match == NULL)
		abort(); /* no memory */
	return data;
}

void rules_confirm_data_free(struct confirm_data **data_ptr)
{
	struct confirm_data *data = *data_ptr;

	if (data == NULL)
		return;
	pcre2_match_data_free(data->match);
	mem_free(data);
	*data_ptr = NULL;
}

bool rules_confirm_found(const struct confirm *confirm, struct confirm_data *data,
			 struct slice text)
{
	int found = pcre2_match(confirm->code, (PCRE2_SPTR)text.ptr, text.len, 0, 0,
				data->match, confirm->limits);

	if (found < 0 && found != PCRE2_ERROR_NOMATCH)
		(void)atomic_fetch_add(&limited, 1);
	return found >= 0;
}

static bool is_known(const struct captured_names *known, const char *name)
{
	for (size_t i = 0; i < known->count; i++) {
		if (strcmp(known->items[i], name) == 0)
			return true;
	}
	return false;
}

/* cut where no UTF-8 sequence is split */
static struct slice cut_capture(struct slice value)
{
	size_t len = CAPTURE_BYTES_MAX;

	if (value.len <= len)
		return value;
	while (len > CAPTURE_BYTES_MAX - 4 &&
	       ((unsigned char)value.ptr[len] & 0xc0) == 0x80)
		len--;
	return slice_head(value, len);
}

bool rules_confirm_capture(const struct confirm *confirm, struct confirm_data *data,
			   struct slice text, struct captured_names *known,
			   struct json_out *out)
{
	const PCRE2_SIZE *offsets = pcre2_get_ovector_pointer(data->match);

	if (!rules_confirm_found(confirm, data, text))
		return false;
	for (uint32_t i = 0; i < confirm->names_count; i++) {
		const unsigned char *entry =
			confirm->names + (size_t)i * confirm->entry_bytes;
		size_t group = (size_t)entry[0] << 8 | entry[1];
		const char *name = (const char *)entry + 2;

		if (group >= GROUPS_MAX || offsets[2 * group] == PCRE2_UNSET ||
		    known->count == RULES_CAPTURES_MAX || is_known(known, name))
			continue;
		known->items[known->count++] = name;
		json_key_string(out, name,
				cut_capture(slice_of(text.ptr + offsets[2 * group],
						     offsets[2 * group + 1] -
							     offsets[2 * group])));
	}
	return true;
}

/* the bytes of "(?<name>" at the start, or 0; "(?<=" and "(?<!" look behind */
static size_t name_len(struct slice s)
{
	size_t at = 2;

	if (!slice_starts_with(s, SLICE("(?")))
		return 0;
	at += rules_byte_at(s, at) == 'P';
	if (rules_byte_at(s, at) != '<' || !rules_is_word(rules_byte_at(s, at + 1)))
		return 0;
	while (at < s.len && s.ptr[at] != '>')
		at++;
	return at < s.len ? at + 1 : 0;
}

struct slice rules_without_names(struct arena *arena, struct slice expression,
				 bool *named)
{
	struct buf buf = { 0 };
	struct slice result = { 0 };
	bool in_class = false;

	*named = false;
	while (expression.len > 0) {
		size_t len = in_class ? 0 : name_len(expression);

		if (len > 0) {
			buf_append_str(&buf, "(?:");
			*named = true;
		} else {
			/* what is escaped, or in a class, opens no group */
			len = expression.ptr[0] == '\\' && expression.len > 1 ? 2 : 1;
			in_class = in_class ? expression.ptr[0] != ']'
					    : expression.ptr[0] == '[';
			buf_append_slice(&buf, slice_head(expression, len));
		}
		expression = slice_from(expression, len);
	}
	result = arena_dup(arena, buf_slice(&buf));
	buf_deinit(&buf);
	return result;
}

static bool is_repeat(char c)
{
	return c == '*' || c == '+' || c == '?' || c == '}';
}

/* look-around, atomic groups, conditions, verbs */
static bool is_special_group(struct slice s)
{
	char next = rules_byte_at(s, 1);

	return s.ptr[0] == '(' &&
	       (next == '*' || (next == '?' && rules_byte_at(s, 2) != ':'));
}

bool rules_may_need_confirming(struct slice s)
{
	static const char escapes[] = "123456789kgGKRXA";

	for (size_t i = 0; i < s.len; i++) {
		char next = rules_byte_at(s, i + 1);

		if (s.ptr[i] == '\\') {
			if (next != '\0' && strchr(escapes, next) != NULL)
				return true;
			i++;
		} else if (is_special_group(slice_from(s, i)) ||
			   (is_repeat(s.ptr[i]) && next == '+')) {
			return true;
		}
	}
	return false;
}
