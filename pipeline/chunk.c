/* chunk.c - making and freeing chunks */
#include "pipeline/chunk.h"

#include <stdatomic.h>

#include "base/mem.h"

struct chunk *chunk_new(uint64_t stream, size_t data_capacity)
{
	struct chunk *chunk = mem_calloc(1, sizeof(*chunk));

	chunk->stream = stream;
	chunk->data = mem_alloc(data_capacity);
	return chunk;
}

void chunk_free(struct chunk **chunk)
{
	if (*chunk == NULL)
		return;
	stream_info_free(&(*chunk)->open);
	mem_free((*chunk)->detail);
	mem_free((*chunk)->data);
	mem_free((*chunk)->items);
	mem_free(*chunk);
	*chunk = NULL;
}

struct chunk_item *chunk_add_item(struct chunk *chunk)
{
	struct chunk_item *item = NULL;

	mem_grow(&chunk->items, &chunk->items_capacity, chunk->items_count,
		 sizeof(*chunk->items));
	item = &chunk->items[chunk->items_count++];
	*item = (struct chunk_item){ 0 };
	return item;
}

size_t chunk_weight(const struct chunk *chunk)
{
	return sizeof(*chunk) + chunk->data_len +
	       chunk->items_count * sizeof(*chunk->items);
}

/* they are stored, in the ledger and in the spool: a name is never changed */
static const char *const drop_names[DROP_REASONS] = {
	[DROP_TOMBSTONE] = "tombstone",
	[DROP_EXPIRED] = "expired",
	[DROP_TOO_LARGE] = "too_large",
	[DROP_UNREADABLE] = "unreadable",
	[DROP_UNKNOWN_PROJECT] = "unknown_project",
	[DROP_KERNEL] = "kernel",
	[DROP_DUPLICATE] = "duplicate",
};

const char *drop_reason_name(enum drop_reason reason)
{
	return drop_names[reason];
}

enum drop_reason drop_reason_named(struct slice name)
{
	unsigned reason = 0;

	while (reason < DROP_REASONS &&
	       !slice_equal(name, slice_str(drop_names[reason])))
		reason++;
	return (enum drop_reason)reason;
}

struct stream_info *stream_info_new(const char *host_id, const char *source,
				    const char *stream, const char *detail)
{
	struct stream_info *info = mem_calloc(1, sizeof(*info));

	info->host_id = mem_strdup(host_id);
	info->source = mem_strdup(source);
	info->stream = mem_strdup(stream);
	info->detail = mem_strdup(detail);
	return info;
}

void stream_info_free(struct stream_info **info)
{
	if (*info == NULL)
		return;
	mem_free((*info)->host_id);
	mem_free((*info)->source);
	mem_free((*info)->stream);
	mem_free((*info)->detail);
	mem_free(*info);
	*info = NULL;
}

uint64_t stream_next_id(void)
{
	static atomic_uint_fast64_t next;

	return atomic_fetch_add(&next, 1) + 1;
}
