/* sift_rows.c - the outputs of --assign and --records */
#include "daemon/sift_rows.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/json_out.h"
#include "base/mem.h"
#include "base/table.h"
#include "base/timestamp.h"
#include "pipeline/normalize.h"

struct assigned {
	uint64_t line;
	uint32_t lines;
	uint32_t key; /* place in keys */
};

struct sift_assign {
	struct assigned *items;
	size_t count, capacity;
	struct table index; /* template key -> place in keys */
	uint64_t *keys;
	size_t keys_count, keys_capacity;
};

struct sift_assign *sift_assign_new(void)
{
	return mem_calloc(1, sizeof(struct sift_assign));
}

void sift_assign_free(struct sift_assign **assign)
{
	if (*assign == NULL)
		return;
	mem_free((*assign)->items);
	mem_free((*assign)->keys);
	table_deinit(&(*assign)->index);
	mem_free(*assign);
	*assign = NULL;
}

static uint32_t place_of_key(struct sift_assign *assign, uint64_t key)
{
	bool added = false;
	uint64_t *place = table_put(&assign->index, key, &added);

	if (added) {
		mem_grow(&assign->keys, &assign->keys_capacity, assign->keys_count,
			 sizeof(*assign->keys));
		assign->keys[assign->keys_count] = key;
		*place = assign->keys_count++;
	}
	return (uint32_t)*place;
}

void sift_assign_note(void *context, const struct sift_record *record)
{
	struct sift_assign *assign = context;

	mem_grow(&assign->items, &assign->capacity, assign->count,
		 sizeof(*assign->items));
	assign->items[assign->count++] =
		(struct assigned){ record->line, (uint32_t)record->lines,
				   place_of_key(assign, record->template_key) };
}

static void append_escaped(struct buf *out, struct slice text)
{
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.ptr[i];

		if (c == '\t')
			buf_append_str(out, "\\t");
		else if (c == '\n')
			buf_append_str(out, "\\n");
		else if (c == '\r')
			buf_append_str(out, "\\r");
		else if (c < 0x20 || c == 0x7f)
			buf_printf(out, "\\x%02x", c);
		else
			buf_append_char(out, text.ptr[i]);
	}
}

/* "group TAB template LF" of each key, made once */
static struct slice *make_tails(const struct sift_assign *assign,
				struct learner *learner, struct arena *arena)
{
	struct slice *tails = mem_calloc(assign->keys_count, sizeof(*tails));
	struct buf text = { 0 };
	struct buf tail = { 0 };

	for (size_t i = 0; i < assign->keys_count; i++) {
		uint64_t root = learner_root(learner, assign->keys[i]);

		buf_clear(&text);
		buf_clear(&tail);
		(void)learner_group_text(learner, root, TEMPLATE_STARS,
					 &text); /* empty when evicted */
		buf_printf(&tail, "\t%016" PRIx64 "\t", root);
		append_escaped(&tail, buf_slice(&text));
		buf_append_char(&tail, '\n');
		tails[i] = arena_dup(arena, buf_slice(&tail));
	}
	buf_deinit(&text);
	buf_deinit(&tail);
	return tails;
}

static void print_uncovered(uint64_t from, uint64_t to)
{
	for (uint64_t line = from; line < to; line++)
		(void)printf("%" PRIu64 "\t-\t\n",
			     line); /* ferror is asked at the end */
}

void sift_assign_print(const struct sift_assign *assign, struct learner *learner,
		       uint64_t lines)
{
	struct arena arena = { 0 };
	struct slice *tails = make_tails(assign, learner, &arena);
	uint64_t next = 1;

	for (size_t i = 0; i < assign->count; i++) {
		const struct assigned *item = &assign->items[i];

		print_uncovered(next, item->line);
		for (uint64_t line = item->line; line < item->line + item->lines;
		     line++) {
			(void)printf("%" PRIu64, line); /* ferror is asked at the end */
			(void)fwrite(tails[item->key].ptr, 1, tails[item->key].len,
				     stdout);
		}
		next = item->line + item->lines;
	}
	print_uncovered(next, lines + 1);
	mem_free(tails);
	arena_deinit(&arena);
}

static void write_attributes(struct json_out *out, const struct record *record)
{
	json_key(out, "attributes");
	json_object_begin(out);
	for (size_t i = 0; i < record->attributes_count; i++) {
		json_key_slice(out, record->attributes[i].key);
		json_out_string(out, record->attributes[i].value);
	}
	json_object_end(out);
}

static void write_variables(struct json_out *out, const struct sift_record *found,
			    struct learner *learner)
{
	static struct tokens tokens; /* large, and only this thread prints */
	struct variable variables[TOKENS_MAX];
	uint64_t wild[WILD_WORDS];
	bool known = false;
	size_t count = 0;

	normalize_record(found->record, &tokens);
	known = learner_wild(learner, found->template_key, &tokens, wild);
	count = normalize_variables(&tokens, known ? wild : NULL, variables,
				    TOKENS_MAX);

	json_key(out, "variables");
	json_array_begin(out);
	for (size_t i = 0; i < count; i++) {
		json_object_begin(out);
		json_key_string(out, "name", slice_str(variables[i].name));
		json_key_string(out, "value", variables[i].value);
		json_object_end(out);
	}
	json_array_end(out);
}

static void write_level(struct json_out *out, const struct record *record)
{
	json_key(out, "level");
	if (record->severity == SEVERITY_NONE)
		json_out_null(out);
	else
		json_out_string(out, slice_str(severity_name(record->severity)));
}

static void write_time(struct json_out *out, int64_t timestamp_us)
{
	char text[TIMESTAMP_TEXT_MAX];

	json_key(out, "ts");
	if (timestamp_us == TIMESTAMP_NONE)
		json_out_null(out);
	else
		json_out_string(out, timestamp_format(timestamp_us, text));
}

void sift_rows_print_record(void *context, const struct sift_record *found)
{
	struct learner *learner = context;
	struct buf line = { 0 };
	struct buf text = { 0 };
	struct arena scratch = { 0 };
	struct json_out out = json_out_init(&line);
	static struct record record; /* large, and only this thread prints */
	static const struct front_config config = { 0 }; /* as sift's fronts */

	/* the stream parses lazily; the attributes come from the full parse */
	parse_record(found->record->raw, &config, found->record->observed_timestamp_us,
		     &scratch, &record);
	json_object_begin(&out);
	json_key_uint(&out, "line", found->line);
	write_time(&out, found->record->timestamp_us);
	write_level(&out, found->record);
	json_key_string(&out, "service", found->record->service_name);
	json_key_string(&out, "host", found->record->host_name);
	json_key_string(&out, "message", found->record->body);
	write_attributes(&out, &record);
	json_key_string(&out, "kind",
			slice_str(parse_format_name(found->record->format)));
	json_key(&out, "confidence");
	json_double(&out, found->record->confidence / 100.0, 2);
	json_key_hex64(&out, "fingerprint", found->template_key);
	json_key_hex64(&out, "group", learner_root(learner, found->template_key));
	json_key(&out, "template");
	(void)learner_text(learner, found->template_key,
			   &text); /* empty when evicted */
	json_out_string(&out, buf_slice(&text));
	write_variables(&out, found, learner);
	json_object_end(&out);
	buf_append_char(&line, '\n');
	(void)fwrite(line.data, 1, line.len, stdout); /* ferror is asked at the end */
	arena_deinit(&scratch);
	buf_deinit(&line);
	buf_deinit(&text);
}
