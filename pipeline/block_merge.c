/* block_merge.c - reads blocks event by event and builds one of all */
#include "pipeline/block_merge.h"

#include "pipeline/block_extract.h"

static struct block_event emptied(const struct block_event *event)
{
	return (struct block_event){
		.timestamp_us = TIMESTAMP_NONE,
		.observed_timestamp_us = event->observed_timestamp_us,
		.raw = SLICE(""),
		.extra = SLICE(""),
	};
}

static int add_events(struct block_builder *builder, struct block_reader *reader,
		      const struct block_stored *source, struct error *error)
{
	for (uint32_t i = 0; i < block_reader_count(reader); i++) {
		struct block_event event = { 0 };

		block_reader_columns(reader, i, &event);
		if (block_reader_raw(reader, source->body, i, &event, error) < 0)
			return -1;
		if (source->stays != NULL && !source->stays[i])
			event = emptied(&event);
		if (!block_builder_add(builder, &event))
			return error_set(error, "more than one block holds");
	}
	return 0;
}

static int add_block(struct block_builder *builder, const struct block_stored *source,
		     struct error *error)
{
	struct block_reader *reader = NULL;
	int status = block_reader_open(source->meta, &reader, error);

	if (status == 0)
		status = add_events(builder, reader, source, error);
	block_reader_free(&reader);
	return status;
}

int block_merge(const struct block_stored *sources, size_t count, int zstd_level,
		struct block_encoded *out, struct error *error)
{
	struct block_builder *builder = block_builder_new(zstd_level);
	struct block_extractor *extractor = block_extractor_new();
	int status = 0;

	for (size_t i = 0; status == 0 && i < count; i++)
		status = add_block(builder, &sources[i], error);
	if (status == 0 && block_builder_count(builder) > 0)
		block_extractor_seal(extractor, builder, out);
	else if (status == 0)
		status = error_set(error, "nothing to merge");
	block_extractor_free(&extractor);
	block_builder_free(&builder);
	return status;
}
