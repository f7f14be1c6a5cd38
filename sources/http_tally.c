/* http_tally.c - rows of sums, each with a ring of the last minute's */
#include "sources/http_tally.h"

#include <assert.h>

#include "base/mem.h"
#include "base/table.h"

#define STEP_US INT64_C(5000000)
#define STEPS 12

struct row {
	int64_t project_id; /* 0: free */
	enum http_way way;
	struct http_sums total;
	struct http_sums steps[STEPS];
	int64_t step; /* the newest, since the clock's beginning */
};

struct http_tally {
	struct row rows[HTTP_TALLY_ROWS];
	size_t count;
	struct table by_project;   /* project and way -> row */
	struct table by_ingestion; /* ingestion -> row */
};

struct http_tally *http_tally_new(void)
{
	return mem_calloc(1, sizeof(struct http_tally));
}

void http_tally_free(struct http_tally **tally)
{
	if (*tally == NULL)
		return;
	table_deinit(&(*tally)->by_project);
	table_deinit(&(*tally)->by_ingestion);
	mem_free(*tally);
	*tally = NULL;
}

const char *http_way_name(enum http_way way)
{
	return way == HTTP_WAY_PUSH ? "push" : "upload";
}

static uint64_t key_of(int64_t project_id, enum http_way way)
{
	return (uint64_t)project_id * HTTP_WAYS + way;
}

/* makes the steps between the newest and this one empty */
static struct http_sums *step_at(struct row *row, int64_t now_us)
{
	int64_t step = now_us / STEP_US;
	int64_t missing = step - row->step;

	for (int64_t i = 0; i < missing && i < STEPS; i++)
		row->steps[(step - i) % STEPS] = (struct http_sums){ 0 };
	if (missing > 0)
		row->step = step;
	return &row->steps[row->step % STEPS];
}

static size_t most_silent(const struct http_tally *tally)
{
	size_t best = 0;

	for (size_t i = 1; i < tally->count; i++) {
		if (tally->rows[i].step < tally->rows[best].step)
			best = i;
	}
	return best;
}

static size_t row_place(struct http_tally *tally, int64_t project_id, enum http_way way)
{
	uint64_t key = key_of(project_id, way);
	const uint64_t *known = table_get(&tally->by_project, key);
	size_t place = tally->count;

	assert(project_id > 0);
	if (known != NULL)
		return (size_t)*known;
	if (tally->count < HTTP_TALLY_ROWS) {
		tally->count++;
	} else {
		const struct row *old = NULL;

		place = most_silent(tally);
		old = &tally->rows[place];
		(void)table_remove(&tally->by_project,
				   key_of(old->project_id, old->way)); /* was in */
		/* some of them lead to it */
		table_clear(&tally->by_ingestion);
	}
	tally->rows[place] = (struct row){ .project_id = project_id, .way = way };
	*table_put(&tally->by_project, key, NULL) = place;
	return place;
}

void http_tally_receive(struct http_tally *tally, const struct http_origin *origin,
			uint64_t bytes, uint64_t records, int64_t now_us)
{
	size_t place = row_place(tally, origin->project_id, origin->way);
	struct row *row = &tally->rows[place];
	struct http_sums *step = step_at(row, now_us);

	row->total.received_bytes += bytes;
	row->total.received_records += records;
	step->received_bytes += bytes;
	step->received_records += records;
	if (origin->ingestion_id == 0)
		return;
	if (tally->by_ingestion.count >= HTTP_TALLY_INGESTIONS)
		table_clear(&tally->by_ingestion);
	*table_put(&tally->by_ingestion, (uint64_t)origin->ingestion_id, NULL) = place;
}

void http_tally_fail(struct http_tally *tally, const struct http_origin *origin,
		     int64_t now_us)
{
	struct row *row =
		&tally->rows[row_place(tally, origin->project_id, origin->way)];

	row->total.errors++;
	step_at(row, now_us)->errors++;
}

void http_tally_store(struct http_tally *tally, int64_t ingestion_id, uint64_t records,
		      int64_t now_us)
{
	const uint64_t *place = table_get(&tally->by_ingestion, (uint64_t)ingestion_id);

	if (place == NULL)
		return;
	tally->rows[*place].total.stored_records += records;
	step_at(&tally->rows[*place], now_us)->stored_records += records;
}

struct http_counts http_tally_read(const struct http_tally *tally, int64_t project_id,
				   enum http_way way, int64_t now_us)
{
	const uint64_t *place = table_get(&tally->by_project, key_of(project_id, way));
	const struct row *row = place == NULL ? NULL : &tally->rows[*place];
	struct http_counts counts = { 0 };

	if (row == NULL)
		return counts;
	counts.total = row->total;
	for (int64_t i = 0; i < STEPS; i++) {
		int64_t step = row->step - i;
		const struct http_sums *sums = &row->steps[step % STEPS];

		if (step < 0 || step <= now_us / STEP_US - STEPS)
			break;
		counts.minute.received_bytes += sums->received_bytes;
		counts.minute.received_records += sums->received_records;
		counts.minute.stored_records += sums->stored_records;
		counts.minute.errors += sums->errors;
	}
	return counts;
}
