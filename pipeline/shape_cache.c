/* shape_cache.c - sets of four shapes; a set's tags lie together in one cache line
 *
 *	tags   [ 4 of known shapes | 4 seen once ]  64 bytes, all that a miss touches
 *	shapes [ 4 ]                                256 bytes each
 *
 * Known shapes of a busy lane do not fit into the processor's nearer caches, so both
 *are fetched ahead of the line that needs them: the tags when its key is known, its
 *shape when the line before has been judged.
 */
#include "pipeline/shape_cache.h"

#include "base/compiler.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "pipeline/digit_mask.h"
#include "pipeline/format.h"
#include "pipeline/parse_syslog.h"
#include "pipeline/stamp_trace.h"
#include "pipeline/timestamp_scan.h"

#define WAYS 4
#define MEMORY_BYTES_DEFAULT ((size_t)16 * 1024 * 1024)
#define ATTRIBUTES_MAX 3
#define NO_STAMP STAMP_PROBES_MAX
#define CACHE_LINE_BYTES 64

struct span16 {
	uint16_t at;
	uint16_t len;
	bool present; /* an empty text differs from none */
};

struct kept_attribute {
	const char *key; /* a literal: no format that is kept has others */
	uint16_t at;     /* in the line */
	uint16_t len;
	uint8_t key_len;
	bool is_facility; /* the shape's, not a part of the line */
};

/* in the order in which a line asks for it */
struct shape {
	_Alignas(CACHE_LINE_BYTES) struct hash128 key;
	uint64_t number; /* of what was learned */
	struct stamp_probe probes[STAMP_PROBES_MAX];
	uint8_t probes_count;
	uint8_t header_stamp; /* index of the probe that gives the time, or NO_STAMP */
	uint8_t record_stamp;
	uint8_t format;
	uint8_t confidence;
	uint8_t attributes_count;
	uint8_t severity;
	bool valid_utf8;
	struct judgement judged;
	struct span16 body;
	struct span16 severity_text;
	struct span16 service_name;
	struct span16 host_name;
	struct shape_class class;
	const char *facility; /* as it is named */
	struct kept_attribute attributes[ATTRIBUTES_MAX];
};

struct shape_tags {
	uint64_t known[WAYS]; /* 0: free */
	uint64_t seen[WAYS];  /* once, the newest first */
};

struct shape_cache {
	size_t sets;  /* a power of two */
	void *memory; /* of tags, then shapes */
	struct shape_tags *tags;
	struct shape *shapes;
	uint8_t *newest; /* of each set, two bits a way: ages */
	struct shape_stats stats;
	char masked[SHAPE_BYTES_MAX];
};

struct shape_cache *shape_cache_new(size_t memory_bytes)
{
	struct shape_cache *cache = mem_calloc(1, sizeof(*cache));
	const size_t set_bytes = sizeof(*cache->tags) + WAYS * sizeof(*cache->shapes) +
				 sizeof(*cache->newest);
	size_t sets_max = 0;

	if (memory_bytes == 0)
		memory_bytes = MEMORY_BYTES_DEFAULT;
	sets_max = memory_bytes / set_bytes;
	for (cache->sets = 1; cache->sets <= sets_max / 2;)
		cache->sets *= 2;
	cache->memory = mem_calloc(1, cache->sets * set_bytes + CACHE_LINE_BYTES);
	cache->tags = (void *)((char *)cache->memory +
			       -(uintptr_t)cache->memory % CACHE_LINE_BYTES);
	cache->shapes = (void *)(cache->tags + cache->sets);
	cache->newest = (void *)(cache->shapes + cache->sets * WAYS);
	return cache;
}

void shape_cache_free(struct shape_cache **cache)
{
	if (*cache == NULL)
		return;
	mem_free((*cache)->memory);
	mem_free(*cache);
	*cache = NULL;
}

const struct shape_stats *shape_cache_stats(const struct shape_cache *cache)
{
	return &cache->stats;
}

struct shape_class *shape_class_of(struct shape *shape)
{
	return &shape->class;
}

static uint64_t tag_of(struct hash128 key)
{
	return key.high | 1; /* 0 is none */
}

static size_t set_of(const struct shape_cache *cache, struct hash128 key)
{
	return key.low & (cache->sets - 1);
}

static bool same_key(struct hash128 a, struct hash128 b)
{
	return a.low == b.low && a.high == b.high;
}

/* a bit for each way whose tag it is: without a branch, since no processor can guess
 * which way it will be */
static inline unsigned ways_of(const struct shape_cache *cache, struct hash128 key)
{
	const uint64_t *known = cache->tags[set_of(cache, key)].known;
	uint64_t tag = tag_of(key);
	unsigned ways = 0;

	for (unsigned way = 0; way < WAYS; way++)
		ways |= (unsigned)(known[way] == tag) << way;
	return ways;
}

static struct shape *find(const struct shape_cache *cache, struct hash128 key)
{
	size_t set = set_of(cache, key);

	for (unsigned ways = ways_of(cache, key); ways != 0; ways &= ways - 1) {
		unsigned way = (unsigned)__builtin_ctz(ways);
		struct shape *shape = &cache->shapes[set * WAYS + way];

		if (same_key(shape->key, key)) {
			cache->newest[set] |= (uint8_t)(1U << way);
			return shape;
		}
	}
	return NULL;
}

/* true: seen before. Else it is now. */
static bool note_seen(struct shape_cache *cache, struct hash128 key)
{
	uint64_t *seen = cache->tags[set_of(cache, key)].seen;
	uint64_t tag = tag_of(key);

	for (size_t i = 0; i < WAYS; i++) {
		if (seen[i] == tag)
			return true;
	}
	for (size_t i = WAYS - 1; i > 0; i--)
		seen[i] = seen[i - 1];
	seen[0] = tag;
	return false;
}

/* asks again, of another line; false: the answer differs */
static bool probe_again(const struct stamp_probe *probe, const char *line,
			const struct timestamp_context *context, int64_t *us)
{
	struct timestamp_match match;
	struct slice text = slice_of(line + probe->at, probe->given);
	size_t taken = probe->klog ? timestamp_scan_klog(text, context, &match)
				   : timestamp_scan(text, context, &match);

	*us = TIMESTAMP_NONE;
	if (taken != probe->taken)
		return false;
	if (taken == 0)
		return true;
	*us = match.us;
	return (uint8_t)match.shape == probe->shape && match.us != TIMESTAMP_NONE;
}

/* the stamps of this line give the answers of the line that was learned */
static bool read_stamps(const struct shape *shape, const char *line,
			const struct timestamp_context *context, int64_t *times)
{
	times[NO_STAMP] = TIMESTAMP_NONE;
	for (unsigned i = 0; i < shape->probes_count; i++) {
		if (!probe_again(&shape->probes[i], line, context, &times[i]))
			return false;
	}
	return true;
}

static bool is_kept(struct slice line)
{
	return line.len > 0 && line.len <= SHAPE_BYTES_MAX && line.ptr[0] != '{';
}

void shape_expect(struct shape_cache *cache, struct slice line, struct shape_use *use)
{
	use->state = SHAPE_NONE;
	if (!is_kept(line))
		return;
	digit_mask(line, cache->masked);
	if (line.ptr[0] == '<')
		memcpy(cache->masked, line.ptr, syslog_judged_bytes(line));
	use->key = hash128(slice_of(cache->masked, line.len));
	use->state = SHAPE_EXPECTED;
	__builtin_prefetch(&cache->tags[set_of(cache, use->key)]);
}

void shape_fetch(const struct shape_cache *cache, const struct shape_use *use)
{
	const struct shape *shape = NULL;
	unsigned ways = 0;

	if (use->state != SHAPE_EXPECTED)
		return;
	ways = ways_of(cache, use->key);
	if (ways == 0)
		return;
	shape = &cache->shapes[set_of(cache, use->key) * WAYS +
			       (unsigned)__builtin_ctz(ways)];
	for (size_t at = 0; at < sizeof(*shape); at += CACHE_LINE_BYTES)
		__builtin_prefetch((const char *)shape + at);
}

static void find_line(struct shape_cache *cache, struct slice line,
		      const struct timestamp_context *context, struct shape_use *use,
		      struct judgement *judged)
{
	int64_t times[STAMP_PROBES_MAX + 1];
	struct shape *shape = NULL;

	if (use->state != SHAPE_EXPECTED)
		shape_expect(cache, line, use);
	if (use->state == SHAPE_NONE)
		return;
	use->state = SHAPE_NONE;
	shape = find(cache, use->key);
	if (shape == NULL) {
		cache->stats.misses++;
		if (note_seen(cache, use->key))
			use->state = SHAPE_LEARN;
		return;
	}
	if (!read_stamps(shape, line.ptr, context, times) ||
	    (times[shape->record_stamp] != TIMESTAMP_NONE &&
	     !timestamp_is_plausible(times[shape->record_stamp], context->now_us))) {
		cache->stats.stamps_differ++;
		return;
	}
	cache->stats.hits++;
	*judged = shape->judged;
	judged->header.timestamp_us = times[shape->header_stamp];
	use->timestamp_us = times[shape->record_stamp];
	use->shape = shape;
	use->number = shape->number;
	use->state = SHAPE_KNOWN;
}

bool shape_judge(struct shape_cache *cache, struct slice line,
		 const struct timestamp_context *context, struct shape_use *use,
		 struct judgement *judged)
{
	if (cache == NULL)
		return false;
	find_line(cache, line, context, use, judged);
	return use->state == SHAPE_KNOWN;
}

const struct shape_use *shape_find(struct shape_cache *cache, struct slice line,
				   const struct timestamp_context *context,
				   struct shape_use *use)
{
	struct judgement judged;

	if (cache == NULL || line.len == 0 || memchr(line.ptr, '\n', line.len) != NULL)
		return NULL;
	find_line(cache, line, context, use, &judged);
	return use;
}

static struct slice text_of(struct slice raw, struct span16 span)
{
	if (!span.present)
		return (struct slice){ 0 };
	return slice_of(raw.ptr + span.at, span.len);
}

/* false: the shape was replaced meanwhile */
static bool fill_record(const struct shape_use *use, struct slice raw,
			struct record *record)
{
	struct shape *shape = use->shape;

	if (shape->number != use->number)
		return false;
	record->raw = raw;
	record->extra = (struct slice){ 0 };
	record->body = text_of(raw, shape->body);
	record->timestamp_us = use->timestamp_us;
	record->severity = (enum severity)shape->severity;
	record->confidence = shape->confidence;
	record->format = shape->format;
	record->severity_text = text_of(raw, shape->severity_text);
	record->service_name = text_of(raw, shape->service_name);
	record->host_name = text_of(raw, shape->host_name);
	record->attributes_count = shape->attributes_count;
	record->attributes_dropped = 0;
	for (size_t i = 0; i < shape->attributes_count; i++) {
		const struct kept_attribute *kept = &shape->attributes[i];

		record->attributes[i] = (struct attribute){
			slice_of(kept->key, kept->key_len),
			slice_of(kept->is_facility ? shape->facility
						   : raw.ptr + kept->at,
				 kept->len),
		};
	}
	record->shape = shape;
	return true;
}

/* false: the text does not lie in the line */
static bool keep_span(struct slice raw, struct slice text, struct span16 *span)
{
	uintptr_t from = (uintptr_t)raw.ptr;
	uintptr_t at = (uintptr_t)text.ptr;

	*span = (struct span16){ 0 };
	if (text.ptr == NULL)
		return true;
	if (at < from || at - from > raw.len || text.len > raw.len - (at - from))
		return false;
	span->at = (uint16_t)(at - from);
	span->len = (uint16_t)text.len;
	span->present = true;
	return true;
}

static bool keep_attribute(struct slice raw, const struct attribute *attribute,
			   struct shape *shape)
{
	struct kept_attribute *kept = &shape->attributes[shape->attributes_count++];
	struct slice value = attribute->value;
	struct span16 span;

	*kept = (struct kept_attribute){
		.key = attribute->key.ptr,
		.key_len = (uint8_t)attribute->key.len,
		.len = (uint16_t)value.len,
		.is_facility = slice_equal(attribute->key, SLICE(SYSLOG_FACILITY)),
	};
	if (kept->is_facility) {
		shape->facility = value.ptr;
		return true;
	}
	if (!keep_span(raw, value, &span) || !span.present)
		return false;
	kept->at = span.at;
	return true;
}

static bool is_kept_format(uint8_t format)
{
	return format == FORMAT_TEXT || format == FORMAT_SYSLOG3164 ||
	       format == FORMAT_SYSLOG5424;
}

static bool keep_record(const struct record *record, struct shape *shape)
{
	struct slice raw = record->raw;

	if (!is_kept_format(record->format) ||
	    record->attributes_count > ATTRIBUTES_MAX)
		return false;
	shape->format = record->format;
	shape->severity = (uint8_t)record->severity;
	shape->confidence = record->confidence;
	for (size_t i = 0; i < record->attributes_count; i++) {
		if (!keep_attribute(raw, &record->attributes[i], shape))
			return false;
	}
	return keep_span(raw, record->body, &shape->body) &&
	       keep_span(raw, record->severity_text, &shape->severity_text) &&
	       keep_span(raw, record->service_name, &shape->service_name) &&
	       keep_span(raw, record->host_name, &shape->host_name);
}

/* the one probe that gave the time; false: two did, and there is no telling which */
static bool keep_stamp(const struct stamp_trace *trace, int64_t time_us, uint8_t *stamp)
{
	*stamp = NO_STAMP;
	if (time_us == TIMESTAMP_NONE)
		return true;
	for (unsigned i = 0; i < trace->count; i++) {
		if (trace->times[i] != time_us)
			continue;
		if (*stamp != NO_STAMP)
			return false;
		*stamp = (uint8_t)i;
	}
	return *stamp != NO_STAMP;
}

static bool keep(const struct stamp_trace *trace, const struct judgement *judged,
		 const struct record *record, struct shape *shape)
{
	int64_t header_us =
		judged->scanned ? judged->header.timestamp_us : TIMESTAMP_NONE;

	if (trace->refused ||
	    (judged->shape != LINE_PLAIN && judged->shape != LINE_PRIORITY) ||
	    !keep_record(record, shape) ||
	    !keep_stamp(trace, header_us, &shape->header_stamp) ||
	    !keep_stamp(trace, record->timestamp_us, &shape->record_stamp))
		return false;
	memcpy(shape->probes, trace->probes, sizeof(shape->probes));
	shape->probes_count = (uint8_t)trace->count;
	shape->judged = *judged;
	shape->valid_utf8 = utf8_valid(record->raw);
	return true;
}

/* a free way, or one that was not used since its neighbours were */
static size_t way_to_replace(struct shape_cache *cache, size_t set)
{
	size_t way = 0;

	if ((cache->newest[set] & 15) == 15)
		cache->newest[set] = 0;
	for (way = 0; way + 1 < WAYS; way++) {
		if ((cache->newest[set] >> way & 1) == 0)
			break;
	}
	cache->newest[set] |= (uint8_t)(1U << way);
	return way;
}

/* parses the line, and keeps what can be kept */
static void learn(struct shape_cache *cache, const struct shape_use *use,
		  const struct parse_input *input, struct record *record)
{
	struct stamp_trace trace = { .line = input->raw };
	struct timestamp_context context = *input->context;
	struct judgement judged = { 0 };
	struct shape shape = { .key = use->key };
	struct parse_input traced = *input;

	context.trace = &trace;
	judge_line(input->raw, &context, input->scratch, &judged);
	traced.context = &context;
	traced.header = NULL;
	parse_assembled(&traced, record);
	/* a line of another stream may have been learned since this one was looked up
	 */
	if (find(cache, use->key) != NULL || !keep(&trace, &judged, record, &shape))
		return;

	size_t set = set_of(cache, use->key);
	size_t way = way_to_replace(cache, set);

	shape.number = ++cache->stats.learned;
	cache->stats.evicted += cache->tags[set].known[way] != 0;
	cache->shapes[set * WAYS + way] = shape;
	cache->tags[set].known[way] = tag_of(use->key);
}

bool shape_parse(struct shape_cache *cache, const struct shape_use *use,
		 const struct parse_input *input, struct record *record)
{
	if (use != NULL && use->state == SHAPE_KNOWN &&
	    fill_record(use, input->raw, record))
		return use->shape->valid_utf8;
	if (use != NULL && use->state == SHAPE_LEARN)
		learn(cache, use, input, record);
	else
		parse_assembled(input, record);
	return utf8_valid(input->raw);
}
