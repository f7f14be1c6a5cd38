/* tail_fixture.h - a file_tail source on a folder of its own, and lanes that keep its
 * bytes
 *
 * Threads: the test's; the lanes are filled by the source's thread, so they are looked
 * at through the functions only, which take their mutex. Owner: tail_fixture_teardown
 * frees all of it. Limits: TAIL_STREAMS_MAX streams.
 */
#ifndef SIFTD_TESTS_UNIT_TAIL_FIXTURE_H
#define SIFTD_TESTS_UNIT_TAIL_FIXTURE_H

#include <pthread.h>
#include <stdbool.h>

#include "base/buf.h"
#include "sources/file_tail.h"
#include "tests/unit/temp_folder.h"

#define TAIL_STREAMS_MAX 64
#define TAIL_WAIT_MS 5000

struct tail_seen {
	uint64_t id;
	char *name;
	char *detail;
	struct position begin;
	struct position end;
	struct buf bytes;
	bool last;
};

/* plays the lanes: keeps what each stream gave */
struct tail_lanes {
	pthread_mutex_t mutex;
	struct tail_seen streams[TAIL_STREAMS_MAX];
	size_t count;
	char order[TAIL_STREAMS_MAX * 64]; /* first byte of each chunk, in order */
	size_t chunks;
	bool broken; /* a chunk that does not follow its stream's last one */
};

struct tail_fixture {
	char folder[TEMP_FOLDER_MAX];
	char pattern[96];
	const char *globs[1];
	struct file_tail_config config;
	struct tail_lanes lanes;
	struct source *source;
};

/* of cmocka; a source with the pattern "*.log", not started */
int tail_fixture_setup(void **state);
int tail_fixture_teardown(void **state);
/* positions: NULL when there are none */
void tail_fixture_start(struct tail_fixture *fixture,
			const struct stored_positions *positions);
void tail_fixture_stop(struct tail_fixture *fixture);
/* stops, and gives what a database would have stored of the first stream; the lanes are
 * empty afterwards */
void tail_fixture_stop_and_store(struct tail_fixture *fixture,
				 struct stored_position *stored,
				 struct stored_positions *positions);
void tail_fixture_free_stored(struct stored_position *stored);

void tail_fixture_path(const struct tail_fixture *fixture, const char *name, char *out);
void tail_fixture_write(const struct tail_fixture *fixture, const char *name,
			const char *text, const char *mode);
void tail_fixture_rename(const struct tail_fixture *fixture, const char *from,
			 const char *to);

size_t tail_lanes_count(struct tail_lanes *lanes);
/* did a chunk not follow the one before it in its stream? */
bool tail_lanes_broken(struct tail_lanes *lanes);
/* a copy; its strings stay until the lanes are cleared, its bytes change */
struct tail_seen tail_lanes_stream(struct tail_lanes *lanes, size_t index);
/* within a while the stream has given that text, and ended if last */
bool tail_lanes_give(struct tail_lanes *lanes, size_t index, const char *text,
		     bool last);

#endif
