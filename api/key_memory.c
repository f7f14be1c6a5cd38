/* key_memory.c - two tables of answers, each with the time when it was given */
#include "api/key_memory.h"

#include <inttypes.h>
#include <time.h>

#include "api/token.h"
#include "base/hash64.h"
#include "base/mem.h"
#include "base/table.h"

#define US_PER_S INT64_C(1000000)

struct key_answer {
	unsigned char token_hash[TOKEN_HASH_BYTES];
	struct known_key key; /* its name lies beside it */
	char name[KEY_MEMORY_NAME_MAX];
	int64_t given_us;
};

struct place_answer {
	int64_t project_id;
	int64_t ingestion_id;
	char name[KEY_MEMORY_NAME_MAX];
	size_t name_len;
	int64_t given_us;
};

struct key_memory {
	struct key_answer keys[KEY_MEMORY_KEYS];
	struct table keys_index; /* the token hash's first bytes -> place */
	struct place_answer places[KEY_MEMORY_PLACES];
	struct table places_index; /* hash of project and name -> place */
	uint64_t fresh;            /* answers without a query */
	uint64_t away;             /* since the database was away */
};

struct key_memory *key_memory_new(void)
{
	return mem_calloc(1, sizeof(struct key_memory));
}

void key_memory_free(struct key_memory **memory)
{
	if (*memory == NULL)
		return;
	table_deinit(&(*memory)->keys_index);
	table_deinit(&(*memory)->places_index);
	mem_free(*memory);
	*memory = NULL;
}

void key_memory_clear(struct key_memory *memory)
{
	table_clear(&memory->keys_index);
	table_clear(&memory->places_index);
}

void key_memory_write_metrics(const struct key_memory *memory, struct buf *out)
{
	buf_printf(
		out,
		"# HELP siftd_push_remembered_total keys and ingestions of pushes that "
		"the database was not asked for\n"
		"# TYPE siftd_push_remembered_total counter\n"
		"siftd_push_remembered_total{why=\"fresh\"} %" PRIu64 "\n"
		"siftd_push_remembered_total{why=\"away\"} %" PRIu64 "\n",
		memory->fresh, memory->away);
}

/* counts it as used */
static bool is_good(struct key_memory *memory, int64_t given_us, bool away,
		    int64_t now_us)
{
	int64_t age_us = now_us - given_us;
	bool good = age_us < US_PER_S * (away ? KEY_MEMORY_AWAY_S : KEY_MEMORY_FRESH_S);

	if (good && away)
		memory->away++;
	else if (good)
		memory->fresh++;
	return good;
}

/* finds the place; the whole hash is compared then */
static uint64_t key_key(struct slice token_hash)
{
	return hash64(token_hash, 0);
}

static uint64_t place_key(int64_t project_id, struct slice name)
{
	return hash64(name, (uint64_t)project_id);
}

/* where an answer of that key goes; when there is no room all are forgotten */
static size_t make_place(struct table *index, uint64_t key, size_t max)
{
	uint64_t *place = table_get(index, key);

	if (place != NULL)
		return (size_t)*place;
	if (index->count == max)
		table_clear(index);
	place = table_put(index, key, NULL);
	*place = index->count - 1;
	return (size_t)*place;
}

void key_memory_keep(struct key_memory *memory, struct slice token_hash,
		     const struct known_key *key, int64_t now_us)
{
	struct key_answer *answer = NULL;

	if (key->name.len > sizeof(answer->name) ||
	    token_hash.len != sizeof(answer->token_hash))
		return;
	answer = &memory->keys[make_place(&memory->keys_index, key_key(token_hash),
					  KEY_MEMORY_KEYS)];
	*answer = (struct key_answer){ .key = *key, .given_us = now_us };
	memcpy(answer->token_hash, token_hash.ptr, token_hash.len);
	if (key->name.len > 0)
		memcpy(answer->name, key->name.ptr, key->name.len);
	answer->key.name = slice_of(answer->name, key->name.len);
}

const struct known_key *key_memory_find(struct key_memory *memory,
					struct slice token_hash, bool away,
					int64_t now_us)
{
	const uint64_t *place = table_get(&memory->keys_index, key_key(token_hash));
	const struct key_answer *answer = place == NULL ? NULL : &memory->keys[*place];

	if (answer == NULL ||
	    !slice_equal(slice_of((const char *)answer->token_hash,
				  sizeof(answer->token_hash)),
			 token_hash) ||
	    (answer->key.expires_s != 0 && time(NULL) >= answer->key.expires_s) ||
	    !is_good(memory, answer->given_us, away, now_us))
		return NULL;
	return &answer->key;
}

void key_memory_keep_place(struct key_memory *memory, int64_t project_id,
			   struct slice name, int64_t ingestion_id, int64_t now_us)
{
	struct place_answer *answer = NULL;

	if (name.len > sizeof(answer->name))
		return;
	answer = &memory->places[make_place(
		&memory->places_index, place_key(project_id, name), KEY_MEMORY_PLACES)];
	*answer = (struct place_answer){ .project_id = project_id,
					 .ingestion_id = ingestion_id,
					 .name_len = name.len,
					 .given_us = now_us };
	if (name.len > 0)
		memcpy(answer->name, name.ptr, name.len);
}

int64_t key_memory_find_place(struct key_memory *memory, int64_t project_id,
			      struct slice name, bool away, int64_t now_us)
{
	const uint64_t *place =
		table_get(&memory->places_index, place_key(project_id, name));
	const struct place_answer *answer =
		place == NULL ? NULL : &memory->places[*place];

	if (answer == NULL || answer->project_id != project_id ||
	    !slice_equal(slice_of(answer->name, answer->name_len), name) ||
	    !is_good(memory, answer->given_us, away, now_us))
		return 0;
	return answer->ingestion_id;
}
