/* fuzz_parse.c - any bytes as one record: every field lies where it can be read, and
 * the parse is the same each time */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/hash64.h"
#include "pipeline/front.h"

#define NOW_US INT64_C(1770000000000000)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* reads every byte of every field */
static uint64_t hash_record(const struct record *record)
{
	uint64_t hash = hash64(record->body, 1);

	hash = hash64_mix(hash, hash64(record->raw, 2));
	hash = hash64_mix(hash, hash64(record->service_name, 3));
	hash = hash64_mix(hash, hash64(record->host_name, 4));
	hash = hash64_mix(hash, hash64(record->severity_text, 5));
	hash = hash64_mix(hash, (uint64_t)record->timestamp_us);
	for (size_t i = 0; i < record->attributes_count; i++) {
		hash = hash64_mix(hash, hash64(record->attributes[i].key, 6));
		hash = hash64_mix(hash, hash64(record->attributes[i].value, 7));
	}
	return hash;
}

static uint64_t parse_once(struct slice raw)
{
	const struct front_config config = { .zone_offset_s = 3600 };
	struct arena scratch = { 0 };
	struct record record;

	parse_record(raw, &config, NOW_US, &scratch, &record);

	uint64_t hash = hash_record(&record);

	arena_deinit(&scratch);
	return hash;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* a copy of the exact size, so that reading past its end is caught */
	char *copy = malloc(size == 0 ? 1 : size);

	if (copy == NULL)
		return 0;
	memcpy(copy, data, size);

	struct slice raw = slice_of(copy, size);

	if (parse_once(raw) != parse_once(raw))
		abort();
	free(copy);
	return 0;
}
