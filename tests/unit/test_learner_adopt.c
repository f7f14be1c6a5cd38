/* test_learner_adopt.c - learners that tell each other what they learned group alike */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/compiler.h"
#include "pipeline/learner.h"
#include "random_numbers.h"

#define LEARNERS 3
#define LINES 3000
#define EVENTS_MAX 4096

static const char *const names[] = { "alice", "bernard", "chloe", "dmitri", "eun",
				     "farid", "greta",   "hiro",  "ines",   "jorge" };
static const char *const shapes[] = {
	"session opened by %s from the pool",
	"%s renewed the lease of volume data",
	"retry of %s after timeout",
	"lookup of host %s.example.org failed",
	"checkpoint complete",
	"option colour=%s was set",
};

/* one that was told of everything up to `told` of each other */
struct peer {
	struct learner *learner;
	uint64_t told[LEARNERS];
};

static struct peer peers[LEARNERS];
static struct learner_event events[EVENTS_MAX];

static uint64_t learn(struct learner *learner, const char *line)
{
	static struct tokens tokens;
	struct record record = { .body = slice_str(line), .raw = slice_str(line) };

	normalize_record(&record, &tokens);
	return learner_key(learner, normalize_fingerprint(&tokens), &tokens, &record);
}

static void write_line(char *line, size_t size, size_t shape, size_t name)
{
	line[0] = '\0';
	for (const char *at = shapes[shape]; *at != '\0'; at++) {
		size_t len = strlen(line);

		if (at[0] == '%' && at[1] == 's')
			(void)snprintf(line + len, size - len, "%s", names[name]);
		else
			(void)snprintf(line + len, size - len, "%c", *at);
		at += at[0] == '%' && at[1] == 's';
	}
}

/* what `from` learned since the last time; how much it was */
static size_t tell(size_t from, size_t to)
{
	struct arena arena = { 0 };
	struct error error = { 0 };
	size_t count = learner_events(peers[from].learner, peers[to].told[from], &arena,
				      events, EVENTS_MAX);

	for (size_t i = 0; i < count; i++) {
		peers[to].told[from] = events[i].number;
		if (learner_adopt(peers[to].learner, &events[i], &error) < 0)
			fail_msg("%s", error.text);
	}
	arena_deinit(&arena);
	return count;
}

static void tell_all(void)
{
	size_t news = 0;

	do {
		news = 0;
		for (size_t from = 0; from < LEARNERS; from++)
			for (size_t to = 0; to < LEARNERS; to++)
				news += from == to ? 0 : tell(from, to);
	} while (news > 0);
}

static uint64_t root_of(size_t peer, size_t shape, size_t name)
{
	char line[128];

	write_line(line, sizeof(line), shape, name);
	return learner_root(peers[peer].learner, learn(peers[peer].learner, line));
}

/* all messages of a shape are one group, whoever is asked, and no two shapes are */
static void assert_groups(size_t peer)
{
	uint64_t roots[ARRAY_LEN(shapes)];

	for (size_t shape = 0; shape < ARRAY_LEN(shapes); shape++) {
		roots[shape] = root_of(peer, shape, 0);
		for (size_t name = 1; name < ARRAY_LEN(names); name++)
			assert_true(root_of(peer, shape, name) == roots[shape]);
		for (size_t other = 0; other < shape; other++)
			assert_true(roots[other] != roots[shape]);
	}
}

/* each of them sees some of the names only, until the end */
static void learn_apart(unsigned told_every)
{
	char line[128];

	random_state = 7;
	for (size_t i = 0; i < LEARNERS; i++)
		peers[i] = (struct peer){ .learner = learner_new(
						  &(struct learner_config){ 0 }) };
	for (unsigned i = 0; i < LINES; i++) {
		size_t peer = i % LEARNERS;
		size_t name =
			random_below(ARRAY_LEN(names) / LEARNERS) * LEARNERS + peer;

		write_line(line, sizeof(line), random_below(ARRAY_LEN(shapes)), name);
		(void)learn(peers[peer].learner, line);
		if (i % told_every == 0)
			tell_all();
	}
}

static void free_all(void)
{
	for (size_t i = 0; i < LEARNERS; i++)
		learner_free(&peers[i].learner);
}

static void group_alike(void **state)
{
	static const unsigned pauses[] = { 1, 7, 100, LINES - 1 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(pauses); i++) {
		learn_apart(pauses[i]);
		/* each meets what the others saw, and learns from it */
		for (size_t peer = 0; peer < LEARNERS; peer++) {
			for (size_t shape = 0; shape < ARRAY_LEN(shapes); shape++)
				for (size_t name = 0; name < ARRAY_LEN(names); name++)
					(void)root_of(peer, shape, name);
			tell_all();
		}
		for (size_t peer = 0; peer < LEARNERS; peer++)
			assert_groups(peer);
		free_all();
	}
}

/* one learned that a name varies, the other had met one of the names before */
static void halves_meet(void **state)
{
	char line[128];

	(void)state;
	peers[0] =
		(struct peer){ .learner = learner_new(&(struct learner_config){ 0 }) };
	peers[1] =
		(struct peer){ .learner = learner_new(&(struct learner_config){ 0 }) };
	write_line(line, sizeof(line), 0, 0);
	(void)learn(peers[1].learner, line);
	for (size_t name = 1; name < ARRAY_LEN(names); name++) {
		write_line(line, sizeof(line), 0, name);
		(void)learn(peers[0].learner, line);
	}
	while (tell(0, 1) + tell(1, 0) > 0)
		continue;
	for (size_t peer = 0; peer < 2; peer++)
		assert_true(root_of(peer, 0, 0) == root_of(peer, 0, 1));
	learner_free(&peers[0].learner);
	learner_free(&peers[1].learner);
}

/* a merge of templates that were evicted here is none of our business */
static void unknown_merge(void **state)
{
	struct learner *learner = learner_new(&(struct learner_config){ 0 });
	const struct learner_event event = { .type = LEARNER_MERGE,
					     .key = 1,
					     .root = 2 };
	struct error error = { 0 };

	(void)state;
	assert_int_equal(learner_adopt(learner, &event, &error), 0);
	learner_free(&learner);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(halves_meet),
		cmocka_unit_test(group_alike),
		cmocka_unit_test(unknown_merge),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
