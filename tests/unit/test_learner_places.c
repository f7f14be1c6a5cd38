/* test_learner_places.c - how many texts in one place make it a variable */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "pipeline/learner.h"

static struct tokens tokens;

static uint64_t learn(struct learner *learner, const char *line)
{
	struct record record = { .body = slice_str(line), .raw = slice_str(line) };

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

/* `count` different words in place of the %s, as groups */
static const struct {
	const char *pattern;
	const char *words[12];
	unsigned merged_at; /* so many words are one group; 0: never */
} thresholds[] = {
	{ "service % is ready", { "alpha", "beta", "gamma", "delta", "omega" }, 5 },
	{ "login of user % ok", { "alice", "bob", "carol" }, 3 },
	{ "flush of table % began", { "orders", "users", "tags" }, 3 },
	{ "lost worker-% of pool", { "one1234", "two1234" }, 2 },
	{ "lookup of % has failed", { "a.b.org", "c.d.org" }, 2 },
	{ "lookup of % has failed", { "10.0.0.1", "localhost" }, 2 },
	{ "option colour=% was set", { "red", "green", "blue", "pink" }, 2 },
	{ "%", { "a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k" }, 0 },
	{ "% is the first word",
	  { "aa", "bb", "cc", "dd", "ee", "ff", "gg", "hh", "ii", "jj" },
	  10 },
	{ "flag verbose=% here", { "true", "false" }, 0 },
	/* the more is the same, the less it takes */
	{ "the % of it was put back", { "top", "side", "end", "rim" }, 4 },
	{ "of all that was here the % is now gone", { "top", "side", "end" }, 3 },
	/* another's text, of any length */
	{ "upload of map failed: %",
	  { "timeout", "no such file", "bad file: eof" },
	  3 },
	{ "call failed with: %", { "nil", "no route", "it is 5 a.m." }, 0 },
	{ "map: %", { "no route", "it is late", "bad file now" }, 0 },
	{ "call to peer failed: % [gone]", { "nil", "no route", "it is" }, 0 },
	/* names of several words */
	{ "joined '%' now", { "Home", "Guest net 2", "Lab" }, 2 },
	{ "asked to run \"%\" now", { "sync all", "flush" }, 2 },
	{ "it doesn't % what isn't there", { "find", "see them all" }, 0 },
};

static void test_thresholds(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(thresholds); i++) {
		struct learner_config config = { 0 };
		struct learner *learner = learner_new(&config);
		uint64_t first = 0;
		unsigned merged_at = 0;

		for (unsigned k = 0; k < 12 && thresholds[i].words[k] != NULL; k++) {
			char line[128];
			uint64_t key = 0;

			fill(line, sizeof(line), thresholds[i].pattern,
			     &thresholds[i].words[k]);
			key = learn(learner, line);
			if (k == 0)
				first = key;
			else if (merged_at == 0 && learner_root(learner, key) == first)
				merged_at = k + 1;
		}
		if (merged_at != thresholds[i].merged_at)
			fail_msg("%s: merged at %u", thresholds[i].pattern, merged_at);
		learner_free(&learner);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_thresholds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
