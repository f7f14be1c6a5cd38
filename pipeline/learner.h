/* learner.h - puts leaves into groups, and only ever merges groups
 *
 * Threads: learner_* lock inside; lanes keep a cache of leaf -> template key in front.
 * Owner: learner_free frees; events borrow from the learner until learner_trim.
 * Limits: learner_config; what they cost is counted in learner_stats.
 * Source: docs/grouping.md.
 */
#ifndef SIFTD_PIPELINE_LEARNER_H
#define SIFTD_PIPELINE_LEARNER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/compiler.h"
#include "base/error.h"
#include "pipeline/normalize.h"
#include "pipeline/template.h"

struct learner;

/* 0: the default */
struct learner_config {
	size_t templates_max; /* leaves and generalised templates kept; 32768 */
	size_t buckets_max;   /* 1000000 */
	size_t bytes_max;     /* of both; 128 MiB */
};

enum learner_event_type {
	LEARNER_TEMPLATE, /* a template key that was not there before */
	LEARNER_MERGE     /* group of `root` becomes part of group of `key` */
};

/* what must be stored; re-emitted until committed */
struct learner_event {
	uint64_t number; /* 1, 2, 3 ... as they happened */
	enum learner_event_type type;
	bool generalised; /* TEMPLATE: stands for many leaves */
	bool held;        /* of learner_restore: a person made its group */
	uint64_t key;     /* TEMPLATE: its key; MERGE: the surviving root (older) */
	uint64_t root; /* TEMPLATE: root of its group now; MERGE: the root that ends */
	struct slice tokens; /* TEMPLATE: serialised, for learner_restore */
	struct slice text;   /* TEMPLATE: readable, "<num>" and so on */
	struct slice
		sample; /* TEMPLATE: raw bytes of the first record, at most 4 KiB */
	struct slice reason; /* why grouped: one sentence */
};

struct learner_stats {
	uint64_t leaves;
	uint64_t generalised;
	uint64_t groups;
	uint64_t buckets;
	uint64_t evicted;   /* leaves, since the limits were reached */
	uint64_t passed;    /* messages of a flood that were not learned */
	uint64_t refused;   /* generalised templates not made: half of the limit is */
	uint64_t free_text; /* templates of it */
	uint64_t bytes;
};

struct learner *learner_new(const struct learner_config *config);
void learner_free(struct learner **learner);
/* the template key of a leaf: known, matched, or made. The same leaf gives the same key
 * for as long as the learner lives and after a restore. */
uint64_t learner_key(struct learner *learner, uint64_t leaf,
		     const struct tokens *tokens, const struct record *record);
/* as learner_key, and says whether the message was let pass without being learned,
 * because a flood of others like it fills the learner: the key stands for all messages
 * of that length, and the leaf gets one of its own when it comes again. So passing
 * leaves are not to be cached. */
uint64_t learner_ask(struct learner *learner, uint64_t leaf,
		     const struct tokens *tokens, const struct record *record,
		     bool *passing);
/* the oldest key of the group that the key belongs to now */
uint64_t learner_root(struct learner *learner, uint64_t key);
/* readable template of a key, copied into out; false when unknown */
bool learner_text(struct learner *learner, uint64_t key, struct buf *out);
/* readable template of the group that the key belongs to: its newest generalised one */
bool learner_group_text(struct learner *learner, uint64_t key,
			enum template_style style, struct buf *out);
/* which tokens of a record with this key are variables beside the lexer's own, for
 * normalize_variables; false: unknown key, or a template of another length */
bool learner_wild(struct learner *learner, uint64_t key, const struct tokens *tokens,
		  uint64_t wild[WILD_WORDS]);
/* events are numbered from 1; copies up to max of those above `after`, their bytes into
 * the arena, since another lane's commit may trim them at any time; returns how many */
size_t learner_events(struct learner *learner, uint64_t after, struct arena *arena,
		      struct learner_event *out, size_t max);
/* events up to this number are committed everywhere and may be forgotten */
void learner_trim(struct learner *learner, uint64_t up_to);
/* puts a stored template back; call in stored order before any learner_key */
MUST_CHECK int learner_restore(struct learner *learner,
			       const struct learner_event *event, struct error *error);
/* as learner_restore, at any time: what another daemon learned. What the two learners
 * found apart from each other belongs together where templates of one cover those of
 * the other; such merges are journaled. A merge of what was evicted here does nothing.
 */
MUST_CHECK int learner_adopt(struct learner *learner, const struct learner_event *event,
			     struct error *error);
/* where a template of a group belongs that a person merged or parted */
struct learner_move {
	uint64_t key;
	uint64_t group; /* any number that is the same for templates of one group */
};

/* all stored templates of the groups concerned; from now on these groups take in new
 * templates, and no two of them are merged by the learner */
void learner_regroup(struct learner *learner, const struct learner_move *moves,
		     size_t count);
void learner_read_stats(struct learner *learner, struct learner_stats *out);

#endif
