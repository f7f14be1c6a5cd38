/* replay.c - batches that are summed up instead of being stored */
#include "pipeline/replay.h"

#include <stdlib.h>

#include "base/hash64.h"
#include "base/mem.h"
#include "pipeline/window_log.h"

/* the batch is absorbed before it holds more than this */
#define BATCH_ROWS 4096
#define BATCH_BYTES ((size_t)4 << 20)
/* runs that are kept apart before they are joined */
#define RUNS_LOOSE 1024

struct replay {
	struct batch *batch;
	struct replay_finding *rows;
	size_t count, capacity;
	size_t bytes;
	bool full;
	struct table index;     /* hash of rule and key -> place */
	struct table templates; /* mix of that and the template -> 1 */
	struct window_log *windows;
	int64_t clock_first_us, clock_last_us;
};

struct replay *replay_new(void)
{
	struct replay *replay = mem_calloc(1, sizeof(*replay));

	replay->batch = batch_new(0, 1);
	replay->windows = window_log_new();
	replay->clock_first_us = INT64_MAX;
	replay->clock_last_us = INT64_MIN;
	return replay;
}

void replay_free(struct replay **replay_ptr)
{
	struct replay *replay = *replay_ptr;

	if (replay == NULL)
		return;
	for (size_t i = 0; i < replay->count; i++) {
		struct replay_finding *row = &replay->rows[i];

		for (size_t j = 0; j < row->evidence_count; j++)
			mem_free(row->evidence[j].bytes);
		runs_deinit(&row->runs);
		window_episodes_deinit(&row->episodes);
		mem_free(row->key_bytes);
	}
	mem_free(replay->rows);
	table_deinit(&replay->index);
	table_deinit(&replay->templates);
	window_log_free(&replay->windows);
	batch_free(&replay->batch);
	mem_free(replay);
	*replay_ptr = NULL;
}

static uint64_t hash_of(const struct batch_finding *from)
{
	return hash64_mix(hash64(from->key, 0), (uint64_t)(uintptr_t)from->rule);
}

static struct replay_finding *row_of(struct replay *replay,
				     const struct batch_finding *from)
{
	bool added = false;
	uint64_t *place = table_put(&replay->index, hash_of(from), &added);
	struct replay_finding *row = NULL;

	if (!added)
		return &replay->rows[*place];
	mem_grow(&replay->rows, &replay->capacity, replay->count,
		 sizeof(*replay->rows));
	*place = replay->count;
	row = &replay->rows[replay->count++];
	*row = (struct replay_finding){ .rule = from->rule,
					.severity = from->severity,
					.key_bytes = mem_slice_dup(from->key),
					.first_us = from->first_us,
					.last_us = from->last_us };
	row->key = slice_of(row->key_bytes, from->key.len);
	replay->bytes += sizeof(*row) + from->key.len;
	return row;
}

/* by time, then raw bytes, as findings.c */
static int compare_evidence(const struct replay_evidence *a,
			    const struct batch_evidence *b, struct slice raw)
{
	if (a->timestamp_us != b->timestamp_us)
		return a->timestamp_us < b->timestamp_us ? -1 : 1;
	return slice_compare(a->raw, raw);
}

/* in order; when there is one too many, the one between the first and the last goes */
static void offer(struct replay *replay, struct replay_finding *row,
		  const struct batch_evidence *evidence)
{
	struct slice raw = slice_head(evidence->raw, REPLAY_RAW_MAX);
	size_t at = row->evidence_count;
	char *bytes = NULL;

	while (at > 0 && compare_evidence(&row->evidence[at - 1], evidence, raw) > 0)
		at--;
	if (row->evidence_count == REPLAY_EVIDENCE) {
		if (at == EVIDENCE_EDGE)
			return;
		/* below the middle the last of the first ones goes, above it the first
		 * of the last ones */
		size_t gone = at < EVIDENCE_EDGE ? EVIDENCE_EDGE - 1 : EVIDENCE_EDGE;

		replay->bytes -=
			row->evidence[gone].raw.len + row->evidence[gone].captures.len;
		mem_free(row->evidence[gone].bytes);
		memmove(&row->evidence[gone], &row->evidence[gone + 1],
			(REPLAY_EVIDENCE - 1 - gone) * sizeof(row->evidence[0]));
		row->evidence_count--;
		at -= at > gone;
	}
	memmove(&row->evidence[at + 1], &row->evidence[at],
		(row->evidence_count - at) * sizeof(row->evidence[0]));
	bytes = mem_alloc(raw.len + evidence->captures.len + 1);
	if (raw.len > 0)
		memcpy(bytes, raw.ptr, raw.len);
	if (evidence->captures.len > 0)
		memcpy(bytes + raw.len, evidence->captures.ptr, evidence->captures.len);
	row->evidence[at] = (struct replay_evidence){
		.place = (uint64_t)evidence->block << 32 | evidence->row,
		.timestamp_us = evidence->timestamp_us,
		.raw = slice_of(bytes, raw.len),
		.captures = slice_of(bytes + raw.len, evidence->captures.len),
		.bytes = bytes,
	};
	row->evidence_count++;
	replay->bytes += raw.len + evidence->captures.len;
}

static void add_runs(struct replay_finding *row, const struct runs *runs)
{
	for (size_t i = 0; i < runs->count; i++) {
		mem_grow(&row->runs.items, &row->runs.capacity, row->runs.count,
			 sizeof(*row->runs.items));
		row->runs.items[row->runs.count++] = runs->items[i];
	}
	if (row->runs.count > RUNS_LOOSE)
		runs_settle(&row->runs, row->rule->quiet_us);
}

static void absorb_finding(struct replay *replay, const struct batch_finding *from)
{
	struct replay_finding *row = row_of(replay, from);
	bool is_new = false;

	(void)table_put(&replay->templates,
			hash64_mix(hash_of(from), from->template_key),
			&is_new); /* being there says it */
	row->templates += is_new;
	row->count += from->count;
	if (from->severity > row->severity)
		row->severity = from->severity;
	if (from->first_us < row->first_us)
		row->first_us = from->first_us;
	if (from->last_us > row->last_us)
		row->last_us = from->last_us;
	for (size_t i = 0; i < from->head_count; i++)
		offer(replay, row, &from->head[i]);
	for (size_t i = 0; i < from->tail_count; i++)
		offer(replay, row, &from->tail[i]);
	add_runs(row, &from->runs);
}

static void absorb(struct replay *replay)
{
	const struct batch *batch = replay->batch;

	findings_settle(replay->batch);
	if (!replay->full && !window_log_fits(replay->windows, batch))
		replay->full = true;
	if (!replay->full) {
		for (size_t i = 0; i < batch->findings_count; i++)
			absorb_finding(replay, &batch->findings[i]);
		window_log_absorb(replay->windows, batch);
	}
	replay->full = replay->full || replay->bytes > REPLAY_BYTES_MAX ||
		       replay->count > REPLAY_KEYS_MAX;
	batch_free(&replay->batch);
	replay->batch = batch_new(0, 1);
}

void replay_see(struct replay *replay, int64_t moment_us)
{
	if (moment_us < replay->clock_first_us)
		replay->clock_first_us = moment_us;
	if (moment_us > replay->clock_last_us)
		replay->clock_last_us = moment_us;
}

void replay_add(struct replay *replay, const struct findings_event *event,
		const struct rule_set *matched, const struct rules *rules)
{
	const struct batch *batch = replay->batch;

	findings_add(replay->batch, event, matched, rules);
	if (batch->findings_count >= BATCH_ROWS || batch->windows_count >= BATCH_ROWS ||
	    batch->values_count >= BATCH_ROWS ||
	    arena_bytes(&batch->arena) >= BATCH_BYTES)
		absorb(replay);
}

bool replay_full(const struct replay *replay)
{
	return replay->full;
}

static void judge_runs(struct replay_finding *row)
{
	struct window_episodes *episodes = &row->episodes;

	runs_settle(&row->runs, row->rule->quiet_us);
	for (size_t i = 0; i < row->runs.count; i++) {
		const struct run *run = &row->runs.items[i];

		mem_grow(&episodes->items, &episodes->capacity, episodes->count,
			 sizeof(*episodes->items));
		episodes->items[episodes->count++] = (struct window_episode){
			.first_us = run->first_us,
			.last_us = run->last_us,
			.total = run->count,
		};
	}
}

static uint64_t highest(const struct window_episodes *episodes)
{
	uint64_t peak = 0;

	for (size_t i = 0; i < episodes->count; i++) {
		if (episodes->items[i].peak > peak)
			peak = episodes->items[i].peak;
	}
	return peak;
}

/* how near a threshold that was not reached came to it */
static uint64_t peak_below(const struct window_history *history)
{
	struct rule lowered = *history->rule;
	struct window_episodes episodes = { 0 };
	struct window_history again = *history;
	uint64_t peak = 0;

	lowered.window.count = 1;
	again.rule = &lowered;
	window_judge(&again, &episodes);
	peak = highest(&episodes);
	window_episodes_deinit(&episodes);
	return peak;
}

static void judge_row(struct replay *replay, struct replay_finding *row)
{
	struct window_history history = { .rule = row->rule,
					  .total = row->count,
					  .clock_first_us = replay->clock_first_us,
					  .clock_last_us = replay->clock_last_us };

	if (row->rule->window.type == WINDOW_NONE) {
		judge_runs(row);
		return;
	}
	window_log_judge(replay->windows, row->key, &history, &row->episodes);
	row->peak = highest(&row->episodes);
	if (row->episodes.count == 0 && row->rule->window.type == WINDOW_THRESHOLD)
		row->peak = peak_below(&history);
}

static int by_importance(const void *a, const void *b)
{
	const struct replay_finding *left = a;
	const struct replay_finding *right = b;
	bool left_fires = left->episodes.count > 0;
	bool right_fires = right->episodes.count > 0;
	int order = 0;

	if (left_fires != right_fires)
		return left_fires ? -1 : 1;
	if (left->severity != right->severity)
		return left->severity > right->severity ? -1 : 1;
	if (left->count != right->count)
		return left->count > right->count ? -1 : 1;
	order = strcmp(left->rule->id, right->rule->id);
	return order != 0 ? order : slice_compare(left->key, right->key);
}

struct replay_finding *replay_finish(struct replay *replay, size_t *count)
{
	absorb(replay);
	for (size_t i = 0; i < replay->count; i++)
		judge_row(replay, &replay->rows[i]);
	if (replay->count > 1)
		qsort(replay->rows, replay->count, sizeof(*replay->rows),
		      by_importance);
	*count = replay->count;
	return replay->rows;
}
