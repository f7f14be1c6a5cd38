/* events_csv.c - found events as comma-separated values, RFC 4180 */
#include <inttypes.h>

#include "api/columns.h"
#include "api/events_render.h"
#include "base/utf8.h"
#include "pipeline/front.h"

#define REPLACEMENT "\xef\xbf\xbd"

void events_render_csv_header(struct buf *out)
{
	buf_append_str(out, "seq,ts,level,service,host,ingestion_id,fingerprint,group,"
			    "message,raw\r\n");
}

/* what is not UTF-8 becomes U+FFFD, as in JSON */
static void write_text(struct buf *out, struct slice text)
{
	buf_append_char(out, '"');
	while (text.len > 0) {
		size_t width = utf8_sequence(text);

		if (width == 0)
			buf_append_str(out, REPLACEMENT);
		else
			buf_append_slice(out, slice_head(text, width));
		if (text.ptr[0] == '"')
			buf_append_char(out, '"');
		text = slice_from(text, width == 0 ? 1 : width);
	}
	buf_append_char(out, '"');
}

/* nothing at all for what is absent, so that it differs from an empty text */
static void write_optional(struct buf *out, struct slice text)
{
	if (text.ptr != NULL)
		write_text(out, text);
	buf_append_char(out, ',');
}

static void write_time(struct buf *out, int64_t time_us)
{
	struct buf json = { 0 };
	struct json_out json_out = json_out_init(&json);

	if (time_us != TIMESTAMP_NONE) {
		columns_write_time(&json_out, time_us);
		buf_append_slice(out, buf_slice(&json));
	}
	buf_append_char(out, ',');
	buf_deinit(&json);
}

static void write_row(const struct events_rendering *rendering,
		      const struct scan_hit *hit, struct slice message, struct buf *out)
{
	const struct block_event *event = &hit->event;
	const uint64_t *group = table_get(rendering->groups, event->template_key);
	const char *level = severity_name(event->severity);

	buf_printf(out, "%" PRId64 ",", hit->seq);
	write_time(out, event->timestamp_us);
	buf_printf(out, "%s,", level == NULL ? "" : level);
	write_optional(out, event->service_name);
	write_optional(out, event->host_name);
	buf_printf(out, "%" PRId64 ",%016" PRIx64 ",", hit->ingestion_id,
		   event->template_key);
	if (group != NULL)
		buf_printf(out, "%" PRIu64, *group);
	buf_append_char(out, ',');
	write_text(out, message);
	buf_append_char(out, ',');
	write_text(out, event->raw);
	buf_append_str(out, "\r\n");
}

void events_render_csv(const struct events_rendering *rendering, struct buf *out)
{
	struct arena scratch = { 0 };
	struct record record = { 0 };

	for (size_t i = 0; i < rendering->count; i++) {
		const struct scan_hit *hit = &rendering->hits[i];

		events_parse_hit(hit, &scratch, &record);
		write_row(rendering, hit, record.body, out);
		arena_reset(&scratch);
	}
	arena_deinit(&scratch);
}
