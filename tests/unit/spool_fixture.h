/* spool_fixture.h - a spool in a folder of its own, and lanes that keep what it gives
 *
 * Threads: the test's; the lanes are filled by the spool's readers, under their mutex.
 * Owner: spool_fixture_teardown frees all of it. Limits: SPOOL_ITEMS_MAX items.
 */
#ifndef SIFTD_TESTS_UNIT_SPOOL_FIXTURE_H
#define SIFTD_TESTS_UNIT_SPOOL_FIXTURE_H

#include <pthread.h>
#include <stdbool.h>
#include <sys/types.h>

#include "sources/spool.h"
#include "tests/unit/temp_folder.h"

#define SPOOL_WAIT_MS 5000
#define SPOOL_ITEMS_MAX 4096
#define SPOOL_FIRST_SEGMENT "00000000000000000000.seg"

struct spool_seen_item {
	struct chunk_item item;
	char *bytes;
};

/* plays the lanes: keeps the items of all partitions, in order of arrival */
struct spool_lanes {
	pthread_mutex_t mutex;
	struct spool_seen_item items[SPOOL_ITEMS_MAX];
	size_t count;
	uint64_t skipped;
	uint64_t stream; /* of the last chunk */
	struct position begin;
	char name[64];
	bool broken; /* positions that do not follow each other */
};

struct spool_fixture {
	char folder[TEMP_FOLDER_MAX];
	struct spool_config config;
	struct event_base *base;
	struct spool *spool;
	struct spool_lanes lanes;
	struct stored_position stored;
	size_t done;
	size_t failed;
	size_t rooms;
};

/* of cmocka; one partition, appends synced at once */
int spool_fixture_setup(void **state);
int spool_fixture_teardown(void **state);
/* reads from the position stored in the fixture, if one is */
void spool_fixture_open(struct spool_fixture *fixture, bool reading);
void spool_fixture_store(struct spool_fixture *fixture, struct position position);
/* counts in fixture->done and fixture->failed */
void spool_fixture_on_done(void *context, const struct error *error);
/* turns the loop until so many appends are done, none of them failed */
void spool_fixture_wait(struct spool_fixture *fixture, size_t done);
struct spool_entry spool_fixture_entry(const char *text);
/* one whole record, durable when it returns */
void spool_fixture_append(struct spool_fixture *fixture, const char *text);
/* the path of a file of the first partition */
void spool_fixture_file(const struct spool_fixture *fixture, const char *name,
			char out[128]);
/* -1 when it is not there */
off_t spool_fixture_size(const struct spool_fixture *fixture, const char *name);

void spool_lanes_clear(struct spool_lanes *lanes);
/* within a while exactly so many items are there, each where the one before ended */
bool spool_lanes_have(struct spool_lanes *lanes, size_t count);

#endif
