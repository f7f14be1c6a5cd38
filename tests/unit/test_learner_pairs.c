/* test_learner_pairs.c - places of a template that vary at the same time */
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

static void test_places_that_vary_together(void **state)
{
	static const struct {
		const char *lines[4];
		bool merged;
	} cases[] = {
		{ { "check of ann begun by ops took long",
		    "check of bob begun by dev took long",
		    "check of cid begun by web took long" },
		  true },
		/* two texts each could be chosen from two */
		{ { "check of ann begun by ops took long",
		    "check of bob begun by dev took long",
		    "check of ann begun by dev took long" },
		  false },
		/* states, and phrases */
		{ { "it went from NEW to OLD in the end",
		    "it went from OLD to DEAD in the end",
		    "it went from DEAD to GONE in the end" },
		  false },
		{ { "cannot open the map of no child",
		    "cannot open the map of bad file",
		    "cannot open the map of wrong device" },
		  false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct learner_config config = { 0 };
		struct learner *learner = learner_new(&config);
		uint64_t first = learn(learner, cases[i].lines[0]);
		uint64_t last = first;

		for (size_t k = 1; k < 4 && cases[i].lines[k] != NULL; k++)
			last = learn(learner, cases[i].lines[k]);
		if ((learner_root(learner, last) == first) != cases[i].merged)
			fail_msg("%s", cases[i].lines[0]);
		learner_free(&learner);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_places_that_vary_together),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
