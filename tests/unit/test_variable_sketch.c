/* test_variable_sketch.c - the commonest values stay, counts err by what they say */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "pipeline/variable_sketch.h"

static const struct sketch_counter *find(const struct variable_sketch *sketch,
					 const char *value)
{
	for (size_t i = 0; i < sketch->counters_count; i++) {
		const struct sketch_counter *counter = &sketch->counters[i];

		if (slice_equal(slice_of(counter->value, counter->len),
				slice_str(value)))
			return counter;
	}
	return NULL;
}

/* half of the values are one of three, the rest occur once each */
static void test_common_values_stay(void **state)
{
	static const char *const common[] = { "red", "green", "blue" };
	enum { ROUNDS = 3000 };
	struct variable_sketch sketch = { 0 };
	char text[32];

	(void)state;
	for (unsigned i = 0; i < ROUNDS; i++) {
		(void)snprintf(text, sizeof(text), "value %u", i);
		variable_sketch_add(&sketch, slice_str(common[i % 3]), 1);
		variable_sketch_add(&sketch, slice_str(text), 1);
	}
	assert_int_equal(sketch.total, 2 * ROUNDS);
	assert_int_equal(sketch.counters_count, SKETCH_COUNTERS);
	for (size_t i = 0; i < 3; i++) {
		const struct sketch_counter *counter = find(&sketch, common[i]);

		assert_non_null(counter);
		assert_true(counter->count >= ROUNDS / 3);
		assert_true(counter->count - counter->error <= ROUNDS / 3);
	}
}

static void test_weights(void **state)
{
	struct variable_sketch sketch = { 0 };
	uint64_t sum = 0;

	(void)state;
	for (uint64_t nth = 1; nth <= 6400; nth++)
		sum += sketch_weight(nth);
	assert_int_equal(sum, 6400 + SKETCH_FIRST);
	variable_sketch_add(&sketch, SLICE("a"), 64);
	variable_sketch_add(&sketch, SLICE("a"), 1);
	assert_int_equal(find(&sketch, "a")->count, 65);
	assert_int_equal(find(&sketch, "a")->error, 0);
}

static void test_long_values_are_cut(void **state)
{
	static char text[4 * SKETCH_VALUE_MAX];
	struct variable_sketch sketch = { 0 };

	(void)state;
	variable_sketch_add(&sketch, slice_of(text, sizeof(text)), 1);
	assert_int_equal(sketch.counters[0].len, SKETCH_VALUE_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_common_values_stay),
		cmocka_unit_test(test_weights),
		cmocka_unit_test(test_long_values_are_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
