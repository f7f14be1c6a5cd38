/* opened_block.c - readers that keep what they have put together */
#include "api/opened_block.h"

#include <assert.h>

#include "base/mem.h"
#include "pipeline/block_extract.h"

static void lock(struct opened_block *opened)
{
	int status = pthread_mutex_lock(&opened->mutex);

	assert(status == 0);
	(void)status;
}

static void unlock(struct opened_block *opened)
{
	int status = pthread_mutex_unlock(&opened->mutex);

	assert(status == 0);
	(void)status;
}

static void count_bytes(struct opened_block *opened)
{
	size_t bytes = sizeof(*opened) + block_reader_memory(opened->reader) +
		       opened->frequent.capacity + opened->body.capacity;

	if (opened->places != NULL)
		bytes += block_reader_count(opened->reader) * sizeof(*opened->places);
	atomic_store(&opened->bytes, bytes);
}

int opened_block_new(struct slice meta, struct opened_block **out, struct error *error)
{
	struct block_reader *reader = NULL;
	struct opened_block *opened = NULL;
	int status = 0;

	*out = NULL;
	if (block_reader_open(meta, &reader, error) < 0)
		return -1;
	block_reader_keep_frames(reader);
	opened = mem_calloc(1, sizeof(*opened));
	status = pthread_mutex_init(&opened->mutex, NULL);
	assert(status == 0);
	(void)status;
	opened->reader = reader;
	count_bytes(opened);
	*out = opened;
	return 0;
}

/* rows of the block, ascending */
static int take_places(struct opened_block *opened, const struct block_rare *rare,
		       uint32_t events, struct error *error)
{
	if (block_reader_count(opened->reader) != rare->count)
		return error_set(error, "rare events: %u instead of %u",
				 block_reader_count(opened->reader), rare->count);
	opened->places = mem_calloc(rare->count, sizeof(*opened->places));
	for (uint32_t i = 0; i < rare->count; i++) {
		uint32_t place = block_rare_row(rare, i);

		if (place >= events || (i > 0 && place <= opened->places[i - 1]))
			return error_set(error, "rare events: row %u is misplaced", i);
		opened->places[i] = place;
	}
	return 0;
}

int opened_block_new_rare(struct slice bytes, uint32_t events,
			  struct opened_block **out, struct error *error)
{
	struct block_rare rare = { 0 };

	*out = NULL;
	if (block_rare_open(bytes, &rare, error) < 0 ||
	    opened_block_new(rare.meta, out, error) < 0)
		return -1;
	if (take_places(*out, &rare, events, error) < 0) {
		opened_block_free(out);
		return -1;
	}
	buf_append_slice(&(*out)->frequent, rare.frequent);
	buf_append_slice(&(*out)->body, rare.body);
	count_bytes(*out);
	return 0;
}

void opened_block_free(struct opened_block **opened_ptr)
{
	struct opened_block *opened = *opened_ptr;

	if (opened == NULL)
		return;
	block_reader_free(&opened->reader);
	mem_free(opened->places);
	buf_deinit(&opened->frequent);
	buf_deinit(&opened->body);
	(void)pthread_mutex_destroy(&opened->mutex); /* nobody holds it */
	mem_free(opened);
	*opened_ptr = NULL;
}

bool opened_block_lacks(const struct opened_block *opened, uint64_t template_key)
{
	const struct block_rare rare = { .frequent = buf_slice(&opened->frequent) };

	return block_rare_is_frequent(&rare, template_key);
}

uint32_t opened_block_place(const struct opened_block *opened, uint32_t row)
{
	return opened->places == NULL ? row : opened->places[row];
}

bool opened_block_has_texts(struct opened_block *opened, uint32_t row)
{
	bool has = true;

	if (opened->places != NULL)
		return has;
	lock(opened);
	has = block_reader_has_frame(opened->reader,
				     block_reader_frame_of(opened->reader, row));
	unlock(opened);
	return has;
}

int opened_block_raw(struct opened_block *opened, const struct block_part *part,
		     uint32_t row, struct block_event *out, struct error *error)
{
	const struct block_part own = { .bytes = buf_slice(&opened->body) };
	uint32_t frame = block_reader_frame_of(opened->reader, row);
	bool had = false;
	int status = 0;

	lock(opened);
	had = block_reader_has_frame(opened->reader, frame);
	status = block_reader_raw_part(
		opened->reader, opened->places == NULL ? part : &own, row, out, error);
	if (!had)
		count_bytes(opened);
	unlock(opened);
	return status;
}
