/* shape_cache.h - what lines have in common that differ only in the values of digits
 *
 * Threads: a cache belongs to one lane; so do all fronts and classifiers that use it.
 * Owner: shape_cache_free. Any shape_parse may replace shapes; a shape_use that is
 *        older than that may be used all the same, shape_parse then parses anew.
 * Limits: SHAPE_BYTES_MAX bytes a line, a fixed amount of memory; one of four
 *         that was not used lately gives way. A shape is learned when it is seen a
 * second time, so that lines which never repeat cost a hash and no more.
 *
 * The key is a 128-bit hash of the line with its digits masked, but for those of a
 * syslog priority and version. All of a line's layout follows from that; only stamps
 * depend on values, and they are read again for each line (stamp_trace.h). A line that
 * judges other values is never learned.
 */
#ifndef SIFTD_PIPELINE_SHAPE_CACHE_H
#define SIFTD_PIPELINE_SHAPE_CACHE_H

#include "base/hash64.h"
#include "pipeline/judge.h"
#include "pipeline/parse.h"

#define SHAPE_BYTES_MAX 1024

struct shape_cache;
struct shape;

/* what a classifier knows of all records of a shape */
struct shape_class {
	const void *owner; /* the classifier; NULL: nothing is known */
	uint64_t fingerprint;
	uint32_t slot;
	uint32_t generation;
	uint32_t verdict; /* the classifier's number of what the rules say */
};

enum shape_state {
	SHAPE_NONE,     /* nothing is known, nothing is to be learned */
	SHAPE_EXPECTED, /* the key is known, and no more yet */
	SHAPE_LEARN,    /* seen before: shape_parse will learn it */
	SHAPE_KNOWN
};

/* a line's place in the cache */
struct shape_use {
	enum shape_state state;
	struct hash128 key;
	struct shape *shape;  /* when it is known */
	uint64_t number;      /* of the shape, which may be replaced */
	int64_t timestamp_us; /* of the record, then */
};

struct shape_stats {
	uint64_t hits;
	uint64_t misses;
	uint64_t learned;
	uint64_t stamps_differ; /* the shape was known, but not with these stamps */
	uint64_t evicted;       /* known, and gave way to another */
};

/* memory_bytes: what it takes at most, of which it uses more than half, since its sets
 * are a power of two; 0: a good number; there is always one set */
struct shape_cache *shape_cache_new(size_t memory_bytes);
void shape_cache_free(struct shape_cache **cache);

/* a line that will be asked for soon: finds its key, and has the memory fetched that
 * tells whether it is known */
void shape_expect(struct shape_cache *cache, struct slice line, struct shape_use *use);
/* of a line that was expected, a while later: has the shape itself fetched */
void shape_fetch(const struct shape_cache *cache, const struct shape_use *use);
/* looks a line up. True: it is known, and *judged is what judge_line would say. cache
 * may be NULL. use: as shape_expect left it for the same bytes, or with SHAPE_NONE */
bool shape_judge(struct shape_cache *cache, struct slice line,
		 const struct timestamp_context *context, struct shape_use *use,
		 struct judgement *judged);
/* the same without a judgement. Returns use, or NULL when there is no cache, or not one
 * line */
const struct shape_use *shape_find(struct shape_cache *cache, struct slice line,
				   const struct timestamp_context *context,
				   struct shape_use *use);
/* as parse_assembled, by the cache when it knows the line; learns when it should. use:
 * of input->raw, or NULL when that is no single line. False: it is not UTF-8 */
bool shape_parse(struct shape_cache *cache, const struct shape_use *use,
		 const struct parse_input *input, struct record *record);
struct shape_class *shape_class_of(struct shape *shape);
const struct shape_stats *shape_cache_stats(const struct shape_cache *cache);

#endif
