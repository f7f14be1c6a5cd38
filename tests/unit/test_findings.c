/* test_findings.c - findings, evidence, keys and window buckets in a batch */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/buf.h"
#include "pipeline/findings.h"
#include "pipeline/window.h"

#define RULE(id) "id: " id "\ntitle: t\nseverity: MED\nconfidence: 0.5\n"
#define MATCH "match: {message: {words: x}}\n"

struct fixture {
	struct rules *rules;
	struct batch *batch;
	struct record record;
	struct findings_event event;
};

static void setup(struct fixture *fixture, const char *text)
{
	struct yaml_doc *docs = NULL;
	struct error error = { 0 };

	*fixture = (struct fixture){ .batch = batch_new(0, 1) };
	if (yaml_parse(slice_str(text), "t", &docs, &error) != 0 ||
	    rules_compile(docs, &fixture->rules, &error) != 0)
		fail_msg("%s", error.text);
	yaml_docs_free(&docs);
	fixture->record = (struct record){ .severity = SEVERITY_ERROR,
					   .raw = SLICE("raw x"),
					   .service_name = SLICE("db"),
					   .host_name = SLICE("h1") };
	fixture->event = (struct findings_event){ .project_id = 1,
						  .ingestion_id = 2,
						  .template_key = 0xabc,
						  .timestamp_us = 1000000,
						  .record = &fixture->record };
}

static void teardown(struct fixture *fixture)
{
	batch_free(&fixture->batch);
	rules_free(&fixture->rules);
}

static void add(struct fixture *fixture, size_t rule)
{
	struct rule_set matched = { 0 };

	rule_set_put(&matched, rule);
	findings_add(fixture->batch, &fixture->event, &matched, fixture->rules);
}

static void test_counts(void **state)
{
	struct fixture f;
	struct rule_set matched = { 0 };

	(void)state;
	setup(&f, RULE("a") MATCH "---\n" RULE("b") MATCH);
	rule_set_put(&matched, 0);
	rule_set_put(&matched, 1);
	findings_add(f.batch, &f.event, &matched, f.rules);
	f.event.timestamp_us = 500000;
	add(&f, 0);
	f.event.timestamp_us = 700000;
	add(&f, 0);
	assert_int_equal(f.batch->findings_count, 2);
	assert_string_equal(f.batch->findings[0].rule->id, "a");
	assert_int_equal(f.batch->findings[0].count, 3);
	assert_int_equal(f.batch->findings[0].first_us, 500000);
	assert_int_equal(f.batch->findings[0].last_us, 1000000);
	assert_int_equal(f.batch->findings[0].key.len, 0);
	assert_int_equal(f.batch->findings[1].count, 1);
	/* another template, ingestion or project is another finding */
	f.event.template_key++;
	add(&f, 0);
	f.event.ingestion_id++;
	add(&f, 0);
	f.event.project_id++;
	add(&f, 0);
	assert_int_equal(f.batch->findings_count, 5);
	assert_int_equal(f.batch->windows_count, 0);
	teardown(&f);
}

static void test_evidence(void **state)
{
	struct fixture f;
	const struct batch_finding *finding = NULL;
	char raw[16];

	(void)state;
	setup(&f, RULE("a") MATCH);
	for (uint32_t row = 0; row < 23; row++) {
		/* lengths that shrink and grow, so that slots are reused */
		int len = snprintf(raw, sizeof(raw), "%0*u", row % 2 == 0 ? 8 : 3, row);

		f.record.raw = slice_of(raw, (size_t)len);
		f.event.row = row;
		f.event.block = row / 10;
		f.event.timestamp_us = row;
		add(&f, 0);
	}
	finding = &f.batch->findings[0];
	assert_int_equal(finding->count, 23);
	assert_int_equal(finding->head_count, EVIDENCE_EDGE);
	assert_int_equal(finding->tail_count, EVIDENCE_EDGE);
	assert_true(slice_equal(finding->head[0].raw, SLICE("00000000")));
	assert_true(slice_equal(finding->head[3].raw, SLICE("003")));
	for (uint32_t i = 0; i < EVIDENCE_EDGE; i++) {
		uint32_t row = 18 + i;
		/* each takes the place of the oldest */
		const struct batch_evidence *evidence =
			&finding->tail[row % EVIDENCE_EDGE];
		int len = snprintf(raw, sizeof(raw), "%0*u", row % 2 == 0 ? 8 : 3, row);

		assert_int_equal(evidence->row, row);
		assert_int_equal(evidence->block, row / 10);
		assert_true(slice_equal(evidence->raw, slice_of(raw, (size_t)len)));
	}
	teardown(&f);
}

static int64_t sum_of(const struct batch_evidence *edge, size_t count)
{
	int64_t sum = 0;

	for (size_t i = 0; i < count; i++)
		sum += edge[i].timestamp_us;
	return sum;
}

/* in any order: the five first, and the five last of the rest */
static void test_evidence_order(void **state)
{
	/* of 0 to 99, by steps that have no divisor in common with 100 */
	static const uint32_t steps[] = { 1, 99, 37, 61 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
		struct fixture f;
		const struct batch_finding *finding = NULL;

		setup(&f, RULE("a") MATCH);
		for (uint32_t n = 0; n < 100; n++) {
			f.event.timestamp_us = n * steps[i] % 100;
			add(&f, 0);
		}
		finding = &f.batch->findings[0];
		assert_int_equal(sum_of(finding->head, finding->head_count),
				 0 + 1 + 2 + 3 + 4);
		assert_int_equal(sum_of(finding->tail, finding->tail_count),
				 95 + 96 + 97 + 98 + 99);
		teardown(&f);
	}
}

/* a flood of long records costs the memory of a few */
static void test_evidence_memory(void **state)
{
	static char raw[64 * 1024];
	struct fixture f;
	const struct batch_finding *finding = NULL;

	(void)state;
	setup(&f, RULE("a") MATCH);
	memset(raw, 'x', sizeof(raw));
	for (size_t i = 0; i < 10000; i++) {
		f.record.raw = slice_of(raw, i % 7 == 0 ? sizeof(raw) : i % 1000);
		f.event.timestamp_us = (int64_t)i;
		add(&f, 0);
	}
	finding = &f.batch->findings[0];
	assert_int_equal(finding->head[0].raw.len, EVIDENCE_RAW_MAX);
	assert_true(arena_bytes(&f.batch->arena) <
		    (size_t)4 * EVIDENCE_EDGE * EVIDENCE_RAW_MAX);
	f.record.raw = SLICE("");
	add(&f, 0);
	teardown(&f);
}

static void test_generic_severity(void **state)
{
	struct fixture f;

	(void)state;
	setup(&f, RULE("a") "generic: true\n" MATCH);
	add(&f, 0);
	assert_int_equal(f.batch->findings[0].severity, FINDING_HIGH);
	f.record.severity = SEVERITY_CRITICAL;
	add(&f, 0);
	f.record.severity = SEVERITY_ERROR;
	add(&f, 0);
	assert_int_equal(f.batch->findings_count, 1);
	assert_int_equal(f.batch->findings[0].severity, FINDING_CRIT);
	teardown(&f);
}

static void test_keys(void **state)
{
	static const struct {
		const char *group_by;
		const char *key;
	} cases[] = {
		{ "service", "db" },          { "host", "h1" },
		{ "level", "ERROR" },         { "group", "0000000000000abc" },
		{ "attributes.user", "bob" }, { "attributes.none", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct fixture f;
		struct buf text = { 0 };

		buf_printf(&text, RULE("a") MATCH "group_by: %s\n", cases[i].group_by);
		buf_append_char(&text, '\0');
		setup(&f, text.data);
		record_add_attribute(&f.record, SLICE("user"), SLICE("bob"));
		add(&f, 0);
		assert_string_equal(f.batch->findings[0].key.ptr, cases[i].key);
		buf_deinit(&text);
		teardown(&f);
	}
}

static void test_key_bounds(void **state)
{
	struct fixture f;
	struct buf key = { 0 };
	char host[32];
	uint64_t total = 0;
	const struct batch_finding *last = NULL;

	(void)state;
	setup(&f, RULE("a") MATCH "group_by: host\n"
				  "window: {type: threshold, count: 5, within: 1m}\n");
	buf_append_char(&key, 'x');
	while (key.len < 300)
		buf_append_str(&key, "\xc3\xa9");
	f.record.host_name = buf_slice(&key);
	add(&f, 0);
	assert_int_equal(f.batch->findings[0].key.len, 255);
	for (unsigned i = 0; i < BATCH_FINDINGS_MAX + 100; i++) {
		int len = snprintf(host, sizeof(host), "host%u", i);

		f.record.host_name = slice_of(host, (size_t)len);
		add(&f, 0);
	}
	assert_int_equal(f.batch->findings_count, BATCH_FINDINGS_MAX + 1);
	last = &f.batch->findings[BATCH_FINDINGS_MAX];
	assert_string_equal(last->key.ptr, FINDINGS_OTHER_KEY);
	for (size_t i = 0; i < f.batch->findings_count; i++)
		total += f.batch->findings[i].count;
	assert_int_equal(total, BATCH_FINDINGS_MAX + 101);
	assert_int_equal(f.batch->windows_count, BATCH_WINDOWS_MAX);
	assert_int_equal(f.batch->windows_dropped, 101);
	buf_deinit(&key);
	teardown(&f);
}

static void test_windows(void **state)
{
	static const struct {
		int64_t timestamp_us;
		const char *host;
		size_t place; /* of the bucket that counts it */
		uint64_t count;
	} events[] = {
		{ 10000000, "h1", 0, 1 }, { 14999999, "h1", 0, 2 },
		{ 15000000, "h1", 1, 1 }, { 14999999, "h2", 2, 1 },
		{ 10000001, "h1", 0, 3 }, { -1, "h1", 3, 1 },
	};
	struct fixture f;

	(void)state;
	setup(&f, RULE("a") MATCH "group_by: host\n"
				  "window: {type: threshold, count: 5, within: 1m}\n");
	for (size_t i = 0; i < ARRAY_LEN(events); i++) {
		f.event.timestamp_us = events[i].timestamp_us;
		f.record.host_name = slice_str(events[i].host);
		add(&f, 0);
		assert_true(f.batch->windows_count > events[i].place);
		assert_int_equal(f.batch->windows[events[i].place].count,
				 events[i].count);
	}
	assert_int_equal(f.batch->windows_count, 4);
	assert_int_equal(f.batch->windows[0].bucket_width_us, 5000000);
	assert_int_equal(f.batch->windows[0].bucket_us, 10000000);
	assert_string_equal(f.batch->windows[2].key.ptr, "h2");
	assert_int_equal(f.batch->windows[3].bucket_us, -5000000);
	assert_int_equal(f.batch->findings_count, 2);
	teardown(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_evidence),
		cmocka_unit_test(test_evidence_order),
		cmocka_unit_test(test_evidence_memory),
		cmocka_unit_test(test_generic_severity),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_key_bounds),
		cmocka_unit_test(test_windows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
