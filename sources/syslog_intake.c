/* syslog_intake.c - appends, their flights, and what waits for room
 *
 *   OPEN -- too much not durable --> SYNCING -- durable --> OPEN
 *        -- spool is full ---------> HOLDING -- room -----> OPEN
 *
 * The frames of one submit become one append. While HOLDING, the frames that the spool
 * refused are kept in `held`, and go first.
 */
#include "sources/syslog_intake.h"

#include <stdatomic.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/hash64.h"
#include "base/log.h"
#include "base/mem.h"

/* Readers share substreams: nothing of a whole record is kept from one to the next, so
 * no more are needed than spread well over the spool's partitions, and no substream
 * has to be ended. One reader stays in one, hence its order holds. */
#define SUBSTREAMS 32

enum intake_state { INTAKE_OPEN, INTAKE_SYNCING, INTAKE_HOLDING };

struct held_frame {
	size_t offset;
	size_t len;
	bool loss;
};

struct syslog_intake {
	struct syslog_target *target; /* NULL: it is gone */
	struct syslog_intake *next;   /* the target's list */
	struct syslog_intake **place; /* what points to this one there */
	syslog_ready_fn *ready;       /* NULL: finished */
	void *context;
	enum intake_state state;
	uint64_t substream;
	size_t unsynced_bytes;
	size_t callbacks; /* that will come */
	struct buf held;
	struct held_frame *held_frames;
	size_t held_count;
	size_t held_capacity;
};

/* one append on its way */
struct flight {
	struct syslog_intake *intake;
	size_t bytes;
};

static void count_loss(struct source *source, size_t bytes, const char *why)
{
	log_error(source->ops->type, "lost: %s source=%s bytes=%zu", why, source->name,
		  bytes);
	atomic_fetch_add(&source->stats.errors, 1);
	atomic_fetch_add(&source->stats.skipped_bytes, bytes);
}

static void free_memory(struct syslog_intake *intake)
{
	buf_deinit(&intake->held);
	mem_free(intake->held_frames);
	mem_free(intake);
}

static void unlink_intake(struct syslog_intake *intake)
{
	*intake->place = intake->next;
	if (intake->next != NULL)
		intake->next->place = intake->place;
	intake->target = NULL;
}

void syslog_target_deinit(struct syslog_target *target)
{
	while (target->intakes != NULL) {
		struct syslog_intake *intake = target->intakes;

		if (intake->held_count > 0)
			count_loss(target->source, intake->held.len,
				   "no room before the stop");
		unlink_intake(intake);
		if (intake->callbacks == 0)
			free_memory(intake);
	}
	mem_free(target->entries);
	target->entries = NULL;
	target->entries_capacity = 0;
}

struct syslog_intake *syslog_intake_new(struct syslog_target *target,
					syslog_ready_fn *ready, void *context)
{
	struct syslog_intake *intake = mem_calloc(1, sizeof(*intake));

	intake->target = target;
	intake->ready = ready;
	intake->context = context;
	intake->substream = hash64_mix(target->stamp, target->numbers++ % SUBSTREAMS);
	intake->next = target->intakes;
	intake->place = &target->intakes;
	if (intake->next != NULL)
		intake->next->place = &intake->next;
	target->intakes = intake;
	return intake;
}

/* the last thing to be called: the intake may be gone afterwards */
static void free_when_done(struct syslog_intake *intake)
{
	if (intake->callbacks > 0 || (intake->target != NULL && intake->ready != NULL))
		return;
	if (intake->target != NULL)
		unlink_intake(intake);
	free_memory(intake);
}

/* true: the target went before the spool was done; the intake may be gone afterwards */
static bool is_orphan(struct syslog_intake *intake)
{
	if (intake->target != NULL)
		return false;
	intake->callbacks--;
	free_when_done(intake);
	return true;
}

/* the last thing to be called in a callback */
static void end_callback(struct syslog_intake *intake, bool reopened)
{
	if (reopened) {
		intake->state = INTAKE_OPEN;
		if (intake->ready != NULL)
			intake->ready(intake->context);
	}
	intake->callbacks--;
	free_when_done(intake);
}

static void on_durable(void *context, const struct error *error)
{
	struct flight *flight = context;
	struct syslog_intake *intake = flight->intake;
	size_t bytes = flight->bytes;

	mem_free(flight);
	if (is_orphan(intake))
		return;
	intake->unsynced_bytes -= bytes;
	if (error != NULL)
		count_loss(intake->target->source, bytes, error->text);
	end_callback(intake, intake->state == INTAKE_SYNCING &&
				     intake->unsynced_bytes <=
					     intake->target->unsynced_bytes_max / 2);
}

static void hold(struct syslog_intake *intake)
{
	const struct syslog_target *target = intake->target;

	for (size_t i = 0; i < target->entries_count; i++) {
		struct slice bytes = target->entries[i].bytes;

		mem_grow(&intake->held_frames, &intake->held_capacity,
			 intake->held_count, sizeof(*intake->held_frames));
		intake->held_frames[intake->held_count++] =
			(struct held_frame){ intake->held.len, bytes.len,
					     target->entries[i].loss };
		buf_append_slice(&intake->held, bytes);
	}
}

/* false: the spool has no room */
static bool append(struct syslog_intake *intake)
{
	const struct syslog_target *target = intake->target;
	struct flight *flight = mem_alloc(sizeof(*flight));

	*flight = (struct flight){ .intake = intake };
	for (size_t i = 0; i < target->entries_count; i++)
		flight->bytes += target->entries[i].bytes.len;
	if (!spool_append(target->spool, target->entries, target->entries_count,
			  on_durable, flight)) {
		mem_free(flight);
		return false;
	}
	intake->callbacks++;
	intake->unsynced_bytes += flight->bytes;
	return true;
}

static void add_entry(struct syslog_intake *intake, struct slice bytes, bool loss)
{
	struct syslog_target *target = intake->target;

	if (target->entries_count == 0)
		target->now_us = clock_now_us();
	mem_grow(&target->entries, &target->entries_capacity, target->entries_count,
		 sizeof(*target->entries));
	target->entries[target->entries_count++] = (struct spool_entry){
		.project_id = target->project_id,
		.ingestion_id = target->ingestion_id,
		.substream = intake->substream,
		.observed_timestamp_us = target->now_us,
		.whole_record = true,
		.loss = loss,
		.bytes = bytes,
	};
}

void syslog_intake_add(struct syslog_intake *intake, struct slice frame)
{
	add_entry(intake, frame, false);
}

void syslog_intake_lose(struct syslog_intake *intake, enum drop_reason reason,
			uint64_t records, uint64_t bytes)
{
	intake->target->lost.records[reason] += records;
	intake->target->lost.bytes[reason] += bytes;
}

/* as entries of the submit that is due */
static void add_losses(struct syslog_intake *intake)
{
	struct syslog_target *target = intake->target;

	for (unsigned i = 0; i < DROP_REASONS; i++) {
		struct spool_loss loss = {
			.records = target->lost.records[i],
			.bytes = target->lost.bytes[i],
			.reason = slice_str(drop_reason_name((enum drop_reason)i)),
		};
		char *payload = target->losses[i];

		if (loss.records > 0 || loss.bytes > 0)
			add_entry(intake,
				  slice_of(payload, spool_loss_write(payload, &loss)),
				  true);
	}
	target->lost = (struct drop_sums){ 0 };
}

static void on_room(void *context, const struct error *error)
{
	struct syslog_intake *intake = context;
	bool room = false;

	(void)error; /* room is never refused */
	if (is_orphan(intake))
		return;
	for (size_t i = 0; i < intake->held_count; i++) {
		const struct held_frame *frame = &intake->held_frames[i];

		add_entry(intake,
			  slice_of(intake->held.data + frame->offset, frame->len),
			  frame->loss);
	}
	room = append(intake);
	intake->target->entries_count = 0;
	if (!room) {
		spool_wait_room(intake->target->spool, on_room, intake);
		return;
	}
	intake->held_count = 0;
	buf_clear(&intake->held);
	end_callback(intake, true);
}

static void submit_entries(struct syslog_intake *intake)
{
	if (intake->state == INTAKE_HOLDING) {
		hold(intake);
	} else if (!append(intake)) {
		hold(intake);
		intake->callbacks++;
		spool_wait_room(intake->target->spool, on_room, intake);
		intake->state = INTAKE_HOLDING;
	} else if (intake->unsynced_bytes > intake->target->unsynced_bytes_max) {
		intake->state = INTAKE_SYNCING;
	}
}

bool syslog_intake_submit(struct syslog_intake *intake)
{
	add_losses(intake);
	if (intake->target->entries_count > 0)
		submit_entries(intake);
	intake->target->entries_count = 0;
	return intake->state == INTAKE_OPEN;
}

void syslog_intake_finish(struct syslog_intake **intake_ptr)
{
	struct syslog_intake *intake = *intake_ptr;

	if (intake == NULL)
		return;
	intake->ready = NULL;
	free_when_done(intake);
	*intake_ptr = NULL;
}

void syslog_no_commit(struct source *source, uint64_t stream, struct position position)
{
	(void)source;
	(void)stream;
	(void)position;
}

void syslog_no_rewind(struct source *source, const struct stored_positions *positions)
{
	(void)source;
	(void)positions;
}
