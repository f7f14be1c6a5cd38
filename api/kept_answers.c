/* kept_answers.c - answers of reads, kept until something is committed */
#include "api/kept_answers.h"

#include <inttypes.h>
#include <string.h>

#include "api/context.h"
#include "api/db.h"
#include "api/http_conn.h"
#include "base/clock.h"
#include "base/hash64.h"
#include "base/mem.h"
#include "base/table.h"

/* of bytes_max */
#define ANSWER_SHARE 8

/* Ids are given out anew behind a restore of the database or when a standby has taken
 * over: then the server has another start. Behind a crash they are not, as no commit is
 * seen before it is on disk. */
static const char snapshot_sql[] =
	"SELECT pg_postmaster_start_time() || ' ' || pg_current_snapshot()";

struct answer {
	struct answer *newer, *older; /* by when it was last asked for */
	uint64_t hash;
	int64_t until_us;
	size_t question_len;
	size_t answer_len;
	char bytes[]; /* question, answer */
};

_Static_assert(sizeof(struct answer *) == sizeof(uint64_t),
	       "a table's value holds an answer's address");

struct kept_answers {
	uint64_t seed;
	size_t bytes_max;
	struct buf snapshot;  /* that all answers are of */
	uint64_t seen;        /* counts snapshots */
	struct table answers; /* hash of the question -> the answer's address */
	struct answer *newest, *oldest;
	size_t bytes;
	uint64_t hits;
	uint64_t misses;
	uint64_t evicted; /* to make room, not by a commit */
};

/* of a request that has asked; in its arena */
struct kept_question {
	route_handler_fn *make;
	struct slice text;
	uint64_t seen;
	int64_t asked_us;
	int64_t until_us;
};

struct kept_answers *kept_answers_new(size_t bytes_max, uint64_t seed)
{
	struct kept_answers *kept = mem_calloc(1, sizeof(*kept));

	kept->bytes_max = bytes_max;
	kept->seed = seed;
	return kept;
}

static void unlink_answer(struct kept_answers *kept, struct answer *answer)
{
	if (answer->newer != NULL)
		answer->newer->older = answer->older;
	else
		kept->newest = answer->older;
	if (answer->older != NULL)
		answer->older->newer = answer->newer;
	else
		kept->oldest = answer->newer;
}

static void link_newest(struct kept_answers *kept, struct answer *answer)
{
	answer->newer = NULL;
	answer->older = kept->newest;
	if (kept->newest != NULL)
		kept->newest->newer = answer;
	else
		kept->oldest = answer;
	kept->newest = answer;
}

static size_t size_of(const struct answer *answer)
{
	return sizeof(*answer) + answer->question_len + answer->answer_len;
}

static void forget(struct kept_answers *kept, struct answer *answer)
{
	(void)table_remove(&kept->answers, answer->hash); /* it is there */
	unlink_answer(kept, answer);
	kept->bytes -= size_of(answer);
	mem_free(answer);
}

static void forget_all(struct kept_answers *kept)
{
	while (kept->oldest != NULL)
		forget(kept, kept->oldest);
}

void kept_answers_free(struct kept_answers **kept_ptr)
{
	struct kept_answers *kept = *kept_ptr;

	if (kept == NULL)
		return;
	forget_all(kept);
	table_deinit(&kept->answers);
	buf_deinit(&kept->snapshot);
	mem_free(kept);
	*kept_ptr = NULL;
}

uint64_t kept_answers_see(struct kept_answers *kept, struct slice snapshot)
{
	if (kept->seen > 0 && slice_equal(buf_slice(&kept->snapshot), snapshot))
		return kept->seen;
	forget_all(kept);
	buf_clear(&kept->snapshot);
	buf_append_slice(&kept->snapshot, snapshot);
	return ++kept->seen;
}

static struct answer *answer_at(const struct kept_answers *kept, uint64_t hash)
{
	const uint64_t *place = table_get(&kept->answers, hash);
	struct answer *answer = NULL;

	/* the table keeps the pointer itself */
	if (place != NULL) /* NOLINTNEXTLINE(bugprone-sizeof-expression) */
		memcpy(&answer, place, sizeof(answer));
	return answer;
}

struct slice kept_answers_find(struct kept_answers *kept, struct slice question,
			       int64_t now_us)
{
	struct answer *answer = answer_at(kept, hash64(question, kept->seed));

	if (answer == NULL || now_us >= answer->until_us ||
	    !slice_equal(slice_of(answer->bytes, answer->question_len), question)) {
		kept->misses++;
		return (struct slice){ 0 };
	}
	kept->hits++;
	unlink_answer(kept, answer);
	link_newest(kept, answer);
	return slice_of(answer->bytes + answer->question_len, answer->answer_len);
}

static struct answer *answer_new(uint64_t hash, struct slice question,
				 struct slice text, int64_t until_us)
{
	struct answer *answer = mem_alloc(sizeof(*answer) + question.len + text.len);

	*answer = (struct answer){ .hash = hash,
				   .until_us = until_us,
				   .question_len = question.len,
				   .answer_len = text.len };
	memcpy(answer->bytes, question.ptr, question.len);
	memcpy(answer->bytes + question.len, text.ptr, text.len);
	return answer;
}

void kept_answers_put(struct kept_answers *kept, uint64_t seen, struct slice question,
		      struct slice text, int64_t until_us)
{
	uint64_t hash = hash64(question, kept->seed);
	struct answer *answer = answer_at(kept, hash);

	if (seen != kept->seen ||
	    question.len + text.len > kept->bytes_max / ANSWER_SHARE)
		return;
	/* no longer good, or another question of the same hash */
	if (answer != NULL)
		forget(kept, answer);
	answer = answer_new(hash, question, text, until_us);
	/* NOLINTNEXTLINE(bugprone-sizeof-expression) */
	memcpy(table_put(&kept->answers, hash, NULL), &answer, sizeof(answer));
	link_newest(kept, answer);
	kept->bytes += size_of(answer);
	while (kept->bytes > kept->bytes_max) {
		forget(kept, kept->oldest);
		kept->evicted++;
	}
}

static void on_snapshot(struct request *request, const struct pg_rows *rows)
{
	struct kept_answers *kept = request->api->kept_answers;
	struct kept_question *question = request->kept;
	struct slice text = { 0 };

	question->seen = kept_answers_see(kept, pg_rows_slice(rows, 0, 0));
	text = kept_answers_find(kept, question->text, clock_monotonic_us());
	if (text.ptr == NULL) {
		question->make(request);
		return;
	}
	buf_append_slice(&request->out, text);
	request_reply_json(request, 200);
}

static struct slice question_of(struct request *request)
{
	const struct http_head *head = http_conn_head(request->conn);
	struct buf text = { 0 };
	struct slice out = { 0 };

	buf_append_slice(&text, head->path);
	buf_append_char(&text, '?');
	buf_append_slice(&text, head->query);
	out = arena_dup(&request->arena, buf_slice(&text));
	buf_deinit(&text);
	return out;
}

void kept_answers_ask(struct request *request, route_handler_fn *make)
{
	struct db_call call = { .sql = snapshot_sql,
				.done = on_snapshot,
				.is_nobodys = true };

	if (request->api->kept_answers->bytes_max == 0) {
		make(request);
		return;
	}
	request->kept = request_alloc(request, sizeof(*request->kept));
	*request->kept = (struct kept_question){ .make = make,
						 .text = question_of(request),
						 .asked_us = clock_monotonic_us(),
						 .until_us = INT64_MAX };
	db_run(request, &call);
}

void kept_answers_limit(struct request *request, int64_t good_us)
{
	struct kept_question *question = request->kept;

	if (question != NULL && good_us < INT64_MAX - question->asked_us)
		question->until_us = question->asked_us + good_us;
}

void kept_answers_reply(struct request *request)
{
	const struct kept_question *question = request->kept;

	if (question != NULL && question->until_us > question->asked_us)
		kept_answers_put(request->api->kept_answers, question->seen,
				 question->text, buf_slice(&request->out),
				 question->until_us);
	request_reply_json(request, 200);
}

void kept_answers_write_metrics(const struct kept_answers *kept, struct buf *out)
{
	buf_printf(out,
		   "# TYPE siftd_kept_answers_bytes gauge\n"
		   "siftd_kept_answers_bytes %zu\n"
		   "# TYPE siftd_kept_answers_hits_total counter\n"
		   "siftd_kept_answers_hits_total %" PRIu64 "\n"
		   "# TYPE siftd_kept_answers_misses_total counter\n"
		   "siftd_kept_answers_misses_total %" PRIu64 "\n"
		   "# TYPE siftd_kept_answers_evicted_total counter\n"
		   "siftd_kept_answers_evicted_total %" PRIu64 "\n",
		   kept->bytes, kept->hits, kept->misses, kept->evicted);
}
