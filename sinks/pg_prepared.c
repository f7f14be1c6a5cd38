/* pg_prepared.c - names of statements by their text
 *
 * What libpq was given since the last pipeline sync stands in `steps`, so that each
 * result says of which statement it is. Names are numbers that are never used again: a
 * statement whose state is in doubt is forgotten, and its name with it.
 */
#include "sinks/pg_prepared.h"

#include <assert.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/hash64.h"
#include "base/mem.h"

/* DEALLOCATE, preparation and execution of two statements */
#define STEPS_MAX 6
#define NAME_BYTES 32

struct known {
	char *sql;
	uint64_t hash;
	uint64_t number; /* of its name */
	uint64_t used;   /* when, in statements sent */
};

enum step_kind { STEP_OTHER, STEP_PREPARE };

struct step {
	enum step_kind kind;
	uint64_t number;
};

struct pg_prepared {
	struct known known[PG_PREPARED_MAX];
	size_t count;
	uint64_t last_number;
	uint64_t clock;
	struct step steps[STEPS_MAX];
	size_t steps_count;
	size_t steps_done;
};

struct pg_prepared *pg_prepared_new(void)
{
	return mem_calloc(1, sizeof(struct pg_prepared));
}

void pg_prepared_forget(struct pg_prepared *prepared)
{
	for (size_t i = 0; i < prepared->count; i++)
		mem_free(prepared->known[i].sql);
	prepared->count = 0;
	prepared->steps_count = 0;
	prepared->steps_done = 0;
}

void pg_prepared_free(struct pg_prepared **prepared_ptr)
{
	struct pg_prepared *prepared = *prepared_ptr;

	if (prepared == NULL)
		return;
	pg_prepared_forget(prepared);
	mem_free(prepared);
	*prepared_ptr = NULL;
}

static void name_of(uint64_t number, char name[NAME_BYTES])
{
	(void)snprintf(name, NAME_BYTES, "siftd_%" PRIu64, number); /* fits */
}

static struct known *find(struct pg_prepared *prepared, const char *sql, uint64_t hash)
{
	for (size_t i = 0; i < prepared->count; i++) {
		struct known *known = &prepared->known[i];

		if (known->hash == hash && strcmp(known->sql, sql) == 0)
			return known;
	}
	return NULL;
}

static void remove_known(struct pg_prepared *prepared, size_t index)
{
	mem_free(prepared->known[index].sql);
	prepared->known[index] = prepared->known[--prepared->count];
}

static void add_step(struct pg_prepared *prepared, enum step_kind kind, uint64_t number,
		     unsigned *sent)
{
	assert(prepared->steps_count < STEPS_MAX);
	prepared->steps[prepared->steps_count++] = (struct step){ kind, number };
	(*sent)++;
}

static bool make_room(struct pg_prepared *prepared, PGconn *pq, unsigned *sent)
{
	char sql[NAME_BYTES + 16];
	char name[NAME_BYTES];
	size_t oldest = 0;

	if (prepared->count < PG_PREPARED_MAX)
		return true;
	for (size_t i = 1; i < prepared->count; i++) {
		if (prepared->known[i].used < prepared->known[oldest].used)
			oldest = i;
	}
	name_of(prepared->known[oldest].number, name);
	(void)snprintf(sql, sizeof(sql), "DEALLOCATE %s", name); /* fits */
	remove_known(prepared, oldest);
	add_step(prepared, STEP_OTHER, 0, sent);
	return PQsendQueryParams(pq, sql, 0, NULL, NULL, NULL, NULL, 0) == 1;
}

static bool prepare(struct pg_prepared *prepared, PGconn *pq, const char *sql,
		    uint64_t hash, unsigned *sent)
{
	char name[NAME_BYTES];

	if (!make_room(prepared, pq, sent))
		return false;
	prepared->known[prepared->count++] = (struct known){
		.sql = mem_strdup(sql), .hash = hash, .number = ++prepared->last_number
	};
	add_step(prepared, STEP_PREPARE, prepared->last_number, sent);
	name_of(prepared->last_number, name);
	return PQsendPrepare(pq, name, sql, 0, NULL) == 1;
}

bool pg_prepared_send(struct pg_prepared *prepared, PGconn *pq,
		      const struct pg_sending *sending, unsigned *sent)
{
	uint64_t hash = hash64(slice_str(sending->sql), 0);
	struct known *known = find(prepared, sending->sql, hash);
	char name[NAME_BYTES];

	if (prepared->steps_done == prepared->steps_count) {
		prepared->steps_done = 0;
		prepared->steps_count = 0;
	}
	if (known == NULL) {
		if (!prepare(prepared, pq, sending->sql, hash, sent))
			return false;
		known = &prepared->known[prepared->count - 1];
	}
	known->used = ++prepared->clock;
	name_of(known->number, name);
	add_step(prepared, STEP_OTHER, 0, sent);
	return PQsendQueryPrepared(pq, name, sending->params_count, sending->values,
				   sending->lengths, sending->formats,
				   sending->binary ? 1 : 0) == 1;
}

void pg_prepared_result(struct pg_prepared *prepared, bool ok)
{
	const struct step *step = NULL;

	/* behind an error of the commit itself there is one more than was sent */
	if (prepared->steps_done == prepared->steps_count)
		return;
	step = &prepared->steps[prepared->steps_done++];
	if (ok || step->kind != STEP_PREPARE)
		return;
	for (size_t i = 0; i < prepared->count; i++) {
		if (prepared->known[i].number == step->number) {
			remove_known(prepared, i);
			return;
		}
	}
}
