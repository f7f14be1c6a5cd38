/* block_extract.c - counts templates and hosts, and encodes the rare events again
 *
 *	[ version | checksum | frequent | rare | meta bytes | marks | rows | meta | body
 *]
 */
#include "pipeline/block_extract.h"

#include <assert.h>
#include <stdlib.h>

#include "base/hash64.h"
#include "base/mem.h"
#include "pipeline/block_builder.h"
#include "pipeline/block_format.h"

#define RARE_VERSION 1
#define RARE_ZSTD_LEVEL 1
#define RARE_SHARE 16 /* of the events, and of the bytes, that may be rare */

enum {
	RARE_AT_VERSION = 0,
	RARE_AT_CHECKSUM = 4, /* of all up to the small block; its own are behind */
	RARE_AT_FREQUENT = 12,
	RARE_AT_COUNT = 16,
	RARE_AT_META_LEN = 20,
	RARE_HEADER_BYTES = 24,
	RARE_MARK_BYTES = 4,
	RARE_ROW_BYTES = 2
};

struct block_extractor {
	struct block_builder *builder; /* of the small blocks */
	/* by code, of the block at hand */
	uint32_t events[BLOCK_EVENTS_MAX];
	size_t bytes[BLOCK_EVENTS_MAX];
	uint32_t marks[BLOCK_EVENTS_MAX];
};

struct block_extractor *block_extractor_new(void)
{
	struct block_extractor *extractor = mem_calloc(1, sizeof(*extractor));

	extractor->builder = block_builder_new(RARE_ZSTD_LEVEL);
	block_builder_set_words(extractor->builder, false);
	return extractor;
}

void block_extractor_free(struct block_extractor **extractor_ptr)
{
	struct block_extractor *extractor = *extractor_ptr;

	if (extractor == NULL)
		return;
	block_builder_free(&extractor->builder);
	mem_free(extractor);
	*extractor_ptr = NULL;
}

static size_t row_bytes(const struct block_builder *builder, uint32_t row)
{
	return (size_t)builder->raw_lengths[row] + builder->extra_lengths[row];
}

static void count_templates(struct block_extractor *extractor,
			    const struct block_builder *builder)
{
	size_t count = builder->templates.count;

	memset(extractor->events, 0, count * sizeof(*extractor->events));
	memset(extractor->bytes, 0, count * sizeof(*extractor->bytes));
	for (uint32_t row = 0; row < builder->count; row++) {
		uint32_t code = builder->template_codes[row];

		extractor->events[code]++;
		extractor->bytes[code] += row_bytes(builder, row);
	}
}

/* templates of at most so many events are rare; 0: none is */
static uint32_t rare_limit(const struct block_extractor *extractor,
			   const struct block_builder *builder)
{
	size_t events[BLOCK_RARE_EVENTS + 1] = { 0 };
	size_t bytes[BLOCK_RARE_EVENTS + 1] = { 0 };
	size_t bytes_max = builder->texts.len / RARE_SHARE;
	uint32_t limit = 0;

	if (builder->count < BLOCK_RARE_BLOCK_MIN)
		return 0;
	for (uint32_t code = 0; code < builder->templates.count; code++) {
		uint32_t count = extractor->events[code];

		if (count > BLOCK_RARE_EVENTS)
			continue;
		events[count] += count;
		bytes[count] += extractor->bytes[code];
	}
	if (bytes_max > BLOCK_RARE_BYTES_MAX)
		bytes_max = BLOCK_RARE_BYTES_MAX;
	while (limit < BLOCK_RARE_EVENTS) {
		events[limit + 1] += events[limit];
		bytes[limit + 1] += bytes[limit];
		if (events[limit + 1] > builder->count / RARE_SHARE ||
		    bytes[limit + 1] > bytes_max)
			break;
		limit++;
	}
	return events[limit] == 0 ? 0 : limit;
}

static struct slice text_of(const struct block_dictionary *dictionary, uint32_t code)
{
	return code == 0 ? slice_of(NULL, 0)
			 : block_dictionary_text(dictionary, code - 1);
}

static void event_of(const struct block_builder *builder, uint32_t row,
		     struct block_event *out)
{
	const char *texts = builder->texts.data + builder->places[row];
	uint32_t fingerprint = builder->fingerprint_codes[row];

	*out = (struct block_event){
		.timestamp_us = builder->timestamps[row],
		.observed_timestamp_us = builder->observed[row],
		.severity = (enum severity)builder->severities[row],
		.format = builder->formats[row],
		.template_key =
			builder->templates.numbers[builder->template_codes[row]],
		.service_name =
			text_of(&builder->services, builder->service_codes[row]),
		.host_name = text_of(&builder->hosts, builder->host_codes[row]),
		.raw = slice_of(texts, builder->raw_lengths[row]),
		.extra = slice_of(texts + builder->raw_lengths[row],
				  builder->extra_lengths[row]),
	};
	out->fingerprint = fingerprint == 0
				   ? out->template_key
				   : builder->fingerprints.numbers[fingerprint - 1];
}

static void put_rows(struct block_extractor *extractor,
		     const struct block_builder *builder, uint32_t limit,
		     struct buf *rows)
{
	for (uint32_t row = 0; row < builder->count; row++) {
		struct block_event event = { 0 };
		bool added = false;

		if (extractor->events[builder->template_codes[row]] > limit)
			continue;
		event_of(builder, row, &event);
		added = block_builder_add(extractor->builder, &event);
		assert(added); /* a small part of what a block holds */
		(void)added;
		buf_append_char(rows, (char)(row & 0xff));
		buf_append_char(rows, (char)(row >> 8));
	}
}

static uint32_t mark_of(uint64_t template_key)
{
	return (uint32_t)(template_key >> 32);
}

static int compare_marks(const void *a, const void *b)
{
	uint32_t left = *(const uint32_t *)a;
	uint32_t right = *(const uint32_t *)b;

	return (left > right) - (left < right);
}

/* of the templates that are not rare; how many */
static uint32_t sort_marks(struct block_extractor *extractor,
			   const struct block_builder *builder, uint32_t limit)
{
	uint32_t count = 0;

	for (uint32_t code = 0; code < builder->templates.count; code++) {
		if (extractor->events[code] > limit)
			extractor->marks[count++] =
				mark_of(builder->templates.numbers[code]);
	}
	qsort(extractor->marks, count, sizeof(*extractor->marks), compare_marks);
	return count;
}

static void put_rare(struct block_extractor *extractor,
		     const struct block_builder *builder, uint32_t limit,
		     struct buf *out)
{
	struct block_encoded small = { 0 };
	struct buf rows = { 0 };
	uint32_t frequent = sort_marks(extractor, builder, limit);
	uint64_t checksum = 0;

	put_rows(extractor, builder, limit, &rows);
	block_builder_seal(extractor->builder, &small);
	buf_append_u32(out, RARE_VERSION);
	buf_append_u64(out, 0); /* the checksum, below */
	buf_append_u32(out, frequent);
	buf_append_u32(out, small.count);
	buf_append_u32(out, (uint32_t)small.meta.len);
	for (uint32_t i = 0; i < frequent; i++)
		buf_append_u32(out, extractor->marks[i]);
	buf_append_slice(out, buf_slice(&rows));
	checksum = hash64(slice_from(buf_slice(out), RARE_AT_FREQUENT), RARE_VERSION);
	for (unsigned i = 0; i < sizeof(checksum); i++)
		out->data[RARE_AT_CHECKSUM + i] = (char)(checksum >> (8 * i));
	buf_append_slice(out, buf_slice(&small.meta));
	buf_append_slice(out, buf_slice(&small.body));
	buf_deinit(&rows);
	block_encoded_deinit(&small);
}

static void count_hosts(const struct block_builder *builder, struct block_encoded *out)
{
	uint32_t count = builder->hosts.count;

	if (count > BLOCK_HOSTS_MAX)
		return;
	out->hosts = mem_calloc((size_t)count + 1, sizeof(*out->hosts));
	out->hosts_count = count;
	for (uint32_t code = 0; code < count; code++) {
		struct slice name = block_dictionary_text(&builder->hosts, code);

		out->hosts[code].offset = out->host_names.len;
		out->hosts[code].len = name.len;
		buf_append_slice(&out->host_names, name);
	}
	for (uint32_t row = 0; row < builder->count; row++) {
		if (builder->host_codes[row] > 0)
			out->hosts[builder->host_codes[row] - 1].count++;
	}
}

void block_extractor_seal(struct block_extractor *extractor,
			  struct block_builder *builder, struct block_encoded *out)
{
	struct block_encoded extracted = { 0 };
	uint32_t limit = 0;

	count_templates(extractor, builder);
	limit = rare_limit(extractor, builder);
	if (limit > 0)
		put_rare(extractor, builder, limit, &extracted.rare);
	count_hosts(builder, &extracted);
	block_builder_seal(builder, out);
	out->rare = extracted.rare;
	out->host_names = extracted.host_names;
	out->hosts = extracted.hosts;
	out->hosts_count = extracted.hosts_count;
}

static struct slice take(struct slice *rest, size_t len)
{
	struct slice taken = slice_head(*rest, len);

	*rest = slice_from(*rest, len);
	return taken;
}

int block_rare_open(struct slice bytes, struct block_rare *out, struct error *error)
{
	struct slice rest = slice_from(bytes, RARE_HEADER_BYTES);
	size_t frequent = 0;
	size_t meta_len = 0;
	size_t checked = 0;

	if (bytes.len < RARE_HEADER_BYTES)
		return error_set(error, "rare events: %zu bytes", bytes.len);
	if (block_load_u32(bytes.ptr + RARE_AT_VERSION) != RARE_VERSION)
		return error_set(error, "rare events: version %u is not known",
				 block_load_u32(bytes.ptr + RARE_AT_VERSION));
	frequent = block_load_u32(bytes.ptr + RARE_AT_FREQUENT);
	meta_len = block_load_u32(bytes.ptr + RARE_AT_META_LEN);
	*out = (struct block_rare){ .count =
					    block_load_u32(bytes.ptr + RARE_AT_COUNT) };
	if (frequent > BLOCK_EVENTS_MAX || out->count > BLOCK_EVENTS_MAX)
		return error_set(error, "rare events: too many");
	checked = frequent * RARE_MARK_BYTES + (size_t)out->count * RARE_ROW_BYTES;
	if (rest.len < checked || rest.len - checked < meta_len)
		return error_set(error, "rare events: cut short");
	out->frequent = take(&rest, frequent * RARE_MARK_BYTES);
	out->rows = take(&rest, (size_t)out->count * RARE_ROW_BYTES);
	out->meta = take(&rest, meta_len);
	out->body = rest;
	bytes = slice_head(bytes, RARE_HEADER_BYTES + checked);
	if (block_load_u64(bytes.ptr + RARE_AT_CHECKSUM) !=
	    hash64(slice_from(bytes, RARE_AT_FREQUENT), RARE_VERSION))
		return error_set(error, "rare events: the checksum does not match");
	return 0;
}

bool block_rare_is_frequent(const struct block_rare *rare, uint64_t template_key)
{
	uint32_t mark = mark_of(template_key);
	size_t low = 0;
	size_t high = rare->frequent.len / RARE_MARK_BYTES;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		uint32_t found =
			block_load_u32(rare->frequent.ptr + middle * RARE_MARK_BYTES);

		if (found == mark)
			return true;
		if (found < mark)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

uint32_t block_rare_row(const struct block_rare *rare, uint32_t index)
{
	const unsigned char *at = NULL;

	assert(index < rare->count);
	at = (const unsigned char *)rare->rows.ptr + (size_t)index * RARE_ROW_BYTES;
	return (uint32_t)(at[0] | at[1] << 8);
}
