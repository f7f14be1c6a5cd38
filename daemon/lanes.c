/* lanes.c - one thread a lane: take a chunk, feed the pipeline, hand sealed batches
 * over */
#include "daemon/lanes.h"

#include <pthread.h>
#include <stdatomic.h>

#include "base/clock.h"
#include "base/crash_point.h"
#include "base/hash64.h"
#include "base/mailbox.h"
#include "base/mem.h"
#include "daemon/lane_sealer.h"

#define TICK_MS 20
#define STEP_US_MAX INT64_C(100000)
#define SLOWER_BEHIND 10

struct lane {
	pthread_t thread;
	const struct lanes_config *config;
	struct mailbox *chunks;
	struct mailbox *batches;
	struct lane_sealer *sealer;
	struct pipeline *pipeline;
	atomic_uint_fast64_t epoch;
	atomic_bool ended;
	pthread_mutex_t stats_mutex;
	struct pipeline_stats stats;
};

struct lanes {
	struct lanes_config config;
	struct lane *lanes;
	unsigned count;
};

static void free_chunk(void *item)
{
	struct chunk *chunk = item;

	chunk_free(&chunk);
}

static void free_lane_batch(void *item)
{
	struct lane_batch *entry = item;

	lane_batch_free(&entry);
}

static void hand_over_batches(struct lane *lane, uint64_t epoch)
{
	struct batch *batch = NULL;

	while ((batch = pipeline_take_batch(lane->pipeline)) != NULL) {
		crash_point("lane.sealed");
		batch->more = mailbox_weight(lane->chunks) > 0;
		lane_sealer_put(lane->sealer, batch, epoch);
	}
}

/* the database could take a batch now */
static bool store_waits(const struct lane *lane)
{
	return !lane_sealer_has_batches(lane->sealer) &&
	       mailbox_weight(lane->batches) == 0;
}

/* What a transaction costs besides its events is the same for few and many. While input
 * is piled up its events are late anyway, and larger batches make up for it */
static int64_t batch_age_us(const struct lane *lane)
{
	const struct lanes_config *config = lane->config;
	bool behind = mailbox_weight(lane->chunks) >= config->chunk_bytes_max / 2;

	if (!store_waits(lane))
		return PIPELINE_AGELESS;
	return behind && config->batch_age_behind_us > config->batch_age_us
		       ? config->batch_age_behind_us
		       : config->batch_age_us;
}

static void publish_stats(struct lane *lane)
{
	pthread_mutex_lock(&lane->stats_mutex);
	lane->stats = *pipeline_stats(lane->pipeline);
	pthread_mutex_unlock(&lane->stats_mutex);
}

/* What continues an open record may wait unread while the lane waits for the store, was
 * stopped, or works off a queue: then little or no time has passed for that record. It
 * never stops for good, so that a busy stream cannot keep the last record of a silent
 * one open. */
static int64_t stood_us(int64_t step_us, bool behind)
{
	int64_t passed_us = step_us < STEP_US_MAX ? step_us : STEP_US_MAX;

	if (behind)
		passed_us /= SLOWER_BEHIND;
	return step_us - passed_us;
}

static void *run_lane(void *argument)
{
	struct lane *lane = argument;
	int64_t looked_at_us = clock_monotonic_us();
	uint64_t epoch = 0;

	for (;;) {
		/* asked for before the take: what was put before the close is still
		 * taken */
		bool closed = mailbox_closed(lane->chunks);
		struct chunk *chunk = mailbox_wait(lane->chunks, TICK_MS);
		uint64_t wanted = atomic_load(&lane->epoch);
		int64_t now_us = clock_monotonic_us();

		pipeline_stood(lane->pipeline,
			       stood_us(now_us - looked_at_us,
					mailbox_weight(lane->chunks) > 0));
		looked_at_us = now_us;
		if (wanted != epoch) {
			lane_sealer_drain(lane->sealer);
			pipeline_reset(lane->pipeline);
			epoch = wanted;
		}
		if (chunk != NULL)
			pipeline_feed(lane->pipeline, chunk, now_us);
		else if (closed)
			break;
		pipeline_tick(lane->pipeline, now_us, batch_age_us(lane));
		hand_over_batches(lane, epoch);
		publish_stats(lane);
	}
	pipeline_seal(lane->pipeline);
	hand_over_batches(lane, epoch);
	publish_stats(lane);
	lane_sealer_drain(lane->sealer);
	atomic_store(&lane->ended, true);
	return NULL;
}

struct lanes *lanes_start(const struct lanes_config *config,
			  const struct pipeline_deps *deps)
{
	struct lanes *lanes = mem_calloc(1, sizeof(*lanes));
	struct pipeline_deps own = *deps;

	lanes->config = *config;
	lanes->count = config->count;
	lanes->lanes = mem_calloc(config->count, sizeof(*lanes->lanes));
	for (unsigned i = 0; i < config->count; i++) {
		struct lane *lane = &lanes->lanes[i];

		lane->config = &lanes->config;
		lane->chunks = mailbox_new(config->chunk_bytes_max);
		lane->batches = mailbox_new(config->batch_bytes_max);
		lane->sealer = lane_sealer_new(lane->batches);
		own.sealing = lane_sealer_sealing(lane->sealer);
		lane->pipeline = pipeline_new(i, &config->pipeline, &own);
		pthread_mutex_init(&lane->stats_mutex, NULL);
		pthread_create(&lane->thread, NULL, run_lane, lane);
		(void)pthread_setname_np(lane->thread, "lane"); /* a comfort only */
	}
	return lanes;
}

unsigned lanes_count(const struct lanes *lanes)
{
	return lanes->count;
}

/* a stream stays on one lane, so that its order holds */
static struct lane *lane_of(struct lanes *lanes, const struct chunk *chunk)
{
	return &lanes->lanes[hash64_mix(0, chunk->stream) % lanes->count];
}

bool lanes_put(struct lanes *lanes, struct chunk *chunk)
{
	return mailbox_put(lane_of(lanes, chunk)->chunks, chunk, chunk_weight(chunk));
}

bool lanes_try_put(struct lanes *lanes, struct chunk *chunk)
{
	return mailbox_try_put(lane_of(lanes, chunk)->chunks, chunk,
			       chunk_weight(chunk));
}

int lanes_batch_fd(const struct lanes *lanes, unsigned lane)
{
	return mailbox_fd(lanes->lanes[lane].batches);
}

struct batch *lanes_take_batch(struct lanes *lanes, unsigned lane)
{
	struct lane *from = &lanes->lanes[lane];
	struct lane_batch *entry = NULL;

	while ((entry = mailbox_take(from->batches)) != NULL) {
		struct batch *batch = entry->batch;
		bool current = entry->epoch == atomic_load(&from->epoch);

		mem_free(entry);
		if (current)
			return batch;
		batch_free(&batch);
	}
	return NULL;
}

bool lanes_batches_queued(struct lanes *lanes, unsigned lane)
{
	return mailbox_weight(lanes->lanes[lane].batches) > 0;
}

void lanes_begin_epoch(struct lanes *lanes, unsigned lane)
{
	atomic_fetch_add(&lanes->lanes[lane].epoch, 1);
}

void lanes_finish(struct lanes *lanes)
{
	for (unsigned i = 0; i < lanes->count; i++)
		mailbox_close(lanes->lanes[i].chunks);
}

bool lanes_ended(const struct lanes *lanes)
{
	for (unsigned i = 0; i < lanes->count; i++) {
		if (!atomic_load(&lanes->lanes[i].ended))
			return false;
	}
	return true;
}

void lanes_free(struct lanes **lanes_ptr)
{
	struct lanes *lanes = *lanes_ptr;

	if (lanes == NULL)
		return;
	for (unsigned i = 0; i < lanes->count; i++) {
		struct lane *lane = &lanes->lanes[i];

		mailbox_close(lane->chunks);
		mailbox_close(lane->batches);
		pthread_join(lane->thread, NULL);
		lane_sealer_free(&lane->sealer);
		mailbox_free(&lane->chunks, free_chunk);
		mailbox_free(&lane->batches, free_lane_batch);
		pipeline_free(&lane->pipeline);
		pthread_mutex_destroy(&lane->stats_mutex);
	}
	mem_free(lanes->lanes);
	mem_free(lanes);
	*lanes_ptr = NULL;
}

struct pipeline_stats lanes_stats(struct lanes *lanes, unsigned lane)
{
	struct lane *from = &lanes->lanes[lane];
	struct pipeline_stats stats = { 0 };

	pthread_mutex_lock(&from->stats_mutex);
	stats = from->stats;
	pthread_mutex_unlock(&from->stats_mutex);
	return stats;
}

size_t lanes_queued_bytes(struct lanes *lanes)
{
	size_t bytes = 0;

	for (unsigned i = 0; i < lanes->count; i++)
		bytes += mailbox_weight(lanes->lanes[i].chunks);
	return bytes;
}
