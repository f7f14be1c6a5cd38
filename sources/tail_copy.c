/* tail_copy.c - whose copy, how much of it is stored, and the rest */
#include "sources/tail_copy.h"

#include <sys/stat.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "sources/tail_coded.h"

struct step {
	struct tail_file *file;
	const struct tail_limits *limits;
	const struct tail_origins *origins;
	struct error *error;
	struct tail_piece piece;
};

/* a compressor that was killed leaves a file that will never be whole */
static bool is_given_up(const struct step *step)
{
	struct stat st = { 0 };
	int64_t quiet_us = 0;

	if (fstat(step->file->fd, &st) < 0)
		return true;
	quiet_us = clock_now_us() -
		   ((int64_t)st.st_mtim.tv_sec * 1000000 + st.st_mtim.tv_nsec / 1000);
	return quiet_us > (int64_t)step->limits->linger_ms * 1000;
}

static enum tail_coded_end fill(struct step *step, size_t room)
{
	struct tail_coded *coded = step->file->coded;
	enum tail_coded_end end = CODED_FULL;

	step->piece.space = mem_alloc(room);
	step->piece.room = room;
	end = tail_coded_fill(coded, step->file->fd, &step->piece, step->error);
	if (end == CODED_SHORT && coded->raw_offset > 0 &&
	    decompress_has_end(coded->decompress) && is_given_up(step)) {
		(void)error_set(step->error, "compressed, and ends in the middle");
		end = CODED_CORRUPT;
	}
	return end;
}

static void begin_check(struct tail_coded *coded, const struct tail_mark *origin)
{
	coded->origin = origin->offset;
	coded->check_blocks = origin->id.sum.blocks;
	coded->check_hash = origin->id.sum.hash;
	tail_coded_restart(coded, CODED_CHECK);
}

static void begin_read(struct tail_coded *coded, int64_t origin)
{
	coded->origin = origin;
	coded->skip_to = origin;
	tail_coded_restart(coded, CODED_READ);
}

/* what was decoded so far is not kept: it is looked at again by the next scan */
static enum tail_outcome again(struct step *step)
{
	tail_coded_restart(step->file->coded, CODED_LOOK);
	return TAIL_FAILED;
}

/* its bytes are new from the first on */
static void begin_own(struct tail_file *file)
{
	file->is_own = true;
	if (tail_file_is_compressed(file))
		begin_read(file->coded, 0);
	else
		tail_coded_free(&file->coded);
}

static enum tail_outcome look(struct step *step)
{
	struct tail_coded *coded = step->file->coded;
	enum tail_coded_end end = fill(step, TAIL_HEAD_BYTES_MAX);
	const struct tail_mark *origin = NULL;
	enum tail_origin found = ORIGIN_NONE;

	if (end == CODED_UNREADABLE)
		return again(step);
	if (end != CODED_SHORT)
		found = tail_origin_find(step->origins, step->file,
					 slice_of(step->piece.space, step->piece.len),
					 &origin);
	if (end == CODED_SHORT || found == ORIGIN_BUSY) {
		tail_coded_restart(coded, CODED_LOOK);
		return TAIL_NOTHING;
	}
	if (found == ORIGIN_FOUND)
		begin_check(coded, origin);
	else
		begin_own(step->file);
	return TAIL_MORE;
}

static void duplicate(struct chunk *chunk, int64_t until)
{
	struct chunk_item *item = chunk_add_item(chunk);

	item->end.offset = until;
	item->flags = CHUNK_ITEM_DROPPED;
	item->reason = DROP_DUPLICATE;
	item->skipped = (uint64_t)until;
	item->observed_timestamp_us = clock_now_us();
}

/* no byte of it is new */
static enum tail_outcome all_read(struct step *step, struct chunk **out)
{
	struct tail_file *file = step->file;

	*out = chunk_new(0, 0);
	duplicate(*out, file->coded->origin);
	file->offset = file->coded->origin;
	log_info("file_tail", "compressed copy of what was read path=%s bytes=%lld",
		 file->path, (long long)file->offset);
	return TAIL_ENDED;
}

/* false: it differs from what was read of its origin */
static bool agrees(struct step *step)
{
	struct tail_coded *coded = step->file->coded;
	const struct tail_piece *piece = &step->piece;

	for (size_t at = 0; at + TAIL_SUM_BYTES <= piece->len; at += TAIL_SUM_BYTES) {
		if (coded->sum.blocks == coded->check_blocks)
			return true;
		tail_sum_add(&coded->sum, piece->space + at);
		if (coded->sum.blocks == coded->check_blocks &&
		    coded->sum.hash != coded->check_hash)
			return false;
	}
	return true;
}

static enum tail_outcome check(struct step *step, struct chunk **out)
{
	struct tail_coded *coded = step->file->coded;
	size_t room = step->limits->read_bytes;
	enum tail_coded_end end = CODED_FULL;
	bool same = true;

	/* whole blocks, as the sum counts them */
	room = room < TAIL_SUM_BYTES ? TAIL_SUM_BYTES : room - room % TAIL_SUM_BYTES;
	end = fill(step, room);
	if (end == CODED_UNREADABLE)
		return again(step);
	same = agrees(step);
	if (end == CODED_FULL && same)
		return TAIL_MORE;
	if (end == CODED_SHORT && same) {
		tail_coded_restart(coded, CODED_LOOK);
		return TAIL_NOTHING;
	}
	same = same && coded->sum.blocks == coded->check_blocks &&
	       coded->offset >= coded->origin;
	if (same && end == CODED_ENDS && coded->offset == coded->origin)
		return all_read(step, out);
	if (same)
		begin_read(coded, coded->origin);
	else
		begin_own(step->file);
	return TAIL_MORE;
}

static void fill_chunk(struct step *step, int64_t offset, struct chunk **out)
{
	struct tail_file *file = step->file;
	struct tail_piece *piece = &step->piece;
	size_t passed = offset < file->coded->skip_to
				? (size_t)(file->coded->skip_to - offset)
				: 0;
	struct chunk_item *item = NULL;

	*out = chunk_new(0, 0);
	if (file->stream == 0 && file->coded->origin > 0)
		duplicate(*out, file->coded->origin);
	mem_free((*out)->data);
	(*out)->data = piece->space;
	(*out)->data_len = piece->len;
	piece->space = NULL;
	item = chunk_add_item(*out);
	item->offset = passed;
	item->len = piece->len - passed;
	item->begin.offset = offset + (int64_t)passed;
	item->end.offset = offset + (int64_t)piece->len;
	item->observed_timestamp_us = clock_now_us();
	file->offset = item->end.offset;
}

static enum tail_outcome read_on(struct step *step, struct chunk **out)
{
	struct tail_coded *coded = step->file->coded;
	int64_t offset = coded->offset;
	enum tail_coded_end end = fill(step, step->limits->read_bytes);
	bool is_new = coded->offset > coded->skip_to;

	if (is_new && step->piece.len > 0)
		fill_chunk(step, offset, out);
	if (end == CODED_FULL || (end != CODED_CORRUPT && *out != NULL))
		return *out == NULL ? TAIL_MORE : TAIL_DATA;
	if (end == CODED_UNREADABLE)
		return TAIL_FAILED;
	if (end == CODED_CORRUPT)
		return TAIL_CORRUPT;
	return end == CODED_SHORT ? TAIL_NOTHING : TAIL_ENDED;
}

enum tail_outcome tail_copy_read(struct tail_file *file,
				 const struct tail_limits *limits,
				 const struct tail_origins *origins, struct chunk **out,
				 struct error *error)
{
	struct step step = {
		.file = file, .limits = limits, .origins = origins, .error = error
	};
	enum tail_head head = tail_file_compare_head(file);
	enum tail_outcome outcome = TAIL_FAILED;

	*out = NULL;
	if (head == TAIL_HEAD_OTHER || tail_file_size(file) < file->coded->raw_offset)
		return TAIL_REPLACED;
	tail_file_extend_head(file, limits->head_bytes);
	if (file->coded->state == CODED_LOOK)
		outcome = look(&step);
	else if (file->coded->state == CODED_CHECK)
		outcome = check(&step, out);
	else
		outcome = read_on(&step, out);
	if (outcome == TAIL_ENDED || outcome == TAIL_CORRUPT)
		file->coded_bytes = tail_file_size(file);
	mem_free(step.piece.space);
	return outcome;
}

bool tail_copy_suspected(const struct tail_file *file,
			 const struct tail_origins *origins)
{
	const struct tail_mark *origin = NULL;
	char head[TAIL_HEAD_BYTES_MAX];
	size_t len = 0;

	if (origins->set->count + origins->marks->count + origins->leaving->count == 0)
		return false;
	len = tail_file_head(file, head);
	return len > 0 && tail_origin_find(origins, file, slice_of(head, len),
					   &origin) != ORIGIN_NONE;
}

void tail_copy_skip(struct tail_file *file)
{
	struct tail_piece piece = { .space = mem_alloc(TAIL_CODED_RAW_BYTES),
				    .room = TAIL_CODED_RAW_BYTES };
	struct error unread; /* reading says so again */

	while (tail_coded_fill(file->coded, file->fd, &piece, &unread) == CODED_FULL)
		;
	mem_free(piece.space);
	file->offset = file->coded->offset;
	file->coded->skip_to = file->offset;
	file->coded_bytes = 0;
}

bool tail_copy_pending(const struct tail_file *file)
{
	return file->coded->state == CODED_LOOK ||
	       tail_file_size(file) != file->coded->raw_offset;
}
