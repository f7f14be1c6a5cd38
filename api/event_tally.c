/* event_tally.c - counting what a scan found */
#include "api/event_tally.h"

#include "base/hash64.h"
#include "base/mem.h"

static void names_deinit(struct tally_names *names)
{
	table_deinit(&names->places);
	mem_free(names->names);
	mem_free(names->counts);
}

void event_tally_deinit(struct event_tally *tally)
{
	arena_deinit(&tally->arena);
	table_deinit(&tally->buckets);
	names_deinit(&tally->services);
	names_deinit(&tally->hosts);
	table_deinit(&tally->templates);
	*tally = (struct event_tally){ 0 };
}

int64_t event_tally_bucket(int64_t time_us, int64_t width_us)
{
	int64_t bucket = time_us / width_us;

	return time_us < 0 && time_us % width_us != 0 ? bucket - 1 : bucket;
}

static bool same_name(struct slice a, struct slice b)
{
	if (a.ptr == NULL || b.ptr == NULL)
		return a.ptr == b.ptr;
	return slice_equal(a, b);
}

/* two names of one hash take neighbouring keys */
static uint64_t *place_of(struct tally_names *names, struct slice name, bool *added)
{
	uint64_t key = name.ptr == NULL ? 1 : hash64(name, 0);

	for (;; key++) {
		uint64_t *place = table_get(&names->places, key);

		*added = place == NULL;
		if (place == NULL)
			return names->count == TALLY_NAMES_MAX
				       ? NULL
				       : table_put(&names->places, key, NULL);
		if (same_name(names->names[*place - 1], name))
			return place;
	}
}

static void add_name(struct tally_names *names, struct arena *arena, struct slice name)
{
	bool added = false;
	uint64_t *place = place_of(names, name, &added);

	if (place == NULL) {
		names->others++;
		return;
	}
	if (added) {
		mem_grow(&names->names, &names->names_capacity, names->count,
			 sizeof(*names->names));
		mem_grow(&names->counts, &names->counts_capacity, names->count,
			 sizeof(*names->counts));
		names->names[names->count] =
			name.ptr == NULL ? name : arena_dup(arena, name);
		names->counts[names->count] = 0;
		*place = ++names->count;
	}
	names->counts[*place - 1]++;
}

void event_tally_add(struct event_tally *tally, const struct block_event *event)
{
	int64_t time_us = event->timestamp_us == TIMESTAMP_NONE
				  ? event->observed_timestamp_us
				  : event->timestamp_us;

	tally->total++;
	tally->levels[event->severity]++;
	if (tally->width_us > 0) {
		int64_t bucket = event_tally_bucket(time_us, tally->width_us);

		(*table_put(&tally->buckets,
			    (uint64_t)bucket * SEVERITY_COUNT + event->severity,
			    NULL))++;
		return;
	}
	add_name(&tally->services, &tally->arena, event->service_name);
	add_name(&tally->hosts, &tally->arena, event->host_name);
	(*table_put(&tally->templates, event->template_key, NULL))++;
}
