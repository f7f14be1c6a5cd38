/* test_shape_known.c - what the cache of shapes knows of a line, and what it never
 * answers for */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/timestamp.h"
#include "base/yaml.h"
#include "pipeline/classify.h"
#include "pipeline/extra.h"
#include "pipeline/front.h"
#include "pipeline/shape_cache.h"

#define NOW_US (INT64_C(1770000000) * US_PER_SECOND) /* 2026-02-02 */

/* a priority is of the shape, and what it names; the third of a kind is known */
static void test_syslog_known(void **state)
{
	struct shape_cache *shapes = shape_cache_new(131072);
	const struct front_config config = { .shapes = shapes };
	struct front *front = front_new(&config);
	struct record record;

	(void)state;
	for (unsigned i = 0; i < 24; i++) {
		bool warns = i % 2 == 0;
		struct buf line = { 0 };

		buf_printf(&line, "<%s>", warns ? "164" : "174");
		if (i < 12)
			buf_printf(&line,
				   "1 2026-02-01T10:00:0%uZ web-0%u shop %u ID4 - x 1",
				   i % 6, i % 7, i % 8);
		else
			buf_printf(&line, "Feb  1 10:00:0%u web-0%u shop[%u]: x 1",
				   i % 6, i % 7, i % 8);
		front_whole(front, buf_slice(&line), (struct slice){ 0 }, NOW_US,
			    &record);
		assert_true(
			slice_equal(record_attribute(&record, SLICE("syslog.facility")),
				    warns ? SLICE("local4") : SLICE("local5")));
		assert_int_equal(record.severity,
				 warns ? SEVERITY_WARN : SEVERITY_INFO);
		assert_true(slice_equal(record.service_name, SLICE("shop")));
		assert_int_equal(record.host_name.ptr[5] - '0', i % 7);
		assert_int_equal(record.timestamp_us / US_PER_SECOND % 10, i % 6);
		buf_deinit(&line);
	}
	/* four kinds, each of which is new, and learned, before it is known */
	assert_int_equal(shape_cache_stats(shapes)->hits, 24 - 2 * 4);
	front_free(&front);
	shape_cache_free(&shapes);
}

static struct rules *compile(const char *match)
{
	struct rules *rules = NULL;
	struct yaml_doc *docs = NULL;
	struct error error = { 0 };
	struct buf text = { 0 };

	buf_printf(&text,
		   "id: r\ntitle: t\nseverity: LOW\nconfidence: 0.5\nmatch: %s\n",
		   match);
	if (yaml_parse(buf_slice(&text), "t", &docs, &error) != 0 ||
	    rules_compile(docs, &rules, &error) != 0)
		fail_msg("%s", error.text);
	yaml_docs_free(&docs);
	buf_deinit(&text);
	return rules;
}

/* attributes that lie beside a line are not its shape's */
static void test_attributes_beside(void **state)
{
	static const struct slice line = { "the job is over", 15 };
	struct shape_cache *shapes = shape_cache_new(131072);
	const struct front_config config = { .shapes = shapes };
	const struct learner_config defaults = { 0 };
	struct learner *learner = learner_new(&defaults);
	struct rules *rules = compile("{attributes.kafka.key: {equals: lost}}");
	struct classifier *classifier = classifier_new(learner, rules, 64);
	struct front *front = front_new(&config);
	struct buf json = { 0 };
	struct record record;

	(void)state;
	for (unsigned i = 0; i < 12; i++) {
		struct classified classified = { 0 };
		struct buf extra = { 0 };
		bool failed = i % 3 == 2;

		front_whole(front, line, (struct slice){ 0 }, NOW_US, &record);
		extra_append(&extra, "kafka.key", (struct slice){ 0 },
			     failed ? SLICE("lost") : SLICE("done"));
		extra_apply(buf_slice(&extra), &record, &json);
		classifier_run(classifier, &record, &classified);
		assert_true((classified.matched != NULL) == failed);
		buf_deinit(&extra);
	}
	assert_int_equal(shape_cache_stats(shapes)->hits, 10);
	buf_deinit(&json);
	front_free(&front);
	classifier_free(&classifier);
	learner_free(&learner);
	rules_free(&rules);
	shape_cache_free(&shapes);
}

/* more layouts than there is room for: some give way, and are counted; others stay */
static void test_evictions(void **state)
{
	struct shape_cache *shapes = shape_cache_new(32768);
	const struct front_config config = { .shapes = shapes };
	struct front *front = front_new(&config);
	struct record record;

	(void)state;
	for (unsigned i = 0; i < 3 * 676; i++) {
		char line[] = "worker aaa gave up";

		line[7] = (char)('a' + i / 3 % 26);
		line[8] = (char)('a' + i / 78 % 26);
		front_whole(front, slice_str(line), (struct slice){ 0 }, NOW_US,
			    &record);
		assert_true(slice_equal(record.body, slice_str(line)));
	}
	/* each comes three times in turn: new, learned, known */
	assert_int_equal(shape_cache_stats(shapes)->hits, 676);
	assert_true(shape_cache_stats(shapes)->evicted > 500);
	assert_true(shape_cache_stats(shapes)->evicted <
		    shape_cache_stats(shapes)->learned);
	front_free(&front);
	shape_cache_free(&shapes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_syslog_known),
		cmocka_unit_test(test_attributes_beside),
		cmocka_unit_test(test_evictions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
