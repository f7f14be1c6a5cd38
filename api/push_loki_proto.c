/* push_loki_proto.c - streams and entries; labels come as text in PromQL's form */
#include "api/push_loki_proto.h"

#include <sys/types.h>

#include "api/protobuf.h"
#include "pipeline/json_scan.h"

#define US_PER_S INT64_C(1000000)
#define NS_PER_US 1000
/* beyond: no time */
#define SECONDS_MAX (INT64_MAX / US_PER_S - 1)

struct reading {
	struct push_lines *lines;
	struct arena arena; /* of one entry */
	struct buf attributes;
	struct slice labels; /* of the stream */
};

static void skip_blanks(struct slice *text)
{
	while (text->len > 0 && (text->ptr[0] == ' ' || text->ptr[0] == ','))
		*text = slice_from(*text, 1);
}

/* text begins behind the opening quote; the length up to the closing one, or -1 */
static ssize_t quoted_len(struct slice text, bool *escaped)
{
	*escaped = false;
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] == '"')
			return (ssize_t)i;
		if (text.ptr[i] == '\\') {
			*escaped = true;
			i++;
		}
	}
	return -1;
}

int push_loki_take_label(struct slice *labels, struct slice *name, struct slice *value,
			 bool *escaped)
{
	const char *equals = NULL;
	ssize_t len = 0;

	if (labels->len > 0 && labels->ptr[0] == '{')
		*labels = slice_from(*labels, 1);
	skip_blanks(labels);
	if (labels->len == 0 || labels->ptr[0] == '}')
		return 0;
	equals = memchr(labels->ptr, '=', labels->len);
	if (equals == NULL)
		return -1;
	*name = slice_trim(slice_head(*labels, (size_t)(equals - labels->ptr)));
	*labels = slice_from(*labels, (size_t)(equals - labels->ptr) + 1);
	skip_blanks(labels);
	if (labels->len == 0 || labels->ptr[0] != '"')
		return -1;
	*labels = slice_from(*labels, 1);
	len = quoted_len(*labels, escaped);
	if (len < 0)
		return -1;
	*value = slice_head(*labels, (size_t)len);
	*labels = slice_from(*labels, (size_t)len + 1);
	return 1;
}

static bool add_labels(struct reading *reading, struct push_record *record)
{
	struct slice rest = reading->labels;
	struct slice name = { 0 };
	struct slice value = { 0 };
	bool escaped = false;
	int got = 0;

	while ((got = push_loki_take_label(&rest, &name, &value, &escaped)) == 1) {
		/* Go's escapes are JSON's where labels have any */
		if (escaped)
			value = json_unescape(value, &reading->arena);
		push_record_label(record, name, value);
	}
	return got == 0;
}

static bool add_pair(struct slice pair, struct push_record *record)
{
	struct protobuf_field field;
	struct slice name = { 0 };
	struct slice value = { 0 };
	int got = 0;

	while ((got = protobuf_next(&pair, &field)) == 1) {
		if (protobuf_is(&field, 1, PROTOBUF_BYTES))
			name = field.bytes;
		else if (protobuf_is(&field, 2, PROTOBUF_BYTES))
			value = field.bytes;
	}
	push_record_label(record, name, value);
	return got == 0;
}

static bool read_time(struct slice timestamp, int64_t *out)
{
	struct protobuf_field field;
	uint64_t seconds = 0;
	uint64_t ns = 0;
	int got = 0;

	while ((got = protobuf_next(&timestamp, &field)) == 1) {
		if (protobuf_is(&field, 1, PROTOBUF_VARINT))
			seconds = field.value;
		else if (protobuf_is(&field, 2, PROTOBUF_VARINT))
			ns = field.value;
	}
	if (seconds > 0 && seconds <= (uint64_t)SECONDS_MAX)
		*out = (int64_t)seconds * US_PER_S +
		       (int64_t)(ns % 1000000000 / NS_PER_US);
	return got == 0;
}

static bool read_entry(struct reading *reading, struct slice entry)
{
	struct push_record record;
	struct protobuf_field field;
	bool good = true;
	int got = 0;

	push_record_begin(&record, &reading->arena, &reading->attributes);
	push_lines_share(reading->lines, reading->labels);
	good = add_labels(reading, &record);
	while (good && (got = protobuf_next(&entry, &field)) == 1) {
		if (protobuf_is(&field, 1, PROTOBUF_BYTES))
			good = read_time(field.bytes, &record.fields.timestamp_us);
		else if (protobuf_is(&field, 2, PROTOBUF_BYTES))
			record.fields.body = field.bytes;
		else if (protobuf_is(&field, 3, PROTOBUF_BYTES))
			good = add_pair(field.bytes, &record);
	}
	if (good && got == 0)
		(void)push_lines_add(reading->lines, &record); /* it is counted */
	arena_reset(&reading->arena);
	return good && got == 0;
}

/* the labels come first, as protobuf's writers put them; what says otherwise is read
 * twice */
static bool find_labels(struct reading *reading, struct slice stream)
{
	struct protobuf_field field;
	int got = 0;

	reading->labels = SLICE("");
	while ((got = protobuf_next(&stream, &field)) == 1) {
		if (protobuf_is(&field, 1, PROTOBUF_BYTES)) {
			reading->labels = field.bytes;
			return true;
		}
	}
	return got == 0;
}

static bool read_stream(struct reading *reading, struct slice stream)
{
	struct protobuf_field field;
	bool good = find_labels(reading, stream);
	int got = 0;

	while (good && !push_lines_full(reading->lines) &&
	       (got = protobuf_next(&stream, &field)) == 1) {
		if (protobuf_is(&field, 2, PROTOBUF_BYTES))
			good = read_entry(reading, field.bytes);
	}
	return good && got >= 0;
}

enum push_status push_loki_proto(struct slice body, struct push_lines *lines)
{
	struct reading reading = { .lines = lines };
	struct protobuf_field field;
	bool good = true;
	int got = 0;

	while (good && !push_lines_full(lines) &&
	       (got = protobuf_next(&body, &field)) == 1) {
		if (protobuf_is(&field, 1, PROTOBUF_BYTES))
			good = read_stream(&reading, field.bytes);
	}
	arena_deinit(&reading.arena);
	buf_deinit(&reading.attributes);
	if (push_lines_full(lines))
		return PUSH_TOO_LARGE;
	return good && got >= 0
		       ? PUSH_OK
		       : push_malformed(lines, "the body is not Loki's protobuf");
}
