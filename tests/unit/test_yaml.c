/* test_yaml.c - YAML trees, their limits, typed scalars, nearest words */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/nearest.h"
#include "base/yaml.h"

/* the tree on one line: {key=text, key=[...]}, quoted scalars in quotes */
static void show(struct buf *buf, const struct yaml_node *node)
{
	const struct yaml_node *child = NULL;
	const char *ends = node->kind == YAML_MAPPING ? "{}" : "[]";

	if (node->kind == YAML_SCALAR) {
		buf_append_str(buf, node->plain ? "" : "\"");
		buf_append_slice(buf, node->text);
		buf_append_str(buf, node->plain ? "" : "\"");
		return;
	}
	buf_append_char(buf, ends[0]);
	for (child = node->first_child; child != NULL; child = child->next) {
		if (child != node->first_child)
			buf_append_str(buf, ", ");
		if (node->kind == YAML_MAPPING) {
			buf_append_slice(buf, child->key);
			buf_append_char(buf, '=');
		}
		show(buf, child);
	}
	buf_append_char(buf, ends[1]);
}

static void test_trees(void **state)
{
	static const struct {
		const char *text;
		const char *tree; /* documents apart by " | " */
	} cases[] = {
		{ "", "" },
		{ "# only a comment\n", "" },
		{ "---\n", "(empty)" },
		{ "a: 1\nb: 'x y'\n", "{a=1, b=\"x y\"}" },
		{ "a:\n  - 1\n  - {b: c}\n  - []\nd: ~\n", "{a=[1, {b=c}, []], d=~}" },
		{ "x: 1\n---\n- y\n", "{x=1} | [y]" },
		{ "---\n---\na: b\n", "(empty) | {a=b}" },
		{ "a: |\n  one\n  two\n", "{a=\"one\ntwo\n\"}" },
		{ "a:\n", "{a=}" },
		{ "a: {k: 1}\nb: {k: 1}\n", "{a={k=1}, b={k=1}}" },
		{ "\"<<\": quoted is a plain key\n", "{<<=quoted is a plain key}" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct yaml_doc *docs = NULL;
		struct error error = { 0 };
		struct buf buf = { 0 };

		assert_int_equal(
			yaml_parse(slice_str(cases[i].text), "t", &docs, &error), 0);
		for (const struct yaml_doc *doc = docs; doc != NULL; doc = doc->next) {
			if (doc->root == NULL)
				buf_append_str(&buf, "(empty)");
			else
				show(&buf, doc->root);
			if (doc->next != NULL)
				buf_append_str(&buf, " | ");
		}
		buf_append_char(&buf, '\0');
		assert_string_equal(buf.data, cases[i].tree);
		buf_deinit(&buf);
		yaml_docs_free(&docs);
		assert_null(docs);
	}
}

static void test_refusals(void **state)
{
	static const struct {
		const char *text;
		const char *error;
	} cases[] = {
		{ "a: 1\nb: 2\na: 3\n", "t:3:1: the key appears twice in its mapping" },
		{ "a: &x 1\n", "t:1:4: anchors are not supported" },
		{ "a: *x\n", "t:1:4: aliases are not supported" },
		{ "a: !!str 1\n", "t:1:4: tags are not supported" },
		{ "<<: {a: 1}\n", "t:1:1: merge keys are not supported" },
		{ "[a]: 1\n", "t:1:1: a key must be a scalar" },
		{ "a: [1\n", "t:2:1: did not find expected ',' or ']', while parsing a "
			     "flow sequence that began at 1:4" },
		{ "a:\n\tb: 2\n", "t:2:1: a tab; YAML is indented by spaces" },
		{ "a: 1\nb: \x01\n", "t:2:4: control characters are not allowed" },
		{ "a: \xff\n", "t:1:4: invalid leading UTF-8 octet" },
		{ "a: 1\n\tb: 2\n", "t:2:1: a tab; YAML is indented by spaces" },
		{ "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1", "t:1:33: nested too deep" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct yaml_doc *docs = NULL;
		struct error error = { 0 };

		assert_int_equal(
			yaml_parse(slice_str(cases[i].text), "t", &docs, &error), -1);
		assert_string_equal(error.text, cases[i].error);
		assert_null(docs);
	}
}

static void test_bounds(void **state)
{
	struct buf buf = { 0 };
	struct yaml_doc *docs = NULL;
	struct error error = { 0 };

	(void)state;
	/* a mapping at the bound is read, in time that grows with its size */
	for (unsigned i = 0; i < YAML_NODES_MAX - 1; i++)
		buf_printf(&buf, "k%u: v\n", i);
	assert_int_equal(yaml_parse(buf_slice(&buf), "t", &docs, &error), 0);
	assert_non_null(yaml_find(docs->root, "k199998"));
	assert_null(yaml_find(docs->root, "k199999"));
	yaml_docs_free(&docs);
	buf_append_str(&buf, "more: 1\n");
	assert_int_equal(yaml_parse(buf_slice(&buf), "t", &docs, &error), -1);
	assert_string_equal(error.text, "t:200000:7: too many nodes");
	buf_clear(&buf);
	while (buf.len <= YAML_BYTES_MAX)
		buf_append_str(&buf, "# sixteen bytes\n");
	assert_int_equal(yaml_parse(buf_slice(&buf), "t", &docs, &error), -1);
	assert_string_equal(error.text, "t: larger than 4194304 bytes");
	buf_deinit(&buf);
}

static void test_places(void **state)
{
	struct yaml_doc *docs = NULL;
	struct error error = { 0 };
	const struct yaml_node *list = NULL;

	(void)state;
	assert_int_equal(yaml_parse(SLICE("a: 1\nlist:\n    - x\n    - y\n"), "f.yaml",
				    &docs, &error),
			 0);
	list = yaml_find(docs->root, "list");
	assert_int_equal(list->line, 2);
	assert_int_equal(list->column, 1);
	assert_int_equal(list->first_child->next->line, 4);
	assert_int_equal(list->first_child->next->column, 7);
	assert_int_equal(yaml_error(docs, list, &error, "bad %d", 7), -1);
	assert_string_equal(error.text, "f.yaml:2:1: bad 7");
	assert_int_equal(yaml_error(docs, NULL, &error, "bad"), -1);
	assert_string_equal(error.text, "f.yaml: bad");
	assert_null(yaml_find(list, "a"));
	yaml_docs_free(&docs);
}

typedef int read_fn(const struct yaml_doc *doc, const struct yaml_node *node,
		    int64_t *out, struct error *error);

static int read_bool(const struct yaml_doc *doc, const struct yaml_node *node,
		     int64_t *out, struct error *error)
{
	bool value = false;
	int result = yaml_read_bool(doc, node, &value, error);

	*out = value;
	return result;
}

static void test_typed(void **state)
{
	static const struct {
		read_fn *read;
		const char *text;
		int64_t value;
		const char *error; /* NULL: it is read */
	} cases[] = {
		{ yaml_read_int, "42", 42, NULL },
		{ yaml_read_int, "-7", -7, NULL },
		{ yaml_read_int, "'8'", 8, NULL },
		{ yaml_read_int, "9223372036854775807", INT64_MAX, NULL },
		{ yaml_read_int, "9223372036854775808", 0,
		  "t:1:1: \"9223372036854775808\" is not a whole number" },
		{ yaml_read_int, "1e3", 0, "t:1:1: \"1e3\" is not a whole number" },
		{ yaml_read_int, "'-'", 0, "t:1:1: \"-\" is not a whole number" },
		{ yaml_read_int, "[1]", 0, "t:1:1: expected a whole number" },
		{ read_bool, "Yes", 1, NULL },
		{ read_bool, "off", 0, NULL },
		{ read_bool, "1", 0, "t:1:1: \"1\" is not true or false" },
		{ yaml_read_duration_us, "500ms", 500000, NULL },
		{ yaml_read_duration_us, "5m", 300000000, NULL },
		{ yaml_read_duration_us, "7d", INT64_C(604800000000), NULL },
		{ yaml_read_duration_us, "30", 0,
		  "t:1:1: \"30\" is not a duration such as 500ms, 30s, 5m, 2h or 7d" },
		{ yaml_read_duration_us, "9223372036854775d", 0,
		  "t:1:1: \"9223372036854775d\" is not a duration such as 500ms, 30s, "
		  "5m, 2h or 7d" },
		{ yaml_read_bytes, "4096", 4096, NULL },
		{ yaml_read_bytes, "64k", 65536, NULL },
		{ yaml_read_bytes, "16MB", 16777216, NULL },
		{ yaml_read_bytes, "1GiB", 1073741824, NULL },
		{ yaml_read_bytes, "1 k", 0,
		  "t:1:1: \"1 k\" is not a size such as 4096, 64k, 16MB or 1GiB" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct yaml_doc *docs = NULL;
		struct error error = { 0 };
		int64_t value = 0;

		assert_int_equal(
			yaml_parse(slice_str(cases[i].text), "t", &docs, &error), 0);
		if (cases[i].read(docs, docs->root, &value, &error) == 0) {
			assert_null(cases[i].error);
			assert_true(value == cases[i].value);
		} else {
			assert_non_null(cases[i].error);
			assert_string_equal(error.text, cases[i].error);
		}
		yaml_docs_free(&docs);
	}
}

static void test_file(void **state)
{
	char path[] = "/tmp/siftd_yaml_XXXXXX";
	struct yaml_doc *docs = NULL;
	struct error error = { 0 };
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "a: b\n", 5), 5);
	assert_int_equal(close(fd), 0);
	assert_int_equal(yaml_parse_file(path, &docs, &error), 0);
	assert_string_equal(docs->name, path);
	assert_string_equal(yaml_find(docs->root, "a")->text.ptr, "b");
	yaml_docs_free(&docs);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(yaml_parse_file("/nowhere/x", &docs, &error), -1);
	assert_string_equal(error.text, "/nowhere/x: open: No such file or directory");
	assert_int_equal(yaml_parse_file("/tmp", &docs, &error), -1);
	assert_string_equal(error.text, "/tmp: read: Is a directory");
}

static void test_nearest(void **state)
{
	static const char *const known[] = { "severity", "description", "match",
					     "within", "id" };
	static const struct {
		const char *word;
		const char *best;
	} cases[] = {
		{ "severty", "severity" }, { "SEVERITY", "severity" },
		{ "mtach", "match" },      { "descripton", "description" },
		{ "withing", "within" },   { "ids", "id" },
		{ "colour", NULL },        { "", NULL },
		{ "matchmatch", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct nearest nearest = nearest_init(slice_str(cases[i].word));

		assert_null(nearest_best(&nearest));
		for (size_t k = 0; k < ARRAY_LEN(known); k++)
			nearest_offer(&nearest, known[k]);
		if (cases[i].best == NULL)
			assert_null(nearest_best(&nearest));
		else
			assert_string_equal(nearest_best(&nearest), cases[i].best);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_trees),   cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_bounds),  cmocka_unit_test(test_places),
		cmocka_unit_test(test_typed),   cmocka_unit_test(test_file),
		cmocka_unit_test(test_nearest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
