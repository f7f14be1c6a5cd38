/* test_learner.c - when templates merge, what is journaled, what survives a restart */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/compiler.h"
#include "base/table.h"
#include "pipeline/learner.h"

#define EVENTS_MAX 8192

static struct tokens tokens;
static struct learner_event events[EVENTS_MAX];

static uint64_t learn(struct learner *learner, const char *line)
{
	static struct record record;

	record = (struct record){ .body = slice_str(line), .raw = slice_str(line) };
	normalize_record(&record, &tokens);
	return learner_key(learner, normalize_fingerprint(&tokens), &tokens, &record);
}

/* the pattern with each % replaced by the next word */
static void fill(char *out, size_t size, const char *pattern, const char *const *words)
{
	size_t len = 0;

	for (; *pattern != '\0' && len + 1 < size; pattern++) {
		if (*pattern != '%') {
			out[len++] = *pattern;
			continue;
		}
		for (const char *at = *words++; *at != '\0' && len + 1 < size; at++)
			out[len++] = *at;
	}
	out[len] = '\0';
}

static struct learner *new_learner(size_t templates_max)
{
	struct learner_config config = { .templates_max = templates_max };

	return learner_new(&config);
}

static void test_keys_stay_and_roots_move(void **state)
{
	struct learner *learner = new_learner(0);
	struct buf text = { 0 };
	uint64_t alpha = learn(learner, "service alpha is ready");
	uint64_t beta = learn(learner, "service beta is ready");
	uint64_t general = 0;

	(void)state;
	assert_true(learner_root(learner, beta) == beta);
	(void)learn(learner, "service gamma is ready");
	(void)learn(learner, "service delta is ready");
	(void)learn(learner, "service omega is ready");
	/* the oldest survives, and keys given out keep their value */
	assert_true(learner_root(learner, beta) == alpha);
	assert_true(learn(learner, "service beta is ready") == beta);
	general = learn(learner, "service sigma is ready");
	assert_true(learn(learner, "service kappa is ready") == general);
	assert_true(learner_root(learner, general) == alpha);
	assert_true(learner_text(learner, general, &text));
	assert_true(slice_equal(buf_slice(&text), SLICE("service <*> is ready")));
	buf_clear(&text);
	assert_true(learner_text(learner, alpha, &text));
	assert_true(slice_equal(buf_slice(&text), SLICE("service alpha is ready")));
	buf_clear(&text);
	assert_true(learner_group_text(learner, alpha, TEMPLATE_STARS, &text));
	assert_true(slice_equal(buf_slice(&text), SLICE("service <*> is ready")));
	assert_false(learner_text(learner, 12345, &text));
	buf_deinit(&text);
	learner_free(&learner);
}

static void test_variables_of_a_generalised_template(void **state)
{
	static const char *const names[] = { "ann", "bob", "cid", "dan" };
	struct learner *learner = new_learner(0);
	uint64_t wild[WILD_WORDS];
	struct variable found[4];
	uint64_t key = 0;
	char line[64];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		(void)snprintf(line, sizeof(line), "user %s failed from 10.0.0.%zu",
			       names[i], i);
		key = learn(learner, line);
	}
	assert_true(learner_wild(learner, key, &tokens, wild));
	assert_int_equal(normalize_variables(&tokens, wild, found, 4), 2);
	assert_true(slice_equal(found[0].value, SLICE("dan")));
	assert_true(slice_equal(found[1].value, SLICE("10.0.0.3")));
	learner_free(&learner);
}

static void test_journal(void **state)
{
	struct learner *learner = new_learner(0);
	struct arena arena = { 0 };
	uint64_t first = learn(learner, "lost worker-a1234 of pool");
	uint64_t second = learn(learner, "lost worker-b1234 of pool");

	(void)state;
	assert_int_equal(learner_events(learner, 0, &arena, events, EVENTS_MAX), 5);
	assert_int_equal(events[0].type, LEARNER_TEMPLATE);
	assert_true(events[0].key == first);
	assert_true(slice_equal(events[0].sample, SLICE("lost worker-a1234 of pool")));
	assert_true(events[1].key == second);
	assert_true(events[2].generalised);
	assert_true(events[2].reason.len > 0);
	assert_int_equal(events[3].type, LEARNER_MERGE);
	assert_true(events[3].key == first);
	assert_true(events[4].key == first);
	/* numbered from 1, re-read until trimmed */
	assert_int_equal(learner_events(learner, 3, &arena, events, EVENTS_MAX), 2);
	assert_int_equal(events[0].number, 4);
	assert_int_equal(events[1].number, 5);
	learner_trim(learner, 3);
	assert_int_equal(learner_events(learner, 0, &arena, events, EVENTS_MAX), 2);
	assert_int_equal(learner_events(learner, 4, &arena, events, EVENTS_MAX), 1);
	assert_int_equal(events[0].number, 5);
	learner_trim(learner, 99);
	assert_int_equal(learner_events(learner, 0, &arena, events, EVENTS_MAX), 0);
	arena_deinit(&arena);
	learner_free(&learner);
}

/* a stream with merges of every kind, in a reproducible order */
static void stream_line(unsigned number, char *line, size_t size)
{
	static const char *const patterns[] = {
		"service %%% is ready",      "login of user %%% refused",
		"option mode=%%% set by me", "lookup of %.%.% has failed",
		"%%% begins this sentence",  "both % and % and % differ here",
	};
	static const char *const letters[] = { "a", "b", "c", "d", "e", "f", "g" };
	unsigned random = number * 2654435761u;
	const char *words[3];

	random ^= random >> 15;
	random *= 2246822519u;
	random ^= random >> 13;
	words[0] = letters[(random >> 8) % 7];
	words[1] = letters[(random >> 16) % 5];
	words[2] = letters[(random >> 24) % 3];
	fill(line, size, patterns[random % ARRAY_LEN(patterns)], words);
}

static void restart(struct learner **learner)
{
	struct arena arena = { 0 };
	size_t count = learner_events(*learner, 0, &arena, events, EVENTS_MAX);
	struct learner *again = new_learner(0);
	struct error error;

	assert_true(count < EVENTS_MAX);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(learner_restore(again, &events[i], &error), 0);
	arena_deinit(&arena);
	learner_free(learner);
	*learner = again;
}

static void test_restart_changes_nothing(void **state)
{
	enum { LINES = 600 };
	char line[128];

	(void)state;
	for (unsigned stop = 1; stop < LINES; stop += 37) {
		struct learner *whole = new_learner(0);
		struct learner *halves = new_learner(0);

		for (unsigned i = 0; i < LINES; i++) {
			if (i == stop)
				restart(&halves);
			stream_line(i, line, sizeof(line));
			assert_true(learn(whole, line) == learn(halves, line));
		}
		for (unsigned i = 0; i < LINES; i++) {
			stream_line(i, line, sizeof(line));
			assert_true(learner_root(whole, learn(whole, line)) ==
				    learner_root(halves, learn(halves, line)));
		}
		learner_free(&whole);
		learner_free(&halves);
	}
}

static void test_restore_refuses_rubbish(void **state)
{
	struct learner *learner = new_learner(0);
	struct learner_event event = { .type = LEARNER_TEMPLATE,
				       .key = 1,
				       .tokens = SLICE("\x01\x05") };
	struct error error;

	(void)state;
	assert_int_equal(learner_restore(learner, &event, &error), -1);
	event = (struct learner_event){ .type = LEARNER_MERGE, .key = 1, .root = 2 };
	assert_int_equal(learner_restore(learner, &event, &error), -1);
	learner_free(&learner);
}

static void random_words(uint64_t *seed, char *line, size_t words)
{
	for (size_t i = 0; i < words * 6; i++) {
		*seed = *seed * 6364136223846793005u + 1442695040888963407u;
		line[i] = "ghijklmnopqrstuvwxy"[(*seed >> 33) % 19];
		if (i % 6 == 5)
			line[i] = ' ';
	}
	line[words * 6 - 1] = '\0';
}

static void test_memory_is_bounded(void **state)
{
	struct learner *learner = new_learner(500);
	struct learner_stats stats;
	uint64_t seed = 1;
	char line[128];

	(void)state;
	for (unsigned i = 0; i < 3000; i++) {
		random_words(&seed, line, 3 + i % 9);
		(void)learn(learner, line);
		learner_trim(learner, UINT64_MAX);
		learner_read_stats(learner, &stats);
		assert_true(stats.leaves + stats.generalised <= 500);
	}
	assert_true(stats.evicted > 0);
	assert_true(stats.buckets <= (uint64_t)500 * 12);
	learner_free(&learner);
}

static void test_free_text_becomes_one_group(void **state)
{
	struct learner *learner = new_learner(0);
	struct learner_stats stats;
	uint64_t seed = 1;
	uint64_t last = 0;
	char line[128];

	(void)state;
	for (unsigned i = 0; i < 5000; i++) {
		random_words(&seed, line, 6);
		last = learn(learner, line);
		learner_trim(learner, UINT64_MAX);
	}
	learner_read_stats(learner, &stats);
	assert_int_equal(stats.free_text, 1);
	assert_true(stats.leaves < 2100);
	random_words(&seed, line, 6);
	assert_true(learn(learner, line) == last);
	/* another shape is not touched by it */
	random_words(&seed, line, 5);
	assert_true(learn(learner, line) != last);
	learner_free(&learner);
}

/* words and numbers in random places, of random number */
static void random_shape(uint64_t *seed, char *line, size_t size)
{
	size_t len = 0;
	size_t words = 0;

	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	words = 2 + (*seed >> 33) % 30;
	for (size_t i = 0; i < words && len + 32 < size; i++) {
		char word[7];

		random_words(seed, word, 1);
		len += (size_t)snprintf(line + len, size - len,
					(*seed >> 40) % 2 == 0 ? "%s " : "%s_%u ", word,
					(unsigned)(*seed >> 44) % 100000);
	}
}

/* a full learner lets a flood pass, but learns what comes again or was known before */
static void test_flood_passes(void **state)
{
	enum { TEMPLATES = 1000, LINES = 30000 };
	struct learner *learner = new_learner(TEMPLATES);
	uint64_t before = learn(learner, "disk of node is almost full");
	struct learner_stats stats;
	uint64_t seed = 1;
	uint64_t leaf = 0;
	uint64_t first = 0;
	bool passing = false;
	char line[1024];

	(void)state;
	for (unsigned i = 0; i < LINES; i++) {
		random_shape(&seed, line, sizeof(line));
		(void)learn(learner, line);
		if (i % 64 == 0)
			assert_true(learn(learner, "disk of node is almost full") ==
				    before);
		learner_trim(learner, UINT64_MAX);
	}
	learner_read_stats(learner, &stats);
	assert_true(stats.leaves + stats.generalised <= TEMPLATES);
	assert_true(stats.passed > LINES / 2);
	assert_true(stats.evicted < LINES / 2);
	do {
		struct record record = { .body = slice_str(line),
					 .raw = slice_str(line) };

		random_shape(&seed, line, sizeof(line));
		record.body = record.raw = slice_str(line);
		normalize_record(&record, &tokens);
		leaf = normalize_fingerprint(&tokens);
		first = learner_ask(learner, leaf, &tokens, &record, &passing);
	} while (!passing);
	assert_true(first != leaf);
	assert_true(learn(learner, line) == leaf);
	assert_true(learn(learner, line) == leaf);
	learner_free(&learner);
}

/* two shapes of one length: each has a free text of its own */
static void test_free_texts_of_one_length(void **state)
{
	struct learner *learner = new_learner(0);
	struct learner_stats stats;
	uint64_t seed = 1;
	uint64_t keys[2] = { 0 };
	char words[128];
	char line[160];

	(void)state;
	for (unsigned i = 0; i < 10000; i++) {
		random_words(&seed, words, 4);
		(void)snprintf(line, sizeof(line), i % 2 == 0 ? "%s 17" : "17 %s",
			       words);
		keys[i % 2] = learn(learner, line);
		learner_trim(learner, UINT64_MAX);
	}
	learner_read_stats(learner, &stats);
	assert_true(keys[0] != keys[1]);
	assert_int_equal(stats.free_text, 2);
	assert_true(learner_root(learner, keys[0]) != learner_root(learner, keys[1]));
	learner_free(&learner);
}

static void test_variable_hash(void **state)
{
	(void)state;
	assert_true(template_variable_hash() == template_token_hash(SLICE("\x01")));
}

static void test_names_of_users(void **state)
{
	static const char *const names[] = { "ann", "bob", "cid", "dan" };
	struct learner *learner = new_learner(0);
	struct buf text = { 0 };
	uint64_t key = 0;
	char line[64];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		(void)snprintf(line, sizeof(line), "login of User %s refused",
			       names[i]);
		key = learn(learner, line);
	}
	assert_true(learner_text(learner, key, &text));
	assert_true(
		slice_equal(buf_slice(&text), SLICE("login of User <user> refused")));
	buf_deinit(&text);
	learner_free(&learner);
}

/* names in the first place, states in the second */
static uint64_t learn_service(struct learner *learner, const char *name,
			      const char *what)
{
	char line[64];

	(void)snprintf(line, sizeof(line), "service %s is %s", name, what);
	return learn(learner, line);
}

/* a person parts one from the others: what is learned later follows both parts, and
 * does not bring them together */
static void test_regroup(void **state)
{
	static const char *const names[] = { "alpha", "beta", "gamma", "delta" };
	static const char *const states[] = { "ready", "late", "gone", "ill", "lost" };
	struct learner *learner = new_learner(0);
	struct learner_move moves[ARRAY_LEN(names)];
	uint64_t young = 0;

	(void)state;
	/* by hand: four are not enough for the learner */
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		moves[i].key = learn_service(learner, names[i], "ready");
		moves[i].group = 7;
	}
	learner_regroup(learner, moves, ARRAY_LEN(moves));
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		assert_true(learner_root(learner, moves[i].key) == moves[0].key);
	moves[1].group = 8;
	learner_regroup(learner, moves, ARRAY_LEN(moves));
	assert_true(learner_root(learner, moves[1].key) == moves[1].key);
	assert_true(learner_root(learner, moves[3].key) == moves[0].key);
	for (size_t i = 1; i < ARRAY_LEN(states); i++) {
		(void)learn_service(learner, "beta", states[i]);
		young = learn_service(learner, "gamma", states[i]);
	}
	assert_true(learner_root(learner, young) == moves[0].key);
	assert_true(learner_root(learner, learn_service(learner, "beta", "new")) ==
		    moves[1].key);
	/* the fifth name makes the learner take all of them for one */
	young = learn_service(learner, "omega", "ready");
	assert_true(learn_service(learner, "sigma", "ready") != young);
	assert_true(learner_root(learner, young) == moves[0].key);
	assert_true(learner_root(learner, moves[1].key) == moves[1].key);
	learner_free(&learner);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keys_stay_and_roots_move),
		cmocka_unit_test(test_variables_of_a_generalised_template),
		cmocka_unit_test(test_journal),
		cmocka_unit_test(test_restart_changes_nothing),
		cmocka_unit_test(test_restore_refuses_rubbish),
		cmocka_unit_test(test_memory_is_bounded),
		cmocka_unit_test(test_free_text_becomes_one_group),
		cmocka_unit_test(test_free_texts_of_one_length),
		cmocka_unit_test(test_flood_passes),
		cmocka_unit_test(test_variable_hash),
		cmocka_unit_test(test_names_of_users),
		cmocka_unit_test(test_regroup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
