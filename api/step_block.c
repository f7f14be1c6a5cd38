/* step_block.c - takes blocks from those that are kept, and keeps what it opens */
#include "api/step_block.h"

#include "base/log.h"

void step_block_close(struct events_step *step, struct step_block *block)
{
	scan_free(&block->scan);
	if (block->opened == block->own)
		block->opened = NULL;
	block_cache_release(step->blocks_cache, &block->opened);
	opened_block_free(&block->own);
}

void step_block_report(struct events_step *step, const struct step_block *block,
		       const struct error *error)
{
	step->damaged++;
	log_error("events",
		  "a block cannot be read project=%lld first_seq=%lld error=\"%s\"",
		  (long long)step->project_id, (long long)block->place.first_seq,
		  error->text);
}

static struct block_cache_key opened_key(const struct events_step *step,
					 const struct step_block *block, bool rare)
{
	return (struct block_cache_key){ .project_id = step->project_id,
					 .first_seq = block->place.first_seq,
					 .body_len = block->body_len,
					 .count = block->place.count,
					 .rare = rare };
}

/* whether a template that the filter wants may have events that are not rare ones */
static bool needs_meta(const struct events_step *step,
		       const struct opened_block *opened)
{
	const struct event_filter *filter = step->filter;

	for (size_t i = 0; i < filter->template_keys_count; i++) {
		if (opened_block_lacks(opened, filter->template_keys[i]))
			return true;
	}
	return false;
}

/* a count goes through all blocks once, and would push out what pages ask for */
static void hold(struct events_step *step, struct step_block *block,
		 const struct block_cache_key *key, struct opened_block *opened)
{
	if (step->page->tally == NULL) {
		block->opened = block_cache_put(step->blocks_cache, key, opened);
		return;
	}
	opened_block_free(&block->own);
	block->own = opened;
	block->opened = opened;
}

/* what was fetched becomes an opened block, for those that come later as well */
static void open_bytes(struct events_step *step, struct step_block *block)
{
	bool rare = block->lacks == STEP_LACKS_RARE;
	struct block_cache_key key = opened_key(step, block, rare);
	struct opened_block *opened = NULL;
	struct error error = { 0 };
	int status = 0;

	if (rare && block->bytes.len == 0)
		status = -1; /* it has none */
	else if (rare)
		status = opened_block_new_rare(block->bytes, block->place.count,
					       &opened, &error);
	else
		status = opened_block_new(block->bytes, &opened, &error);
	block->lacks = STEP_LACKS_NOTHING;
	block->is_there = false;
	block->no_rare = block->no_rare || rare;
	if (status == 0)
		hold(step, block, &key, opened);
	else if (!rare)
		step_block_report(step, block, &error);
	else if (block->bytes.len > 0) /* the block itself says the same */
		log_warn("events",
			 "rare events cannot be read first_seq=%lld error=\"%s\"",
			 (long long)block->place.first_seq, error.text);
	block->is_damaged = !rare && status < 0;
}

/* of those that are kept, or what has to be fetched */
static void find_opened(struct events_step *step, struct step_block *block)
{
	struct block_cache_key key = opened_key(step, block, false);

	block->opened = block_cache_get(step->blocks_cache, &key);
	block->lacks = STEP_LACKS_META;
	if (block->opened == NULL && events_sql_by_rare(step->filter) &&
	    !block->no_rare) {
		key.rare = true;
		block->opened = block_cache_get(step->blocks_cache, &key);
		block->lacks = STEP_LACKS_RARE;
	}
	if (block->opened != NULL)
		block->lacks = STEP_LACKS_NOTHING;
}

/* opens what can be opened; false: bytes have to be fetched first */
bool step_block_resolve(struct events_step *step, struct step_block *block)
{
	if (block->is_damaged || block->survives)
		return true; /* one that is gone survives until it is fetched */
	if (block->is_mixed && block->place.runs == NULL) {
		const struct error error = { .text = "its runs do not add up" };

		block->is_damaged = true;
		step_block_report(step, block, &error);
		return true;
	}
	if (block->is_there)
		open_bytes(step, block);
	if (block->opened == NULL && !block->is_damaged)
		find_opened(step, block);
	if (block->opened != NULL && block->opened->places != NULL &&
	    needs_meta(step, block->opened)) {
		step_block_close(step, block);
		block->no_rare = true;
		find_opened(step, block);
	}
	return block->lacks == STEP_LACKS_NOTHING;
}
