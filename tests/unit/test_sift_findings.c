/* test_sift_findings.c - findings over many batches: sums, evidence, order, bounds */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/mem.h"
#include "daemon/sift_findings.h"
#include "pipeline/findings.h"

static const struct rule plain = { .id = "plain", .severity = FINDING_HIGH };
static const struct rule generic = { .id = "generic",
				     .severity = FINDING_HIGH,
				     .generic = true };
static const struct rule worst = { .id = "worst", .severity = FINDING_CRIT };
static const struct rule burst = {
	.id = "burst",
	.severity = FINDING_HIGH,
	.window = { .type = WINDOW_THRESHOLD, .span_us = 12000, .count = 3 }
};

/* as one batch with one occurrence, and its bucket when the rule has a window */
static void absorb(struct sift_findings *findings, const struct rule *rule,
		   const char *key, uint64_t line)
{
	struct batch_finding row = { .rule = rule,
				     .severity = rule->severity,
				     .key = slice_str(key),
				     .template_key = line % 4,
				     .count = 1,
				     .first_us = (int64_t)line,
				     .last_us = (int64_t)line,
				     .head = { { .block = (uint32_t)(line >> 32),
						 .row = (uint32_t)line,
						 .raw = SLICE("raw") } },
				     .head_count = 1 };
	struct batch_window window = { .rule = rule,
				       .key = slice_str(key),
				       .bucket_us = 0,
				       .bucket_width_us = 1000,
				       .count = 1 };
	const struct batch batch = {
		.findings = &row,
		.findings_count = 1,
		.windows = &window,
		.windows_count = rule->window.type == WINDOW_NONE ? 0 : 1,
	};

	sift_findings_absorb(findings, &batch);
}

static void test_sums(void **state)
{
	struct sift_findings *findings = sift_findings_new();
	/* out of order, as files may be */
	static const uint64_t lines[] = { 50, 10, 40, 20, 30, 60, 5, 60 };
	static const uint64_t kept[] = { 5, 10, 50, 60 };
	struct sift_finding *list = NULL;
	size_t count = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lines); i++)
		absorb(findings, &plain, "", lines[i]);
	list = sift_findings_list(findings, &count);
	assert_int_equal(count, 1);
	assert_int_equal(list[0].count, 8);
	assert_int_equal(list[0].templates, 3);
	assert_int_equal(list[0].first_us, 5);
	assert_int_equal(list[0].last_us, 60);
	assert_int_equal(list[0].evidence_count, SIFT_EVIDENCE);
	for (size_t i = 0; i < SIFT_EVIDENCE; i++) {
		assert_int_equal(list[0].evidence[i].line, kept[i]);
		assert_true(slice_equal(list[0].evidence[i].raw, SLICE("raw")));
	}
	mem_free(list);
	sift_findings_free(&findings);
}

static void test_lines_beyond_32_bits(void **state)
{
	struct sift_findings *findings = sift_findings_new();
	struct sift_finding *list = NULL;
	size_t count = 0;

	(void)state;
	absorb(findings, &plain, "", UINT64_C(5000000000));
	list = sift_findings_list(findings, &count);
	assert_int_equal(list[0].evidence[0].line, UINT64_C(5000000000));
	mem_free(list);
	sift_findings_free(&findings);
}

static void test_order(void **state)
{
	static const char *const order[] = { "worst", "plain", "generic" };
	struct sift_findings *findings = sift_findings_new();
	struct sift_finding *list = NULL;
	size_t count = 0;

	(void)state;
	/* many generic ones, but a specific one of the same severity goes first */
	for (uint64_t line = 1; line < 100; line++)
		absorb(findings, &generic, "", line);
	absorb(findings, &plain, "", 100);
	absorb(findings, &worst, "", 101);
	list = sift_findings_list(findings, &count);
	assert_int_equal(count, 3);
	for (size_t i = 0; i < count; i++)
		assert_string_equal(list[i].rule->id, order[i]);
	mem_free(list);
	sift_findings_free(&findings);
}

static void test_window(void **state)
{
	struct sift_findings *findings = sift_findings_new();
	struct sift_finding *list = NULL;
	size_t count = 0;

	(void)state;
	for (uint64_t i = 0; i < 3; i++) {
		absorb(findings, &burst, "a", i);
		if (i < 2)
			absorb(findings, &burst, "b", i);
	}
	list = sift_findings_list(findings, &count);
	assert_int_equal(count, 1);
	assert_true(slice_equal(list[0].key, SLICE("a")));
	assert_int_equal(list[0].count, 3);
	mem_free(list);
	sift_findings_free(&findings);
}

static void absorb_keys(struct sift_findings *findings, const struct rule *rule,
			uint64_t keys)
{
	for (uint64_t i = 0; i < keys; i++) {
		char key[32];

		(void)snprintf(key, sizeof(key), "key-%llu", (unsigned long long)i);
		absorb(findings, rule, key, i + 1);
	}
}

static void test_keys_without_end(void **state)
{
	struct sift_findings *findings = sift_findings_new();
	struct sift_finding *list = NULL;
	uint64_t keys = UINT64_C(3) * SIFT_FINDINGS_MAX;
	uint64_t sum = 0;
	size_t count = 0;

	(void)state;
	/* none of these is reached: they make room for what is */
	absorb_keys(findings, &burst, keys);
	absorb_keys(findings, &plain, keys);
	list = sift_findings_list(findings, &count);
	assert_int_equal(count, SIFT_FINDINGS_MAX + 1);
	assert_true(slice_equal(list[0].key, SLICE(FINDINGS_OTHER_KEY)));
	for (size_t i = 0; i < count; i++) {
		assert_ptr_equal(list[i].rule, &plain);
		sum += list[i].count;
	}
	assert_int_equal(sum, keys);
	mem_free(list);
	sift_findings_free(&findings);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sums),
		cmocka_unit_test(test_lines_beyond_32_bits),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_window),
		cmocka_unit_test(test_keys_without_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
