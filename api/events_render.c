/* events_render.c - parses raw bytes again for what the columns do not hold */
#include "api/events_render.h"

#include <inttypes.h>
#include <jansson.h>

#include "api/columns.h"
#include "base/json_out.h"
#include "pipeline/front.h"

static void write_time(struct json_out *out, const char *key, int64_t time_us)
{
	json_key(out, key);
	if (time_us == TIMESTAMP_NONE)
		json_out_null(out);
	else
		columns_write_time(out, time_us);
}

static void write_level(struct json_out *out, enum severity severity)
{
	const char *name = severity_name(severity);

	json_key(out, "level");
	if (name == NULL)
		json_out_null(out);
	else
		json_out_string(out, slice_str(name));
}

static void write_group(struct json_out *out, const struct table *groups, uint64_t key)
{
	const uint64_t *group = table_get(groups, key);

	json_key(out, "group");
	if (group == NULL)
		json_out_null(out);
	else
		json_int(out, (int64_t)*group);
}

/* the fields that every item has, inside an object that is open */
static void write_fields(struct json_out *out, const struct events_rendering *rendering,
			 const struct scan_hit *hit, const struct record *record)
{
	const struct block_event *event = &hit->event;

	json_key_int(out, "id", hit->seq);
	json_key_int(out, "seq", hit->seq);
	json_key_int(out, "ingestion_id", hit->ingestion_id);
	write_time(out, "ts", event->timestamp_us);
	json_key_string(out, "service", event->service_name);
	json_key_string(out, "host", event->host_name);
	write_level(out, event->severity);
	json_key_string(out, "message", record->body);
	json_key_hex64(out, "fingerprint", event->template_key);
	write_group(out, rendering->groups, event->template_key);
	if (rendering->with_raw)
		json_key_string(out, "raw", event->raw);
}

void events_parse_hit(const struct scan_hit *hit, struct arena *scratch,
		      struct record *record)
{
	/* the zone is for timestamps only, and those are in the columns */
	const struct front_config config = { 0 };

	*record = (struct record){ 0 };
	parse_record(hit->event.raw, &config, hit->event.observed_timestamp_us, scratch,
		     record);
}

static void write_items(struct json_out *out, const struct events_rendering *rendering)
{
	struct arena scratch = { 0 };
	struct record record = { 0 };

	json_key(out, "items");
	json_array_begin(out);
	for (size_t i = 0; i < rendering->count; i++) {
		events_parse_hit(&rendering->hits[i], &scratch, &record);
		json_object_begin(out);
		write_fields(out, rendering, &rendering->hits[i], &record);
		json_object_end(out);
		arena_reset(&scratch);
	}
	json_array_end(out);
	if (rendering->damaged > 0)
		json_key_uint(out, "damaged_blocks", rendering->damaged);
	arena_deinit(&scratch);
}

void events_render_page(const struct events_rendering *rendering, struct buf *out)
{
	struct json_out json = json_out_init(out);

	json_object_begin(&json);
	write_items(&json, rendering);
	json_key(&json, "next_cursor");
	if (rendering->next_cursor == NULL)
		json_out_null(&json);
	else
		json_out_string(&json, slice_str(rendering->next_cursor));
	json_key_bool(&json, "has_more", rendering->has_more);
	json_object_end(&json);
}

void events_render_list(const struct events_rendering *rendering, struct buf *out)
{
	struct json_out json = json_out_init(out);

	json_object_begin(&json);
	write_items(&json, rendering);
	json_object_end(&json);
}

static void write_line(const struct events_rendering *rendering,
		       const struct scan_hit *hit, struct arena *scratch,
		       struct buf *out)
{
	struct json_out json = json_out_init(out);
	struct record record = { 0 };

	events_parse_hit(hit, scratch, &record);
	json_object_begin(&json);
	write_fields(&json, rendering, hit, &record);
	json_object_end(&json);
	buf_append_char(out, '\n');
	arena_reset(scratch);
}

void events_render_lines(const struct events_rendering *rendering, struct buf *out)
{
	struct arena scratch = { 0 };

	for (size_t i = 0; i < rendering->count; i++)
		write_line(rendering, &rendering->hits[i], &scratch, out);
	arena_deinit(&scratch);
}

void events_render_stream(const struct events_rendering *rendering, struct buf *out)
{
	struct arena scratch = { 0 };

	for (size_t i = 0; i < rendering->count; i++) {
		buf_printf(out, "id: %" PRId64 "\ndata: ", rendering->hits[i].seq);
		write_line(rendering, &rendering->hits[i], &scratch, out);
		buf_append_char(out, '\n');
	}
	arena_deinit(&scratch);
}

/* what a push said beside the raw bytes; strings stay strings, the rest is JSON text */
static void write_extra(struct json_out *out, json_t *object)
{
	const char *key = NULL;
	json_t *value = NULL;

	json_object_foreach(object, key, value)
	{
		char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);

		if (text == NULL)
			continue;
		json_key(out, key);
		json_raw(out, slice_str(text));
		free(text);
	}
}

static void write_attributes(struct json_out *out, const struct scan_hit *hit,
			     const struct record *record)
{
	struct slice text = hit->event.extra;
	json_t *extra = text.len == 0
				? NULL
				: json_loadb(text.ptr, text.len, JSON_ALLOW_NUL, NULL);

	json_key(out, "attributes");
	json_object_begin(out);
	for (size_t i = 0; i < record->attributes_count; i++) {
		struct slice key = record->attributes[i].key;

		/* what was said beside the bytes goes before what they say */
		if (json_object_getn(extra, key.ptr, key.len) != NULL)
			continue;
		json_key_slice(out, key);
		json_out_string(out, record->attributes[i].value);
	}
	write_extra(out, extra);
	json_decref(extra);
	json_object_end(out);
}

static void write_parse(struct json_out *out, const struct record *record)
{
	json_key(out, "parse");
	json_object_begin(out);
	json_key_string(out, "format", slice_str(parse_format_name(record->format)));
	json_key(out, "confidence");
	json_double(out, record->confidence / 100.0, 2);
	json_key_string(out, "severity_text", record->severity_text);
	json_key_uint(out, "attributes_dropped", record->attributes_dropped);
	json_object_end(out);
}

void events_render_one(const struct events_rendering *rendering, struct buf *out)
{
	const struct scan_hit *hit = &rendering->hits[0];
	struct json_out json = json_out_init(out);
	struct arena scratch = { 0 };
	struct record record = { 0 };

	events_parse_hit(hit, &scratch, &record);
	json_object_begin(&json);
	write_fields(&json, rendering, hit, &record);
	write_time(&json, "observed_ts", hit->event.observed_timestamp_us);
	json_key_hex64(&json, "leaf_fingerprint", hit->event.fingerprint);
	write_attributes(&json, hit, &record);
	write_parse(&json, &record);
	json_object_end(&json);
	arena_deinit(&scratch);
}
